"""Whether English text is written as papers are, or as the web's shops, forums and menus are: a small linear model.

Rules of thumb for web text (Gopher, C4) reject papers for their numbers and citations; a classifier trained on a good
and a bad set picks the good far better (Brown et al. 2020, arXiv:2005.14165, appendix A; Li et al. 2024,
arXiv:2406.11794, section 4.4). This one is a logistic regression on words and pairs of neighbouring words, hashed into
2**18 buckets (Weinberger et al. 2009, arXiv:0902.2206): a text's score is the mean weight of its tokens, shrunk
towards none where there are few, so that a text that says nothing scores .31. It is made by ``benchmarks/train_scholarly.py``; what it
was made from, how good it is and where it fails stands in ``docs/scholarly_model.md``. Words for people, names,
numbers, and words of publishers have no weight.

It judges the manner, not the truth or the worth, of a text, and English only: in other languages the score is null and the
document stays. So does one that has a DOI or is marked up as papers are, whatever it scores: a plainly written field study may
score .003, and a small model has not seen every field.

>>> from colophon.filters.batch import Batch
>>> paper = "We measured the growth of the plants under two treatments; however, no significant effect was observed."
>>> shop = "Click here to buy your new phone online, and don't miss our great deals on the best cases this week!"
>>> batch = Batch([paper * 3, shop * 3, shop * 3], {"language": pa.array(["en", "en", "de"])})
>>> scores = Scholarly().annotate(batch)
>>> [None if score is None else score > 0.5 for score in scores["scholarly_score"].to_pylist()]
[True, False, None]
>>> Scholarly().decide(scores).reason.tolist()
['', 'unlike_scholarly_prose', '']
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa

from colophon.filters.kernels import compiled
from colophon.filters.registry import Decision
from colophon.schemas import Column, Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.filters.batch import Batch
    from colophon.filters.tokens import Tokens

__all__ = [
    "BITS",
    "LANGUAGES",
    "PAPERS",
    "Scholarly",
    "ScholarlyModel",
    "ScholarlyScores",
    "pair_keys",
    "shipped_model",
]

PAPERS = ("application/jats+xml", "application/tei+xml", "application/x-tex")
"""Media types in which papers are marked up."""

LANGUAGES = ("en",)
"""ISO 639-1 codes of the languages that the model was trained on."""

BITS = 18
"""Leading bits of a token's hash, or of a pair's key, that name its bucket."""

_FILE = "scholarly_weights.npz"
_PAIR = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio, odd
_SHIFT = np.uint64(64 - BITS)


@dataclass(frozen=True, eq=False)
class ScholarlyModel:
    """The model's numbers.

    The log-odds of n tokens that are scholarly prose are ``offset + slope * (sum of weights + per_token * n) / (n + shrink)``.

    Attributes:
        weights: int8[2**BITS], the weight of each bucket.
        per_token: What every token adds.
        shrink: Tokens of no weight that are thought to stand before the text.
        slope: Log-odds for a mean weight of one.
        offset: Log-odds of the empty text.
    """

    weights: np.ndarray
    per_token: int
    shrink: int
    slope: float
    offset: float

    def log_odds(self, tokens: Tokens) -> np.ndarray:
        """Float64[n], one for each text; positive where it is rather scholarly."""
        n = np.diff(tokens.offsets)
        sums = _sums(tokens.hashes, tokens.offsets, self.weights) + self.per_token * n
        return np.asarray(self.offset + self.slope * (sums / (n + self.shrink)))

    def scores(self, tokens: Tokens) -> np.ndarray:
        """Float64[n], the probability of scholarly prose if both kinds were equally frequent, to four decimals."""
        # The exponential may differ in its last bit from one machine to the next.
        return np.asarray(np.round(1 / (1 + np.exp(-np.clip(self.log_odds(tokens), -50, 50))), 4))

    def to_bytes(self) -> bytes:
        """The model as a file: the same model gives the same bytes."""
        buckets = np.flatnonzero(self.weights)
        stream = io.BytesIO()
        np.savez(
            stream,
            allow_pickle=False,
            buckets=buckets.astype("<u4"),
            weights=self.weights[buckets],
            whole=np.array([self.per_token, self.shrink], "<i8"),
            real=np.array([self.slope, self.offset], "<f8"),
        )
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> ScholarlyModel:
        """The model in a file that `to_bytes` made."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            weights = np.zeros(2**BITS, np.int8)
            weights[file["buckets"]] = file["weights"]
            return cls(weights, *file["whole"].tolist(), *file["real"].tolist())


