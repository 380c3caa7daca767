"""The lines of a PDF's page, with where they stand: what layout is told from.

pdfium gives a page's characters in the order in which they were drawn. Asking it for the box of every character would cost
more than all else; two boxes for each word tell the same.
"""
# ruff: noqa: RUF001 - dashes and signs of every kind are what authors write

from __future__ import annotations

import ctypes
import re
from collections import deque
from dataclasses import dataclass
from itertools import pairwise, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pypdfium2.raw as pdfium

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypdfium2 import PdfPage

__all__ = ["Line", "LineReader", "PageLines"]

HYPHEN = 0xFFFE
"""What pdfium puts in place of a hyphen at a line's end."""

# More characters than this on one page are drawings or an attack: a dense page of a journal has 8,000.
_PAGE_CHARACTERS = 200_000

_CHUNK = 1024
_BOX = ctypes.sizeof(pdfium.FS_RECTF)

# In heights of a line's letters: words nearer than this on one line stand in the same cell of a table, farther ones not.
_CELL = 1.3
# Over such a gap a line goes on only with a new cell; over one wider than this it does not go on at all.
_APART = 14.0
# What is set as a script is at most so high, in heights of its neighbour.
_SCRIPT = 0.85
_RISE = 0.15
_RAISED, _RAISED_END = 1, 2
# What stands before an item of a list, with a gap after it that parts no cells.
_LABEL = re.compile(r"(?:\[?\(?\w{1,3}[.)\]]+|[•●▪■◦‣∙·–—*-])\Z")
# Letters of a heavy face, as fonts' names tell: "Helvetica-Bold", "CMBX10", "NimbusRomNo9L-Medi", "AdvOTb92eb7df.B".
_HEAVY = ("bold", "black", "heavy", "cmbx", "-medi", "semibold", "demi", ".b", "-bd")


@dataclass(slots=True)
class Line:
    """A line of text on a page; lengths in points, from the lower left corner of the page as it is shown.

    Attributes:
        text: Its words; cells of a table apart by `` | ``.
        page: Number of its page, from 0.
        x0: Left end.
        x1: Right end.
        y0: Lower end of its letters, with descenders.
        y1: Upper end.
        size: Height of its letters as their font declares it: ascent and descent, near the font's size.
        bold: Whether its first and last words are of a heavy face.
        opens_bold: Whether its first word is.
        hyphen: Whether it ended in a hyphen, which `text` has no more.
        cells: Into how many cells wide gaps part it.
    """

    text: str
    page: int
    x0: float
    x1: float
    y0: float
    y1: float
    size: float
    bold: bool = False
    opens_bold: bool = False
    hyphen: bool = False
    cells: int = 1


class PageLines(NamedTuple):
    """What stands on a page.

    Attributes:
        lines: Its lines, in reading order of the file or of the page.
        width: Of the page as it is shown, points.
        height: Likewise.
    """

    lines: list[Line]
    width: float
    height: float


class _Words(NamedTuple):
    """Words of a page as arrays of n; lengths in points.

    Attributes:
        start: int64[n], index of the first character in the page's text.
        end: int64[n], index of the last.
        x0: float64[n], left end.
        x1: float64[n], right end.
        y0: float64[n], lower end of the first character's box.
        y1: float64[n], its upper end.
        tail0: float64[n], lower end of the last character's box.
        tail1: float64[n], its upper end.
    """

    start: np.ndarray
    end: np.ndarray
    x0: np.ndarray
    x1: np.ndarray
    y0: np.ndarray
    y1: np.ndarray
    tail0: np.ndarray
    tail1: np.ndarray


class _Drawn(NamedTuple):
    """A page's text as pdfium has it.

    Attributes:
        raw: The handle of pdfium's text page.
        text: Its characters.
        places: For each character, its index among pdfium's.
        words: Its words.
        scripts: int8[words], whether a word is raised or its end is.
    """

    raw: Any
    text: str
    places: Sequence[int]
    words: _Words
    scripts: np.ndarray


