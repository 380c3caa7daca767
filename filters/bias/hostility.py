"""Whether sentences that name a group are hostile to it: a small linear model that cannot see which group is meant.

Before anything else every mention becomes the same token, so that swapping one listed group for another changes nothing,
and a mention alone says nothing. What is left goes through logistic regression over hashed features (`hostility_features`), trained
by ``benchmarks/train_hostility.py``; ``docs/bias.md`` has the model card, the figures and the known failures.

>>> hostile, kind = hostilities(["Women are vermin.", "Women are engineers."]).probability
>>> bool(hostile > 0.5 > kind)
True
"""

from __future__ import annotations

import io
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from colophon.filters.bias.hostility_features import NAMES, SPEAKS, Marked, Source, features_of, new_sink
from colophon.filters.bias.identity import mentions, person_nouns
from colophon.filters.bias.respelled import as_meant
from colophon.filters.bias.scan import Places, Units, Utf8, listed_words, places, units
from colophon.filters.bias.words import CLASSES, PRONOUN, Words, look_up_word, word_table
from colophon.filters.folding import fold_tables, folded_utf8
from colophon.filters.kernels import compiled
from colophon.filters.tokens import Tokens, tokenize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colophon.filters.bias.hostility_features import Sink
    from colophon.filters.bias.identity import Mentions

__all__ = [
    "LOADED_WORD",
    "MENTION_ALONE",
    "SLUR_WORD",
    "Hostilities",
    "Model",
    "features",
    "hostilities",
    "listed_places",
    "model",
]

LOADED_WORD, SLUR_WORD = "loaded_word", "slur"
"""Labels of the spans of loaded words and of slurs."""

MENTION_ALONE = 0.2
"""A sentence with a lower probability and without a word that can speak against a group only mentions it: 0.

So does one that has no other words than names. Calibration stands this, see ``docs/bias.md``."""

_THIRD = 1 << CLASSES.index("third")
_ABBREVIATIONS = "al approx ca cf dr eg etc fig figs ie mr mrs ms no prof ref refs resp st vs"


@dataclass(frozen=True)
class Model:
    """The weights.

    Attributes:
        weights: int16[BUCKETS].
        shares: float64[3], what words, classes and letters count for.
        scale: What one unit of a weight is worth.
        offset: The logit of a sentence without features.
        below: Of the calibration: slope of the logit where it is far below 0.
        above: Slope where it is far above 0.
        shift: What is added.
    """

    weights: np.ndarray
    shares: np.ndarray
    scale: float
    offset: float
    below: float
    above: float
    shift: float

    def probability(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated probabilities (Kull et al. 2017, arXiv:1703.05175) to four decimals, the same on every machine."""
        turned = self.above * np.logaddexp(0, logits) - self.below * np.logaddexp(0, -logits) + self.shift
        return np.asarray(np.round(1 / (1 + np.exp(-turned)), 4))


@cache
def model() -> Model:
    """The model that comes along."""
    content = (resources.files("colophon.filters.bias") / "hostility_model.npz").read_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return Model(arrays["weights"], arrays["shares"], *(float(value) for value in arrays["numbers"]))


@dataclass(frozen=True)
class _Prepared:
    """What the compiled passes need of those texts that name a group."""

    chosen: np.ndarray
    loaded: np.ndarray
    slurs: np.ndarray
    offsets: np.ndarray
    source: Source
    units: Units


def _fold(text: str) -> str:
    """As `tokenize` folds what no table folds."""
    return unicodedata.normalize("NFC", text.casefold())


@compiled
def _with_flag(hashes: np.ndarray, words: Words, flag: np.uint64, out: np.ndarray) -> None:
    for i in range(len(hashes)):
        out[i] = (look_up_word(words, hashes[i]) & flag) > 0


def _flagged(hashes: np.ndarray, flag: int) -> np.ndarray:
    out = np.zeros(len(hashes), np.bool_)
    _with_flag(hashes, word_table(), np.uint64(flag), out)
    return out


@cache
def _abbreviations() -> np.ndarray:
    return tokenize([_ABBREVIATIONS]).hashes


def _per_text(marks: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    total = np.concatenate(([0], np.cumsum(marks > 0)))
    return np.asarray(total[offsets[1:]] - total[offsets[:-1]])


def listed_places(tokens: Tokens) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Where loaded words and slurs stand: of each kind its label, the tokens at which one begins, its tokens."""
    loaded, slurs = np.zeros(len(tokens.hashes), np.int8), np.zeros(len(tokens.hashes), np.int8)
    listed_words(tokens.hashes, tokens.offsets, word_table(), loaded, slurs)
    kinds = ((LOADED_WORD, loaded), (SLUR_WORD, slurs))
    return [(label, at := np.flatnonzero(width), width[at]) for label, width in kinds]


def _prepare(texts: Sequence[str], tokens: Tokens, found: Mentions) -> _Prepared:
    read = as_meant(texts)
    if read is not None:  # rare, so that looking at all texts again costs little
        texts, tokens = read, tokenize(read)
        found = mentions(tokens)
    loaded, slurs = np.zeros(len(tokens.hashes), np.int8), np.zeros(len(tokens.hashes), np.int8)
    listed_words(tokens.hashes, tokens.offsets, word_table(), loaded, slurs)
    named = slurs.copy()
    is_group = ~_flagged(tokens.hashes[found.at], PRONOUN)
    at = found.at[is_group]
    named[at] = np.maximum(named[at], found.width[is_group])
    has = _per_text(named, tokens.offsets) > 0
    chosen = np.flatnonzero(has)
    lengths = np.diff(tokens.offsets)
    inside = np.repeat(has, lengths)
    hashes, named = tokens.hashes[inside], named[inside]
    offsets = np.concatenate(([0], np.cumsum(lengths[chosen])))
    data, bytes_at, rows = folded_utf8([texts[i] for i in chosen.tolist()], _fold)
    utf8 = Utf8(data, bytes_at, fold_tables(), rows)
    n = len(hashes)
    where = Places(np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.uint8))
    places(utf8, hashes, _abbreviations(), where)
    most = int((named > 0).sum())
    sentences = Units(np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most, np.int64))
    count = units(where.flags, offsets, named, _flagged(hashes, _THIRD), sentences)
    return _Prepared(
        chosen,
        _per_text(loaded, tokens.offsets),
        _per_text(slurs, tokens.offsets),
        offsets,
        Source(Marked(hashes, named, person_nouns(hashes)), word_table(), utf8, where),
        Units(*(column[:count] for column in sentences)),
    )


