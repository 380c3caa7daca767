"""`colophon overlap`: what two packs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import path, positive
from colophon.runners.words import many

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "overlap"
SHORT = "tell how much two signature packs share"
LONG = """\
Tell how much two packs share, in both directions, before either site moves a byte: documents whose
text the other has too, and documents like one of the other's. The latter are an estimate, for packs
hold no texts to compare. No key is needed, but both packs must have been made with the same."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("one", type=path, metavar="PACK", help="a pack")
    parser.add_argument("other", type=path, metavar="PACK", help="another")
    parser.add_argument(
        "--bands",
        type=positive,
        default=5,
        metavar="N",
        help="bands that two documents share to be taken for alike (default: %(default)s)",
    )


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.pipelines.overlap import overlap  # noqa: PLC0415 - starts in seconds, so only when needed
    from colophon.pipelines.pack import read_pack  # noqa: PLC0415 - likewise

    packs = read_pack(arguments.one), read_pack(arguments.other)
    found = overlap(*packs, bands=arguments.bands, where=str(arguments.one), other=str(arguments.other))
    if arguments.json:
        print_json({"bands": arguments.bands, "packs": [each.as_dict() for each in found]})
        return 0
    for file, each in zip((arguments.one, arguments.other), found, strict=True):
        near = each.near
        say(
            f"{file} ({each.name}): of {many(each.documents, 'document')} the other has {each.exact:,} with the same text "
            f"and about {near:,} more that are alike ({each.share:.1%} in all)"
        )
    return 0
