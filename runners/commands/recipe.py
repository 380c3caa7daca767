"""`colophon recipe`: the default recipe explained, or one checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import path
from colophon.runners.words import many

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "recipe"
SHORT = "print the default recipe with each key explained, or check one"
LONG = """\
Without options: the default recipe, each key explained. With --json: the same as values."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument(
        "--check",
        type=path,
        metavar="FILE",
        help="check a recipe, its sources included, and do nothing else",
    )
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema, for editors")


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.pipelines.plan import make_plan  # noqa: PLC0415
    from colophon.runners.recipes import read_recipe, sections  # noqa: PLC0415
    from colophon.schemas import default_recipe, explained, public_form, recipe_json_schema  # noqa: PLC0415

    if arguments.check is not None:
        recipe = read_recipe(arguments.check)
        plan = make_plan(recipe)
        if arguments.json:
            print_json({"ok": True, "files": plan.n_files, "bytes": plan.size})
        else:
            say(f"{arguments.check}: a sound recipe; its sources hold {many(plan.n_files, 'file')}.")
    elif arguments.schema:
        print_json(recipe_json_schema(sections()))
    elif arguments.json:
        print_json(public_form(default_recipe(sections())))
    else:
        say(explained(default_recipe(sections()), sections()).rstrip())
    return 0
