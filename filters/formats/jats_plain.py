"""Makes a JATS tree plain, so that each paragraph's text is what stands in it.

Only what needs rewriting is visited in Python; libxml2 finds it and afterwards gives every paragraph in one call.
"""

# ruff: noqa: RUF001 - dashes, primes and asterisks of every kind are what this is about
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lxml import etree

from colophon.filters.formats.mathml import linearize
from colophon.filters.formats.xml_parsing import names

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["empty", "make_plain", "subscript", "superscript", "text_of", "tidy"]


_MATH = "{http://www.w3.org/1998/Math/MathML}math"
_HREF = "{http://www.w3.org/1999/xlink}href"

# Stands where a citation without text stood, until the brackets around it are removed too. Not a character.
_GAP = "\ufdd0"

_HOLLOW = re.compile(
    rf"\s?[\[(][\s,;–-]*{_GAP}[\s,;–{_GAP}-]*[\])]|(?<=[\[(]){_GAP}\s*[,;]?\s*|\s*[,;–-]?\s*{_GAP}"
)
_LOOSE = re.compile(r" +(?=[,;)\]]|\.(?:[\s)\]]|$))|(?<=[(\[]) +")
_TWICE = re.compile(r"\[(\[\d+\](?:\s*[,;–-]\s*\[\d+\])*)\]")
_STRAY = (" ,", " .", " ;", " )", " ]", "( ", "[ ")


def tidy(text: str) -> str:
    """One line without the white space and the holes that mark-up leaves behind."""
    text = " ".join(text.split())
    if _GAP in text:
        text = _HOLLOW.sub("", text)
    if "[[" in text:
        text = _TWICE.sub(r"\1", text)
    if " " in text:
        for stray in _STRAY:
            if stray in text:
                return _LOOSE.sub("", text)
    return text