@compiled
def _logits(
    source: Source, found: Units, model: tuple[np.ndarray, np.ndarray], out: Sink, says: np.ndarray
) -> np.ndarray:
    """The sum of weights of each sentence's features, float64[s]; writes how much each says."""
    shares, weights = model
    total = np.zeros(len(found.first))
    for s in range(len(total)):
        says[s] = features_of(source, (found.first[s], found.last[s], found.text[s]), shares, out)
        for i in range(out.size[0]):
            total[s] += out.amounts[i] * weights[out.buckets[i]]
    return total


def features(
    texts: Sequence[str], shares: tuple[float, float, float]
) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """The features of all sentences that name a group, as the model sees them: what it is trained on.

    Args:
        texts: English texts.
        shares: As in `Model`.

    Returns:
        The text of each sentence, int64[s]; for each its buckets and amounts, sorted by bucket, each bucket once.
    """
    tokens = tokenize(texts)
    ready = _prepare(texts, tokens, mentions(tokens))
    sink, found = new_sink(), []
    for unit in zip(*(column.tolist() for column in ready.units), strict=True):
        features_of(ready.source, unit, np.array(shares, np.float64), sink)
        n = int(sink.size[0])
        each, place = np.unique(sink.buckets[:n], return_inverse=True)
        found.append((each, np.bincount(place, weights=sink.amounts[:n])))
    return ready.chosen[ready.units.text], found


@dataclass(frozen=True)
class Hostilities:
    """What is said of the groups that n texts name.

    Attributes:
        text: int64[s], the text of each sentence that names a group, ascending.
        first: int64[s], its first token in the text.
        last: int64[s], the token in the text after its last.
        probability: float64[s], that it is hostile, to four decimals; 0 if it only mentions them.
        loaded: int64[n], loaded words of each text.
        slurs: int64[n], slurs of each text.
    """

    text: np.ndarray
    first: np.ndarray
    last: np.ndarray
    probability: np.ndarray
    loaded: np.ndarray
    slurs: np.ndarray


def hostilities(
    texts: Sequence[str],
    tokens: Tokens | None = None,
    found: Mentions | None = None,
    weights: Model | None = None,
) -> Hostilities:
    """Score the sentences that name a group.

    Args:
        texts: English texts.
        tokens: Their tokens, if at hand.
        found: Their mentions, if at hand.
        weights: Another model than the one that comes along.
    """
    tokens = tokens or tokenize(texts)
    ready = _prepare(texts, tokens, found or mentions(tokens))
    used = weights or model()
    says = np.zeros(len(ready.units.first), np.int8)
    logits = _logits(ready.source, ready.units, (used.shares, used.weights), new_sink(), says)
    probability = used.probability(logits * used.scale + used.offset)
    told = (says == SPEAKS) | ((says != NAMES) & (probability >= MENTION_ALONE))
    start = ready.offsets[ready.units.text]
    return Hostilities(
        ready.chosen[ready.units.text],
        ready.units.first - start,
        ready.units.last - start,
        np.where(told, probability, 0.0),
        ready.loaded,
        ready.slurs,
    )
