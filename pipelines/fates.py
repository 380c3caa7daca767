"""Scores into fates: the first stage that objects decides, from staged columns alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from colophon.schemas import DROPPED, FAILED, KEPT, arrow_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from colophon.filters import Filter

__all__ = ["Fates", "columns_for_fates", "fates_of"]


@dataclass(frozen=True)
class Fates:
    """What becomes of n documents, object arrays of n values each unless said otherwise.

    Attributes:
        fate: ``kept``, ``dropped`` or ``failed``.
        stage: The stage that decided; empty if kept.
        reason: Why; empty if kept.
        value: float64, the score that decided, NaN if none.
        threshold: float64, its limit, NaN if none.
    """

    fate: np.ndarray
    stage: np.ndarray
    reason: np.ndarray
    value: np.ndarray
    threshold: np.ndarray

    @property
    def kept(self) -> np.ndarray:
        """bool[n], the documents that are kept so far."""
        return np.asarray(self.fate == KEPT)


def columns_for_fates(filters: Mapping[str, Filter]) -> list[str]:
    """The staged columns that `fates_of` reads."""
    scores = [name for one in filters.values() for name in arrow_schema(one.scores).names]
    return ["failed_stage", "failed_reason", "failed_value", "failed_threshold", *scores]


def fates_of(staged: pa.Table | pa.RecordBatch, filters: Mapping[str, Filter]) -> Fates:
    """Decide n staged documents by the filters' thresholds, in the filters' order."""

    def objects(name: str) -> np.ndarray:
        return np.array(staged.column(name).to_pylist(), np.object_)

    def numbers(name: str) -> np.ndarray:
        return np.array([np.nan if v is None else v for v in staged.column(name).to_pylist()], np.float64)

    stage, reason = objects("failed_stage"), objects("failed_reason")
    value, threshold = numbers("failed_value"), numbers("failed_threshold")
    fate = np.where(stage == "", KEPT, FAILED).astype(np.object_)
    open_rows = np.flatnonzero(fate == KEPT)
    if len(open_rows):
        import pyarrow as pa  # noqa: PLC0415 - only where there is something to take

        take = pa.array(open_rows)
        for name, one in filters.items():
            # Every filter sees the documents that could be read, also those an earlier filter dropped:
            # a score's column is then as long for all, and no filter's order matters to another.
            scores = {
                column: staged.column(column).take(take)
                for f in filters.values()
                for column in arrow_schema(f.scores).names
            }
            decision = one.decide(scores)
            rows = open_rows[decision.drop & (fate[open_rows] == KEPT)]
            chosen = np.isin(open_rows, rows)
            fate[rows], stage[rows] = DROPPED, name
            reason[rows] = decision.reason[chosen]
            value[rows] = decision.value[chosen]
            threshold[rows] = decision.threshold[chosen]
    return Fates(fate, stage, reason, value, threshold)