class LineReader:
    """Reads the lines of pages, one page after the other; not for several threads, as pdfium is not."""

    def __init__(self) -> None:
        self._boxes = (pdfium.FS_RECTF * _CHUNK)()
        base = ctypes.addressof(self._boxes)
        self._pointers = [ctypes.c_void_p(base + _BOX * n) for n in range(_CHUNK)]
        # The binding's own function checks types at each call, which takes longer than the call.
        address = ctypes.cast(pdfium.FPDFText_GetLooseCharBox, ctypes.c_void_p).value
        prototype = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
        self._box: Any = prototype(address or 0)
        self._name = ctypes.create_string_buffer(128)
        self._faces: dict[bytes, bool] = {}

    def read(self, page: PdfPage, number: int) -> PageLines:
        """The lines of a page in the order of the file, or from column to column where the file jumps about.

        The page is turned so that most of its words run level, whatever the file says of its rotation.
        """
        box = page.get_cropbox()
        textpage = page.get_textpage()
        try:
            return self._lines(textpage.raw, number, box)
        finally:
            textpage.close()

    def _lines(self, raw: Any, number: int, box: tuple[float, float, float, float]) -> PageLines:
        width, height = max(1.0, min(box[2] - box[0], 1e5)), max(1.0, min(box[3] - box[1], 1e5))
        count = min(pdfium.FPDFText_CountChars(raw), _PAGE_CHARACTERS)
        if count <= 0:
            return PageLines([], width, height)
        text = _text(raw, count)
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        places = _places(raw, text, codes, count)
        words, upright, turn = self._words(raw, codes, places, (box[0], box[1], width, height))
        if turn in {90, 270}:
            width, height = height, width
        if not len(words.start):
            return PageLines([], width, height)
        lines = []
        bounds, gutters = _bounds(words, width)
        spans = list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
        start, end = words.start.tolist(), words.end.tolist()
        lower, upper = _medians(words.y0, spans), _medians(words.y1, spans)
        size = np.maximum(np.array(upper) - lower, 1.0)
        left, right = np.minimum.reduceat(words.x0, bounds[:-1]), np.maximum.reduceat(words.x1, bounds[:-1])
        scripts = _scripts(words, np.repeat(lower, np.diff(bounds)), np.repeat(size, np.diff(bounds)))
        drawn = _Drawn(raw, text, places, words, scripts)
        wide = _wide(words, np.repeat(size, np.diff(bounds)))
        odd = np.logical_or.reduceat((scripts > 0) | wide, bounds[:-1]).tolist()
        for row, (first, last) in enumerate(spans):
            begin, stop = start[first], end[last - 1]
            opens = self._heavy(raw, places[begin])
            content, cells = text[begin : stop + 1], 1
            if odd[row] or "\n" in content:
                content, cells = self._content(drawn, float(size[row]), first, last)
            lines.append(
                Line(
                    " ".join(content.split()),
                    number,
                    float(left[row]),
                    float(right[row]),
                    lower[row],
                    upper[row],
                    float(size[row]),
                    opens and self._heavy(raw, places[stop]),
                    opens,
                    stop + 1 < len(text) and ord(text[stop + 1]) == HYPHEN,
                    cells,
                )
            )
        # What stands outside the page is seen by nobody: rests of a table that goes on elsewhere, printers' notes.
        lines = [
            line
            for line, level in zip(lines, upright[bounds[:-1]].tolist(), strict=True)
            if level and -1 < line.y0 < height and line.y1 > 0 and line.x1 > 0 and line.x0 < width
        ]
        return PageLines(_ordered(lines, gutters), width, height)

    def _words(
        self, raw: Any, codes: np.ndarray, places: Sequence[int], frame: tuple[float, float, float, float]
    ) -> tuple[_Words, np.ndarray, int]:
        """The words of a page, for each whether it runs level (bool[n]), and how far the page was turned for that."""
        gap = (
            (codes <= 32)
            | (codes == 0xA0)
            | ((codes >= 0x2000) & (codes <= 0x200B))
            | ((codes >= HYPHEN) & (codes < 0x10000))
        )
        edges = np.flatnonzero(np.diff(np.concatenate(([True], gap, [True])).astype(np.int8)))
        start, end = edges[::2], edges[1::2] - 1
        indices = np.stack((start, end), 1).ravel().tolist()
        boxes = self._sampled(raw, [places[index] for index in indices])
        boxes = np.clip(boxes - [frame[0], frame[1], frame[0], frame[1]], -1e5, 1e5)
        # Wide tables are set sideways, and some files are turned whole.
        ways = np.bincount(_ways(boxes[::2], boxes[1::2]), minlength=5)[1:]
        turn = 90 * int(ways.argmax())
        boxes = _turned(boxes, turn, frame[2], frame[3])
        level = _ways(boxes[::2], boxes[1::2]) <= _RIGHTWARDS
        a, b = boxes[::2], boxes[1::2]
        words = _Words(
            start,
            end,
            np.minimum(a[:, 0], b[:, 0]),
            np.maximum(a[:, 2], b[:, 2]),
            a[:, 1],
            a[:, 3],
            b[:, 1],
            b[:, 3],
        )
        return words, level, turn

    def _sampled(self, raw: Any, indices: Sequence[int]) -> np.ndarray:
        """The boxes of some characters, float64[n, 4]: left, lower, right, upper end."""
        handle = ctypes.c_void_p(ctypes.cast(raw, ctypes.c_void_p).value)
        parts = []
        for at in range(0, len(indices), _CHUNK):
            some = indices[at : at + _CHUNK]
            ctypes.memset(self._boxes, 0, _BOX * len(some))
            deque(map(self._box, repeat(handle), some, self._pointers), maxlen=0)
            part = np.frombuffer(self._boxes, np.float32, 4 * len(some)).reshape(-1, 4)
            parts.append(part[:, [0, 3, 2, 1]].astype(np.float64))
        boxes = np.concatenate(parts) if parts else np.zeros((0, 4))
        # Numbers without bounds come from hostile files only.
        return np.clip(np.nan_to_num(boxes), -1e5, 1e5)

    def _heavy(self, raw: Any, index: int) -> bool:
        length = pdfium.FPDFText_GetFontInfo(raw, index, self._name, len(self._name), None)
        if not 0 < length <= len(self._name):
            return False
        name = self._name.raw[:length]
        heavy = self._faces.get(name)
        if heavy is None:
            text = name.decode("latin-1").lower()
            heavy = self._faces[name] = any(mark in text for mark in _HEAVY)
        return heavy

    def _content(self, drawn: _Drawn, size: float, first: int, last: int) -> tuple[str, int]:
        """The text of the words from `first` to before `last`, and how many cells it has."""
        text, words, scripts = drawn.text, drawn.words, drawn.scripts
        pieces: list[str] = []
        cells = 1
        for word in range(first, last):
            begin, end = int(words.start[word]), int(words.end[word])
            piece = text[begin : end + 1]
            raised = scripts[word] == _RAISED
            if raised:
                piece = _script("".join(pieces[-2:]), piece)
            elif scripts[word] == _RAISED_END and not piece[-1].isalpha():
                piece = self._scripted(drawn, word, size)
            if pieces:
                space = float(words.x0[word] - words.x1[word - 1])
                drawn_apart = "\n" in text[int(words.end[word - 1]) + 1 : begin]
                if space > _CELL * size and not (word == first + 1 and _LABEL.match(pieces[0])):
                    pieces.append(" | ")
                    cells += 1
                elif space < _RISE * size and (
                    (raised and not piece[0].isalpha()) or (drawn_apart and piece[0] in ",.;:)]")
                ):
                    pieces.append("")
                else:
                    pieces.append(" ")
            pieces.append(piece)
        return "".join(pieces), cells

    def _scripted(self, drawn: _Drawn, word: int, size: float) -> str:
        """A word whose last characters are raised, with them written as a script."""
        begin, base = int(drawn.words.start[word]), float(drawn.words.y0[word])
        piece = drawn.text[begin : int(drawn.words.end[word]) + 1]
        cut = len(piece)
        while cut > 1 and not piece[cut - 1].isalpha():
            box = self._sampled(drawn.raw, [drawn.places[begin + cut - 1]])[0]
            if box[1] - base <= _RISE * size:
                break
            cut -= 1
        return piece[:cut] + _script(piece[:cut], piece[cut:])


