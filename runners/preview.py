"""A document as a person looks at it in a terminal."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from colophon.schemas import harmless

__all__ = ["show", "show_scores"]


def _plain(value: Any) -> Text:
    """Text that cannot command the terminal: control characters are shown, not sent."""
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Text(harmless(shown, allowed="\n\t"))


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


def show_scores(answer: dict[str, Any], console: Console | None = None) -> None:
    """Print what filters say of one text: its fate, the scores, the spans in their order.

    Args:
        answer: As `colophon.pipelines.annotate.annotate` gives them.
        console: Where to.
    """
    console = console or Console(highlight=False, soft_wrap=True)
    console.print(
        Rule(_plain(f"{answer.get('file', '')} line {answer.get('line', '')}".strip()), align="left")
    )
    if "error" in answer:
        console.print(Text("error: ", style="bold red") + _plain(answer["error"]))
        return
    if answer["reason"]:
        limit = "" if answer["value"] is None else f" ({answer['value']:g} against {answer['threshold']:g})"
        console.print(
            Text(f"{answer['fate']} by {answer['stage']}: {answer['reason']}{limit}", style="bold red")
        )
    else:
        console.print(Text(answer["fate"], style="bold green"))
    for name, value in answer["scores"].items():
        console.print(Text(f"{name}: ", style="cyan") + _plain(value))
    for span in answer["spans"]:
        where = f"{span['filter']} {span['start']} to {span['end']}: "
        rule = f" ({span['rule']})" if span["rule"] else ""
        console.print(Text(where, style="magenta") + _plain(f"{span['label']}{rule}"))
    if "text" in answer:
        console.print(_plain(answer["text"]))
