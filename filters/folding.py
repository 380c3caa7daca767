"""Case folding and Unicode normalisation as look-up tables that a compiled pass over UTF-8 can use.

Nearly every character folds to one character that no normalisation changes, whatever stands beside it. Texts of such
characters alone are folded by table; the others (ligatures, combining marks, …) go through Python first. The tables
come from the running Python's Unicode data, so characters that Unicode added between two Python versions may be
words in the one and not in the other: ``unicodedata.unidata_version`` says which data is in use.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from colophon.filters.kernels import compiled
from colophon.filters.plain import NOT_ASCII, WIDTH, unlike_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "ALONE",
    "BLANK",
    "CODE_POINT",
    "SPACELESS",
    "WORD",
    "changed_by_nfc",
    "code_point_at",
    "complex_texts",
    "encode",
    "fold_tables",
    "folded_by_no_table",
    "folded_utf8",
    "utf8_of",
    "write_utf8",
]

CODE_POINT = np.uint32((1 << 21) - 1)
"""Bits of a table's entry that hold the folded code point; the flags below stand above them."""
WORD = np.uint32(1 << 21)
r"""The folded character is ``\w``: ``str.isalnum`` or an underscore."""
ALONE = np.uint32(1 << 22)
"""The folded character is of a script written without spaces."""
BLANK = np.uint32(1 << 23)
"""The folded character is white space (``str.isspace``) or a control character (category Cc)."""
_COMPLEX = np.uint32(1 << 24)

SPACELESS = (
    (0x0E00, 0x109F),  # Thai, Lao, Tibetan, Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # Han iteration and closing marks, zero
    (0x3021, 0x3029),  # Hangzhou numerals
    (0x3031, 0x3035),  # kana repeat marks
    (0x3038, 0x303C),  # Hangzhou numerals, Han and kana marks
    (0x3041, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),  # Katakana, small letters
    (0x3400, 0x4DBF),  # Han, extension A
    (0x4E00, 0x9FFF),  # Han
    (0xA9E0, 0xA9FF),  # Myanmar, extension B
    (0xAA60, 0xAA7F),  # Myanmar, extension A
    (0xF900, 0xFAFF),  # Han, compatibility
    (0xFF66, 0xFF9F),  # Katakana, half width
    (0x116D0, 0x116FF),  # Myanmar, extension C
    (0x1AFF0, 0x1B16F),  # kana, extensions and supplement
    (0x20000, 0x3FFFF),  # Han, extensions B and later
)
"""First and last code points of the blocks of Han, Hiragana, Katakana, Thai, Lao, Tibetan, Myanmar and Khmer."""

_SIZE = 0x110000
# From here on no character folds, decomposes or combines; a test holds Python's data to it.
_CHANGING = 0x30000
_WORDS = 0x40000  # and none is of a word
_BLOCK = 256
_SEPARATOR = chr(_SIZE - 1)  # a noncharacter: it never folds and never combines


def _characters(code_points: np.ndarray) -> str:
    return code_points.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def _moving(is_still: Callable[[str], bool]) -> np.ndarray:
    """uint32, the code points of those blocks in which something may happen: to look at each character takes longer."""
    code_points = np.arange(_CHANGING, dtype=np.uint32)
    every = _characters(code_points)
    moving = [not is_still(every[at : at + _BLOCK]) for at in range(0, _CHANGING, _BLOCK)]
    chosen: np.ndarray = code_points[np.repeat(moving, _BLOCK)]
    return chosen


def _neither_decomposes_nor_combines(block: str) -> bool:
    # Of all combining classes that of the iota is the highest, so no mark may follow it.
    return unicodedata.is_normalized("NFD", "\u0345".join(block))