def _medians(values: np.ndarray, spans: Sequence[tuple[int, int]]) -> list[float]:
    """The median of each span; in plain Python, for numpy's takes longer on a few numbers."""
    plain = values.tolist()
    return [sorted(plain[first:last])[(last - first) // 2] for first, last in spans]


def _scripts(words: _Words, lower: np.ndarray, size: np.ndarray) -> np.ndarray:
    """int8[n]: whether a word is raised (1) or its end is (2), by its line's lower end and height (float64[n] each)."""
    raised = (words.y0 - lower > _RISE * size) & (words.y1 - words.y0 < _SCRIPT * size)
    end = (words.tail0 - words.y0 > _RISE * size) & (
        words.tail1 - words.tail0 < _SCRIPT * (words.y1 - words.y0)
    )
    return np.where(raised, _RAISED, np.where(end & (words.end > words.start), _RAISED_END, 0)).astype(
        np.int8
    )


def _wide(words: _Words, size: np.ndarray) -> np.ndarray:
    """bool[n]: whether a word stands so far from the one before it that it begins a cell."""
    wide = np.zeros(len(size), np.bool_)
    wide[1:] = words.x0[1:] - words.x1[:-1] > _CELL * size[1:]
    return wide


def _text(raw: Any, count: int) -> str:
    buffer = ctypes.create_string_buffer(2 * (2 * count + 1))
    units = pdfium.FPDFText_GetText(raw, 0, count, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)))
    return buffer.raw[: 2 * max(0, units - 1)].decode("utf-16-le", "replace")


