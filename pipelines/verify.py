"""Check a dataset against its manifest: recount and rehash everything, trust nothing that can be recounted."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from colophon.pipelines.audit import AUDIT_COUNTS, audit_faults
from colophon.pipelines.canonical import document_id, manifest_bytes, schema_as_json
from colophon.pipelines.counts import (
    by_source_and_stage,
    count_data,
    count_ledger,
    inputs_line,
    kept_of,
    merge_counts,
)
from colophon.pipelines.dataset import load_manifest
from colophon.pipelines.exports import BESIDE, check_beside
from colophon.pipelines.proofs.merkle import BUCKETS, TREE_FILE, Buckets, in_order, leaves_of
from colophon.pipelines.removals import removal_faults
from colophon.pipelines.rights_summary import rights_of_sources
from colophon.pipelines.rules import IN_DATASET, IN_PACK, RULES, limits_by_rule
from colophon.schemas import (
    DROPPED,
    KEPT,
    ORPHANED,
    WITHDRAWN_COPY,
    LedgerRow,
    Manifest,
    UsageError,
    arrow_schema,
    canonical_digest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from colophon.pipelines.counts import Counts

__all__ = ["Verification", "load_manifest", "verify"]

#: Made around the manifest, not named by it.
_AROUND = {"manifest.json", "SHA256SUMS", "run.json"}
_AROUND_FOLDERS = {"review", "attest"}
_AROUND_WITHDRAWALS = ("withdrawals/notice.json", "withdrawals/proofs")
_ROWS_AT_ONCE = 4096
_PLACE = ("id", "source", "source_uri", "source_sha256", "locator")
_DECIDED = ("id", "fate", "stage", "reason", "duplicate_of")


@dataclass
class Verification:
    """What was checked and what is wrong.

    Attributes:
        faults: One sentence each; empty if all is well.
        notes: What could not be checked because of them.
        files: Files rehashed.
        bytes: Bytes rehashed.
        documents: Ledger rows recounted.
    """

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: int = 0
    bytes: int = 0
    documents: int = 0


def verify(
    folder: Path, watch: Callable[[int, int], None] | None = None, *, quick: bool = False
) -> Verification:
    """Check everything that a manifest says.

    Args:
        folder: The dataset.
        watch: Called now and then with bytes done and bytes in all.
        quick: Whether to leave out the rows: the manifest, the exact set of files and their digests alone.

    Returns:
        What was checked and every fault found.

    Raises:
        UsageError: The folder is no dataset.
    """
    result = Verification()
    try:
        manifest = load_manifest(folder)
    except UsageError as error:
        if not (folder / "manifest.json").is_file():
            raise
        result.faults.append(str(error))
        return result
    try:
        _verify(folder, manifest, result, watch or _nobody, quick=quick)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        result.faults.append(f"manifest.json: its form is broken: {type(error).__name__} {error}")
    return result


def _nobody(_done: int, _total: int) -> None:
    """Whom progress is told if nobody asked."""


def _verify(
    folder: Path,
    manifest: dict[str, Any],
    result: Verification,
    watch: Callable[[int, int], None],
    *,
    quick: bool,
) -> None:
    faults = result.faults
    content = (folder / "manifest.json").read_bytes()
    if content != manifest_bytes(manifest):
        faults.append("manifest.json: is not in canonical form, so it was changed after it was written")
    if manifest["recipe_sha256"] != canonical_digest(manifest["recipe"]):
        faults.append("manifest.json: recipe_sha256 is not the digest of the recipe in it")
    unknown = set(manifest) ^ {each.name for each in fields(Manifest)}
    if unknown:
        faults.append(f"manifest.json: has not exactly the keys of a manifest: {', '.join(sorted(unknown))}")
    _check_set(folder, manifest, result)
    faults += check_beside(folder, manifest)
    _check_sums(folder, manifest, hashlib.sha256(content).hexdigest(), result)
    total = sum(entry["bytes"] for entry in manifest["files"].values()) * (1 if quick else 2)
    sound = True
    for name, entry in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            sound = False
            continue
        before = len(faults)
        digest, size = _hash(path, lambda done: watch(result.bytes + done, total))
        result.files, result.bytes = result.files + 1, result.bytes + size
        if size != entry["bytes"]:
            faults.append(f"{name}: has {size:,} bytes, the manifest says {entry['bytes']:,}")
        if digest != entry["sha256"]:
            faults.append(f"{name}: has sha256 {digest}, the manifest says {entry['sha256']}")
        sound &= len(faults) == before
    if quick:
        result.notes.append("rows were not recounted")
    elif sound:
        _recount(folder, manifest, result, watch)
    else:
        result.notes.append("rows were not recounted, because files are missing or changed")


def _hash(path: Path, watch: Callable[[int], None]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 22):
            digest.update(block)
            size += len(block)
            watch(size)
    return digest.hexdigest(), size


def _check_set(folder: Path, manifest: dict[str, Any], result: Verification) -> None:
    """The files that are there are exactly those that the manifest lists."""
    listed = set(manifest["files"]) | _AROUND | set(BESIDE)
    folders = {name.rpartition("/")[0] for name in manifest["files"]}
    found = set()
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name.split("/")[0] in _AROUND_FOLDERS or _is_below(name, _AROUND_WITHDRAWALS, manifest):
            continue
        if path.is_dir() and not path.is_symlink():
            if name not in folders:
                result.faults.append(f"{name}/: is a folder that is not in the manifest")
            continue
        found.add(name)
        if name in listed and (path.is_symlink() or not path.is_file()):
            result.faults.append(f"{name}: is a link or no ordinary file")
    result.faults += [f"{name}: is missing" for name in sorted(listed - found - {"run.json", *BESIDE})]
    result.faults += [f"{name}: is not in the manifest" for name in sorted(found - listed)]


def _is_below(name: str, places: tuple[str, ...], manifest: dict[str, Any]) -> bool:
    """Whether a name is one of some places, or below it, where the dataset has a withdrawal to tell of."""
    return bool(manifest["withdrawals"]) and any(
        name == place or name.startswith(f"{place}/") for place in places
    )


def _check_sums(folder: Path, manifest: dict[str, Any], manifest_digest: str, result: Verification) -> None:
    expected = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    expected["manifest.json"] = manifest_digest
    path = folder / "SHA256SUMS"
    if not path.is_file():
        return  # already told as missing
    lines = path.read_text("utf-8", "replace").splitlines()
    given = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in sorted(expected.keys() | given.keys()):
        if expected.get(name) != given.get(name):
            said = given.get(name, "nothing")
            result.faults.append(
                f"SHA256SUMS: says {said} of {name}, it should say {expected.get(name, 'nothing')}"
            )
    if len(lines) != len(given):
        result.faults.append("SHA256SUMS: names a file twice")


def _tables(path: Path) -> Iterator[pa.Table]:
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        yield file.schema_arrow.empty_table()  # so that a shard without rows is counted too
        for batch in file.iter_batches(_ROWS_AT_ONCE):
            yield pa.Table.from_batches([batch])


class _Ids:
    """The ids of documents as 16 bytes each, to be compared when all have been seen."""

    def __init__(self) -> None:
        self.parts: list[np.ndarray] = []

    def add(self, ids: list[str]) -> None:
        self.parts.append(np.frombuffer(b"".join(bytes.fromhex(one) for one in ids), "V16"))

    def all(self) -> np.ndarray:
        return np.concatenate(self.parts) if self.parts else np.empty(0, "V16")


class _Recount:
    """Every row read again: counts, digests of texts, identities, duplicates."""

    def __init__(self, folder: Path, manifest: dict[str, Any], faults: list[str]) -> None:
        self.folder, self.manifest, self.faults = folder, manifest, faults
        self.ids, self.stands_for, self.gone, self.kept = _Ids(), _Ids(), _Ids(), _Ids()
        self.claimed: Counter[str] = Counter()
        self.counted: list[Counts] = []
        self.inputs: list[str] = []
        self.leaves: list[np.ndarray] = []

    def part(self, name: str) -> None:
        """One shard: its file in ``data/`` and its file in ``ledger/``."""
        try:
            self._schema(f"data/{name}", "data")
            self._schema(f"ledger/{name}", "ledger")
            kept, listed = self._data(name), self._ledger(name)
        except (pa.ArrowException, OSError, KeyError) as error:
            self.faults.append(f"part {name}: cannot be read: {str(error).splitlines()[0]}")
            return
        except (ValueError, TypeError, AttributeError) as error:
            self.faults.append(f"part {name}: holds a value that no run writes: {error}")
            return
        if kept != listed:
            self.faults.append(
                f"data/{name} and ledger/{name}: do not name the same kept documents, from the same places, in the same order"
            )

    def _schema(self, name: str, table: str) -> None:
        """Columns, their order, their types and meanings are those that the manifest declares."""
        found = schema_as_json(pq.read_schema(self.folder / name))
        if found != self.manifest["schemas"][table]:
            self.faults.append(f"{name}: its columns are not those that the manifest declares")

    def _data(self, name: str) -> list[tuple[str, ...]]:
        kept: list[tuple[str, ...]] = []
        for table in _tables(self.folder / "data" / name):
            columns = ("id", "text", "text_sha256", "duplicate_cluster", "duplicates_dropped")
            for one, text, sha256, cluster, copies in zip(
                *(table[c].to_pylist() for c in columns), strict=True
            ):
                if hashlib.sha256(text.encode()).hexdigest() != sha256:
                    self.faults.append(
                        f"data/{name}: document {one} has a text that is not the one its text_sha256 names"
                    )
                if copies:
                    self.claimed[one] = copies
                if cluster != (one if copies else None):
                    self.faults.append(
                        f"data/{name}: document {one} has duplicate_cluster {cluster} and {copies} copies dropped"
                    )
            kept += zip(*(table[c].to_pylist() for c in _PLACE), strict=True)
            if "n_chars" in table.column_names:
                lengths = [len(text) for text in table["text"].to_pylist()]
                if lengths != [n for n in table["n_chars"].to_pylist() if n is not None] and lengths:
                    self.faults.append(f"data/{name}: n_chars is not the length of every text")
            self.leaves.append(leaves_of(table))
            self.counted.append(count_data(table, self.manifest["recipe"]["deduplicate"]["shingle_size"]))
        _compare_rows(f"data/{name}", self.manifest, len(kept), self.faults)
        return kept

    def _ledger(self, name: str) -> list[tuple[str, ...]]:
        kept: list[tuple[str, ...]] = []
        limits = limits_by_rule(self.manifest["recipe"]["deduplicate"])
        any_limit = {limit for each in limits.values() for limit in each}
        digest = hashlib.sha256()
        seen = ("", "")
        rows = 0
        for table in _tables(self.folder / "ledger" / name):
            columns = {column: table[column].to_pylist() for column in arrow_schema(LedgerRow).names}
            self.ids.add(columns["id"])
            standing = zip(columns["duplicate_of"], columns["reason"], strict=True)
            # A document of another dataset stands for nothing in this one.
            named = [
                (other, reason in {ORPHANED, WITHDRAWN_COPY})
                for other, reason in standing
                if other is not None and reason != RULES[IN_DATASET]
            ]
            self.kept.add(
                [one for one, fate in zip(columns["id"], columns["fate"], strict=True) if fate == KEPT]
            )
            self.stands_for.add([other for other, orphaned in named if not orphaned])
            self.gone.add([other for other, orphaned in named if orphaned])
            for one, fate, stage, reason, other, source, uri, sha256, locator, similarity, limit in zip(
                *(columns[c] for c in (*_DECIDED, *_PLACE[1:], "similarity", "threshold")), strict=True
            ):
                if fate == KEPT:
                    kept.append((one, source, uri, sha256, locator))
                if one != document_id(source, uri, locator):
                    self.faults.append(
                        f"ledger/{name}: {one} is not the id of {source}/{uri} {locator}".rstrip()
                    )
                if other is not None and limit not in limits.get(reason, any_limit):
                    self.faults.append(
                        f"ledger/{name}: document {one} was dropped by a limit of {limit}, which is none of the recipe's "
                        f"for {reason}"
                    )
                elif other is not None and not (similarity is not None and limit <= similarity <= 1):
                    self.faults.append(
                        f"ledger/{name}: document {one} was dropped at similarity {similarity}, below {limit}"
                    )
                compared = fate == DROPPED and stage == "deduplicate" and reason != RULES[IN_PACK]
                if (other is not None) != compared:
                    self.faults.append(
                        f"ledger/{name}: document {one} is {fate} in {stage or 'no stage'} with duplicate_of {other}"
                    )
                if (source, uri) != seen:
                    digest.update(inputs_line(source, uri, sha256))
                    seen = (source, uri)
            rows += table.num_rows
            self.counted.append(count_ledger(table))
        _compare_rows(f"ledger/{name}", self.manifest, rows, self.faults)
        self.inputs.append(digest.hexdigest())
        return kept


def _recount(
    folder: Path, manifest: dict[str, Any], result: Verification, watch: Callable[[int, int], None]
) -> None:
    """Read every row again and compare with what the manifest says."""
    faults = result.faults
    names = sorted(name.removeprefix("data/") for name in manifest["files"] if name.startswith("data/"))
    ledgers = sorted(name.removeprefix("ledger/") for name in manifest["files"] if name.startswith("ledger/"))
    if names != ledgers:
        faults.append("manifest.json: data/ and ledger/ do not have the same parts")
        return
    total = sum(entry["bytes"] for entry in manifest["files"].values())
    done = total
    recount = _Recount(folder, manifest, faults)
    for name in names:
        recount.part(name)
        done += manifest["files"][f"data/{name}"]["bytes"] + manifest["files"][f"ledger/{name}"]["bytes"]
        watch(done, 2 * total)
    counts = merge_counts(recount.counted)
    fates = counts.pop("fates", {})
    result.documents = sum(fates.values())
    said = {name: each for name, each in manifest["counts"].items() if name not in AUDIT_COUNTS}
    _compare("counts", said, counts, faults)
    faults += [f"manifest.json: {one}" for one in audit_faults(manifest["counts"], fates)]
    summed = rights_of_sources(manifest["recipe"]["sources"], counts.get("rights", {}))
    _compare("rights", manifest["rights"], summed, faults)
    _compare("fates", manifest["fates"], kept_of(fates), faults)
    _compare("sources", manifest["sources"], by_source_and_stage(fates, manifest["stages"]), faults)
    _check_sum_of_fates(manifest, faults)
    if manifest["inputs"]["sha256"] != hashlib.sha256("".join(recount.inputs).encode()).hexdigest():
        faults.append("manifest.json: inputs.sha256 is not what the ledger gives")
    _check_tree(folder, manifest, recount.leaves, faults)
    _check_identities(recount.ids, recount.stands_for, recount.claimed, faults)
    faults += [
        f"ledger: a copy was left out for document {bytes(one).hex()}, which is said to be dropped and is kept"
        for one in np.intersect1d(recount.gone.all(), recount.kept.all())
    ]
    if len(recount.gone.all()) and not (manifest["predecessor"] or manifest["withdrawals"]):
        faults.append(
            f"ledger: has copies of dropped documents ({ORPHANED}), but no predecessor dropped them"
        )
    faults += removal_faults(folder, manifest, fates)


def _check_tree(folder: Path, manifest: dict[str, Any], leaves: list[np.ndarray], faults: list[str]) -> None:
    """The tree grown anew from the rows is the one in the file, and has the root that the manifest says."""
    grown = Buckets.over(in_order(np.concatenate(leaves)))
    _compare("merkle", manifest["merkle"], grown.summary(), faults)
    try:
        given = Buckets.read(folder / TREE_FILE)
    except ValueError as error:
        faults.append(f"{TREE_FILE}: {error}")
        return
    _compare_rows(TREE_FILE, manifest, BUCKETS, faults)
    wrong = [
        number
        for number in range(BUCKETS)
        if (given.counts[number], given.roots[number]) != (grown.counts[number], grown.roots[number])
    ]
    if wrong:
        more = f", nor are {len(wrong) - 1:,} others" if len(wrong) > 1 else ""
        faults.append(f"{TREE_FILE}: bucket {wrong[0]} is not what the documents give{more}")


def _compare_rows(name: str, manifest: dict[str, Any], rows: int, faults: list[str]) -> None:
    said = manifest["files"][name]["rows"]
    if rows != said:
        faults.append(f"{name}: has {rows:,} rows, the manifest says {said:,}")


def _compare(where: str, said: Any, counted: Any, faults: list[str]) -> None:
    """Name every count that differs, by its path."""
    if isinstance(said, dict) and isinstance(counted, dict):
        for key in sorted(said.keys() | counted.keys()):
            _compare(f"{where}.{key}", said.get(key), counted.get(key), faults)
    elif said != counted:
        faults.append(f"manifest.json: {where} says {said}, recounted it is {counted}")


def _check_sum_of_fates(manifest: dict[str, Any], faults: list[str]) -> None:
    """In = kept + dropped + failed, in every source and stage."""
    for name, source in manifest["sources"].items():
        pieces = {"": {**source, "in": source["documents"]}, **source["stages"]}
        for stage, one in pieces.items():
            if one["in"] != one["kept"] + one["dropped"] + one["failed"]:
                faults.append(f"manifest.json: sources.{name}.{stage}: in is not kept + dropped + failed")


def _check_identities(ids: _Ids, stands_for: _Ids, claimed: Counter[str], faults: list[str]) -> None:
    """No id twice; every copy was dropped for a document that is kept, as many as that one says."""
    everything = ids.all()
    unique, times = np.unique(everything, return_counts=True)
    faults += [
        f"ledger: document {bytes(one).hex()} has {n} rows"
        for one, n in zip(unique, times, strict=True)
        if n > 1
    ]
    targets, copies = np.unique(stands_for.all(), return_counts=True)
    counted = {bytes(one).hex(): int(n) for one, n in zip(targets, copies, strict=True)}
    for one in sorted(counted.keys() | claimed.keys()):
        if counted.get(one, 0) != claimed.get(one, 0):
            faults.append(
                f"document {one}: {counted.get(one, 0)} ledger rows name it as the one kept, "
                f"data/ says {claimed.get(one, 0)}"
            )
