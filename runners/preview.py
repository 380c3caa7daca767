"""A document as a person looks at it in a terminal."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

__all__ = ["show"]


def _plain(value: Any) -> Text:
    """Text that cannot command the terminal: control characters are shown, not sent."""
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Text("".join(c if c in "\n\t" or c.isprintable() else f"\\x{ord(c):02x}" for c in shown))


def show(documents: list[dict[str, Any]], console: Console | None = None) -> None:
    """Print documents: metadata in colour where the terminal has it, then the text.

    Args:
        documents: As `colophon.pipelines.inputs.read_file` gives them.
        console: Where to.
    """
    console = console or Console(highlight=False, soft_wrap=True)
    for document in documents:
        title = document.get("title") or document["locator"] or document.get("reason") or "(no title)"
        console.print(Rule(_plain(title), align="left"))
        for key, value in document.items():
            if key in {"text", "title"} or value in (None, "", [], {}):
                continue
            style = "bold red" if key == "reason" else "cyan"
            console.print(Text(f"{key}: ", style=style) + _plain(value))
        if "text" in document:
            console.print()
            console.print(_plain(document["text"]))
        console.print()
