"""Sites answer a withdrawal notice: how many of its records they held, and whether those are gone."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from colophon.pipelines.signing.envelopes import BadEnvelope, open_envelope, sign_statement
from colophon.pipelines.signing.keys import PublicKey, SigningKey, reached, read_keys
from colophon.pipelines.signing.standing import COUNTS, Standing, keep_latest, standings, when, whole_file
from colophon.pipelines.signing.statements import ACKNOWLEDGEMENT, Acknowledgement, Signatory
from colophon.schemas import UsageError, harmless

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["NOTICE", "Answer", "Answers", "acknowledge", "acknowledgements"]

NOTICE: Final = "colophon withdrawal notice"
"""What a notice has as its ``format``, and the name of the subject of an answer."""


@dataclass(frozen=True, kw_only=True)
class Answer(Standing):
    """What one site says. All texts are as they were written: make them `harmless` to show them.

    Attributes:
        file: The envelope.
        name: Who answers, in their own words.
        role: As what.
        note: What else there is to say.
        time: When, by the signer's clock.
        held: How many of the records the site held.
        removed: Whether it holds none of them any more.
    """

    file: str
    name: str
    role: str
    note: str
    time: str
    held: int
    removed: bool

    @property
    def sentence(self) -> str:
        """One line for a person; harmless."""
        records = f"{self.held:,} record{'s' * (self.held != 1)}"
        fate = "" if not self.held else ", removed" if self.removed else ", NOT YET REMOVED"
        note = f": {self.note}" if self.note else ""
        about = "; ".join(each for each in (when(self.time), self.key, self.why) if each)
        return harmless(f"{self.doubt}{self.name}, {self.role} held {records}{fate}{note} ({about})")


@dataclass(frozen=True)
class Answers:
    """What came back to a notice.

    Attributes:
        notice_sha256: Of the notice.
        threshold: Keys that must have answered.
        keys: All that are trusted, each once.
        answers: Everything that was given, in the order of files.
        faults: What is wrong, a sentence each: files that are no answer, records still held, too few answers.
    """

    notice_sha256: str
    threshold: int
    keys: tuple[PublicKey, ...]
    answers: tuple[Answer, ...]
    faults: tuple[str, ...] = ()

    @property
    def counting(self) -> tuple[Answer, ...]:
        """Answers that count, one of each key."""
        return tuple(each for each in self.answers if each.status == COUNTS)

    @property
    def silent(self) -> tuple[PublicKey, ...]:
        """Keys that did not answer."""
        answered = {each.key_id for each in self.counting}
        return tuple(key for key in self.keys if key.id not in answered)

    @property
    def verdict(self) -> str:
        """In one sentence how many answered."""
        return f"answered by {len(self.counting)} of {len(self.keys)} key{'s' * (len(self.keys) != 1)}"

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdict, a line for each answer, then who is silent; harmless."""
        silent = (f"no answer from {harmless(key.owner)} (key {key.id[:12]})" for key in self.silent)
        return (self.verdict, *(each.sentence for each in self.answers), *silent)

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "notice_sha256": self.notice_sha256,
            "threshold": self.threshold,
            "ok": not self.faults,
            "verdict": self.verdict,
            "answers": [asdict(each) for each in self.answers],
            "silent": [key.as_dict() for key in self.silent],
            "faults": list(self.faults),
        }


def acknowledge(
    notice: Path,
    key: SigningKey,
    who: str,
    held: int,
    *,
    removed: bool,
    note: str = "",
    now: dt.datetime | None = None,
) -> bytes:
    """An answer to a notice, signed.

    Args:
        notice: The file that ``colophon withdraw`` wrote at the site that withdrew.
        key: With which.
        who: ``"name, role"`` of the person who answers.
        held: How many of the records this site held.
        removed: Whether it holds none of them any more; true if it held none.
        note: What else there is to say.
        now: By default the clock of this machine.

    Returns:
        The envelope's file.

    Raises:
        UsageError: The file is no notice, or the key or a word is not fit.
    """
    import colophon  # noqa: PLC0415 - its version

    now = now or dt.datetime.now(dt.UTC)
    by = Signatory.of(who, note, now)
    key.public.refuse_if_worthless(now)
    said = Acknowledgement(by, held, removed or held == 0, colophon.__version__)
    return sign_statement(NOTICE, _notice_digest(notice), ACKNOWLEDGEMENT, said.predicate, key)


def acknowledgements(
    notice: Path,
    files: Iterable[Path],
    keys: Path,
    threshold: int | None = None,
    now: dt.datetime | None = None,
) -> Answers:
    """Judge the answers to a notice.

    Args:
        notice: What was answered.
        files: The answers' envelopes.
        keys: A folder of public keys that are trusted, or one such file.
        threshold: Keys that must have answered: at least 1, and so by default.
        now: By which keys expire; by default the clock of this machine.

    Raises:
        UsageError: The file is no notice; the keys cannot be read; the threshold cannot be reached.
    """
    trusted = read_keys(keys)
    least = reached(threshold, trusted, keys)
    digest = _notice_digest(notice)
    found: list[Answer] = []
    faults: list[str] = []
    for path in files:
        content = whole_file(path)
        try:
            if isinstance(content, str):
                raise BadEnvelope(content)  # noqa: TRY301 - one place tells of all that can be wrong
            found += _answers(str(path), content, digest, trusted, now or dt.datetime.now(dt.UTC))
        except BadEnvelope as error:
            faults.append(f"{harmless(str(path))}: {error}")
    order = tuple(sorted(trusted.values(), key=lambda key: (key.owner, key.id)))
    latest = keep_latest(found, lambda each: (each.time, not each.removed, each.file), "answered")
    result = Answers(digest, least, order, tuple(latest))
    faults += [each.sentence for each in result.counting if not each.removed]
    if len(result.counting) < least:
        faults.append(f"{result.verdict}, the threshold is {least}: too few")
    return replace(result, faults=tuple(faults))


def _answers(
    file: str, content: bytes, digest: str, keys: dict[str, PublicKey], now: dt.datetime
) -> list[Answer]:
    sealed = open_envelope(content)
    statement = sealed.statement
    if statement.predicate_type != ACKNOWLEDGEMENT:
        raise BadEnvelope(f"is no answer to a notice: its type is {harmless(statement.predicate_type[:200])}")
    if (statement.subject, statement.sha256) != (NOTICE, digest):
        raise BadEnvelope(f"answers another notice, with sha256 {statement.sha256}; this one has {digest}")
    one = Acknowledgement.read(statement.predicate)
    return [
        Answer(
            **vars(each), file=file, name=one.by.name, role=one.by.role, note=one.by.note, time=one.by.time,
            held=one.held, removed=one.removed,
        )
        for each in standings(sealed, keys, now)
    ]  # fmt: skip


def _notice_digest(path: Path) -> str:
    hint = "name the notice that `colophon withdraw` wrote"
    try:
        content = path.read_bytes()
        told = json.loads(content)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; {hint}") from error
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or told.get("format") != NOTICE:
        raise UsageError(f"{path}: is no withdrawal notice; {hint}")
    return hashlib.sha256(content).hexdigest()
