"""Which documents of a dataset a list, or another site's notice, means."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from colophon.pipelines.changes.sides import parts_of
from colophon.pipelines.dataset import load_manifest
from colophon.pipelines.removals import (
    RECORDS_FILE,
    keys_of,
    read_rounds,
    read_wanted,
    rows_of,
    seal,
    wanted_in,
)
from colophon.pipelines.rules import IN_DATASET, RULES
from colophon.schemas import KEPT, ORPHANED, WITHDRAWN, WITHDRAWN_COPY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from colophon.pipelines.removals import Wanted

__all__ = ["REASONS", "Withdrawal", "are_copies", "batches_of", "find_withdrawn", "held", "is_in"]

REASONS: Final = (WITHDRAWN, WITHDRAWN_COPY)
"""Why a document is withdrawn."""

_ROWS_AT_ONCE: Final = 4096
_NO_TEXT: Final = hashlib.sha256().hexdigest()
_NAMING: Final = ("id", "text_sha256", "doi", "metadata", "source_uri", "locator")


@dataclass
class Withdrawal:
    """What a withdrawal finds in a dataset.

    Attributes:
        kept: Reason of each kept document that is withdrawn, by id.
        copies: Ids of documents that were dropped as copies of these.
        others: Ids of documents that are named, were dropped or failed before, and are copies of none of these.
        lines: For each line of the list, how many documents it names.
        outcome: For each line ``withdrawn``, ``already_withdrawn``, ``held_elsewhere`` (a copy of what another dataset
            holds), ``not_kept`` (dropped or failed before) or ``nothing``.
        dois: DOIs by the id of each withdrawn document that has one.
        texts: Digest of the text by id, likewise.
        staying: DOIs of withdrawn documents that documents which stay bear too.
    """

    kept: dict[str, str] = field(default_factory=dict)
    copies: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    lines: list[int] = field(default_factory=list)
    outcome: list[str] = field(default_factory=list)
    dois: dict[str, set[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    staying: set[str] = field(default_factory=set)


def batches_of(path: Path, columns: tuple[str, ...] | None = None) -> Iterator[pa.RecordBatch]:
    """Rows of a file, with those of some columns that it has, or with all."""
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        known = [name for name in file.schema_arrow.names if columns is None or name in columns]
        yield from file.iter_batches(_ROWS_AT_ONCE, columns=known)


def is_in(column: pa.Array | pa.ChunkedArray, ids: dict[str, str] | set[str]) -> np.ndarray:
    """bool[n], which of n ids are among some; null is not."""
    found = pc.is_in(column, pa.array(sorted(ids), pa.string()))
    array = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    return np.array(array.to_numpy(zero_copy_only=False), bool)


def are_copies(batch: pa.RecordBatch | pa.Table, found: Withdrawal) -> np.ndarray:
    """bool[n], which rows of the ledger are copies of a document that is withdrawn."""
    reasons = batch["reason"]
    reasons = reasons.combine_chunks() if isinstance(reasons, pa.ChunkedArray) else reasons
    elsewhere = pc.equal(reasons, RULES[IN_DATASET]).to_numpy(zero_copy_only=False)
    return np.array(is_in(batch["duplicate_of"], found.kept) & ~elsewhere, bool)


def find_withdrawn(folder: Path, manifest: dict[str, Any], wanted: Wanted) -> Withdrawal:
    """Which documents a list withdraws, each line's among them.

    Args:
        folder: The dataset.
        manifest: Its manifest.
        wanted: The list.
    """
    search = _Search(folder, manifest, wanted)
    search.name_in_ledger()
    search.choose_kept()
    if search.found.kept:
        search.add_same_texts()
        search.add_copies()
        search.tell_dois()
    search.judge_lines()
    return search.found


def _standing(row: dict[str, Any]) -> str:
    """What a ledger row says of a document that is named."""
    if row["fate"] == KEPT:
        return "kept"
    if row["reason"] in REASONS:
        return "already_withdrawn"
    if row["reason"] == RULES[IN_DATASET]:
        return "held_elsewhere"
    return "copy" if row["duplicate_of"] and row["reason"] != ORPHANED else "not_kept"


class _Search:
    """One list in one dataset, in passes over a few columns."""

    def __init__(self, folder: Path, manifest: dict[str, Any], wanted: Wanted) -> None:
        self.folder, self.manifest, self.wanted = folder, manifest, wanted
        self.found = Withdrawal()
        self.ledger, self.data = (parts_of(folder, manifest, table) for table in ("ledger", "data"))
        self.documents: list[set[str]] = [set() for _ in wanted.lines]
        self.said: list[set[str]] = [set() for _ in wanted.lines]
        self.roots: set[str] = set()

    def _note(self, one: str, lines: list[int], what: str) -> None:
        for line in lines:
            self.documents[line].add(one)
            self.said[line].add(what)

    def name_in_ledger(self) -> None:
        """Documents that the ledger alone tells, those that were dropped among them."""
        for path in self.ledger:
            for batch in batches_of(path, (*_NAMING, "fate", "reason", "duplicate_of")):
                for row, lines in self.wanted.find(batch).items():
                    one = batch.slice(row, 1).to_pylist()[0]
                    what = _standing(one)
                    if what == "copy":
                        self.roots.add(one["duplicate_of"])
                    elif what not in {"kept", "already_withdrawn"}:
                        self.found.others.add(one["id"])
                    self._note(one["id"], lines, what)

    def choose_kept(self) -> None:
        """The kept documents that are named, and those whose copies are."""
        for path in self.data:
            for batch in batches_of(path, _NAMING):
                named = self.wanted.find(batch)
                for row, one in enumerate(batch["id"].to_pylist()):
                    if row in named:
                        self.found.kept[one] = WITHDRAWN
                        self._note(one, named[row], "kept")
                    elif one in self.roots:
                        self.found.kept[one] = WITHDRAWN_COPY

    def add_same_texts(self) -> None:
        """Kept documents with the text of one that goes, as there are where deduplication is turned off."""
        columns, kept = ("id", "text_sha256"), self.found.kept
        texts: set[str] = set()
        for path in self.data:
            for batch in batches_of(path, columns):
                texts.update(batch["text_sha256"].filter(pa.array(is_in(batch["id"], kept))).to_pylist())
        texts.discard(_NO_TEXT)
        for path in self.data:
            for batch in batches_of(path, columns):
                for row in batch.filter(pa.array(is_in(batch["text_sha256"], texts))).to_pylist():
                    kept.setdefault(row["id"], WITHDRAWN_COPY)
                    self.found.texts[row["id"]] = row["text_sha256"]

    def add_copies(self) -> None:
        """What was dropped as a copy of a document that goes."""
        for path in self.ledger:
            for batch in batches_of(path, ("id", "reason", "duplicate_of")):
                ids = batch["id"].filter(pa.array(are_copies(batch, self.found)))
                self.found.copies.update(ids.to_pylist())
        self.found.others -= self.found.copies

    def tell_dois(self) -> None:
        """The DOIs of all that goes, and which of these others bear that stay."""
        gone = {*self.found.kept, *self.found.copies}
        staying = set()
        for path in [*self.ledger, *self.data]:
            for batch in batches_of(path, (*_NAMING, "fate")):
                fates = batch["fate"].to_pylist() if "fate" in batch.schema.names else [KEPT] * batch.num_rows
                for row, fate in zip(rows_of(batch), fates, strict=True):
                    dois = [value for kind, value in keys_of(row) if kind == "doi"]
                    if row["id"] in gone:
                        self.found.dois.setdefault(row["id"], set()).update(dois)
                    elif fate == KEPT:
                        staying.update(dois)
        self.found.staying = staying.intersection(*[set().union(*self.found.dois.values())])

    def judge_lines(self) -> None:
        """What became of each line."""
        known = self._known_already()
        for line, ids in enumerate(self.documents):
            gone = [one for one in ids if one in self.found.kept or one in self.found.copies]
            self.found.lines.append(len(gone))
            if gone:
                outcome = "withdrawn"
            elif "already_withdrawn" in self.said[line] or line in known:
                outcome = "already_withdrawn"
            elif "held_elsewhere" in self.said[line]:
                outcome = "held_elsewhere"
            else:
                outcome = "not_kept" if ids else "nothing"
            self.found.outcome.append(outcome)

    def _known_already(self) -> set[int]:
        """The lines that earlier withdrawals of this dataset have records of."""
        if RECORDS_FILE not in self.manifest["files"]:
            return set()
        path = self.folder / RECORDS_FILE
        before = wanted_in(read_rounds(path), str(path))
        return {
            number
            for number, line in enumerate(self.wanted.lines)
            for salt, known in before.salts
            for kind, value in line.keys
            if (kind, value if self.wanted.salts else seal(salt, kind, value)) in known
        }


def held(folder: Path, notice: Path) -> list[dict[str, Any]]:
    """Which documents of a site's own dataset a notice of another site means.

    Args:
        folder: The own dataset.
        notice: The notice, or a file of removal records.

    Returns:
        Of each ``id``, ``source``, ``source_uri``, ``locator``, ``fate``, and ``by``: what is the same (``id``, ``doi``,
        ``text_sha256``); in the dataset's order.

    Raises:
        UsageError: The folder is no dataset, or the file is no notice.
    """
    manifest, wanted = load_manifest(folder), read_wanted(notice)
    found: dict[str, dict[str, Any]] = {}
    places = ("source", "source_uri", "locator", "fate")
    for table in ("ledger", "data"):
        for path in parts_of(folder, manifest, table):
            for batch in batches_of(path, (*_NAMING, *places)):
                named = wanted.find(batch)
                rows = list(rows_of(batch)) if named else []
                for row in named:
                    told = found.setdefault(rows[row]["id"], {"id": rows[row]["id"], "by": []})
                    if table == "ledger":
                        told |= {name: batch[name][row].as_py() for name in places}
                    told["by"] = sorted({*told["by"], *_same_by(rows[row], wanted)})
    _place(folder, manifest, found)
    return list(found.values())


def _same_by(row: dict[str, Any], wanted: Wanted) -> set[str]:
    """What of a document is the same as in a notice."""
    return {
        kind
        for kind, value in keys_of(row)
        if (kind, value) in wanted.plain
        or any((kind, seal(salt, kind, value)) in known for salt, known in wanted.salts)
    }


def _place(folder: Path, manifest: dict[str, Any], found: dict[str, dict[str, Any]]) -> None:
    """Say where those stand that were found by what ``data/`` alone tells."""
    lacking = {one for one, told in found.items() if "fate" not in told}
    for path in parts_of(folder, manifest, "ledger"):
        for batch in batches_of(path, ("id", "source", "source_uri", "locator", "fate")) if lacking else ():
            for row in batch.filter(pa.array(is_in(batch["id"], lacking))).to_pylist():
                found[row["id"]] |= row
