"""`colophon verify`: a dataset against its manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import path, place, positive
from colophon.runners.checking import check
from colophon.runners.proof import verify_proof
from colophon.runners.words import many
from colophon.schemas import CheckFailed, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "verify"
SHORT = "check a dataset against its manifest, and who signed it"
LONG = """\
Tell who signed a dataset, then recount and rehash everything in it: the exact set of files, their
digests, every row, the digest of every text, the sums of the ledger, and for each dropped
duplicate the one kept, and the Merkle tree over the documents. With --quick: no rows. Each fault is
one line. A refusal by a key that you trust is a fault, and so are fewer approvals than you ask for.
Or, with --proof, check what `colophon prove` made, without the dataset."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("dataset", type=place, metavar="DIR", nargs="?", help="the dataset's folder")
    parser.add_argument(
        "--quick", action="store_true", help="the manifest, the exact set of files and their digests; no rows"
    )
    parser.add_argument(
        "--keys", type=path, metavar="DIR", help="folder of the public keys that you trust, or one such file"
    )
    parser.add_argument(
        "--threshold", type=positive, metavar="K", help="how many of those keys must approve (default: 1)"
    )
    parser.add_argument("--proof", type=path, metavar="FILE", help="check this proof instead of a dataset")
    parser.add_argument("--root", metavar="HEX", help="with --proof: the Merkle root of the dataset")
    parser.add_argument(
        "--manifest", type=path, metavar="FILE", help="with --proof: a manifest that you trust"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    if (arguments.dataset is None) == (arguments.proof is None):
        raise UsageError("verify checks one thing: name a dataset's folder, or a proof with --proof FILE")
    idle = ("root", "manifest") if arguments.proof is None else ("quick", "keys", "threshold")
    for name in idle:
        if getattr(arguments, name):
            raise UsageError(
                f"--{name} goes {'with' if arguments.proof is None else 'without'} --proof FILE only"
            )
    return _verify_dataset(arguments) if arguments.proof is None else verify_proof(arguments)


def _verify_dataset(arguments: Namespace) -> int:
    from colophon.pipelines.places import reach_with  # noqa: PLC0415 - only when needed
    from colophon.pipelines.signing import attestations  # noqa: PLC0415 - only when needed

    reach_with(arguments.beam)
    signatures = attestations(arguments.dataset, arguments.keys, arguments.threshold)
    result = check(arguments.dataset, quick=arguments.quick, quiet=arguments.quiet)
    faults = [*signatures.faults, *result.faults]
    if arguments.json:
        print_json(
            {
                "faults": faults,
                "notes": result.notes,
                "files": result.files,
                "bytes": result.bytes,
                "documents": result.documents,
                "signatures": signatures.as_dict(),
                "ok": not faults,
            }
        )
        return int(bool(faults))
    told = signatures.sentences if signatures.checked or signatures.attestations else ()
    for line in told:
        say(line)
    if faults:
        for fault in faults:
            if fault not in told:
                say(fault)
        notes = "".join(f"; {note}" for note in result.notes)
        raise CheckFailed(f"{arguments.dataset}: {many(len(faults), 'fault')}{notes}")
    rows = "rows were not recounted" if arguments.quick else many(result.documents, "document")
    say(f"{arguments.dataset}: all is as the manifest says: {many(result.files, 'file')}, {rows}.")
    return 0
