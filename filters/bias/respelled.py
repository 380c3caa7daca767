"""Names of groups with figures for letters (*w0men*), read as they are meant.

Only the hostility model looks at texts so: rates of mentions are of words as they stand, since figures inside words are
names of genes, strains and compounds in science (*H1N1*, *HbA1c*).

>>> as_meant(["H1N1 in w0men and Musl1ms", "CO2"])
['H1N1 in women and muslims', 'CO2']
>>> as_meant(["women"]) is None
True
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from colophon.filters.bias.identity import AXES, terms
from colophon.filters.kernels import compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["as_meant"]

_LEAST, _MOST = 4, 24  # letters of a name: three with a figure are formulas
_FIGURES = (48, 49, 51, 52, 53, 55)
_READINGS = tuple(
    bytes.maketrans(b"013457ABCDEFGHIJKLMNOPQRSTUVWXYZ", letters + b"abcdefghijklmnopqrstuvwxyz")
    for letters in (b"oieast", b"oleast")
)


@compiled
def _is_letter(byte: int) -> bool:
    return 97 <= byte | 32 <= 122


@compiled
def _is_word(byte: int) -> bool:
    """Whether a byte may be of a word; all beyond ASCII count, so that no part of a word is taken for one."""
    return _is_letter(byte) or 48 <= byte <= 57 or byte == 95 or byte >= 128


@compiled
def _could_be(data: np.ndarray, begin: int, end: int) -> bool:
    """Whether a word has letters and the figures that stand for some, and more of the former."""
    if not _LEAST <= end - begin <= _MOST:
        return False
    letters, figures = 0, 0
    for j in range(begin, end):
        letters += _is_letter(data[j])
        figures += data[j] in _FIGURES
    return letters > figures and letters + figures == end - begin


@compiled
def _figured(data: np.ndarray, words: np.ndarray) -> int:
    """Write where words with figures for letters may begin and end; how many."""
    count, i, n = 0, 0, len(data)
    last = 0  # where the last word with a figure ended
    while i < n:
        if not 48 <= data[i] <= 55:
            i += 1
            continue
        begin, end = i, i + 1
        while begin > last and _is_word(data[begin - 1]):
            begin -= 1
        while end < n and _is_word(data[end]):
            end += 1
        if _could_be(data, begin, end):
            words[count, 0], words[count, 1] = begin, end
            count += 1
        i = last = end
    return count


@cache
def _names() -> frozenset[bytes]:
    """The names of one word that need no noun for a person."""
    return frozenset(
        term.term.encode()
        for term in terms()
        if term.axis in AXES and term.needs_person_noun == "no" and len(term.term) >= _LEAST
    )


def _name(word: bytes) -> bytes | None:
    """The name that a word stands for, if any."""
    return next((name for table in _READINGS if (name := word.translate(table)) in _names()), None)


def as_meant(texts: Sequence[str]) -> list[str] | None:
    """The texts with such names in letters, each as long as before and with as many tokens; None if there are none.

    The figures 0, 1, 3, 4, 5 and 7 stand for *o*, *i* or *l*, *e*, *a*, *s* and *t*.
    """
    read: dict[int, str] = {}
    for i, text in enumerate(texts):
        data = text.encode("utf-8", "replace")
        words = np.empty((len(data) // _LEAST + 1, 2), np.int64)
        count = _figured(np.frombuffer(data, np.uint8), words)
        meant = [
            (begin, end, name) for begin, end in words[:count].tolist() if (name := _name(data[begin:end]))
        ]
        if meant:
            found = bytearray(data)
            for begin, end, name in meant:
                found[begin:end] = name
            read[i] = found.decode("utf-8")
    return [read.get(i, text) for i, text in enumerate(texts)] if read else None
