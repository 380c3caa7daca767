"""What an argument of the command line may be; each says what it was given and what is allowed."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["fraction", "path", "positive"]


def path(text: str) -> Path:
    """A path of this machine."""
    if not text:
        raise argparse.ArgumentTypeError("is empty; name a file or folder")
    if "://" in text:
        raise argparse.ArgumentTypeError(
            f"{text!r} is an address; only a path of this machine can be read or written yet"
        )
    return Path(text)


def positive(text: str) -> int:
    """A number, 1 or more."""
    try:
        n = int(text)
    except ValueError:
        n = 0
    if n < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number, 1 or more")
    return n


def fraction(text: str) -> float:
    """A share, 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a fraction from 0 to 1, such as 0.02")
    return value
