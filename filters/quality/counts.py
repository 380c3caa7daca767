r"""What is counted of a text's characters, words and lines, in one compiled pass over its UTF-8.

All rules look at the text that was case-folded and composed (NFC), as `Tokens` does, so they never see case. In it

- a *line* is what stands between two line feeds, without the white space around it, if anything is left; its length is in
  characters;
- a *paragraph* is a run of lines with no empty line between them;
- a *word* is what ``str.split`` gives, punctuation included; *characters* of a word are all of it;
- a *token* is what `Tokens` says; a letter is ``str.isalpha``, a digit ``str.isdigit``;
- white space is ``str.isspace`` and control characters.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from colophon.filters.folding import ALONE, BLANK, CODE_POINT, WORD, code_point_at, fold_tables, folded_utf8
from colophon.filters.kernels import compiled
from colophon.filters.quality.words import UNSEEN_PAIRS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["GARBLED", "NUMBER", "SHORT", "YEAR", "Counts", "count"]

ENDS: Final = ".!?…‼‽⁇⁈⁉。．！？｡।॥؟۔።፧፨။։"  # noqa: RUF001  # marks of other scripts are meant
"""Marks that end a sentence, of the scripts that have their own."""
CLOSING: Final = "\"')]}»›”’"  # noqa: RUF001  # as are quotation marks
"""What may stand between such a mark and the end of a line."""
BULLETS: Final = "•‣⁃●○◦▪▫■□"  # noqa: RUF001  # and bullets
"""Bullets by themselves; a hyphen, an asterisk or a dash is one if white space follows."""

_ALPHA = np.uint32(1 << 24)
_DIGIT = np.uint32(1 << 25)
_ENDS = np.uint32(1 << 26)
_CLOSING = np.uint32(1 << 27)
_BULLET = np.uint32(1 << 28)
_DASH = np.uint32(1 << 29)
_RARE = np.uint32(1 << 30)  # is counted: # { … and the full stop
_BASIC = np.uint32((1 << 24) - 1)

SHORT = np.uint8(1)
"""A token of one or two letters, or of three with a full stop or a comma behind it: initials, abbreviated titles."""
NUMBER = np.uint8(2)
"""A token of digits."""
YEAR = np.uint8(4)
"""A number from 1800 to 2099."""
GARBLED = np.uint8(8)
"""A token that no word looks like: see `Counts.marks`."""

_LONGEST_WORD = 1000  # characters; C4's code leaves out lines with a longer one
_FEWEST_WORDS = 5  # likewise lines with fewer words
_SHORT_LINE = 30  # characters; FineWeb's short lines are shorter
# Kinds of characters in tokens: from 0 to 25 the letters, then
_ONE_DIGIT, _ONE_OTHER, _ONE_ALPHA, _NOT_WORD, _STOP = map(np.uint64, (26, 27, 28, 29, 30))
# What a token may have: a pair of letters that English has not, a vowel, and others than a to z, digits, letters.
_UNSEEN, _VOWEL, _NOT_LATIN, _SOME_DIGIT, _NOT_DIGIT, _SOME_ALPHA, _NOT_ALPHA = map(
    np.uint64, (1, 2, 4, 8, 16, 32, 64)
)
_ASK = np.uint8(128)  # the mark of a token whose traits do not tell it
# What a character is in a word, and a word may have.
_IS_BLANK, _HAS_ALPHA, _HAS_DIGIT, _HAS_RARE = map(np.uint64, (1, 2, 4, 8))
_ELLIPSIS = 0x2026
_ONE, _FIVE, _SEVEN, _TEN = map(np.uint64, (1, 5, 7, 10))

_START = np.uint64(0x452821E638D01377)  # digits of pi
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

# Columns of `Counts.numbers`.
COLUMNS: Final = (
    "words",
    "word_chars",
    "alphabetic",
    "digital",
    "hashes",
    "ellipses",
    "curly",
    "bullet_lines",
    "ellipsis_lines",
    "punctuated_lines",
    "short_lines",
    "line_feeds",
)
_WORDS, _WORD_CHARS, _ALPHABETIC, _DIGITAL, _HASHES, _ELLIPSES, _CURLY = range(7)
_BULLET_LINES, _ELLIPSIS_LINES, _PUNCTUATED, _SHORT, _LINE_FEEDS = range(7, 12)


@dataclass(frozen=True)
class Counts:
    """Counts of n texts with t tokens and l lines.

    Attributes:
        numbers: int64[n, 12], the columns that `COLUMNS` names: words; characters in them; words with a letter, with a
            digit and no letter; "#"; ellipses ("…" or three full stops); "{"; lines that begin with a
            bullet, end in an ellipsis, end a sentence, are shorter than 30 characters; line feeds between the first
            and the last character that is not white space.
        lengths: uint32[t], characters of each token.
        marks: uint8[t], `SHORT`, `NUMBER`, `YEAR` and `GARBLED` together. Garbled are tokens with a digit between letters,
            and those of a to z alone with a pair of letters that English has not (3 letters or more) or without a
            vowel (4 or more).
        offsets: int64[n + 1], where each text's tokens begin.
        line_keys: uint64[l], equal for equal lines.
        line_chars: int64[l], characters.
        line_tokens: int64[l + 1], where each line's tokens begin.
        line_sentences: int64[l], sentences of the line if C4 would keep it for its words and end, else 0: words that
            end in a mark of `ENDS`, closing ones aside, and at least one.
        line_opens: bool[l], whether the line is a paragraph's first.
        line_offsets: int64[n + 1], where each text's lines begin.
    """

    numbers: np.ndarray
    lengths: np.ndarray
    marks: np.ndarray
    offsets: np.ndarray
    line_keys: np.ndarray
    line_chars: np.ndarray
    line_tokens: np.ndarray
    line_sentences: np.ndarray
    line_opens: np.ndarray
    line_offsets: np.ndarray

    def number(self, name: str) -> np.ndarray:
        """One column of `numbers`, int64[n]."""
        return np.asarray(self.numbers[:, COLUMNS.index(name)])


@cache
def _tables() -> np.ndarray:
    """uint32[2, 0x110000]: `fold_tables` with classes of the folded characters added; made once per process."""
    folded = fold_tables() & _BASIC
    every = (
        np.arange(folded.shape[1], dtype=np.uint32)
        .astype("<u4")
        .tobytes()
        .decode("utf-32-le", "surrogatepass")
    )
    classes = np.zeros(folded.shape[1], np.uint32)
    classes[np.fromiter(map(str.isalpha, every), np.bool_)] |= _ALPHA
    classes[np.fromiter(map(str.isdigit, every), np.bool_)] |= _DIGIT
    for characters, flag in (
        (ENDS, _ENDS),
        (CLOSING, _CLOSING),
        (BULLETS, _BULLET),
        ("-*\N{EN DASH}", _DASH),
        ("#{.…", _RARE),
    ):
        classes[[ord(character) for character in characters]] |= flag
    tables: np.ndarray = folded | classes[folded & CODE_POINT]
    return tables


@cache
def _kinds() -> np.ndarray:
    """uint8[128]: what an ASCII character is in a token or behind it, capitals like small letters."""
    kinds = np.full(128, _NOT_WORD, np.uint8)
    kinds[ord("a") : ord("z") + 1] = kinds[ord("A") : ord("Z") + 1] = range(_ONE_DIGIT)
    kinds[ord("0") : ord("9") + 1] = _ONE_DIGIT
    kinds[ord("_")] = _ONE_OTHER
    kinds[[ord("."), ord(",")]] = _STOP
    return kinds


@cache
def _traits() -> np.ndarray:
    """uint8[32, 32]: what a character of a kind (second) adds to what is known of a token, behind another (first)."""
    traits = np.zeros((32, 32), np.uint8)
    traits[:, :_ONE_DIGIT] = _SOME_ALPHA | _NOT_DIGIT
    traits[:, _ONE_DIGIT] = _SOME_DIGIT | _NOT_ALPHA | _NOT_LATIN
    traits[:, _ONE_OTHER] = _NOT_ALPHA | _NOT_DIGIT | _NOT_LATIN
    traits[:, _ONE_ALPHA] = _SOME_ALPHA | _NOT_DIGIT | _NOT_LATIN
    traits[:, [ord(vowel) - ord("a") for vowel in "aeiouy"]] |= _VOWEL
    for pair in UNSEEN_PAIRS.split():
        traits[ord(pair[0]) - ord("a"), ord(pair[1]) - ord("a")] |= _UNSEEN
    return traits.reshape(-1)


@cache
def _judged() -> np.ndarray:
    """uint8[2, 8, 128]: marks of a token, or `_ASK`, by whether a stop is behind it, its length and its traits."""
    judged = np.zeros((2, 8, 128), np.uint8)
    for stop, size, seen in np.ndindex(judged.shape):
        if seen & _SOME_DIGIT:
            judged[stop, size, seen] = NUMBER if not seen & _NOT_DIGIT and size != 4 else _ASK
            continue
        if not seen & _NOT_ALPHA and (size < 3 or (size == 3 and stop)):
            judged[stop, size, seen] = SHORT
        if not seen & _NOT_LATIN and ((size >= 3 and seen & _UNSEEN) or (size >= 4 and not seen & _VOWEL)):
            judged[stop, size, seen] |= GARBLED
    return judged.reshape(-1)


@cache
def _classes() -> np.ndarray:
    """uint16[2, 128]: for words, the folded ASCII character and above it its class; the rows are those of `_tables`."""
    entries = _tables()[:, :128]
    classes = np.zeros(entries.shape, np.uint16)
    for flags, bit in (
        (BLANK, _IS_BLANK),
        (_ALPHA, _HAS_ALPHA),
        (_DIGIT, _HAS_DIGIT),
        (_RARE | _ENDS, _HAS_RARE),
    ):
        classes |= np.where(entries & flags, np.uint16(bit << np.uint64(7)), np.uint16(0))
    return classes | (entries & CODE_POINT).astype(np.uint16)


@compiled
def _back(data: np.ndarray, begin: int, end: int) -> int:
    """Where the character before byte `end` begins."""
    end -= 1
    while end > begin and data[end] & 0xC0 == 0x80:
        end -= 1
    return end


@compiled
def _is_citation(data: np.ndarray, begin: int, end: int) -> int:
    """Where a mark such as [12], [edit] or [citation needed] begins that ends the line, or `end` if there is none."""
    if end - begin < 2 or data[end - 1] != 93:
        return end
    i = end - 2
    while i >= begin and 48 <= data[i] <= 57:
        i -= 1
    if i >= begin and data[i] == 91:
        return i
    for word in (b"[edit]", b"[citation needed]"):
        start = end - len(word)
        if start >= begin:
            same = True
            for k in range(len(word)):
                letter = data[start + k]
                same &= (letter | 32 if 65 <= letter <= 90 else letter) == word[k]
            if same:
                return start
    return end


@compiled
def _ends_in_dots(data: np.ndarray, begin: int, end: int) -> bool:
    return end - begin >= 3 and data[end - 1] == 46 and data[end - 2] == 46 and data[end - 3] == 46


@compiled
def _ends_as_c4_wants(data: np.ndarray, begin: int, end: int, table: np.ndarray) -> bool:
    """Whether a line ends in a mark of sentences or a quotation mark, citations aside, and in no ellipsis."""
    before = _is_citation(data, begin, end)
    while before < end:
        end = before
        while end > begin and table[code_point_at(data, _back(data, begin, end))[0]] & BLANK:
            end = _back(data, begin, end)
        before = _is_citation(data, begin, end)
    if end == begin or _ends_in_dots(data, begin, end):
        return False
    entry = table[code_point_at(data, _back(data, begin, end))[0]]
    point = entry & CODE_POINT
    return bool((entry & _ENDS and point != _ELLIPSIS) or point == 34 or point == 0x201D)  # noqa: PLR1714  # compiled


@compiled
def _ends_sentence(data: np.ndarray, begin: int, end: int, table: np.ndarray) -> bool:
    while end > begin:
        end = _back(data, begin, end)
        entry = table[code_point_at(data, end)[0]]
        if not entry & _CLOSING:
            return bool(entry & _ENDS)
    return False


@compiled
def _is_year(part: np.ndarray, begin: int, end: int) -> bool:
    if end - begin != 4:
        return False
    century = int(part[begin]) * 10 + int(part[begin + 1]) - 11 * 48
    return 18 <= century <= 20


@compiled
def _digit_between_letters(part: np.ndarray, begin: int, end: int, table: np.ndarray) -> bool:
    letter, digit = False, False  # a letter before; digits behind it
    i = begin
    while i < end:
        point, i = code_point_at(part, i)
        entry = table[point]
        if entry & _ALPHA:
            if digit:
                return True
            letter = True
        else:
            digit = letter and entry & _DIGIT != 0
            letter = digit
    return False


@compiled
def _mark(part: np.ndarray, begin: int, end: int, table: np.ndarray, seen: np.uint64) -> np.uint8:
    """What a token with digits is, of which `_traits` told `seen`."""
    if not seen & _NOT_DIGIT:
        return NUMBER | YEAR if _is_year(part, begin, end) else NUMBER
    if seen & _SOME_ALPHA and _digit_between_letters(part, begin, end, table):
        return GARBLED
    return np.uint8(0)


@compiled
def _kind_beyond_ascii(entry: np.uint32, kinds: np.ndarray) -> np.uint64:
    if entry & (WORD | ALONE) != WORD:
        return _NOT_WORD
    if entry & CODE_POINT < 128:  # the sign for kelvin is a k
        return np.uint64(kinds[entry & CODE_POINT])
    return _ONE_ALPHA if entry & _ALPHA else _ONE_DIGIT if entry & _DIGIT else _ONE_OTHER


@compiled
def _tokens(  # noqa: PLR0917  # tables to look up and arrays to write to
    part: np.ndarray,
    i: int,
    table: np.ndarray,
    kinds: np.ndarray,
    traits: np.ndarray,
    judged: np.ndarray,
    lengths: np.ndarray,
    marks: np.ndarray,
    token: int,
) -> tuple[int, int]:
    """Write lengths and marks of a line's tokens from `token` on; where the line ends, and the number after the last."""
    end = len(part)
    size, seen, before, begin = np.uint64(0), np.uint64(0), _NOT_WORD, i
    while True:
        at = i
        entry = np.uint32(0)
        lead = part[i] if i < end else np.uint8(10)
        if lead < 0x80:
            kind = np.uint64(kinds[lead])
            i += 1
        else:
            point, i = code_point_at(part, i)
            entry = table[point]
            kind = _kind_beyond_ascii(entry, kinds)
        # Without branches, since where a word ends cannot be predicted: `&` and masks, not `and` and `if`.
        inside = kind < _NOT_WORD
        ends = (size > np.uint64(0)) & (not inside)
        stop = np.uint64(kind == _STOP)
        mark = judged[(stop << _TEN) | (min(size, _SEVEN) << _SEVEN) | seen]
        if ends & (mark == _ASK):
            mark = _mark(part, begin, at, table, seen)
        lengths[token] = size
        marks[token] = mark
        token += int(ends)
        begin = begin if size else at
        keep = np.uint64(0) - np.uint64(inside)
        seen = (seen | np.uint64(traits[(before << _FIVE) | kind])) & keep
        size = (size + _ONE) & keep
        before = kind
        if entry & ALONE and entry & WORD:
            lengths[token] = 1
            marks[token] = 0  # what is short or garbled in such scripts cannot be told so
            token += 1
        if lead == 10:
            return at, token


