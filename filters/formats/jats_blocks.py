"""Writes the tree of a JATS article as blocks of text: paragraphs, headings, lists, tables, formulae."""

# ruff: noqa: RUF001 - dashes of every kind are what authors write
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from colophon.filters.formats.jats_plain import empty, make_plain, text_of, tidy
from colophon.filters.formats.xml_blocks import Flow
from colophon.filters.formats.xml_parsing import names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml import etree

__all__ = ["blocks_of", "person", "title_of"]


_OASIS = "{http://www.niso.org/ns/oasis-exchange/table}"

# libxml2 itself refuses 256 levels; blocks nested deeper than this are written as one run of words.
_DEEPEST = 60
# Empty cells that stand for spans, per table: a span of a million columns is an attack.
_MOST_PADDING = 10_000

_CLICK = re.compile(r"\s*Click here (?:for|to view)(?: additional)?(?: data)? file\.?(?:\s*\([^)]*\))?\s*")
# What a publisher's system writes about files that are not here; their captions stay.
_NOTICE = re.compile(
    r"(?:The online version of this article \([^()]{5,80}\) contains supplementary material, which is available to "
    r"authorized users|Below is the link to the electronic supplementary material"
    r"|Supplementary (?:material|information|data)(?: \d+)? \([A-Za-z]{3,5},? [\d.,]+ [kKM]B\))\.?"
)


def _join(head: str, rest: str) -> str:
    """A label or a title and what follows it on the same line."""
    if not head or not rest:
        return head or rest
    return f"{head} {rest}" if head[-1] in ".:;?!)]" or not any(map(str.isalpha, head)) else f"{head}. {rest}"


class _Flow(Flow):
    __slots__ = ("mixed",)

    def __init__(self, *, references: bool) -> None:
        super().__init__(references=references)
        self.mixed: set[etree._Element] = set()

    def emit(self, text: str | None) -> None:
        """Add a paragraph, if there is anything in it that could be read."""
        if not text or not (text := tidy(text)):
            return
        if "Click here" in text:
            text = _CLICK.sub("", text)
        if "upplementary" in text and _NOTICE.fullmatch(text):
            return
        if len(text) > 3 or any(map(str.isalnum, text)):
            self.blocks.append(text)

    def emit_lines(self, lines: list[str]) -> None:
        """Add one block of several lines."""
        if any(lines):
            self.blocks.append("\n".join(filter(None, lines)))


def _walk(element: etree._Element, flow: _Flow) -> None:
    """Write the blocks in an element, and the running text between them as paragraphs."""
    run: list[str] = []
    later: list[etree._Element] = []
    _gather(element, flow, run, later)
    flow.emit("".join(run))
    for floating in later:
        _BLOCKS[floating.tag](floating, flow)


def _gather(element: etree._Element, flow: _Flow, run: list[str], later: list[etree._Element]) -> None:
    if flow.depth >= _DEEPEST:
        run.append(text_of(element))
        return
    flow.depth += 1
    if element.text:
        run.append(element.text)
    for child in element:
        write = _BLOCKS.get(child.tag)
        if write is None:
            if child in flow.mixed:
                _gather(child, flow, run, later)
            else:
                run.append(text_of(child))
        else:
            pending = any(text and not text.isspace() for text in run)
            if pending and child.tag in _FLOATING:
                later.append(child)
            elif pending and child.tag == "code" and "\n" not in text_of(child).strip():
                run.append(text_of(child))
            else:
                flow.emit("".join(run))
                run.clear()
                write(child, flow)
        if child.tail:
            run.append(child.tail)
    flow.depth -= 1


def _paragraph(element: etree._Element, flow: _Flow) -> None:
    if element in flow.mixed:
        _walk(element, flow)
    else:
        flow.emit(text_of(element))


def _heading(element: etree._Element, flow: _Flow) -> None:
    label = element.getprevious()
    before = tidy(text_of(label)) if label is not None and label.tag == "label" else ""
    flow.emit(_join(before, tidy(text_of(element))))


def _section(element: etree._Element, flow: _Flow) -> None:
    """A heading and what stands under it; nothing if nothing does."""
    blocks = flow.inside(_walk, element)
    title = element.find("title")
    if title is None or blocks != flow.inside(_heading, title):
        flow.blocks += blocks


