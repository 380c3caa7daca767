"""Every row of a dataset read again: counts, digests of texts, identities, duplicates, the tree.

Columns are compared as columns; a row is looked at by itself only where something is wrong with it.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from colophon.pipelines.audit import AUDIT_COUNTS, audit_faults
from colophon.pipelines.canonical import schema_as_json
from colophon.pipelines.counts import count_data, count_ledger, files_of, inputs_line, merge_counts, summed
from colophon.pipelines.places import at_hand
from colophon.pipelines.proofs.merkle import (
    BUCKETS,
    ID_BYTES,
    LEAF_BYTES,
    TREE_FILE,
    Buckets,
    bucket_schema,
    bytes_of_hex,
    in_order,
    leaves_of,
)
from colophon.pipelines.removals import removal_faults
from colophon.pipelines.rules import IN_DATASET, IN_PACK, RULES, limits_by_rule
from colophon.pipelines.weights import weight_faults
from colophon.schemas import DROPPED, KEPT, ORPHANED, WITHDRAWN_COPY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from colophon.pipelines.counts import Counts
    from colophon.pipelines.places import AnyPath

__all__ = ["Rows", "judge", "recount"]

_ROWS_AT_ONCE = 4096
_PLACE = ("id", "source", "source_uri", "source_sha256", "locator")


def recount(
    folder: AnyPath, manifest: dict[str, Any], faults: list[str], watch: Callable[[int], None]
) -> int:
    """Read every row again and compare with what the manifest says.

    Args:
        folder: The dataset, whose files are those that the manifest lists.
        manifest: Its manifest.
        faults: A sentence is added for each that is found.
        watch: Called now and then with bytes done.

    Returns:
        The rows of the ledger.
    """
    names = sorted(name.removeprefix("data/") for name in manifest["files"] if name.startswith("data/"))
    ledgers = sorted(name.removeprefix("ledger/") for name in manifest["files"] if name.startswith("ledger/"))
    if names != ledgers:
        faults.append("manifest.json: data/ and ledger/ do not have the same parts")
        return 0
    rows = Rows(folder, manifest, watch)
    for name in names:
        rows.part(name)
    rows.end()
    faults += rows.faults
    return judge(rows, manifest, faults)


def judge(rows: Rows, manifest: dict[str, Any], faults: list[str]) -> int:
    """Compare all that was gathered from the rows with what a manifest says; the rows of the ledger."""
    for name, (schema, n) in rows.tables.items():
        if schema != manifest["schemas"][name.partition("/")[0]]:
            faults.append(f"{name}: its columns are not those that the manifest declares")
        if n != manifest["files"][name]["rows"]:
            faults.append(f"{name}: has {n:,} rows, the manifest says {manifest['files'][name]['rows']:,}")
    counts = merge_counts(rows.counted)
    fates = counts.get("fates", {})
    recounted = summed(counts, manifest["stages"], manifest["recipe"]["sources"])
    said = {name: each for name, each in manifest["counts"].items() if name not in AUDIT_COUNTS}
    compare("counts", said, recounted["counts"], faults)
    faults += [f"manifest.json: {one}" for one in audit_faults(manifest["counts"], fates)]
    for name in ("rights", "fates", "sources"):
        compare(name, manifest[name], recounted[name], faults)
    _check_sum_of_fates(manifest, faults)
    if manifest["inputs"]["sha256"] != hashlib.sha256("".join(rows.inputs).encode()).hexdigest():
        faults.append("manifest.json: inputs.sha256 is not what the ledger gives")
    compare("merkle", manifest["merkle"], rows.tree.summary(), faults)
    if rows.orphans and not (manifest["predecessor"] or manifest["withdrawals"]):
        faults.append(
            f"ledger: has copies of dropped documents ({ORPHANED}), but no predecessor dropped them"
        )
    faults += removal_faults(rows.folder, manifest, fates)
    return sum(fates.values())


def compare(where: str, said: Any, counted: Any, faults: list[str]) -> None:
    """Name every count that differs, by its path."""
    if isinstance(said, dict) and isinstance(counted, dict):
        for key in sorted(said.keys() | counted.keys()):
            compare(f"{where}.{key}", said.get(key), counted.get(key), faults)
    elif said != counted or type(said) is not type(counted):
        faults.append(f"manifest.json: {where} says {said}, recounted it is {counted}")


def _digests(texts: pa.Array) -> np.ndarray:
    """uint8[n, 32]: the sha256 of each text in UTF-8, from Arrow's own bytes.

    Raises:
        ValueError: A text is null.
    """
    if texts.null_count:
        raise ValueError("a text that is null")
    if not len(texts):
        return np.empty((0, 32), np.uint8)
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].tolist()
    content = memoryview(data or b"")
    sha256 = hashlib.sha256
    found = b"".join([sha256(content[start:end]).digest() for start, end in pairwise(ends)])
    return np.frombuffer(found, np.uint8).reshape(-1, 32)


def _column(table: pa.Table, name: str) -> pa.Array:
    return table[name].combine_chunks()


def _where(mask: pa.Array) -> np.ndarray:
    """The rows for which something is true."""
    return np.flatnonzero(pc.fill_null(mask, False).to_numpy(zero_copy_only=False))


def _as_ids(ids: np.ndarray) -> np.ndarray:
    """V16[n] of uint8[n, 16], which compare as one value."""
    return np.ascontiguousarray(ids).view("V16").reshape(-1)


def _together(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.empty(0, "V16"), *parts])


class Rows:
    """What is gathered from all shards, and what is wrong with them whatever the manifest counts.

    Args:
        folder: The dataset.
        manifest: Of it, sizes of files and the settings by which copies were dropped are looked at.
        watch: Called now and then with bytes done.
    """

    def __init__(self, folder: AnyPath, manifest: dict[str, Any], watch: Callable[[int], None]) -> None:
        self.folder, self.manifest, self.watch = folder, manifest, watch
        self.faults: list[str] = []
        self.tables: dict[str, tuple[list[dict[str, str]], int]] = {}
        self.limits = limits_by_rule(manifest["recipe"]["deduplicate"])
        self.shingle_size: int = manifest["recipe"]["deduplicate"]["shingle_size"]
        self.done = 0
        self.counted: list[Counts] = []
        self.inputs: list[str] = []
        self.leaves: list[np.ndarray] = []
        self.ids: list[np.ndarray] = []
        self.kept: list[np.ndarray] = []
        self.stands_for: list[np.ndarray] = []
        self.gone: list[np.ndarray] = []
        self.claimed: dict[str, int] = {}

    def part(self, name: str) -> None:
        """One shard: its file in ``data/`` and its file in ``ledger/``."""
        try:
            kept, listed = self._data(f"data/{name}"), self._ledger(f"ledger/{name}")
        except (pa.ArrowException, OSError, KeyError) as error:
            self.faults.append(f"part {name}: cannot be read: {str(error).splitlines()[0]}")
            return
        except (ValueError, TypeError, AttributeError) as error:
            self.faults.append(f"part {name}: holds a value that no run writes: {error}")
            return
        if not all(kept[column].equals(listed[column]) for column in _PLACE):
            self.faults.append(
                f"data/{name} and ledger/{name}: do not name the same kept documents, from the same places, in the same order"
            )

    def _tables(self, name: str) -> Iterator[pa.Table]:
        """The rows of a file; its columns, and how many rows there were, are remembered."""
        size, rows = self.manifest["files"][name]["bytes"], 0
        with (
            at_hand(self.folder / name) as path,
            pq.ParquetFile(path, page_checksum_verification=True) as file,
        ):
            self.tables[name] = schema_as_json(file.schema_arrow), file.metadata.num_rows
            yield file.schema_arrow.empty_table()  # so that a shard without rows is counted too
            for batch in file.iter_batches(_ROWS_AT_ONCE, use_threads=False):
                yield pa.Table.from_batches([batch])
                rows += batch.num_rows
                self.watch(self.done + size * rows // file.metadata.num_rows)
        self.tables[name] = self.tables[name][0], rows
        self.done += size

    def end(self) -> None:
        """Once all shards were read: what is to be seen over all of them together."""
        self.tree = Buckets.over(
            in_order(np.concatenate([np.empty((0, LEAF_BYTES), np.uint8), *self.leaves]))
        )
        self.orphans = any(len(part) for part in self.gone)
        _check_tree(self.folder, self.tree, self.faults)
        self.tables[TREE_FILE] = schema_as_json(bucket_schema()), BUCKETS
        _check_identities(self, self.faults)

    def _data(self, name: str) -> pa.Table:
        """Check a file of ``data/``; the places of its documents."""
        places = []
        for table in self._tables(name):
            places.append(table.select(_PLACE))
            leaves, ids, texts = leaves_of(table), _column(table, "id"), _column(table, "text")
            self.leaves.append(leaves)
            for row in np.flatnonzero((_digests(texts) != leaves[:, ID_BYTES:]).any(axis=1)):
                self.faults.append(
                    f"{name}: document {ids[row]} has a text that is not the one its text_sha256 names"
                )
            self._check_copies(name, table, ids)
            if "n_chars" in table.column_names:
                lengths = pc.utf8_length(texts).cast(pa.int64())
                if not lengths.equals(_column(table, "n_chars").cast(pa.int64())):
                    self.faults.append(f"{name}: n_chars is not the length of every text")
            found = weight_faults(self.manifest["recipe"].get("weights"), table)
            self.faults += [f"{name}: {one}" for one in found]
            self.counted.append(count_data(table, self.shingle_size))
        return pa.concat_tables(places)

    def _check_copies(self, name: str, table: pa.Table, ids: pa.Array) -> None:
        """A document is the head of a cluster if, and only if, copies of it were dropped."""
        copies, cluster = _column(table, "duplicates_dropped"), _column(table, "duplicate_cluster")
        has = pc.not_equal(copies, 0)
        wanted = pc.if_else(has, ids, pa.scalar(None, pa.string()))
        wrong = pc.not_equal(pc.fill_null(wanted, ""), pc.fill_null(cluster, ""))
        empty = pc.and_(pc.is_null(wanted), pc.is_valid(cluster))
        for row in _where(pc.or_(pc.or_(wrong, empty), pc.is_null(copies))):
            self.faults.append(
                f"{name}: document {ids[row]} has duplicate_cluster {cluster[row]} and {copies[row]} copies dropped"
            )
        heads = pa.array(_where(has))
        self.claimed |= dict(zip(ids.take(heads).to_pylist(), copies.take(heads).to_pylist(), strict=True))

    def _ledger(self, name: str) -> pa.Table:
        """Check a file of ``ledger/``; the places of the documents that it says are kept."""
        places = []
        digest = hashlib.sha256()
        seen = ("", "")
        for table in self._tables(name):
            kept = pc.equal(table["fate"], KEPT)
            places.append(table.select(_PLACE).filter(kept))
            ids = self._ids_of(name, table)
            self.ids.append(ids)
            self.kept.append(ids[kept.to_numpy().astype(bool)])
            self._check_copies_in(name, table)
            for source, uri, sha256 in files_of(table, seen):
                digest.update(inputs_line(source, uri, sha256))
                seen = (source, uri)
            self.counted.append(count_ledger(table))
        self.inputs.append(digest.hexdigest())
        return pa.concat_tables(places)

    def _ids_of(self, name: str, table: pa.Table) -> np.ndarray:
        """V16[n]: the ids of rows, each of which is a digest of the row's place (`document_id`)."""
        ids = bytes_of_hex(table["id"], ID_BYTES)
        words = (_column(table, column) for column in ("source", "source_uri", "locator"))
        places = pc.binary_join_element_wise(*words, "\0", null_handling="emit_null")
        for row in np.flatnonzero((_digests(places)[:, :ID_BYTES] != ids).any(axis=1)):
            one, source, uri, locator = (
                table[c][row].as_py() for c in ("id", "source", "source_uri", "locator")
            )
            self.faults.append(f"{name}: {one} is not the id of {source}/{uri} {locator}".rstrip())
        return _as_ids(ids)

    def _check_copies_in(self, name: str, table: pa.Table) -> None:
        """Dropped copies, and those alone, name the one that they were compared with, and a similarity that was enough."""
        named = pc.is_valid(table["duplicate_of"])
        compared = pc.and_(
            pc.and_(pc.equal(table["fate"], DROPPED), pc.equal(table["stage"], "deduplicate")),
            pc.not_equal(table["reason"], RULES[IN_PACK]),
        )
        for row in _where(pc.not_equal(named, compared).combine_chunks()):
            one, fate, stage, other = (table[c][row].as_py() for c in ("id", "fate", "stage", "duplicate_of"))
            self.faults.append(
                f"{name}: document {one} is {fate} in {stage or 'no stage'} with duplicate_of {other}"
            )
        copies = table.filter(named)
        # A document of another dataset stands for nothing in this one.
        here = copies.filter(pc.not_equal(copies["reason"], RULES[IN_DATASET]))
        others = _as_ids(bytes_of_hex(here["duplicate_of"], ID_BYTES))
        orphaned = pc.is_in(here["reason"], pa.array([ORPHANED, WITHDRAWN_COPY])).to_numpy().astype(bool)
        self.gone.append(others[orphaned])
        self.stands_for.append(others[~orphaned])
        columns = (copies[c].to_pylist() for c in ("id", "reason", "similarity", "threshold"))
        any_limit = {limit for each in self.limits.values() for limit in each}
        for one, reason, similarity, limit in zip(*columns, strict=True):
            if limit not in self.limits.get(reason, any_limit):
                self.faults.append(
                    f"{name}: document {one} was dropped by a limit of {limit}, which is none of the recipe's for {reason}"
                )
            elif not (similarity is not None and limit <= similarity <= 1):
                self.faults.append(
                    f"{name}: document {one} was dropped at similarity {similarity}, below {limit}"
                )


