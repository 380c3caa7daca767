"""Who signed a dataset, whether that counts, and what follows from it.

Kinder to read than to trust: everything that an envelope says is a claim until a key that the reader trusts has signed
it, and even then its time is the signer's own. So an expired or revoked key counts for nothing, whenever it signed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from colophon.pipelines.dataset import manifest_path
from colophon.pipelines.places import at_hand
from colophon.pipelines.signing.envelopes import BadEnvelope, Statement, open_envelope
from colophon.pipelines.signing.keys import PublicKey, reached, read_keys
from colophon.pipelines.signing.standing import (
    COUNTS,
    SUPERSEDED,
    UNCHECKED,
    Standing,
    keep_latest,
    standings,
    when,
    whole_file,
)
from colophon.pipelines.signing.statements import (
    APPROVE,
    DECISION,
    PROVENANCE,
    REJECT,
    SUBJECT,
    Decision,
    built_from,
    read_provenance,
)
from colophon.pipelines.storage import sha256_of
from colophon.schemas import UsageError, harmless

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from colophon.pipelines.places import AnyPath

__all__ = ["ATTEST", "Attestation", "Signatures", "attestations", "envelopes_in"]

ATTEST: Final = "attest"
"""The folder of a dataset's envelopes."""
_END: Final = ".dsse.json"
_MOST_ENVELOPES: Final = 1000
_RANK: Final = {REJECT: 0, APPROVE: 1}
_MOST_TOLD: Final = 50
"""Lines of attestations that count for nothing."""
_MOST_BYTES: Final = 1 << 26
"""Of all envelopes together, so that nobody can make a reader wait for long."""


@dataclass(frozen=True, kw_only=True)
class Attestation(Standing):
    """What one key says in one envelope. All texts are as they were written: make them `harmless` to show them.

    Attributes:
        file: The envelope, below the dataset; harmless.
        kind: ``decision``, ``provenance`` or ``other``.
        predicate_type: Of the statement.
        decision: ``approve``, ``reject``; empty if the statement is no decision.
        name: Who decided, in their own words.
        role: As what.
        note: Why.
        time: When, by the signer's clock.
        dataset: Name and version of the dataset as the signer saw them.
        checked: What the signer's own ``verify`` looked at: ``full``, ``quick`` or ``none``.
        rebuilt: Whether the signer says to have built the dataset.
        run_sha256: Of the ``run.json`` that the signer saw.
    """

    file: str
    kind: str
    predicate_type: str
    decision: str = ""
    name: str = ""
    role: str = ""
    note: str = ""
    time: str = ""
    dataset: str = ""
    checked: str = ""
    rebuilt: bool = False
    run_sha256: str = ""

    @property
    def sentence(self) -> str:
        """One line for a person; harmless."""
        known = {APPROVE: "approves", REJECT: "REFUSES", "": "says how it was built"}
        said = (
            f"makes a statement of type {self.predicate_type}"
            if self.kind == "other"
            else known[self.decision]
        )
        who = f"{self.name}, {self.role}" if self.name else self.owner or "somebody"
        note = f": {self.note}" if self.note else ""
        about = [
            when(self.time),
            self.key,
            "checked files, not rows" if self.checked == "quick" else "",
            "built it too" if self.rebuilt and self.decision else "",
            self.why,
        ]
        return harmless(f"{self.doubt}{who} {said}{note} ({'; '.join(each for each in about if each)})")


