"""Train the model of scholarly prose: ``python -m benchmarks.train_scholarly [FILE]``; by default the one in the package.

Logistic regression on the mean counts of hashed words and pairs of words in passages of 40 to 800 words, all seeded and in
a fixed order. What has no weight, so that the model learns the manner and not the subject or the source:

- every word of ``identity_terms.tsv``, pronouns of the third person, *who* and *people*: it must not matter who is written about;
- names: words that mostly begin with a capital in the middle of a sentence (places, months, companies, acronyms);
- whatever holds a digit, and single letters but *a*, *i* and what is left of contractions;
- words of publishers, licences, addresses and captions, which tell where a text is from;
- words of fewer than 8 journals and of fewer than 4 web pages.
"""

from __future__ import annotations

import math
import random
import re
import sys
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.corpora import CORPORA
from benchmarks.scholarly_contrast import contrast
from benchmarks.scholarly_texts import FOLDS, SCHOLARLY, TRAINED, Text, sources
from colophon.filters import tokenize
from colophon.filters.bias.identity import terms
from colophon.filters.scholarly.scholarly import BITS, ScholarlyModel, pair_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Passages", "cut", "train"]

SEED = 7
LEAST_WORDS, MOST_WORDS = 40, 800
PASSAGES_OF_A_TEXT = 12
JOURNALS, PAGES = 8, 4
PENALTY = 5e-4
STEPS = 400
SHRINK = 30
PERCENT = 100.0
CONTRASTS = 1500
CONTRAST_SHARE = 0.4
_CONTRAST = "contrast"

PRONOUNS = (
    *("he", "she", "him", "her", "his", "hers", "himself", "herself", "they", "them", "their", "theirs"),
    *(
        "themselves",
        "who",
        "whom",
        "whose",
        "people",
        "person",
        "persons",
        "mr",
        "mrs",
        "ms",
        "miss",
        "sir",
        "madam",
    ),
)
OF_SOURCES = (
    *("http", "https", "www", "com", "org", "net", "html", "pdf", "doi", "url", "file", "xlsx", "docx"),
    *("wiley", "elsevier", "springer", "elife", "frontiers", "plos", "bmc", "mdpi", "nature", "wiki"),
    *("license", "licence", "licensed", "licenses", "creative", "commons", "attribution", "unported", "cc"),
    *("copyright", "copyrighted", "reserved", "pubmed", "pmc", "crossref", "scholar"),
    *("supplementary", "supplemental", "fig", "figs", "figure", "figures", "table", "tables"),
)
_ALONE = "aistdm"
_INSIDE_A_SENTENCE = re.compile(r"(?<=[a-z,] )\w+")


@dataclass(frozen=True)
class Passages:
    """Passages of m words each, of texts of which it is known what they are.

    Attributes:
        keys: For each the keys of its words and pairs, uint64.
        words: int64[p], its length.
        scholarly: bool[p].
        made_up: bool[p], whether it is one of `contrast`.
        work: str[p], the text's work.
        origin: str[p], its journal.
        fold: int64[p].
    """

    keys: list[np.ndarray]
    words: np.ndarray
    scholarly: np.ndarray
    made_up: np.ndarray
    work: np.ndarray
    origin: np.ndarray
    fold: np.ndarray

    def __getitem__(self, which: np.ndarray) -> Passages:
        """Some of them."""
        rest = (
            getattr(self, name)[which] for name in ("words", "scholarly", "made_up", "work", "origin", "fold")
        )
        return Passages([self.keys[i] for i in np.flatnonzero(which)], *rest)


