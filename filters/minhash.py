"""MinHash signatures of word shingles, and the bands that bring similar texts together.

MinHash is from Broder (1997), "On the resemblance and containment of documents"; bands are from Indyk and Motwani
(1998). The signatures are those of datasketch 2.0 under ``scheme="affine32"``, so its users can load them.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from colophon.filters.kernels import compiled, mix64
from colophon.filters.tokens import tokenize

if TYPE_CHECKING:
    import pyarrow as pa

    from colophon.filters.tokens import Tokens

__all__ = ["band_keys", "choose_bands", "shingles", "shorter_than", "signatures", "unique_shingles"]

_MULTIPLIER = np.uint64(0xD6E8FEB86659FD93)  # odd, its bits well mixed
_BEGINNING = 16  # characters for each token of a shingle; nearly every text has as many tokens in them
_AT_ONCE = 8  # shingles that go over the permutations together


@compiled
def _hash_shingles(hashes: np.ndarray, size: int, out: np.ndarray) -> int:
    """Write the 32-bit hashes of one text's shingles and return their number.

    A polynomial of the tokens' hashes modulo 2**64, rolled from shingle to shingle, then mixed.
    """
    count = len(hashes) - size + 1
    if count <= 0:
        return 0
    leaving = np.uint64(1)
    state = np.uint64(0)
    for i in range(size):
        leaving *= _MULTIPLIER
        state = state * _MULTIPLIER + hashes[i]
    out[0] = np.uint32(mix64(state) >> np.uint64(32))
    for i in range(1, count):
        state = state * _MULTIPLIER + hashes[i + size - 1] - leaving * hashes[i - 1]
        out[i] = np.uint32(mix64(state) >> np.uint64(32))
    return count


@compiled
def _shingles(
    hashes: np.ndarray, offsets: np.ndarray, begins: np.ndarray, size: int, out: np.ndarray
) -> None:
    for text in range(len(offsets) - 1):
        _hash_shingles(hashes[offsets[text] : offsets[text + 1]], size, out[begins[text] : begins[text + 1]])


def _begins(tokens: Tokens, size: int) -> np.ndarray:
    if size < 1:
        raise ValueError(f"a shingle has at least one token, not {size}")
    counts = np.maximum(np.diff(tokens.offsets) - (size - 1), 0)
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))


def shingles(tokens: Tokens, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Hash each run of `size` consecutive tokens of a text.

    Args:
        tokens: The tokens of n texts.
        size: Tokens in a shingle, at least 1.

    Returns:
        The 32-bit hashes in the texts' order, repeated ones included, uint32[s]; and offsets, int64[n + 1]. A text of
        fewer tokens than `size` has none. Memory: 4 bytes a token.

    Raises:
        ValueError: `size` is below 1.

    >>> from colophon.filters.tokens import tokenize
    >>> hashes, offsets = shingles(tokenize(["to plane a board", "a board"]), 3)
    >>> offsets.tolist()
    [0, 2, 2]
    """
    begins = _begins(tokens, size)
    out = np.empty(int(begins[-1]), np.uint32)
    _shingles(tokens.hashes, tokens.offsets, begins, size, out)
    return out, begins


def shorter_than(size: int, texts: pa.Array | pa.ChunkedArray) -> int:
    """How many texts have fewer tokens than a shingle, so that nothing but the very same text is like them.

    Args:
        size: Tokens in a shingle, at least 1.
        texts: Strings, none null.

    >>> import pyarrow as pa
    >>> shorter_than(3, pa.array(["a board", "to plane a board", ""]))
    2
    """
    import pyarrow as pa  # noqa: PLC0415 - a tenth of a second, and none but this one counts
    import pyarrow.compute as pc  # noqa: PLC0415

    def tokens(some: pa.Array | pa.ChunkedArray) -> np.ndarray:
        whole = some.combine_chunks() if isinstance(some, pa.ChunkedArray) else some
        return np.diff(tokenize(whole).offsets)

    # What comes after a beginning can change its last token and take none of those before.
    doubtful = tokens(pc.utf8_slice_codeunits(texts, 0, _BEGINNING * size)) <= size
    return int((tokens(texts.filter(pa.array(doubtful))) < size).sum())


