"""Words of many texts in one compiled pass, and the key by which two texts are the same text."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from colophon.filters.folding import (
    ALONE,
    BLANK,
    CODE_POINT,
    WORD,
    code_point_at,
    complex_texts,
    encode,
    fold_tables,
    folded_utf8,
    utf8_of,
    write_utf8,
)
from colophon.filters.kernels import compiled, mix64
from colophon.filters.plain import HIGH_BITS, WIDTH, blank_bytes, lower_case, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

__all__ = ["Tokens", "folded_words", "normalized_key", "tokenize"]

_START = np.uint64(0x243F6A8885A308D3)  # first digits of pi
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_I, _DOTLESS_I = np.uint32(0x69), np.uint32(0x131)
_BYTE, _ONE, _TOP, _WIDTH = np.uint64(0xFF), np.uint64(1), np.uint64(7), np.uint64(WIDTH)
# Where the bytes of a word are, in bits; named one by one, since a loop over them takes twice as long.
_P0, _P1, _P2, _P3, _P4, _P5, _P6, _P7 = map(np.uint64, range(0, 64, 8))
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio, odd


@dataclass(frozen=True)
class Tokens:
    r"""The tokens of n texts, one after the other.

    A token is a run of ``\w`` characters of the case-folded NFC text, save that in scripts written without
    spaces (Han, Kana, Thai, Lao, Khmer, Myanmar, Tibetan) each ``\w`` character is a token. As in Python's ``re``,
    combining marks are not ``\w``: those that NFC leaves over (vowel signs of Thai or Devanagari, say) end a token
    and belong to none.

    Attributes:
        hashes: uint64[t], a hash of each token's folded code points.
        offsets: int64[n + 1]; the tokens of text i are ``hashes[offsets[i]:offsets[i + 1]]``.
    """

    hashes: np.ndarray
    offsets: np.ndarray


@compiled
def _absorb(state: np.uint64, entry: np.uint32) -> np.uint64:
    return (state ^ np.uint64(entry & CODE_POINT)) * _MULTIPLIER


@compiled
def _hash_tokens(
    data: np.ndarray, offsets: np.ndarray, tables: np.ndarray, rows: np.ndarray, hashes: np.ndarray
) -> np.ndarray:
    """Write the hashes and return where each text's begin."""
    begins = np.zeros(len(offsets), np.int64)
    # Unsigned, since what may be negative is looked at before it is an index.
    count, one = np.uint64(0), np.uint64(1)
    for text in range(len(offsets) - 1):
        table = tables[rows[text]]
        i, end = np.uint64(offsets[text]), np.uint64(offsets[text + 1])
        state, inside = _START, False
        while i < end:
            lead = data[i]
            if lead < 0x80:
                # Without branches, since where a word ends cannot be predicted: twice as fast.
                i += one
                entry = table[lead]
                hashes[count] = state
                word = (entry & WORD) != 0
                count += np.uint64(inside & (not word))
                absorbed = _absorb(state, entry)
                state = absorbed if word else _START
                inside = word
                continue
            point, following = code_point_at(data, int(i))
            i = np.uint64(following)
            entry = table[point]
            if entry & WORD and not entry & ALONE:
                state, inside = _absorb(state, entry), True
                continue
            if inside:
                hashes[count] = state
                count += one
                state, inside = _START, False
            if entry & WORD:
                hashes[count] = _absorb(_START, entry)
                count += one
        if inside:
            hashes[count] = state
            count += one
        begins[text + 1] = count
    for token in range(count):
        hashes[token] = mix64(hashes[token])
    return begins


def _fold_words(text: str) -> str:
    return unicodedata.normalize("NFC", text.casefold())


