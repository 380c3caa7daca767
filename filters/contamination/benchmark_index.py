"""Which benchmark questions a text holds: their sequences of 13 words in a sorted table, and a bitmap before it.

GPT-3 was the first to look for shared sequences of 13 words (Brown et al. 2020, arXiv:2005.14165, appendix C), and
took no account of those that more than ten documents share. Here likewise a sequence that more than ten questions of one
benchmark share is their instruction and tells nothing, unless a question consists of such alone. Words are the tokens of
`tokenize`, so that case, punctuation and line breaks make no difference. A question of 8 to 12 words has to be there whole;
one shorter is passed over.

The table is arrays, so that a prepared one is mapped into memory and shared by all processes of a machine.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from colophon.filters.kernels import compiled, mix64
from colophon.filters.tokens import Tokens, tokenize

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LEAST_WORDS", "WORDS", "Index", "build", "load", "matches", "save"]

WORDS, LEAST_WORDS = 13, 8
_SHARED_BY = 10
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_BITS_EACH = 16


@dataclass(frozen=True)
class Index:
    """What to look for.

    Attributes:
        keys: uint64[k], hashes of sequences of words, ascending.
        bitmap: uint8[2**b], a bit for the first b + 3 bits of each key.
        starts: int64[k + 1]; the questions that have key i are ``questions[starts[i]:starts[i + 1]]``.
        questions: int32[m], numbers of questions, ascending for each key.
        benchmarks: int32[q], of each question the benchmark's place in the list that the index was built from.
        sizes: int64[s], the lengths in words of the sequences, ascending.
    """

    keys: np.ndarray
    bitmap: np.ndarray
    starts: np.ndarray
    questions: np.ndarray
    benchmarks: np.ndarray
    sizes: np.ndarray


@compiled
def _power(size: int) -> np.uint64:
    """The multiplier to the power of a sequence's length: what its first word is worth when it leaves."""
    power = np.uint64(1)
    for _ in range(size):
        power *= _MULTIPLIER
    return power


