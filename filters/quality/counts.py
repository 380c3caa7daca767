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

import string
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from colophon.filters.folding import BLANK, CODE_POINT, code_point_at, fold_tables, folded_utf8
from colophon.filters.kernels import compiled, mix64
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

# Flags of `_table` beside those of `fold_tables`: the first eight, from `WORD` on, make a character's class.
_ALPHA, _DIGIT, _RARE, _LATIN, _VOWEL, _ENDS, _CLOSING, _BULLET = (
    np.uint32(1 << bit) for bit in range(24, 32)
)
_BASIC = np.uint32((1 << 24) - 1)
_CLASS_SHIFT = np.uint32(21)
_IN_WORD, _IS_ALONE, _IS_BLANK, _IS_ALPHA, _IS_DIGIT, _IS_RARE, _IS_LATIN, _IS_VOWEL = map(
    np.uint64, range(8)
)
_BLANK_CLASS = np.uint8(1 << 2)

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
_ELLIPSIS, _LINE_FEED, _STOP, _COMMA, _EN_DASH = 0x2026, 10, 46, 44, 0x2013

_BLOCK = 64  # characters that the bits of a word stand for
_ONE, _LOW_BITS = np.uint64(1), np.uint64(0x0101010101010101)
_GATHER = np.uint64(0x0102040810204080)  # moves the lowest bits of eight bytes into the highest byte
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
    for characters, flags in (
        (ENDS, _ENDS | _RARE),
        (CLOSING, _CLOSING),
        (BULLETS, _BULLET),
        ("#{.…", _RARE),  # what is counted
        (string.ascii_lowercase, _LATIN),
        ("aeiouy", _VOWEL),
    ):
        classes[[ord(character) for character in characters]] |= flags
    tables: np.ndarray = folded | classes[folded & CODE_POINT]
    return tables


@cache
def _unseen() -> np.ndarray:
    """uint32[128]: for a letter, which others English does not have behind it, a bit each; in any case."""
    unseen = np.zeros(128, np.uint32)
    for pair in UNSEEN_PAIRS.split():
        unseen[[ord(pair[0]), ord(pair[0].upper())]] |= np.uint32(1 << (ord(pair[1]) & 31))
    return unseen


@compiled
def _ones(bits: np.uint64) -> int:
    """How many bits are set."""
    bits -= (bits >> _ONE) & np.uint64(0x5555555555555555)
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int(np.int64((bits * _LOW_BITS) >> np.uint64(56)))


@compiled
def _lowest(bits: np.uint64) -> int:
    """The number of the lowest bit that is set; 64 if none is."""
    return _ones(~bits & (bits - _ONE))


@compiled
def _width(bits: np.uint64) -> int:
    """The number after that of the highest bit that is set; 0 if none is."""
    for shift in (1, 2, 4, 8, 16, 32):
        bits |= bits >> np.uint64(shift)
    return _ones(bits)


@compiled
def _bits(flags: np.ndarray, block: int, which: np.uint64) -> np.uint64:
    """One flag of the 64 characters of a block."""
    bits = np.uint64(0)
    first = np.uint64(block) << np.uint64(3)
    for eight in range(np.uint64(8)):
        found = (flags[first + eight] >> which) & _LOW_BITS
        bits |= ((found * _GATHER) >> np.uint64(56)) << (eight << np.uint64(3))
    return bits


@compiled
def _at_ends(flags: np.uint64, runs: np.uint64, carry: np.uint64) -> tuple[np.uint64, np.uint64]:
    """The bits behind those runs of set bits that hold a flag: where it is added, a run carries beyond its end.

    Args:
        flags: Some of the bits of `runs`.
        runs: The bits of a block.
        carry: What the block before returned.

    Returns:
        Those bits, and 1 if a run that has a flag goes on in the next block.
    """
    total = runs + flags
    over = total < runs
    total += carry
    return total & ~runs, np.uint64(over | (total < carry))


