"""`colophon verify`: a dataset against its manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import path
from colophon.runners.words import many
from colophon.schemas import CheckFailed

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "verify"
SHORT = "check a dataset against its manifest"
LONG = """\
Recount and rehash everything in a dataset: the exact set of files, their digests, every row,
the digest of every text, the sums of the ledger, and for each dropped duplicate the one kept.
Each fault is one line."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("dataset", type=path, metavar="DIR", help="the dataset's folder")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    from colophon.pipelines.verify import verify  # noqa: PLC0415

    columns = TextColumn("verifying"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=arguments.quiet or not console.is_terminal
    ) as bar:
        task = bar.add_task("verify")
        result = verify(arguments.dataset, lambda done, total: bar.update(task, completed=done, total=total))
    if arguments.json:
        print_json(
            {
                "faults": result.faults,
                "notes": result.notes,
                "files": result.files,
                "bytes": result.bytes,
                "documents": result.documents,
                "ok": not result.faults,
            }
        )
        return int(bool(result.faults))
    if result.faults:
        for fault in result.faults:
            say(fault)
        told = "".join(f"; {note}" for note in result.notes)
        raise CheckFailed(f"{arguments.dataset}: {many(len(result.faults), 'fault')}{told}")
    say(
        f"{arguments.dataset}: all is as the manifest says: {many(result.files, 'file')}, "
        f"{many(result.documents, 'document')}."
    )
    return 0