def cut(texts: Sequence[Text], seed: int, most: int = PASSAGES_OF_A_TEXT) -> Passages:
    """Cut texts into passages of random length, at most so many of each: lengths must not tell what a text is."""
    rng = random.Random(seed)
    tokens = tokenize([one.text for one in texts])
    rows: list[tuple[np.ndarray, int, Text]] = []
    for one, begin, end in zip(texts, tokens.offsets[:-1], tokens.offsets[1:], strict=True):
        places, at = [], int(begin)
        while at < end:
            width = int(math.exp(rng.uniform(math.log(LEAST_WORDS), math.log(MOST_WORDS))))
            places.append((at, min(int(end), at + width)))
            at += width
        places = [place for place in places if place[1] - place[0] >= LEAST_WORDS // 2] or places[:1]
        for a, b in sorted(rng.sample(places, min(most, len(places)))):
            hashes = tokens.hashes[a:b]
            rows.append((np.concatenate([hashes, pair_keys(hashes)]), b - a, one))
    return Passages(
        [keys for keys, _, _ in rows],
        np.array([n for _, n, _ in rows]),
        np.array([one.source in SCHOLARLY for _, _, one in rows]),
        np.array([one.origin == _CONTRAST for _, _, one in rows]),
        np.array([one.work for _, _, one in rows]),
        np.array([one.origin for _, _, one in rows]),
        np.array([one.fold for _, _, one in rows]),
    )


def _hashes(words: Iterable[str]) -> np.ndarray:
    return np.unique(tokenize([" ".join(words)]).hashes)


def _silent(texts: Sequence[Text]) -> np.ndarray:
    """Hashes of the words that the docstring above says have no weight, sorted."""
    inside: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    words: set[str] = set()
    for one in texts:
        words.update(re.findall(r"\w+", one.text.casefold()))
        for word in _INSIDE_A_SENTENCE.findall(one.text):
            inside[word.casefold()] += 1
            capital[word.casefold()] += word[0].isupper()
    names = {word for word, n in inside.items() if n >= 3 and capital[word] >= 0.7 * n} - {"i"}
    numbers = {word for word in words if any(map(str.isdigit, word))}
    letters = {word for word in words if len(word) == 1} - set(_ALONE)
    return _hashes(sorted({*names, *numbers, *letters, *_people(), *OF_SOURCES}))


def _people() -> list[str]:
    return [*(term.term for term in terms()), *PRONOUNS]


def _kinds(passages: Passages, group: np.ndarray, least: int) -> np.ndarray:
    """Keys that occur in at least so many groups."""
    found = [
        np.unique(np.concatenate([passages.keys[i] for i in np.flatnonzero(group == one)]))
        for one in np.unique(group)
    ]
    keys, counts = np.unique(np.concatenate(found), return_counts=True)
    return keys[counts >= least]


def _buckets(passages: Passages, silent: np.ndarray) -> np.ndarray:
    """The buckets that may have a weight, sorted."""
    papers = passages[passages.scholarly & ~passages.made_up]
    pages = passages[~passages.scholarly & ~passages.made_up]
    keep = np.union1d(_kinds(papers, papers.origin, JOURNALS), _kinds(pages, pages.work, PAGES))
    words = [keys[:n] for keys, n in zip(passages.keys, passages.words, strict=True)]
    pairs = [keys[n:] for keys, n in zip(passages.keys, passages.words, strict=True)]
    mute = np.isin(np.concatenate(words), silent)
    beside = np.delete(mute[:-1] | mute[1:], np.cumsum(passages.words)[:-1] - 1)
    keep = np.setdiff1d(keep, np.concatenate(pairs)[beside])
    shift = np.uint64(64 - BITS)
    keep = np.setdiff1d(keep, silent) >> shift
    return np.setdiff1d(keep, _hashes(_people()) >> shift).astype(np.int64)


def _fit(passages: Passages, buckets: np.ndarray) -> tuple[np.ndarray, float]:
    """The weights of the buckets, and of every token, that minimise the penalised logistic loss.

    Nesterov's accelerated gradient, each class of equal weight.
    """
    m = len(buckets)
    column = np.full(2**BITS, -1, np.int64)
    column[buckets] = np.arange(m)
    found = [column[(keys >> np.uint64(64 - BITS)).astype(np.int64)] for keys in passages.keys]
    found = [one[one >= 0] for one in found]
    rows = np.repeat(np.arange(len(found)), [len(one) for one in found])
    columns = np.concatenate(found)
    scale = PERCENT / (passages.words + SHRINK)
    each = scale * passages.words
    wanted = passages.scholarly.astype(float)
    share = np.zeros(len(wanted))
    for scholarly in (False, True):
        for made_up in (False, True):
            which = (passages.scholarly == scholarly) & (passages.made_up == made_up)
            share[which] = 0.5 * (CONTRAST_SHARE if made_up else 1 - CONTRAST_SHARE) / which.sum()

    def forward(weights: np.ndarray, token: float) -> np.ndarray:
        return np.bincount(rows, weights[columns], len(wanted)) * scale + token * each / PERCENT

    def backward(errors: np.ndarray) -> tuple[np.ndarray, float]:
        return np.bincount(columns, (errors * scale)[rows], m), float(errors @ each) / PERCENT

    # The greatest curvature, by power iteration, is what limits a step.
    weights, token = np.ones(m), 1.0
    for _ in range(30):
        weights, token = backward(forward(weights, token) * share)
        size = math.sqrt(float(weights @ weights) + token * token)
        weights, token = weights / size, token / size
    rate = 1 / (0.25 * size * 1.05 + PENALTY)
    weights, token = np.zeros(m), 0.0
    ahead, token_ahead, momentum = weights, token, 1.0
    for _ in range(STEPS):
        errors = (1 / (1 + np.exp(-forward(ahead, token_ahead))) - wanted) * share
        slope, token_slope = backward(errors)
        new, token_new = ahead - rate * (slope + PENALTY * ahead), token_ahead - rate * token_slope
        grown = (1 + math.sqrt(1 + 4 * momentum * momentum)) / 2
        push = (momentum - 1) / grown
        ahead, token_ahead = new + push * (new - weights), token_new + push * (token_new - token)
        weights, token, momentum = new, token_new, grown
    return weights, token / PERCENT


def _quantised(buckets: np.ndarray, weights: np.ndarray, token: float) -> ScholarlyModel:
    step = float(np.abs(weights).max()) / 127
    table = np.zeros(2**BITS, np.int8)
    table[buckets] = np.rint(weights / step).astype(np.int8)
    return ScholarlyModel(table, round(token / step), SHRINK, round(PERCENT * step, 6), 0.0)


def _log_odds(model: ScholarlyModel, passages: Passages) -> np.ndarray:
    weights = model.weights.astype(np.int64)
    sums = np.array(
        [weights[(keys >> np.uint64(64 - BITS)).astype(np.int64)].sum() for keys in passages.keys]
    )
    return np.asarray(
        model.slope * (sums + model.per_token * passages.words) / (passages.words + model.shrink)
    )


def _calibration(log_odds: np.ndarray, scholarly: np.ndarray) -> tuple[float, float]:
    """Factor and summand that make log-odds of passages that were not trained on true (Platt 1999), classes equal."""
    share = np.where(scholarly, 0.5 / scholarly.sum(), 0.5 / (~scholarly).sum())
    factor, summand = 1.0, 0.0
    for _ in range(50):  # Newton's method
        p = 1 / (1 + np.exp(-(factor * log_odds + summand)))
        error, curve = (p - scholarly) * share, p * (1 - p) * share
        gradient = np.array([error @ log_odds, error.sum()])
        cross = float(curve @ log_odds)
        hessian = np.array([[curve @ log_odds**2, cross], [cross, curve.sum()]]) + 1e-9 * np.eye(2)
        move = np.linalg.solve(hessian, gradient)
        factor, summand = factor - float(move[0]), summand - float(move[1])
    return factor, summand


def train(texts: Sequence[Text]) -> ScholarlyModel:
    """The model of all works that are not held out."""
    texts = [one for one in texts if not one.held_out]
    silent = _silent(texts)
    made_up = [
        Text("jats" if scholarly else "web_bad", str(n), _CONTRAST, text)
        for n, (scholarly, text) in enumerate(contrast(CONTRASTS, SEED))
    ]
    real = cut(texts, SEED)
    passages = cut([*texts, *made_up], SEED)
    odds = np.zeros(len(real.words))
    for fold in range(1, FOLDS):
        part = passages[(passages.fold != fold) | passages.made_up]
        buckets = _buckets(part, silent)
        odds[real.fold == fold] = _log_odds(
            _quantised(buckets, *_fit(part, buckets)), real[real.fold == fold]
        )
    factor, summand = _calibration(odds, real.scholarly)
    buckets = _buckets(passages, silent)
    model = _quantised(buckets, *_fit(passages, buckets))
    ranks = np.empty(len(odds))
    ranks[np.argsort(odds)] = np.arange(1, len(odds) + 1)
    n = int(real.scholarly.sum())
    below = (ranks[real.scholarly].sum() - n * (n + 1) / 2) / (n * (len(odds) - n))
    print(f"passages of works that were left out of one of {FOLDS - 1} parts: AUC {below:.4f}")
    print(f"{len(texts):,} texts, {len(real.words):,} passages, {n:,} of them scholarly")
    print(
        f"{np.count_nonzero(model.weights):,} weights; calibration: {factor:.3f} x log-odds + {summand:.3f}"
    )
    return replace(model, slope=round(model.slope * factor, 6), offset=round(summand, 6))


def strongest(model: ScholarlyModel, texts: Sequence[Text], n: int) -> tuple[list[str], list[str]]:
    """The words and pairs of greatest and of least weight, for who wants to know what the model looks at."""
    names: dict[int, Counter[str]] = {}
    for one in texts:
        if one.source not in TRAINED or one.held_out:
            continue
        words = re.findall(r"\w+", one.text.casefold())
        hashes = tokenize([one.text.casefold()]).hashes
        if len(words) != len(hashes):
            continue
        pairs = [f"{a} {b}" for a, b in pairwise(words)]
        buckets = np.concatenate([hashes, pair_keys(hashes)]) >> np.uint64(64 - BITS)
        for bucket, name in zip(buckets.tolist(), words + pairs, strict=True):
            if model.weights[bucket]:
                names.setdefault(bucket, Counter())[name] += 1
    order = sorted(names, key=lambda bucket: (int(model.weights[bucket]), bucket))
    shown = [f"{names[bucket].most_common(1)[0][0]} {model.weights[bucket]:+d}" for bucket in order]
    return shown[::-1][:n], shown[:n]


def main() -> None:
    if not CORPORA.is_dir():
        sys.exit(f"nothing to train on: {CORPORA} is absent; name the corpora in COLOPHON_CORPORA")
    default = Path(__file__).resolve().parents[1] / "filters" / "scholarly" / "scholarly_weights.npz"
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    texts = sources(CORPORA)
    model = train(texts)
    path.write_bytes(model.to_bytes())
    print(f"{path}: {path.stat().st_size:,} bytes")
    for title, names in zip(("scholarly", "web"), strongest(model, texts, 120), strict=True):
        print(f"{title}: {', '.join(names)}")


if __name__ == "__main__":
    main()