@compiled
def _keys(hashes: np.ndarray, offsets: np.ndarray, sizes: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Write the keys of the sequences in each passage, of the length that is its own, and return how many each has."""
    counts = np.zeros(len(sizes), np.int64)
    n = 0
    for passage in range(len(sizes)):
        start, end, size = offsets[passage], offsets[passage + 1], sizes[passage]
        if size == 0:
            continue
        leaving, state = _power(size), np.uint64(0)
        for i in range(start, end):
            state = state * _MULTIPLIER + hashes[i]
            if i - start >= size:
                state -= hashes[i - size] * leaving
            if i - start >= size - 1:
                out[n] = mix64(state + np.uint64(size))
                n += 1
                counts[passage] += 1
    return counts


@compiled
def _key_place(keys: np.ndarray, key: np.uint64) -> int:
    """The place of a key in a sorted array; -1 if it is not there."""
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < len(keys) and keys[low] == key else -1


@compiled
def _find(
    hashes: np.ndarray, offsets: np.ndarray, size: int, table: tuple[np.ndarray, np.ndarray], out: np.ndarray
) -> int:
    """Write text, first token and key's place of each sequence in the table; beyond the array they are only counted."""
    keys, bitmap = table
    shift, slots = np.uint64(64), len(bitmap) * 8
    while slots > 1:
        slots >>= 1
        shift -= np.uint64(1)
    leaving, n = _power(size), 0
    for text in range(len(offsets) - 1):
        start, end = offsets[text], offsets[text + 1]
        state = np.uint64(0)
        for i in range(start, end):
            state = state * _MULTIPLIER + hashes[i]
            if i - start >= size:
                state -= hashes[i - size] * leaving
            if i - start < size - 1:
                continue
            key = mix64(state + np.uint64(size))
            slot = key >> shift
            if np.uint64(bitmap[slot >> np.uint64(3)]) >> (slot & np.uint64(7)) & np.uint64(1):
                place = _key_place(keys, key)
                if place >= 0:
                    if n < len(out):
                        out[n] = text, i - start - size + 1, place
                    n += 1
    return n


def build(benchmarks: Sequence[Sequence[Sequence[str]]]) -> Index:
    """The index of benchmarks, each a list of questions, each a list of passages."""
    of_question = [number for number, questions in enumerate(benchmarks) for _ in questions]
    passages: list[str] = []
    owners: list[int] = []
    for number, question in enumerate(question for questions in benchmarks for question in questions):
        passages += question
        owners += [number] * len(question)
    tokens = tokenize(passages)
    lengths = np.diff(tokens.offsets)
    sizes = np.where(lengths < LEAST_WORDS, 0, np.minimum(lengths, WORDS))
    keys = np.empty(int(np.where(sizes, lengths - sizes + 1, 0).sum()), np.uint64)
    counts = _keys(tokens.hashes, tokens.offsets, sizes, keys)
    of_benchmark = np.array(of_question, np.int32)
    keys, owner = _telling(keys, np.repeat(np.array(owners, np.int32), counts), of_benchmark)
    order = np.lexsort((owner, keys))
    distinct, starts = np.unique(keys[order], return_index=True)
    bits = max(13, int(len(distinct) * _BITS_EACH).bit_length())
    slots = distinct >> np.uint64(64 - bits)
    bitmap = np.zeros(2 ** (bits - 3), np.uint8)
    np.bitwise_or.at(bitmap, slots >> np.uint64(3), np.uint8(1) << (slots & np.uint64(7)).astype(np.uint8))
    return Index(
        distinct,
        bitmap,
        np.append(starts, len(keys)).astype(np.int64),
        owner[order],
        of_benchmark,
        np.unique(sizes[sizes > 0]).astype(np.int64),
    )


def _telling(keys: np.ndarray, owner: np.ndarray, of_benchmark: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct pairs of key and question without those that only tell which benchmark it is."""
    pairs = (
        np.unique(np.stack([keys, owner.astype(np.uint64)], axis=1), axis=0)
        if len(keys)
        else np.empty((0, 2))
    )
    keys, owner = pairs[:, 0].astype(np.uint64), pairs[:, 1].astype(np.int32)
    benchmark = of_benchmark[owner].astype(np.uint64)
    _, which, sharers = np.unique(
        np.stack([keys, benchmark], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    own = sharers[which.ravel()] <= _SHARED_BY
    has_own = np.zeros(len(of_benchmark), np.bool_)
    has_own[owner[own]] = True
    telling = own | ~has_own[owner]
    return keys[telling], owner[telling]


def matches(index: Index, tokens: Tokens) -> np.ndarray:
    """Where texts share a sequence with a question.

    Returns:
        int64[m, 4]: text, first token in it, tokens, and the key's place in ``index.keys``; text by text for each length.
    """
    found = []
    for size in index.sizes.tolist():
        room = 1024
        while True:
            out = np.empty((room, 3), np.int64)
            n = _find(tokens.hashes, tokens.offsets, size, (index.keys, index.bitmap), out)
            if n <= room:
                break
            room = n
        found.append(np.insert(out[:n], 2, size, axis=1))
    return np.concatenate(found) if found else np.empty((0, 4), np.int64)


def save(index: Index, folder: Path) -> None:
    """Write an index as a folder of arrays, which appears whole or not at all; one that is there already stays.

    Raises:
        OSError: It cannot be written.
    """
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".index-", dir=folder.parent))
    try:
        for field in fields(Index):
            np.save(aside / f"{field.name}.npy", getattr(index, field.name))
        aside.chmod(0o755)
        aside.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def load(folder: Path) -> Index | None:
    """The index in a folder, mapped into memory; None if there is none or it is not whole."""
    try:
        index = Index(*(_mapped(folder / f"{field.name}.npy") for field in fields(Index)))
    except (OSError, ValueError, EOFError):
        return None
    whole = len(index.starts) == len(index.keys) + 1 and index.starts[-1] == len(index.questions)
    return index if whole else None


def _mapped(path: Path) -> np.ndarray:
    """An array of a file; mapped where it has any elements, since nothing cannot be mapped."""
    array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return array
