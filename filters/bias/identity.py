"""How often a document mentions people by gender, origin, religion and the like: counted, never judged.

The words are ours, in ``identity_terms.tsv``, each with an axis, a group, who looked at it, when, and why. A mention is
neutral: lexicons alone tell hostile from neutral text no better than chance, so nothing is dropped for one. What
the rates are for is to see, over a corpus, who is written about and what else the pipeline does to those texts.

A word with another meaning in science (*black*, *old*, *male*, *bipolar*) and every adjective of nationality counts only
with a noun for a person: right after it (*old men*), after other such words (*young and old Welsh farmers*), or
before a form of *be* (*the farmers were mostly old*); a condition only after one (*farmers with dyslexia*). Phrases that only look like a mention (*daughter cells*,
*double-blind*, *65-year-old*) stand in the same file under the axis ``no_mention`` and hide what is in them. The longest
phrase at a place counts, once, on one axis.

Some of these adjectives are nouns after *the* (`OR_THE`: *the deaf*, *the very poor*). They count if the text ends there or a
word follows that no noun phrase goes on with (*are*, *have*, *by*, *they*), or *and* and another such (*the rich and the poor*): so *the blind
spot*, *the poor results* and *the disabled feature* do not. *Females* and *males* (`NEAR`) are animals' in much of science: they count with a noun for
a person, a word of age or one that speaks to somebody (*I*, *your*) within six tokens.

Known failures, seen on abstracts and papers:

- Words are all that is looked at: a sentence's end is not seen (*… grew old. Men …* is a mention; *… the blind. Results …* is none), nor is who is meant.
- Missed: most adjectives as nouns (*the old*, *55% female*, *a Swede*), nouns for persons that are not in the list,
  adjectives apart from their noun (*male, mostly retired, patients*), and pronouns other than of the third person.
- Animals that texts call *mothers*, *infants*, *juvenile individuals*; surnames that are words (*Young's patients*,
  *Black and colleagues*); *He* the element where no other word in the list tells it; *children* of trees in
  computing, *immigrants* on islands and *migrants* among birds.

>>> found = mentions(tokenize(["Old men and a boy watched black holes in a double-blind trial."]))
>>> [AXES[axis] for axis in found.axis]
['age', 'gender', 'gender']
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from colophon.filters.kernels import compiled, mix64
from colophon.filters.tokens import tokenize

if TYPE_CHECKING:
    from colophon.filters.tokens import Tokens

__all__ = ["AXES", "LANGUAGES", "Mentions", "Term", "groups", "mentions", "person_nouns", "terms"]

AXES = (
    "gender",
    "race_ethnicity",
    "religion",
    "nationality",
    "migration",
    "age",
    "disability",
    "sexual_orientation",
    "social_class",
)
"""The axes, in the order of the columns."""

LANGUAGES = ("en",)
"""ISO 639-1 codes of the languages that there is a list for."""

NO_MENTION = "no_mention"
PERSON_NOUN = "person_noun"
OR_THE, NEAR = "or_the", "near"

# Words between which and a noun for a person an adjective may stand, or that part a predicate from what follows.
_JOINING = ("and", "or")
_COPULAS = ("is", "are", "was", "were", "be", "been", "being")
_ADVERBS = (
    "not", "also", "all", "both", "mostly", "mainly", "predominantly", "either", "still", "often",
    "themselves",
)  # fmt: skip
_RELATIVE = ("who", "that")
_FOLLOWING = (
    "and", "or", "but", "in", "with", "at", "on", "by", "who", "than", "from", "of", "for", "as", "while",
    "whereas", "when", "because", "the", "a", "an", "this", "these", "we", "they", "it", "there", "had",
    "have", "n", "vs",
)  # fmt: skip

# Words after *the poor* with which no noun phrase goes on. Not *to* and *but*: *the poor to fair agreement*, *the poor but better fit*.
_CLOSING = (
    "are", "were", "have", "had", "do", "did", "don", "didn", "can", "cannot", "could", "should", "will",
    "would", "must", "may", "might", "who", "whom", "whose", "always", "never", "in", "with", "at", "on",
    "by", "from", "of", "for", "as", "while", "whereas", "when", "because", "the", "a", "an", "this",
    "these", "those", "we", "they", "it", "there", "i", "you", "he", "she", "if", "live", "need",
    "deserve", "suffer",
)  # fmt: skip
_INTENSE = ("very", "most", "truly", "severely", "profoundly", "extremely")
_LATIN = ("vivo", "vitro", "situ", "silico", "utero")  # after *in*: *the poor in vitro activity*
# What tells, beside nouns for persons, that *females* are people.
_HUMAN = ("age", "aged", "i", "you", "your", "my", "me", "u", "ur", "im")

# Nouns for persons that tell nothing there: beetles have adults, mosquitoes bite humans.
_ANIMALS_TOO = ("adults", "human", "humans", "individuals")

# What the table says of a token or phrase: the low four bits are 0 or 1 + the axis, then one bit each; from bit 23 on
# the group's place in `groups`.
_GROUP_SHIFT = 23
_AXIS = 15
_NEEDS_PERSON, _PERSON, _HIDES, _LONGER = 16, 32, 64, 128
_JOINS, _COPULA, _ADVERB, _RELATES, _FOLLOWS, _TRAILS = 256, 512, 1024, 2048, 4096, 8192
_THE, _INTENSIFIES, _CLOSES, _LATINATE, _NOUN_AFTER_THE, _TELLS_HUMAN, _TELLS_NOTHING, _NEEDS_HUMAN = (
    1 << bit for bit in range(14, 22)
)
_GRAMMAR = (
    (_JOINING, _JOINS),
    (_COPULAS, _COPULA),
    (_ADVERBS, _ADVERB),
    (_RELATIVE, _RELATES),
    (_FOLLOWING, _FOLLOWS),
    (("the",), _THE),
    (_INTENSE, _INTENSIFIES),
    (_CLOSING, _CLOSES),
    (_LATIN, _LATINATE),
    (_HUMAN, _TELLS_HUMAN),
    (_ANIMALS_TOO, _TELLS_NOTHING),
)
_TRAILING = ("with ", "living ")  # phrases that begin so come after their noun: *farmers with dyslexia*
_WIDTH = 3  # tokens of the longest phrase
_SPAN = 4  # tokens between an adjective and its noun, at most
_NEIGHBOURHOOD = 6  # tokens to either side in which something must tell that *females* are people

_MARKS = np.uint64(2**15)
_BEGINS, _CONTINUES = np.uint8(1), np.uint8(2)
_STEP = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Term:
    """One row of ``identity_terms.tsv``.

    Attributes:
        term: One to three words.
        axis: One of `AXES`, or ``no_mention``, or ``person_noun``.
        group: Who is meant, in words; empty for the last two.
        needs_person_noun: ``yes`` if it counts only beside a noun for a person, ``or_the`` if also as a noun after *the*, ``near`` if also
            with such a noun or another sign of people nearby.
        reviewer: Who looked at it last.
        date: When, ISO 8601.
        reason: Why it stands as it does.
    """

    term: str
    axis: str
    group: str
    needs_person_noun: str
    reviewer: str
    date: str
    reason: str


@cache
def terms() -> tuple[Term, ...]:
    """The list, in the order of the file."""
    text = (resources.files("colophon.filters.bias") / "identity_terms.tsv").read_text(encoding="utf-8")
    return tuple(
        Term(**row) for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    )


@cache
def groups() -> tuple[tuple[str, str], ...]:
    """All groups, each with its axis before it, in the order of the file."""
    return tuple(dict.fromkeys((term.axis, term.group) for term in terms() if term.axis in AXES))


@compiled
def _join(first: np.uint64, second: np.uint64) -> np.uint64:
    """The key of a phrase from that of its beginning and its next token's hash."""
    return mix64((first + _STEP) * _STEP ^ second)


