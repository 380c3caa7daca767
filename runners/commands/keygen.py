"""`colophon keygen`: a key that a group shares, or one to sign with."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import path
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

KINDS = ("pack",)

NAME = "keygen"
SHORT = "make a key for signature packs"
LONG = """\
Make a key in a new file that only you may read. Give it to the other members by a safe way: packs
made with one key can be compared with each other and with nothing else. Make a new one now and
then (an epoch), and old packs tell nothing more."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("file", type=path, metavar="FILE", help="the new file")
    parser.add_argument(
        "--kind", choices=KINDS, default="pack", help="what the key is for (default: %(default)s)"
    )
    parser.add_argument(
        "--epoch", metavar="NAME", help="what the members call this key (default: year and month)"
    )


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.pipelines.pack import make_key  # noqa: PLC0415 - starts in seconds, so only when needed

    epoch = arguments.epoch or dt.datetime.now(dt.UTC).strftime("%Y-%m")
    if not epoch.isprintable() or len(epoch) > 100:
        raise UsageError("--epoch is at most 100 printable characters, for example 2026-11")
    key = make_key(arguments.file, epoch)
    if arguments.json:
        print_json({"file": str(arguments.file), "kind": arguments.kind, "epoch": key.epoch, "id": key.id})
    else:
        say(
            f"{arguments.file}: key {key.id} of epoch {key.epoch!r}, for packs. Nobody else may read the file."
        )
    return 0
