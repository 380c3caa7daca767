r"""Writes MathML on one line, as LaTeX would be typed but with Unicode letters and operators kept.

``\alpha`` stays ``α`` and ``\leq`` stays ``≤``: nothing is lost, and it reads as it looks. Structure becomes
LaTeX: ``\frac``, ``\sqrt``, ``_``, ``^``, accents, matrices.

>>> from lxml import etree
>>> linearize(etree.fromstring("<math><mfrac><mi>a</mi><mn>2</mn></mfrac><mo>≤</mo><mi>α</mi></math>"))
'\\frac{a}{2} ≤ α'
"""

# ruff: noqa: RUF001, RUF002 - operators that look like other characters are what this is about
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from colophon.filters.formats.xml_parsing import names

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["linearize"]


# A formula that nests deeper than this is nobody's mathematics; its leaves are then written in a row.
_DEEPEST = 100

# A command needs a space before a letter, and before nothing else.
_COMMAND_SPACE = re.compile(r"(\\[a-zA-Z]+) (?=[(\[_^])")
_TEX = re.compile(r"\b(?:la)?tex\b", re.IGNORECASE)
_WORDS = re.compile(r"(\\(?:text|mathrm)\{)([^{}]*)\}\Z")
_INVISIBLE = re.compile("[\u200b\u2060-\u2064\ufeff]")
_FUNCTIONS = frozenset(
    names(
        "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf limsup ln log "
        "max min sec sin sinh sup tan tanh Pr"
    )
)
_RELATIONS = frozenset(
    names(
        "= ≠ < > ≤ ≥ ≪ ≫ ≡ ≈ ≃ ≅ ~ ∼ ∝ ∈ ∉ ∋ ⊂ ⊃ ⊆ ⊇ → ← ↔ ⇒ ⇐ ⇔ ↦ ⟶ ⟵ ⟷ ⟹ ⟸ ⟺ ⇌ ∧ ∨ ∪ ∩ ⊕ ⊗ × ÷ ⋅ · ∘ | ∣ ∥ ⊥ := ⩽ ⩾ ≔ ≜ ≦ ≧"
    )
)
_SIGNS = frozenset(names("+ - − ± ∓ –"))
_BARS = frozenset(names("| ∣ ∥"))
_SEPARATORS = frozenset(names(", ;"))
_ACCENTS = {
    "¯": "bar", "‾": "bar", "_": "bar", "\u0304": "bar", "\u0305": "bar", "ˉ": "bar", "―": "bar", "─": "bar",
    "^": "hat", "ˆ": "hat", "\u0302": "hat", "~": "tilde", "˜": "tilde", "\u0303": "tilde", "∼": "tilde",
    "→": "vec", "⃗": "vec", "⇀": "vec", ".": "dot", "˙": "dot", "\u0307": "dot", "..": "ddot", "¨": "ddot",
    "ˇ": "check", "˘": "breve", "⏞": "overbrace", "︷": "overbrace",
}  # fmt: skip
_SILENT = frozenset(
    names("annotation annotation-xml malignmark maligngroup mphantom mprescripts none mspace")
)
_ROWS = frozenset(names("math mrow mstyle mpadded merror menclose mtd maction mscarries msrow semantics"))


def linearize(math: etree._Element) -> str:
    """One line of LaTeX-like text for a MathML element, without dollar signs around it.

    Args:
        math: A ``math`` element, or any presentation element of MathML, in or without its namespace.

    Returns:
        The formula; empty if there is nothing to be read in it.
    """
    return _COMMAND_SPACE.sub(r"\1", " ".join(_write(math, 0).split()))


