"""Which tokens of a text are words and phrases that tell prose from what is none, in one compiled pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from colophon.filters.kernels import compiled
from colophon.filters.quality.counts import GARBLED, NUMBER, SHORT, YEAR
from colophon.filters.quality.words import BOILERPLATE, COOKIES, FUNCTION_WORDS, POLICY, STOP_WORDS
from colophon.filters.tokens import tokenize

if TYPE_CHECKING:
    from colophon.filters.quality.counts import Counts
    from colophon.filters.tokens import Tokens

__all__ = ["Found", "find"]

_FUNCTION = np.uint16(1)
_FUNCTION_MARK = np.uint8(128)  # beside those of `Counts.marks`
_STOP_SHIFT = 8  # the eight stop words have a bit each from here on

_POLICY, _COOKIE, _BOILERPLATE, _LOREM = range(4)
_PHRASES: Final = (
    (POLICY, _POLICY),
    (COOKIES, _COOKIE),
    (BOILERPLATE, _BOILERPLATE),
    (("lorem ipsum",), _LOREM),
)

PASSAGE: Final = 64
"""Least tokens of a passage that is judged as a whole; a text of n tokens has ``max(1, n // 64)`` of about equal length."""
# A passage reads as references if it has a year, and of its tokens
_FUNCTION_PERCENT = 22  # are function words, at most
_SHORT_PERCENT = 5  # are short and no function words, at least
_FIGURES_PERCENT = 20  # are such or numbers, at least

# Columns of what `find` returns.
COLUMNS: Final = (
    "stop_words",
    "function_words",
    "garbled",
    "references",
    "sentences",
    "cookies",
    "boilerplate",
    "lorem_ipsum",
)
_STOP, _FUNCTION_WORDS, _GARBLED, _REFERENCES, _SENTENCES, _COOKIES, _BOILER, _LOREM_IPSUM = range(8)


@dataclass(frozen=True)
class Found:
    """What was found in n texts.

    Attributes:
        numbers: int64[n, 8], the columns that `COLUMNS` names: different ones of Gopher's stop words; function words;
            garbled tokens; tokens in passages that read as lists of references; sentences in lines that C4 would keep;
            phrases of cookie banners, of pages' frames, and "lorem ipsum".
    """

    numbers: np.ndarray

    def number(self, name: str) -> np.ndarray:
        """One column of `numbers`, int64[n]."""
        return np.asarray(self.numbers[:, COLUMNS.index(name)])


@dataclass(frozen=True)
class _Lexicon:
    """A table of tokens by their hash, with open addressing; p phrases follow their first tokens.

    Attributes:
        keys: uint64[s], hashes; 0 where a slot is free.
        flags: uint16[s], what a token is by itself.
        phrases: int64[s, 2], which phrases begin with it.
        offsets: int64[p + 1], where each phrase's hashes begin.
        hashes: uint64[h].
        kinds: uint8[p].
    """

    keys: np.ndarray
    flags: np.ndarray
    phrases: np.ndarray
    offsets: np.ndarray
    hashes: np.ndarray
    kinds: np.ndarray


@cache
def _lexicon() -> _Lexicon:
    def hashes_of(texts: list[str]) -> list[tuple[int, ...]]:
        tokens = tokenize(texts)
        pairs = zip(tokens.offsets[:-1].tolist(), tokens.offsets[1:].tolist(), strict=True)
        return [tuple(tokens.hashes[begin:end].tolist()) for begin, end in pairs]

    words: dict[int, int] = {}
    for (word,) in hashes_of(list(FUNCTION_WORDS)):
        words[word] = int(_FUNCTION)
    for number, (word,) in enumerate(hashes_of(list(STOP_WORDS))):
        words[word] = words.get(word, 0) | 1 << (_STOP_SHIFT + number)
    listed = [(text, kind) for texts, kind in _PHRASES for text in texts]
    phrases = sorted(zip(hashes_of([text for text, _ in listed]), (kind for _, kind in listed), strict=True))
    firsts = [phrase[0] for phrase, _ in phrases]
    entries = sorted({*words, *firsts})
    size = 1 << (4 * len(entries) - 1).bit_length()
    keys, flags, ranges = np.zeros(size, np.uint64), np.zeros(size, np.uint16), np.zeros((size, 2), np.int64)
    for entry in entries:
        slot = entry % size
        while keys[slot]:
            slot = (slot + 1) % size
        keys[slot], flags[slot] = entry, words.get(entry, 0)
        if entry in firsts:
            ranges[slot] = firsts.index(entry), firsts.index(entry) + firsts.count(entry)
    return _Lexicon(
        keys,
        flags,
        ranges,
        np.cumsum([0, *(len(phrase) for phrase, _ in phrases)], dtype=np.int64),
        np.array([one for phrase, _ in phrases for one in phrase], np.uint64),
        np.array([kind for _, kind in phrases], np.uint8),
    )


@compiled
def _is_phrase(tokens: np.ndarray, token: int, end: int, phrase: np.ndarray) -> bool:
    """Whether a phrase stands at a token whose line ends before token `end`."""
    if token + len(phrase) > end:
        return False
    for k in range(1, len(phrase)):  # noqa: SIM110  # a kernel has no generators; the first token led here
        if phrase[k] != tokens[token + k]:
            return False
    return True


@compiled
def _reads_as_references(size: int, years: int, function: int, short: int, numbers: int) -> bool:
    return (
        years > 0
        and 100 * function <= _FUNCTION_PERCENT * size
        and 100 * short >= _SHORT_PERCENT * size
        and 100 * (short + numbers) >= _FIGURES_PERCENT * size
    )


@compiled
def _sum_passages(marks: np.ndarray, found: np.ndarray) -> None:
    """Count over one text's passages.

    Args:
        marks: uint8[t], marks of its tokens, `_FUNCTION_MARK` among them.
        found: int64[8], the text's row of numbers.
    """
    n = len(marks)
    passages = max(1, n // PASSAGE)
    for passage in range(passages):
        first, last = passage * n // passages, (passage + 1) * n // passages
        years = short = numbers = function = 0
        for token in range(first, last):
            mark = marks[token]
            years += mark & YEAR != 0
            short += mark & (SHORT | _FUNCTION_MARK) == SHORT
            numbers += mark & NUMBER != 0
            function += mark & _FUNCTION_MARK != 0
            found[_GARBLED] += mark & GARBLED != 0
        found[_FUNCTION_WORDS] += function
        if _reads_as_references(last - first, years, function, short, numbers):
            found[_REFERENCES] += last - first


@compiled
def _find(  # noqa: PLR0917  # arrays; a kernel takes no record of them
    tokens: np.ndarray,
    offsets: np.ndarray,
    marks: np.ndarray,
    line_tokens: np.ndarray,
    line_sentences: np.ndarray,
    line_offsets: np.ndarray,
    keys: np.ndarray,
    flags: np.ndarray,
    ranges: np.ndarray,
    phrase_offsets: np.ndarray,
    phrase_hashes: np.ndarray,
    kinds: np.ndarray,
    numbers: np.ndarray,
) -> None:
    mask = np.uint64(len(keys) - 1)
    columns = np.array([_SENTENCES, _COOKIES, _BOILER, _LOREM_IPSUM])  # by kind of phrase
    for text in range(len(offsets) - 1):
        found = numbers[text]
        seen = np.uint16(0)
        for line in range(line_offsets[text], line_offsets[text + 1]):
            policies, end = 0, line_tokens[line + 1]
            for token in range(line_tokens[line], end):
                slot = tokens[token] & mask
                while keys[slot] != 0 and keys[slot] != tokens[token]:
                    slot = (slot + np.uint64(1)) & mask
                if keys[slot] == 0:
                    continue
                marks[token] |= _FUNCTION_MARK if flags[slot] & _FUNCTION else np.uint8(0)
                seen |= flags[slot]
                for phrase in range(ranges[slot, 0], ranges[slot, 1]):
                    words = phrase_hashes[phrase_offsets[phrase] : phrase_offsets[phrase + 1]]
                    if _is_phrase(tokens, token, end, words):
                        policies += kinds[phrase] == _POLICY
                        found[columns[kinds[phrase]]] += kinds[phrase] != _POLICY
            found[_SENTENCES] += line_sentences[line] if policies == 0 else 0
        for number in range(8):
            found[_STOP] += (seen >> (_STOP_SHIFT + number)) & 1
        _sum_passages(marks[offsets[text] : offsets[text + 1]], found)


def find(tokens: Tokens, counts: Counts) -> Found:
    """Look up the tokens of n texts.

    Args:
        tokens: The texts' tokens.
        counts: Of the same texts; function words get a mark of their own in it.

    >>> from colophon.filters.quality.counts import count
    >>> texts = ["We use cookies. Accept all cookies?", "The oak and the ash."]
    >>> found = find(tokenize(texts), count(texts))
    >>> found.number("cookies").tolist(), found.number("stop_words").tolist()
    ([3, 0], [0, 2])
    """
    lexicon = _lexicon()
    numbers = np.zeros((len(tokens.offsets) - 1, len(COLUMNS)), np.int64)
    _find(
        tokens.hashes,
        tokens.offsets,
        counts.marks,
        counts.line_tokens,
        counts.line_sentences,
        counts.line_offsets,
        lexicon.keys,
        lexicon.flags,
        lexicon.phrases,
        lexicon.offsets,
        lexicon.hashes,
        lexicon.kinds,
        numbers,
    )
    return Found(numbers)
