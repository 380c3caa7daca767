"""What a sentence is made of, for the hostility model.

Features are hashed into a fixed number of buckets (Weinberger et al. 2009, arXiv:0902.2206): a sentence's words and pairs of
neighbouring words; the classes of its words alone, negated, quoted or reported, in a row, together, and beside the group; and
character 3- to 5-grams of its words, against tricks of spelling. Before that, every mention of a group, with the nouns for persons
beside it, becomes one and the same token, so that no feature can tell which group is meant.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from colophon.filters.bias.scan import QUOTED, Places, Utf8
from colophon.filters.bias.words import CLASSES, LOADED, PRONOUN, Words, join_tokens, look_up_word
from colophon.filters.folding import CODE_POINT, code_point_at
from colophon.filters.kernels import compiled, mix64

__all__ = [
    "BUCKETS",
    "MOST_FEATURES",
    "NAMES",
    "SPEAKS",
    "TELLS",
    "Marked",
    "Sink",
    "Source",
    "features_of",
    "new_sink",
]

BUCKETS = 1 << 18
"""Buckets that features are hashed into."""
MOST_FEATURES = 12_000
"""No sentence has more features; the rest is left out."""

NAMES, TELLS, SPEAKS = 0, 1, 2
"""A sentence has names of groups and nothing else; other words too; one of a class that can speak against a group."""

_MOST_TOKENS = 200  # of a sentence and the next
_MOST_CLASSED = MOST_FEATURES // 4
_MOST_LETTERS = 24  # of a word, for character n-grams
_NEAR = 6  # tokens between a group and a word of a class, at most
_NEGATES = 5  # tokens that a negation reaches
_REPORTS = 8  # tokens that a verb of saying reaches
_N_CLASSES = len(CLASSES)
_DENY, _REPORT = np.uint64(1 << CLASSES.index("deny")), np.uint64(1 << CLASSES.index("report"))
_CLASS_BITS, _PRONOUN = np.uint64(LOADED - 1), np.uint64(PRONOUN)
_ONE = np.uint64(1)
# Classes of which a word must be there for a sentence to be more than a mention.
_SPEAKING = np.uint64(
    sum(
        1 << CLASSES.index(name)
        for name in (
            *("despise", "kill", "harm", "expel", "dehumanise", "insult", "despicable", "degrade", "swear"),
            *("deny", "deserve", "oppose"),
        )
    )
)
# Digits of pi: tokens that no word hashes to.
_GROUP, _PERSON = np.uint64(0xA4093822299F31D0), np.uint64(0x082EFA98EC4E6C89)
_EDGE = np.uint64(0x452821E638D01377)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

# Kinds of features, apart from each other by what is mixed into the hash.
_WORD_1, _WORD_2, _CLASS_1, _CLASS_2, _CLASS_3, _BESIDE, _NEGATED, _QUOTE, _LETTERS = range(1, 10)
_REPORTED, _TOGETHER = 10, 11

# Letters for the figures that are put in their places.
_LETTER_OF = np.arange(128, dtype=np.uint64)
_LETTER_OF[[ord(figure) for figure in "013457"]] = [ord(letter) for letter in "oieast"]


class Marked(NamedTuple):
    """Tokens: their hashes, the width of the mention that begins at each, and which are nouns for persons."""

    hashes: np.ndarray
    named: np.ndarray
    person: np.ndarray


class Sink(NamedTuple):
    """Where features are written: int32 buckets and float64 amounts, `MOST_FEATURES` of each, and int64[1], how many."""

    buckets: np.ndarray
    amounts: np.ndarray
    size: np.ndarray


class Source(NamedTuple):
    """All that features are made of: tokens, the table of words, the texts, and where tokens stand in them."""

    tokens: Marked
    words: Words
    utf8: Utf8
    places: Places


def new_sink() -> Sink:
    """An empty sink."""
    return Sink(np.empty(MOST_FEATURES, np.int32), np.empty(MOST_FEATURES, np.float64), np.zeros(1, np.int64))


class _Symbols(NamedTuple):
    """A sentence's words after masking: what they hash to, the bits of their classes, their tokens or -1."""

    symbol: np.ndarray
    classes: np.ndarray
    where: np.ndarray


@compiled
def _collapse(tokens: Marked, a: int, b: int, words: Words, out: _Symbols) -> int:
    """Write the words of tokens a to b, each group with its nouns for persons as one; how many."""
    n, i = 0, a
    before = False  # the last symbol is a noun for a person
    article, other_article = words.articles
    while i < b:
        value = look_up_word(words, tokens.hashes[i])
        if tokens.named[i] and not value & _PRONOUN:
            if n and (before or out.symbol[n - 1] == _GROUP):
                n -= 1
            out.symbol[n], out.classes[n], out.where[n] = _GROUP, 0, -1
            n, i, before = n + 1, i + tokens.named[i], False
            continue
        before = tokens.person[i]
        if before and n and out.symbol[n - 1] == _GROUP:
            i, before = i + 1, False
            continue
        out.symbol[n], out.classes[n], out.where[n] = tokens.hashes[i], value & _CLASS_BITS, i
        if value & _PRONOUN:
            out.symbol[n], out.where[n] = _PERSON, -1
        elif tokens.hashes[i] == article or tokens.hashes[i] == other_article:
            out.symbol[n], out.where[n] = article, -1
        n, i = n + 1, i + 1
    return n


@compiled
def _put(out: Sink, kind: int, key: np.uint64) -> None:
    """Write a feature."""
    count = out.size[0]
    if count < MOST_FEATURES:
        out.buckets[count] = np.int32(mix64(key ^ (np.uint64(kind) * _MULTIPLIER)) & np.uint64(BUCKETS - 1))
        out.size[0] = count + 1


