"""Sampling weights: a column that says how much oftener or rarer a document is to be drawn, and what they come to.

Post-stratification with multiplied margins: w = min(cap, Π wanted share / observed share) over the columns that the recipe
names. Deming and Stephan (1940, Ann Math Stat 11:427) fit all margins at once, by going round until they agree; a product of
margins is their first round, exact where the columns are independent, and needs no second pass over the documents. A cap
trims what single documents weigh (Kish 1965, Survey Sampling; Potter 1990); Kish's effective size, (Σw)² / Σw², tells its price.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from colophon.pipelines.counts import MILLIONTHS, merge_counts
from colophon.pipelines.dataset import load_manifest, read_manifest
from colophon.schemas import OTHERS, RecipeError, UsageError, Weights, fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.pipelines.counts import Counts
    from colophon.schemas import Recipe

__all__ = [
    "WeightedShare",
    "effective_documents",
    "sampling_weights",
    "weight_faults",
    "weighted_shares",
    "with_observed",
]


@lru_cache(maxsize=8)
def _factors(weights: Weights) -> Mapping[str, Mapping[str, float]]:
    return weights.factors()


def sampling_weights(weights: Weights, table: pa.Table) -> pa.Array:
    """The weight of each document, in whole millionths, from one millionth to the cap.

    Args:
        weights: What the recipe says, with its observed shares.
        table: n rows with the columns that it names.

    >>> weights = Weights(("language/en=0.5", "language/de=0.5"), ("language/en=0.8", "language/de=0.2"), cap=2)
    >>> sampling_weights(weights, pa.table({"language": ["en", "de", "fr", None]})).to_pylist()
    [0.625, 2.0, 1.0, 1.0]
    """
    product = np.ones(table.num_rows)
    for column, by_value in _factors(weights).items():
        others = by_value.get(OTHERS, 1.0)
        # As they are counted: as text, empty where there is none.
        values = pc.fill_null(table[column].cast(pa.string()), "").combine_chunks().dictionary_encode()
        by_place = np.array([by_value.get(one, others) for one in values.dictionary.to_pylist()], np.float64)
        product *= by_place[values.indices.to_numpy()]
    millionths = np.clip(np.rint(np.minimum(product, weights.cap) * MILLIONTHS), 1, None)
    return pa.array(millionths / MILLIONTHS, pa.float64())


def weight_faults(settings: Mapping[str, Any] | None, table: pa.Table) -> list[str]:
    """What is wrong with the weights of rows of ``data/``.

    Args:
        settings: What the manifest's recipe says of weights.
        table: The rows.
    """
    if not settings:
        return ["has weights, the recipe asks for none"] if "sampling_weight" in table.column_names else []
    try:
        weights = Weights(tuple(settings["reference"]), tuple(settings["observed"]), cap=settings["cap"])
        wanted = sampling_weights(weights, table).to_numpy()
        given = pc.fill_null(table["sampling_weight"], float("nan")).to_numpy()
    except (ValueError, TypeError, KeyError) as error:
        return [f"its weights cannot be made again from the recipe: {error}"]
    return [
        f"document {table['id'][int(row)].as_py()} has the weight {given[row]}, by the recipe it is {wanted[row]}"
        for row in np.flatnonzero(given != wanted)
    ]


def with_observed(recipe: Recipe) -> Recipe:
    """The recipe with observed shares in place of the datasets in which they are counted.

    Raises:
        RecipeError: A dataset cannot be read, or lacks what the recipe wants.
    """
    weights = recipe.weights
    if weights is None or not weights.observed_in:
        return recipe
    wanted = weights.wanted()
    counts: Counts = {}
    for i, place in enumerate(weights.observed_in):
        path = Path(place)
        try:
            told = (load_manifest(path) if path.is_dir() else read_manifest(path))["counts"]
            counts = merge_counts([counts, {name: told[name] for name in wanted if name in told}])
        except (UsageError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise RecipeError(
                fault(
                    f"weights.observed_in[{i}]", place, "a dataset's folder or its manifest.json", str(error)
                )
            ) from error
    observed = []
    for column, shares in wanted.items():
        found = counts.get(column, {})
        total = sum(found.values())
        named = {value: found[value] for value in shares if value in found}
        if rest := total - sum(named.values()):
            named[OTHERS] = rest
        observed += [f"{column}/{value}={n / total:.12g}" for value, n in named.items() if n]
    try:
        return replace(recipe, weights=replace(weights, observed=tuple(observed), observed_in=()))
    except ValueError as error:
        raise RecipeError(f"weights.observed_in: {error}") from error


def effective_documents(counts: Mapping[str, Mapping[str, int]]) -> float:
    """Kish's effective size, (Σw)² / Σw²: as many documents of one weight would tell as much; 0 if there are none."""
    told = counts["sampling_weight"]
    # The squares are in millionths of w², the sum in millionths of w.
    return told["sum"] ** 2 / (told["squares"] * MILLIONTHS) if told["squares"] else 0.0


@dataclass(frozen=True)
class WeightedShare:
    """What the weights make of one value.

    Attributes:
        column: The column.
        value: The value; `OTHERS` for all that the recipe does not name.
        documents: How many documents have it.
        share: Their share of the documents.
        weighted: Their share of the weights.
        wanted: The share that is wanted.
    """

    column: str
    value: str
    documents: int
    share: float
    weighted: float
    wanted: float


def weighted_shares(manifest: Mapping[str, Any]) -> list[WeightedShare]:
    """The values that the recipe names, with their shares before and after weighting; empty if there are no weights.

    Shares are of all documents where the recipe says what is wanted of others, else of those with a named value.
    """
    settings = manifest["recipe"].get("weights")
    if not settings or "sampling_weight" not in manifest["counts"]:
        return []
    try:
        weights = Weights(tuple(settings["reference"]), tuple(settings["observed"]), cap=settings["cap"])
    except (ValueError, TypeError, KeyError):  # nothing that a run writes; `verify` tells
        return []
    rows = []
    for column, wanted in weights.wanted().items():
        prefix = f"{column}\t"
        before = dict(manifest["counts"].get(column, {}))
        after = {
            key.removeprefix(prefix): n
            for key, n in manifest["counts"].get("weighted", {}).items()
            if key.startswith(prefix)
        }
        for counted in (before, after):
            rest = sum(n for value, n in counted.items() if value not in wanted)
            if OTHERS in wanted:
                counted[OTHERS] = rest
        documents = sum(before.get(value, 0) for value in wanted)
        weight = sum(after.get(value, 0) for value in wanted)
        rows += [
            WeightedShare(
                column,
                value,
                before.get(value, 0),
                before.get(value, 0) / max(documents, 1),
                after.get(value, 0) / max(weight, 1),
                share,
            )
            for value, share in wanted.items()
        ]
    return rows
