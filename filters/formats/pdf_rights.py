"""What the pages of a PDF say of rights: the sentences around the words that speak of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from colophon.filters.rights.licences import NOTICES, findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from colophon.filters.formats.pdf_lines import PageLines

__all__ = ["licence_of", "passages", "rights_of_pages"]

_SPEAKS = re.compile(
    r"creative\s?-?\s?commons|\bCC[ -](?:BY|0)\b|\bCC0\b|\ball rights (?:are )?reserved|\bexclusive licen[cs]e|\btext and data mining|\blicen[cs]ed under",
    re.IGNORECASE,
)
# In such words a document speaks of itself; without them it may be a program's or a workshop's licence.
_OWN = re.compile(
    r"\b(?:article|paper|work|manuscript|chapter|book|thesis|publication|authors?|copyright|open.access)s?\b|©|\bthis is\b|\blicen[cs]e\s*:|\A\W*(?:licen[cs]ed? under|CC)\b",
    re.IGNORECASE,
)
_ASIDE = ", aside"
_BEFORE = 160
_AFTER = 420
_NEAR = 150
_MOST = 5
_FIRST_AND_LAST = 2


def rights_of_pages(pages: Sequence[PageLines]) -> list[tuple[str, str]]:
    """The passages of the first two and the last two pages that speak of rights, with the number of the page, from 1.

    Those that may speak of another thing than the document stand under ``page 4, aside``.
    """
    found = []
    places = range(len(pages))
    for number in dict.fromkeys([*places[:_FIRST_AND_LAST], *places[-_FIRST_AND_LAST:]]):
        lines = pages[number].lines
        if lines:
            text = " ".join(line.text for line in lines)
            for passage in passages(text):
                aside = "" if _OWN.search(passage) else _ASIDE
                found.append((f"page {lines[0].page + 1}{aside}", passage))
    return found


def licence_of(rights: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The first licence that the passages name of the document itself, and where; both empty if there is none.

    >>> licence_of([("page 1", "All rights reserved."), ("page 9", "This article is licensed under CC BY 4.0.")])
    ('CC-BY-4.0', 'page 9')
    """
    for where, said in rights:
        for found in findings(said) if not where.endswith(_ASIDE) else ():
            if not found.of_data and found.licence not in NOTICES:
                return found.licence, where
    return "", ""


def passages(text: str) -> Iterator[str]:
    """The passages of a page that speak of rights, at most five, addresses that are broken over lines mended.

    >>> list(passages("Reeds grow. Licensed under CC BY 4.0 (https://creativecommons. org/licenses/ by/4.0/)."))
    ['Licensed under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/).']
    """
    text = re.sub(r"(?i)(creative)-?\s?(commons)\s?\.\s?(org)\s?/", r"\1\2.\3/", text)
    text = re.sub(
        r"(?i)(creativecommons\.org/\S{0,60})\s(?=(?:licen|by\b|by-|\d\.\d|nc|publicd|zero|/))", r"\1", text
    )
    spans: list[list[int]] = []
    for spoken in _SPEAKS.finditer(text):
        if spans and spoken.start() - spans[-1][1] < _NEAR:
            spans[-1][1] = spoken.end()
        elif len(spans) < _MOST:
            spans.append([spoken.start(), spoken.end()])
    for first, last in spans:
        begin = max(0, first - _BEFORE)
        sentence = text.rfind(". ", begin, first)
        stop = text.find(". ", last, last + _AFTER)
        yield text[
            sentence + 2 if sentence >= 0 else begin : stop + 1 if stop >= 0 else last + _AFTER
        ].strip()
