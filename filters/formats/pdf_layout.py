"""From lines that stand on pages to paragraphs that can be read."""
# ruff: noqa: RUF001 - dashes and stops of every kind are what authors write

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from unicodedata import normalize

from colophon.filters.formats.bibliographic import REFERENCE_HEADINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from colophon.filters.formats.pdf_lines import Line, PageLines

__all__ = [
    "CAPTION",
    "HEADING",
    "TABLE",
    "TEXT",
    "Paragraph",
    "body_size",
    "paragraphs_of",
    "without_running_heads",
]

TEXT, HEADING, CAPTION, TABLE = "text", "heading", "caption", "table"

# Running heads, feet and page numbers stand in the outer eighths of a page's height.
_OUTER = 0.125
# The same words at nearly the same height of another page, points.
_SAME_HEIGHT = 6.0
# Where other pages have a running head, a page of another kind (left, first) has its own, points and characters.
_SAME_LINE = 1
_LONGEST_HEAD = 120

_TWO_LETTERS = re.compile(r"[^\W\d_]{2}")
_LETTERS = re.compile(r"[^\W\d_]+")
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|seite|p\.)\s*)?[a-z]?\d{1,5}(?:\s*(?:/|of|von|de|sur)\s*\d{1,5})?\W*\Z", re.IGNORECASE
)
_CAPTION = re.compile(
    r"(?:(?:supplementary|extended data|online)\s+)?"
    r"(?:fig(?:ure|s?\.)?|table|tab\.|scheme|chart|plate|box|listing|algorithm|abb(?:ildung|\.)|tabelle|tableau|figura|tabla|tabela)"
    r"\s*(?:S?\d+|[IVX]+\b)",
    re.IGNORECASE,
)
_TABLE_CAPTION = re.compile(r"(?:(?:supplementary|extended data|online)\s+)?tab", re.IGNORECASE)
_SECTION = re.compile(
    r"(?:\d{1,2}\.?\s+|[IVX]+\.\s+)?(?:abstract|summary|introduction|background|methods?|materials? and methods|results|discussion"
    r"|results and discussion|conclusions?|acknowledge?ments?|zusammenfassung"
    rf"|r[eé]sum[eé]|resumen|resumo|appendix(?: [A-Z0-9])?|{REFERENCE_HEADINGS})\s*[:.]?\Z",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVX]{1,4}\.|[A-Z]\.)\s+[^\W\d_]")
_ITEM = re.compile(r"(?:[•●▪■◦‣∙·–—]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)])\s+\S|\[\d{1,3}\]\s")
_END = re.compile(r"[.!?:;。！？]['\"”’»)\]]*(?:\s?\[[\d,–\- ]+\])?\Z")
_WORD_AT_END = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*\Z")
_WORD_AT_START = re.compile(r"[^\W\d_]+")
_BROKEN_ADDRESS = re.compile(r"(?:https?:|\S*(?:://|www\.|doi\.org)\S*[/\-_.=:?&])\Z")
_LIGATURES = {
    "ﬀ": "ff",
    "ﬁ": "fi",
    "ﬂ": "fl",
    "ﬃ": "ffi",
    "ﬄ": "ffl",
    "ﬅ": "st",
    "ﬆ": "st",
    "\xad": "",
    "\u200b": "",
}
_CONTROLS: dict[str, str] = {chr(point): " " for point in (*range(0x20), 0x7F)}
_PLAIN = str.maketrans({**_LIGATURES, **_CONTROLS})
_LONGEST_HEADING = 16
# Words that are syllables of many others.
_SYLLABLES = frozenset(
    {
        "the",
        "and",
        "for",
        "per",
        "pro",
        "con",
        "not",
        "out",
        "any",
        "all",
        "are",
        "can",
        "was",
        "her",
        "his",
        "its",
    }
    | {"one", "our", "over", "under", "inter", "with", "than", "that", "port", "form"}
)
# Letters of formulae, which Unicode has for each face apart.
_FACES = re.compile("[\U0001d400-\U0001d7ff]")