@compiled
def _decode(  # noqa: PLR0917  # tables to look up and arrays to write to
    part: np.ndarray,
    i: int,
    table: np.ndarray,
    unseen: np.ndarray,
    entries: np.ndarray,
    classes: np.ndarray,
    pairs: np.ndarray,
) -> tuple[int, int]:
    """Write a line's characters to `entries`, their classes, and whether they make an unseen pair with the one before.

    Returns:
        Where the line ends, and how many characters it has.
    """
    size, end = np.uint64(0), len(part)  # unsigned, since an index that may be negative costs time
    follows = np.uint32(0)
    while i < end:
        lead = part[np.uint64(i)]
        letter = np.uint64(lead)
        if lead < 0x80:
            if lead == _LINE_FEED:
                break
            entry = table[letter]
            i += 1
        else:
            point, i = code_point_at(part, i)
            entry = table[np.uint64(point)]
            letter = np.uint64(entry & CODE_POINT)
            letter = letter if letter < np.uint64(128) else np.uint64(0)  # the sign for kelvin is a k
        entries[size] = entry
        classes[size] = np.uint8(entry >> _CLASS_SHIFT)
        pairs[size] = np.uint8((follows >> np.uint32(letter & np.uint64(31))) & np.uint32(1))
        follows = unseen[letter]
        size += _ONE
    n = int(np.int64(size))
    entries[n] = 0
    for rest in range(n, (n // _BLOCK + 1) * _BLOCK):
        classes[rest] = _BLANK_CLASS
    return i, n


@compiled
def _point(entries: np.ndarray, at: int) -> int:
    return int(entries[np.uint64(at)] & CODE_POINT)


@compiled
def _is_year(entries: np.ndarray, begin: int, end: int) -> bool:
    if end - begin != 4:
        return False
    for at in range(begin, end):
        if _point(entries, at) >= 128:
            return False
    century = _point(entries, begin) * 10 + _point(entries, begin + 1) - 11 * 48
    return 18 <= century <= 20


@compiled
def _mark_with_digits(entries: np.ndarray, begin: int, end: int) -> np.uint8:
    """What a token with digits is."""
    number = True
    letter, digit = False, False  # a letter before; digits behind it
    for at in range(begin, end):
        entry = entries[at]
        number &= entry & _DIGIT != 0
        if entry & _ALPHA:
            if digit:
                return GARBLED
            letter = True
        else:
            digit = letter and entry & _DIGIT != 0
            letter = digit
    if number:
        return NUMBER | YEAR if _is_year(entries, begin, end) else NUMBER
    return np.uint8(0)


@compiled
def _tokens(  # noqa: PLR0917  # arrays to read and to write to
    entries: np.ndarray,
    n: int,
    classes: np.ndarray,
    pairs: np.ndarray,
    lengths: np.ndarray,
    marks: np.ndarray,
    token: int,
) -> int:
    """Write lengths and marks of a line's tokens from `token` on; the number after the last."""
    begin = 0
    before = with_digit = with_other = foreign = voiced = odd = np.uint64(0)
    for block in range(n // _BLOCK + 1):
        base = block * _BLOCK
        alone = _bits(classes, block, _IS_ALONE)
        word = _bits(classes, block, _IN_WORD)
        alone &= word
        word ^= alone
        latin = _bits(classes, block, _IS_LATIN)
        digits, with_digit = _at_ends(word & _bits(classes, block, _IS_DIGIT), word, with_digit)
        others, with_other = _at_ends(word & ~_bits(classes, block, _IS_ALPHA), word, with_other)
        foreigners, foreign = _at_ends(word & ~latin, word, foreign)
        vowels, voiced = _at_ends(word & _bits(classes, block, _IS_VOWEL), word, voiced)
        unseen, odd = _at_ends(word & _bits(pairs, block, np.uint64(0)), word, odd)
        behind = (word << _ONE) | (before >> np.uint64(63))
        three = behind & ((word << np.uint64(2)) | (before >> np.uint64(62)))
        three &= (word << np.uint64(3)) | (before >> np.uint64(61))
        four = three & ((word << np.uint64(4)) | (before >> np.uint64(60)))
        short = ~(others | three)
        short_with_stop = ~others & three & ~four
        garbled = ~foreigners & ((three & unseen) | (four & ~vowels))
        starts, ends = word & ~behind, (behind & ~word) | alone
        if not before >> np.uint64(63):
            begin = base + _lowest(starts)
            starts &= starts - _ONE
        while ends:
            bit = np.uint64(_lowest(ends))
            ends &= ends - _ONE
            end = base + int(np.int64(bit))
            if (behind & ~word) >> bit & _ONE:
                if digits >> bit & _ONE:
                    mark = _mark_with_digits(entries, begin, end)
                else:
                    point = entries[np.uint64(end)] & CODE_POINT
                    stop = np.uint64((point == _STOP) | (point == _COMMA))
                    mark = np.uint8(
                        (short >> bit & _ONE)
                        | (short_with_stop >> bit & stop)
                        | ((garbled >> bit & _ONE) << np.uint64(3))
                    )
                lengths[token] = end - begin
                marks[token] = mark
                token += 1
                begin = base + _lowest(starts)
                starts &= starts - _ONE
            if alone >> bit & _ONE:
                lengths[token] = 1
                marks[token] = 0  # what is short or garbled in such scripts cannot be told so
                token += 1
        before = word
    return token


@compiled
def _ends_in_dots(entries: np.ndarray, begin: int, end: int) -> bool:
    if end - begin < 3:
        return False
    return (
        _point(entries, end - 1) == _STOP
        and _point(entries, end - 2) == _STOP
        and _point(entries, end - 3) == _STOP
    )


@compiled
def _is_citation(entries: np.ndarray, begin: int, end: int) -> int:
    """Where a mark such as [12], [edit] or [citation needed] begins that ends the line, or `end` if there is none."""
    if end - begin < 2 or _point(entries, end - 1) != 93:
        return end
    i = end - 2
    while i >= begin and 48 <= _point(entries, i) <= 57:
        i -= 1
    if i >= begin and _point(entries, i) == 91:
        return i
    for word in (b"[edit]", b"[citation needed]"):
        start = end - len(word)
        if start >= begin:
            same = True
            for k in range(len(word)):
                same &= _point(entries, start + k) == word[k]
            if same:
                return start
    return end


@compiled
def _ends_as_c4_wants(entries: np.ndarray, begin: int, end: int) -> bool:
    """Whether a line ends in a mark of sentences or a quotation mark, citations aside, and in no ellipsis."""
    before = _is_citation(entries, begin, end)
    while before < end:
        end = before
        while end > begin and entries[end - 1] & BLANK:
            end -= 1
        before = _is_citation(entries, begin, end)
    if end == begin or _ends_in_dots(entries, begin, end):
        return False
    point = _point(entries, end - 1)
    return bool((entries[end - 1] & _ENDS and point != _ELLIPSIS) or point == 34 or point == 0x201D)  # noqa: PLR1714  # compiled


@compiled
def _ends_sentence(entries: np.ndarray, begin: int, end: int) -> bool:
    while end > begin:
        end -= 1
        if not entries[end] & _CLOSING:
            return bool(entries[end] & _ENDS)
    return False


@compiled
def _count_rare(entries: np.ndarray, begin: int, end: int, numbers: np.ndarray) -> None:
    """Count the hash signs, brackets and ellipses of a word."""
    dots = 0
    for at in range(begin, end):
        point = _point(entries, at)
        numbers[_HASHES] += point == 35
        numbers[_CURLY] += point == 123
        numbers[_ELLIPSES] += point == _ELLIPSIS
        dots = dots + 1 if point == _STOP else 0
        if dots == 3:
            numbers[_ELLIPSES] += 1
            dots = 0


@compiled
def _words(
    entries: np.ndarray, n: int, classes: np.ndarray, numbers: np.ndarray
) -> tuple[int, int, int, int, bool]:
    """Count the words of a line into `numbers`.

    Returns:
        Where the line begins and ends without white space, the same if nothing is left; its words; those that end a
        sentence; whether one is too long.
    """
    first = last = words = sentences = alphabetic = digital = solid = 0
    since = 0  # where the word began that the last block ended in
    too_long = False
    before = with_letter = with_digit = with_rare = np.uint64(0)
    for block in range(n // _BLOCK + 1):
        base = block * _BLOCK
        blank = _bits(classes, block, _IS_BLANK)
        word = ~blank
        letters, with_letter = _at_ends(_bits(classes, block, _IS_ALPHA), word, with_letter)
        digits, with_digit = _at_ends(_bits(classes, block, _IS_DIGIT), word, with_digit)
        rare, with_rare = _at_ends(_bits(classes, block, _IS_RARE), word, with_rare)
        if word:
            first = first if last else base + _lowest(word)
            last = base + _width(word)
        words += _ones(blank & ((word << _ONE) | before))
        alphabetic += _ones(letters)
        digital += _ones(digits & ~letters)
        solid += _ones(word)
        while rare:
            end = base + _lowest(rare)
            rare &= rare - _ONE
            begin = end
            while begin > 0 and not entries[begin - 1] & BLANK:
                begin -= 1
            _count_rare(entries, begin, end, numbers)
            sentences += _ends_sentence(entries, begin, end)
        if blank:
            too_long |= base + _lowest(blank) - since > _LONGEST_WORD
            since = base + _width(blank)
        before = word >> np.uint64(63)
    numbers[_WORDS] += words
    numbers[_WORD_CHARS] += solid
    numbers[_ALPHABETIC] += alphabetic
    numbers[_DIGITAL] += digital
    return first, last, words, sentences, too_long


@compiled
def _absorb(state: np.uint64, value: np.uint64) -> np.uint64:
    state = (state ^ value) * _MULTIPLIER
    return state ^ (state >> np.uint64(32))


@compiled
def _key(entries: np.ndarray, begin: int, end: int) -> np.uint64:
    """A hash of characters, in two lanes of two characters, which a processor does at the same time."""
    one, other = _START, ~_START
    at, last = np.uint64(begin), np.uint64(end)
    high = np.uint64(32)
    while at + np.uint64(4) <= last:
        one = _absorb(one, entries[at] | (np.uint64(entries[at + _ONE]) << high))
        at += np.uint64(2)
        other = _absorb(other, entries[at] | (np.uint64(entries[at + _ONE]) << high))
        at += np.uint64(2)
    while at < last:
        one = _absorb(one, np.uint64(entries[at]))
        at += _ONE
    return mix64(one + mix64(other ^ np.uint64(end - begin)))


@compiled
def _line(entries: np.ndarray, begin: int, last: int, numbers: np.ndarray) -> None:
    """Count what a line begins and ends with."""
    first = _point(entries, begin)
    bullet = entries[begin] & _BULLET != 0
    if first == 42 or first == 45 or first == _EN_DASH:  # noqa: PLR1714  # compiled
        bullet = begin + 1 < last and entries[begin + 1] & BLANK != 0
    numbers[_BULLET_LINES] += bullet
    numbers[_ELLIPSIS_LINES] += _point(entries, last - 1) == _ELLIPSIS or _ends_in_dots(entries, begin, last)
    numbers[_PUNCTUATED] += _ends_sentence(entries, begin, last)
    numbers[_SHORT] += last - begin < _SHORT_LINE


@compiled
def _count(  # noqa: PLR0917  # arrays to write to; a kernel takes no record of them
    data: np.ndarray,
    offsets: np.ndarray,
    tables: np.ndarray,
    rows: np.ndarray,
    unseen: np.ndarray,
    entries: np.ndarray,
    classes: np.ndarray,
    pairs: np.ndarray,
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
    """Fill the arrays of `Counts`.

    Line by line, characters are first written to `entries`, uint32, as `tables` has them, and their classes to
    `classes`, uint8 seen as uint64; what follows then looks at 64 characters at once, one bit each.
    """
    class_bytes, pair_bytes = classes.view(np.uint8), pairs.view(np.uint8)
    token = line = 0
    for text in range(len(offsets) - 1):
        table = tables[rows[text]]
        part = data[offsets[text] : offsets[text + 1]]
        here = numbers[text]
        feeds, feeds_before, opens = 0, -1, True
        at = 0
        while at < len(part):
            end, n = _decode(part, at, table, unseen, entries, class_bytes, pair_bytes)
            token = _tokens(entries, n, classes, pairs, lengths, marks, token)
            begin, last, words, sentences, too_long = _words(entries, n, classes, here)
            if begin < last:
                _line(entries, begin, last, here)
                if feeds_before < 0:
                    feeds_before = feeds
                here[_LINE_FEEDS] = feeds - feeds_before
                line_keys[line] = _key(entries, begin, last)
                line_chars[line] = last - begin
                line_opens[line] = opens
                line_sentences[line] = 0
                if words >= _FEWEST_WORDS and not too_long and _ends_as_c4_wants(entries, begin, last):
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


def count(texts: Sequence[str], folded: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None) -> Counts:
    r"""Count characters, words and lines; see `Counts`.

    Memory: the texts' UTF-8, 5 bytes a token, 41 bytes a line, and 6 bytes a character of the longest line.

    Args:
        texts: The texts.
        folded: What `folded_words` returns for them, where that is known.

    >>> counts = count(["Oak burns slowly.\n\n- Ash # 3"])
    >>> counts.number("words").tolist(), counts.number("punctuated_lines").tolist()
    ([7], [1])
    """
    data, offsets, rows = folded or folded_utf8(texts, _fold)
    n, end = len(texts), int(offsets[-1])
    tokens = (end + n) // 2 + 1  # as `tokenize` reckons
    feeds = np.flatnonzero(data[:end] == _LINE_FEED)
    lines = len(feeds) + n
    longest = int(np.diff(np.sort(np.concatenate((feeds, offsets)))).max(initial=0))
    blocks = longest // _BLOCK + 1
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
        _unseen(),
        np.empty(blocks * _BLOCK, np.uint32),
        np.empty(blocks * 8, np.uint64),
        np.empty(blocks * 8, np.uint64),
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
