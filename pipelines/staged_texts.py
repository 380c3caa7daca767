"""Texts of documents as they were staged: those of dropped documents stand nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from colophon.pipelines.places import at_hand
from colophon.pipelines.staged import staged_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.pipelines.places import AnyPath
    from colophon.pipelines.plan import Plan

__all__ = ["staged_texts"]


def staged_texts(plan: Plan, staging: AnyPath, wanted: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Look some documents up.

    Args:
        plan: The units that a dataset was made of.
        staging: Where they are.
        wanted: Source and uri of each document, by its id.

    Returns:
        Texts by id; who cannot be found, or whose unit is gone or damaged, is left out.
    """
    places: dict[tuple[str, str], list[str]] = {}
    for unit in plan.units:
        for part in unit.parts:
            places.setdefault((part.file.source, part.file.uri), []).append(unit.key)
    by_unit: dict[str, list[str]] = {}
    for one, place in wanted.items():
        for key in places.get(place, []):
            by_unit.setdefault(key, []).append(one)
    found: dict[str, str] = {}
    for key, ids in by_unit.items():
        try:
            found |= _texts(staged_file(staging, key), ids)
        except (OSError, pa.ArrowException):
            continue
    return found


def _texts(path: AnyPath, ids: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    with at_hand(path) as copy, pq.ParquetFile(copy, page_checksum_verification=True) as file:
        for i in range(file.num_row_groups):
            here = pc.is_in(file.read_row_group(i, columns=["id"])["id"], pa.array(ids))
            if pc.any(here).as_py():
                rows = file.read_row_group(i, columns=["id", "text"]).filter(here)
                found |= zip(rows["id"].to_pylist(), rows["text"].to_pylist(), strict=True)
    return found