@compiled
def _words(line: _Symbols, n: int, out: Sink) -> None:
    """Write words and pairs of neighbours."""
    last = _EDGE
    for i in range(n):
        _put(out, _WORD_1, line.symbol[i])
        _put(out, _WORD_2, join_tokens(last, line.symbol[i]))
        last = line.symbol[i]
    _put(out, _WORD_2, join_tokens(last, _EDGE))


@compiled
def _class_beside(line: _Symbols, i: int, n: int, key: int, out: Sink) -> None:
    """Write a class for each group near word i."""
    for j in range(max(0, i - _NEAR), min(n, i + _NEAR + 1)):
        if line.symbol[j] == _GROUP:
            _put(out, _BESIDE, np.uint64(key + 2 * (j < i)))


@compiled
def _in_a_row(line: _Symbols, n: int, out: Sink) -> None:
    """Write pairs and triples of classes and groups, other words left out, and pairs of classes anywhere."""
    seen = np.uint64(0)
    older, last = _EDGE, _EDGE
    for i in range(n):
        seen |= line.classes[i]
        symbol = _GROUP if line.symbol[i] == _GROUP else line.classes[i]
        if symbol:
            _put(out, _CLASS_2, join_tokens(last, symbol))
            _put(out, _CLASS_3, join_tokens(join_tokens(older, last), symbol))
            older, last = last, symbol
    for one in range(_N_CLASSES):
        for other in range(one):
            both = _ONE << np.uint64(one) | _ONE << np.uint64(other)
            if seen & both == both:
                _put(out, _TOGETHER, both)


@compiled
def _classes(line: _Symbols, n: int, flags: np.ndarray, out: Sink) -> None:
    """Write the classes of words, each as it stands: plainly, negated, quoted, reported."""
    negated, reported, quoted = 0, 0, False
    for i in range(n):
        classes = line.classes[i]
        if line.where[i] >= 0 and flags[line.where[i]] & np.uint8(QUOTED):
            quoted = not quoted
        kind = _QUOTE if quoted else _NEGATED if negated else _CLASS_1
        for bit in range(_N_CLASSES):
            if classes >> np.uint64(bit) & _ONE:
                _put(out, kind, np.uint64(bit))
                if reported:
                    _put(out, _REPORTED, np.uint64(bit))
                _class_beside(line, i, n, 4 * bit + (kind != _CLASS_1), out)
        negated = _NEGATES if classes & _DENY else max(0, negated - 1)
        reported = _REPORTS if classes & _REPORT else max(0, reported - 1)
        if out.size[0] > _MOST_CLASSED:
            break


@compiled
def _letters_of(data: np.ndarray, begin: int, end: int, table: np.ndarray, letters: np.ndarray) -> int:
    """Write the letters of a word between two edges; how many."""
    n, figures, i = 1, 0, begin
    letters[0] = _EDGE
    while i < end and n < _MOST_LETTERS - 1:
        point, i = code_point_at(data, i)
        point = table[point] & CODE_POINT
        figures += 48 <= point <= 57
        letters[n] = point
        n += 1
    if 0 < figures < n - 1:
        for j in range(1, n):
            if letters[j] < 128:
                letters[j] = _LETTER_OF[letters[j]]
    letters[n] = _EDGE
    return n + 1


@compiled
def _letters(line: _Symbols, n: int, source: Source, text: int, out: Sink) -> None:
    """Write character 3- to 5-grams of the words that are not masked."""
    letters = np.empty(_MOST_LETTERS + 1, np.uint64)
    table = source.utf8.tables[source.utf8.rows[text]]
    begins, ends = source.places.begins, source.places.ends
    for i in range(n):
        at = line.where[i]
        if at < 0:
            continue
        length = _letters_of(source.utf8.data, begins[at], ends[at], table, letters)
        for j in range(length - 2):
            key = join_tokens(join_tokens(letters[j], letters[j + 1]), letters[j + 2])
            _put(out, _LETTERS, key)
            for size in range(3, min(5, length - j)):
                key = join_tokens(key, letters[j + size])
                _put(out, _LETTERS, key)


@compiled
def features_of(source: Source, unit: tuple[int, int, int], shares: np.ndarray, out: Sink) -> int:
    """Write the features of a sentence; how much it says: `NAMES`, `TELLS` or `SPEAKS`.

    Args:
        source: What they are made of.
        unit: Its first token, the token after its last, its text; at most 200 tokens are looked at.
        shares: float64[3], the length of the vector of words, of classes, of letters.
        out: Emptied and written to.
    """
    a, b, text = unit
    b = min(b, a + _MOST_TOKENS)
    size = b - a + 1
    line = _Symbols(np.empty(size, np.uint64), np.empty(size, np.uint64), np.empty(size, np.int64))
    n = _collapse(source.tokens, a, b, source.words, line)
    out.size[0] = 0
    _words(line, n, out)
    worded = out.size[0]
    _classes(line, n, source.places.flags, out)
    _in_a_row(line, n, out)
    classed = out.size[0]
    _letters(line, n, source, text, out)
    count = out.size[0]
    for i in range(count):
        if i < worded:
            out.amounts[i] = shares[0] / np.sqrt(worded)
        elif i < classed:
            out.amounts[i] = shares[1] / np.sqrt(classed - worded)
        else:
            out.amounts[i] = shares[2] / np.sqrt(count - classed)
    says = NAMES
    for i in range(n):
        if line.classes[i] & _SPEAKING:
            return SPEAKS
        if line.where[i] >= 0:
            says = TELLS
    return says
