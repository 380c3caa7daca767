"""Which documents a reviewer is shown of each reason, and which pairs: chosen alike on every machine, read in one pass.

Ids are hashes, so the documents with the smallest ids of a reason are as good as drawn by lot, and are the same ones for all
who look. What is held of the ledger is never more than a batch and the samples.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from colophon.pipelines.places import at_hand
from colophon.pipelines.rules import EXACT_BYTES, EXACT_TEXT, IN_DATASET, IN_PACK, RULES
from colophon.schemas import DROPPED, KEPT, ORPHANED, WITHDRAWN_COPY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from colophon.pipelines.places import AnyPath

__all__ = ["SAMPLES", "Samples", "read_samples"]

SAMPLES: Final = 20
"""At most so many documents are shown of a reason."""

_ROWS_AT_ONCE: Final = 1 << 16
_CLOSE: Final = 4
_OF_A_CLUSTER: Final = 6
_COLUMNS: Final = (
    "id", "source", "source_uri", "locator", "fate", "stage", "reason", "value", "threshold", "duplicate_of",
    "similarity", "detail",
)  # fmt: skip
# Those whose text is the same, and those whose kept document is not in this dataset, or no more.
_NOT_COMPARED: Final = (
    RULES[EXACT_BYTES], RULES[EXACT_TEXT], RULES[IN_PACK], RULES[IN_DATASET], ORPHANED, WITHDRAWN_COPY,
)  # fmt: skip


@dataclass
class Samples:
    """What was picked from the ledger.

    Attributes:
        by_reason: Up to `SAMPLES` rows by stage and reason, the smallest ids first.
        closest: The least similar pairs of each rule that compares texts, least similar first.
        copies: Rows of the copies of some documents, by the document's id, the smallest ids first.
        rows: Rows of the ledger.
        copies_dropped: Those dropped as copies of a document that was compared with them.
        unproven: Those of them that name no such document, or a similarity below the limit.
    """

    by_reason: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    closest: list[dict[str, Any]] = field(default_factory=list)
    copies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    rows: int = 0
    copies_dropped: int = 0
    unproven: int = 0


def read_samples(
    parts: Sequence[AnyPath], reasons: Collection[tuple[str, str]], clusters: Collection[str]
) -> Samples:
    """Pick from a ledger.

    Args:
        parts: Its files.
        reasons: Stages and reasons to show documents of.
        clusters: Ids of documents whose copies are wanted.
    """
    found = Samples()
    wanted = pa.array([f"{stage}\t{reason}" for stage, reason in sorted(reasons)], pa.string())
    owners = pa.array(sorted(clusters), pa.string())
    by_reason = close = members = None
    for batch in _batches(parts):
        found.rows += batch.num_rows
        gone = batch.filter(pc.not_equal(batch["fate"], KEPT))
        if not gone.num_rows:
            continue
        _count_copies(gone, found)
        key = pc.binary_join_element_wise(gone["stage"], gone["reason"], "\t")
        by_reason = _least(
            by_reason, gone.append_column("group", key).filter(pc.is_in(key, wanted)), ("id",), SAMPLES
        )
        compared = pc.and_(
            pc.is_valid(gone["duplicate_of"]), pc.invert(pc.is_in(gone["reason"], pa.array(_NOT_COMPARED)))
        )
        close = _least(
            close,
            gone.append_column("group", gone["reason"]).filter(compared),
            ("similarity", "id"),
            _CLOSE,
        )
        members = _least(
            members,
            gone.append_column("group", gone["duplicate_of"]).filter(pc.is_in(gone["duplicate_of"], owners)),
            ("id",),
            _OF_A_CLUSTER,
        )
    for row in _rows(by_reason):
        found.by_reason.setdefault((row["stage"], row["reason"]), []).append(row)
    found.closest = sorted(_rows(close), key=lambda row: (row["similarity"], row["id"]))
    for row in _rows(members):
        found.copies.setdefault(row["duplicate_of"], []).append(row)
    return found


def _batches(parts: Sequence[AnyPath]) -> Iterator[pa.Table]:
    for path in parts:
        with at_hand(path) as copy, pq.ParquetFile(copy) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=list(_COLUMNS)):
                yield pa.Table.from_batches([batch])


def _count_copies(gone: pa.Table, found: Samples) -> None:
    stage = pc.and_(pc.equal(gone["stage"], "deduplicate"), pc.equal(gone["fate"], DROPPED))
    copies = gone.filter(pc.and_(stage, pc.not_equal(gone["reason"], RULES[IN_PACK])))
    named = pc.and_(
        pc.is_valid(copies["duplicate_of"]), pc.greater_equal(copies["similarity"], copies["threshold"])
    )
    found.copies_dropped += copies.num_rows
    found.unproven += copies.num_rows - (pc.sum(named).as_py() or 0)


def _least(before: pa.Table | None, more: pa.Table, by: tuple[str, ...], most: int) -> pa.Table:
    """Of each group the rows that come first by some columns, from those kept before and more."""
    table = more if before is None else pa.concat_tables([before, more])
    order = [(name, "ascending") for name in ("group", *by)]
    table = table.take(pc.sort_indices(table, sort_keys=order))
    taken: dict[str | None, int] = {}
    rows = []
    for i, one in enumerate(table["group"].to_pylist()):
        taken[one] = n = taken.get(one, 0) + 1
        if n <= most:
            rows.append(i)
    return table.take(pa.array(rows, pa.int64()))


def _rows(table: pa.Table | None) -> list[dict[str, Any]]:
    if table is None:
        return []
    rows: list[dict[str, Any]] = table.drop_columns(["group"]).to_pylist()
    return rows
