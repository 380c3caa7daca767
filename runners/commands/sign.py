"""`colophon sign`: somebody approves or refuses a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import path
from colophon.runners.checking import check
from colophon.runners.words import many
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "sign"
SHORT = "approve or refuse a dataset, with your key"
LONG = """\
Check a dataset, then sign its manifest: that you approve it, or refuse it, and why. A dataset with
faults cannot be approved; it can be refused. Signing again replaces nothing: of your decisions the
latest counts and all are shown. `colophon verify DIR --keys DIR` tells who signed."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("dataset", type=path, metavar="DIR", help="the dataset's folder")
    parser.add_argument(
        "--key", type=path, metavar="FILE", required=True, help="your key: `colophon keygen FILE --kind sign`"
    )
    parser.add_argument(
        "--as",
        dest="who",
        metavar="WHO",
        required=True,
        help='who you are: "name, role", such as "Ada Lind, data steward"',
    )
    parser.add_argument("--decision", choices=("approve", "reject"), help="what you decided")
    parser.add_argument("--note", default="", metavar="TEXT", help="why, for those who read it")
    parser.add_argument(
        "--provenance",
        action="store_true",
        help="sign, as the maker, how the dataset was built (SLSA provenance)",
    )
    parser.add_argument(
        "--rebuilt",
        type=path,
        metavar="DIR2",
        help="the same dataset as you built it yourself from the inputs",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="check files and digests, but not the rows; the signature says so",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.pipelines.signing import read_signing_key, sign_dataset  # noqa: PLC0415 - only when needed

    if not arguments.decision and not arguments.provenance:
        raise UsageError("say what you decided: --decision approve or --decision reject")
    if arguments.rebuilt and not arguments.decision:
        raise UsageError("--rebuilt goes with a decision: --decision approve or --decision reject")

    def faults(folder: Path) -> list[str]:
        return check(folder, quick=arguments.quick, quiet=arguments.quiet).faults

    signed = sign_dataset(
        arguments.dataset,
        read_signing_key(arguments.key),
        arguments.who,
        arguments.decision,
        faults,
        how="quick" if arguments.quick else "full",
        note=arguments.note,
        provenance=arguments.provenance,
        rebuilt=arguments.rebuilt,
    )
    if arguments.json:
        print_json(
            {
                "manifest_sha256": signed.manifest_sha256,
                "decision": arguments.decision,
                "files": list(signed.files),
                "faults": list(signed.faults),
            }
        )
        return 0
    done = {"approve": "approved", "reject": "refused", None: "signed how it was built"}[arguments.decision]
    say(f"{arguments.dataset}: {done}. Its manifest has sha256 {signed.manifest_sha256}")
    if signed.faults:
        say(f"It has {many(len(signed.faults), 'fault')}; `colophon verify` tells them.")
    for name in signed.files:
        say(f"{arguments.dataset / name}")
    return 0
