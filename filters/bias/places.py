r"""Where the tokens of one text stand in it, in characters: for whoever is shown a passage, not for the fast passes.

>>> token_places("Cafe\u0301s, 旋盤!")
[(0, 6), (8, 9), (9, 10)]
"""

from __future__ import annotations

import re
import unicodedata

from colophon.filters.folding import SPACELESS

__all__ = ["token_places"]

_ALONE = "".join(f"{chr(first)}-{chr(last)}" for first, last in SPACELESS)
_TOKEN = re.compile(rf"[^\W{_ALONE}]+|[{_ALONE}]")
_WORD = re.compile(r"\w")


def token_places(text: str) -> list[tuple[int, int]]:
    """First character and the character after the last of each token that `tokenize` finds.

    Where Unicode composes characters across more than a letter and its marks (some scripts), the list may be of another
    length than the tokens.
    """
    if text.isascii():
        return [match.span() for match in re.finditer(r"\w+", text)]
    folded: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    i = 0
    while i < len(text):
        end = i + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        piece = unicodedata.normalize("NFC", text[i:end].casefold())
        folded.append(piece)
        begins += [i] * len(piece)
        ends += [end] * len(piece)
        i = end
    joined = "".join(folded)
    return [
        (begins[match.start()], ends[match.end() - 1])
        for match in _TOKEN.finditer(joined)
        if _WORD.match(match[0])
    ]
