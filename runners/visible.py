"""Text that others wrote, made harmless to show: what cannot be seen is spelled out, what is endless is cut."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["cut", "visible"]

# Controls save tab and line feed; marks that turn the direction of text; characters without width or form, save the
# two joiners that scripts need; tags; what is no character at all.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
_LONGEST_STACK: Final = re.compile(
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{5,}"
)


def visible(text: str) -> str:
    r"""Spell out characters that a reader could not see, or that would act on a terminal or on the text around.

    >>> visible("paid \u202etxt.exe"), visible("\x1b[2J"), visible("Zuse's Plankalkül")
    ('paid ⟨U+202E⟩txt.exe', '⟨U+001B⟩[2J', "Zuse's Plankalkül")
    """
    text = _UNSEEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)
    # Marks that are stacked without end run over the lines above.
    return _LONGEST_STACK.sub(lambda match: f"{match[0][:4]}⟨{len(match[0]) - 4} more marks⟩", text)


def cut(text: str, most: int) -> str:
    """The beginning of a long text, and how long it is.

    >>> cut("abc", 3), cut("a" * 1_048_576, 5)
    ('abc', 'aaaaa… (1,048,576 characters)')
    """
    if len(text) <= most:
        return text
    end = most
    while end > 1 and unicodedata.combining(text[end]):
        end -= 1
    return f"{text[:end]}… ({len(text):,} characters)"
