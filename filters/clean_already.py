"""Which rules of cleaning may change a text, told in one compiled pass, so that only those look at it.

Nineteen of twenty sections of papers are clean when they are read, and to look at them for all that may be wrong costs
more than everything that is done to them afterwards. Of the others most have nothing but a space too many, or signs side
by side that mojibake has too. What this pass is not sure of, `Clean` looks at.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from colophon.filters.clean import _LETTER as LETTER
from colophon.filters.clean import _MARK as MARK
from colophon.filters.clean import _ODD as ODD
from colophon.filters.clean import _OTHER as OTHER
from colophon.filters.clean import _REACH as REACH
from colophon.filters.clean import _TELLTALE as TELLTALE
from colophon.filters.clean import Clean
from colophon.filters.clean import _is_bad_at as is_bad_at
from colophon.filters.clean import _plain_white_space as plain_white_space
from colophon.filters.folding import (
    changed_by_nfc,
    code_point_at,
    complex_texts,
    encode,
    folded_by_no_table,
    utf8_of,
)
from colophon.filters.kernels import compiled
from colophon.filters.plain import WIDTH, unlike_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Cleaned", "clean_already", "clean_texts"]

_BAD: Final = np.uint8(1)
"""Cleaning may change the character, alone or by what stands beside it."""
_OTHER: Final = np.uint8(2)
_LETTER: Final = np.uint8(4)
"""Two neighbours may be mojibake, unless both are letters."""
_PAIRED: Final = np.uint8(6)
_TELLS: Final = np.uint8(8)
"""May be mojibake whatever stands beside it."""
_FOLDS: Final = np.uint8(16)
"""No table folds it; also a flag of texts, told on the way since to look for it again takes as long."""

_PLAIN: Final = np.uint8(1)
"""A text's white space may be more than it should be."""
_REPAIR: Final = np.uint8(2)
"""A text may hold mojibake."""
_ALL: Final = np.uint8(4)
"""Anything may have to be done."""
_RULES: Final = np.uint8(7)

# What `_flags` holds of ASCII: `_ALL` for control characters, these for what may be one too many.
_IS_SPACE, _IS_TAB, _IS_FEED = np.uint8(1), np.uint8(8), np.uint8(16)
_TAB_SHIFT, _FEED_SHIFT = np.uint8(3), np.uint8(4)

_MOST_PLACES: Final = 256
"""Where a text may hold mojibake at more places, it is not asked which of them do."""

_SIZE: Final = 0x110000


def _members(pattern: str) -> np.ndarray:
    """bool[0x110000]: the characters of a class such as ``[a-z_]``, told faster than by matching each."""
    members = np.zeros(_SIZE, np.bool_)
    for first, last, alone in re.findall("(?s)(.)-(.)|(.)", pattern.removeprefix("[").removesuffix("]")):
        members[ord(first or alone) : ord(last or alone) + 1] = True
    return members


@cache
def _flags() -> np.ndarray:
    """uint8[0x110000]: what to think of each character, with flags of its own for ASCII; made once per process."""
    flags = np.zeros(_SIZE, np.uint8)
    classes = (
        (ODD.pattern, _BAD), (MARK, _BAD), (f"[{TELLTALE}]", _TELLS), (f"[{OTHER}]", _OTHER), (f"[{LETTER}]", _LETTER),
    )  # fmt: skip
    for pattern, flag in classes:
        flags[_members(pattern)] |= flag
    flags[changed_by_nfc()] |= _BAD
    flags[folded_by_no_table()] |= _FOLDS
    flags[:0x80] = 0
    flags[:0x20] = flags[0x7F] = _ALL
    flags[[0x20, 0x09, 0x0A]] = _IS_SPACE, _IS_TAB, _IS_FEED
    return flags


