"""fastText's classifiers, read from their bytes into arrays: words, n-grams of characters, rows, and the classes' tree.

Read here and not by fastText: its own reader believes what it reads, and on a file that was cut short it loops until
memory is gone. And its predictor spends most of its time in look-ups, which `filters.fasttext_predict` does several
times as fast. The layout is that of fastText's ``saveModel`` (version 12, little-endian): magic number, version, arguments,
dictionary, input matrix, output matrix, nothing more.

>>> fault(b"not a model")
'it does not begin as a fastText model does'
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

__all__ = ["FastText", "fault", "read"]

_MAGIC = 793712314
_VERSION = 12
_SUPERVISED = 3
_TREE, _SOFTMAX = 1, 3  # the kinds of losses that make probabilities of all classes together
_CENTROIDS = 256
_END = b"</s>"
_LABEL = b"__label__"
_MOST_BUCKETS = 10**8
_MOST_CHARACTERS = 16  # of an n-gram; models of languages have at most 6
_UNSEEN = 10**15  # how often a node of the tree is seen that is not made yet


class _RefusedError(Exception):
    """Its message is the clause."""


@dataclass(frozen=True)
class _Matrix:
    """Rows as they stand in the file: numbers, or a code for each few of them."""

    numbers: np.ndarray
    codes: np.ndarray | None = None
    scale: np.ndarray | None = None

    def rows(self) -> np.ndarray:
        """float32[rows, columns]."""
        if self.codes is None:
            return self.numbers
        each = self.numbers  # [parts, 256, numbers a part]
        made = np.concatenate([each[part][self.codes[:, part]] for part in range(len(each))], axis=1)
        return made if self.scale is None else made * self.scale[:, None]


class _Walk:
    """A place in the file; `struct.error` where the file ends too early."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def read(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, kind: str, *shape: int) -> np.ndarray:
        size = int(np.prod(shape, dtype=object)) * np.dtype(kind).itemsize
        if min(shape) < 0 or self.at + size > len(self.data):
            raise struct.error
        found = np.frombuffer(self.data, kind, size // np.dtype(kind).itemsize, self.at).reshape(shape)
        self.at += size
        return found

    def entries(self, count: int) -> list[tuple[bytes, int]]:
        found = []
        for _ in range(count):
            end = self.data.find(b"\0", self.at)
            if end < 0:
                raise struct.error
            word = self.data[self.at : end]
            self.at = end + 1
            seen, _ = self.read("qb")
            found.append((word, seen))
        return found

    def quantizer(self) -> np.ndarray:
        dimension, parts, each, last = self.read("iiii")
        if min(dimension, parts, each) < 1 or parts * each != dimension or last != each:
            self.array("<f4", dimension, _CENTROIDS)  # cut short is what it is before all else
            raise _RefusedError("its numbers are packed in a way that is not known")
        return self.array("<f4", parts, _CENTROIDS, each)

    def matrix(self, *, quantized: bool) -> _Matrix:
        if not quantized:
            rows, columns = self.read("qq")
            return _Matrix(self.array("<f4", rows, columns))
        normed, rows, columns, codes = self.read("?qqi")
        packed = self.array("u1", codes)
        numbers = self.quantizer()
        if codes != rows * len(numbers) or columns != len(numbers) * numbers.shape[2]:
            raise _RefusedError("its matrices do not fit")
        scale = None
        if normed:
            chosen = self.array("u1", rows)
            scale = self.quantizer().reshape(-1)[chosen]
        return _Matrix(numbers, packed.reshape(rows, len(numbers)), scale)


@dataclass(frozen=True)
class _Parts:
    """What a file holds, as it stands there."""

    words: list[bytes]
    labels: list[tuple[bytes, int]]
    kept: np.ndarray
    buckets: int
    characters: tuple[int, int]
    tree: bool
    inputs: _Matrix
    outputs: _Matrix


def _walk(data: bytes) -> _Parts:
    walk = _Walk(data)
    magic, version = walk.read("ii")
    if magic != _MAGIC:
        raise _RefusedError("it does not begin as a fastText model does")
    if version != _VERSION:
        raise _RefusedError(f"it has version {version} of fastText's format, and only {_VERSION} can be read")
    dimension, _, _, _, _, word_grams, loss, kind, buckets, least, most, _, _ = walk.read("iiiiiiiiiiiid")
    if kind != _SUPERVISED:
        raise _RefusedError("it is a fastText model of words and not a classifier")
    entries, n_words, n_labels, _, pruned = walk.read("iiiqq")
    found = walk.entries(entries)
    kept = walk.array("<i4", max(0, pruned), 2)
    (quantized,) = walk.read("?")
    inputs = walk.matrix(quantized=bool(quantized))
    (quantized_output,) = walk.read("?")
    outputs = walk.matrix(quantized=bool(quantized and quantized_output))
    if walk.at != len(data):
        raise _RefusedError("it goes on after its end")
    if word_grams > 1 or loss not in {_TREE, _SOFTMAX} or not 1 <= least <= most <= _MOST_CHARACTERS:
        raise _RefusedError("it is of a kind that is not read here: runs of words, or single classes alone")
    if n_words < 0 or n_labels < 1 or n_words + n_labels != entries or buckets < 1:
        raise _RefusedError("its numbers of words and labels do not add up")
    if buckets > _MOST_BUCKETS or not 0 <= sum(abs(seen) for _, seen in found) < _UNSEEN:
        raise _RefusedError("its numbers are out of all proportion")
    if not all(np.isfinite(one.numbers).all() for one in (inputs, outputs)):
        raise _RefusedError("it holds numbers that are none")
    n_rows = len(inputs.numbers if inputs.codes is None else inputs.codes)
    n_classes = len(outputs.numbers if outputs.codes is None else outputs.codes)
    named = kept[:, 1] if pruned >= 0 else np.array([buckets - 1])
    fits = n_classes == n_labels and n_words + named.max(initial=-1) < n_rows
    width = {one.rows()[:1].shape[1] for one in (_top(inputs), _top(outputs))}
    if not fits or width != {dimension} or kept.min(initial=0) < 0 or kept[:, 0].max(initial=0) >= buckets:
        raise _RefusedError("its matrices do not fit")
    return _Parts(
        [word for word, _ in found[:n_words]],
        found[n_words:],
        kept if pruned >= 0 else np.stack([np.arange(buckets, dtype=np.int32)] * 2, 1),
        buckets,
        (least, most),
        loss == _TREE,
        inputs,
        outputs,
    )


def _top(matrix: _Matrix) -> _Matrix:
    """Its first row alone."""
    if matrix.codes is None:
        return _Matrix(matrix.numbers[:1])
    return _Matrix(matrix.numbers, matrix.codes[:1])


def fault(data: bytes) -> str | None:
    """What keeps these bytes from being a whole fastText classifier, as a clause; None if nothing does."""
    try:
        _walk(data)
    except _RefusedError as refused:
        return str(refused)
    except struct.error:
        return "it is cut short"
    return None


@dataclass(frozen=True)
class FastText:
    """A classifier in arrays, as `filters.fasttext_predict` wants it.

    Attributes:
        labels: The classes' names, c of them.
        row_of: int32[buckets], the row of `inputs` of an n-gram's hash; -1 for those that the model does not know.
        known: uint8[buckets / 8], a bit for each hash that has a row: small enough to stay near the processor, and seven
            of eight n-grams have none.
        words: uint8[…], the bytes of the known words, one after the other.
        word_offsets: int64[w + 1], where each begins; word i has row i.
        word_slots: int32[power of two], words by hash, open addressing; -1 is free.
        end: The row of the end of a line; -1 if there is none.
        characters: Least and most characters of an n-gram.
        inputs: float32[r, d].
        outputs: float64[d, c] if there is no tree, else of the tree's inner nodes.
        tree: int32[2c - 1, 2], each node's two children, of which the first is for a small sum; empty for a softmax.
    """

    labels: tuple[str, ...]
    row_of: np.ndarray
    known: np.ndarray
    words: np.ndarray
    word_offsets: np.ndarray
    word_slots: np.ndarray
    end: int
    characters: tuple[int, int]
    inputs: np.ndarray
    outputs: np.ndarray
    tree: np.ndarray


def _hash(word: bytes) -> int:
    """FNV-1a of 32 bits, with fastText's slip of taking bytes for signed ones."""
    state = 2166136261
    for byte in word:
        state = (state ^ (byte if byte < 0x80 else byte | 0xFFFFFF00)) * 16777619 & 0xFFFFFFFF
    return state


def _slots(words: list[bytes]) -> np.ndarray:
    slots = np.full(1 << (4 * len(words)).bit_length(), -1, np.int32)
    for number, word in enumerate(words):
        slot = _hash(word) % len(slots)
        while slots[slot] >= 0:
            slot = (slot + 1) % len(slots)
        slots[slot] = number
    return slots


def _tree(seen: list[int]) -> np.ndarray:
    """Huffman's tree over the classes as fastText builds it, from their counts in falling order; the root is last."""
    classes = len(seen)
    counts = [*seen, *[_UNSEEN] * (classes - 1)]
    children = np.zeros((2 * classes - 1, 2), np.int32)
    leaf, node = classes - 1, classes
    for new in range(classes, 2 * classes - 1):
        for side in (0, 1):
            if leaf >= 0 and counts[leaf] < counts[node]:
                children[new, side], leaf = leaf, leaf - 1
            else:
                children[new, side], node = node, node + 1
        counts[new] = counts[children[new, 0]] + counts[children[new, 1]]
    return children


def read(data: bytes) -> FastText:
    """The classifier that stands in these bytes; ask `fault` first."""
    parts = _walk(data)
    inputs = np.ascontiguousarray(parts.inputs.rows(), np.float32)
    inputs.setflags(
        write=False
    )  # as those are that stand in the file: kernels are compiled for one kind alone
    row_of = np.full(parts.buckets, -1, np.int32)
    row_of[parts.kept[:, 0]] = parts.kept[:, 1] + len(parts.words)
    return FastText(
        labels=tuple(label.removeprefix(_LABEL).decode("utf-8", "replace") for label, _ in parts.labels),
        row_of=row_of,
        known=np.packbits(row_of >= 0, bitorder="little"),
        words=np.frombuffer(b"".join(parts.words), np.uint8),
        word_offsets=np.array([0, *accumulate(map(len, parts.words))], np.int64),
        word_slots=_slots(parts.words),
        end=parts.words.index(_END) if _END in parts.words else -1,
        characters=parts.characters,
        inputs=inputs,
        outputs=np.ascontiguousarray(parts.outputs.rows().T, np.float64),
        tree=_tree([seen for _, seen in parts.labels]) if parts.tree else np.zeros((0, 2), np.int32),
    )
