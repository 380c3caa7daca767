r"""Personal data and keys in texts: finders by the places that one pass over a text has shown them.

>>> [(one.kind, one.rule) for one in find(["Ask kim@mill.example, tel. +44 20 7946 0958."])[0]]
[('email', 'plain'), ('phone', 'international')]
>>> find(["DOI 10.1000/182, ORCID 0000-0002-1825-0097, p = 0.0432 (95% CI 1.0123 to 2.0456)"])
[[]]
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from colophon.filters.privacy.access_keys import assigned_secret, known_key, login
from colophon.filters.privacy.account_numbers import cards, iban
from colophon.filters.privacy.national_numbers import lettered_numbers, national_numbers
from colophon.filters.privacy.network_addresses import email, ipv4, ipv6, spoken_email
from colophon.filters.privacy.phone_numbers import phone_numbers
from colophon.filters.privacy.text_places import (
    ASSIGNED,
    AT,
    COLONS,
    LETTERED,
    LONG,
    ROW,
    SPOKEN,
    Place,
    places,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["KINDS", "Finding", "find", "masked"]

KINDS = ("email", "phone", "ip", "iban", "card", "national_number", "key")
"""What is looked for."""

# Who looks at a place. Each answers with start, end and rule of what it finds.
_FINDERS: Final[dict[int, tuple[tuple[str, Callable[[Place], list[tuple[int, int, str]]]], ...]]] = {
    AT: (("email", email), ("key", login)),
    SPOKEN: (("email", spoken_email),),
    ROW: (("card", cards), ("national_number", national_numbers), ("ip", ipv4), ("phone", phone_numbers)),
    LETTERED: (("iban", iban), ("national_number", lettered_numbers)),
    COLONS: (("ip", ipv6),),
    LONG: (("key", known_key),),
    ASSIGNED: (("key", assigned_secret),),
}
# Which of two findings that overlap counts: the one whose form says more.
_SURER = {
    kind: rank for rank, kind in enumerate(("key", "email", "iban", "card", "national_number", "ip", "phone"))
}
_PEM = b"-----BEGIN"
_AT_ONCE = 2**19  # bytes of text: what stays in a cache is looked at twice as fast


@dataclass(frozen=True, slots=True)
class Finding:
    """A passage of a text's UTF-8 that is personal data or a key; what it says is told nowhere.

    Attributes:
        start: Its first byte in the text's UTF-8.
        end: The byte after its last.
        kind: One of `KINDS`.
        rule: Which of the ways to find that kind.
    """

    start: int
    end: int
    kind: str
    rule: str


def find(texts: Sequence[str]) -> list[list[Finding]]:
    """What stands in each text: findings in their order, none over another."""
    found: list[list[Finding]] = []
    waiting: list[bytes] = []
    size = 0
    for text in texts:
        waiting.append(text.encode("utf-8", "surrogatepass"))
        size += len(waiting[-1])
        if size >= _AT_ONCE:
            found += _find(waiting)
            waiting, size = [], 0
    return [*found, *_find(waiting)]


def _find(encoded: list[bytes]) -> Iterator[list[Finding]]:
    data = b"\n".join([*encoded, b""])  # what looks back must not see the text before as if it were the same
    offsets = np.cumsum([0, *(len(one) + 1 for one in encoded)], dtype=np.int64)
    found, of = places(data, offsets)
    headers: dict[int, list[list[int]]] = {}
    at = data.find(_PEM)
    while at >= 0:
        headers.setdefault(int(np.searchsorted(offsets, at, "right")) - 1, []).append([LONG, at, at])
        at = data.find(_PEM, at + 1)
    for number in range(len(encoded)):
        begin, end = int(offsets[number]), int(offsets[number + 1]) - 1
        taken = []
        for kind_of_place, start, stop in found[of[number] : of[number + 1]].tolist() + headers.get(
            number, []
        ):
            place = Place(data, begin, end, start, stop)
            for kind, finder in _FINDERS[kind_of_place]:
                taken += [Finding(a - begin, b - begin, kind, rule) for a, b, rule in finder(place)]
        yield list(_apart(taken)) if taken else []


def _apart(taken: list[Finding]) -> Iterator[Finding]:
    """Of findings that overlap, those of the kind that is the surer, and of two of a kind the earlier and longer."""
    waiting: list[Finding] = []
    end = 0
    for one in sorted(taken, key=attrgetter("start")):
        if one.start >= end:
            yield from _surest(waiting)
            waiting = []
        waiting.append(one)
        end = max(end, one.end)
    yield from _surest(waiting)


def _surest(overlapping: list[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    for one in sorted(overlapping, key=lambda one: (_SURER[one.kind], one.start, -one.end)):
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return sorted(kept, key=attrgetter("start"))


def masked(text: str, findings: Sequence[Finding]) -> str:
    """The text with ``[EMAIL]``, ``[PHONE]``, … in place of what was found.

    >>> text = "Write to kim@mill.example."
    >>> masked(text, find([text])[0])
    'Write to [EMAIL].'
    """
    if not findings:
        return text
    data = text.encode("utf-8", "surrogatepass")
    pieces, at = [], 0
    for one in findings:
        pieces += [data[at : one.start], f"[{one.kind.upper()}]".encode()]
        at = one.end
    return b"".join([*pieces, data[at:]]).decode("utf-8", "surrogatepass")
