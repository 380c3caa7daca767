"""Compiled passes of the bias filter over texts: where words of the lists stand, where sentences that name a group begin."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from colophon.filters.bias.words import (
    LOADED,
    LONGER,
    SLUR,
    WIDTH,
    Words,
    join_tokens,
    look_up_word,
    salted,
)
from colophon.filters.folding import ALONE, WORD, code_point_at
from colophon.filters.kernels import compiled

__all__ = ["QUOTED", "STARTS", "Places", "Units", "Utf8", "listed_words", "places", "units"]

STARTS, QUOTED = 1, 2
"""Flags of a token: a sentence begins with it; a quotation mark stands before it."""

_MOST_TOKENS = 100  # of a sentence; a table without full stops is cut into such pieces
_LOADED, _LONGER, _SLUR = np.uint64(LOADED), np.uint64(LONGER), np.uint64(SLUR)
_STOPS = (46, 33, 63)  # . ! ?
_QUOTES = (34, 0x201C, 0x201D, 0xAB, 0xBB)
_SPACES = (32, 10, 9, 13)


class Utf8(NamedTuple):
    """Texts as `folded_utf8` gives them: their bytes, where each begins, `fold_tables` and the row of each."""

    data: np.ndarray
    offsets: np.ndarray
    tables: np.ndarray
    rows: np.ndarray


class Places(NamedTuple):
    """For each token its first byte, the byte after its last, and its flags; written to."""

    begins: np.ndarray
    ends: np.ndarray
    flags: np.ndarray


class Units(NamedTuple):
    """For each sentence that names a group its first token, the token after its last and its text; written to."""

    first: np.ndarray
    last: np.ndarray
    text: np.ndarray


@compiled
def listed_words(
    hashes: np.ndarray, offsets: np.ndarray, words: Words, loaded: np.ndarray, slurs: np.ndarray
) -> None:
    """Write how many tokens a loaded phrase and a slur have where they begin, the longest at each place."""
    for text in range(len(offsets) - 1):
        end = offsets[text + 1]
        for i in range(offsets[text], end):
            key = hashes[i]
            value = look_up_word(words, key)
            if value & _LOADED:
                loaded[i] = 1
            if look_up_word(words, salted(key)) & _SLUR:
                slurs[i] = 1
            for n in range(2, min(WIDTH, end - i) + 1):
                key = join_tokens(key, hashes[i + n - 1])
                if value & _LONGER and look_up_word(words, key) & _LOADED:
                    loaded[i] = n
                if look_up_word(words, salted(key)) & _SLUR:
                    slurs[i] = n


@compiled
def _is_short(hashes: np.ndarray, abbreviations: np.ndarray, utf8: Utf8, out: Places, token: int) -> bool:
    """Whether a token is a single letter or an abbreviation, after which a full stop ends no sentence."""
    if token < 0:
        return True
    begin, end = out.begins[token], out.ends[token]
    if end - begin == 1 and utf8.data[begin] > 57:
        return True
    found = False
    for abbreviation in abbreviations:
        found |= hashes[token] == abbreviation
    return found


@compiled
def places(utf8: Utf8, hashes: np.ndarray, abbreviations: np.ndarray, out: Places) -> int:
    """Write where each token stands and its flags; how many tokens there are.

    A sentence ends at a full stop, question or exclamation mark before a blank, unless the stop follows a single
    letter or an abbreviation, and at an empty line.
    """
    count = 0
    for text in range(len(utf8.offsets) - 1):
        table = utf8.tables[utf8.rows[text]]
        i, end = utf8.offsets[text], utf8.offsets[text + 1]
        inside, flag, stop = False, np.uint8(STARTS), np.uint32(0)
        while i < end:
            at = i
            point, i = code_point_at(utf8.data, i)
            entry = table[point]
            if entry & WORD:
                if entry & ALONE or not inside:
                    out.begins[count], out.flags[count] = at, flag
                    count += 1
                    flag, stop = np.uint8(0), np.uint32(0)
                inside = not entry & ALONE
                out.ends[count - 1] = i
                continue
            inside = False
            if point in _STOPS:
                stop = point
            elif point in _QUOTES:
                flag |= np.uint8(QUOTED)
            elif point in _SPACES:
                if stop and (stop != 46 or not _is_short(hashes, abbreviations, utf8, out, count - 1)):
                    flag |= np.uint8(STARTS)
                stop = np.uint32(0)
                if point == 10 and i < end and utf8.data[i] == 10:
                    flag |= np.uint8(STARTS)
    return count


@compiled
def units(flags: np.ndarray, offsets: np.ndarray, named: np.ndarray, refers: np.ndarray, out: Units) -> int:
    """Write each sentence that names a group; how many.

    A sentence that says *they* of whom the one before named belongs to it.
    """
    count = 0
    for text in range(len(offsets) - 1):
        i, end = offsets[text], offsets[text + 1]
        open_to_more = False
        while i < end:
            start, names, says_they = i, False, False
            while i < end and i - start < _MOST_TOKENS and (i == start or not flags[i] & np.uint8(STARTS)):
                names |= named[i] > 0
                says_they |= refers[i]
                i += 1
            if names:
                out.first[count], out.last[count], out.text[count] = start, i, text
                count += 1
            elif open_to_more and says_they:
                out.last[count - 1] = i
            open_to_more = names
    return count
