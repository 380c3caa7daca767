"""A command's answer, on standard output."""

from __future__ import annotations

import json
import re
from typing import Any

from colophon.schemas import harmless

__all__ = ["print_json", "say"]


def print_json(value: Any) -> None:
    """One JSON object, for scripts; what a terminal would obey is written as JSON's escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
    print(_escaped(text))  # noqa: T201 - the command's answer


def say(text: str) -> None:
    """Lines for a person. Of what others wrote, line ends must have been made `harmless` before."""
    print(harmless(text, allowed="\n\t"))  # noqa: T201 - the command's answer


def _escaped(text: str) -> str:
    """JSON of the same meaning whose characters are all harmless."""

    def each(run: re.Match[str]) -> str:
        if run[0].isprintable():
            return run[0]
        return "".join(c if harmless(c) == c else json.dumps(c)[1:-1] for c in run[0])

    return re.sub(r"[^\n\x20-\x7e]+", each, text)
