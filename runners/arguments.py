"""What an argument of the command line may be; each says what it was given and what is allowed."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from colophon.pipelines.places import is_address, locate

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable

    from colophon.pipelines.places import AnyPath

__all__ = ["add_work_arguments", "amount", "count", "day", "fraction", "path", "place", "positive"]

_Number = TypeVar("_Number", int, float)


def add_work_arguments(parser: ArgumentParser) -> None:
    """What every command takes that makes a dataset by work on several cores."""
    parser.add_argument(
        "--workers", type=positive, metavar="N", help="processes on this machine (default: all cores)"
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="put the new dataset in the place of what is in the output, once it is complete",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument(
        "--grid-factor",
        type=amount,
        metavar="G",
        help="grams of CO2 a kilowatt-hour of your grid, so that run.json tells the run's CO2",
    )
    parser.add_argument(
        "--core-hour-price",
        type=amount,
        metavar="PRICE",
        help="what a core costs for an hour, so that run.json tells the run's price",
    )
    parser.add_argument("--currency", default="", metavar="NAME", help="of --core-hour-price, such as EUR")


def path(text: str) -> Path:
    """A path of this machine."""
    if not text:
        raise argparse.ArgumentTypeError("is empty; name a file or folder")
    if is_address(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is an address, and here stands a path of this machine; `run`, `verify` and `explain` take addresses"
        )
    return Path(text)


def place(text: str) -> AnyPath:
    """A path of this machine, or an address such as ``s3://bucket/papers``."""
    return locate(text) if is_address(text) else path(text)


def day(text: str) -> dt.date:
    """A day of the calendar."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day, such as 2027-11-22") from error


def positive(text: str) -> int:
    """A number, 1 or more."""
    return _within(int, text, 1, float("inf"), "a number, 1 or more")


def count(text: str) -> int:
    """A number, 0 or more."""
    return _within(int, text, 0, (1 << 53) - 1, "a number, 0 or more")


def fraction(text: str) -> float:
    """A share, 0 to 1."""
    return _within(float, text, 0, 1, "a fraction from 0 to 1, such as 0.02")


def amount(text: str) -> float:
    """A number, 0 or more."""
    return _within(float, text, 0, sys.float_info.max, "a number, 0 or more, such as 350")


def _within(kind: Callable[[str], _Number], text: str, least: float, most: float, allowed: str) -> _Number:
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not {allowed}")
    return value
