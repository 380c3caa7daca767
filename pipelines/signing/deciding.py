"""Somebody signs a dataset: it is checked first, then what was decided is written beside it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from colophon.pipelines.signing.envelopes import BadEnvelope, sign_statement
from colophon.pipelines.signing.judging import ATTEST
from colophon.pipelines.signing.statements import (
    DECISION,
    PROVENANCE,
    SUBJECT,
    Decision,
    Signatory,
    build_provenance,
)
from colophon.pipelines.storage import write_whole
from colophon.schemas import CheckFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from colophon.pipelines.signing.keys import SigningKey

__all__ = ["Signed", "sign_dataset"]


@dataclass(frozen=True)
class Signed:
    """What was written.

    Attributes:
        manifest_sha256: What was signed.
        files: The envelopes, below the dataset.
        faults: Of the dataset; none if it was approved.
    """

    manifest_sha256: str
    files: tuple[str, ...]
    faults: tuple[str, ...]


def sign_dataset(
    folder: Path,
    key: SigningKey,
    who: str,
    decision: str | None,
    check: Callable[[Path], list[str]],
    *,
    how: str = "full",
    note: str = "",
    provenance: bool = False,
    rebuilt: Path | None = None,
    now: dt.datetime | None = None,
) -> Signed:
    """Sign a dataset's manifest.

    Args:
        folder: The dataset.
        key: With which.
        who: ``"name, role"`` of the person who decides.
        decision: ``approve`` or ``reject``; None to sign the provenance alone.
        check: Gives the faults of a dataset.
        how: What `check` looks at: ``full`` or ``quick``.
        note: Why, in words.
        provenance: Whether to sign how the dataset was built, as its maker.
        rebuilt: The same dataset as the signer built it from the inputs.
        now: By default the clock of this machine.

    Raises:
        CheckFailed: A dataset with faults cannot be approved.
        UsageError: Something that was named is not there or not fit.
        RunFailed: An envelope cannot be written.
    """
    import colophon  # noqa: PLC0415 - its version

    now = now or dt.datetime.now(dt.UTC)
    by = Signatory.of(who, note, now)
    key.public.refuse_if_worthless(now)
    if (folder / ATTEST).is_symlink():
        raise UsageError(f"{folder / ATTEST}: is a link, through which nothing is written; remove it")
    content = _read(folder / "manifest.json", "name the folder of a dataset")
    digest = hashlib.sha256(content).hexdigest()
    run = _read(folder / "run.json", "") if (folder / "run.json").is_file() else b""
    rebuilt_run = _rebuilt(folder, content, run, rebuilt, check) if rebuilt else ""
    faults = check(folder)
    if _read(folder / "manifest.json", "it was there a moment ago") != content:
        raise CheckFailed(f"{folder}: its manifest changed while it was checked; check and sign again")
    if faults and decision != "reject":
        more = f" and {len(faults) - 1:,} more" if len(faults) > 1 else ""
        raise CheckFailed(
            f"{folder}: cannot be {'approved' if decision else 'signed'}: {faults[0]}{more}; `colophon verify` tells all. "
            "A refusal can be signed: --decision reject"
        )
    said: list[tuple[str, str, dict[str, Any]]] = []
    if provenance:
        said.append(("provenance", PROVENANCE, _provenance(folder, content, run)))
    if decision:
        one = Decision(
            decision, by, _called(content), how, len(faults), _sha256(run), rebuilt_run, colophon.__version__
        )
        said.append((decision, DECISION, one.predicate))
    files = []
    for kind, predicate_type, predicate in said:
        envelope = sign_statement(SUBJECT, digest, predicate_type, predicate, key)
        # Named by its content: two decisions of one key stand beside each other, and none is ever overwritten.
        name = f"{ATTEST}/{kind}-{key.public.id[:8]}-{_sha256(envelope)[:16]}.dsse.json"
        write_whole(folder / name, envelope)
        files.append(name)
    return Signed(digest, tuple(files), tuple(faults))


def _rebuilt(
    folder: Path, manifest: bytes, run: bytes, rebuilt: Path, check: Callable[[Path], list[str]]
) -> str:
    """The digest of ``run.json`` of a dataset that the signer built, if it is this one built again."""
    own_run = _read(rebuilt / "run.json", "name the folder of the dataset that you built")
    if rebuilt.resolve() == folder.resolve() or own_run == run:
        raise UsageError(
            f"{rebuilt}: is {folder} itself or a copy of it, with the same run.json; --rebuilt names what you made "
            "yourself from the inputs"
        )
    if _read(rebuilt / "manifest.json", "name the folder of the dataset that you built") != manifest:
        raise CheckFailed(
            f"{rebuilt}: its manifest differs from that of {folder}, so it is not the same dataset built again"
        )
    if faults := check(rebuilt):
        raise CheckFailed(f"{rebuilt}: is not what its own manifest says: {faults[0]}")
    return _sha256(own_run)


def _provenance(folder: Path, manifest: bytes, run: bytes) -> dict[str, Any]:
    if not run:
        raise UsageError(
            f"{folder}: has no run.json, so nothing can be said of how it was built; sign without --provenance"
        )
    try:
        return build_provenance(json.loads(manifest), json.loads(run), _sha256(run))
    except (BadEnvelope, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{folder}: its run.json is none that a run wrote; sign without --provenance"
        ) from error


def _called(manifest: bytes) -> str:
    """Name and version of the dataset, as far as its manifest tells them."""
    try:
        told = json.loads(manifest)
        return f"{told['name']} {told['version']}"[:200].encode("utf-8", "replace").decode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _read(path: Path, hint: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; {hint}") from error


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest() if content else ""