@compiled
def _of_text(data: np.ndarray, start: int, end: int, flags: np.ndarray, unlike: np.ndarray) -> np.uint8:
    need = np.uint8(0)
    if end > start and (
        data[start] == 10 or data[end - 1] == 10 or data[end - 1] == 32 or data[end - 1] == 9
    ):
        need = _PLAIN
    i, before, last, last_but_one = start, np.uint8(0), np.uint8(0), np.uint8(0)
    while i < end and not need & _ALL:
        if i % WIDTH == 0 and i + WIDTH <= end and unlike[i // WIDTH] == 0:
            i += WIDTH
            before, last_but_one, last = np.uint8(0), flags[data[i - 2]], flags[data[i - 1]]
        elif data[i] < 0x80:
            # Without branches, since where a word ends cannot be predicted.
            kind = flags[data[i]]
            i += 1
            need |= (kind & last & _IS_SPACE) | (kind & last & last_but_one & _IS_FEED) >> _FEED_SHIFT
            need |= (kind >> _FEED_SHIFT) & (last | last >> _TAB_SHIFT) & _PLAIN
            need |= kind & _ALL
            before, last_but_one, last = np.uint8(0), last, kind
        else:
            point, i = code_point_at(data, i)
            flag = flags[point]
            need |= flag & _FOLDS
            if flag & _BAD:
                need |= _ALL
            if flag & _TELLS or (before and flag & _PAIRED and (before | flag) & _OTHER):
                need |= _REPAIR
            before, last_but_one, last = flag & _PAIRED, np.uint8(0), np.uint8(0)
    return need


@compiled
def _suspects(data: np.ndarray, begin: int, end: int, flags: np.ndarray, out: np.ndarray) -> int:
    """Write where in a text something may be mojibake, at most as often as `out` is long, and how often it is."""
    n, i, last, before = 0, begin, begin, np.uint8(0)
    while i < end:
        if data[i] < 0x80:
            i += 1
            before = np.uint8(0)
            continue
        at = i
        point, i = code_point_at(data, i)
        flag = flags[point]
        if before and flag & _PAIRED and (before | flag) & _OTHER:
            if n < len(out):
                out[n] = last
            n += 1
        if flag & _TELLS:
            if n < len(out):
                out[n] = at
            n += 1
        before, last = flag & _PAIRED, at
    return n


def _holds_mojibake(data: np.ndarray, begin: int, end: int) -> bool:
    """Whether ftfy may see mojibake in a text: only what stands around suspicious places is made a string of."""
    places = np.empty(_MOST_PLACES, np.int64)
    n = _suspects(data, begin, end, _flags(), places)
    around = 4 * REACH  # bytes, since a character has four at most
    for place in places[:n].tolist():
        before = data[max(begin, place - around) : place].tobytes().decode("utf-8", "ignore")[-REACH:]
        behind = data[place : min(end, place + 2 * 4 + around)].tobytes().decode("utf-8", "ignore")
        if is_bad_at(before + behind, len(before)):
            return True
    return n > _MOST_PLACES


@compiled
def _needs(data: np.ndarray, offsets: np.ndarray, flags: np.ndarray, unlike: np.ndarray) -> np.ndarray:
    needs = np.zeros(len(offsets) - 1, np.uint8)
    for text in range(len(needs)):
        needs[text] = _of_text(data, offsets[text], offsets[text + 1], flags, unlike)
    return needs


def _needs_of(encoded: pa.LargeStringArray) -> np.ndarray:
    """uint8[n]: which rules may change each text, by flags, of which none is set where none can; and `_FOLDS`."""
    data, offsets = utf8_of(encoded)
    return _needs(data, offsets, _flags(), unlike_plain(data))


def clean_already(texts: Sequence[str]) -> np.ndarray:
    r"""Which texts `Clean` would not change; of those it says no of, some would not be changed either.

    Args:
        texts: n texts.

    Returns:
        bool[n].

    >>> clean_already(["A plain line.", "two  spaces", "cafe\u0301", "café"]).tolist()
    [True, False, False, True]
    """
    try:
        encoded = _encoded(texts)
    except UnicodeEncodeError:  # a lone surrogate
        return np.zeros(len(texts), np.bool_)
    return np.asarray(_needs_of(encoded) & _RULES == 0)


class Cleaned(NamedTuple):
    """Texts after cleaning.

    Attributes:
        encoded: The n texts in UTF-8.
        found: bool[n], what `complex_texts` says of them.
    """

    encoded: pa.LargeStringArray
    found: np.ndarray


def clean_texts(texts: Sequence[str | bytes], clean: Clean) -> Cleaned:
    r"""What `clean` makes of each text: only the rules that may change a text look at it.

    Args:
        texts: n texts, or their UTF-8.
        clean: The rules.

    >>> clean_texts(["A plain line.", b"two  spaces", "cafe\u0301"], Clean()).encoded.to_pylist()
    ['A plain line.', 'two spaces', 'café']
    """
    try:
        encoded = _encoded(texts)
    except UnicodeEncodeError:  # a lone surrogate
        encoded = encode([*map(clean, _strings(texts))])
        return Cleaned(encoded, complex_texts(encoded))
    told = _needs_of(encoded)
    needs = told & _RULES
    data, offsets = utf8_of(encoded)
    for i in np.flatnonzero(needs == _REPAIR).tolist():
        if not (clean.fix_encoding and _holds_mojibake(data, int(offsets[i]), int(offsets[i + 1]))):
            needs[i] = 0
    cleaned = {i: encoded[i].as_py() for i in np.flatnonzero(needs).tolist()}
    changed = np.zeros(len(texts), np.bool_)
    while needs.any():
        turned = {i: _turn(cleaned[i], needs[i], clean) for i in np.flatnonzero(needs).tolist()}
        turned = {i: text for i, text in turned.items() if text != cleaned[i]}
        # Only what a turn changed may have to be changed again.
        needs[:] = 0
        if turned:
            places = [*turned]
            needs[places] = _needs_of(encode([*turned.values()])) & _RULES
            changed[places] = True
        cleaned |= turned
    if changed.any():
        new = encode([cleaned[i] for i in np.flatnonzero(changed).tolist()])
        encoded = pc.replace_with_mask(encoded, changed, new)
    found = (told & _FOLDS) != 0
    # Of a text that needs all rules the rest was not looked at.
    again = changed | ((told & _ALL) != 0)
    if again.any():
        found[again] = complex_texts(encoded.filter(pa.array(again)))
    return Cleaned(encoded, found)


def _encoded(texts: Sequence[str | bytes]) -> pa.LargeStringArray:
    if set(map(type, texts)) == {bytes}:
        return cast("pa.LargeStringArray", pa.array(texts, pa.large_binary()).cast(pa.large_string()))
    return cast("pa.LargeStringArray", pa.array(_strings(texts), pa.large_string()))


def _strings(texts: Sequence[str | bytes]) -> list[str]:
    return [text if isinstance(text, str) else text.decode() for text in texts]


def _turn(text: str, need: int, clean: Clean) -> str:
    """The text after one turn of the rules that it needs."""
    if need == _PLAIN:
        return plain_white_space(text)
    return clean.once(text)