@compiled
def _look_up(keys: np.ndarray, values: np.ndarray, key: np.uint64) -> np.uint32:
    """What an open table whose length is a power of two says of a key; 0 if nothing."""
    mask = np.uint64(len(keys) - 1)
    slot = key & mask
    while values[slot]:
        if keys[slot] == key:
            return np.uint32(values[slot])
        slot = (slot + np.uint64(1)) & mask
    return np.uint32(0)


@compiled
def _person_after(hashes: np.ndarray, i: int, end: int, keys: np.ndarray, values: np.ndarray) -> bool:
    """Whether a noun for a person follows at i, or after words of the list and what joins them."""
    for j in range(i, min(i + _SPAN, end)):
        value = _look_up(keys, values, hashes[j])
        if value & _PERSON:
            return True
        if not value & (_AXIS | _JOINS):
            return False
    return False


@compiled
def _person_before(hashes: np.ndarray, i: int, start: int, keys: np.ndarray, values: np.ndarray) -> bool:
    """Whether a noun for a person and a form of *be* stand before i."""
    j = i - 1
    if j > start and _look_up(keys, values, hashes[j]) & _ADVERB:
        j -= 1
    if j <= start or not _look_up(keys, values, hashes[j]) & _COPULA:
        return False
    j -= 1
    if j > start and _look_up(keys, values, hashes[j]) & _RELATES:
        j -= 1
    return bool(_look_up(keys, values, hashes[j]) & _PERSON)


