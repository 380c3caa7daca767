"""`colophon annotate`: what filters say of texts."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colophon.runners.arguments import path
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "annotate"
SHORT = "run filters on texts and print their scores"
LONG = """\
Run filters on texts as they are given, without cleaning them, and print what each filter says.

A file is JSON Lines (the text under "text"; doi, license, year, … as in a dataset) or has one
text a line; - is standard input. With --json one object a text: line, scores by column, spans
(characters of the text), and the fate that the recipe gives it. A line that cannot be
understood has an object with an error, and the exit code is then 1."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="files of texts, or - for standard input")
    parser.add_argument(
        "--filters", metavar="NAME,…", help="which filters answer (default: all that the recipe runs)"
    )
    parser.add_argument(
        "--recipe", type=path, metavar="FILE", help="their settings (default: the default recipe)"
    )
    parser.add_argument(
        "--text", default="text", metavar="KEY", help="key that holds the text (default: %(default)s)"
    )


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.pipelines.annotate import annotate, chosen  # noqa: PLC0415
    from colophon.runners.preview import show_scores  # noqa: PLC0415
    from colophon.runners.recipes import read_recipe, sections  # noqa: PLC0415
    from colophon.schemas import default_recipe  # noqa: PLC0415

    if arguments.recipe is None:
        recipe = default_recipe(sections())
    else:
        recipe = read_recipe(arguments.recipe, sources_required=False)
    names = list(recipe.filters)
    if arguments.filters is not None:
        names = [name.strip() for name in arguments.filters.split(",") if name.strip()]
    filters = chosen(recipe.filters, names)
    errors = 0
    for answer in annotate(_texts(arguments.files, arguments.text), filters, names):
        errors += "error" in answer
        if arguments.json:
            sys.stdout.write(json.dumps(answer, ensure_ascii=False, sort_keys=True) + "\n")
        else:
            show_scores(answer)
    if errors:  # on standard error alone: standard output has one object a text and nothing else
        said = f"{errors:,} of the lines could not be understood; each has an error in its place"
        print(f"colophon: {said}", file=sys.stderr)  # noqa: T201
    return int(errors > 0)


def _texts(files: list[str], key: str) -> Iterator[dict[str, Any]]:
    from colophon.pipelines.annotate import texts_of_lines  # noqa: PLC0415

    for name in files:
        with ExitStack() as stack:
            try:
                stream = sys.stdin.buffer if name == "-" else stack.enter_context(Path(name).open("rb"))
                for one in texts_of_lines(stream, key):
                    yield {"file": name, **one}
            except OSError as error:
                raise UsageError(
                    f"{name}: cannot be read: {error.strerror}; name a file of texts, or - for standard input"
                ) from error
