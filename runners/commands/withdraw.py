"""`colophon withdraw`: the next version of a dataset, without some documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import path
from colophon.runners.words import many
from colophon.schemas import CheckFailed, harmless

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from colophon.runners.withdrawing import Outcome

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "withdraw"
SHORT = "take documents out of a dataset: a new version, with records and proofs"
LONG = """\
Make the next major version of a dataset without the documents that a list names, and without any
copy of them. The list has one thing a line: a document's id, a DOI, the beginning of an address
(https://…) or the digest of a text (sha256:…); # begins a comment. It may also be the removal
records of a dataset, or the notice of another site.

Shards without a withdrawn document keep their bytes. The new version has salted records of what
was withdrawn, a proof of absence for each document, and a notice for the other sites."""

_OUTCOMES = {
    "already_withdrawn": "was withdrawn before",
    "held_elsewhere": "is here only as a copy of a document of another dataset, which must withdraw it",
    "not_kept": "is not in the dataset: it had been dropped or had failed",
    "nothing": "names no document of this dataset",
}
_MOST_LINES = 100


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("dataset", type=path, metavar="DIR", help="the dataset's folder; it stays as it is")
    parser.add_argument(
        "--list", type=path, metavar="FILE", required=True, help="what to withdraw; or records, or a notice"
    )
    parser.add_argument("--output", type=path, metavar="DIR2", required=True, help="the new version's folder")
    parser.add_argument(
        "--reason", default="", metavar="TEXT", help="why, for those who read the manifest or the notice"
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="put the new version in the place of what is in the output, once it is complete",
    )


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.runners.withdrawing import as_dict, withdraw_to  # noqa: PLC0415 - starts in seconds, so only when needed

    outcome = withdraw_to(
        arguments.dataset, arguments.list, arguments.output, why=arguments.reason, replace=arguments.replace
    )
    found = outcome.found
    nothing = found is not None and not found.kept and "already_withdrawn" not in found.outcome
    if arguments.json:
        print_json(as_dict(outcome))
        return int(nothing)
    _tell(outcome)
    if nothing:
        raise CheckFailed(
            f"{arguments.dataset}: has nothing of what {arguments.list} names; nothing was written"
        )
    return 0


def _tell(outcome: Outcome) -> None:
    found, manifest = outcome.found, outcome.manifest
    if found is None:
        say(f"Nothing to do: {outcome.output} is what this list makes of this dataset.")
        return
    odd = [
        (line, what)
        for line, what in zip(outcome.wanted.lines, found.outcome, strict=True)
        if what in _OUTCOMES and (line.text or what != "nothing")
    ]
    for line, what in odd[:_MOST_LINES]:
        named = f"line {line.number}: {harmless(line.text)}" if line.text else f"record {line.number}"
        say(f"{named} {_OUTCOMES[what]}")
    if len(odd) > _MOST_LINES:
        say(f"and {len(odd) - _MOST_LINES:,} more lines; --json has all of them")
    if not outcome.made:
        say("Nothing was withdrawn, so no new version was made.")
        return
    done = manifest["withdrawals"][-1]
    named_, same = done["kept"]["withdrawn"], done["kept"]["copy_of_a_withdrawn_document"]
    say(
        f"Withdrawn: {many(named_ + same, 'document')} that had been kept ({named_:,} named, {same:,} the same as one that "
        f"is), with {done['copies']:,} that had been dropped as copies."
    )
    say(f"{manifest['name']} {manifest['version']}: {manifest['fates']['kept']:,} kept, in {outcome.output}")
    say(f"Send to the other sites: {outcome.output / 'withdrawals' / 'notice.json'}")
    say(f"Proofs of absence:       {outcome.output / 'withdrawals' / 'proofs'}")
    say(
        "Keep the list: a later run over the same inputs reads these documents again (see docs/withdrawal.md)."
    )