@compiled
def _longest(
    hashes: np.ndarray, i: int, end: int, keys: np.ndarray, values: np.ndarray
) -> tuple[np.uint32, int]:
    """What the table says of the longest phrase at i, and its tokens; of the token alone if there is no phrase."""
    best, width, key = _look_up(keys, values, hashes[i]), 1, hashes[i]
    for n in range(2, min(_WIDTH, end - i) + 1):
        key = _join(key, hashes[i + n - 1])
        value = _look_up(keys, values, key)
        if value & (_AXIS | _HIDES):
            best, width = value, n
    return best, width


@compiled
def _beside_person(
    hashes: np.ndarray,
    place: tuple[int, int, int, int],
    term: np.uint32,
    keys: np.ndarray,
    values: np.ndarray,
) -> bool:
    """Whether a term has its noun for a person; its place is the text's start, its own, what follows, the end."""
    start, i, after, end = place
    if term & _TRAILS:
        return i > start and bool(_look_up(keys, values, hashes[i - 1]) & _PERSON)
    if _person_after(hashes, after, end, keys, values):
        return True
    return _person_before(hashes, i, start, keys, values) and (
        after == end or bool(_look_up(keys, values, hashes[after]) & _FOLLOWS)
    )


@compiled
def _near_human(
    hashes: np.ndarray, place: tuple[int, int, int, int], keys: np.ndarray, values: np.ndarray
) -> bool:
    """Whether a noun for a person or another sign of people stands near; the place is as of `_beside_person`."""
    start, i, _, end = place
    for j in range(max(start, i - _NEIGHBOURHOOD), min(end, i + _NEIGHBOURHOOD + 1)):
        value = _look_up(keys, values, hashes[j])
        if value & (_PERSON | _TELLS_HUMAN) and not value & _TELLS_NOTHING:
            return True
    return False


@compiled
def _noun_after_the(
    hashes: np.ndarray, place: tuple[int, int, int, int], keys: np.ndarray, values: np.ndarray
) -> bool:
    """Whether an adjective is a noun after *the*; its place is the text's start, its own, what follows, the end."""
    start, i, after, end = place
    the = i - 1
    if the > start and _look_up(keys, values, hashes[the]) & _INTENSIFIES:
        the -= 1
    if the < start or not _look_up(keys, values, hashes[the]) & _THE:
        return False
    if after == end:
        return True
    value = _look_up(keys, values, hashes[after])
    following = _look_up(keys, values, hashes[after + 1]) if after + 1 < end else np.uint32(0)
    if value & _JOINS and following & _NOUN_AFTER_THE:
        return after + 2 == end or bool(_look_up(keys, values, hashes[after + 2]) & _CLOSES)
    if value & _JOINS:
        return bool(following & _THE)
    return bool(value & _CLOSES) and not bool(following & _LATINATE)


@compiled
def _mark(
    hashes: np.ndarray,
    offsets: np.ndarray,
    table: tuple[np.ndarray, np.ndarray, np.ndarray],
    groups: np.ndarray,
    widths: np.ndarray,
) -> None:
    """Write the group and the number of tokens of each mention where it begins."""
    keys, values, marks = table
    for text in range(len(offsets) - 1):
        i, start, end = offsets[text], offsets[text], offsets[text + 1]
        while i < end:
            # One byte of 32 kB tells most tokens from those with which a mention may begin.
            if not marks[hashes[i] % _MARKS] & _BEGINS:
                i += 1
                continue
            # A call costs more than the look-up, and few tokens need it.
            term, width = _look_up(keys, values, hashes[i]), 1
            if term & _LONGER and i + 1 < end and marks[hashes[i + 1] % _MARKS] & _CONTINUES:
                term, width = _longest(hashes, i, end, keys, values)
            after = i + width
            place = start, i, after, end
            if term & _AXIS and (
                not term & _NEEDS_PERSON
                or _beside_person(hashes, place, term, keys, values)
                or (term & _NOUN_AFTER_THE and _noun_after_the(hashes, place, keys, values))
                or (term & _NEEDS_HUMAN and _near_human(hashes, place, keys, values))
            ):
                groups[i] = term >> _GROUP_SHIFT
                widths[i] = width
            i = after