@dataclass(frozen=True)
class Signatures:
    """What the signatures of a dataset come to.

    Attributes:
        manifest_sha256: Of the manifest that they must be of.
        checked: Whether keys were given to check them with.
        threshold: Keys that must approve.
        keys: All that are trusted, each once.
        attestations: Everything that is signed: what counts first, refusals before approvals.
        faults: What is wrong, a sentence each: envelopes that are none, refusals, too few approvals.
        notes: What a reader should know besides.
    """

    manifest_sha256: str
    checked: bool
    threshold: int
    keys: tuple[PublicKey, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; without keys this says nothing of who approved."""
        return not self.faults

    @property
    def approved(self) -> tuple[Attestation, ...]:
        """Approvals that count, one of each key."""
        return tuple(each for each in self._counting() if each.decision == APPROVE)

    @property
    def rejected(self) -> tuple[Attestation, ...]:
        """Refusals that count, one of each key."""
        return tuple(each for each in self._counting() if each.decision == REJECT)

    @property
    def rebuilt(self) -> tuple[Attestation, ...]:
        """Those approvals whose key also says that its owner built the dataset."""
        built = {
            each.key_id for each in self.attestations if each.rebuilt and each.status in {COUNTS, SUPERSEDED}
        }
        return tuple(each for each in self.approved if each.key_id in built)

    @property
    def silent(self) -> frozenset[str]:
        """Ids of the keys of which no decision counts."""
        return frozenset(key.id for key in self.keys) - {each.key_id for each in self._counting()}

    def _counting(self) -> Iterator[Attestation]:
        return (each for each in self.attestations if each.kind == "decision" and each.status == COUNTS)

    @property
    def verdict(self) -> str:
        """In one sentence who approves and who refuses."""
        if not self.checked:
            n = len(self.attestations)
            return f"{n} signature{'s' * (n != 1)} not checked: give --keys" if n else "signed by nobody"
        of = f"of {len(self.keys)} key{'s' * (len(self.keys) != 1)}"
        refused = f"REFUSED by {len(self.rejected)} {of}; " if self.rejected else ""
        return f"{refused}approved by {len(self.approved)} {of} (threshold {self.threshold})"

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdict, then a line for each attestation; harmless."""
        lines = [self.verdict]
        if self.checked and self.rebuilt:
            lines.append(f"rebuilt and signed by {len(self.rebuilt)} of {len(self.keys)}")
        counted = [each.sentence for each in self.attestations if each.status == COUNTS]
        others = [each.sentence for each in self.attestations if each.status != COUNTS]
        if len(others) > _MOST_TOLD:
            others[_MOST_TOLD:] = [f"and {len(others) - _MOST_TOLD:,} more that count for nothing"]
        silent = (
            f"no decision by {harmless(key.owner)} (key {key.id[:12]})"
            for key in self.keys
            if key.id in self.silent
        )
        return (*lines, *counted, *others, *silent, *self.notes)

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "manifest_sha256": self.manifest_sha256,
            "checked": self.checked,
            "threshold": self.threshold,
            "ok": self.ok,
            "verdict": self.verdict,
            "approved": [each.key_id for each in self.approved],
            "rejected": [each.key_id for each in self.rejected],
            "rebuilt": [each.key_id for each in self.rebuilt],
            "silent": sorted(self.silent),
            "keys": [key.as_dict() for key in self.keys],
            "attestations": [asdict(each) for each in self.attestations],
            "faults": list(self.faults),
            "notes": list(self.notes),
        }


def attestations(
    folder: AnyPath, keys: Path | None = None, threshold: int | None = None, now: dt.datetime | None = None
) -> Signatures:
    """Judge the signatures of a dataset. Whether the dataset is what its manifest says is for `verify`.

    Args:
        folder: The dataset.
        keys: A folder of public keys that are trusted, or one such file; without it signatures are listed alone.
        threshold: Keys that must approve: at least 1, and so by default.
        now: By which keys expire; by default the clock of this machine.

    Raises:
        UsageError: The folder has no manifest; the keys cannot be read; the threshold cannot be reached.
    """
    trusted = read_keys(keys) if keys is not None else {}
    if keys is None and threshold is not None:
        raise UsageError(f"a threshold of {threshold} says how many keys must approve: name them with --keys")
    least = reached(threshold, trusted, keys) if keys is not None else 1
    manifest = manifest_path(folder)
    try:
        signed = manifest.read_bytes()
    except OSError as error:
        raise UsageError(f"{manifest}: cannot be read: {error.strerror}") from error
    judge = _Judge(signed, trusted, now or dt.datetime.now(dt.UTC), checked=keys is not None)
    for name, content in envelopes_in(folder):
        judge.envelope(name, content)
    return judge.verdict(_digest(folder / "run.json"), least)


def envelopes_in(folder: AnyPath) -> Iterator[tuple[str, bytes | str]]:
    """The name of each file in a dataset's ``attest/``, and its content or what is wrong with it."""
    place = folder / ATTEST
    if place.is_symlink() or (place.exists() and not place.is_dir()):
        yield ATTEST, "is a link or no folder"
        return
    try:
        paths: list[AnyPath] = sorted(place.iterdir(), key=lambda path: path.name) if place.exists() else []
    except OSError as error:
        yield ATTEST, f"cannot be read: {error.strerror}"
        return
    if len(paths) > _MOST_ENVELOPES:
        yield ATTEST, f"holds {len(paths):,} files; at most {_MOST_ENVELOPES:,} are read"
        return
    size = 0
    for path in paths:
        content = _content(path)
        size += len(content)
        if size > _MOST_BYTES:
            yield ATTEST, f"holds more than {_MOST_BYTES:,} bytes, which are not read"
            return
        yield f"{ATTEST}/{path.name}", content


