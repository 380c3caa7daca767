"""What a report needs of the documents that were kept: their lengths, the greatest clusters, titles and texts of a few."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

__all__ = ["EDGES", "Lengths", "Survey", "find_kept", "survey"]

EDGES: Final = (0, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
"""Where the classes of length begin, in words."""

_MOST_GROUPS: Final = 4096
_CLUSTERS: Final = 5


@dataclass
class Lengths:
    """How long documents are.

    Attributes:
        classes: Documents by class of length, as `EDGES` has them.
        read: Documents that were looked at.
        documents: Documents in all; if more, those that were read are row groups at even distances.
    """

    classes: list[int] = field(default_factory=lambda: [0] * len(EDGES))
    read: int = 0
    documents: int = 0


@dataclass
class Survey:
    """What one pass over narrow columns of ``data/`` gives.

    Attributes:
        lengths: None if nobody counted words.
        clusters: Ids of the documents that stand for most copies, and for how many; most first.
        owners: Documents that stand for copies.
    """

    lengths: Lengths | None = None
    clusters: list[tuple[str, int]] = field(default_factory=list)
    owners: int = 0


def survey(parts: Sequence[Path]) -> Survey:
    """Look over the documents that were kept.

    Args:
        parts: The files of ``data/``.
    """
    found = Survey()
    groups = [(path, i) for path in parts for i in range(pq.read_metadata(path).num_row_groups)]
    step = max(1, -(-len(groups) // _MOST_GROUPS))
    best: list[tuple[int, str]] = []
    for number, (path, i) in enumerate(groups):
        with pq.ParquetFile(path) as file:
            copies = file.read_row_group(i, columns=["duplicates_dropped"])["duplicates_dropped"]
            owning = pc.greater(copies, 0)
            if n := pc.sum(owning).as_py():
                found.owners += n
                ids = file.read_row_group(i, columns=["id"])["id"].filter(owning).to_pylist()
                best += zip((-each for each in copies.filter(owning).to_pylist()), ids, strict=True)
                best = sorted(best)[:_CLUSTERS]
            if "n_words" in file.schema_arrow.names:
                found.lengths = lengths = found.lengths or Lengths()
                lengths.documents += len(copies)
                if number % step == 0:
                    words = file.read_row_group(i, columns=["n_words"])["n_words"].drop_null().to_numpy()
                    classes = np.searchsorted(EDGES, words, side="right") - 1
                    for at, n in enumerate(np.bincount(classes, minlength=len(EDGES)).tolist()):
                        lengths.classes[at] += n
                    lengths.read += len(words)
    found.clusters = [(one, -n) for n, one in best]
    return found


def find_kept(
    parts: Sequence[Path], wanted: Collection[str], texts: Collection[str] = ()
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
        with pq.ParquetFile(path) as file:
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