@compiled
def _count_rare(part: np.ndarray, begin: int, end: int, numbers: np.ndarray) -> None:
    """Count the hash signs, brackets and ellipses of a word."""
    i, dots = begin, 0
    while i < end:
        point, i = code_point_at(part, i)
        numbers[_HASHES] += point == 35
        numbers[_CURLY] += point == 123
        numbers[_ELLIPSES] += point == _ELLIPSIS
        dots = dots + 1 if point == 46 else 0
        if dots == 3:
            numbers[_ELLIPSES] += 1
            dots = 0


@compiled
def _strip(part: np.ndarray, begin: int, end: int, table: np.ndarray) -> tuple[int, int]:
    """The first byte of a line that is no white space, and the byte after its last such."""
    while begin < end:
        point, after = code_point_at(part, begin)
        if not table[point] & BLANK:
            break
        begin = after
    while end > begin:
        before = _back(part, begin, end)
        if not table[code_point_at(part, before)[0]] & BLANK:
            break
        end = before
    return begin, end


@compiled
def _words(  # noqa: PLR0917  # tables to look up and an array to write to
    part: np.ndarray, i: int, end: int, table: np.ndarray, classes: np.ndarray, numbers: np.ndarray
) -> tuple[int, np.uint64, int, int, np.uint64]:
    """Count the words of a line, from its first character to its last, into `numbers`.

    Returns:
        The line's characters and their hash; its words; those that end a sentence; the longest one's characters.
    """
    word = i
    chars = words = sentences = alphabetic = digital = solid = 0
    longest = size = flags = np.uint64(0)
    state = _START
    while i <= end:
        at = i
        lead = part[i] if i < end else np.uint8(10)
        if lead < 0x80:
            point = np.uint64(classes[lead] & np.uint16(127))
            kind = np.uint64(classes[lead] >> np.uint16(7))
            i += 1
        else:
            code_point, i = code_point_at(part, i)
            entry = table[code_point]
            point = np.uint64(entry & CODE_POINT)
            kind = _class_beyond_ascii(entry)
        # Without branches, as above.
        blank = kind & _IS_BLANK != 0
        ends = (size > np.uint64(0)) & blank
        if ends & (flags & _HAS_RARE != 0):
            _count_rare(part, word, at, numbers)
            sentences += _ends_sentence(part, word, at, table)
        words += ends
        alphabetic += ends & (flags & _HAS_ALPHA != 0)
        digital += ends & (flags & (_HAS_ALPHA | _HAS_DIGIT) == _HAS_DIGIT)
        longest = max(longest, size)
        solid += not blank
        word = word if size else at
        keep = np.uint64(blank) - _ONE
        flags = (flags | kind) & keep
        size = (size + _ONE) & keep
        if at < end:
            state = (state ^ point) * _MULTIPLIER
            chars += 1
    numbers[_WORDS] += words
    numbers[_WORD_CHARS] += solid
    numbers[_ALPHABETIC] += alphabetic
    numbers[_DIGITAL] += digital
    return chars, state, words, sentences, longest


