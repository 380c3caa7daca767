"""Who a text speaks of, and whether it is hostile to them: rates of mentions, hostility, loaded words, one score.

Word lists count and never judge: alone they tell hostile from neutral text no better than chance. The score is the
greatest probability, over the sentences that name a group, that the sentence is hostile to it (`hostility`); names of groups
are hidden from the model, so a mention alone never raises it. Nothing is dropped unless the recipe says so. Methods,
figures and known failures: ``docs/bias.md``.

>>> from colophon.filters.batch import Batch
>>> texts = ["Immigrants are vermin and must be shot.", "Old men and a boy played chess.", "Les femmes sont ici."]
>>> batch = Batch(texts, {"language": pa.array(["en", "en", "fr"]), "language_score": pa.array([0.9, 0.9, 0.9])})
>>> scores = Bias(drop_above=0.5).annotate(batch)
>>> scores["bias_status"].to_pylist()
['scored', 'scored', 'unsupported_language']
>>> Bias(drop_above=0.5).decide(scores).reason.tolist()
['hostile_identity_language', '', '']
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa

from colophon.filters.bias.hostility import hostilities, listed_places
from colophon.filters.bias.identity import AXES, LANGUAGES, groups, mentions, terms
from colophon.filters.bias.places import token_places
from colophon.filters.bias.words import listed_hashes
from colophon.filters.registry import Decision, Span
from colophon.filters.tokens import tokenize
from colophon.schemas import Column, Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.filters.batch import Batch
    from colophon.filters.bias.hostility import Hostilities
    from colophon.filters.bias.identity import Mentions

__all__ = ["HOSTILE_SENTENCE", "SCORED", "UNSUPPORTED", "Bias", "BiasScores"]

SCORED = "scored"
UNSUPPORTED = "unsupported_language"
"""Values of ``bias_status``."""

HOSTILE_SENTENCE = "hostile_sentence"
"""Label of the spans of sentences that are likely hostile."""

_PER = 10_000
_MATERIALS = {
    "identity_terms": "identity_terms.tsv",
    "hostility_words": "hostility_words.tsv",
    "loaded_words": "loaded_words.tsv",
    "slurs": "slurs.tsv",
    "hostility_model": "hostility_model.npz",
}
_RATES = [pa.field(axis, pa.float64()) for axis in AXES]
_HOSTILITY = [pa.field("max", pa.float64()), pa.field("rate", pa.float64())]

# Words that are frequent in English and rare in the languages it is taken for.
_ENGLISH = (
    "the of and to is that it was with by this are his from which but they you were their all we can her has there "
    "been if would who about when your what should could than these those because she does don didn isn have had"
)
# Share of such words, and of words of our English lists, from which on a text counts as English: of uncertain language,
# and whatever the language filter says of it.
_SHORT = 40  # tokens of a text whose own words are trusted more than the language filter
_LEAST_ENGLISH, _SURELY_ENGLISH = 0.3, 0.6


@dataclass
class BiasScores:
    """The columns that `Bias` adds."""

    identity_rates: Annotated[
        dict[str, float] | None,
        Column(
            "how often the text mentions people by each axis of identity; null in languages without a list",
            unit="mentions per 10,000 tokens",
            type=pa.struct(_RATES),
        ),
    ]
    identity_groups: Annotated[
        list[str] | None,
        Column(
            "the groups that the text mentions, each as axis/group; null in languages without a list",
            type=pa.list_(pa.string()),
        ),
    ]
    hostility: Annotated[
        dict[str, float] | None,
        Column(
            "of the sentences that name a group: max, the greatest probability that one is hostile to it; rate, how many "
            "are hostile per 10,000 tokens; null in languages without a model",
            type=pa.struct(_HOSTILITY),
        ),
    ]
    loaded_language: Annotated[
        float | None,
        Column("words that judge while they name; a counter, no part of the score", unit="per 10,000 tokens"),
    ]
    slur_rate: Annotated[
        float | None, Column("slurs; a counter, no part of the score", unit="per 10,000 tokens")
    ]
    bias_score: Annotated[
        float | None,
        Column(
            "hostile_identity_language: calibrated probability that a sentence of the text is hostile to a group that it "
            "names, of the most hostile one; 0 if no group is named; null where status is not scored"
        ),
    ]
    bias_status: Annotated[str, Column("scored, or unsupported_language")]


@cache
def _english() -> np.ndarray:
    single = [term.term for term in terms() if term.axis in AXES and " " not in term.term]
    return np.unique(np.concatenate([tokenize([_ENGLISH, *single]).hashes, listed_hashes()]))


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((resources.files("colophon.filters.bias") / name).read_bytes()).hexdigest()


def _named_groups(found: Mentions, known: np.ndarray) -> pa.Array[Any]:
    """The groups of each text that is known, each once, in the order of the list."""
    names = [f"{axis}/{group}" for axis, group in groups()]
    text, group = np.divmod(np.unique(found.text * len(names) + found.group), len(names))
    known_here = known[text]
    ends = np.cumsum(np.bincount(text[known_here], minlength=len(known)))
    offsets = pa.array(np.concatenate(([0], ends)), pa.int32(), mask=np.append(~known, False))
    values = pa.DictionaryArray.from_arrays(pa.array(group[known_here], pa.int32()), pa.array(names))
    return pa.ListArray.from_arrays(offsets, values.cast(pa.string()))


@dataclass(frozen=True)
class Bias:
    """Measures who is mentioned and hostility towards them; keeps every document unless a limit is set.

    The integer count behind a rate is ``round(rate * n_words / 10_000)``, exactly, with the ``n_words`` of `Length`.

    Attributes:
        hostile_from: Probability from which on a sentence counts as hostile in ``hostility.rate``.
        other_language_from: How sure of another language than English the language filter must be for a text of English
            words to stay unscored.
        drop_above: Score above which a document is dropped; None for never.
        fail_above: The run fails if a filter drops documents that mention an axis of identity, or a group of it, more than so
            many times as often as others, at the lower end of the 95% interval; None for never.
        reference: Declared shares for the report, each ``DIMENSION/VALUE=SHARE``.

    Raises:
        ValueError: A setting cannot be.
    """

    name: ClassVar[str] = "bias"
    scores: ClassVar[type] = BiasScores
    explains: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("language",)
    papers: ClassVar[tuple[str, ...]] = (
        "Park et al. 2018, Reducing gender bias in abusive language detection (arXiv:1808.07231): identity terms made alike",
        "Weinberger et al. 2009, Feature hashing (arXiv:0902.2206)",
        "Kull et al. 2017, Beta calibration (arXiv:1703.05175)",
    )

    hostile_from: Annotated[
        float,
        Setting(
            "Probability from which on a sentence counts as hostile in the rate of hostile sentences.",
            minimum=0,
            maximum=1,
        ),
    ] = 0.5
    other_language_from: Annotated[
        float,
        Setting(
            "How sure of another language than English the language filter must be for a text to stay unscored; below "
            "it, texts with enough English words are scored.",
            minimum=0,
            maximum=1,
        ),
    ] = 0.8
    drop_above: Annotated[
        float | None,
        Setting(
            "Score above which a document is dropped; null for never, as the score annotates and does not decide.",
            minimum=0,
            maximum=1,
            policy=True,
        ),
    ] = None
    fail_above: Annotated[
        float | None,
        Setting(
            "The run fails if a stage drops documents that mention an axis of identity more than so many times as "
            "often as others, at the lower end of the 95% interval; null for never.",
            minimum=1,
            policy=True,
        ),
    ] = None
    reference: Annotated[
        tuple[str, ...],
        Setting(
            "Shares that the report compares documents with, each DIMENSION/VALUE=SHARE, such as "
            "gender/women=0.5, language/en=0.6 or country/DE=0.2.",
            policy=True,
        ),
    ] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "reference", tuple(self.reference))
        for name in ("hostile_from", "other_language_from", "drop_above"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise ValueError(f"{name} is {value}; it must be from 0 to 1")
        if self.fail_above is not None and self.fail_above < 1:
            raise ValueError(f"fail_above is {self.fail_above}; a ratio of drop rates below 1 is no fault")
        self.references()

    def references(self) -> dict[str, dict[str, float]]:
        """The declared shares by dimension and value.

        Raises:
            ValueError: One is not of the form DIMENSION/VALUE=SHARE.
        """
        found: dict[str, dict[str, float]] = {}
        for one in self.reference:
            place, _, number = one.rpartition("=")
            dimension, _, value = place.partition("/")
            try:
                share = float(number)
            except ValueError:
                share = -1.0
            if not (dimension and value and 0 <= share <= 1):
                raise ValueError(
                    f"reference has {one!r}; each must be DIMENSION/VALUE=SHARE with a share from 0 to 1, such as gender/women=0.5"
                )
            found.setdefault(dimension, {})[value] = share
        return found

    def materials(self) -> dict[str, dict[str, str]]:
        """The lists and the model, by digest and licence."""
        return {name: {"sha256": _digest(file), "license": "Apache-2.0"} for name, file in _MATERIALS.items()}

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array[Any]]:
        """The columns that `BiasScores` declares."""
        n = len(batch.texts)
        n_words = np.diff(batch.tokens.offsets)
        known = self._known(batch)
        found, hostile = self._look(batch)
        counts = np.bincount(found.text * len(AXES) + found.axis, minlength=n * len(AXES)).reshape(
            n, len(AXES)
        )
        per = _PER / np.maximum(n_words, 1)
        score = np.zeros(n)
        np.maximum.at(score, hostile.text, hostile.probability)
        over = np.bincount(hostile.text[hostile.probability >= self.hostile_from], minlength=n)
        mask = pa.array(~known)

        def struct(columns: list[np.ndarray], fields: list[pa.Field]) -> pa.StructArray:
            filled = [pa.array(np.where(known, column, 0.0)) for column in columns]
            return pa.StructArray.from_arrays(filled, fields=fields, mask=mask)

        def plain(column: np.ndarray) -> pa.Array[Any]:
            return pa.array(column.astype(np.float64), mask=~known)

        return {
            "identity_rates": struct(list(counts.T * per), _RATES),
            "identity_groups": _named_groups(found, known),
            "hostility": struct([score, over * per], _HOSTILITY),
            "loaded_language": plain(hostile.loaded * per),
            "slur_rate": plain(hostile.slurs * per),
            "bias_score": plain(score),
            "bias_status": pa.array(np.where(known, SCORED, UNSUPPORTED).tolist(), pa.string()),
        }

    def _look(self, batch: Batch) -> tuple[Mentions, Hostilities]:
        found = mentions(batch.tokens)
        return found, hostilities(batch.texts, batch.tokens, found)

    def _known(self, batch: Batch) -> np.ndarray:
        """Which texts are in a language that there is a list and a model for, bool[n].

        The language filter is often wrong about a single sentence; where it is not sure, or the text is short, English words
        tell.
        """
        n = len(batch.texts)
        if "language" in batch.scores:
            languages = np.array(batch.scores["language"].to_pylist(), np.object_)
        else:
            languages = np.full(n, "", np.object_)
        sure = np.full(n, 0.0)
        if "language_score" in batch.scores:
            sure = np.asarray(batch.scores["language_score"].to_numpy(zero_copy_only=False), np.float64)
        elif "language" in batch.scores:
            sure = np.full(n, 1.0)
        known = np.isin(languages, LANGUAGES)
        offsets = batch.tokens.offsets
        for i in np.flatnonzero(~known):
            words = batch.tokens.hashes[offsets[i] : offsets[i + 1]]
            if not 0 < len(words) <= _SHORT and sure[i] >= self.other_language_from:
                continue
            share = float(np.isin(words, _english()).mean()) if len(words) else 0.0
            known[i] = share >= (_LEAST_ENGLISH if sure[i] < self.other_language_from else _SURELY_ENGLISH)
        return known

    def spans(self, batch: Batch) -> list[list[Span]]:
        """For each text its mentions (label: the axis, rule: the group), hostile sentences (rule: probability), loaded words, slurs."""
        known = self._known(batch)
        found, hostile = self._look(batch)
        spans: list[list[Span]] = [[] for _ in batch.texts]
        start = batch.tokens.offsets
        places = [token_places(text) if known[i] else [] for i, text in enumerate(batch.texts)]
        for i, size in enumerate(np.diff(start)):
            if len(places[i]) != size:  # letters that no place can be told of
                places[i] = [(0, len(batch.texts[i]))] * int(size)

        def add(text: int, first: int, n: int, label: str, rule: str) -> None:
            if known[text]:
                spans[text].append(Span(places[text][first][0], places[text][first + n - 1][1], label, rule))

        for at, width, group, text in zip(found.at, found.width, found.group, found.text, strict=True):
            add(text, int(at - start[text]), int(width), *groups()[group])
        told = zip(hostile.text, hostile.first, hostile.last, hostile.probability, strict=True)
        for text, first, last, probability in told:
            if probability >= self.hostile_from:
                add(text, int(first), int(last - first), HOSTILE_SENTENCE, f"hostility {probability:.4f}")
        for label, at, width in listed_places(batch.tokens):
            for first, n in zip(at.tolist(), width.tolist(), strict=True):
                text = int(np.searchsorted(start, first, side="right")) - 1
                add(text, int(first - start[text]), n, label, f"{label}s.tsv")
        return [sorted(each, key=lambda span: (span.start, span.end, span.label)) for each in spans]

    def decide(self, scores: Mapping[str, pa.Array[Any]]) -> Decision:
        """Keep all, or drop what scores above ``drop_above`` (``hostile_identity_language``)."""
        decision = Decision.keep(len(scores["bias_status"]))
        if self.drop_above is not None:
            found = scores["bias_score"].to_pylist()
            score = np.array([0.0 if value is None else value for value in found], np.float64)
            decision.rule(score > self.drop_above, "hostile_identity_language", score, self.drop_above)
        return decision
