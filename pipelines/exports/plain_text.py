"""Words of others in a text that is marked up: they stay words, whatever they hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from colophon.schemas import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["HIDDEN", "cell", "code", "one_line", "table", "words"]

HIDDEN = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Characters that show nothing, or turn what stands around them: controls, marks of direction, tags. The zero-width joiners
are none of them, for scripts need them."""
_JOINERS = "\u200c\u200d"
_LONGEST = 4_000
_SPACE = re.compile(r"\s+")
_MARKUP = re.compile(r"([\\`*_\[\]&<>|~$#])")
_BLOCK = re.compile(r"^(\d{1,9})?([.)+=-])(?=[\s=-]|$)")
_SAFE_CODE = re.compile(r"[A-Za-z0-9 ._:/+()@=,*-]+")


def one_line(text: str, longest: int = _LONGEST) -> str:
    r"""Words without line breaks, and with the characters that hide told by their numbers.

    >>> print(one_line("two\n lines \u202eturned"))
    two lines \u202eturned
    """
    text = text if len(text) <= longest else f"{text[:longest]} … ({len(text):,} characters)"
    return harmless(_SPACE.sub(" ", text).strip(), _JOINERS)


def words(text: str, longest: int = _LONGEST) -> str:
    r"""The same as Markdown that shows just that: no mark-up of it counts, in a paragraph, a list or a table.

    >>> print(words("# <b>2 * 3</b> | [x](http://mill.example)"))
    \# \<b\>2 \* 3\</b\> \| \[x\](http://mill.example)
    >>> print(words("1. no list"))
    1\. no list
    """
    escaped = _MARKUP.sub(r"\\\1", one_line(text, longest))
    return _BLOCK.sub(lambda found: f"{found[1] or ''}\\{found[2]}", escaped)


def code(text: str) -> str:
    r"""A name of ours as code; words if it holds what code cannot show.

    >>> code("too_few_words"), code("a`b")
    ('`too_few_words`', 'a\\`b')
    """
    return f"`{text}`" if _SAFE_CODE.fullmatch(text) else words(text)


def cell(value: Any) -> str:
    """A table's cell: numbers with commas, all else as it is; `words` and `code` belong around what others wrote."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    r"""Lines of a Markdown table; columns of numbers stand right.

    >>> print("\n".join(table(("why", "n"), [("short", 1200)])))
    | why | n |
    |---|--:|
    | short | 1,200 |
    """
    rows = list(rows)
    right = [bool(rows) and all(isinstance(row[i], int) for row in rows) for i in range(len(head))]
    lines = [head, *([cell(value) for value in row] for row in rows)]
    drawn = [f"| {' | '.join(line)} |" for line in lines]
    return [drawn[0], f"|{'|'.join('--:' if one else '---' for one in right)}|", *drawn[1:]]
