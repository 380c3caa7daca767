"""HTML that is escaped by construction: an element is made of elements and of text, and text is always escaped.

>>> el("p", "a < b & ", el("b", "c"), class_="note")
'<p class="note">a &lt; b &amp; <b>c</b></p>'
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final, TypeAlias

from colophon.runners.words import cut
from colophon.schemas import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Child", "Html", "el", "group", "said"]

_VOID: Final = frozenset({"br", "col", "hr", "input", "meta"})
_LONGEST: Final = 4000
# White space of a page, and the two joiners that some scripts are not written right without.
_ALLOWED: Final = "\n\t\u200c\u200d"
# Marks that are stacked without end run over the lines above.
_STACK: Final = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4})[\u0300-\u036f\u0483-\u0489]+"
)


class Html(str):
    """Text that is HTML already. Only this module makes it."""

    __slots__ = ()


Child: TypeAlias = "Html | str | int | float | Iterable[Child] | None"
"""What an element may hold; None is nothing, a whole number has its thousands apart."""


def el(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Html:
    """An element.

    Args:
        name: Of the element.
        children: What it holds, in order.
        attributes: ``class_`` is class, ``aria_label`` is aria-label; False and None leave one out, True gives its
            name alone.
    """
    told = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{_escaped(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{group(*children)}</{name}>")


def group(*children: Child) -> Html:
    """Elements and text one after another, without an element around."""
    return Html("".join(_drawn(child) for child in children))


def said(text: str, most: int = 200) -> Html:
    """Words of others: cut, and apart from the direction of the text around."""
    return el("bdi", cut(text, most))


def style_sheet(css: str) -> Html:
    """A style sheet of ours.

    Raises:
        ValueError: It could end its own element.
    """
    if "<" in css:
        raise ValueError("a style sheet must not hold <")
    return Html(f"<style>\n{css}</style>")


def _drawn(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return _escaped(child)
    if isinstance(child, int):
        return f"{child:,}"
    if isinstance(child, float):
        return f"{child:g}"
    return "".join(_drawn(one) for one in child)


def _escaped(text: str) -> str:
    return escape(_STACK.sub(r"\1…", harmless(cut(text, _LONGEST), _ALLOWED)))
