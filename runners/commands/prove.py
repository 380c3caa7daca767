"""`colophon prove`: a small file that shows that a document is in a dataset, or is not."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import path
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "prove"
SHORT = "make a small file that shows that a document is in a dataset, or is not"
LONG = """\
Make a proof that a document is in a dataset, or is not. It is a few kilobytes of JSON that lead from
the document to the Merkle root in the manifest; whoever has that root can check it without the
dataset: colophon verify --proof FILE --root HEX. Without --output it goes to standard output."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("dataset", type=path, metavar="DIR", help="the dataset's folder")
    parser.add_argument(
        "document",
        metavar="ID",
        help="the document's id, also one that the dataset does not know; or its first digits, or part of its source path",
    )
    parser.add_argument("--output", type=path, metavar="FILE", help="write the proof to this file")
    parser.add_argument(
        "--no-place", action="store_true", help="leave source, path and locator out of the proof"
    )


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.pipelines.canonical import manifest_bytes  # noqa: PLC0415 - starts in seconds, so only when needed
    from colophon.pipelines.proofs import place_of, prove  # noqa: PLC0415 - likewise
    from colophon.pipelines.storage import write_whole  # noqa: PLC0415 - likewise

    one = _meant(arguments.dataset, arguments.document)
    place = None if arguments.no_place else place_of(arguments.dataset, one)
    proof = prove(arguments.dataset, one, place)
    content = manifest_bytes(proof)
    if arguments.output is None:
        sys.stdout.write(content.decode())
        return 0
    write_whole(arguments.output, content)
    if arguments.json:
        told = {name: proof[name] for name in ("claim", "id", "root")}
        print_json(told | {"output": str(arguments.output), "bytes": len(content)})
    else:
        is_in = "is in" if proof["claim"] == "present" else "is not in"
        say(f"{arguments.output}: shows that document {one} {is_in} the dataset with root {proof['root']}.")
    return 0


def _meant(folder: Path, what: str) -> str:
    """The id of the one document that is meant."""
    from colophon.pipelines.explain import find  # noqa: PLC0415 - as above

    if re.fullmatch("[0-9a-fA-F]{32}", what):
        return what.lower()
    rows = [row for row, _ in find(folder, what, 4)]
    if len(rows) > 1:
        some = "; ".join(f"{row['id']} {row['source']}/{row['source_uri']}" for row in rows[:3])
        more = ", …" if len(rows) > 3 else ""
        raise UsageError(f"{what}: is more than one document: {some}{more}; give the id of one")
    return str(rows[0]["id"])
