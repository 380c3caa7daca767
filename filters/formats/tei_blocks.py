"""Writes a TEI tree as blocks of text: paragraphs, headings, verse, speeches, lists, tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from colophon.filters.formats.jats_plain import tidy
from colophon.filters.formats.mathml import linearize
from colophon.filters.formats.xml_blocks import Flow
from colophon.filters.formats.xml_parsing import names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml import etree

__all__ = ["blocks_of", "words_of"]

_MATH = "{http://www.w3.org/1998/Math/MathML}math"

# libxml2 itself refuses 256 levels; what is nested deeper than this is written as one run of words.
_DEEPEST = 100

# Stands for the end of a printed line until it is known whether a word goes on behind it. Not a character.
_LINE = "\ufdd4"
_BROKEN_WORD = re.compile(rf"(?<=[^\W\d_])[-\u00ad]{_LINE}(?=[^\W\d_A-Z])")
_BREAK = re.compile(rf"\s*{_LINE}\s*")


# Nothing that the author wrote to be read: running heads, deletions, pictures, apparatus, the other choice.
_SILENT = frozenset(
    names(
        "fw del graphic rdg gap milestone anchor index certainty respons teiHeader standOff facsimile sourceDoc"
    )
)
_CHOICES = ("reg", "corr", "expan", "lem")
_RAISED = re.compile(r"\bsup", re.IGNORECASE)
_LOWERED = re.compile(r"\bsub", re.IGNORECASE)


def words_of(element: etree._Element) -> str:
    """What an element says, on one line."""
    return _line("".join(_inline(element, [], 0)))


def _line(text: str) -> str:
    if _LINE in text:
        text = _BREAK.sub(" ", _BROKEN_WORD.sub("", text))
    return tidy(text)


def _inline(element: etree._Element, notes: list[etree._Element], depth: int) -> Iterator[str]:
    """The characters in an element; its notes are put aside."""
    if depth > _DEEPEST:
        yield from map(str, element.itertext())
        return
    if element.text:
        yield element.text
    for child in element:
        yield from _of_child(child, notes, depth)
        if child.tail:
            yield child.tail


def _of_child(child: etree._Element, notes: list[etree._Element], depth: int) -> Iterator[str]:
    tag = child.tag
    if tag in {"lb", "pb", "cb"}:
        # A break in a word says so, or follows a hyphen directly.
        if child.get("break") != "no":
            yield _LINE if tag == "lb" else " " if (child.tail or " ")[:1].isspace() else ""
    elif tag in _SILENT or not isinstance(tag, str):
        return
    elif tag == "note":
        notes.append(child)
    elif (rewrite := _REWRITES.get(tag)) is not None:
        yield rewrite(child, notes, depth)
    else:
        if tag in _BLOCKS:
            yield " "
        yield from _inline(child, notes, depth + 1)
        if tag in _BLOCKS:
            yield " "


def _chosen(element: etree._Element, notes: list[etree._Element], depth: int) -> str:
    """The regular, corrected, expanded or preferred reading; the first if none is."""
    chosen = next((found for name in _CHOICES for found in element.iterchildren(name)), None)
    if chosen is None and len(element):
        chosen = element[0]
    return "" if chosen is None else "".join(_inline(chosen, notes, depth + 1))


def _mathematics(element: etree._Element, _notes: list[etree._Element], _depth: int) -> str:
    formula = linearize(element)
    return f"${formula}$" if formula else ""


def _direction(element: etree._Element, notes: list[etree._Element], depth: int) -> str:
    return f" {_staged(_line(''.join(_inline(element, notes, depth + 1))))} "


def _highlighted(element: etree._Element, notes: list[etree._Element], depth: int) -> str:
    """Scripts as ``^2``, ``_{max}``; all else as it is."""
    text = "".join(_inline(element, notes, depth + 1))
    style = element.get("rend", "")
    sign = "^" if _RAISED.search(style) else "_" if _LOWERED.search(style) else ""
    text = text.strip() if sign else text
    if not sign or not text:
        return text
    return f"{sign}{text}" if len(text) == 1 else f"{sign}{{{text}}}"


def _formula_text(element: etree._Element, notes: list[etree._Element], depth: int) -> str:
    """A formula between dollars if it is TeX or MathML; else as the printed page was read."""
    label = element.find("label")
    number = "" if label is None else words_of(label)
    if label is not None:
        tail = label.tail
        label.clear()
        label.tail = tail
    text = _line("".join(_inline(element, notes, depth + 1)))
    if element.get("notation", "").lower() in {"tex", "latex"}:
        text = text.strip("$").strip()
        text = f"${text}$" if text else ""
    if number.isalnum():
        number = f"({number})"
    return f"{text} {number}".strip()


def _staged(text: str) -> str:
    """A stage direction in a speech, told apart from what is spoken."""
    return text if not text or text[0] in "([" else f"({text})"


_REWRITES: dict[str, Callable[[etree._Element, list[etree._Element], int], str]] = {
    "choice": _chosen,
    "app": _chosen,
    _MATH: _mathematics,
    "formula": _formula_text,
    "stage": _direction,
    "hi": _highlighted,
}


class _Flow(Flow):
    __slots__ = ()

    def emit(self, text: str) -> None:
        if text and (len(text) > 3 or any(map(str.isalnum, text))):
            self.blocks.append(text)


def _walk(element: etree._Element, flow: _Flow) -> None:
    """Write the blocks in an element, and the running text between them as paragraphs."""
    if flow.depth >= _DEEPEST:
        flow.emit(words_of(element))
        return
    flow.depth += 1
    run: list[str] = [element.text or ""]
    notes: list[etree._Element] = []
    verse: list[str] = []

    def end_run() -> None:
        flow.emit(_line("".join(run)))
        run.clear()

    def end_verse() -> None:
        flow.emit("\n".join(verse))
        verse.clear()

    for child in element:
        write = _BLOCKS.get(child.tag)
        if child.tag == "l":
            end_run()
            verse.append(_line("".join(_inline(child, notes, flow.depth))))
        elif write is None or _in_sentence(child, run):
            run += _of_child(child, notes, flow.depth)
        else:
            end_run()
            end_verse()
            write(child, flow)
        tail = child.tail
        if tail and (run or not tail.isspace()):
            if verse and not tail.isspace():
                end_verse()
            run.append(tail)
    end_run()
    end_verse()
    for note in notes:
        _note(note, flow)
    flow.depth -= 1


def _in_sentence(child: etree._Element, run: list[str]) -> bool:
    """Whether an element that may stand alone stands in a sentence here."""
    if child.tag not in _EITHER:
        return False
    parent = child.getparent()
    return any(text and not text.isspace() for text in run) or (
        parent is not None and parent.tag in {"p", "ab", "head", "seg", "q"}
    )


def _heading(element: etree._Element, flow: _Flow) -> None:
    notes: list[etree._Element] = []
    text = _line("".join(_inline(element, notes, 0)))
    number = (element.get("n") or "").strip()
    # GROBID takes the number out of the heading.
    flow.emit(f"{number} {text}" if number and text and not text.startswith(number) else text)
    for note in notes:
        _note(note, flow)


def _section(element: etree._Element, flow: _Flow) -> None:
    kind = f"{element.get('type', '')} {element.get('subtype', '')}"
    if not flow.references and _REFERENCES.search(kind):
        return
    if not _ABOUT.search(kind):
        _walk(element, flow)


def _speech(element: etree._Element, flow: _Flow) -> None:
    """``NAME. `` before the first paragraph of what is spoken, or on the line above verse."""
    head: list[str] = []
    for child in list(element):
        if child.tag not in {"speaker", "stage", "lb", "pb", "cb", "milestone"}:
            break
        if child.tag in {"speaker", "stage"}:
            text = words_of(child)
            if child.tag == "stage":
                text = _staged(text)
            elif text and text[-1].isalnum():
                text += "."
            head.append(text)
        element.remove(child)
    element.text = None
    name = " ".join(filter(None, head))
    first = next(
        (
            child.tag
            for child in element
            if isinstance(child.tag, str) and child.tag not in {"pb", "lb", "cb"}
        ),
        "",
    )
    blocks = flow.inside(_walk, element)
    if name and blocks:
        blocks[0] = f"{name}{chr(10) if first in {'l', 'lg'} else ' '}{blocks[0]}"
    flow.blocks += blocks or [name] * bool(name)


def _note(element: etree._Element, flow: _Flow) -> None:
    if element.get("type") in {"editorial", "raw_affiliation"}:
        return
    text = " ".join(flow.inside(_walk, element))
    mark = (element.get("n") or "").strip()
    flow.emit(f"{mark} {text}" if mark and text and not text.startswith(mark) else text)


def _figure(element: etree._Element, flow: _Flow) -> None:
    """``head. caption`` and then what it holds; lines of a table that was not taken apart stay lines."""
    head, label = element.find("head"), element.find("label")
    said = words_of(head) if head is not None else ""
    if not said and label is not None:
        said = words_of(label)
    captions = [words_of(caption) for caption in element.iterchildren("figDesc")]
    caption = _join(said, " ".join(filter(None, captions)))
    flow.emit(caption)
    for child in element:
        if child.tag in {"head", "label", "figDesc"}:
            tail = child.tail
            child.clear()
            child.tail = tail
    if element.get("type") == "table" and element.find("table") is None:
        lines = "".join(_inline(element, [], 0)).split(_LINE)
        flow.emit("\n".join(filter(None, map(tidy, lines))))
    else:
        _walk(element, flow)


def _join(head: str, rest: str) -> str:
    if not head or not rest:
        return head or rest
    return f"{head} {rest}" if head[-1] in ".:;?!" else f"{head}. {rest}"


def _table(element: etree._Element, flow: _Flow) -> None:
    """One line for each row, cells apart by ``|``."""
    for head in element.iterchildren("head"):
        _heading(head, flow)
    rows = []
    for row in element.iterchildren("row"):
        cells = [words_of(cell) for cell in row.iterchildren("cell")]
        if any(cells):
            rows.append(" | ".join(cells).strip().replace("|  |", "| |").replace("|  |", "| |"))
    flow.emit("\n".join(rows))


def _list(element: etree._Element, flow: _Flow) -> None:
    """One line for each item; what else stands in it is indented by two spaces."""
    ordered = (element.get("type") or element.get("rend") or "") in {"ordered", "numbered"}
    lines: list[str] = []
    mark = ""
    number = 0
    for child in element:
        if child.tag == "head":
            _heading(child, flow)
        elif child.tag == "label":
            mark = words_of(child)
            if element.get("type") == "gloss" and mark[-1:].isalnum():
                mark += ":"
        elif child.tag in {"item", "castItem", "castGroup"}:
            number += 1
            blocks = flow.inside(_walk, child)
            if blocks:
                sign = mark or (element.tag == "castList" and " ") or (f"{number}." if ordered else "-")
                text = "\n".join(blocks).replace("\n", "\n  ")
                lines.append(f"{sign} {text}".strip())
            mark = ""
        elif child.tag in _BLOCKS:
            lines += flow.inside(_BLOCKS[child.tag], child)
    flow.emit("\n".join(lines))


def _formula(element: etree._Element, flow: _Flow) -> None:
    flow.emit(_formula_text(element, [], 0))


def _stage(element: etree._Element, flow: _Flow) -> None:
    text = words_of(element)
    parent = element.getparent()
    flow.emit(_staged(text) if parent is not None and parent.tag in {"sp", "lg"} else text)


def _reference_list(element: etree._Element, flow: _Flow) -> None:
    if flow.references:
        for reference in element.iterchildren("bibl", "biblStruct", "biblFull"):
            flow.emit(_reference(reference))
        for nested in element.iterchildren("listBibl"):
            _reference_list(nested, flow)


def _reference(element: etree._Element) -> str:
    """One reference: as printed, or, where only fields are given, put together from them."""
    if element.tag == "bibl":
        return words_of(element)
    raw = element.find("note[@type='raw_reference']")
    if raw is not None:
        return words_of(raw)
    names = ", ".join(
        filter(
            None,
            (
                " ".join(filter(None, map(words_of, name.iter("forename", "surname"))))
                for name in element.iter("author")
            ),
        )
    )
    titles = [words_of(title) for title in element.iter("title")]
    dates = [date.get("when", "")[:4] or words_of(date) for date in element.iter("date")]
    return ". ".join(value.rstrip(".") for value in (names, *titles, *dates[:1]) if value)


def _nothing(_element: etree._Element, _flow: _Flow) -> None:
    """What nobody reads as text."""


_REFERENCES = re.compile(r"\b(?:references|bibliograph|works.cited)", re.IGNORECASE)
# Of the paper and its makers instead of the matter.
_ABOUT = re.compile(
    r"acknowledg|funding|availability|conflict|competing|contribution|\btoc\b|\bcontents\b|\bindex\b",
    re.IGNORECASE,
)

# These stand alone or in a sentence.
_EITHER = frozenset(names("formula stage quote q bibl cit note label"))

_BLOCKS: dict[str, Callable[[etree._Element, _Flow], None]] = {
    "head": _heading,
    "speaker": _heading,
    "div": _section,
    "sp": _speech,
    "lg": _walk,
    "note": _note,
    "figure": _figure,
    "table": _table,
    "list": _list,
    "castList": _list,
    "formula": _formula,
    "stage": _stage,
    "listBibl": _reference_list,
    **dict.fromkeys(names("div1 div2 div3 div4 div5 div6 div7"), _section),
    **dict.fromkeys(names("titlePage biblStruct"), _nothing),
    **dict.fromkeys(
        names(
            "p ab text front body back group floatingText epigraph argument opener closer salute signed dateline byline trailer "
            "postscript set prologue epilogue performance castGroup castItem item quote q cit bibl label abstract spGrp "
            "figDesc noteGrp egXML address addrLine row cell"
        ),
        _walk,
    ),
}


def blocks_of(text: etree._Element, *, references: bool) -> list[str]:
    """The blocks of one text, ``TEI`` with a header and a text, in the order of reading.

    Args:
        text: The element without its namespace; its tree is changed.
        references: Whether reference lists are kept.
    """
    flow = _Flow(references=references)
    for abstract in text.iterfind("teiHeader/profileDesc/abstract"):
        _walk(abstract, flow)
    for body in text.iterchildren("text"):
        _walk(body, flow)
    return flow.blocks