def _label(element: etree._Element, flow: _Flow) -> None:
    following = element.getnext()
    if following is None or following.tag != "title":
        flow.emit(text_of(element))


def _take(element: etree._Element, tag: str) -> str:
    """The words of a child, which is emptied, so that nobody writes them again."""
    child = element.find(tag)
    if child is None:
        return ""
    words = tidy(text_of(child))
    empty(child)
    return words


def _captioned(element: etree._Element, flow: _Flow) -> None:
    """A figure, table, box or file: ``label. title. caption`` and then what it holds."""
    label, title = _take(element, "label"), _take(element, "title")
    caption: list[str] = []
    for part in element.iterchildren("caption"):
        title = _join(title, _take(part, "title"))
        caption += flow.inside(_walk, part)
        empty(part)
    rest = flow.inside(_walk, element)
    if title or caption or rest:
        head = _join(label, title)
        if caption:
            caption[0] = _join(head, caption[0])
        elif head:
            caption = [head]
        flow.blocks += caption
        flow.blocks += rest


class _Spans:
    """Which cells of a table are covered by one to their left or above."""

    def __init__(self) -> None:
        self._rows_left: dict[int, int] = {}
        self._padding = 0

    def pad(self, cells: list[str]) -> None:
        """Add empty cells where cells of earlier rows reach into this one."""
        while self._rows_left.get(len(cells), 0) > 0:
            self._rows_left[len(cells)] -= 1
            cells.append("")

    def add(self, cells: list[str], text: str, across: int, down: int) -> None:
        """Add a cell that covers `across` columns and `down` rows."""
        self._padding += across * down - 1
        if self._padding > _MOST_PADDING:
            across, down = 1, 1
        for column in range(len(cells), len(cells) + across if down > 1 else 0):
            self._rows_left[column] = down - 1
        cells += [text, *[""] * (across - 1)]


def _span(number: str | None) -> int:
    """How many columns or rows a cell says that it covers; 1 if it says nothing sensible."""
    return max(1, int(number)) if number and number.isascii() and number.isdigit() and len(number) < 5 else 1


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    """The rows of a table, not those of tables in its cells."""
    for row in table.iter("tr", _OASIS + "row"):
        owner = row.getparent()
        while owner is not None and owner.tag not in {"table", "array", _OASIS + "table"}:
            owner = owner.getparent()
        if owner is table:
            yield row


def _table(element: etree._Element, flow: _Flow) -> None:
    """One line for each row, cells apart by ``|``; a cell that spans others is followed by empty ones."""
    lines: list[str] = []
    spans = _Spans()
    for row in _rows(element):
        cells: list[str] = []
        for cell in row:
            spans.pad(cells)
            if cell in flow.mixed:
                text = " ".join(flow.inside(_walk, cell)).replace("\n", " ")
            else:
                text = tidy(text_of(cell))
            spans.add(cells, text, _span(cell.get("colspan")), _span(cell.get("rowspan")))
        spans.pad(cells)
        if any(cells):
            lines.append(" | ".join(cells).strip().replace("|  |", "| |").replace("|  |", "| |"))
    flow.emit_lines(lines)


