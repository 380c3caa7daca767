"""`colophon filters`: what judges a document, by which numbers, and where those are from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from colophon.runners.answers import print_json, say

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "filters"
SHORT = "list the filters, their settings and their papers"
LONG = """\
List the filters in the order in which they run, those of installed packages among them: what
each is for, its settings with their defaults, the columns it adds and the papers it follows."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.filters import FILTERS, all_filters  # noqa: PLC0415
    from colophon.schemas import arrow_schema, keys_of  # noqa: PLC0415

    found: list[dict[str, Any]] = [
        {
            "name": name,
            "purpose": " ".join((one.__doc__ or "").split("\n\n")[0].split()),
            "settings": [
                {
                    "key": key,
                    "default": getattr(one(), key),
                    "unit": declared.setting.unit,
                    "meaning": declared.setting.doc,
                    "decides": declared.setting.policy,
                }
                for key, declared in keys_of(one).items()
            ],
            "columns": [
                {"name": column.name, "meaning": column.metadata[b"description"].decode()}
                for column in arrow_schema(one.scores)
            ],
            "papers": list(getattr(one, "papers", ())),
            "built_in": name in FILTERS,
        }
        for name, one in all_filters().items()
    ]
    if arguments.json:
        print_json({"filters": found})
        return 0
    say("\n\n".join(_in_words(one) for one in found))
    return 0


def _in_words(one: dict[str, Any]) -> str:
    lines = [f"{one['name']}: {one['purpose']}" + ("" if one["built_in"] else " (from an installed package)")]
    for setting in one["settings"]:
        value = setting["default"]
        shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        lines.append(f"  {setting['key']:<24}{shown} {setting['unit']}".rstrip())
    lines.append(f"  adds {', '.join(column['name'] for column in one['columns'])}")
    lines += [f"  after {paper}" for paper in one["papers"]]
    return "\n".join(lines)