@compiled
def _class_beyond_ascii(entry: np.uint32) -> np.uint64:
    kind = _IS_BLANK if entry & BLANK else np.uint64(0)
    kind |= _HAS_ALPHA if entry & _ALPHA else np.uint64(0)
    kind |= _HAS_DIGIT if entry & _DIGIT else np.uint64(0)
    return kind | (_HAS_RARE if entry & (_RARE | _ENDS) else np.uint64(0))


@compiled
def _line(  # noqa: PLR0917  # what is known of the line
    part: np.ndarray, begin: int, last: int, length: int, table: np.ndarray, numbers: np.ndarray
) -> None:
    """Count what a line begins and ends with."""
    first, after = code_point_at(part, begin)
    bullet = table[first] & _BULLET != 0
    if table[first] & _DASH:
        bullet = after < last and table[code_point_at(part, after)[0]] & BLANK != 0
    numbers[_BULLET_LINES] += bullet
    final = code_point_at(part, _back(part, begin, last))[0]
    numbers[_ELLIPSIS_LINES] += final == _ELLIPSIS or _ends_in_dots(part, begin, last)
    numbers[_PUNCTUATED] += _ends_sentence(part, begin, last, table)
    numbers[_SHORT] += length < _SHORT_LINE


@compiled
def _count(  # noqa: PLR0917  # arrays to write to; a kernel takes no record of them
    data: np.ndarray,
    offsets: np.ndarray,
    tables: np.ndarray,
    rows: np.ndarray,
    kinds: np.ndarray,
    traits: np.ndarray,
    judged: np.ndarray,
    classes: np.ndarray,
    numbers: np.ndarray,
    lengths: np.ndarray,
    marks: np.ndarray,
    begins: np.ndarray,
    line_keys: np.ndarray,
    line_chars: np.ndarray,
    line_tokens: np.ndarray,
    line_sentences: np.ndarray,
    line_opens: np.ndarray,
    line_offsets: np.ndarray,
) -> None:
    token = line = 0
    for text in range(len(offsets) - 1):
        table = tables[rows[text]]
        part = data[offsets[text] : offsets[text + 1]]
        here = numbers[text]
        feeds, feeds_before, opens = 0, -1, True
        at = 0
        while at < len(part):
            end, token = _tokens(part, at, table, kinds, traits, judged, lengths, marks, token)
            begin, last = _strip(part, at, end, table)
            if begin < last:
                length, key, words, sentences, longest = _words(
                    part, begin, last, table, classes[rows[text]], here
                )
                _line(part, begin, last, length, table, here)
                if feeds_before < 0:
                    feeds_before = feeds
                here[_LINE_FEEDS] = feeds - feeds_before
                line_keys[line] = key
                line_chars[line] = length
                line_opens[line] = opens
                line_sentences[line] = 0
                if (
                    words >= _FEWEST_WORDS
                    and longest <= _LONGEST_WORD
                    and _ends_as_c4_wants(part, begin, last, table)
                ):
                    line_sentences[line] = max(1, sentences)
                line += 1
                line_tokens[line] = token
            opens = begin == last
            feeds += 1
            at = end + 1
        begins[text + 1] = token
        line_offsets[text + 1] = line


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text.casefold())