def _bullets(kind: str, number: int) -> str:
    if kind == "order":
        return f"{number}."
    if kind.startswith("alpha") and number <= 26:
        return f"{chr((96 if kind == 'alpha-lower' else 64) + number)}."
    if kind.startswith("roman"):
        roman, rest = "", number
        for value, sign in ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
            roman += sign * (rest // value)
            rest %= value
        return f"{roman if kind == 'roman-lower' else roman.upper()}."
    return "" if kind == "simple" else "-"


def _list(element: etree._Element, flow: _Flow) -> None:
    """One line for each item; further paragraphs and lists in it are indented by two spaces."""
    kind = element.get("list-type", "bullet")
    lines: list[str] = []
    for child in element:
        if child.tag != "list-item":
            lines += flow.inside(_BLOCKS.get(child.tag, _paragraph), child)
            continue
        mark = _take(child, "label") or _bullets(kind, 1 + len(lines))
        blocks = flow.inside(_walk, child)
        if blocks:
            text = "\n".join(blocks).replace("\n", "\n  ")
            lines.append(f"{mark} {text}".strip())
    flow.emit_lines(lines)


def _definitions(element: etree._Element, flow: _Flow) -> None:
    """One line for each: ``term: definition``."""
    lines: list[str] = []
    for child in element:
        if child.tag != "def-item":
            lines += flow.inside(_BLOCKS.get(child.tag, _paragraph), child)
            continue
        terms = ", ".join(filter(None, (tidy(text_of(term)) for term in child.iterchildren("term"))))
        meaning = " ".join(
            block for definition in child.iterchildren("def") for block in flow.inside(_walk, definition)
        )
        if terms or meaning:
            separator = " " if terms[-1:] in ":=–" else ": "
            lines.append(separator.join(filter(None, (terms, meaning))))
    flow.emit_lines(lines)


def _verse(element: etree._Element, flow: _Flow) -> None:
    """Line by line; a title, a nested group and an attribution stand apart."""
    lines: list[str] = []
    for child in element:
        if child.tag == "verse-line":
            lines.append(tidy(text_of(child)))
            continue
        flow.emit_lines(lines)
        lines = []
        _BLOCKS.get(child.tag, _paragraph)(child, flow)
    flow.emit_lines(lines)


def _verbatim(element: etree._Element, flow: _Flow) -> None:
    text = text_of(element).strip("\r\n").rstrip()
    if text:
        flow.blocks.append(text)


def _formula(element: etree._Element, flow: _Flow) -> None:
    """A displayed formula with its number behind it."""
    number = _take(element, "label")
    if number.isalnum():
        number = f"({number})"
    for formula in flow.inside(_walk, element):
        flow.blocks.append(f"{formula} {number}".rstrip())
        number = ""


def _note(element: etree._Element, flow: _Flow) -> None:
    mark = _take(element, "label")
    text = " ".join(flow.inside(_walk, element))
    if text:
        flow.blocks.append(f"{mark} {text}".lstrip())


def _table_foot(element: etree._Element, flow: _Flow) -> None:
    lines = flow.inside(_walk, element)
    flow.emit_lines(lines)


def _reference_list(element: etree._Element, flow: _Flow) -> None:
    """Nothing, or the title and one line for each reference."""
    if flow.references:
        _walk(element, flow)


def _reference(element: etree._Element, flow: _Flow) -> None:
    mark = _take(element, "label")
    text = " ".join(filter(None, map(_cite, element)))
    if text:
        flow.blocks.append(f"{mark} {text}".lstrip())


def _cite(citation: etree._Element) -> str:
    """One reference: as printed, or, where only fields are given, put together from them."""
    if citation.tag == "citation-alternatives":
        return _cite(citation[0]) if len(citation) else ""
    if citation.tag not in {"element-citation", "nlm-citation"}:
        return tidy(text_of(citation))
    names = ", ".join(filter(None, map(person, citation.iter("name", "string-name", "collab"))))
    fields = ("article-title", "chapter-title", "data-title", "source", "year", "volume", "fpage", "pub-id")
    values = [tidy(text_of(found)) for tag in fields if (found := citation.find(tag)) is not None]
    return ". ".join(value.rstrip(".") for value in (names, *values) if value)


_BLOCKS: dict[str, Callable[[etree._Element, _Flow], None]] = {
    "p": _paragraph,
    "title": _heading,
    "label": _label,
    "sec": _section,
    "app": _section,
    "list": _list,
    "def-list": _definitions,
    "verse-group": _verse,
    "code": _verbatim,
    "preformat": _verbatim,
    "disp-formula": _formula,
    "fn": _note,
    "ref-list": _reference_list,
    "ref": _reference,
    "table": _table,
    "array": _table,
    _OASIS + "table": _table,
    "table-wrap-foot": _table_foot,
    **dict.fromkeys(("subtitle", "attrib", "speaker", "verse-line"), _paragraph),
    **dict.fromkeys(
        names(
            "fig fig-group table-wrap table-wrap-group boxed-text supplementary-material media chem-struct-wrap "
            "chem-struct-wrapper"
        ),
        _captioned,
    ),
    **dict.fromkeys(
        names(
            "abstract app-group back body caption def disp-formula-group disp-quote explanation "
            "floats-group fn-group glossary list-item notes question question-wrap answer speech "
            "statement"
        ),
        _walk,
    ),
}

_FLOATING = frozenset(
    names(
        "fig fig-group table-wrap table-wrap-group boxed-text supplementary-material media fn chem-struct-wrap"
    )
)

# Sections behind an article that speak of the paper and its makers instead of the matter.
_ADMINISTRATIVE = re.compile(
    r"acknowledg|funding|financ|conflict|compet|disclos|declar|interest|contribut|ethic|consent|"
    r"supplement(?:ary|al)\s(?:material|information|data|file)|additional[\s-](?:file|information)|"
    r"availab|accessib|author|publisher|peer.review|permission|datasets?$|web.resources|hosting|program$|^ack$|"
    r"supplementary-material|editor",
    re.IGNORECASE,
)


def _matter(article: etree._Element) -> Iterator[etree._Element]:
    """The parts of an article that are its text, in the order of reading."""
    yield from article.iterfind("front/article-meta/abstract")
    yield from article.iterfind("front-stub/abstract")
    yield from article.iterchildren("body")
    yield from article.iterchildren("floats-group", "floats-wrap")
    pointed = {
        number
        for body in article.iterchildren("body")
        for xref in body.iterfind(".//xref[@ref-type='fn']")
        for number in xref.get("rid", "").split()
    }
    for back in article.iterchildren("back"):
        for part in back:
            if part.tag == "fn-group":
                yield from (note for note in part.iterchildren("fn") if note.get("id") in pointed)
            elif part.tag in {"app-group", "app", "glossary", "def-list", "ref-list"}:
                yield part
            elif part.tag == "sec":
                title = part.find("title")
                about = [part.get("sec-type", ""), "" if title is None else tidy(text_of(title))]
                if not any(_ADMINISTRATIVE.search(words) for words in about):
                    yield part
                else:
                    # What a file of data or a film shows is said nowhere else.
                    files = list(part.iter("supplementary-material"))
                    yield from (
                        file for file in files if not any(file.iterancestors("supplementary-material"))
                    )
            elif part.tag == "supplementary-material":
                yield part


def blocks_of(article: etree._Element, *, references: bool) -> list[str]:
    """The blocks of an article without its title; the tree is changed on the way."""
    flow = _Flow(references=references)
    for part in _matter(article):
        if part.tag == "ref-list" and not references:
            continue
        make_plain(part)
        flow.mixed = _mixed(part)
        _BLOCKS[part.tag](part, flow)
    return flow.blocks


def _mixed(part: etree._Element) -> set[etree._Element]:
    """The elements that hold blocks, so that their text is not one run of characters."""
    mixed: set[etree._Element] = set()
    for block in part.iter(*_BLOCKS):
        parent = block.getparent()
        while parent is not None and parent not in mixed:
            mixed.add(parent)
            if parent.tag in _BLOCKS:
                break
            parent = parent.getparent()
    return mixed


def title_of(article: etree._Element) -> str:
    """The title, with the subtitle behind a colon and without notes."""
    group = article.find("front/article-meta/title-group")
    if group is None:
        group = article.find("front-stub/title-group")
    if group is None:
        return ""
    for note in group.iter("fn", "xref"):
        empty(note)
    make_plain(group)
    title, subtitle = (
        tidy(text_of(found)) if found is not None else ""
        for found in map(group.find, ("article-title", "subtitle"))
    )
    separator = " " if title[-1:] in {"?", "!", ":", "."} else ": "
    return f"{title}{separator}{subtitle}" if title and subtitle else title or subtitle


def _words_beside(element: etree._Element, others: set[str]) -> str:
    """The words of an element without those of some children."""
    parts = [
        element.text,
        *(part for child in element for part in ("" if child.tag in others else text_of(child), child.tail)),
    ]
    return tidy("".join(filter(None, parts)))


def person(name: etree._Element) -> str:
    """A name in the order in which it is printed."""
    if name.tag == "anonymous":
        return "Anonymous"
    if name.tag == "collab":
        return _words_beside(
            name, {"contrib-group", "contrib", "contrib-id", "xref", "aff", "address", "email"}
        )
    if name.tag == "string-name" and (name.text or any(part.tail for part in name)):
        return tidy(text_of(name))
    order = ["prefix", "given-names", "surname", "suffix"]
    if name.get("name-style") == "eastern":
        order = ["prefix", "surname", "given-names", "suffix"]
    return " ".join(
        filter(None, (tidy(text_of(part)) for tag in order if (part := name.find(tag)) is not None))
    )
