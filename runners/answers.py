"""A command's answer, on standard output."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["print_json", "say"]


def print_json(value: Any) -> None:
    """One JSON object, for scripts."""
    print(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True))  # noqa: T201 - the command's answer


def say(text: str) -> None:
    """Lines for a person."""
    print(text)  # noqa: T201 - the command's answer