def _content(path: AnyPath) -> bytes | str:
    if harmless(path.name) != path.name:
        return "has a name with characters that cannot be seen"
    if not path.name.endswith(_END):
        return f"is no envelope; in {ATTEST}/ lie files *{_END} alone"
    with at_hand(path) as copy:
        return whole_file(copy)


def _digest(path: AnyPath) -> str:
    """Sha256 of a file, hex; empty if there is none."""
    try:
        return sha256_of(path) if path.is_file() else ""
    except OSError:
        return ""


@dataclass
class _Judge:
    """Looks at envelopes one by one, then at all of them."""

    manifest: bytes
    keys: dict[str, PublicKey]
    now: dt.datetime
    checked: bool
    found: list[Attestation] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @cached_property
    def manifest_sha256(self) -> str:
        """What must have been signed."""
        return hashlib.sha256(self.manifest).hexdigest()

    def envelope(self, name: str, content: bytes | str) -> None:
        """One file."""
        shown = harmless(name)
        if isinstance(content, str):
            self.faults.append(f"{shown}: {content}")
            return
        try:
            sealed = open_envelope(content)
            said = self._said(name, sealed.statement)
            found = standings(sealed, self.keys if self.checked else None, self.now)
        except BadEnvelope as error:
            self.faults.append(f"{shown}: {error}")
            return
        self.found += [replace(said, **vars(each)) for each in found]

    def _said(self, file: str, statement: Statement) -> Attestation:
        """A statement before anybody looked who signed it."""
        if (statement.subject, statement.sha256) != (SUBJECT, self.manifest_sha256):
            raise BadEnvelope(
                f"is of another dataset: of {harmless(statement.subject[:200])} with sha256 {statement.sha256}, "
                f"and the manifest here has {self.manifest_sha256}"
            )
        blank = Attestation(
            status=UNCHECKED, why="", key_id="", owner="",
            file=file, kind="other", predicate_type=statement.predicate_type,
        )  # fmt: skip
        if statement.predicate_type == PROVENANCE:
            told, run_sha256 = read_provenance(statement.predicate)
            for name, digest in self._built_from.items():
                if told.get(name, digest) != digest:
                    raise BadEnvelope(
                        f"says that the dataset was built from {name} with sha256 {told[name]}, and its manifest says "
                        f"{digest}"
                    )
            return replace(blank, kind="provenance", rebuilt=True, run_sha256=run_sha256)
        if statement.predicate_type != DECISION:
            return blank
        one = Decision.read(statement.predicate)
        return replace(
            blank, kind="decision", decision=one.decision, name=one.by.name, role=one.by.role, note=one.by.note,
            time=one.by.time, dataset=one.dataset, checked=one.checked, rebuilt=bool(one.rebuilt_run_sha256),
            run_sha256=one.run_sha256,
        )  # fmt: skip

    @cached_property
    def _built_from(self) -> dict[str, str]:
        """What provenance must agree with; nothing if the manifest is none, which `verify` tells."""
        try:
            return built_from(json.loads(self.manifest))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}

    def verdict(self, run_sha256: str, threshold: int) -> Signatures:
        """All of them together."""
        result = Signatures(
            self.manifest_sha256,
            self.checked,
            threshold,
            tuple(sorted(self.keys.values(), key=lambda key: (key.owner, key.id))),
            tuple(self._latest()),
            tuple(self.faults),
            tuple(self._notes(run_sha256)),
        )
        faults = [each.sentence for each in result.rejected]
        if self.checked and len(result.approved) < threshold:
            faults.append(f"{result.verdict}: too few")
        return replace(result, faults=(*self.faults, *faults))

    def _latest(self) -> list[Attestation]:
        """Decisions of a key follow one another; provenance stays true. What counts comes first, refusals before all."""
        decisions = [each for each in self.found if each.kind == "decision"]
        latest = keep_latest(
            decisions, lambda each: (each.time, each.decision == REJECT, each.file), "decided"
        )
        others = [each for each in self.found if each.kind != "decision"]
        return sorted(
            [*latest, *others],
            key=lambda each: (
                each.status != COUNTS,
                _RANK.get(each.decision, len(_RANK)),
                each.time,
                each.file,
            ),
        )

    def _notes(self, run_sha256: str) -> Iterator[str]:
        owners = Counter(key.owner for key in self.keys.values())
        for owner, n in sorted(owners.items()):
            if n > 1:
                yield f"{n} of the keys belong to {harmless(owner)}: each counts"
        for each in self.found:
            if each.status == COUNTS and each.run_sha256 not in {"", run_sha256}:
                who = harmless(each.name or each.owner)
                yield f"run.json is not the one that {who} saw: nobody vouches for its times and costs"