def count(texts: Sequence[str]) -> Counts:
    r"""Count characters, words and lines; see `Counts`.

    Memory: the texts' UTF-8, 5 bytes a token, 33 bytes a line.

    >>> counts = count(["Oak burns slowly.\n\n- Ash # 3"])
    >>> counts.number("words").tolist(), counts.number("punctuated_lines").tolist()
    ([7], [1])
    """
    data, offsets, rows = folded_utf8(texts, _fold)
    n = len(texts)
    tokens = (int(offsets[-1]) + n) // 2 + 1  # as `tokenize` reckons
    lines = int(np.count_nonzero(data[: offsets[-1]] == 10)) + n
    counts = Counts(
        numbers=np.zeros((n, len(COLUMNS)), np.int64),
        lengths=np.empty(tokens, np.uint32),
        marks=np.empty(tokens, np.uint8),
        offsets=np.zeros(n + 1, np.int64),
        line_keys=np.empty(lines, np.uint64),
        line_chars=np.empty(lines, np.int64),
        line_tokens=np.zeros(lines + 1, np.int64),
        line_sentences=np.empty(lines, np.int64),
        line_opens=np.empty(lines, np.bool_),
        line_offsets=np.zeros(n + 1, np.int64),
    )
    _count(
        data,
        offsets,
        _tables(),
        rows,
        _kinds(),
        _traits(),
        _judged(),
        _classes(),
        counts.numbers,
        counts.lengths,
        counts.marks,
        counts.offsets,
        counts.line_keys,
        counts.line_chars,
        counts.line_tokens,
        counts.line_sentences,
        counts.line_opens,
        counts.line_offsets,
    )
    return counts
