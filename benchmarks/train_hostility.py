"""Train the hostility model anew: ``python -m benchmarks.train_hostility [FILE]``.

Logistic regression on the features of `colophon.filters.bias.hostility`, with a fixed seed, one thread and weights rounded to sixteen
bits, so that the same data gives the same file. Trained on ``train``, calibrated on ``dev``; ``test`` is for
`benchmarks.bias`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, sparse

import colophon.filters
from benchmarks.hostility_data import Sentence, from_templates, labelled, science
from colophon.filters.bias.hostility import Model, features
from colophon.filters.bias.hostility_features import BUCKETS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SHARES", "SHARE_OF_SOURCE", "main", "train"]

SHARES = (1.0, 2.0, 1.0)
"""What words, classes and letters count for."""
SHARE_OF_SOURCE = {
    "davidson": 0.5,
    "edos": 0.5,
    "toxigen_demonstrations": 0.2,
    "templates": 6.0,
    "science": 0.5,
}
"""What all sentences of a source together weigh."""
_OFFENSIVE = 0.3  # of a tweet that is offensive, which is not said to be hateful
_PENALTY = 3e-5
_STEPS = 90  # stopping early is a penalty too
_SEED, _TIMES = 6, 12


@dataclass(frozen=True)
class _Table:
    """Sentences that name a group: their text, features, whether hostile, weights."""

    text: np.ndarray
    matrix: sparse.csr_matrix
    hostile: np.ndarray
    weight: np.ndarray


def _table(texts: Sequence[Sentence]) -> _Table:
    of_text, found = features([one.text for one in texts], SHARES)
    rows = np.repeat(np.arange(len(found)), [len(buckets) for buckets, _ in found])
    buckets = np.concatenate([buckets for buckets, _ in found])
    amounts = np.concatenate([amounts for _, amounts in found])
    matrix = sparse.csr_matrix((amounts, (rows, buckets)), shape=(len(found), BUCKETS))
    hostile = np.array([texts[i].hostile for i in of_text])
    weight = np.zeros(len(of_text))
    for source, share in SHARE_OF_SOURCE.items():
        here = np.array([texts[i].source == source for i in of_text])
        own = np.array([_OFFENSIVE if texts[i].kind == "offensive" else 1.0 for i in of_text])
        if source == "templates":  # both labels weigh the same
            own = np.where(hostile, 1 / max(1, (here & hostile).sum()), 1 / max(1, (here & ~hostile).sum()))
        if here.any():
            weight[here] = own[here] / own[here].sum() * share
    return _Table(of_text, matrix, hostile, weight / weight.sum())


def _minimum(table: _Table, penalty: float) -> tuple[np.ndarray, float]:
    """Weights and offset of the logistic regression."""
    used = np.unique(table.matrix.indices)
    matrix = table.matrix[:, used]
    turned = matrix.T.tocsr()
    y = table.hostile.astype(np.float64)

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        weights, offset = values[:-1], values[-1]
        logits = matrix @ weights + offset
        wrong = table.weight * (1 / (1 + np.exp(-logits)) - y)
        value = (
            table.weight * (np.logaddexp(0, logits) - y * logits)
        ).sum() + penalty / 2 * weights @ weights
        return value, np.append(turned @ wrong + penalty * weights, wrong.sum())

    found = optimize.minimize(
        loss, np.zeros(len(used) + 1), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}
    ).x
    weights = np.zeros(BUCKETS)
    weights[used] = found[:-1]
    return weights, float(found[-1])


def _calibrated(logits: np.ndarray, hostile: np.ndarray) -> tuple[float, float, float]:
    """The three numbers of beta calibration (Kull et al. 2017) that fit the labels best; both slopes are positive."""
    high, low = np.logaddexp(0, logits), np.logaddexp(0, -logits)

    def loss(values: np.ndarray) -> float:
        z = np.exp(values[1]) * high - np.exp(values[0]) * low + values[2]
        return float((np.logaddexp(0, z) - hostile * z).mean())

    options = {"maxiter": 4000, "xatol": 1e-5, "fatol": 1e-9}
    below, above, shift = optimize.minimize(loss, np.zeros(3), method="Nelder-Mead", options=options).x
    return round(float(np.exp(below)), 4), round(float(np.exp(above)), 4), round(float(shift), 4)


def train(texts: Sequence[Sentence], penalty: float = _PENALTY) -> Model:
    """A model of the sentences' parts ``train`` and ``dev``."""
    table = _table([one for one in texts if one.part == "train"])
    weights, offset = _minimum(table, penalty)
    scale = float(f"{np.abs(weights).max() / 32_000:.3g}")
    small = np.round(weights / scale).astype(np.int16)
    held = [
        one
        for one in texts
        if one.part == "dev" and one.source in {"davidson", "edos", "toxigen_demonstrations"}
    ]
    dev = _table(held)
    # As the sentences come, so that a probability means what it says on text like the held-out sets'.
    each = (dev.matrix @ small.astype(np.float64)) * scale + round(offset, 6)
    texts_seen, place = np.unique(dev.text, return_inverse=True)
    logits = np.full(len(texts_seen), -np.inf)
    np.maximum.at(logits, place, each)  # a text has the score of its most hostile sentence
    labels = np.array([held[i].hostile for i in texts_seen])
    # Sums may differ in the last bits from one machine to another, so all that is kept is rounded.
    return Model(small, np.array(SHARES), scale, round(offset, 6), *_calibrated(logits, labels))


def main() -> None:
    """Train and write the file."""
    place = Path(colophon.filters.__file__).parent / "bias" / "hostility_model.npz"
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else place
    model = train([*labelled(), *from_templates(_TIMES, _SEED), *science()])
    numbers = np.array([model.scale, model.offset, model.below, model.above, model.shift])
    with target.open("wb") as stream:
        np.savez_compressed(stream, weights=model.weights, shares=model.shares, numbers=numbers)
    print(
        f"{target}: {target.stat().st_size:,} bytes, {(model.weights != 0).sum():,} weights that are not 0, {numbers}"
    )


if __name__ == "__main__":
    main()
