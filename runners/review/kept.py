"""What a report needs of the documents that were kept: the greatest clusters, titles and texts of a few."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from colophon.pipelines.places import at_hand

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from colophon.pipelines.places import AnyPath

__all__ = ["Survey", "find_kept", "survey"]

_CLUSTERS: Final = 5
_ROWS_AT_ONCE: Final = 1 << 16


@dataclass
class Survey:
    """What one pass over narrow columns of ``data/`` gives.

    Attributes:
        clusters: Ids of the documents that stand for most copies, and for how many; most first.
        owners: Documents that stand for copies.
    """

    clusters: list[tuple[str, int]] = field(default_factory=list)
    owners: int = 0


def survey(parts: Sequence[AnyPath]) -> Survey:
    """Look for the documents that stand for copies.

    Args:
        parts: The files of ``data/``.
    """
    found = Survey()
    best: list[tuple[int, str]] = []
    for path in parts:
        with at_hand(path) as copy, pq.ParquetFile(copy) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=["id", "duplicates_dropped"]):
                owners = batch.filter(pc.greater(batch["duplicates_dropped"], 0))
                found.owners += owners.num_rows
                counts = owners["duplicates_dropped"].to_pylist()
                best += zip((-n for n in counts), owners["id"].to_pylist(), strict=True)
                best = sorted(best)[:_CLUSTERS]
    found.clusters = [(one, -n) for n, one in best]
    return found


def find_kept(
    parts: Sequence[AnyPath], wanted: Collection[str], texts: Collection[str] = ()
) -> dict[str, dict[str, Any]]:
    """Titles and places of some documents, and of fewer the text.

    Args:
        parts: The files of ``data/``.
        wanted: Ids.
        texts: Ids of those whose text is wanted; the others have None.

    Returns:
        By id ``title``, ``source``, ``source_uri``, ``locator`` and ``text``; who is not there is left out.
    """
    found: dict[str, dict[str, Any]] = {}
    ids = pa.array(sorted({*wanted, *texts}), pa.string())
    if not len(ids):
        return found
    columns = ["id", "title", "source", "source_uri", "locator"]
    for path in parts:
        with at_hand(path) as copy, pq.ParquetFile(copy) as file:
            for i in range(file.num_row_groups):
                here = pc.is_in(file.read_row_group(i, columns=["id"])["id"], ids)
                if not pc.any(here).as_py():
                    continue
                rows = file.read_row_group(i, columns=columns).filter(here).to_pylist()
                long = {row["id"] for row in rows} & set(texts)
                bodies = (
                    file.read_row_group(i, columns=["text"])["text"].filter(here).to_pylist()
                    if long
                    else [None] * len(rows)
                )
                for row, text in zip(rows, bodies, strict=True):
                    found[row["id"]] = row | {"text": text if row["id"] in long else None}
        if len(found) == len(ids):
            break
    return found