def _apart(change: Callable[[str], str], characters: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Change each character by itself: the first code points that come of it, how many come, and all later ones."""
    changed = change(_SEPARATOR.join(characters) + _SEPARATOR)
    points = np.frombuffer(changed.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
    ends = np.flatnonzero(points == ord(_SEPARATOR))
    starts = np.concatenate(([0], ends[:-1] + 1))
    later = points != ord(_SEPARATOR)
    later[starts] = False
    return points[starts], ends - starts, points[later]


def _runs(pattern: str, every: str) -> np.ndarray:
    """bool[0x110000]: which characters, of those up to the end of `every`, a pattern for runs of them matches."""
    found = np.zeros(_SIZE, np.bool_)
    for run in re.finditer(pattern, every):
        found[run.start() : run.end()] = True
    return found


@cache
def changed_by_nfc() -> np.ndarray:
    """bool[0x110000], the characters that NFC changes, or may move or put together with what stands before them."""
    moving = _moving(_neither_decomposes_nor_combines)
    characters = _characters(moving)
    decomposed, parts, trailing = _apart(lambda text: unicodedata.normalize("NFD", text), characters)
    unstable = np.zeros(_SIZE, np.bool_)
    unstable[moving] = np.fromiter(map(unicodedata.combining, characters), np.uint8) != 0
    unstable[trailing] = True
    decomposes = np.flatnonzero((parts != 1) | (decomposed != moving))
    stay = [unicodedata.is_normalized("NFC", characters[at]) for at in decomposes.tolist()]
    unstable[moving[decomposes[~np.array(stay)]]] = True
    return unstable


@cache
def fold_tables() -> np.ndarray:
    """The tables of folded code points and flags; made once per process, in 0.04 CPU-seconds.

    Returns:
        uint32[2, 0x110000], 9 MB, one entry per code point: row 0 folds, row 1 is for text that is folded already
        and holds the code point itself.
    """
    code_points = np.arange(_SIZE, dtype=np.uint32)
    every = _characters(code_points[:_WORDS])

    fold, length = code_points.copy(), np.ones(_SIZE, np.int64)
    moving = _moving(lambda block: block.casefold() == block)
    fold[moving], length[moving], _ = _apart(str.casefold, _characters(moving))
    fold[length != 1] = code_points[length != 1]

    unstable = changed_by_nfc()
    flags = np.where(_runs(r"\w+", every), WORD, np.uint32(0))
    flags |= np.where(_runs(r"[\s\x00-\x1f\x7f-\x9f]+", every[:_CHANGING]), BLANK, np.uint32(0))
    for first, last in SPACELESS:
        flags[first : last + 1] |= ALONE
    complex_ = np.where((length != 1) | unstable[fold], _COMPLEX, np.uint32(0))
    tables: np.ndarray = np.stack([fold | flags[fold] | complex_, code_points | flags])
    return tables


def folded_by_no_table() -> np.ndarray:
    """bool[0x110000], the characters for which a text has to be folded by Python."""
    return np.asarray((fold_tables()[0] & _COMPLEX) != 0)


@compiled
def code_point_at(data: np.ndarray, i: int) -> tuple[np.uint32, int]:
    """The code point whose UTF-8 begins at byte `i` of valid text, and where the next begins."""
    lead = np.uint32(data[i])
    if lead < 0x80:
        return lead, i + 1
    point = (lead << np.uint32(6)) | (np.uint32(data[i + 1]) & np.uint32(0x3F))
    if lead < 0xE0:
        return np.uint32(point & np.uint32(0x7FF)), i + 2
    point = (point << np.uint32(6)) | (np.uint32(data[i + 2]) & np.uint32(0x3F))
    if lead < 0xF0:
        return np.uint32(point & np.uint32(0xFFFF)), i + 3
    point = (point << np.uint32(6)) | (np.uint32(data[i + 3]) & np.uint32(0x3F))
    return np.uint32(point & np.uint32(0x1FFFFF)), i + 4


@compiled
def write_utf8(out: np.ndarray, o: int, point: np.uint32) -> int:
    """Write the UTF-8 of a code point, and where the next goes."""
    if point < 0x80:
        out[o] = point
        return o + 1
    if point < 0x800:
        out[o] = 0xC0 | (point >> 6)
        out[o + 1] = 0x80 | (point & 0x3F)
        return o + 2
    if point < 0x10000:
        out[o] = 0xE0 | (point >> 12)
        out[o + 1] = 0x80 | ((point >> 6) & 0x3F)
        out[o + 2] = 0x80 | (point & 0x3F)
        return o + 3
    out[o] = 0xF0 | (point >> 18)
    out[o + 1] = 0x80 | ((point >> 12) & 0x3F)
    out[o + 2] = 0x80 | ((point >> 6) & 0x3F)
    out[o + 3] = 0x80 | (point & 0x3F)
    return o + 4


@compiled
def _complex_texts(
    data: np.ndarray, offsets: np.ndarray, table: np.ndarray, unlike: np.ndarray
) -> np.ndarray:
    found = np.zeros(len(offsets) - 1, np.bool_)
    for text in range(len(found)):
        i, end = offsets[text], offsets[text + 1]
        while i < end:
            if i % WIDTH == 0 and i + WIDTH <= end and not unlike[i // WIDTH] & NOT_ASCII:
                i += WIDTH
            elif data[i] < 0x80:  # no ASCII character is complex
                i += 1
            else:
                point, i = code_point_at(data, i)
                if table[point] & _COMPLEX:
                    found[text] = True
                    break
    return found


def complex_texts(encoded: pa.LargeStringArray) -> np.ndarray:
    """bool[n], which texts have a character that `fold_tables` cannot fold."""
    data, offsets = utf8_of(encoded)
    return _complex_texts(data, offsets, fold_tables()[0], unlike_plain(data))


def encode(texts: Sequence[str] | pa.StringArray) -> pa.LargeStringArray:
    """The texts in UTF-8; a lone surrogate, which has none, becomes U+FFFD: that is no word and no blank either."""
    if isinstance(texts, pa.Array):
        return cast("pa.LargeStringArray", texts.cast(pa.large_string()))
    try:
        array = pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        array = pa.array([re.sub("[\ud800-\udfff]", "\ufffd", text) for text in texts], pa.large_string())
    return cast("pa.LargeStringArray", array)


def utf8_of(encoded: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """The bytes of encoded texts end to end, uint8[b], and where each begins, int64[n + 1].

    Of a slice of a longer array its own bytes alone, and up to seven before them, since words begin at multiples of eight.
    """
    n, skipped = len(encoded), encoded.offset
    _, offsets, data = cast("Any", encoded).buffers()  # the stubs do not know them as buffers
    if data is None:
        return np.empty(0, np.uint8), np.zeros(n + 1, np.int64)
    begins = np.frombuffer(offsets, np.int64)[skipped : skipped + n + 1]
    base = int(begins[0]) & -WIDTH
    return np.frombuffer(data, np.uint8)[base : int(begins[-1])], begins - base if base else begins


def folded_utf8(
    texts: Sequence[str] | pa.StringArray,
    fold: Callable[[str], str],
    encoded: pa.LargeStringArray | None = None,
    found: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The texts as UTF-8, with those that no table can fold already folded by Python.

    Args:
        texts: n texts, none null if they are Arrow's; a lone surrogate counts as U+FFFD.
        fold: Case folding and normalisation of one text, used where the tables do not do.
        encoded: What `encode` returns for them, where that is known.
        found: bool[n], for which texts no table does, where that is known: it is the same whatever folds.

    Returns:
        The bytes, uint8[b]; where each text begins, int64[n + 1]; and the row of `fold_tables` that goes with each
        text, uint8[n].
    """
    encoded = encode(texts) if encoded is None else encoded
    data, offsets = utf8_of(encoded)
    found = complex_texts(encoded) if found is None else found
    if found.any():
        import pyarrow.compute as pc  # noqa: PLC0415 - half a second, which not all who read text need

        mask = pa.array(found)
        folded = encode([fold(text) for text in encoded.filter(mask).to_pylist()])
        data, offsets = utf8_of(pc.replace_with_mask(encoded, mask, folded))
    return data, offsets, found.astype(np.uint8)
