"""Text of strangers, made harmless for a terminal."""

from __future__ import annotations

import unicodedata

__all__ = ["harmless"]

#: Controls (terminal escapes), formats (marks of writing direction, invisible characters), halves of characters,
#: private and unassigned ones, separators of lines.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def harmless(text: str, allowed: str = "") -> str:
    r"""Text without a character that a terminal obeys or that hides or reorders others; each is spelt out.

    Args:
        text: What somebody wrote.
        allowed: Such characters that may stay, for example line ends where there may be several lines.

    >>> print(harmless("Ada\x1b[2J\u202e\nLind"))
    Ada\x1b[2J\u202e\nLind
    >>> harmless("naïve café") == "naïve café"
    True
    """
    if text.isprintable():
        return text
    return "".join(c if c in allowed or unicodedata.category(c) not in _UNSEEN else _spelt(c) for c in text)


def _spelt(c: str) -> str:
    return c.encode("unicode_escape").decode() if c.isascii() or ord(c) > 0xFF else f"\\x{ord(c):02x}"
