"""`colophon review`: what a reviewer reads."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import path, positive
from colophon.runners.words import size_in_words
from colophon.schemas import CheckFailed, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from colophon.pipelines.plan import Plan

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "review"
SHORT = "make the report that a reviewer reads before signing"
LONG = """\
Check a dataset's files and write DIR/review/report.html: one file that needs no network and no script.
It says what was checked, what went in and what was kept, why documents were left out, rights, bias,
duplicates, changes, how to make it again, and how to sign. Code 1 if a check failed."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("dataset", type=path, metavar="DIR", help="the dataset's folder")
    parser.add_argument(
        "--keys", type=path, metavar="DIR", help="folder of the public keys that you trust, or one such file"
    )
    parser.add_argument(
        "--threshold", type=positive, metavar="K", help="how many of those keys must approve (default: 1)"
    )
    parser.add_argument(
        "--against", type=path, metavar="OLD_DIR", help="an earlier version: tell what changed since"
    )
    parser.add_argument(
        "--staging",
        type=path,
        metavar="DIR",
        help="where its staged units are, to show where copies differ; by default .colophon-staging beside it",
    )
    parser.add_argument(
        "--redact", action="store_true", help="leave out all titles and texts, to show the report to others"
    )
    parser.add_argument(
        "--serve",
        action="store_true",
        help="then show it in a browser, with a search over the ledger, until Ctrl-C; for this machine alone",
    )
    parser.add_argument(
        "--port", type=positive, metavar="N", help="with --serve: the port (default: any that is free)"
    )
    parser.add_argument("--no-open", action="store_true", help="with --serve: open no browser")


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    folder = arguments.dataset
    if arguments.serve and arguments.json:
        raise UsageError("--serve goes on until it is stopped, so it has no --json")
    try:
        code = _review(arguments)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UsageError(
            f"{folder}: its manifest's form is broken ({type(error).__name__}: {error}), so no report can be made of it; "
            f"`colophon verify {folder}` tells more"
        ) from error
    return _serve(folder, arguments.port or 0, browse=not arguments.no_open) if arguments.serve else code


def _serve(folder: Path, port: int, *, browse: bool) -> int:
    """Show the report until somebody stops it."""
    import signal  # noqa: PLC0415 - only when needed
    import webbrowser  # noqa: PLC0415 - likewise

    from colophon.runners.review.server import LOOPBACK, make_server  # noqa: PLC0415 - likewise

    with contextlib.suppress(KeyboardInterrupt), make_server(folder, port) as server:
        address = f"http://{LOOPBACK}:{server.server_port}/"
        # A shell that starts a job in the background has it ignore Ctrl-C, and then it could not be stopped so.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        say(f"{address} shows the report, {address}search looks into the ledger. Ctrl-C ends it.")
        sys.stdout.flush()
        if browse:
            webbrowser.open(address)
        server.serve_forever()
    return 0


def _review(arguments: Namespace) -> int:
    from colophon.pipelines.changes import difference  # noqa: PLC0415 - loads all filters
    from colophon.pipelines.signing import attestations  # noqa: PLC0415 - likewise
    from colophon.runners.review import check_files, gather, write_report  # noqa: PLC0415 - likewise
    from colophon.runners.review.checks import Outcome  # noqa: PLC0415 - likewise
    from colophon.runners.review.sections.verdict import checks_of, summary  # noqa: PLC0415 - likewise

    folder = arguments.dataset
    signatures = attestations(folder, arguments.keys, arguments.threshold).as_dict()
    checks = check_files(folder)
    compared = arguments.against and checks.readable
    plan, staging = _plan(folder, arguments.staging)
    facts = gather(
        folder,
        checks,
        redact=arguments.redact,
        plan=plan,
        staging=staging,
        signatures=signatures,
        difference=difference(arguments.against, folder).as_dict() if compared else None,
    )
    where = write_report(folder, facts)
    checked = checks_of(facts)
    outcome, sentence = summary(facts, checked)
    if arguments.json:
        print_json(
            {
                "report": str(where),
                "bytes": where.stat().st_size,
                "manifest_sha256": facts.manifest_sha256,
                "outcome": outcome.name.lower(),
                "verdict": sentence,
                "checks": [
                    {
                        "name": one.name,
                        "outcome": one.outcome.name.lower(),
                        "told": one.told,
                        "faults": list(one.faults),
                    }
                    for one in checked
                ],
                "signatures": signatures,
            }
        )
        return int(outcome is Outcome.FAILS)
    say(f"Report: {where} ({size_in_words(where.stat().st_size)})")
    if outcome is Outcome.FAILS and not arguments.serve:
        raise CheckFailed(f"{folder}: {sentence}")
    say(sentence)
    return 0


def _plan(folder: Path, staging: Path | None) -> tuple[Plan | None, Path]:
    """The staged units that a dataset was made of, if they are here."""
    from colophon.pipelines.predecessor import predecessor_of  # noqa: PLC0415 - loads all filters

    where = folder.resolve().parent / ".colophon-staging" if staging is None else staging
    return predecessor_of(folder, where).plan, where