_TEX_DISPLAY = re.compile(r"\\(?:begin|end)\{(?:equation|displaymath|math)\*?\}|(?<!\\)\\[\[\]()]")
_DOLLAR = re.compile(r"(?<!\\)\$")
_SIGN_SPACE = re.compile(r"([−–+-])\s+(?=\d)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_MARKS_ONLY = re.compile(r"[*∗⁎†‡§¶#®©™℠°′″$£¥&,;.]+")
_BRACKETED = re.compile(r"\[\d[\d,;\s–-]*\]")
# In JATS, and in HTML.
_ITALIC = frozenset({"italic", "i", "em", "var"})
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_ODD_XREFS: Callable[[etree._Element], Any] = etree.XPath(
    "descendant::xref[not(node()) or @ref-type='table-fn' or @ref-type='fn']"
)


def text_of(element: etree._Element) -> str:
    """All characters in an element, its tail left out."""
    if len(element):
        return etree.tostring(element, method="text", encoding="unicode", with_tail=False)
    return element.text or ""


def _set(element: etree._Element, text: str | None) -> None:
    del element[:]
    element.text = text


def empty(element: etree._Element) -> None:
    """Take away what an element says; it and its tail stay."""
    _set(element, None)


def _cites(element: etree._Element | None) -> bool:
    """Whether an element is a citation, or a script that is one."""
    if element is None:
        return False
    if element.tag == "xref":
        return element.get("ref-type") == "bibr"
    return element.tag == "sup" and any(_cites(child) for child in element)


def _raised(text: str) -> str:
    if _MARKS_ONLY.fullmatch(text):
        return text
    return f"^{text}" if len(text) == 1 else f"^{{{text}}}"


def superscript(element: etree._Element) -> None:
    """``10^{-3}``, ``cm^2``; citations as ``[12]``; ``1st`` and marks such as ``*`` or ``®`` as they are."""
    text = text_of(element).strip()
    if not text or not text.strip(_GAP + " ,;–-[]()"):
        citation = _GAP in text or _cites(element.getprevious()) or text in {"", ",", ";"}
        _set(element, text if citation or text[:1] not in "–-" else "^" + text)
        return
    if _cites(element) or _cites(element.getparent()):
        _set(element, text if text[0] in "[(" else f"[{text}]")
        return
    if _BRACKETED.fullmatch(text):
        _set(element, text)
    elif text == "TM":
        _set(element, "™")
    elif text in _ORDINALS and _before(element)[-1:].isdigit():
        _set(element, text)
    else:
        _set(element, _raised(_SIGN_SPACE.sub(r"\1", text)))


def _before(element: etree._Element) -> str:
    """The characters directly before an element, as far as its neighbour on the left has them."""
    previous = element.getprevious()
    if previous is None:
        parent = element.getparent()
        return "" if parent is None else parent.text or ""
    return previous.tail or text_of(previous)


def subscript(element: etree._Element) -> None:
    """Numbers as chemists type them (``H2O``, ``PM2.5``), all else and what hangs on a variable as ``x_i``, ``k_{cat}``."""
    text = _SIGN_SPACE.sub(r"\1", text_of(element).strip())
    if _NUMBER.fullmatch(text):
        before = _before(element)
        previous, parent = element.getprevious(), element.getparent()
        variable = (
            parent is not None and parent.tag in _ITALIC and len(before) == 1
            if previous is None
            else not previous.tail and previous.tag in _ITALIC | {"sup", "sub"}
        )
        last = before[-1:]
        if not variable and (last.isalpha() or last in {")", "]"}):
            _set(element, text)
            return
    if text:
        text = f"_{text}" if len(text) == 1 else f"_{{{text}}}"
    _set(element, text)


def _mathematics(element: etree._Element) -> None:
    formula = linearize(element)
    _set(element, f"${formula}$" if formula else None)


def _tex(element: etree._Element) -> None:
    source = text_of(element)
    _, begun, body = source.partition(r"\begin{document}")
    body = body.partition(r"\end{document}")[0] if begun else source
    formula = " ".join(_DOLLAR.sub("", _TEX_DISPLAY.sub("", body)).split())
    # With these stray braces one publisher's documents begin.
    formula = formula.removeprefix("}{}").strip()
    _set(element, f"${formula}$" if formula else None)


def _alternatives(element: etree._Element) -> None:
    """Keep the first of the preferred kinds that says anything."""
    chosen = None
    for tag in ("tex-math", _MATH, "table", "textual-form", "code", "preformat"):
        chosen = next((child for child in element.iterchildren(tag) if text_of(child).strip()), None)
        if chosen is not None:
            break
    if chosen is None:
        chosen = next((child for child in element if text_of(child).strip()), None)
    for child in list(element):
        if child is not chosen:
            element.remove(child)
        else:
            child.tail = None
    element.text = None


def _mark(element: etree._Element) -> None:
    """A citation without text leaves a gap; what style sheets raise, a note's mark without ``sup``, is raised here."""
    text = text_of(element).strip()
    parent = element.getparent()
    if not text:
        _set(element, _GAP)
    elif len(text) <= 2 and element.find("sup") is None and (parent is None or parent.tag != "sup"):
        _set(element, _raised(text))


def _break(element: etree._Element) -> None:
    element.text = " "


def _link(element: etree._Element) -> None:
    if element.text is None and not len(element):
        element.text = element.get(_HREF)


def _citation(element: etree._Element) -> None:
    """A structured citation in a sentence is a heap of words; in a reference list it is written with care."""
    parent = element.getparent()
    if parent is None or parent.tag not in {"ref", "citation-alternatives"}:
        empty(element)


_REWRITES: dict[str, Callable[[etree._Element], None]] = {
    "sup": superscript,
    "sub": subscript,
    _MATH: _mathematics,
    "tex-math": _tex,
    "alternatives": _alternatives,
    "break": _break,
    "ext-link": _link,
    "uri": _link,
    "element-citation": _citation,
    "nlm-citation": _citation,
    **dict.fromkeys(
        names(
            "alt-text long-desc object-id permissions graphic inline-graphic index-term contrib-group aff "
            "processing-meta sec-meta x-meta related-article product"
        ),
        empty,
    ),
}


def make_plain(part: etree._Element) -> None:
    """Turn scripts, formulae, notes' marks and empty citations in a tree into characters, in place.

    What is not for reading (identifiers, permissions, alternatives not chosen) is emptied.
    """
    for xref in _ODD_XREFS(part):
        _mark(xref)
    rewritten = list(part.iter(*_REWRITES))
    # Backwards, so that what stands in an element is plain before the element itself is looked at.
    for element in reversed(rewritten):
        _REWRITES[element.tag](element)
