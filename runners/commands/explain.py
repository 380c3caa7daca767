"""`colophon explain`: the story of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import place, positive

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "explain"
SHORT = "tell the story of a document, from source bytes to fate"
LONG = """\
Tell what a document was, which stages it went through, and why it was kept, dropped or failed."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("dataset", type=place, metavar="DIR", help="the dataset's folder")
    parser.add_argument(
        "what", metavar="WHAT", help="a document's id or its first digits, or part of its source path"
    )
    parser.add_argument(
        "--most", type=positive, default=20, metavar="N", help="tell at most N (default: %(default)s)"
    )


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.pipelines.explain import explain, tell  # noqa: PLC0415
    from colophon.pipelines.places import reach_with  # noqa: PLC0415

    reach_with(arguments.beam)
    stories = explain(arguments.dataset, arguments.what, arguments.most + 1)
    more = len(stories) > arguments.most
    stories = stories[: arguments.most]
    if arguments.json:
        print_json({"stories": stories, "more": more})
    else:
        say("\n\n".join(tell(story) for story in stories))
        if more:
            say(
                f"\nThere are more; these are the first {arguments.most}. Ask for more with --most, or name more of the path."
            )
    return 0
