"""Whether a document reads as text: the rules of Gopher, C4 and FineWeb, and some of our own, all from counts.

Web rules throw out science: with their papers' defaults (preset ``web``) half of the sections of genuine papers go, for
formulae, numbers, citations, captions and code look like junk to them. The preset ``science`` knows what a paper is allowed
to look like and asks instead for what only junk has: menus, banners, misread letters, columns of figures. What a word, a
line, a paragraph is `quality_counts` says, and docs/quality.md where that differs from the papers and from other
implementations.

The lists of words are English. So documents in other languages (column ``language``) are not asked for stop words and
function words, nor judged as misread or as references; and in those written without spaces words and n-grams mean nothing, so
the rules on them do not apply.

>>> from colophon.filters.batch import Batch
>>> batch = Batch(["The oak was felled in May and it has been drying since.", "Sign up now! Subscribe to our newsletter!"])
>>> scores = {"language": pa.array(["en", "en"]), **Quality().annotate(batch)}
>>> Quality().decide(scores).reason.tolist()
['', 'boilerplate']
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, NamedTuple

import numpy as np
import pyarrow as pa

from colophon.filters.quality.counts import count
from colophon.filters.quality.lexicon import find
from colophon.filters.quality.repetition import DUPLICATE, TOP, repeats
from colophon.filters.quality.words import BOILERPLATE, COOKIES
from colophon.filters.registry import Decision, Span
from colophon.schemas import Column, Setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from colophon.filters.batch import Batch

__all__ = ["PRESETS", "Quality", "QualityScores"]

_SHARE = "share"
_PER_WORD = "per word"


@dataclass
class QualityScores:
    """The columns that `Quality` adds; a share of nothing is 0."""

    mean_word_length: Annotated[
        float, Column("mean length of a word, punctuation included", unit="characters")
    ]
    alphabetic_words: Annotated[float, Column("words with a letter", unit=_SHARE)]
    number_words: Annotated[float, Column("words with a digit and no letter", unit=_SHARE)]
    symbol_words: Annotated[float, Column("words with neither letter nor digit", unit=_SHARE)]
    garbled_words: Annotated[float, Column("tokens that look like no word: ct8s, tbe, wrnrn", unit=_SHARE)]
    stop_words: Annotated[
        int, Column("different ones of the, be, to, of, and, that, have, with", unit="words")
    ]
    function_words: Annotated[float, Column("tokens that are English function words", unit=_SHARE)]
    reference_words: Annotated[
        float, Column("tokens in passages that read as a list of references", unit=_SHARE)
    ]
    cookie_phrases: Annotated[float, Column("phrases of cookie banners", unit="per 100 tokens")]
    boilerplate_phrases: Annotated[float, Column("phrases that frame web pages", unit="per 100 tokens")]
    hashes_per_word: Annotated[float, Column("hash signs", unit=_PER_WORD)]
    ellipses_per_word: Annotated[float, Column("ellipses, as one character or three", unit=_PER_WORD)]
    curly_brackets: Annotated[int, Column("opening curly brackets", unit="characters")]
    lorem_ipsum: Annotated[int, Column("how often the filler text is quoted", unit="times")]
    bullet_lines: Annotated[float, Column("lines that begin with a bullet", unit=_SHARE)]
    ellipsis_lines: Annotated[float, Column("lines that end in an ellipsis", unit=_SHARE)]
    punctuated_lines: Annotated[float, Column("lines that end a sentence", unit=_SHARE)]
    short_lines: Annotated[float, Column("lines of less than 30 characters", unit=_SHARE)]
    newlines_per_word: Annotated[float, Column("line feeds inside the text", unit=_PER_WORD)]
    c4_sentences: Annotated[int, Column("sentences in lines that C4 would keep", unit="sentences")]
    duplicate_lines: Annotated[float, Column("lines that stood before", unit=_SHARE)]
    duplicate_line_chars: Annotated[float, Column("their part of the characters in lines", unit=_SHARE)]
    duplicate_paragraphs: Annotated[float, Column("paragraphs that stood before", unit=_SHARE)]
    duplicate_paragraph_chars: Annotated[float, Column("their part of the characters in lines", unit=_SHARE)]
    top_2gram_chars: Annotated[
        float, Column("characters in the most frequent 2 tokens in a row", unit=_SHARE)
    ]
    top_3gram_chars: Annotated[
        float, Column("characters in the most frequent 3 tokens in a row", unit=_SHARE)
    ]
    top_4gram_chars: Annotated[
        float, Column("characters in the most frequent 4 tokens in a row", unit=_SHARE)
    ]
    duplicate_5gram_chars: Annotated[float, Column("characters in repeated runs of 5 tokens", unit=_SHARE)]
    duplicate_6gram_chars: Annotated[float, Column("characters in repeated runs of 6 tokens", unit=_SHARE)]
    duplicate_7gram_chars: Annotated[float, Column("characters in repeated runs of 7 tokens", unit=_SHARE)]
    duplicate_8gram_chars: Annotated[float, Column("characters in repeated runs of 8 tokens", unit=_SHARE)]
    duplicate_9gram_chars: Annotated[float, Column("characters in repeated runs of 9 tokens", unit=_SHARE)]
    duplicate_10gram_chars: Annotated[float, Column("characters in repeated runs of 10 tokens", unit=_SHARE)]


class _Rule(NamedTuple):
    """One limit: a setting ``max_…`` or ``min_…``, the column it holds for, and what is said of those beyond it."""

    limit: str
    reason: str
    scope: str = ""

    @property
    def column(self) -> str:
        return self.limit[len("max_") :]


_ENGLISH = "English"  # the rule needs English
_SPACED = "spaced"  # the rule needs spaces between words

_RULES: Final = (
    _Rule("max_cookie_phrases", "cookie_banner"),
    _Rule("max_boilerplate_phrases", "boilerplate"),
    _Rule("max_lorem_ipsum", "lorem_ipsum"),
    _Rule("max_number_words", "mostly_numbers"),
    _Rule("max_reference_words", "mostly_references", _ENGLISH),
    _Rule("max_garbled_per_function_word", "ocr_rubbish", _ENGLISH),
    _Rule("max_symbol_words", "too_many_symbols"),
    _Rule("max_hashes_per_word", "too_many_hashes"),
    _Rule("max_ellipses_per_word", "too_many_ellipses"),
    _Rule("min_alphabetic_words", "too_few_alphabetic_words"),
    _Rule("min_mean_word_length", "words_too_short", _SPACED),
    _Rule("max_mean_word_length", "words_too_long", _SPACED),
    _Rule("min_stop_words", "too_few_stop_words", _ENGLISH),
    _Rule("min_function_words", "too_few_function_words", _ENGLISH),
    _Rule("max_bullet_lines", "lines_are_bullets"),
    _Rule("max_ellipsis_lines", "lines_end_in_ellipses"),
    _Rule("max_duplicate_lines", "lines_repeat"),
    _Rule("max_duplicate_line_chars", "lines_repeat"),
    _Rule("max_duplicate_paragraphs", "paragraphs_repeat"),
    _Rule("max_duplicate_paragraph_chars", "paragraphs_repeat"),
    *(_Rule(f"max_top_{n}gram_chars", "one_phrase_dominates", _SPACED) for n in TOP),
    *(_Rule(f"max_duplicate_{n}gram_chars", "phrases_repeat", _SPACED) for n in DUPLICATE),
    _Rule("max_curly_brackets", "curly_brackets"),
    _Rule("min_c4_sentences", "too_few_sentences", _SPACED),
    _Rule("min_punctuated_lines", "lines_lack_punctuation"),
    _Rule("max_short_lines", "lines_too_short", _SPACED),
    _Rule("max_newlines_per_word", "too_many_line_breaks", _SPACED),
)

_WITHOUT_SPACES: Final = ("bo", "ja", "km", "lo", "my", "th", "wuu", "yue", "zh")
# Fewer garbled words may be names; a text with hardly any function word is a table or a list, not misread prose.
_LEAST_GARBLED, _LEAST_FUNCTION = 0.03, 0.05

_REPEATED_NGRAMS_WEB = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}

PRESETS: Final[Mapping[str, Mapping[str, float]]] = {
    "web": {
        # Gopher
        "max_hashes_per_word": 0.1,
        "max_ellipses_per_word": 0.1,
        "min_alphabetic_words": 0.8,
        "min_mean_word_length": 3,
        "max_mean_word_length": 10,
        "min_stop_words": 2,
        "max_bullet_lines": 0.9,
        "max_ellipsis_lines": 0.3,
        "max_duplicate_lines": 0.3,
        "max_duplicate_line_chars": 0.1,  # FineWeb's; Gopher's is .2
        "max_duplicate_paragraphs": 0.3,
        "max_duplicate_paragraph_chars": 0.2,
        "max_top_2gram_chars": 0.20,
        "max_top_3gram_chars": 0.18,
        "max_top_4gram_chars": 0.16,
        **{f"max_duplicate_{n}gram_chars": share for n, share in _REPEATED_NGRAMS_WEB.items()},
        # C4
        "max_curly_brackets": 0,
        "max_lorem_ipsum": 0,
        "min_c4_sentences": 3,
        # FineWeb
        "min_punctuated_lines": 0.12,
        "max_short_lines": 0.67,
        "max_newlines_per_word": 0.3,
        # Ours
        "max_cookie_phrases": 2,
        "max_boilerplate_phrases": 3,
        "max_number_words": 0.5,
        "max_reference_words": 0.6,
        "max_garbled_per_function_word": 0.35,
    },
    "science": {
        "max_hashes_per_word": 0.1,
        "max_ellipses_per_word": 0.02,
        "min_alphabetic_words": 0.4,
        "min_mean_word_length": 3,
        "max_mean_word_length": 15,
        "min_stop_words": 2,
        "max_bullet_lines": 0.9,
        "max_ellipsis_lines": 0.1,
        "max_duplicate_lines": 0.5,
        "max_duplicate_line_chars": 0.3,
        "max_duplicate_paragraphs": 0.5,
        "max_duplicate_paragraph_chars": 0.3,
        "max_top_2gram_chars": 0.25,
        "max_top_3gram_chars": 0.25,
        "max_top_4gram_chars": 0.25,
        **{f"max_duplicate_{n}gram_chars": share + 0.5 for n, share in _REPEATED_NGRAMS_WEB.items()},
        "max_lorem_ipsum": 1,
        "max_short_lines": 0.95,
        "max_newlines_per_word": 0.5,
        "max_cookie_phrases": 2,
        "max_boilerplate_phrases": 0.3,
        "max_number_words": 0.5,
        "max_symbol_words": 0.4,
        "max_reference_words": 0.6,
        "max_garbled_per_function_word": 0.35,
        "min_function_words": 0.1,
    },
}
"""Limits by preset and setting. A rule that a preset does not name is not applied."""


def _limit(what: str, unit: str = "") -> Setting:
    # Shares and rates alike: a limit above 1 lets every share through, and so turns its rule off.
    return Setting(f"{what}. Where it is not given, the preset's holds.", unit=unit, minimum=0, policy=True)


@dataclass(frozen=True)
class Quality:
    """Keeps documents that read as text.

    Every limit is inclusive: what reaches it and no more stays. A limit that is not given is the preset's.

    Raises:
        ValueError: There is no such preset, a limit is no number from 0 on, or no document could satisfy two of them.
    """

    name: ClassVar[str] = "quality"
    scores: ClassVar[type] = QualityScores
    needs: ClassVar[tuple[str, ...]] = ("language",)
    papers: ClassVar[tuple[str, ...]] = (
        "Rae et al. 2021, Scaling Language Models (Gopher), arXiv:2112.11446, appendix A.1.1 and table A1",
        "Raffel et al. 2020, Exploring the Limits of Transfer Learning (C4), arXiv:1910.10683, section 2.2",
        "Penedo et al. 2024, The FineWeb Datasets, arXiv:2406.17557, section 3.6",
    )

    preset: Annotated[
        str,
        Setting(
            "Whose limits hold: science lets papers look like papers, web are the defaults of the rules' own papers.",
            choices=("science", "web"),
            policy=True,
        ),
    ] = "science"
    max_cookie_phrases: Annotated[
        float | None, _limit("Most phrases of cookie banners", "phrases per 100 tokens")
    ] = None
    max_boilerplate_phrases: Annotated[
        float | None, _limit("Most phrases that frame web pages", "phrases per 100 tokens")
    ] = None
    max_lorem_ipsum: Annotated[float | None, _limit("How often lorem ipsum may be quoted", "times")] = None
    max_number_words: Annotated[float | None, _limit("Greatest share of words with digits and no letter")] = (
        None
    )
    max_reference_words: Annotated[
        float | None, _limit("Greatest share of tokens in passages that read as references")
    ] = None
    max_garbled_per_function_word: Annotated[
        float | None, _limit("Most garbled words for each function word, if 3% of all are garbled", "words")
    ] = None
    max_symbol_words: Annotated[
        float | None, _limit("Greatest share of words with neither letter nor digit")
    ] = None
    max_hashes_per_word: Annotated[float | None, _limit("Most hash signs", "signs per word")] = None
    max_ellipses_per_word: Annotated[float | None, _limit("Most ellipses", "ellipses per word")] = None
    min_alphabetic_words: Annotated[float | None, _limit("Least share of words with a letter")] = None
    min_mean_word_length: Annotated[float | None, _limit("Least mean length of words", "characters")] = None
    max_mean_word_length: Annotated[float | None, _limit("Greatest mean length of words", "characters")] = (
        None
    )
    min_stop_words: Annotated[
        float | None, _limit("Fewest different ones of Gopher's eight words", "words")
    ] = None
    min_function_words: Annotated[float | None, _limit("Least share of function words")] = None
    max_bullet_lines: Annotated[float | None, _limit("Greatest share of lines that begin with a bullet")] = (
        None
    )
    max_ellipsis_lines: Annotated[float | None, _limit("Greatest share of lines that end in an ellipsis")] = (
        None
    )
    max_duplicate_lines: Annotated[float | None, _limit("Greatest share of lines that stood before")] = None
    max_duplicate_line_chars: Annotated[
        float | None, _limit("Greatest share of characters in such lines")
    ] = None
    max_duplicate_paragraphs: Annotated[
        float | None, _limit("Greatest share of paragraphs that stood before")
    ] = None
    max_duplicate_paragraph_chars: Annotated[
        float | None, _limit("Greatest share of characters in such paragraphs")
    ] = None
    max_top_2gram_chars: Annotated[
        float | None, _limit("Greatest share of characters in one run of 2 tokens")
    ] = None
    max_top_3gram_chars: Annotated[
        float | None, _limit("Greatest share of characters in one run of 3 tokens")
    ] = None
    max_top_4gram_chars: Annotated[
        float | None, _limit("Greatest share of characters in one run of 4 tokens")
    ] = None
    max_duplicate_5gram_chars: Annotated[
        float | None, _limit("Greatest share of characters in repeated runs of 5 tokens")
    ] = None
    max_duplicate_6gram_chars: Annotated[
        float | None, _limit("Greatest share of characters in repeated runs of 6 tokens")
    ] = None
    max_duplicate_7gram_chars: Annotated[
        float | None, _limit("Greatest share of characters in repeated runs of 7 tokens")
    ] = None
    max_duplicate_8gram_chars: Annotated[
        float | None, _limit("Greatest share of characters in repeated runs of 8 tokens")
    ] = None
    max_duplicate_9gram_chars: Annotated[
        float | None, _limit("Greatest share of characters in repeated runs of 9 tokens")
    ] = None
    max_duplicate_10gram_chars: Annotated[
        float | None, _limit("Greatest share of characters in repeated runs of 10 tokens")
    ] = None
    max_curly_brackets: Annotated[float | None, _limit("Most opening curly brackets", "characters")] = None
    min_c4_sentences: Annotated[float | None, _limit("Fewest sentences in C4's lines", "sentences")] = None
    min_punctuated_lines: Annotated[float | None, _limit("Least share of lines that end a sentence")] = None
    max_short_lines: Annotated[float | None, _limit("Greatest share of lines of less than 30 characters")] = (
        None
    )
    max_newlines_per_word: Annotated[float | None, _limit("Most line feeds", "line feeds per word")] = None

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ValueError(f"preset is {self.preset!r}; it must be one of {', '.join(sorted(PRESETS))}")
        for name in (field.name for field in fields(self) if field.name != "preset"):
            limit = getattr(self, name)
            if limit is not None and not 0 <= limit < math.inf:
                raise ValueError(f"{name} is {limit}; it must be a number from 0 on")
        limits = self.limits()
        least, most = limits["min_mean_word_length"], limits["max_mean_word_length"]
        if least > most:
            raise ValueError(
                f"min_mean_word_length is {least:g} and max_mean_word_length {most:g}: "
                "the first must be no greater than the second"
            )

    def limits(self) -> dict[str, float]:
        """The limits that hold, by setting: those that are given, else the preset's."""
        given = {rule.limit: getattr(self, rule.limit) for rule in _RULES}
        return {**PRESETS[self.preset], **{name: limit for name, limit in given.items() if limit is not None}}

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array[Any]]:
        """The columns that `QualityScores` declares."""
        tokens = batch.tokens
        counts = count(batch.texts, batch.folded)
        found = find(tokens, counts)
        again = repeats(tokens, counts)
        words, lines = counts.number("words"), np.diff(counts.line_offsets)
        n_tokens = np.diff(tokens.offsets)
        columns = {
            "mean_word_length": _share(counts.number("word_chars"), words),
            "alphabetic_words": _share(counts.number("alphabetic"), words),
            "number_words": _share(counts.number("digital"), words),
            "symbol_words": _share(words - counts.number("alphabetic") - counts.number("digital"), words),
            "garbled_words": _share(found.number("garbled"), n_tokens),
            "stop_words": found.number("stop_words"),
            "function_words": _share(found.number("function_words"), n_tokens),
            "reference_words": _share(found.number("references"), n_tokens),
            "cookie_phrases": _share(100 * found.number("cookies"), n_tokens),
            "boilerplate_phrases": _share(100 * found.number("boilerplate"), n_tokens),
            "hashes_per_word": _share(counts.number("hashes"), words),
            "ellipses_per_word": _share(counts.number("ellipses"), words),
            "curly_brackets": counts.number("curly"),
            "lorem_ipsum": found.number("lorem_ipsum"),
            "bullet_lines": _share(counts.number("bullet_lines"), lines),
            "ellipsis_lines": _share(counts.number("ellipsis_lines"), lines),
            "punctuated_lines": _share(counts.number("punctuated_lines"), lines),
            "short_lines": _share(counts.number("short_lines"), lines),
            "newlines_per_word": _share(counts.number("line_feeds"), words),
            "c4_sentences": found.number("sentences"),
            "duplicate_lines": _share(again.lines[:, 0], lines),
            "duplicate_line_chars": _share(again.lines[:, 1], again.line_chars),
            "duplicate_paragraphs": _share(again.paragraphs[:, 0], again.n_paragraphs),
            "duplicate_paragraph_chars": _share(again.paragraphs[:, 1], again.line_chars),
        }
        for at, n in enumerate(TOP):
            columns[f"top_{n}gram_chars"] = _share(again.grams[:, at], again.chars)
        for at, n in enumerate(DUPLICATE, len(TOP)):
            columns[f"duplicate_{n}gram_chars"] = _share(again.grams[:, at], again.chars)
        return {name: pa.array(np.ascontiguousarray(column)) for name, column in columns.items()}

    def decide(self, scores: Mapping[str, pa.Array[Any]]) -> Decision:
        """Drop what is beyond a limit; the reasons are those of `_RULES`, the first that holds is given."""
        language = scores["language"].to_numpy(zero_copy_only=False).astype(str)
        applies = {
            "": np.ones(len(language), np.bool_),
            _ENGLISH: language == "en",
            _SPACED: ~np.isin(language, _WITHOUT_SPACES),
        }
        decision = Decision.keep(len(language))
        limits = self.limits()
        for rule in _RULES:
            if rule.limit not in limits:
                continue
            value, limit = _value(rule.column, scores), limits[rule.limit]
            beyond = value > limit if rule.limit.startswith("max_") else value < limit
            decision.rule(beyond & applies[rule.scope], rule.reason, value, limit)
        return decision

    def spans(self, batch: Batch) -> list[list[Span]]:
        """Phrases of cookie banners and of pages' frames."""
        return [list(_phrases_in(text)) for text in batch.texts]


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0))


def _value(column: str, scores: Mapping[str, pa.Array[Any]]) -> np.ndarray:
    def number(name: str) -> np.ndarray:
        return np.asarray(scores[name].to_numpy(zero_copy_only=False), np.float64)

    if column != "garbled_per_function_word":
        return number(column)
    garbled, function = number("garbled_words"), number("function_words")
    misread = (garbled >= _LEAST_GARBLED) & (function >= _LEAST_FUNCTION)
    return np.where(misread, garbled / np.maximum(function, _LEAST_FUNCTION), 0)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    def pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
        # The longest phrase first, so that it is shown rather than its beginning.
        longest = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
        return re.compile(
            r"\b(?:" + "|".join(phrase.replace(" ", r"[^\w\n]++") for phrase in longest) + r")\b",
            re.IGNORECASE,
        )

    return ("cookie_phrase", pattern(COOKIES)), ("boilerplate_phrase", pattern(BOILERPLATE))


def _phrases_in(text: str) -> Iterator[Span]:
    for label, pattern in _patterns():
        for match in pattern.finditer(text):
            yield Span(match.start(), match.end(), label)
