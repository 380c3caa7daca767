"""`colophon review`: what a reviewer reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import path
from colophon.runners.words import size_in_words
from colophon.schemas import CheckFailed

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "review"
SHORT = "make the report that a reviewer reads before signing"
LONG = """\
Check a dataset's files and write DIR/review/report.html: one file that needs no network and no script,
with a verdict, the funnel, reasons with documents to judge them by, rights, distributions, and how to sign."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("dataset", type=path, metavar="DIR", help="the dataset's folder")
    parser.add_argument(
        "--redact", action="store_true", help="leave out all titles and texts, to show the report to others"
    )


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.runners.review import check_files, gather, write_report  # noqa: PLC0415 - loads all filters
    from colophon.runners.review.checks import Outcome  # noqa: PLC0415 - likewise
    from colophon.runners.review.sections.verdict import checks_of, summary  # noqa: PLC0415 - likewise

    facts = gather(arguments.dataset, check_files(arguments.dataset), redact=arguments.redact)
    where = write_report(arguments.dataset, facts)
    outcome, sentence = summary(facts, checks_of(facts))
    if arguments.json:
        told = {"report": str(where), "bytes": where.stat().st_size, "manifest_sha256": facts.manifest_sha256}
        print_json(
            told
            | {
                "outcome": outcome.name.lower(),
                "verdict": sentence,
                "faults": list(facts.checks.files.faults),
            }
        )
        return int(outcome is Outcome.FAILS)
    say(f"Report: {where} ({size_in_words(where.stat().st_size)})")
    if outcome is Outcome.FAILS:
        raise CheckFailed(f"{arguments.dataset}: {sentence}")
    say(sentence)
    return 0
