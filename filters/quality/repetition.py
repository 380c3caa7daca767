"""How much of a text is said again: lines, paragraphs and runs of tokens (Rae et al. 2021, arXiv:2112.11446, table A1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from colophon.filters.kernels import compiled, mix64

if TYPE_CHECKING:
    from colophon.filters.quality.counts import Counts
    from colophon.filters.tokens import Tokens

__all__ = ["DUPLICATE", "TOP", "Repeats", "repeats"]

TOP: Final = (2, 3, 4)
"""Sizes of n-grams of which the most frequent one counts, tokens."""
DUPLICATE: Final = (5, 6, 7, 8, 9, 10)
"""Sizes of n-grams of which all that stood before count, tokens."""

_LEAST, _TOP_MOST, _MOST = TOP[0], TOP[-1], DUPLICATE[-1]
_MULTIPLIER = np.uint64(0xD6E8FEB86659FD93)  # odd, its bits well mixed


@dataclass(frozen=True)
class Repeats:
    """What n texts repeat.

    Attributes:
        grams: int64[n, 9], characters of tokens in the most frequent 2-, 3- and 4-gram, and in all 5- to 10-grams that
            stood before; none is counted twice.
        chars: int64[n], characters of all tokens.
        lines: int64[n, 2], lines that stood before, and their characters.
        paragraphs: int64[n, 2], likewise.
        n_paragraphs: int64[n].
        line_chars: int64[n], characters of all lines.
    """

    grams: np.ndarray
    chars: np.ndarray
    lines: np.ndarray
    paragraphs: np.ndarray
    n_paragraphs: np.ndarray
    line_chars: np.ndarray


@compiled
def _table_size(entries: int) -> int:
    size = 4
    while size < 2 * entries:
        size *= 2
    return size


@compiled
def _grams(  # noqa: C901, PLR0917  # one loop over positions and its room; split, it would be no clearer
    hashes: np.ndarray,
    ends: np.ndarray,
    out: np.ndarray,
    state: np.ndarray,
    at: np.ndarray,
    slots: np.ndarray,
    table: np.ndarray,
) -> None:
    """One text's columns of `Repeats.grams`.

    Only an n-gram that occurs twice can begin an (n+1)-gram that does, so most positions are out after a few rounds.

    Args:
        hashes: uint64[t], the tokens.
        ends: int64[t + 1], characters of the tokens before each.
        out: int64[9], zeros.
        state: uint64[t], room for hashes of n-grams.
        at: int32[t], room for positions.
        slots: int32[t], room for slots.
        table: int32[4, 4 t], room for a table: where an n-gram stands first, how often it does, how far its occurrences
            reach, and how many characters they hold.
    """
    for i in range(len(hashes)):
        at[i] = i
        state[i] = hashes[i]
    left = len(hashes)
    for n in range(_LEAST, _MOST + 1):
        while left and at[left - 1] + n > len(hashes):
            left -= 1
        if not left:
            break
        size = _table_size(left)
        mask = np.uint64(size - 1)
        first, times, reach, held = table[0], table[1], table[2], table[3]
        times[:size] = 0
        covered, repeated, most = 0, 0, 2
        for c in range(left):
            i = at[c]
            key = state[i] * _MULTIPLIER + hashes[i + n - 1]
            state[i] = key
            slot = np.int64(mix64(key) & mask)
            while times[slot] and state[first[slot]] != key:
                slot = (slot + 1) & (size - 1)
            slots[c] = slot
            if not times[slot]:
                first[slot], times[slot], reach[slot] = i, 1, i + n
                held[slot] = ends[i + n] - ends[i]
                continue
            times[slot] += 1
            most = max(most, times[slot])
            held[slot] += ends[i + n] - ends[max(i, reach[slot])]
            reach[slot] = i + n
            repeated += ends[i + n] - ends[max(i, covered)]
            covered = i + n
        if n > _TOP_MOST:
            out[n - _LEAST] = repeated
        again = 0
        for c in range(left):
            slot = np.int64(slots[c])
            if times[slot] < 2:
                continue
            if n <= _TOP_MOST and times[slot] == most:
                out[n - _LEAST] = max(out[n - _LEAST], held[slot])
            at[again] = at[c]
            again += 1
        left = again


@compiled
def _again(keys: np.ndarray, chars: np.ndarray, table: np.ndarray, out: np.ndarray) -> None:
    """Count what stood before: how many of the keys, and their characters."""
    size = _table_size(len(keys))
    table[:size] = -1
    for i in range(len(keys)):
        slot = np.int64(mix64(keys[i]) & np.uint64(size - 1))
        while table[slot] >= 0 and keys[table[slot]] != keys[i]:
            slot = (slot + 1) & (size - 1)
        if table[slot] < 0:
            table[slot] = i
        else:
            out[0] += 1
            out[1] += chars[i]


@compiled
def _repeats(  # noqa: PLR0917  # arrays; a kernel takes no record of them
    hashes: np.ndarray,
    lengths: np.ndarray,
    offsets: np.ndarray,
    line_keys: np.ndarray,
    line_chars: np.ndarray,
    line_opens: np.ndarray,
    line_offsets: np.ndarray,
    grams: np.ndarray,
    token_chars: np.ndarray,
    lines: np.ndarray,
    paragraphs: np.ndarray,
    n_paragraphs: np.ndarray,
    all_line_chars: np.ndarray,
) -> None:
    most_tokens = most_lines = 0
    for text in range(len(offsets) - 1):
        most_tokens = max(most_tokens, offsets[text + 1] - offsets[text])
        most_lines = max(most_lines, line_offsets[text + 1] - line_offsets[text])
    ends = np.zeros(most_tokens + 1, np.int64)
    state = np.empty(most_tokens, np.uint64)
    at = np.empty(most_tokens, np.int32)
    slots = np.empty(most_tokens, np.int32)
    table = np.empty((4, _table_size(most_tokens)), np.int32)
    line_table = np.empty(_table_size(most_lines), np.int64)
    keys = np.empty(most_lines, np.uint64)
    chars = np.empty(most_lines, np.int64)
    for text in range(len(offsets) - 1):
        begin, end = offsets[text], offsets[text + 1]
        for i in range(end - begin):
            ends[i + 1] = ends[i] + lengths[begin + i]
        token_chars[text] = ends[end - begin]
        _grams(hashes[begin:end], ends, grams[text], state, at, slots, table)
        begin, end = line_offsets[text], line_offsets[text + 1]
        _again(line_keys[begin:end], line_chars[begin:end], line_table, lines[text])
        count = 0
        for line in range(begin, end):
            if line_opens[line]:
                keys[count] = 0
                chars[count] = 0
                count += 1
            keys[count - 1] = mix64(keys[count - 1] + line_keys[line]) * _MULTIPLIER
            chars[count - 1] += line_chars[line]
            all_line_chars[text] += line_chars[line]
        _again(keys[:count], chars[:count], line_table, paragraphs[text])
        n_paragraphs[text] = count


def repeats(tokens: Tokens, counts: Counts) -> Repeats:
    r"""Measure what n texts repeat; see `Repeats`.

    Time and memory are linear in the tokens of a text, whatever it repeats: of the longest, 52 to 84 bytes a token.

    >>> from colophon.filters.quality.counts import count
    >>> from colophon.filters.tokens import tokenize
    >>> texts = ["saw the oak\nplane it\nsaw the oak"]
    >>> found = repeats(tokenize(texts), count(texts))
    >>> found.grams[0, :2].tolist(), found.chars.tolist(), found.lines.tolist()
    ([12, 18], [25], [[1, 11]])
    """
    n = len(tokens.offsets) - 1
    found = Repeats(
        grams=np.zeros((n, len(TOP) + len(DUPLICATE)), np.int64),
        chars=np.zeros(n, np.int64),
        lines=np.zeros((n, 2), np.int64),
        paragraphs=np.zeros((n, 2), np.int64),
        n_paragraphs=np.zeros(n, np.int64),
        line_chars=np.zeros(n, np.int64),
    )
    _repeats(
        tokens.hashes,
        counts.lengths,
        tokens.offsets,
        counts.line_keys,
        counts.line_chars,
        counts.line_opens,
        counts.line_offsets,
        found.grams,
        found.chars,
        found.lines,
        found.paragraphs,
        found.n_paragraphs,
        found.line_chars,
    )
    return found
