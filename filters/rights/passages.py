"""Where a text speaks of its own rights: at its beginning or end, in a sentence that says "this article" or the like.

For texts that come without metadata, as plain text, Markdown and records of crawled pages do. What a paper says of other
works' licences is not meant, so a sentence must name itself: a licence of "this article", a copyright notice.

>>> text = "Reeds grow. This article is licensed under CC BY 4.0. The photographs of others are CC BY-NC."
>>> [text[start:end] for start, end in passages(text)]
['This article is licensed under CC BY 4.0.']
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["passages"]

_SEARCHED = 4_000
_LONGEST = 600
_MOST = 5

# Cheap signs of what is sought, by the letters that do not change at a sentence's beginning.
_SIGNS = ("ommons", "CC BY", "CC-BY", "CC0", "eserved", "EATIVE COMMONS", "ublic domain")
_SENTENCE_END = re.compile(r"[.!?]\s+(?=[A-Z\u00a9\[(])|\n")
_SPEAKS = re.compile(
    r"creative\s+commons|\bCC[ -]BY\b|\bCC0\b|\brights\b.{0,80}\breserved|\bpublic\s+domain\b", re.IGNORECASE
)
_OF_ITSELF = re.compile(
    r"\bthis\s+(?:\w[\w-]*\s+){0,4}?(?:article|paper|work|document|book|chapter|report|thesis|pre-?print|manuscript|page|text|site)\b"
    r"|\bopen[\s-]access\s+article\b|\A\W*(?:©|\(c\)|copyright\b|licen[cs]ed?\b|all\s+rights\b)|©",
    re.IGNORECASE,
)


def passages(text: str) -> Iterator[tuple[int, int]]:
    """The sentences in the first and last 4,000 characters in which a text speaks of its rights, at most five.

    Yields:
        (start, end) of each in the text, in characters.
    """
    count = 0
    parts = (
        [(0, len(text))]
        if len(text) <= 2 * _SEARCHED
        else [(0, _SEARCHED), (len(text) - _SEARCHED, len(text))]
    )
    for first, last in parts:
        part = text[first:last]
        if not any(sign in part for sign in _SIGNS):
            continue
        for start, end in _sentences(part):
            sentence = part[start:end]
            if len(sentence) <= _LONGEST and _SPEAKS.search(sentence) and _OF_ITSELF.search(sentence):
                yield first + start, first + end
                count += 1
                if count == _MOST:
                    return


def _sentences(part: str) -> Iterator[tuple[int, int]]:
    start = 0
    for found in _SENTENCE_END.finditer(part):
        yield start, found.start() + 1
        start = found.end()
    yield start, len(part)
