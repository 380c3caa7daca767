"""What a filter is, and the list of those that run, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from colophon.filters.batch import Batch

__all__ = ["Decision", "Filter", "Span"]


@dataclass(frozen=True)
class Decision:
    """What a filter says of n documents.

    Attributes:
        drop: bool[n], which documents go.
        reason: str[n] as a numpy object array, why; empty where the document stays.
        value: float64[n], the score that decided; NaN where the document stays or no number did.
        threshold: float64[n], the limit it broke; NaN likewise.
        detail: str[n] as a numpy object array, what else there is to say to the person who wonders; empty for nothing.
    """

    drop: np.ndarray
    reason: np.ndarray
    value: np.ndarray
    threshold: np.ndarray
    detail: np.ndarray

    @classmethod
    def keep(cls, n: int) -> Decision:
        """A decision that keeps all of n documents; rules then write into its arrays."""
        return cls(
            np.zeros(n, np.bool_),
            np.full(n, "", np.object_),
            np.full(n, np.nan),
            np.full(n, np.nan),
            np.full(n, "", np.object_),
        )

    def rule(
        self,
        broken: np.ndarray,
        reason: str,
        value: np.ndarray,
        threshold: float,
        detail: Sequence[str] | None = None,
    ) -> None:
        """Drop the documents where `broken` (bool[n]) holds and no earlier rule did."""
        new = broken & ~self.drop
        self.drop[new] = True
        self.reason[new] = reason
        self.value[new] = value[new]
        self.threshold[new] = threshold
        if detail is not None:
            self.detail[new] = np.array(detail, np.object_)[new]


@dataclass(frozen=True, slots=True)
class Span:
    """A passage that a filter has something to say of.

    Attributes:
        start: Its first character in the text, counted from 0.
        end: The character after its last.
        label: What it is, as a name (``email``, ``gender``).
        rule: What found it, where there is more than one way.
    """

    start: int
    end: int
    label: str
    rule: str = ""


class Filter(Protocol):
    """Adds scores to documents and decides by them; a frozen dataclass in one file of this folder each.

    Its fields are its settings: ``Annotated[type, Setting(…)]``; those with ``policy=True`` may be read
    only by `decide`, the others only by `annotate`. It pickles, so models load on first use.

    A filter may have more, each left out where there is nothing to say:

    - ``needs``: names of filters that must have run before, for `annotate` reads their scores.
    - ``reads``: names of `StagedRow`'s columns that `decide` looks at, beside scores.
    - ``reasons``: what each of its reasons means and what to do about it, a sentence each, for the report.
    - ``papers``: where its rules and thresholds are from, one line each.
    - ``materials()``: its models and lists, each by name with its ``sha256`` and ``license``. Staged units are named by
      them too, and the manifest has them.
    - ``policy_materials()``: the same for lists that only `decide` reads: a changed one reads nothing again.
    - ``conceal(values)``: the same strings with what must not be shown masked; titles and metadata go through it.
    - ``prepare(folder)``: the filter to run in its place, after it has put what all processes share into a folder.
    - ``spans(batch)``: for each text of a batch the list of `Span` behind its scores, for whoever wonders.
    - ``explains``: whether `spans` needs only the text and the scores as they stand in a dataset, so that they can be told of it.

    A filter that masks or cuts passages calls `Batch.rewrite` in `annotate`; it runs before those that measure.

    Attributes:
        name: As written in a recipe, and the name of the stage in ledger and manifest.
        scores: A dataclass whose fields are the columns that `annotate` adds.
    """

    name: ClassVar[str]
    scores: ClassVar[type]

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array[Any]]:
        """The score columns of a batch, n values each, as declared in `scores`."""
        ...

    def decide(self, scores: Mapping[str, pa.Array[Any]]) -> Decision:
        """Turn columns (this filter's scores, earlier ones', and those it `reads`) into fates."""
        ...
