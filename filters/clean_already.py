"""Which texts cleaning would surely leave as they are, told in one compiled pass.

Nineteen of twenty sections of papers are clean when they are read, and to look at them for all that may be wrong costs
more than everything that is done to them afterwards. What this pass is not sure of, `Clean` looks at.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pyarrow as pa

from colophon.filters.clean import _LETTER as LETTER
from colophon.filters.clean import _MARK as MARK
from colophon.filters.clean import _ODD as ODD
from colophon.filters.clean import _OTHER as OTHER
from colophon.filters.folding import code_point_at
from colophon.filters.kernels import compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["clean_already"]

_BAD: Final = np.uint8(1)
"""Cleaning may change the character, alone or by what stands beside it."""
_OTHER: Final = np.uint8(2)
_LETTER: Final = np.uint8(4)
"""Two neighbours may be mojibake, unless both are letters."""

_TELLTALE: Final = "[\x80-\x9fÂÃŒœЂ]"
_SIZE: Final = 0x110000
_CHANGING: Final = 0x30000  # from here on no character decomposes or combines


@cache
def _flags() -> np.ndarray:
    """uint8[0x110000]: what to think of each character; made once per process, in about 0.2 s."""
    every = np.arange(_SIZE, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    flags = np.zeros(_SIZE, np.uint8)
    classes = (
        (ODD.pattern, _BAD), (MARK, _BAD), (_TELLTALE, _BAD), (f"[{OTHER}]", _OTHER), (f"[{LETTER}]", _LETTER),
    )  # fmt: skip
    for pattern, flag in classes:
        for run in re.finditer(f"{pattern}+", every):
            flags[run.start() : run.end()] |= flag
    # What NFC changes, or may put together with what stands before it.
    for point in range(0x80, _CHANGING):
        char = every[point]
        if not 0xD800 <= point < 0xE000:
            apart = unicodedata.normalize("NFD", char)
            if unicodedata.combining(char) or not unicodedata.is_normalized("NFC", char):
                flags[point] |= _BAD
            for later in apart[1:]:
                flags[ord(later)] |= _BAD
    return flags


@compiled
def _sure(data: np.ndarray, offsets: np.ndarray, flags: np.ndarray) -> np.ndarray:
    sure = np.zeros(len(offsets) - 1, np.bool_)
    for text in range(len(sure)):
        part = data[offsets[text] : offsets[text + 1]]
        i, end = 0, len(part)
        if end == 0 or part[0] == 10 or part[end - 1] == 10 or part[end - 1] == 32 or part[end - 1] == 9:
            continue
        before, last, line_ends = np.uint8(0), np.uint8(0), 0
        fine = True
        while i < end and fine:
            lead = part[i]
            if lead > 32 and lead < 127:
                i += 1
                before, last, line_ends = np.uint8(0), lead, 0
                continue
            if lead < 128:
                i += 1
                if lead == 10:
                    line_ends += 1
                    fine = line_ends < 3 and last not in (32, 9)
                elif lead == 32:
                    line_ends = 0
                    fine = last != 32
                else:
                    line_ends = 0
                    fine = lead == 9
                before, last = np.uint8(0), lead
                continue
            point, i = code_point_at(part, i)
            flag = flags[point]
            both = flag | before
            paired = before != 0 and flag != 0 and both & _OTHER != 0
            fine = not flag & _BAD and not paired
            before, last, line_ends = flag, lead, 0
        sure[text] = fine
    return sure


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
        array = pa.array(texts, pa.large_string())
    except UnicodeEncodeError:  # a lone surrogate
        return np.zeros(len(texts), np.bool_)
    _, offsets, data = cast("Any", array).buffers()  # the stubs do not know them as buffers
    if data is None:
        return np.zeros(len(texts), np.bool_)
    bounds = np.frombuffer(offsets, np.int64)[: len(texts) + 1]
    return _sure(np.frombuffer(data, np.uint8), bounds, _flags())
