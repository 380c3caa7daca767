"""Looking for documents in a ledger, row group by row group: nothing is held but a batch and the page that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from colophon.pipelines.verify import load_manifest

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FIELDS", "PAGE", "Found", "search"]

PAGE: Final = 50
"""Documents on a page."""
FIELDS: Final = ("anything", "id", "source", "path", "title", "reason")
"""What can be searched in; titles are those of kept documents, for the others' are not in a dataset."""

_ROWS_AT_ONCE: Final = 1 << 15
_MOST_COUNTED: Final = 10_000
_COLUMNS: Final = (
    "id", "source", "source_uri", "locator", "fate", "stage", "reason", "value", "threshold", "duplicate_of",
    "similarity", "detail",
)  # fmt: skip
_SEARCHED: Final = {
    "id": ("id", "duplicate_of"),
    "source": ("source",),
    "path": ("source_uri", "locator"),
    "reason": ("fate", "stage", "reason"),
}


@dataclass(frozen=True)
class Found:
    """A page of what was found.

    Attributes:
        rows: Of the ledger, in its order; ``title`` is added where it is known.
        total: Documents found, counted up to a limit.
        more: Whether there are more than were counted.
    """

    rows: list[dict[str, Any]]
    total: int
    more: bool


def search(folder: Path, words: str, field: str = "anything", page: int = 1) -> Found:
    """Look for documents, upper or lower case alike.

    Args:
        folder: The dataset.
        words: What to look for; everything is found if it is empty.
        field: One of `FIELDS`.
        page: From 1.

    Raises:
        UsageError: The folder is no dataset.
    """
    names = sorted(load_manifest(folder)["files"])
    rows: list[dict[str, Any]] = []
    total, first = 0, (page - 1) * PAGE
    for name in names:
        if not name.startswith("ledger/") or total > _MOST_COUNTED:
            continue
        titles = (
            _titles(folder / "data" / name.removeprefix("ledger/"), words)
            if field in {"anything", "title"}
            else None
        )
        with pq.ParquetFile(folder / name) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=list(_COLUMNS)):
                table = pa.Table.from_batches([batch])
                hits = table.filter(_matches(table, words, field, titles))
                shown = hits.slice(max(0, first - total), max(0, first + PAGE - max(total, first)))
                rows += shown.to_pylist() if total + hits.num_rows > first else []
                total += hits.num_rows
                if total > _MOST_COUNTED:
                    break
    return Found(rows[:PAGE], min(total, _MOST_COUNTED), total > _MOST_COUNTED)


def _matches(table: pa.Table, words: str, field: str, titles: pa.Array | None) -> pa.Array:
    columns = (
        _SEARCHED.get(field, ())
        if field != "anything"
        else [one for some in _SEARCHED.values() for one in some]
    )
    hit = pc.is_in(table["id"], titles) if titles is not None else pa.array([False] * table.num_rows)
    for name in columns:
        hit = pc.or_(hit, pc.fill_null(pc.match_substring(table[name], words, ignore_case=True), False))
    return hit


def _titles(path: Path, words: str) -> pa.Array:
    """Ids of the kept documents of a shard whose title has the words in it."""
    with pq.ParquetFile(path) as file:
        found = [
            batch["id"].filter(pc.match_substring(batch["title"], words, ignore_case=True))
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=["id", "title"])
        ]
    return pa.concat_arrays(found) if found else pa.array([], pa.string())