def _places(raw: Any, text: str, codes: np.ndarray, count: int) -> Sequence[int]:
    """For each character of the text, its index among pdfium's, which are units of UTF-16; some have no text."""
    units: Sequence[int] = range(len(text))
    if codes.max(initial=0) > 0xFFFF:
        astral = codes > 0xFFFF
        units = (np.arange(len(text)) + np.cumsum(astral) - astral).tolist()
    if len(text) + int(np.count_nonzero(codes > 0xFFFF)) == count:
        return units
    return [min(max(0, pdfium.FPDFText_GetCharIndexFromTextIndex(raw, unit)), count - 1) for unit in units]


def _turned(boxes: np.ndarray, degrees: int, width: float, height: float) -> np.ndarray:
    """Boxes on a page of this width and height after it was turned clockwise."""
    x0, y0, x1, y1 = boxes.T
    if degrees == 90:
        return np.stack((y0, width - x1, y1, width - x0), 1)
    if degrees == 180:
        return np.stack((width - x1, height - y1, width - x0, height - y0), 1)
    if degrees == 270:
        return np.stack((height - y1, x0, height - y0, x1), 1)
    return boxes


_RIGHTWARDS = 1


def _ways(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """int64[n]: which way words run, by the boxes of their first and last characters.

    1 is rightwards, 2 upwards, 3 leftwards, 4 downwards; 0 is not to be told of one character.
    """
    x = last[:, 0] + last[:, 2] - first[:, 0] - first[:, 2]
    y = last[:, 1] + last[:, 3] - first[:, 1] - first[:, 3]
    steep = np.abs(y) > 2 * np.abs(x)
    ways = np.where(steep, np.where(y > 0, 2, 4), np.where(x > 0, _RIGHTWARDS, 3))
    return np.where(np.maximum(np.abs(x), np.abs(y)) < 4.0, 0, ways)


def _script(before: str, script: str) -> str:
    """Raised characters as text: a citation's numbers in brackets, an exponent after ``^``, marks as they are."""
    core = script.strip("[](),;")
    if not any(c.isdigit() for c in core) or not all(c.isdigit() or c in ",-–−+ " for c in core):
        return script
    before = before.rstrip()
    word = before.rpartition(" ")[2]
    if (
        before[-1:].isdigit()
        or before[-1:] in "×)"
        or core[0] in "-−–+"
        or (word.isalpha() and len(word) <= 2)
    ):
        return f"^{core}" if len(core) == 1 else f"^{{{core}}}"
    return script if "[" in script else f"[{core}]" + (script[len(core) :] if script.startswith(core) else "")


def _bounds(words: _Words, width: float) -> tuple[np.ndarray, list[float]]:
    """Where lines begin, int64[lines + 1], and at which x the page's columns part."""
    n = len(words.start)
    size = np.maximum(words.y1 - words.y0, 1.0)
    low = np.maximum(words.y0[1:], words.tail0[:-1])
    high = np.minimum(words.y1[1:], words.tail1[:-1])
    overlap = (high - low) / np.minimum(size[1:], np.maximum(words.tail1[:-1] - words.tail0[:-1], 1.0))
    space = words.x0[1:] - words.x1[:-1]
    reach = np.maximum(size[1:], size[:-1])
    on = (overlap > 0.35) & (space > -0.6 * reach) & (space < _APART * reach)
    gutters = _gutters(words, width)
    for gutter in gutters:
        across = on & (words.x1[:-1] <= gutter + 1) & (words.x0[1:] >= gutter - 1) & (space > 0.9 * reach)
        if _interleaved(words, on, across, gutter):
            on &= ~across
    return np.concatenate(([0], np.flatnonzero(~on) + 1, [n])), gutters


def _gutters(words: _Words, width: float) -> list[float]:
    """Where few words stand between many: the middles of the gaps between columns, from left to right."""
    cells = max(1, min(2000, int(width / 2) + 1))
    cover = np.zeros(cells + 1)
    left = np.clip(words.x0 / 2, 0, cells).astype(np.int64)
    right = np.clip(words.x1 / 2, 0, cells).astype(np.int64)
    np.add.at(cover, left, 1)
    np.add.at(cover, right, -1)
    cover = np.cumsum(cover)
    inside = np.flatnonzero(cover > 0.3 * cover.max(initial=0))
    if len(inside) < 20:
        return []
    first, last = int(inside[0]), int(inside[-1])
    usual = float(np.median(cover[first:last]))
    thin = np.concatenate(([False], cover[first:last] < 0.35 * usual, [False]))
    edges = np.flatnonzero(np.diff(thin.astype(np.int8)))
    found = []
    for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        # A gutter is 8 points and more; columns are not narrower than a sixth of the text.
        if b - a >= 3 and min(a, last - first - b) > (last - first) / 6:
            found.append(2.0 * (first + (a + b) / 2))
    return found if len(found) <= 3 else []


def _interleaved(words: _Words, on: np.ndarray, across: np.ndarray, gutter: float) -> bool:
    """Whether columns were drawn row by row, across the gutter: many rows are, and the left ends of them are full."""
    rows = int(np.count_nonzero(~on)) + 1
    crossing = np.flatnonzero(across)
    if len(crossing) < max(4, 0.4 * rows):
        return False
    ends = words.x1[crossing]
    margin = gutter - float(words.x0.min())
    return bool(np.count_nonzero(gutter - ends < 0.3 * margin) > 0.7 * len(crossing))


def _ordered(lines: list[Line], gutters: Sequence[float]) -> list[Line]:
    """Lines in the order of the file; column by column from the top where that order jumps about."""
    pairs = list(pairwise(lines))
    upwards = sum(
        b.y0 > a.y0 + 0.5 * a.size for a, b in pairs if b.y0 > a.y1 + a.size or (a.x0 < b.x1 and b.x0 < a.x1)
    )
    across = sum(b.x0 > a.x1 and b.y0 > a.y0 - 0.5 * a.size for a, b in pairs)
    # Tables drawn cell by cell go across too, but seldom from line to line; columns drawn row by row at every second.
    if upwards <= max(3, 0.25 * len(lines)) and (not gutters or across < max(4, 0.42 * len(lines))):
        return lines
    columns: list[list[Line]] = [[] for _ in range(len(gutters) + 1)]
    ordered: list[Line] = []
    for line in sorted(lines, key=lambda line: (-round(line.y0 / max(line.size, 1) * 2), line.x0)):
        here = sum(line.x0 >= gutter - 1 for gutter in gutters)
        if here < sum(line.x1 > gutter + 1 for gutter in gutters):
            for column in columns:
                ordered += column
                column.clear()
            ordered.append(line)
        else:
            columns[here].append(line)
    return ordered + [line for column in columns for line in column]
