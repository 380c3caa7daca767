r"""The text of a JSON record as UTF-8, without a detour by Python's strings.

In a record of JSON Lines nearly all bytes are one string. To make a `str` of it, which has two bytes a character as soon
as there is one Greek letter in it, and UTF-8 of that again takes longer than all else that is done to read it. So the
string is cut out and unescaped in one compiled pass, and what is left is parsed as JSON with a number in its place.
Whatever is out of the ordinary is left to the parser, which knows what is wrong with it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import numpy as np
import orjson

from colophon.filters.folding import write_utf8
from colophon.filters.kernels import compiled
from colophon.filters.plain import WIDTH, beyond_plain_string, words_of

__all__ = ["text_apart"]

_BYTE = np.uint64(0xFF)
_QUOTE, _BACKSLASH, _U = 0x22, 0x5C, 0x75
_MARK: Final = 7_310_642_089_553_714_286
"""Stands where the text stood; a record that has it by itself is parsed."""
_MARKED: Final = str(_MARK).encode()

#: What follows a backslash, and what it stands for; 0 for what does not follow one, or needs more than a look.
_ESCAPED: Final = np.zeros(256, np.uint8)
_ESCAPED[[*b'"\\/bfnrt']] = [*b'"\\/\b\f\n\r\t']

#: Bytes of a character by its first; 0 for what begins none, or none that may stand in a string as it is.
_WIDTHS: Final = np.zeros(256, np.uint8)
_WIDTHS[0x20:0x80], _WIDTHS[0xC2:0xE0], _WIDTHS[0xE0:0xF0], _WIDTHS[0xF0:0xF5] = 1, 2, 3, 4
_WIDTHS[[_QUOTE, _BACKSLASH]] = 0


@compiled
def _follows(byte: np.uint8) -> bool:
    return bool(byte & 0xC0 == 0x80)


@compiled
def _is_character(data: np.ndarray, i: int, width: int) -> bool:
    """Whether the bytes that follow a first byte make a character of it: none too long, no surrogate, none too high."""
    first, second = data[i], data[i + 1]
    if (
        not _follows(second)
        or (width > 2 and not _follows(data[i + 2]))
        or (width > 3 and not _follows(data[i + 3]))
    ):
        return False
    return not (
        (first == 0xE0 and second < 0xA0)
        or (first == 0xED and second > 0x9F)
        or (first == 0xF0 and second < 0x90)
        or (first == 0xF4 and second > 0x8F)
    )


@compiled
def _unit(data: np.ndarray, i: int) -> int:
    r"""The 16 bits of ``\uXXXX`` whose backslash is at `i`; -1 if it is none."""
    if i + 6 > len(data) or data[i] != _BACKSLASH or data[i + 1] != _U:
        return -1
    unit = 0
    for k in range(i + 2, i + 6):
        byte, small = data[k], data[k] | 0x20
        if 0x30 <= byte <= 0x39:
            unit = unit * 16 + (byte - 0x30)
        elif 0x61 <= small <= 0x66:
            unit = unit * 16 + (small - 0x57)
        else:
            return -1
    return unit


@compiled
def _escape(data: np.ndarray, i: int, out: np.ndarray, o: int) -> tuple[int, int]:
    """Write what the escape at `i` stands for; where data and output go on, or (-1, 0)."""
    plain = _ESCAPED[data[i + 1]] if i + 1 < len(data) else np.uint8(0)
    if plain:
        out[o] = plain
        return i + 2, o + 1
    point, behind = _unit(data, i), i + 6
    if 0xD800 <= point < 0xDC00:
        low, behind = _unit(data, behind), behind + 6
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00) if 0xDC00 <= low < 0xE000 else -1
    if point < 0 or 0xD800 <= point < 0xE000:
        return -1, 0
    return behind, write_utf8(out, o, np.uint32(point))


@compiled
def _unescape(data: np.ndarray, begin: int, out: np.ndarray) -> tuple[int, int]:
    """Write what a string says, from behind its first quotation mark to its last.

    Args:
        data: uint8[n], JSON.
        begin: Where the string's first character is.
        out: uint8[n], for its UTF-8.

    Returns:
        Where its last quotation mark is, and how many bytes were written; (-1, 0) if a parser should look at it.
    """
    i, o, end = begin, 0, len(data)
    words = words_of(data)
    while 0 <= i < end:
        if i % WIDTH == 0 and i + WIDTH <= end and not beyond_plain_string(words[i // WIDTH]):
            word, at = words[i // WIDTH], np.uint64(o)
            for k in range(WIDTH):
                out[at + np.uint64(k)] = (word >> np.uint64(8 * k)) & _BYTE
            i, o = i + WIDTH, o + WIDTH
            continue
        byte = data[np.uint64(i)]
        width = _WIDTHS[byte]
        if width == 1:
            out[np.uint64(o)] = byte
            i, o = i + 1, o + 1
        elif width and i + width <= end and _is_character(data, i, width):
            for _ in range(width):
                out[o] = data[i]
                i, o = i + 1, o + 1
        elif byte == _BACKSLASH:
            i, o = _escape(data, i, out, o)
        else:
            return (i, o) if byte == _QUOTE else (-1, 0)
    return -1, 0


@lru_cache(maxsize=16)
def _opening(name: str) -> re.Pattern[bytes]:
    """A key and the beginning of a string that is its value."""
    return re.compile(re.escape(orjson.dumps(name)) + rb'[ \t]*:[ \t]*"')


def text_apart(data: bytes, name: str) -> tuple[dict[str, Any], bytes] | None:
    r"""A record without its text, and the text.

    Args:
        data: A JSON object.
        name: The text's key.

    Returns:
        The other values by their keys, and the text in UTF-8; None if the whole should be parsed instead.

    >>> text_apart(b'{"id": 7, "text": "The lathe\\nturns."}', "text")
    ({'id': 7}, b'The lathe\nturns.')
    >>> text_apart(b'{"id": 7, "text": ["The lathe"]}', "text")
    """
    opening = _opening(name).search(data)
    if opening is None:
        return None
    begin = opening.end()
    out = np.empty(len(data), np.uint8)
    end, size = _unescape(np.frombuffer(data, np.uint8), begin, out)
    if end < 0:
        return None
    rest = b"".join((data[: begin - 1], _MARKED, data[end + 1 :]))
    try:
        record = orjson.loads(rest)
    except orjson.JSONDecodeError:
        return None
    # What was cut out stood where the number stands now: as the value of this key, and the last one of it.
    if not isinstance(record, dict) or record.pop(name, None) != _MARK or rest.count(_MARKED) != 1:
        return None
    return record, out[:size].tobytes()
