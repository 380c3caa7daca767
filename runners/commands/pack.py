"""`colophon pack`: a dataset into a pack that other sites may have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import path, positive
from colophon.runners.words import many, size_in_words

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "pack"
SHORT = "make a signature pack of a dataset, to compare with other sites"
LONG = """\
Make a pack: keyed hashes that tell another site with the same key which documents both hold. It
has no text, no name and no id, and says nothing to those without the key. Whoever has the key can
find out whether a text that they have is in it; keep it among the members."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("dataset", type=path, metavar="DIR", help="the dataset's folder")
    parser.add_argument(
        "--key", type=path, metavar="FILE", required=True, help="the key that `colophon keygen` made"
    )
    parser.add_argument("--output", type=path, metavar="PACK", required=True, help="the pack's file")
    parser.add_argument("--name", metavar="NAME", help="what the pack is called (default: as the dataset)")
    parser.add_argument(
        "--workers", type=positive, metavar="N", help="processes on this machine (default: all cores)"
    )


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.runners.packing import pack_dataset  # noqa: PLC0415 - starts in seconds, so only when needed

    workers = arguments.workers or len(os.sched_getaffinity(0))
    pack = pack_dataset(arguments.dataset, arguments.key, arguments.output, arguments.name, workers)
    size = arguments.output.stat().st_size
    if arguments.json:
        print_json(
            {
                "pack": str(arguments.output), "name": pack.name, "documents": len(pack.exact), "bytes": size,
                "parameters_sha256": pack.parameters.digest, "key_epoch": pack.epoch, "key_id": pack.key_id,
            }
        )  # fmt: skip
    else:
        each = f", {size / len(pack.exact):.0f} bytes each" if len(pack.exact) else ""
        say(f"{arguments.output}: {many(len(pack.exact), 'document')}, {size_in_words(size)}{each}.")
    return 0
