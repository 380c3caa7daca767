"""`colophon keygen`: a key that a group shares, or one to sign with."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import day, path, positive
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

KINDS = ("pack", "sign")
_DAYS = 365
_ONLY = {"pack": ("epoch",), "sign": ("owner", "expires", "days")}

NAME = "keygen"
SHORT = "make a key: for signature packs, or to sign datasets with"
LONG = """\
Make a key in a new file that only you may read.

--kind pack: give the file to the other members by a safe way: packs made with one key can be
compared with each other and with nothing else. Make a new one now and then (an epoch), and old
packs tell nothing more.

--kind sign: keep the file to yourself and give FILE.pub to those who shall trust your signatures;
tell them the key's id by another way, so that they can see that the file is yours."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("file", type=path, metavar="FILE", help="the new file")
    parser.add_argument(
        "--kind", choices=KINDS, default="pack", help="what the key is for (default: %(default)s)"
    )
    parser.add_argument(
        "--epoch", metavar="NAME", help="pack: what the members call this key (default: year and month)"
    )
    parser.add_argument(
        "--owner", metavar="WHO", help='sign: whose key it is, such as "Ada Lind, Alpha Site"'
    )
    last = parser.add_mutually_exclusive_group()
    last.add_argument(
        "--expires", type=day, metavar="DATE", help="sign: the last day on which the key counts (UTC)"
    )
    last.add_argument(
        "--days", type=positive, metavar="N", help=f"sign: so many days from today instead (default: {_DAYS})"
    )


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    for kind, options in _ONLY.items():
        for option in options:
            if kind != arguments.kind and getattr(arguments, option) is not None:
                raise UsageError(f"--{option} goes with --kind {kind}, and this is --kind {arguments.kind}")
    return _sign(arguments) if arguments.kind == "sign" else _pack(arguments)


def _pack(arguments: Namespace) -> int:
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


def _sign(arguments: Namespace) -> int:
    from colophon.pipelines.signing import make_signing_key  # noqa: PLC0415 - likewise

    if not arguments.owner:
        raise UsageError(
            '--kind sign needs --owner "NAME, SITE": whose key it is, for those who will trust it'
        )
    today = dt.datetime.now(dt.UTC).date()
    try:
        expires = arguments.expires or today + dt.timedelta(days=arguments.days or _DAYS)
    except OverflowError as error:
        raise UsageError(f"--days {arguments.days}: is after the year 9999; name fewer days") from error
    key = make_signing_key(arguments.file, arguments.owner, today, expires)
    if arguments.json:
        print_json(
            {**key.as_dict(), "file": str(arguments.file), "public": f"{arguments.file}.pub", "kind": "sign"}
        )
        return 0
    say(
        f"{arguments.file}: a key to sign with, of {key.owner}, until {key.expires}. Nobody else may read the file."
    )
    say(
        f"{arguments.file}.pub: its public part. Give it to those who shall trust you, and tell them by another way its id:"
    )
    say(key.id)
    return 0