@compiled
def _each_once(hashes: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Move the distinct ones of each text's sorted hashes to the front, and return where each text's begin."""
    moved = np.zeros(len(begins), np.int64)
    count = 0
    for text in range(len(begins) - 1):
        for i in range(begins[text], begins[text + 1]):
            if i == begins[text] or hashes[i] != hashes[i - 1]:
                hashes[count] = hashes[i]
                count += 1
        moved[text + 1] = count
    return moved


def unique_shingles(tokens: Tokens, size: int) -> tuple[np.ndarray, np.ndarray]:
    """As `shingles`, but each text's hashes sorted and each of them once.

    Memory: 4 bytes a token.

    >>> from colophon.filters.tokens import tokenize
    >>> unique_shingles(tokenize(["saw saw saw saw"]), 2)[1].tolist()
    [0, 1]
    """
    hashes, begins = shingles(tokens, size)
    # Text by text: few numbers are sorted in the processor's nearest memory, with its vector instructions.
    for begin, end in pairwise(begins.tolist()):
        hashes[begin:end].sort()
    begins = _each_once(hashes, begins)
    return hashes[: begins[-1]], begins


@lru_cache(maxsize=8)
def _permutations(count: int, seed: int) -> np.ndarray:
    """The odd multipliers and the increments of `count` permutations, uint32[2, count], as datasketch draws them."""
    generator = np.random.RandomState(seed)  # its stream never changes, and datasketch draws from it
    multipliers = generator.randint(0, 1 << 31, count, np.uint32) * np.uint32(2) + np.uint32(1)
    return np.stack([multipliers, generator.randint(0, 1 << 32, count, np.uint32)])


@compiled
def _mix32(x: np.uint32) -> np.uint32:
    """MurmurHash3's 32-bit finaliser (Appleby 2011, public domain)."""
    x ^= x >> np.uint32(16)
    x = np.uint32(x * np.uint32(0x85EBCA6B))
    x ^= x >> np.uint32(13)
    x = np.uint32(x * np.uint32(0xC2B2AE35))
    x ^= x >> np.uint32(16)
    return x


@compiled
def _lower(signature: np.ndarray, a: np.ndarray, b: np.ndarray, h: np.ndarray) -> None:
    """Take `_AT_ONCE` hashes into a signature; compiles to vector instructions of 32-bit lanes.

    Together, so that multipliers, increments and minima are loaded once for all of them.
    """
    h0, h1, h2, h3, h4, h5, h6, h7 = h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]
    for p in range(len(signature)):
        m, x, y = signature[p], a[p], b[p]
        m = min(m, np.uint32(x * h0 + y))
        m = min(m, np.uint32(x * h1 + y))
        m = min(m, np.uint32(x * h2 + y))
        m = min(m, np.uint32(x * h3 + y))
        m = min(m, np.uint32(x * h4 + y))
        m = min(m, np.uint32(x * h5 + y))
        m = min(m, np.uint32(x * h6 + y))
        m = min(m, np.uint32(x * h7 + y))
        signature[p] = m


@compiled
def _signatures(
    hashes: np.ndarray, offsets: np.ndarray, size: int, permutations: np.ndarray, out: np.ndarray
) -> None:
    a, b = permutations[0], permutations[1]
    longest = 0
    for text in range(len(offsets) - 1):
        longest = max(longest, offsets[text + 1] - offsets[text])
    buffer = np.empty(longest + _AT_ONCE, np.uint32)
    for text in range(len(offsets) - 1):
        count = _hash_shingles(hashes[offsets[text] : offsets[text + 1]], size, buffer)
        if count == 0:
            continue
        for i in range(count):
            buffer[i] = _mix32(buffer[i])
        for i in range(_AT_ONCE - 1):
            buffer[count + i] = buffer[count - 1]  # a repeated hash changes no minimum
        for i in range(0, count, _AT_ONCE):
            _lower(out[text], a, b, buffer[i : i + _AT_ONCE])


