"""Figures of a corpus from counts, each with its interval and its n: concentration, distance from a reference, correction.

- Gini coefficient (Gini 1912) and Shannon entropy divided by its greatest value (Pielou 1966, J Theor Biol 13:131) say how
  unevenly documents are spread over sources, countries, languages, disciplines, journals, years.
- Jensen and Shannon's divergence (Lin 1991, IEEE Trans Inf Theory 37:145), base 2, from 0 to 1, says how far shares are from a reference
  that somebody declared.
- Their intervals are the 2.5th and 97.5th percentile of a parametric bootstrap (Efron and Tibshirani 1993) with a fixed seed.
- Benjamini and Hochberg (1995, J R Stat Soc B 57:289) for many tests at once.

>>> spread = concentration({"a": 98, "b": 1, "c": 1})["gini"]
>>> round(spread.value, 3), spread.n
(0.647, 100)
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "FEWEST",
    "Comparison",
    "Figure",
    "Z",
    "adjusted",
    "concentration",
    "divergence",
    "entropy",
    "gini",
]

FEWEST = 30
"""Fewer documents than this are too few to tell how they are spread."""
Z = 1.959964
"""Of the normal distribution: half the width of a 95% interval in standard errors."""
_TIMES = 400


@dataclass(frozen=True)
class Figure:
    """A figure with its interval.

    Attributes:
        value: NaN if there is none.
        lower: Lower end of the 95% interval.
        upper: Upper end.
        n: What it was counted on.
        too_few: Whether n is too small to say anything.
    """

    value: float
    lower: float
    upper: float
    n: int
    too_few: bool


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What one of many comparisons found.

    Attributes:
        lower: Lower end of the 95% interval; NaN if there is none.
        upper: Upper end.
        q: P-value after Benjamini and Hochberg, over all that were compared at once; NaN if there is none.
        too_few: Whether the numbers are too small to say anything.
    """

    lower: float = math.nan
    upper: float = math.nan
    q: float = math.nan
    too_few: bool = True

    @property
    def significant(self) -> bool:
        """Whether it is told from chance with a false discovery rate of 5%."""
        return self.q < 0.05

    def as_dict(self) -> dict[str, Any]:
        """JSON values; what is no number is None."""
        values = {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in asdict(self).items()
        }
        return values | {"significant": self.significant}


def adjusted(p_values: Sequence[float]) -> list[float]:
    """P-values after Benjamini and Hochberg; NaN stays NaN and is no test.

    >>> adjusted([0.01, 0.04, float("nan"), 0.03])
    [0.03, 0.04, nan, 0.04]
    """
    p = np.asarray(p_values, np.float64)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    found = np.full(len(p), np.nan)
    least = 1.0
    for rank in range(len(order), 0, -1):
        least = min(least, float(p[order[rank - 1]]) * len(order) / rank)
        found[order[rank - 1]] = round(least, 10)
    return [float(value) for value in found]


def gini(counts: np.ndarray) -> np.ndarray:
    """Gini coefficient of counts[..., k]: 0 if all are equal, near 1 if one has all."""
    ordered = np.sort(counts, axis=-1).astype(np.float64)
    k = ordered.shape[-1]
    weights = 2 * np.arange(1, k + 1) - k - 1
    return np.asarray((ordered * weights).sum(-1) / (k * np.maximum(ordered.sum(-1), 1)))


def entropy(counts: np.ndarray) -> np.ndarray:
    """Entropy of counts[..., k] divided by log k: 1 if all are equal, 0 if one has all."""
    shares = counts / np.maximum(counts.sum(-1, keepdims=True), 1)
    terms = np.where(shares > 0, shares * np.log(np.where(shares > 0, shares, 1)), 0.0)
    return np.asarray(-terms.sum(-1) / math.log(counts.shape[-1]))


def _bootstrap(counts: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]) -> Figure:
    n = int(counts.sum())
    if n < FEWEST:
        return Figure(math.nan, math.nan, math.nan, n, too_few=True)
    drawn = np.random.default_rng(1).multinomial(n, counts / n, size=_TIMES)
    low, high = np.percentile(statistic(drawn), [2.5, 97.5])
    value = float(statistic(counts))
    # The bootstrap of a bounded statistic is shifted; the interval holds the value in any case.
    return Figure(
        round(value, 6), round(min(float(low), value), 6), round(max(float(high), value), 6), n, too_few=False
    )


def concentration(counts: Mapping[str, int]) -> dict[str, Figure]:
    """How unevenly documents are spread over values: ``gini`` and ``entropy``; empty if there are not two values.

    Args:
        counts: Documents by value; those without a value (the empty name) are left out.
    """
    known = np.array([n for value, n in sorted(counts.items()) if value], np.int64)
    if len(known) < 2:
        return {}
    return {"gini": _bootstrap(known, gini), "entropy": _bootstrap(known, entropy)}


def divergence(counts: Mapping[str, int], reference: Mapping[str, float]) -> Figure:
    """Jensen and Shannon's divergence of the shares of documents from declared shares, in bits.

    Args:
        counts: Documents by value; only values that the reference names are looked at.
        reference: Share of each value; they are scaled to sum to 1.

    Raises:
        ValueError: The reference has a negative share, or none above 0.
    """
    shares = np.array([reference[name] for name in sorted(reference)], np.float64)
    if not len(shares) or shares.min() < 0 or shares.sum() <= 0:
        raise ValueError("a reference needs shares that are not negative and not all 0")
    shares /= shares.sum()
    known = np.array([counts.get(name, 0) for name in sorted(reference)], np.int64)

    def distance(found: np.ndarray) -> np.ndarray:
        own = found / np.maximum(found.sum(-1, keepdims=True), 1)
        middle = (own + shares) / 2
        return np.asarray((_relative(own, middle) + _relative(shares, middle)) / 2)

    return _bootstrap(known, distance)


def _relative(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    one, other = np.broadcast_arrays(one, other)
    there = one > 0
    ratio = np.where(there, one / np.where(other > 0, other, 1), 1.0)
    return np.asarray((one * np.log2(ratio)).sum(-1))