@compiled
def _pair(first: np.uint64, second: np.uint64) -> np.uint64:
    """The key of two neighbouring tokens; their hashes are well mixed, so this is."""
    return first * _PAIR + second


@compiled
def _sums(hashes: np.ndarray, offsets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The summed weights of each text's tokens and pairs of neighbours: whole numbers, so in any order the same."""
    out = np.zeros(len(offsets) - 1, np.int64)
    for text in range(len(out)):
        begin, end = offsets[text], offsets[text + 1]
        if begin == end:
            continue
        before = hashes[begin]
        total = np.int64(weights[before >> _SHIFT])
        for i in range(begin + 1, end):
            token = hashes[i]
            total += np.int64(weights[token >> _SHIFT]) + np.int64(weights[_pair(before, token) >> _SHIFT])
            before = token
        out[text] = total
    return out


def pair_keys(hashes: np.ndarray) -> np.ndarray:
    """The keys of all pairs of neighbours in one text's hashes (uint64[t]), uint64[t - 1]; empty for fewer than two."""
    return np.asarray(hashes[:-1] * _PAIR + hashes[1:])


@cache
def _shipped_bytes() -> bytes:
    return (resources.files("colophon.filters.scholarly") / _FILE).read_bytes()


@cache
def shipped_model() -> ScholarlyModel:
    """The model that comes along, loaded once in each process."""
    return ScholarlyModel.from_bytes(_shipped_bytes())


@dataclass
class ScholarlyScores:
    """The column that `Scholarly` adds."""

    scholarly_score: Annotated[
        float | None,
        Column(
            "the model's probability that the text is scholarly prose and not web text, if both were equally "
            "frequent, to four decimals; null in languages without a model"
        ),
    ]


@dataclass(frozen=True)
class Scholarly:
    """Drops English text that is clearly not written as papers are.

    Attributes:
        min_score: Least probability, 0 to 1.

    Raises:
        ValueError: `min_score` is no probability.
    """

    name: ClassVar[str] = "scholarly"
    scores: ClassVar[type] = ScholarlyScores
    needs: ClassVar[tuple[str, ...]] = ("language",)
    reads: ClassVar[tuple[str, ...]] = ("doi", "media_type")
    papers: ClassVar[tuple[str, ...]] = (
        "Weinberger et al. 2009, Feature Hashing for Large Scale Multitask Learning, arXiv:0902.2206",
        "Brown et al. 2020, Language Models are Few-Shot Learners, arXiv:2005.14165, appendix A",
    )

    min_score: Annotated[
        float,
        Setting(
            "Least probability of scholarly prose for an English document to stay; 0 keeps all.",
            minimum=0,
            maximum=1,
            policy=True,
        ),
    ] = 0.02

    def __post_init__(self) -> None:
        if not 0 <= self.min_score <= 1:
            raise ValueError(f"min_score is {self.min_score}; it must be from 0 to 1")

    def materials(self) -> dict[str, dict[str, str]]:
        """The weights, by digest and licence."""
        return {"weights": {"sha256": hashlib.sha256(_shipped_bytes()).hexdigest(), "license": "Apache-2.0"}}

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array[Any]]:
        """The column ``scholarly_score``; null for all without the scores of `Language`."""
        n = len(batch.texts)
        languages = batch.scores["language"].to_pylist() if "language" in batch.scores else [None] * n
        known = np.array([language in LANGUAGES for language in languages], np.bool_)
        if not known.any():
            return {"scholarly_score": pa.nulls(n, pa.float64())}
        return {"scholarly_score": pa.array(shipped_model().scores(batch.tokens), pa.float64(), mask=~known)}

    def decide(self, scores: Mapping[str, pa.Array[Any]]) -> Decision:
        """Drop what scores below `min_score` (``unlike_scholarly_prose``); what has no score, or is a paper, stays."""
        column = np.asarray(scores["scholarly_score"].to_numpy(zero_copy_only=False), np.float64)
        decision = Decision.keep(len(column))
        low = column < self.min_score
        if "doi" in scores:
            named = np.array([bool(doi) for doi in scores["doi"].to_pylist()], np.bool_)
            low &= ~named & ~np.isin(scores["media_type"].to_pylist(), PAPERS)
        decision.rule(low, "unlike_scholarly_prose", column, self.min_score)
        return decision
