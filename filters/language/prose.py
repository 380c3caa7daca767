r"""What of a text is in a language at all, and where to look for it.

Formulae, code, citations, addresses and figures look like other languages than the one around them: with them a seventh
of English papers in TeX score below .65. So they are taken out of what is judged.

>>> prose(r"Let $x_1 = 2$, see \emph{the figure} 3 or https://mill.example/a.")
'Let , see the figure or'
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["passages", "pieces", "prose", "without_code_blocks"]

_FRONT = 8
_FRONT_LENGTH = 600  # characters
_REST = 16

_CODE_BLOCK = re.compile(r"^ {0,3}```.*?(?:^ {0,3}```|\Z)", re.DOTALL | re.MULTILINE)

# Each with a string without which the expression need not run. Where one begins is told by few characters, and how
# far it reaches is bounded: none takes longer than a fixed number of steps for each character.
_NOT_PROSE = (
    ("`", re.compile(r"`[^`\n]{1,200}`")),  # code in a line
    ("$$", re.compile(r"\$\$[^$]{1,2000}\$\$")),  # mathematics set apart
    ("$", re.compile(r"\$(?! )[^$\n]{1,500}(?<! )\$(?!\d)")),  # mathematics in a line; two prices are none
    ("\\[", re.compile(r"\\\[.{1,2000}?\\\]", re.DOTALL)),  # the same as LaTeX has it
    ("\\(", re.compile(r"\\\(.{1,500}?\\\)", re.DOTALL)),
    (  # commands whose arguments are not prose
        "\\",
        re.compile(
            r"\\(?:begin|end|cite[a-z]*|ref|eqref|label|url|includegraphics|usepackage|documentclass)\*?"
            r"(?:\[[^\]\n]{0,200}\])?(?:\{[^}\n]{0,200}\})?"
        ),
    ),
    (  # other commands, whose arguments may be; those without a blank seldom are more than a name
        "\\",
        re.compile(r"\\[A-Za-z]+\*?(?:\{[!-z|~]{0,80}\}|\[[!-Z^-z|~]{0,80}\]){0,8}"),
    ),
    ("://", re.compile(r"\b(?:https?|ftp)://\S+")),
    ("www.", re.compile(r"\bwww\.\S+")),
    ("et al", re.compile(r"\([^()]{0,800}\bet al\b[^()]{0,800}\)")),  # names of those cited
    ("@", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")),
)
# And what is left of formulae and markup. Control characters are none of a language either, and CLD2 refuses them.
_FIGURES = re.compile(r"[\d_^{}\\~|=<>+*/#\[\]\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]+")


def pieces(text: str, bounds: Sequence[int], length: int) -> list[str]:
    """The first `length` characters of each passage without mathematics, code, citations and addresses."""
    present = [pattern for telltale, pattern in _NOT_PROSE if telltale in text]
    found = []
    for start, end in pairwise(bounds):
        piece = text[start : min(end, start + length)]
        for pattern in present:
            piece = pattern.sub(" ", piece)
        found.append(piece)
    return found


def prose(text: str) -> str:
    """A text without what is in no language, figures included, in one line; empty if no letter is left."""
    (text,) = pieces(text, [0, len(text)], len(text))
    line = " ".join(_FIGURES.sub(" ", text).split())
    return line if any(map(str.isalpha, line)) else ""


def without_code_blocks(text: str) -> str:
    """The text with blanks where fenced blocks of code stand, as long as before."""
    if "```" not in text:
        return text
    return _CODE_BLOCK.sub(lambda block: " " * len(block[0]), text)


def passages(text: str) -> list[int]:
    """Cut a text into at most 24 passages, at line ends where there are any, else at blanks.

    The first eight have about 600 characters, since where languages meet it is mostly at the beginning: an abstract in
    one, the paper in another. The rest is cut into sixteenths of 600 characters or more.

    Returns:
        Where they begin, and the end of the last; together they are the text.

    >>> passages("All of a short text is one passage.")
    [0, 35]
    """
    found = [0]
    length, end = _FRONT_LENGTH, len(text)
    while end - found[-1] > length * 3 // 2:
        if len(found) == _FRONT + 1:
            length = max(length, (end - found[-1]) // _REST)
        least, most = found[-1] + length, found[-1] + length * 3 // 2
        at = text.find("\n", least, most)
        if at < 0:
            at = text.find(" ", least, most)
        found.append(at + 1 if at >= 0 else least)
    return [*found, end]