@dataclass(slots=True)
class Paragraph:
    """A paragraph, heading, caption or table.

    Attributes:
        text: Its words; a table's rows on lines of their own.
        kind: `TEXT`, `HEADING`, `CAPTION` or `TABLE`.
        lines: The lines it was made of.
    """

    text: str
    kind: str
    lines: list[Line]

    @property
    def page(self) -> int:
        """The number of the page where it begins, from 0."""
        return self.lines[0].page

    @property
    def size(self) -> float:
        """The usual height of its lines, points."""
        return sorted(line.size for line in self.lines)[len(self.lines) // 2]


def without_running_heads(pages: Sequence[PageLines]) -> tuple[list[Line], list[Line]]:
    """Part the lines from those that return, but for their digits, at the same height of several pages.

    Returns:
        (lines of the text in their order, running heads and feet and page numbers).
    """
    outer = [(line, page.height) for page in pages for line in page.lines if _is_outer(line, page.height)]
    seen: dict[tuple[str, int], set[int]] = defaultdict(set)
    for line, _ in outer:
        seen[_masked(line.text), round(line.y0 / _SAME_HEIGHT)].add(line.page)
    running = set()
    heights = set()
    for line, _ in outer:
        words, height = _masked(line.text), round(line.y0 / _SAME_HEIGHT)
        if any(seen.get((words, near), set()) - {line.page} for near in (height - 1, height, height + 1)):
            running.add(id(line))
            heights.add(round(line.y0))
    if len(pages) > 1:
        for page in pages:
            running.update(_at_edges(page, running, heights))
    kept = [line for page in pages for line in page.lines if id(line) not in running]
    return kept, [line for page in pages for line in page.lines if id(line) in running]


def _is_outer(line: Line, height: float) -> bool:
    return line.y0 > (1 - _OUTER) * height or line.y1 < _OUTER * height


def _at_edges(page: PageLines, running: set[int], heights: set[int]) -> Iterator[int]:
    """The highest and the lowest line that is left, if it is a page's number or stands where others' running heads do."""
    left = [line for line in page.lines if id(line) not in running]
    for line in (min(left, key=_lower), max(left, key=_lower)) if left else ():
        returns = len(line.text) < _LONGEST_HEAD and not heights.isdisjoint(
            range(round(line.y0) - _SAME_LINE, round(line.y0) + _SAME_LINE + 1)
        )
        if _is_outer(line, page.height) and (returns or _PAGE_NUMBER.match(line.text)):
            yield id(line)


def _lower(line: Line) -> float:
    return line.y0


def _masked(text: str) -> str:
    """What makes a running head the same on another page: its letters, without numbers and signs."""
    return " ".join(_LETTERS.findall(text.lower()))


def body_size(lines: Iterable[Line]) -> float:
    """The height of most of the text's letters, points; 0 without text."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(2 * line.size) / 2] += len(line.text)
    return max(sizes, key=lambda size: (sizes[size], size), default=0.0)


def paragraphs_of(lines: Sequence[Line]) -> list[Paragraph]:
    """Join lines to paragraphs, words that were hyphenated, and paragraphs that a figure or page parts."""
    for line in lines:
        if not (line.text.isascii() and line.text.isprintable()):
            line.text = _FACES.sub(lambda found: normalize("NFKC", found[0]), line.text.translate(_PLAIN))
    body = body_size(lines)
    leadings = _leadings(lines)
    words = _vocabulary(lines)
    groups: list[list[Line]] = []
    for number, line in enumerate(lines):
        if groups and _goes_on(lines, number, groups[-1], leadings, body):
            groups[-1].append(line)
        else:
            groups.append([line])
    found = [_paragraph(group, words, body) for group in groups]
    return _rejoined([each for each in found if each.text], words, body)


def _ends(text: str) -> bool:
    """Whether a sentence ends with the text; what follows its stop is short."""
    return _END.search(text, max(0, len(text) - 40)) is not None


def _leadings(lines: Sequence[Line]) -> dict[float, float]:
    """The usual distance between the lines of each size."""
    distances: dict[float, list[float]] = defaultdict(list)
    for a, b in pairwise(lines):
        distance = a.y0 - b.y0
        if _same_size(a, b) and 0.5 * a.size < distance < 3 * a.size and a.x0 < b.x1 and b.x0 < a.x1:
            distances[_class(a)].append(distance)
    return {size: sorted(found)[len(found) // 2] for size, found in distances.items()}


def _class(line: Line) -> float:
    return round(2 * line.size) / 2


def _same_size(a: Line, b: Line) -> bool:
    # Another font on one line of a paragraph (a formula, italics) may stand a little higher.
    return abs(a.size - b.size) <= 0.09 * max(a.size, b.size)


def _vocabulary(lines: Sequence[Line]) -> Counter[str]:
    """How often each word, and each compound with hyphens, stands where no line's end breaks it."""
    words: Counter[str] = Counter()
    for line in lines:
        found = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", line.text.lower())
        words.update(found[:-1] if line.hyphen else found)
    return words


def _goes_on(
    lines: Sequence[Line], number: int, group: list[Line], leadings: dict[float, float], body: float
) -> bool:
    """Whether line `number` continues the paragraph of the lines before it."""
    a, b = group[-1], lines[number]
    if _SECTION.match(b.text) or (len(group) == 1 and _SECTION.match(a.text)):
        return False
    below = a.page == b.page and 0.3 * a.size < a.y0 - b.y0 < 3 * a.size and a.x0 < b.x1 and b.x0 < a.x1
    if a.cells > 1 or b.cells > 1:
        return (
            below and a.cells > 1 and b.cells > 1 and not (_CAPTION.match(a.text) or _CAPTION.match(b.text))
        )
    if not below or not _same_size(a, b):
        return not below and _goes_on_elsewhere(group, b, body)
    broken = (a.hyphen or a.text.endswith("-")) and b.text[:1].islower()
    if broken or a.y0 - b.y0 > 1.3 * leadings.get(_class(a), 1.3 * a.size):
        return broken
    if _changes_face(group, b) or (_CAPTION.match(b.text) and (b.opens_bold or _ends(a.text))):
        return False
    return a.bold == b.bold if a.size > 1.15 * body else not _begins(lines, number, group)


def _goes_on_elsewhere(group: list[Line], b: Line, body: float) -> bool:
    """Whether a line at the top of the next column or page continues a paragraph: in the same type, amid a sentence."""
    a = group[-1]
    if abs(a.size - b.size) > 0.045 * a.size or a.size < 0.93 * body or a.bold != b.bold:
        return False
    if _CAPTION.match(group[0].text) or _CAPTION.match(b.text):
        return False
    if a.hyphen or a.text.endswith("-"):
        return True
    return not _ends(a.text) and b.text[:1].islower() and not _is_heading(group, body)


def _changes_face(group: list[Line], b: Line) -> bool:
    """Whether a heading ends before a line, or one begins with it."""
    a = group[-1]
    if a.bold == b.bold:
        return False
    words = sum(len(line.text.split()) for line in group)
    heading = a.bold and len(group) <= 3 and words <= _LONGEST_HEADING and not _CAPTION.match(group[0].text)
    return heading or (b.bold and _ends(a.text))


def _begins(lines: Sequence[Line], number: int, group: list[Line]) -> bool:
    """Whether a line below another looks like a paragraph's first."""
    a, b = group[-1], lines[number]
    step = 0.5 * b.size
    ended = _ends(a.text)
    item = _ITEM.match(b.text)
    if not ended and not item and abs(b.x0 - a.x0) <= step:
        return False
    near = [
        line
        for line in lines[max(0, number - 8) : number + 9]
        if line.page == b.page
        and line.x0 < b.x1
        and b.x0 < line.x1
        and line.cells == 1
        and _same_size(line, b)
    ]
    right = max(line.x1 for line in near)
    left = min(line.x0 for line in near)
    if item and (ended or a.x1 < right - 2 * step or _ITEM.match(group[0].text)):
        return True
    if ended and a.x1 < right - max(4 * step, 0.1 * (right - left)) and not b.text[:1].islower():
        return True
    after = lines[number + 1] if number + 1 < len(lines) else None
    if b.x0 - a.x0 > step and b.x0 - left < 5 * b.size:
        # An indented first line: the next one stands further left again, or the paragraph is one line long.
        hanging = len(group) == 1 and after is not None and abs(after.x0 - b.x0) < step
        return not hanging and (ended or a.x1 < right - 4 * step)
    # Hanging items: the first line stands out to the left of the others.
    return (
        len(group) > 1
        and a.x0 - b.x0 > step
        and abs(group[0].x0 - b.x0) < step
        and abs(group[1].x0 - a.x0) < step
    )


def _paragraph(group: list[Line], words: Counter[str], body: float) -> Paragraph:
    if _CAPTION.match(group[0].text):
        for line in group:
            line.text = line.text.replace(" | ", " ")
    elif any(line.cells > 1 for line in group):
        return Paragraph("\n".join(line.text for line in group), TABLE, group)
    text = group[0].text
    for a, b in pairwise(group):
        text = _joined(text, b.text, words, hyphen=a.hyphen)
    if group[-1].hyphen:
        text += "-"
    kind = TEXT
    if _CAPTION.match(text) and (group[0].opens_bold or group[0].size < 0.97 * body or _labels(text)):
        kind = CAPTION
    elif _is_heading(group, body):
        kind = HEADING
    return Paragraph(text.strip(), kind, group)


def _labels(text: str) -> bool:
    """Whether what begins like a caption goes on like one: not with a verb, as a sentence about a figure does."""
    found = _CAPTION.match(text)
    rest = text[found.end() :] if found else ""
    return bool(re.match(r"[A-Za-z]?\s*[.:|–—]|\s*[A-Z(]|\s*\Z", rest))


def _is_heading(group: list[Line], body: float) -> bool:
    words = sum(len(line.text.split()) for line in group)
    text = group[-1].text
    if len(group) > 3 or words > _LONGEST_HEADING or not any(c.isalpha() for c in group[0].text):
        return False
    if _SECTION.match(group[0].text) and len(group) == 1:
        return True
    if text.endswith((".", ",", ";")) and not group[0].bold:
        return False
    letters = [c for line in group for c in line.text if c.isalpha()]
    capitals = len(letters) > 3 and all(c.isupper() for c in letters)
    if all(line.bold for line in group) or capitals or group[0].size > 1.12 * body:
        return True
    return bool(_NUMBERED.match(group[0].text)) and len(group) == 1 and words <= 10


def _joined(text: str, more: str, words: Counter[str], *, hyphen: bool) -> str:
    """Two lines as one, with the word that the line's end broke made whole."""
    if not hyphen and text.endswith(("-", "\u2010")) and not text.endswith((" -", "--")):
        text, hyphen = text[:-1], True
    if not hyphen:
        address = _BROKEN_ADDRESS.match(text, text.rfind(" ") + 1) and more[:1] not in "(A"
        return text + more if address else f"{text} {more}"
    first, second = _WORD_AT_END.search(text, max(0, len(text) - 80)), _WORD_AT_START.match(more)
    if first is None or second is None or "://" in text.rpartition(" ")[2]:
        return f"{text}-{more}"
    a, b = first[0].lower(), second[0].lower()
    if words[a + b] > words[f"{a}-{b}"]:
        return text + more
    if words[f"{a}-{b}"] or not second[0][0].islower() or "-" in a:
        return f"{text}-{more}"
    # Two words of this text that nowhere stand as one are a compound; a syllable is seldom a word of it.
    compound = min(len(a), len(b)) >= 3 and words[a] > 1 and words[b] and a not in _SYLLABLES
    return f"{text}-{more}" if compound else text + more


def _rejoined(paragraphs: list[Paragraph], words: Counter[str], body: float) -> list[Paragraph]:
    """Paragraphs that a float, a footnote or a page's end parted, made whole."""
    result: list[Paragraph] = []
    open_: Paragraph | None = None
    for each in paragraphs:
        is_text = each.kind == TEXT and abs(each.size - body) <= 0.045 * body
        if (
            is_text
            and open_ is not None
            and open_ is not each
            and (each.text[:1].islower() or open_.text.endswith("-"))
        ):
            dashed = open_.text.endswith("-")
            open_.text = _joined(open_.text[:-1] if dashed else open_.text, each.text, words, hyphen=dashed)
            open_.lines += each.lines
            if _ends(open_.text):
                open_ = None
            continue
        result.append(each)
        if is_text:
            goes_on = not _ends(each.text) and len(each.text.split()) > 5
            open_ = each if goes_on else None
        elif each.kind == HEADING and each.size >= body:
            open_ = None
    return result


def without_drawings(paragraphs: Sequence[Paragraph], body: float) -> list[Paragraph]:
    """Leave out what is written inside figures: numbers of axes and labels, that stand before a figure's caption.

    Numbers stay where they are a table's: below a table's caption.
    """
    inside = [False] * len(paragraphs)
    below = ""
    for number in range(len(paragraphs) - 1, -1, -1):
        each = paragraphs[number]
        if each.kind == CAPTION:
            below = "" if _TABLE_CAPTION.match(each.text) else "figure"
        elif below and (paragraphs[number + 1].page != each.page or not _is_label(each, body)):
            below = ""
        inside[number] = each.kind != CAPTION and bool(below)
    kept: list[Paragraph] = []
    table = False
    for each, drawn in zip(paragraphs, inside, strict=True):
        if each.kind == CAPTION:
            table = _TABLE_CAPTION.match(each.text) is not None
        numbers = _are_numbers(each)
        if not numbers and each.kind == TEXT and len(each.text.split()) > 30:
            table = False
        if not drawn and (table or not numbers):
            kept.append(each)
    return kept


def _is_label(each: Paragraph, body: float) -> bool:
    words = len(each.text.split())
    if _are_numbers(each):
        return True
    return (
        each.size < 1.05 * body
        and words <= 8 * len(each.lines)
        and words < 25
        and not each.text.endswith((".", ":"))
        and (each.kind != HEADING or each.size < 0.97 * body)
    )


def _are_numbers(each: Paragraph) -> bool:
    """Whether hardly a word stands in a paragraph: four in five of its parts have no two letters."""
    parts = [part for part in each.text.split() if part != "|"]
    if _NUMBERED.match(each.text) and each.kind == HEADING:
        return False
    return sum(_TWO_LETTERS.search(part) is not None for part in parts) <= 0.2 * len(parts)
