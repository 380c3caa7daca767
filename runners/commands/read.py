"""`colophon read`: what a file becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import path, positive

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "read"
SHORT = "show what a file becomes: its documents, metadata and text"
LONG = """\
Read a file as a run would, clean it, and show what became of it. Nothing is judged or written."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("file", type=path, metavar="FILE", help="the file")
    parser.add_argument(
        "--format", default="auto", metavar="NAME", help="its format (default: content and name tell)"
    )
    parser.add_argument("--references", action="store_true", help="keep lists of references")
    parser.add_argument(
        "--responses",
        action="store_true",
        help="keep the reviews, letters and replies that stand in an article",
    )
    parser.add_argument(
        "--text", default="text", metavar="COLUMN", help="column that holds the text (default: %(default)s)"
    )
    parser.add_argument(
        "--title",
        default="title",
        metavar="COLUMN",
        help="column that holds the title (default: %(default)s)",
    )
    parser.add_argument(
        "--most",
        type=positive,
        default=5,
        metavar="N",
        help="show at most N documents (default: %(default)s)",
    )


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from itertools import islice  # noqa: PLC0415

    from colophon.pipelines.inputs import read_file  # noqa: PLC0415
    from colophon.runners.preview import show  # noqa: PLC0415
    from colophon.schemas import ReadOptions  # noqa: PLC0415

    options = ReadOptions(
        references=arguments.references,
        responses=arguments.responses,
        text=arguments.text,
        title=arguments.title,
    )
    found = list(islice(read_file(arguments.file, options, form=arguments.format), arguments.most + 1))
    more = len(found) > arguments.most
    found = found[: arguments.most]
    if arguments.json:
        print_json({"documents": found, "more": more})
        return 0
    show(found)
    if more:
        say(f"There are more; these are the first {arguments.most}. Ask for more with --most.")
    return 0