def _flags(term: Term) -> int:
    """What the table says of a row of the list."""
    if term.axis == PERSON_NOUN:
        return _PERSON
    if term.axis == NO_MENTION:
        return _HIDES
    value = AXES.index(term.axis) + 1 | groups().index((term.axis, term.group)) << _GROUP_SHIFT
    if term.needs_person_noun != "no":
        value |= _NEEDS_PERSON | (_TRAILS if term.term.startswith(_TRAILING) else 0)
    if term.needs_person_noun == OR_THE:
        value |= _NOUN_AFTER_THE
    if term.needs_person_noun == NEAR:
        value |= _NEEDS_HUMAN
    return value


@cache
def _table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The open table of all terms: uint64 keys and uint32 values.

    And uint8[_MARKS], whether a
    mention may begin with a token, or a phrase have it as its second, by the last bits of its hash.
    """
    phrases = [(term.term, _flags(term)) for term in terms()]
    phrases += [(word, value) for words, value in _GRAMMAR for word in words]
    tokens = tokenize([phrase for phrase, _ in phrases])
    found: dict[int, int] = {}
    for (phrase, value), (begin, end) in zip(phrases, pairwise(tokens.offsets), strict=True):
        key, *following = tokens.hashes[begin:end]
        if len(following) >= _WIDTH:
            raise ValueError(f"identity_terms.tsv: {phrase!r} has more than {_WIDTH} words")
        if following:
            found[int(key)] = found.get(int(key), 0) | _LONGER
        for token in following:
            key = np.uint64(_join(key, token))
        found[int(key)] = found.get(int(key), 0) | value
    size = 8 << len(found).bit_length()  # an eighth full at most, so that most look-ups end at once
    keys, values = np.zeros(size, np.uint64), np.zeros(size, np.uint32)
    for entry, value in found.items():
        slot = entry % size
        while values[slot]:
            slot = (slot + 1) % size
        keys[slot], values[slot] = entry, value
    marks = np.zeros(_MARKS, np.uint8)
    marks[[key % len(marks) for key, value in found.items() if value & (_AXIS | _LONGER)]] = _BEGINS
    second = tokens.offsets[:-1][np.diff(tokens.offsets) > 1] + 1
    marks[(tokens.hashes[second] % _MARKS).astype(np.int64)] |= _CONTINUES
    return keys, values, marks


@dataclass(frozen=True)
class Mentions:
    """Where n texts mention a group.

    Attributes:
        at: int64[m], the tokens at which a mention begins, ascending.
        width: int8[m], how many tokens each has.
        group: int16[m], each one's place in `groups`.
        axis: int8[m], its place in `AXES`.
        text: int64[m], the text that it stands in.
    """

    at: np.ndarray
    width: np.ndarray
    group: np.ndarray
    axis: np.ndarray
    text: np.ndarray


def mentions(tokens: Tokens) -> Mentions:
    """Find the mentions of all groups.

    Args:
        tokens: Tokens of English texts.
    """
    group, width = np.zeros(len(tokens.hashes), np.int16), np.zeros(len(tokens.hashes), np.int8)
    _mark(tokens.hashes, tokens.offsets, _table(), group, width)
    at = np.flatnonzero(width)
    found = group[at]
    axes = np.array([AXES.index(axis) for axis, _ in groups()], np.int8)
    text = np.searchsorted(tokens.offsets, at, side="right") - 1
    return Mentions(at, width[at], found, axes[found], text)


@compiled
def _mark_persons(hashes: np.ndarray, keys: np.ndarray, values: np.ndarray, out: np.ndarray) -> None:
    for i in range(len(hashes)):
        out[i] = (_look_up(keys, values, hashes[i]) & _PERSON) > 0


def person_nouns(hashes: np.ndarray) -> np.ndarray:
    """Which tokens (uint64[t]) are nouns for persons, bool[t]."""
    out = np.zeros(len(hashes), np.bool_)
    _mark_persons(hashes, *_table()[:2], out)
    return out