def _name(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else "none"


def _characters(element: etree._Element) -> str:
    return etree.tostring(element, method="text", encoding="unicode", with_tail=False)


def _leaf(element: etree._Element) -> str:
    return _INVISIBLE.sub("", " ".join(_characters(element).split()))


def _escape(text: str) -> str:
    return text.replace("$", r"\$")


def _braced(text: str) -> str:
    """The argument of ``^`` or ``_``: in braces unless it is one character."""
    text = text.strip()
    return text if len(text) == 1 else "{" + text + "}"


def _base(element: etree._Element, depth: int) -> str:
    """What a script hangs on: in braces if it is a row of several and not fenced."""
    text = _write(element, depth).strip()
    several = _name(element) in _ROWS and len(element) > 1
    if _name(element) in {"msub", "msup", "msubsup", "mfrac"} or (
        several and text[:1] not in {"(", "[", "|"}
    ):
        return "{" + text + "}"
    return text


def _identifier(element: etree._Element) -> str:
    text = _leaf(element)
    if text in _FUNCTIONS:
        return f"\\{text} "
    return _escape(text) if len(text) < 2 or not text.isalpha() else f"\\mathrm{{{text}}}"


def _words(element: etree._Element) -> str:
    raw = _characters(element)
    text = _leaf(element)
    if not text:
        return " "
    if not any(character.isalpha() for character in text):
        return _escape(text)
    before, after = raw[:1].isspace(), raw[-1:].isspace()
    return f"\\text{{{' ' * before}{_escape(text)}{' ' * after}}}"


def _operator(text: str, parts: list[str]) -> str:
    """An operator with the room around it that its neighbours before it ask for."""
    if text in _RELATIONS or text in _SIGNS:
        before = parts[-1] if parts else ""
        first = not before.strip() or before[-1] in "([{ "
        return text if text in _BARS or (text in _SIGNS and first) else f" {text} "
    if text in _SEPARATORS or text in _FUNCTIONS:
        return f"\\{text} " if text in _FUNCTIONS else f"{text} "
    if len(text) > 1 and text.isalpha():
        return f" \\text{{{text}}} "
    return _brace(_escape(text))


def _row(element: etree._Element, depth: int) -> str:
    parts: list[str] = [element.text or ""] if not len(element) else []
    for child in element:
        if _name(child) == "mo":
            parts.append(_operator(_leaf(child), parts))
            continue
        text = _write(child, depth)
        words = _WORDS.match(text)
        # Words that stand apart are one text.
        if words and len(parts) > 1 and parts[-1] == " " and parts[-2].startswith(words[1]):
            parts[-2:] = [f"{parts[-2][:-1]} {words[2]}}}"]
        elif text and text != " " * (parts[-1:] == [" "]):
            parts.append(text)
    return "".join(parts)


def _arguments(element: etree._Element) -> list[etree._Element]:
    return [child for child in element if isinstance(child.tag, str)]


def _fraction(element: etree._Element, depth: int) -> str:
    parts = _arguments(element)
    if len(parts) != 2:
        return _row(element, depth)
    over, under = (_write(part, depth).strip() for part in parts)
    if element.get("linethickness") in {"0", "0pt", "0px", "0em"}:
        return f"\\binom{{{over}}}{{{under}}}"
    return f"\\frac{{{over}}}{{{under}}}"


def _square_root(element: etree._Element, depth: int) -> str:
    return f"\\sqrt{{{_row(element, depth).strip()}}}"


def _root(element: etree._Element, depth: int) -> str:
    parts = _arguments(element)
    if len(parts) != 2:
        return _row(element, depth)
    base, index = (_write(part, depth).strip() for part in parts)
    return f"\\sqrt[{index}]{{{base}}}"


def _scripts(marks: str) -> Callable[[etree._Element, int], str]:
    """A writer of a base and one script for each of `marks`."""

    def write(element: etree._Element, depth: int) -> str:
        base, *rest = _arguments(element) or [element]
        if len(rest) != len(marks):
            return _row(element, depth)
        text = _base(base, depth)
        for mark, script in zip(marks, rest, strict=True):
            argument = _write(script, depth).strip()
            if argument in {"′", "'", "″", "‴"} and mark == "^":
                text += argument
            elif argument:
                text += mark + _braced(argument)
        return text

    return write


def _over(element: etree._Element, depth: int) -> str:
    parts = _arguments(element)
    accent = _ACCENTS.get(_leaf(parts[1])) if len(parts) == 2 else None
    if accent is None:
        return _scripts("^")(element, depth)
    return f"\\{accent}{{{_write(parts[0], depth).strip()}}}"


def _under(element: etree._Element, depth: int) -> str:
    parts = _arguments(element)
    if len(parts) == 2 and _leaf(parts[1]) in {"_", "¯", "‾", "\u0332"}:
        return f"\\underline{{{_write(parts[0], depth).strip()}}}"
    return _scripts("_")(element, depth)


def _tensor(element: etree._Element, depth: int) -> str:
    """``mmultiscripts``: scripts in pairs after the base and, past ``mprescripts``, before it."""
    parts = _arguments(element)
    if not parts:
        return ""
    sides: list[str] = ["", ""]
    side, mark = 0, "_"
    for child in parts[1:]:
        if _name(child) == "mprescripts":
            side, mark = 1, "_"
            continue
        argument = _write(child, depth).strip()
        sides[side] += mark + _braced(argument) if argument else ""
        mark = "^" if mark == "_" else "_"
    before = "{}" + sides[1] if sides[1] else ""
    return before + _base(parts[0], depth) + sides[0]


def _fenced(element: etree._Element, depth: int) -> str:
    separators = "".join(element.get("separators", ",").split())
    parts = [_write(child, depth).strip() for child in element]
    inner = parts[0] if parts else ""
    for i, part in enumerate(parts[1:]):
        separator = separators[min(i, len(separators) - 1)] if separators else ""
        inner += f"{separator} {part}" if separator in _SEPARATORS else separator + part
    opening, closing = element.get("open", "("), element.get("close", ")")
    return _brace(opening) + inner + _brace(closing)


def _brace(fence: str) -> str:
    return "\\" + fence if fence in {"{", "}"} else fence


def _table(element: etree._Element, depth: int) -> str:
    """Rows of several cells as a matrix; rows of one cell, as derivations are set, one after the other."""
    rows = []
    for row in element:
        # MathML 2 lets a table leave its rows to be inferred.
        inner = row if _name(row) in {"mtr", "mlabeledtr"} else [row]
        cells = [_write(cell, depth).strip() for cell in inner]
        if _name(row) == "mlabeledtr":
            cells = cells[1:]
        if any(cells):
            rows.append(cells)
    body = " \\\\ ".join(" & ".join(cells) for cells in rows)
    if max(map(len, rows), default=0) < 2:
        return body
    aligned = any(cell[:1] in _RELATIONS for cells in rows for cell in cells[1:])
    kind = "aligned" if aligned else "matrix"
    return f"\\begin{{{kind}}} {body} \\end{{{kind}}}"


def _semantics(element: etree._Element, depth: int) -> str:
    parts = _arguments(element)
    for note in parts[1:]:
        if _name(note) == "annotation" and _TEX.search(note.get("encoding", "")):
            return _leaf(note).strip("$")
    return _write(parts[0], depth) if parts else ""


def _quoted(element: etree._Element, _depth: int) -> str:
    return f'"{_escape(_leaf(element))}"'


def _first(element: etree._Element, depth: int) -> str:
    parts = _arguments(element)
    return _write(parts[0], depth) if parts else ""


_WRITERS: dict[str, Callable[[etree._Element, int], str]] = {
    "mi": lambda element, _depth: _identifier(element),
    "mn": lambda element, _depth: _escape(_leaf(element)),
    "mtext": lambda element, _depth: _words(element),
    "mo": lambda element, _depth: _operator(_leaf(element), []),
    "ms": _quoted,
    "mfrac": _fraction,
    "msqrt": _square_root,
    "mroot": _root,
    "msub": _scripts("_"),
    "msup": _scripts("^"),
    "msubsup": _scripts("_^"),
    "munder": _under,
    "mover": _over,
    "munderover": _scripts("_^"),
    "mmultiscripts": _tensor,
    "mfenced": _fenced,
    "mtable": _table,
    "semantics": _semantics,
    "maction": _first,
}


def _write(element: etree._Element, depth: int) -> str:
    name = _name(element)
    if name in _SILENT:
        return " " if name == "mspace" else ""
    if depth > _DEEPEST:
        return _escape(_leaf(element))
    return _WRITERS.get(name, _row)(element, depth + 1)
