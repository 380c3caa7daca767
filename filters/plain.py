"""Where UTF-8 is plain ASCII, told of eight bytes at a time, so that what looks at characters can skip most of them."""

from __future__ import annotations

from typing import Final

import numpy as np

from colophon.filters.kernels import compiled

__all__ = [
    "HIGH_BITS",
    "NOT_ASCII",
    "WIDTH",
    "beyond_plain_string",
    "blank_bytes",
    "lower_case",
    "unlike_plain",
    "words_of",
]

WIDTH: Final = 8  # bytes of a word

NOT_PLAIN: Final = np.uint8(1)
"""A word has something but letters, digits, signs and single spaces, in lines and paragraphs that one blank line parts."""
NOT_ASCII: Final = np.uint8(2)
"""A word has a byte above 0x7F."""

# Sums of bytes below 0x80 that reach 0x80 just where the byte is above a limit; see Hacker's Delight, chapter 6.
_EACH: Final = np.uint64(0x0101010101010101)
HIGH_BITS: Final = np.uint64(0x80) * _EACH
"""Those of a word's eight bytes; none is set where all are ASCII."""
_REST: Final = np.uint64(0x7F) * _EACH
_ABOVE_SPACE: Final = np.uint64(0x80 - 0x21) * _EACH
_ABOVE_CONTROL: Final = np.uint64(0x80 - 0x20) * _EACH
_FROM_A: Final = np.uint64(0x80 - 0x41) * _EACH
_ABOVE_Z: Final = np.uint64(0x80 - 0x5B) * _EACH
_QUOTE: Final = np.uint64(0x22) * _EACH
_BACKSLASH: Final = np.uint64(0x5C) * _EACH
_FEED: Final = np.uint64(0x0A) * _EACH
_ONE, _TWO, _SIX, _SEVEN = np.uint64(8), np.uint64(16), np.uint64(48), np.uint64(56)  # bytes, in bits


@compiled
def words_of(data: np.ndarray) -> np.ndarray:
    """The whole words in bytes that begin at a multiple of eight, uint64[b // 8]."""
    return data[: len(data) // WIDTH * WIDTH].view(np.uint64)


@compiled
def lower_case(word: np.uint64) -> np.uint64:
    """Eight ASCII bytes with small letters for capitals."""
    return np.uint64(word | ((word + _FROM_A) & ~(word + _ABOVE_Z) & HIGH_BITS) >> np.uint64(2))


@compiled
def blank_bytes(word: np.uint64) -> np.uint64:
    """The high bits of those of eight ASCII bytes that are white space or control characters."""
    return np.uint64((~(word + _ABOVE_SPACE) | (word + _EACH)) & HIGH_BITS)


@compiled
def beyond_plain_string(word: np.uint64) -> bool:
    """Whether one of eight bytes may not stand for itself in a JSON string, or is not ASCII."""
    rest = word & _REST
    control = ~(rest + _ABOVE_CONTROL)
    quote, backslash = ~((rest ^ _QUOTE) + _REST), ~((rest ^ _BACKSLASH) + _REST)
    return bool((word | control | quote | backslash) & HIGH_BITS)


@compiled
def _unlike_plain(words: np.ndarray, flags: np.ndarray) -> None:
    """Compiles to vector instructions; the words are little-endian, so that earlier bytes are lower."""
    for i in range(1, len(words)):
        here, before = words[i] & _REST, words[i - 1] & _REST
        high = words[i] & HIGH_BITS
        blank, feed = ~(here + _ABOVE_SPACE), ~((here ^ _FEED) + _REST)
        blank_before, feed_before = ~(before + _ABOVE_SPACE), ~((before ^ _FEED) + _REST)
        after_blank = (blank << _ONE) | (blank_before >> _SEVEN)
        after_feed = (feed << _ONE) | (feed_before >> _SEVEN)
        after_feeds = (feed << _TWO) | (feed_before >> _SIX)
        control = (here + _EACH) | (~(here + _ABOVE_CONTROL) & ~feed)
        crowded = blank & after_blank & ~(feed & after_feed & ~after_feeds)
        odd = high | ((control | crowded) & HIGH_BITS)
        flags[i] = np.uint8(odd != 0) | (np.uint8(high != 0) << np.uint8(1))


def unlike_plain(data: np.ndarray) -> np.ndarray:
    r"""What is not plain about each whole word of eight bytes, counted from the first byte.

    A plain word is ASCII, has no control character but line feeds, no white space after white space but one line feed
    after another, and no third; the bytes before it are looked at too.

    Args:
        data: uint8[b], any bytes.

    Returns:
        uint8[b // 8]: 0 for a plain word, otherwise 1 (not plain) and `NOT_ASCII`.

    >>> told = unlike_plain(np.frombuffer(b"A lathe, a bowl.\n\nOak,  pine. caf\xc3\xa9 oils", np.uint8))
    >>> told.tolist()
    [3, 0, 1, 0, 3]
    """
    words = data[: len(data) // WIDTH * WIDTH].view("<u8")
    flags = np.full(len(words), NOT_PLAIN | NOT_ASCII)  # before the first word stands nothing to look at
    _unlike_plain(words, flags)
    return flags
