"""Words that the bias filter looks up beside the names of groups: word classes, loaded words, slurs.

All three lists are ours. ``hostility_words.tsv`` sorts words into classes (a verb of hatred, a noun that makes people
animals, a word of praise, a negation) that the hostility model sees beside the words themselves. ``loaded_words.tsv``
has words that judge while they name, each with a reason. ``slurs.tsv`` holds no words: only hashes of their folded form,
with the axis they aim at, so that the package prints none of them; words with a common harmless meaning are left out.

>>> [class_name for class_name in CLASSES if classes_of("vermin") >> CLASSES.index(class_name) & 1]
['dehumanise']
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from colophon.filters.kernels import compiled, mix64
from colophon.filters.tokens import tokenize

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CLASSES",
    "LOADED",
    "LONGER",
    "PRONOUN",
    "SLUR",
    "WIDTH",
    "Words",
    "classes_of",
    "join_tokens",
    "listed_hashes",
    "look_up_word",
    "salted",
    "word_table",
]

CLASSES = (
    *("despise", "kill", "harm", "expel", "dehumanise", "insult", "despicable", "degrade", "swear", "belong"),
    *("deserve", "wish", "rights", "admire", "good", "deny", "report", "oppose", "every", "first", "second"),
    *("third", "be", "study", "report_fact", "thing", "question"),
)
"""The word classes, in the order of their bits."""

LOADED, SLUR, LONGER, PRONOUN = 1 << 32, 1 << 33, 1 << 34, 1 << 35
"""Bits of a table's entry above those of the classes; `LONGER` says that a phrase may begin here."""
WIDTH = 3
"""Words of the longest phrase."""

_PRONOUNS = ("he", "him", "his", "himself", "she", "her", "hers", "herself")
_STEP = np.uint64(0x9E3779B97F4A7C15)
_SALT = np.uint64(0x13198A2E03707344)  # digits of pi


@compiled
def join_tokens(first: np.uint64, second: np.uint64) -> np.uint64:
    """The key of a phrase from that of its beginning and its next token's hash."""
    return mix64((first + _STEP) * _STEP ^ second)


@compiled
def salted(key: np.uint64) -> np.uint64:
    """What ``slurs.tsv`` holds of a word's or phrase's key."""
    return mix64(key ^ _SALT)


class Words(NamedTuple):
    """An open table whose length is a power of two, uint64 keys and values, and the tokens *a* and *an*."""

    keys: np.ndarray
    values: np.ndarray
    articles: tuple[np.uint64, np.uint64]


@compiled
def look_up_word(words: Words, key: np.uint64) -> np.uint64:
    """What the table says of a key; 0 if nothing."""
    mask = np.uint64(len(words.keys) - 1)
    slot = key & mask
    while words.values[slot]:
        if words.keys[slot] == key:
            return np.uint64(words.values[slot])
        slot = (slot + np.uint64(1)) & mask
    return np.uint64(0)


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files("colophon.filters.bias") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def _keys(phrases: Sequence[str]) -> list[list[int]]:
    """The keys of each phrase and of all its beginnings."""
    tokens = tokenize(phrases)
    found = []
    for phrase, (begin, end) in zip(phrases, pairwise(tokens.offsets), strict=True):
        if not 1 <= end - begin <= WIDTH:
            raise ValueError(f"{phrase!r} has not 1 to {WIDTH} words")
        key = np.uint64(tokens.hashes[begin])
        keys = [int(key)]
        for token in tokens.hashes[begin + 1 : end]:
            key = np.uint64(join_tokens(key, token))
            keys.append(int(key))
        found.append(keys)
    return found


def _table(found: dict[int, int]) -> Words:
    size = 8 << len(found).bit_length()  # an eighth full at most, so that most look-ups end at once
    keys, values = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    for entry, value in sorted(found.items()):
        slot = entry % size
        while values[slot]:
            slot = (slot + 1) % size
        keys[slot], values[slot] = entry, value
    articles = tokenize(["a an"]).hashes
    return Words(keys, values, (articles[0], articles[1]))


@cache
def word_table() -> Words:
    """The table of all words: bits of classes and the flags above them.

    Slurs stand in it under their salted keys.
    """
    found: dict[int, int] = {}
    classed = [
        (word, CLASSES.index(row["class"]))
        for row in _rows("hostility_words.tsv")
        for word in row["words"].split()
    ]
    plain = [(word, 1 << bit) for word, bit in classed] + [(word, PRONOUN) for word in _PRONOUNS]
    plain += [(row["term"], LOADED) for row in _rows("loaded_words.tsv")]
    for (_, value), keys in zip(plain, _keys([word for word, _ in plain]), strict=True):
        for beginning in keys[:-1]:
            found[beginning] = found.get(beginning, 0) | LONGER
        found[keys[-1]] = found.get(keys[-1], 0) | value
    for row in _rows("slurs.tsv"):
        found[int(row["hash"], 16)] = SLUR
    return _table(found)


@cache
def listed_hashes() -> np.ndarray:
    """The tokens of all words that have a class, sorted, uint64."""
    return np.unique(tokenize([row["words"] for row in _rows("hostility_words.tsv")]).hashes)


def classes_of(word: str) -> int:
    """The classes of a word, a bit each in the order of `CLASSES`."""
    value = int(look_up_word(word_table(), np.uint64(_keys([word])[0][-1])))
    return value & (LOADED - 1)
