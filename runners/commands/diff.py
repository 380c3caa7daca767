"""`colophon diff`: what differs between two datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import count, path

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "diff"
SHORT = "tell what differs between two datasets: documents, fates, scores, rules, code"
LONG = """\
Tell what differs between two datasets, two versions or two sites' of one recipe: documents that
were added, removed or changed and where they went, by reason, source, language and licence; scores;
recipe, code, models and lists. Texts are not read, and digests are not checked (`colophon verify`)."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("a", type=path, metavar="A", help="the dataset before")
    parser.add_argument("b", type=path, metavar="B", help="the dataset after")
    parser.add_argument(
        "--limit",
        type=count,
        default=10,
        metavar="N",
        help="name at most N of each kind (default: %(default)s)",
    )
    parser.add_argument("--exit-code", action="store_true", help="code 1 if they differ")


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.pipelines.changes import difference  # noqa: PLC0415 - starts in seconds, so only when needed
    from colophon.runners.difference_report import difference_lines  # noqa: PLC0415

    found = difference(arguments.a, arguments.b, arguments.limit)
    if arguments.json:
        print_json(found.as_dict())
    else:
        say("\n".join(difference_lines(found, arguments.limit)))
    return int(arguments.exit_code and not found.equal)
