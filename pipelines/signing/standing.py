"""Whether a signature counts: who made it, whether that key is trusted, and whether it still is."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - dataclasses are read by their annotations
import stat
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

from colophon.pipelines.signing.envelopes import MOST_BYTES, BadEnvelope, Sealed
from colophon.schemas import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from colophon.pipelines.signing.keys import PublicKey

__all__ = [
    "COUNTS", "EXPIRED", "REVOKED", "SUPERSEDED", "UNCHECKED", "UNKNOWN", "Standing", "keep_latest", "standings", "when", "whole_file",
]  # fmt: skip

COUNTS: Final = "counts"
SUPERSEDED: Final = "superseded"
EXPIRED: Final = "expired"
REVOKED: Final = "revoked"
UNKNOWN: Final = "unknown key"
UNCHECKED: Final = "not checked"


@dataclass(frozen=True)
class Standing:
    """What a signature is worth.

    Attributes:
        status: ``counts``; ``expired`` or ``revoked``, the key; ``unknown key``; ``not checked``, for no keys were given.
            A later word of the same key makes it ``superseded``.
        why: Of a status that does not count, in words; harmless.
        key_id: Of the key that signed; where that is not known, the one that the envelope names.
        owner: Of the key, as its public file says; empty where the key is not known.
    """

    status: str
    why: str
    key_id: str
    owner: str

    @property
    def doubt(self) -> str:
        """What a line of it begins with if it does not count."""
        if self.status == COUNTS:
            return ""
        return f"{'' if self.status == UNCHECKED else 'not counted, '}{self.status}: "

    @property
    def key(self) -> str:
        """Key and owner, for a line that tells of it."""
        return f"key {self.key_id[:12] or 'without a name'}{' of ' if self.owner else ''}{self.owner}"


S = TypeVar("S", bound=Standing)


def standings(sealed: Sealed, keys: Mapping[str, PublicKey] | None, now: dt.datetime) -> list[Standing]:
    """What each signature of an envelope is worth.

    Args:
        sealed: The envelope.
        keys: Those that are trusted, by id; None if there are none to check with.
        now: By which keys expire.

    Raises:
        BadEnvelope: A signature names a trusted key that did not make it.
    """
    return [_standing(sealed, number, keys, now) for number in range(len(sealed.signatures))]


def _standing(
    sealed: Sealed, number: int, keys: Mapping[str, PublicKey] | None, now: dt.datetime
) -> Standing:
    hint = sealed.signatures[number][0]
    if keys is None:
        return Standing(UNCHECKED, "", hint, "")
    key = sealed.signer(number, keys)
    if key is None and hint in keys:
        raise BadEnvelope(
            f"names key {hint[:12]} of {harmless(keys[hint].owner)}, which did not sign it so; it was changed, or made by "
            "somebody else"
        )
    if key is None:
        return Standing(UNKNOWN, "the key is none of those trusted here", hint, "")
    if fault := key.fault(now):
        return Standing(REVOKED if key.revocation else EXPIRED, f"the key {fault}", key.id, key.owner)
    return Standing(COUNTS, "", key.id, key.owner)


def keep_latest(found: Sequence[S], order: Callable[[S], tuple[str, bool, str]], did: str) -> list[S]:
    """Of what one key says the latest counts; the rest is superseded.

    Args:
        found: All that was said.
        order: Of each the time, whether it is the more careful word, for which of two at one time counts, and its file.
        did: What was done again, for those who ask why.
    """
    last = {each.key_id: each for each in sorted(found, key=order) if each.status == COUNTS}
    return [
        each
        if each.status != COUNTS or each is last[each.key_id]
        else replace(
            each, status=SUPERSEDED, why=f"the same key {did} again, at {when(order(last[each.key_id])[0])}"
        )
        for each in found
    ]


def when(time: str) -> str:
    """A statement's time, for a person.

    >>> when("2026-11-22T08:00:00.000000Z")
    '2026-11-22 08:00 UTC'
    """
    return f"{time[:16].replace('T', ' ')} UTC" if time else ""


def whole_file(path: Path) -> bytes | str:
    """The content of an ordinary file, as much as an envelope may have and one byte; or what is wrong with it."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return "is a link or no ordinary file"
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
