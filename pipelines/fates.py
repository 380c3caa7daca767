"""Scores into fates: the first stage that objects decides, from staged columns alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from colophon.schemas import DROPPED, FAILED, KEPT, arrow_schema

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from colophon.filters import Filter

__all__ = ["Fates", "columns_for_fates", "fates_of", "judge"]


@dataclass(frozen=True)
class Fates:
    """What becomes of n documents, object arrays of n values each unless said otherwise.

    Attributes:
        fate: ``kept``, ``dropped`` or ``failed``.
        stage: The stage that decided; empty if kept.
        reason: Why; empty if kept.
        value: float64, the score that decided, NaN if none.
        threshold: float64, its limit, NaN if none.
        detail: What else there is to say to the person who wonders; empty if nothing.
    """

    fate: np.ndarray
    stage: np.ndarray
    reason: np.ndarray
    value: np.ndarray
    threshold: np.ndarray
    detail: np.ndarray

    @classmethod
    def of_readable(cls, n: int) -> Fates:
        """Fates of n documents that could be read: all kept so far."""
        empty = np.full(n, "", np.object_)
        numbers = np.full(n, np.nan)
        return cls(np.full(n, KEPT, np.object_), empty, empty.copy(), numbers, numbers.copy(), empty.copy())

    def row(self, at: int) -> dict[str, Any]:
        """One document's fate as JSON values."""
        values = {name: getattr(self, name)[at] for name in ("fate", "stage", "reason", "detail")}
        numbers = {name: float(getattr(self, name)[at]) for name in ("value", "threshold")}
        return values | {name: None if np.isnan(number) else number for name, number in numbers.items()}

    @property
    def kept(self) -> np.ndarray:
        """bool[n], the documents that are kept so far."""
        return np.asarray(self.fate == KEPT)


def columns_for_fates(filters: Mapping[str, Filter]) -> list[str]:
    """The staged columns that `fates_of` reads."""
    return [
        *(f"failed_{name}" for name in ("stage", "reason", "value", "threshold", "detail")),
        *_columns(filters),
    ]


def _columns(filters: Mapping[str, Filter]) -> list[str]:
    """The columns that filters decide by."""
    scores = [name for one in filters.values() for name in arrow_schema(one.scores).names]
    reads = [name for one in filters.values() for name in getattr(one, "reads", ())]
    return list(dict.fromkeys([*scores, *reads]))


def fates_of(staged: pa.Table | pa.RecordBatch, filters: Mapping[str, Filter]) -> Fates:
    """Decide n staged documents by the filters' thresholds, in the filters' order."""

    def objects(name: str) -> np.ndarray:
        return np.array(staged.column(name).to_pylist(), np.object_)

    def numbers(name: str) -> np.ndarray:
        return np.asarray(staged.column(name).fill_null(np.nan)).copy()

    fates = Fates(
        np.where(objects("failed_stage") == "", KEPT, FAILED).astype(np.object_),
        objects("failed_stage"),
        objects("failed_reason"),
        numbers("failed_value"),
        numbers("failed_threshold"),
        objects("failed_detail"),
    )
    judge(fates, staged, filters)
    return fates


def judge(
    fates: Fates,
    columns: pa.Table | pa.RecordBatch,
    filters: Mapping[str, Filter],
    by: Collection[str] | None = None,
) -> None:
    """Drop documents that are kept so far where a filter says so; the first that does is named.

    Args:
        fates: Of n documents; changed in place.
        columns: What filters decide by, n rows; those of documents that failed are not looked at.
        filters: By name, in their order.
        by: Names of those that judge, where the others only measured; None for all.
    """
    # Every filter sees all documents that could be read, also those an earlier filter dropped: no filter's order
    # matters to another.
    readable = np.flatnonzero(fates.fate != FAILED)
    if not len(readable):
        return
    scores = {name: columns.column(name) for name in _columns(filters)}
    if len(readable) < columns.num_rows:
        take = pa.array(readable)
        scores = {name: column.take(take) for name, column in scores.items()}
    for name, one in filters.items():
        if by is not None and name not in by:
            continue
        decision = one.decide(scores)
        chosen = decision.drop & (fates.fate[readable] == KEPT)
        rows = readable[chosen]
        fates.fate[rows], fates.stage[rows] = DROPPED, name
        fates.reason[rows] = decision.reason[chosen]
        fates.value[rows] = decision.value[chosen]
        fates.threshold[rows] = decision.threshold[chosen]
        fates.detail[rows] = decision.detail[chosen]