def folded_words(
    texts: Sequence[str] | pa.StringArray,
    encoded: pa.LargeStringArray | None = None,
    found: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What `folded_utf8` returns for the case-folded NFC texts of which `Tokens` speaks."""
    return folded_utf8(texts, _fold_words, encoded, found)


def tokenize(
    texts: Sequence[str] | pa.StringArray, folded: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
) -> Tokens:
    r"""Tokenise texts; what a token is, `Tokens` says.

    A token's hash is FNV-1a over its folded code points, with a start and a multiplier of 64 well-mixed bits, and
    MurmurHash3's finaliser at the end. The same token has the same hash in every text, process and version.

    Memory: the texts' UTF-8 and 8 bytes a token (about as much again for English).

    Args:
        texts: The texts; from an Arrow array of strings, none null, without making Python's strings of them.
        folded: What `folded_words` returns for them, where that is known.

    >>> tokens = tokenize(["The lathe, the LATHE.", "旋盤", ""])
    >>> tokens.offsets.tolist()
    [0, 4, 6, 6]
    >>> tokens.hashes[:2].tolist() == tokens.hashes[2:4].tolist()
    True
    """
    data, offsets, rows = folded or folded_words(texts)
    # A token and what parts it from the next take two bytes at least; a character that stands alone takes three.
    hashes = np.empty((int(offsets[-1]) + len(texts)) // 2 + 1, np.uint64)
    begins = _hash_tokens(data, offsets, fold_tables(), rows, hashes)
    hashes.resize(int(begins[-1]), refcheck=False)  # gives the rest back without a copy
    return Tokens(hashes, begins)


@compiled
def _keep(out: np.ndarray, o: np.uint64, word: np.uint64, blank: np.uint64, place: np.uint64) -> np.uint64:
    """Write one byte of a word, and where the next goes: over it, if it is a blank one."""
    out[o] = (word >> place) & _BYTE
    return np.uint64(o + (~(blank >> place) & _ONE))


@compiled
def _compact(
    data: np.ndarray, offsets: np.ndarray, skip: np.ndarray, table: np.ndarray, out: np.ndarray
) -> np.ndarray:
    """Write the folded UTF-8 without blanks, of some texts nothing, and return where each text's begins."""
    words = words_of(data)
    begins = np.zeros(len(offsets), np.int64)
    o = np.uint64(0)
    for text in range(len(offsets) - 1):
        i, end = np.uint64(offsets[text]), np.uint64(offsets[text + 1])
        while i < end and not skip[text]:
            if i % _WIDTH == 0 and i + _WIDTH <= end:
                word = words[i // _WIDTH]
                if not word & HIGH_BITS:
                    # Byte by byte without branches, since where a word ends cannot be predicted.
                    blank, word = blank_bytes(word) >> _TOP, lower_case(word)
                    o = _keep(out, o, word, blank, _P0)
                    o = _keep(out, o, word, blank, _P1)
                    o = _keep(out, o, word, blank, _P2)
                    o = _keep(out, o, word, blank, _P3)
                    o = _keep(out, o, word, blank, _P4)
                    o = _keep(out, o, word, blank, _P5)
                    o = _keep(out, o, word, blank, _P6)
                    o = _keep(out, o, word, blank, _P7)
                    i += _WIDTH
                    continue
            point, following = code_point_at(data, int(i))
            i = np.uint64(following)
            entry = table[point]
            if not entry & BLANK:
                folded = entry & CODE_POINT
                o = np.uint64(write_utf8(out, int(o), _I if folded == _DOTLESS_I else folded))
        begins[text + 1] = o
    return begins


def _fold_whole(text: str) -> str:
    """Case folding and NFC such that canonically equivalent texts have one result, whatever blanks they hold."""
    without = "".join(text.split())
    without = _CONTROLS.sub("", without) if _CONTROLS.search(without) else without
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", without).casefold()).replace(
        "\u0131", "i"
    )


def normalized_key(
    texts: Sequence[str], encoded: pa.LargeStringArray | None = None, found: np.ndarray | None = None
) -> np.ndarray:
    r"""Keys that are equal just where two texts differ in white space, case or Unicode form alone.

    The key is the first 16 bytes of the SHA-256 of the text's UTF-8 without white space and control characters,
    case-folded so that canonically equivalent texts fold alike (The Unicode Standard, section 3.13, D145) and
    composed (NFC). NFKC would make 10² and 102 the same, so compatibility forms stay as they are. The dotless i (U+0131) counts as
    i, for I is the capital of both: it is the one character that case folding does not bring together with its capital. What
    is left is a Greek iota below a letter with another mark written after it: capitals put the mark on the iota. A
    cryptographic hash, since nobody should be able to write a text that takes another's place.

    Texts of which nothing is left all have the key of the empty text.

    Args:
        texts: n texts.
        encoded: What `encode` returns for them, where that is known.
        found: bool[n], as `folded_utf8` takes it, where that is known.

    Returns:
        uint8[n, 16].

    >>> keys = normalized_key(["Carve  the\nBOWL.", "carve the bowl.", "carve the bowl"])
    >>> (keys[0] == keys[1]).all(), (keys[1] == keys[2]).all()
    (np.True_, np.False_)
    """
    encoded = encode(texts) if encoded is None else encoded
    data, offsets = utf8_of(encoded)
    found = complex_texts(encoded) if found is None else found
    # Folding lengthens a character's UTF-8 from two bytes to three at most (U+023A).
    out = np.empty(len(data) * 3 // 2 + WIDTH, np.uint8)
    begins = _compact(data, offsets, found, fold_tables()[0], out).tolist()
    whole = out.data
    digests = [hashlib.sha256(whole[a:b]).digest()[:16] for a, b in pairwise(begins)]
    for i in np.flatnonzero(found).tolist():
        digests[i] = hashlib.sha256(_fold_whole(encoded[i].as_py()).encode()).digest()[:16]
    return np.frombuffer(b"".join(digests), np.uint8).reshape(len(texts), 16)
