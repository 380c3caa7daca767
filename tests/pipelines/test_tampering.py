"""Each byte of a manifest flipped in turn, and what each check finds: the tampering of one who also brings digests up to date."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sealing import put_manifest, seal
from texts import grow, small_units

from colophon.pipelines.proofs import Buckets, check_proof, prove
from colophon.pipelines.recount import Rows, judge
from colophon.pipelines.verify import verify
from colophon.schemas import CheckFailed

#: What a dataset cannot say of itself by its rows: it is signed for, and `SHA256SUMS` alone notices a change.
SIGNED_FOR = {
    "name", "version", "description", "site", "contact", "predecessor", "software", "materials", "counts.audit_documents",
    "counts.audit_dropped",
}  # fmt: skip


@pytest.fixture(scope="module")
def sound(curate_once, tmp_path_factory):
    """A small dataset of two shards, with duplicates."""
    folder = tmp_path_factory.mktemp("inputs") / "texts"
    grow(folder, range(8))
    for n in range(2):
        shutil.copy(folder / f"{n:03d}.txt", folder / f"copy{n}.txt")
    return curate_once(folder, recipe=small_units())


@pytest.fixture
def dataset(sound, tmp_path):
    """A copy of it that a test may spoil."""
    return sound.copy(tmp_path / "dataset")


def differing(one: dict, other: dict) -> set[str]:
    """Where two manifests differ: names of their keys; of counts, with those below."""
    names = {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
    if "counts" in names and isinstance(other.get("counts"), dict):
        ours, theirs = one["counts"], other["counts"]
        below = {
            f"counts.{name}" for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)
        }
        names = names - {"counts"} | below
    return names


def flips(dataset, step: int) -> Counter[str]:
    """Flip bits of a manifest; by which check each was found, where the sums were made to fit.

    Rows are read once: a flip that passes the quick checks has changed neither files nor recipe, by which rows are read.
    """
    folder, original = dataset.folder, (dataset.folder / "manifest.json").read_bytes()
    manifest = json.loads(original)
    rows = Rows(folder, manifest, lambda _: None)
    for name in sorted(name.removeprefix("data/") for name in manifest["files"] if name.startswith("data/")):
        rows.part(name)
    rows.end()
    assert rows.faults == []
    assert judge(rows, manifest, faults := []) == 10
    assert faults == []
    found: Counter[str] = Counter()
    sums = (folder / "SHA256SUMS").read_bytes()
    for at in range(0, len(original), step):
        changed = bytearray(original)
        changed[at] ^= 1 << (at // step) % 8
        (folder / "manifest.json").write_bytes(changed)
        if at % (97 * step) == 0:  # without sums that fit, nothing else needs to look
            (folder / "SHA256SUMS").write_bytes(sums)
            assert verify(folder, quick=True).faults, at
        put_manifest(folder, bytes(changed))
        if verify(folder, quick=True).faults:
            found["quick"] += 1
            continue
        other, faults = json.loads(changed), []
        try:
            judge(rows, other, faults)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            faults.append(str(error))
        if faults:
            found["rows"] += 1
        else:
            assert differing(manifest, other) <= SIGNED_FOR, (at, differing(manifest, other))
            found["signature"] += 1
    return found


def test_bytes_of_the_manifest(dataset):
    found = flips(dataset, 31)
    assert min(found.values()) > 5
    assert set(found) == {"quick", "rows", "signature"}


@pytest.mark.slow
def test_every_byte_of_the_manifest(dataset):
    size = (dataset.folder / "manifest.json").stat().st_size
    assert flips(dataset, 1).total() == size


def part(dataset, table: str, number: int = 0):
    return sorted((dataset.folder / table).iterdir())[number]


def test_a_file_renamed(dataset):
    path = part(dataset, "data")
    path.rename(path.with_name("part-00009-of-00009.parquet"))
    for quick in (True, False):
        faults = verify(dataset.folder, quick=quick).faults
        assert f"data/{path.name}: is missing" in faults
        assert "data/part-00009-of-00009.parquet: is not in the manifest" in faults


@pytest.mark.parametrize("name", ["data/more.parquet", "merkle/more", "more.txt", "merkle/more/x"])
def test_a_file_added(dataset, name):
    (dataset.folder / name).parent.mkdir(exist_ok=True)
    (dataset.folder / name).write_bytes(b"")
    assert f"{name}: is not in the manifest" in verify(dataset.folder, quick=True).faults


@pytest.mark.parametrize("name", ["SHA256SUMS", "merkle/buckets.parquet"])
def test_a_file_removed(dataset, name):
    (dataset.folder / name).unlink()
    assert f"{name}: is missing" in verify(dataset.folder, quick=True).faults


def test_quick_looks_at_no_rows(dataset):
    """A changed row with digests that fit needs the recount; a changed file does not."""
    path = part(dataset, "data")
    table = pq.ParquetFile(path).read()
    pq.write_table(table.take(list(reversed(range(table.num_rows)))), path)
    assert any("has sha256" in fault for fault in verify(dataset.folder, quick=True).faults)
    seal(dataset.folder, dataset.manifest)
    assert verify(dataset.folder, quick=True).faults == []
    assert any("same order" in fault for fault in verify(dataset.folder).faults)


@pytest.mark.parametrize("key", ["root", "documents", "buckets"])
def test_another_tree_in_the_manifest(dataset, key):
    merkle = dict(dataset.manifest["merkle"])
    merkle[key] = "0" * 64 if key == "root" else merkle[key] + 1
    seal(dataset.folder, dataset.manifest | {"merkle": merkle})
    assert verify(dataset.folder, quick=True).faults == []
    assert [f"manifest.json: merkle.{key} says"] == [
        fault[: len(f"manifest.json: merkle.{key} says")] for fault in verify(dataset.folder).faults
    ]


@pytest.mark.parametrize("column", ["documents", "root", "bucket", "order", "columns"])
def test_another_bucket(dataset, column):
    path = dataset.folder / "merkle" / "buckets.parquet"
    table = pq.ParquetFile(path).read()
    rows = table.to_pylist()
    if column == "order":
        rows[0], rows[1] = rows[1], rows[0]
    elif column != "columns":
        rows[7][column] = {"documents": 5, "root": b"\0" * 32, "bucket": 8}[column]
    table = pa.Table.from_pylist(rows, table.schema)
    pq.write_table(table.drop_columns(["root"]) if column == "columns" else table, path)
    seal(dataset.folder, dataset.manifest)
    assert any(fault.startswith("merkle/buckets.parquet: ") for fault in verify(dataset.folder).faults)


def test_a_tree_that_leaves_a_document_out(dataset):
    """Root, file and manifest agree with one another and not with the rows: what proofs alone cannot tell, `verify` does."""
    ids = [row["id"] for row in dataset.data]
    rows = [bytes.fromhex(row["id"] + row["text_sha256"]) for row in dataset.data[1:]]
    leaves = np.frombuffer(b"".join(sorted(rows)), np.uint8).reshape(-1, 48)
    buckets = Buckets.over(leaves)
    path = dataset.folder / "merkle" / "buckets.parquet"
    pq.write_table(buckets.table(), path)
    seal(dataset.folder, dataset.manifest | {"merkle": buckets.summary()})
    faults = verify(dataset.folder).faults
    assert any("merkle.root says" in fault for fault in faults)
    assert any("bucket" in fault and "is not what the documents give" in fault for fault in faults)
    with pytest.raises(CheckFailed, match="do not agree"):
        prove(dataset.folder, ids[0])


def test_proofs_of_a_run(sound, dataset):
    """Kept documents are in, dropped copies are not; neither holds for the root of another dataset."""
    root = sound.manifest["merkle"]["root"]
    assert sound.manifest["merkle"]["documents"] == len(sound.data) == 8
    for row in sound.ledger:
        proof = prove(sound.folder, row["id"], row)
        assert proof["claim"] == ("present" if row["fate"] == "kept" else "absent")
        check_proof(proof, root)
        with pytest.raises(CheckFailed, match="another root"):
            check_proof(proof, hashlib.sha256(root.encode()).hexdigest())