def signatures(tokens: Tokens, size: int, permutations: int, seed: int = 1) -> np.ndarray:
    """MinHash signatures of the texts' shingles.

    Bit for bit ``datasketch.MinHash(num_perm=permutations, seed=seed, scheme="affine32")`` fed with `shingles`:
    each hash goes through MurmurHash3's 32-bit finaliser, then ``a * h + b`` modulo 2**32 for each permutation, and
    the least value stays.

    Args:
        tokens: The tokens of n texts.
        size: Tokens in a shingle, at least 1.
        permutations: Values in a signature, at least 1.
        seed: Of the permutations.

    Returns:
        uint32[n, permutations]; all 0xFFFFFFFF where a text has no shingle, that is where
        ``np.diff(tokens.offsets) < size``. Memory: 4 bytes a value.

    Raises:
        ValueError: `size` or `permutations` is below 1.

    >>> from colophon.filters.tokens import tokenize
    >>> one, other, none = signatures(tokenize(["a b c d e f", "b a b c d e f", "a"]), 2, 256)
    >>> round(float((one == other).mean()), 1)  # the true similarity is 5 / 6
    0.8
    >>> hex(none.min())
    '0xffffffff'
    """
    if size < 1:
        raise ValueError(f"a shingle has at least one token, not {size}")
    if permutations < 1:
        raise ValueError(f"a signature has at least one permutation, not {permutations}")
    out = np.full((len(tokens.offsets) - 1, permutations), 0xFFFFFFFF, np.uint32)
    _signatures(tokens.hashes, tokens.offsets, size, _permutations(permutations, seed), out)
    return out


def choose_bands(permutations: int, threshold: float, recall: float = 0.995) -> tuple[int, int]:
    """The bands that find pairs of a similarity with a probability, at the fewest false candidates.

    A pair of similarity s shares at least one of b bands of r rows with probability 1 - (1 - s**r)**b (Leskovec,
    Rajaraman and Ullman, "Mining of Massive Datasets", section 3.4). The rows are as many as `recall` allows, for
    more rows mean fewer candidates.

    Args:
        permutations: Values in a signature.
        threshold: Similarity of the pairs to find, above 0 and at most 1.
        recall: Least probability that a pair just as similar as `threshold` is found, above 0 and below 1.

    Returns:
        The number of bands and the rows in each; their product is at most `permutations`.

    Raises:
        ValueError: No bands do, or an argument is out of its range.

    >>> choose_bands(128, 0.8)
    (21, 6)
    """
    if permutations < 1 or not 0 < threshold <= 1 or not 0 < recall < 1:
        raise ValueError(
            "bands need at least one permutation, a threshold above 0 and at most 1 and a recall between 0 and 1, "
            f"not {permutations}, {threshold} and {recall}"
        )
    for rows in range(permutations, 0, -1):
        bands = permutations // rows
        if 1 - (1 - threshold**rows) ** bands >= recall:
            return bands, rows
    raise ValueError(
        f"{permutations} permutations cannot find pairs of similarity {threshold} with probability {recall}: "
        "use more permutations, a higher threshold or a lower recall"
    )


@compiled
def _band_keys(values: np.ndarray, rows: int, keys: np.ndarray) -> None:
    for text in range(keys.shape[0]):
        for band in range(keys.shape[1]):
            state = mix64(np.uint64(band + 1) * _MULTIPLIER)
            for row in range(band * rows, band * rows + rows):
                state = mix64(state ^ np.uint64(values[text, row])) + _MULTIPLIER
            keys[text, band] = state


def band_keys(signatures: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """A key for each band of each signature: equal where index and rows of the band are.

    All texts without shingles have the same keys: leave them out before, ``signatures[np.diff(tokens.offsets) >= size]``.

    Args:
        signatures: uint32[n, p], p at least bands times rows; later values go unused.
        bands: Bands of a signature.
        rows: Values in a band.

    Returns:
        uint64[n, bands], every value passed through MurmurHash3's finaliser.

    Raises:
        ValueError: The signatures are too short.

    >>> keys = band_keys(np.array([[1, 2, 1, 2], [9, 9, 1, 2]], np.uint32), bands=2, rows=2)
    >>> (keys[0] == keys[1]).tolist(), bool(keys[0, 0] == keys[0, 1])
    ([False, True], False)
    """
    if bands < 1 or rows < 1 or signatures.shape[1] < bands * rows:
        raise ValueError(
            f"{bands} bands of {rows} rows do not fit signatures of {signatures.shape[1]} values"
        )
    keys = np.empty((len(signatures), bands), np.uint64)
    _band_keys(np.ascontiguousarray(signatures), rows, keys)
    return keys