def _check_tree(folder: AnyPath, grown: Buckets, faults: list[str]) -> None:
    """The tree grown anew from the rows is the one in the file."""
    try:
        given = Buckets.read(folder / TREE_FILE)
    except ValueError as error:
        faults.append(f"{TREE_FILE}: {error}")
        return
    pairs = zip(given.counts, grown.counts, given.roots, grown.roots, strict=True)
    wrong = [number for number, (n, m, one, other) in enumerate(pairs) if (n, one) != (m, other)]
    if wrong:
        more = f", nor are {len(wrong) - 1:,} others" if len(wrong) > 1 else ""
        faults.append(f"{TREE_FILE}: bucket {wrong[0]} is not what the documents give{more}")


def _check_sum_of_fates(manifest: dict[str, Any], faults: list[str]) -> None:
    """In = kept + dropped + failed, in every source and stage."""
    for name, source in manifest["sources"].items():
        pieces = {"": {**source, "in": source["documents"]}, **source["stages"]}
        for stage, one in pieces.items():
            if one["in"] != one["kept"] + one["dropped"] + one["failed"]:
                faults.append(f"manifest.json: sources.{name}.{stage}: in is not kept + dropped + failed")


def _check_identities(rows: Rows, faults: list[str]) -> None:
    """No id twice; every copy was dropped for a document that is kept, as many as that one says."""
    unique, times = np.unique(_together(rows.ids), return_counts=True)
    faults += [
        f"ledger: document {bytes(one).hex()} has {n} rows"
        for one, n in zip(unique[times > 1], times[times > 1], strict=True)
    ]
    targets, copies = np.unique(_together(rows.stands_for), return_counts=True)
    counted = {bytes(one).hex(): int(n) for one, n in zip(targets, copies, strict=True)}
    for one in sorted(counted.keys() | rows.claimed.keys()):
        if counted.get(one, 0) != rows.claimed.get(one, 0):
            faults.append(
                f"document {one}: {counted.get(one, 0)} ledger rows name it as the one kept, "
                f"data/ says {rows.claimed.get(one, 0)}"
            )
    faults += [
        f"ledger: a copy was left out for document {bytes(one).hex()}, which is said to be dropped and is kept"
        for one in np.intersect1d(_together(rows.gone), _together(rows.kept))
    ]
