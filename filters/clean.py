r"""Text as a reader of it would type it: one encoding, one form of each character, plain white space.

What is done, in this order, again until nothing changes (so cleaning a clean text changes nothing):

1. **Line ends.** ``\r\n``, ``\r``, form feed, vertical tab, U+2028 and U+2029 become ``\n``. Terminal escapes go.
2. **Mojibake**, UTF-8 that was once read as something else, is repaired line by line by ftfy (Speer 2019,
   doi:10.5281/zenodo.2591652), without its changes of taste: quotation marks stay curly, ``&amp;`` stays, and
   full-width forms stay, for in Chinese and Japanese they are right.
3. **Characters.** NFC; never NFKC, which turns 10³ into 103. The typographer's ligatures ﬀ … ﬆ become letters.
   Every space of Unicode, the no-break ones included, becomes a space. Gone without a trace are characters that
   show nothing: C0 and C1 controls but ``\t`` and ``\n``, soft hyphens (and the line end after one), zero-width
   spaces, word joiners, byte order marks, invisible operators, bidirectional controls, tags, noncharacters. The
   zero-width joiner and non-joiner stay where they shape what is seen: after a letter of a script that uses them
   (Arabic, those of India, …) and in emoji. Half a surrogate pair, which no UTF-8 can hold, becomes U+FFFD;
   U+FFFD stays, for it says that something was lost. Of the combining marks on one letter the first 30 stay.
4. **White space.** None at the end of a line; a run of spaces inside a line becomes one; at most one blank line in a
   row, none at the ends. Indentation stays, and a line indented by a tab or four spaces, which is code, is kept
   with its runs.

>>> Clean()("The  cafÃ©\u200b is 3\u00a0km \ufb01rst.\r\n\r\n\r\n    x  = 1\n")
'The café is 3 km first.\n\n    x  = 1'
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from ftfy import TextFixerConfig, fix_text
from ftfy.badness import is_bad

from colophon.filters.folding import changed_by_nfc
from colophon.schemas import Setting

__all__ = ["Clean"]

_REPAIR = TextFixerConfig(
    unescape_html=False,
    uncurl_quotes=False,
    fix_character_width=False,
    fix_latin_ligatures=False,  # done for every line below, not only for those with mojibake
    normalization=None,  # done below, once marks are few
    explain=False,
)

# ftfy's own test costs as much as all the rest. Each of its patterns holds one of a few telltale characters or two
# neighbours outside ASCII of which at most one is a Greek or Cyrillic letter; that is searched first.
_OTHER = "\x80-\u0385\u0402\u0490\u0491\u2000-\u2bff\ue000-\uf8ff\ufb00-\uffff"
_LETTER = "\u0386-\u0401\u0403-\u045f"
_TELLTALE = "".join(map(chr, range(0x80, 0xA0))) + "ÂÃŒœЂ"
_SUSPICIOUS = re.compile(
    f"[{_OTHER}{_LETTER}](?:(?<=[{_TELLTALE}])|(?<=[{_OTHER}])[{_OTHER}{_LETTER}]|(?<=[{_LETTER}])[{_OTHER}])"
)
_TELLS = np.zeros(0x500, np.bool_)  # by code point; the last stands for all above
_TELLS[[*map(ord, _TELLTALE)]] = True
# No pattern of ftfy looks further than this to either side of such a place.
_REACH = 6

_LINE_ENDS = (
    ("\r\n", "\n"),
    ("\r", "\n"),
    ("\x0b", "\n"),
    ("\x0c", "\n"),
    ("\u2028", "\n"),
    ("\u2029", "\n\n"),
)
_ESCAPE = re.compile(r"\x1b\[[\d;]*[A-Za-z]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ud800-\udfff"
    "\ufb00-\ufb06\ufdd0-\ufdef\ufeff\ufff9-\ufffc\ufffe\uffff\U000e0000-\U000e007f]"
)
_SPACES = {
    "\x85", "\xa0", "\u1680", *map(chr, range(0x2000, 0x200B)), "\u202f", "\u205f", "\u3000",
}  # fmt: skip
"""\\x85 is a line end on some machines; rare, so a space."""
_SURROGATES = {*map(chr, range(0xD800, 0xE000))}
_JOINERS = {"\u200c", "\u200d"}
_SOFT_BREAK = re.compile("\xad+ *\n *")
# A joiner that does not follow a letter of a script that it shapes, or a part of an emoji.
_IDLE_JOINER = re.compile(
    "[\u200c\u200d]"
    "(?<![\u0590-\u1cff\u2300-\u27bf\ua800-\uabff\ufb1d-\ufdff\ufe0f\ufe70-\ufefc\U00010800-\U000dffff].)"
)
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LIGATURES = {
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
}
# Canonical ordering takes the square of the marks on one letter. No language needs more than 30: Unicode Standard
# Annex 15, Stream-Safe Text. The blocks that have marks, with letters of theirs; which are marks is asked later.
_MOST_MARKS = 30
_MARK = (
    "[\u0300-\u036f\u0483-\u0487\u0591-\u1dff\u20d0-\u20f0\u2cef-\u2cf1\u2d7f\u2de0-\u2dff\u302a-\u302f\u3099\u309a"
    "\ua66f-\uabff\ufb1e\ufe20-\ufe2f\U000101fd-\U0001ffff]"
)
_MANY_MARKS = re.compile(f"{_MARK}{_MARK}{{{_MOST_MARKS},}}")
_RUN = re.compile("  +")
_BLANK_LINES = re.compile("\n{3,}")


def _fewer_marks(run: re.Match[str]) -> str:
    """A run without those combining marks that follow 30 others."""
    kept, marks = [], 0
    for char in run[0]:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def _has_mojibake(text: str) -> bool:
    """Whether ftfy may see mojibake somewhere; asked of the surroundings of suspicious places alone."""
    return any(_is_bad_at(text, place) for place in _places_to_look(text))


def _is_bad_at(text: str, place: int) -> bool:
    """Whether ftfy sees mojibake around a place, if that is suspicious at all."""
    match = _SUSPICIOUS.match(text, place)
    if match is None:
        return False
    line = text.rfind("\n", max(0, place - _REACH), place) + 1
    return is_bad(text[max(0, line, place - _REACH) : match.end() + _REACH])


def _beyond_ascii(text: str) -> tuple[np.ndarray, np.ndarray]:
    """The code points of a text, and the places of those outside ASCII."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
    return points, (points > 0x7F).nonzero()[0]


