"""Where in texts it is worth looking for personal data and keys: one compiled pass over UTF-8.

A place is an ``@``, a row of digits, letters before digits as accounts have them, ``::``, a long run without spaces, or
a sign after a word such as *token*. Papers have one in about two thousand bytes, so that what looks there may be slow.

>>> place = Place(b"Tel. 5550 1234", 0, 14, 5, 14)
>>> place.words, place.before(5)
((b'tel',), b'Tel. ')
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from colophon.filters.kernels import compiled

__all__ = ["ASSIGNED", "AT", "COLONS", "LETTERED", "LONG", "ROW", "SPOKEN", "Place", "places"]

_WORDS = re.compile(rb"[a-z]+")
_NEAR = 64


@dataclass
class Place:
    """A place in a text.

    Attributes:
        data: UTF-8 of the text, among others.
        begin: Where the text begins.
        end: Where it ends.
        start: Where what is there begins.
        stop: Where it ends; of an ``@`` or another sign, its own place.
    """

    data: bytes
    begin: int
    end: int
    start: int
    stop: int

    @cached_property
    def words(self) -> tuple[bytes, ...]:
        """The words of ASCII letters in the 64 bytes before the place, in lower case."""
        return tuple(_WORDS.findall(self.before(_NEAR).lower()))

    def before(self, size: int) -> bytes:
        """As many bytes of the text before the place, or fewer."""
        return self.data[max(self.begin, self.start - size) : self.start]


# Classes of bytes.
_DIGIT, _LETTER, _NAME, _BETWEEN, _RUN, _HEX, _SIGN = 1, 2, 4, 8, 16, 32, 64
# Kinds of places.
_NOTHING, AT, SPOKEN, ROW, LETTERED, COLONS, LONG, ASSIGNED = range(8)
_SPACE, _COMMERCIALAT, _COLON, _EQUALS, _A, _T = 0x20, 0x40, 0x3A, 0x3D, 0x61, 0x74
_KEY, _KEN, _RET, _ORD, _PWD = (int.from_bytes(word) for word in (b"key", b"ken", b"ret", b"ord", b"pwd"))
_LONG_ENOUGH = 36  # a key without a digit
_LONGEST_NAME = 64
_SHORTEST_KEY = 20


def _classes() -> np.ndarray:
    table = np.zeros(256, np.uint8)
    groups = (
        (_DIGIT, b"0123456789"),
        (_LETTER, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
        (_NAME, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+'-"),
        # The last nine are the bytes of spaces and hyphens beyond ASCII.
        (_BETWEEN, b" .-()/\xc2\xa0\xe2\x80\x89\x90\x91\x92\x93\xaf"),
        (_RUN, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"),
        (_HEX, b"0123456789abcdefABCDEF"),
        (_SIGN, b"@:=([{"),
    )
    for flag, characters in groups:
        table[np.frombuffer(characters, np.uint8)] |= flag
    return table


_CLASSES = _classes()


@compiled
def _row_end(data: np.ndarray, i: int, end: int, classes: np.ndarray) -> tuple[int, bool]:
    """Where the row of digits that begins at i ends, and whether it has so many digits or points as to be looked at."""
    digits, points, last = 0, 0, i
    while i < end:
        if classes[data[i]] & _DIGIT:
            digits += 1
            i += 1
            last = i
            continue
        gap = i
        while i < end and i - gap < 5 and classes[data[i]] & _BETWEEN:
            i += 1
        if i == gap or i >= end or not classes[data[i]] & _DIGIT:
            break
        points += i - gap == 1 and data[gap] == ord(".")
    return last, digits >= 7 or points >= 3


@compiled
def _name_start(data: np.ndarray, at: int, begin: int, classes: np.ndarray) -> int:
    """Where the characters that a mailbox may have begin, before the @."""
    i = at
    while i > begin and at - i < _LONGEST_NAME:
        if classes[data[i - 1]] & _NAME:
            i -= 1
        elif i - 1 > begin and data[i - 1] & 0xC0 == 0x80 and 0xC3 <= data[i - 2] <= 0xD4:
            i -= 2  # a letter of the Latin, Greek or Cyrillic script
        else:
            break
    return i


@compiled
def _letters_before(data: np.ndarray, i: int, begin: int, classes: np.ndarray) -> int:
    """How many letters stand right before i, up to 7."""
    n = 0
    while n < 7 and i - n > begin and classes[data[i - n - 1]] & _LETTER:
        n += 1
    return n


@compiled
def _fiscal(data: np.ndarray, i: int, end: int, classes: np.ndarray) -> bool:
    """Whether what follows six letters has the form of an Italian tax number: 85T10A562S."""
    if i + 10 > end:
        return False
    form = (_DIGIT, _DIGIT, _LETTER, _DIGIT, _DIGIT, _LETTER, _DIGIT, _DIGIT, _DIGIT, _LETTER)
    fits = True
    for k in range(10):
        fits &= classes[data[i + k]] & form[k] != 0
    return fits


@compiled
def _says_secret(data: np.ndarray, sign: int, begin: int) -> bool:
    """Whether a word that ends like key, token, secret, password or pwd stands before a sign."""
    i = sign
    while (
        i > begin
        and sign - i < 5
        and (data[i - 1] == ord(" ") or data[i - 1] == ord('"') or data[i - 1] == ord("'"))
    ):
        i -= 1
    if i - begin < 3:
        return False
    last = ((data[i - 3] | 0x20) << 16) | ((data[i - 2] | 0x20) << 8) | (data[i - 1] | 0x20)
    return last in (_KEY, _KEN, _RET, _ORD, _PWD)


@compiled
def _insurance(data: np.ndarray, i: int, begin: int, end: int, classes: np.ndarray) -> bool:
    """Whether two letters and a space stand before, and three pairs of digits from there on: AB 12 34 56 C."""
    return bool(
        i - begin >= 3
        and i + 8 < end
        and data[i - 1] == data[i + 2] == data[i + 5] == _SPACE
        and classes[data[i - 2]] & classes[data[i - 3]] & _LETTER
        and classes[data[i + 4]] & classes[data[i + 7]] & _DIGIT
    )


@compiled
def _digits_among(data: np.ndarray, start: int, stop: int, classes: np.ndarray) -> int:
    n = 0
    for i in range(start, stop):
        n += classes[data[i]] & _DIGIT
    return n


@compiled
def _at_digit(data: np.ndarray, i: int, begin: int, end: int, classes: np.ndarray) -> tuple[int, int]:
    """The place that letters before the first digit of a run make, and its first letter; `_NOTHING` if none."""
    letters = _letters_before(data, i, begin, classes)
    if letters == 1:
        digits = _digits_among(data, i, min(i + 7, end), classes)
        return (LETTERED, i - 1) if digits == 7 else (_NOTHING, i)
    if letters == 2 and i + 1 < end and classes[data[i + 1]] & _DIGIT:
        digits = _digits_among(data, i, min(i + 20, end), classes)
        return (LETTERED, i - 2) if digits >= 6 else (_NOTHING, i)
    if letters == 0 and _insurance(data, i, begin, end, classes):
        return LETTERED, i - 3
    if letters == 6 and _fiscal(data, i, end, classes):
        return LETTERED, i - 6
    return _NOTHING, i


@compiled
def _at_sign(data: np.ndarray, i: int, begin: int, end: int, classes: np.ndarray) -> tuple[int, int]:
    """The place that an @ , a colon, = or a bracket makes, and where what belongs to it begins."""
    byte, after = data[i], data[min(i + 1, end - 1)]
    if byte == _COMMERCIALAT:
        if i > begin and (classes[after] & _NAME or after > 0x7F):
            return AT, _name_start(data, i, begin, classes)
        return _NOTHING, i
    if byte != _COLON and byte != _EQUALS:  # noqa: PLR1714  # the kernel has no sets
        spoken = (after | 0x20) == _A and i + 3 < end and (data[i + 2] | 0x20) == _T
        closed = spoken and not classes[data[i + 3]] & _RUN and data[i + 3] > 0x28
        return (SPOKEN, i) if closed else (_NOTHING, i)
    if _says_secret(data, i, begin):
        return ASSIGNED, i
    if byte == _COLON and (after == _COLON or classes[after] & _HEX):
        return _at_colon(data, i, begin, end, classes)
    return _NOTHING, i


@compiled
def _at_colon(data: np.ndarray, i: int, begin: int, end: int, classes: np.ndarray) -> tuple[int, int]:
    """Whether at most four hexadecimal digits stand before a colon that is the first, and another colon after it."""
    start = i
    while start > begin and i - start < 5 and classes[data[start - 1]] & _HEX:
        start -= 1
    j = i + 1
    while j < end and j - i < 6 and classes[data[j]] & _HEX:
        j += 1
    first = start == begin or data[start - 1] != _COLON
    return (COLONS, start) if first and i - start < 5 and j < end and data[j] == _COLON else (_NOTHING, i)


@compiled
def _long_run(data: np.ndarray, at: int, end: int, classes: np.ndarray) -> tuple[int, int]:
    """The next run from `at` on of so many letters, digits, hyphens and underscores that it may be a key.

    A run of n has a byte in every n-th place, so only these are looked at, and from them back.
    """
    look = at + _SHORTEST_KEY - 1
    while look < end:
        start = look + 1
        while start > at and classes[data[start - 1]] & _RUN:
            start -= 1
        if look - start >= _SHORTEST_KEY - 1:
            stop = look + 1
            while stop < end and classes[data[stop]] & _RUN:
                stop += 1
            return start, stop
        at = start
        look = start + _SHORTEST_KEY - 1
    return end, end


@compiled
def _places(data: np.ndarray, offsets: np.ndarray, classes: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Write down the places and return how many stand before each text; beyond the array they are only counted."""
    counts = np.zeros(len(offsets), np.int64)
    n, room = 0, len(out) - 1
    for text in range(len(offsets) - 1):
        begin, end = offsets[text], offsets[text + 1] - 1
        start, stop = _long_run(data, begin, end, classes)
        while start < end:
            if stop - start >= _LONG_ENOUGH or _digits_among(data, start, stop, classes):
                out[min(n, room)] = LONG, start, stop
                n += 1
            start, stop = _long_run(data, stop, end, classes)
        i = row = begin
        while i < end:
            what = classes[data[i]]
            if not what & (_DIGIT | _SIGN):
                i += 1
                continue
            if what & _SIGN:
                kind, start = _at_sign(data, i, begin, end, classes)
            else:
                kind, start = _at_digit(data, i, begin, end, classes)
                if i >= row:
                    row, enough = _row_end(data, i, end, classes)
                    out[min(n, room)] = ROW, i, row
                    n += enough
            out[min(n, room)] = kind, start, i
            n += kind != _NOTHING
            i += 1
            while what & _DIGIT and i < end and classes[data[i]] & _DIGIT:
                i += 1
        counts[text + 1] = n
    return counts


def places(data: bytes, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All places in n texts.

    Args:
        data: Their UTF-8, with one byte after each text that belongs to none.
        offsets: int64[n + 1], where each begins, and the length of `data`.

    Returns:
        int64[p, 3], the kind of each place, where what is there begins and ends or stands; and int64[n + 1], those of
        text i are ``[of[i]:of[i + 1]]``.
    """
    room = len(data) // 64 + 1024
    while True:
        out = np.empty((room, 3), np.int64)
        counts = _places(np.frombuffer(data, np.uint8), offsets, _CLASSES, out)
        if counts[-1] < room:
            return out, counts
        room = int(counts[-1]) + 1
