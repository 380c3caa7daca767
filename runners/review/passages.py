"""Where two texts differ: the passages around the first differences, side by side, word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Passage", "Piece", "differing"]

_SENTENCE: Final = re.compile(r"(?<=[.!?…。])\s+|\n\s*\n")
_MOST_SENTENCES: Final = 1500
_MOST_WORDS: Final = 70
_LONGEST: Final = 400_000


@dataclass(frozen=True)
class Piece:
    """Words in a row, and whether the other text lacks them."""

    words: str
    own: bool


@dataclass(frozen=True)
class Passage:
    """The same place in two texts; a side that has nothing there is empty."""

    one: tuple[Piece, ...]
    other: tuple[Piece, ...]


def differing(one: str, other: str, most: int = 3) -> list[Passage]:
    """The first places at which two texts differ.

    Sentences are compared, and where they differ their words. Only so much of long texts is looked at as takes no time.

    Args:
        one: A text.
        other: Another.
        most: No more passages than this.

    >>> differing("Same. The mill is old. End.", "Same. The mill was old. End.")[0].one
    (Piece(words='The mill', own=False), Piece(words='is', own=True), Piece(words='old.', own=False))
    """
    mine, theirs = _sentences(one), _sentences(other)
    found = []
    for kind, a, b, c, d in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        if kind != "equal":
            found.append(_passage(" ".join(mine[a:b]).split(), " ".join(theirs[c:d]).split()))
        if len(found) == most:
            break
    return found


def _sentences(text: str) -> list[str]:
    return [" ".join(one.split()) for one in _SENTENCE.split(text[:_LONGEST]) if one.strip()][
        :_MOST_SENTENCES
    ]


def _passage(mine: Sequence[str], theirs: Sequence[str]) -> Passage:
    mine, theirs = _cut(mine), _cut(theirs)
    pieces: tuple[list[Piece], list[Piece]] = ([], [])
    for kind, a, b, c, d in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        for side, words in zip(pieces, (mine[a:b], theirs[c:d]), strict=True):
            if words:
                side.append(Piece(" ".join(words), kind != "equal"))
    return Passage(tuple(pieces[0]), tuple(pieces[1]))


def _cut(words: Sequence[str]) -> list[str]:
    """The first words, none of them endless."""
    shown = [word if len(word) <= 60 else f"{word[:60]}…" for word in words[:_MOST_WORDS]]
    return [*shown, "…"] if len(words) > _MOST_WORDS else shown