def _has_many_beside(text: str) -> bool:
    """Whether so many characters outside ASCII stand side by side that too many of them may be marks."""
    _, places = _beyond_ascii(text)
    return bool((places[_MOST_MARKS:] == places[:-_MOST_MARKS] + _MOST_MARKS).any())


def _places_to_look(text: str) -> list[int]:
    """Where `_SUSPICIOUS` may match: telltale characters, and those outside ASCII beside one; ten times as fast."""
    points, places = _beyond_ascii(text)
    odd = _TELLS[np.minimum(points[places], len(_TELLS) - 1)]
    odd[:-1] |= places[1:] == places[:-1] + 1
    found: list[int] = places[odd].tolist()
    return found


def _repair_line(line: str) -> str:
    """Repair the mojibake of a line, if it has any."""
    return fix_text(line, _REPAIR) if _SUSPICIOUS.search(line) and is_bad(line) else line


def _plain_white_space(text: str) -> str:
    """Trim lines, shorten runs of spaces and blank lines."""
    if " \n" in text or "\t\n" in text or "  " in text:
        text = _plain_lines(text) if "\n " in text or "\t" in text or text[:1] == " " else _no_runs(text)
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return text.rstrip(" \t\n").lstrip("\n")


def _no_runs(text: str) -> str:
    """Lines trimmed and runs shortened where no line is indented and there is no tab."""
    while "  " in text:
        text = text.replace("  ", " ")
    return text.replace(" \n", "\n")


def _plain_lines(text: str) -> str:
    """Lines trimmed and runs shortened, but for the indentation, and for lines that are code."""
    lines = text.split("\n")
    for number, raw in enumerate(lines):
        line = raw.rstrip(" \t")
        if "  " in line and not line.startswith(("    ", "\t")):
            words = line.lstrip(" ")
            line = line[: len(line) - len(words)] + _RUN.sub(" ", words)
        lines[number] = line
    return "\n".join(lines)


@dataclass(frozen=True)
class Clean:
    """Cleans texts; idempotent, and what comes out always encodes to UTF-8.

    Attributes:
        fix_encoding: Whether mojibake is repaired.
    """

    fix_encoding: Annotated[
        bool, Setting("Whether text that was once read in a wrong encoding (cafÃ©) is repaired (café).")
    ] = True

    def __call__(self, text: str) -> str:
        """The clean text of one document."""
        while True:
            cleaned = self.once(text)
            # Removing a character can bring two together that are mojibake only side by side. Each turn
            # leaves fewer characters to mend, so this ends; most texts take one turn, or two.
            if cleaned == text:
                return text
            text = cleaned

    def once(self, text: str) -> str:
        """The text after one turn, which another may change again."""
        odd = set((_CONTROL if text.isascii() else _ODD).findall(text))
        if odd:
            for end, plain in _LINE_ENDS:
                text = text.replace(end, plain) if end[0] in odd else text
            text = _ESCAPE.sub("", text) if "\x1b" in odd else text
        if text.isascii():
            return _plain_white_space(_CONTROL.sub("", text) if odd else text)
        if self.fix_encoding and _has_mojibake(text):
            text = "\n".join(_repair_line(line) for line in text.split("\n"))
            odd = set(_ODD.findall(text))
        if odd:
            text = _without(odd, text)
        if _has_many_beside(text):
            text = _MANY_MARKS.sub(_fewer_marks, text)
        return _plain_white_space(_composed(text))


def _without(odd: set[str], text: str) -> str:
    """The text without the odd characters that it has."""
    for space in odd & _SPACES:
        text = text.replace(space, " ")
    if odd & _SURROGATES:
        text = _PAIR.sub(_join_pair, text)
        odd = set(_ODD.findall(text))
    if "\xad" in odd:
        text = _SOFT_BREAK.sub("", text)
    if odd & _JOINERS:
        text = _IDLE_JOINER.sub("", text)
    for char in odd - _SPACES - _JOINERS:
        text = text.replace(char, _LIGATURES.get(char, "\ufffd" if char in _SURROGATES else ""))
    return text


def _composed(text: str) -> str:
    """NFC. What can change are runs beyond ASCII with the character before them, and few of those have to."""
    if unicodedata.is_normalized("NFC", text):
        return text
    points, _ = _beyond_ascii(text)
    plain = (points < 0x80).nonzero()[0]
    behind = np.unique(np.searchsorted(plain, changed_by_nfc()[points].nonzero()[0]))
    edges = np.concatenate(([0], plain, [len(points)]))
    parts: list[str] = []
    done = 0
    for start, end in zip(edges[behind].tolist(), edges[behind + 1].tolist(), strict=True):
        parts += text[done:start], unicodedata.normalize("NFC", text[start:end])
        done = end
    return "".join([*parts, text[done:]])


def _join_pair(pair: re.Match[str]) -> str:
    """The character that a surrogate pair stands for."""
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")
