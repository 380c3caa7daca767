"""`colophon formats`: what can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from colophon.runners.answers import print_json, say

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "formats"
SHORT = "list the formats that can be read"
LONG = """\
List the formats that can be read, those of installed packages among them.

A format is told by content first and by name second; a source of the recipe can name one."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.filters.formats import FORMATS, formats  # noqa: PLC0415

    found: list[dict[str, Any]] = [
        {
            "name": name,
            "media_type": one.media_type,
            "suffixes": list(one.suffixes),
            "splittable": one.splittable,
            "isolated": one.isolated,
            "built_in": name in FORMATS,
        }
        for name, one in formats().items()
    ]
    if arguments.json:
        print_json({"formats": found})
        return 0
    for one in found:
        notes = [
            *(["read in parts"] if one["splittable"] else []),
            *(["in a process that can be killed"] if one["isolated"] else []),
            *([] if one["built_in"] else ["from an installed package"]),
        ]
        say(
            f"{one['name']:<10}{one['media_type']:<34}{' '.join(one['suffixes']):<28}{', '.join(notes)}".rstrip()
        )
    return 0
