"""`colophon revoke`: a key that shall count no more."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import path

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "revoke"
SHORT = "declare that a key to sign with counts no more"
LONG = """\
Write beside a public key that it is revoked: lost, stolen, or its owner has left. Whoever has the
new file in the folder of keys that they trust counts none of its signatures any more, not even
earlier ones, for the time in a signature is the signer's own word. The private key is not needed."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("file", type=path, metavar="FILE.pub", help="the public key")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why, in a sentence")


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.pipelines.signing import revoke  # noqa: PLC0415 - starts in seconds, so only when needed

    beside = revoke(arguments.file, arguments.reason, dt.datetime.now(dt.UTC).date())
    if arguments.json:
        print_json({"file": str(beside), "key": str(arguments.file), "reason": arguments.reason})
    else:
        say(f"{beside}: {arguments.file} counts no more. Give this file to all who have the key.")
    return 0
