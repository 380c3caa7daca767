"""Whatever is changed in a dataset, `verify` names it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sealing import seal
from texts import grow, lenient, small_units

from colophon.pipelines.verify import verify
from colophon.runners.recipes import sections
from colophon.schemas import UsageError, default_recipe


@pytest.fixture(scope="module")
def sound(curate_once, tmp_path_factory):
    """A dataset of several shards, with duplicates."""
    folder = tmp_path_factory.mktemp("inputs") / "texts"
    grow(folder, range(24))
    for n in range(4):
        shutil.copy(folder / f"{n:03d}.txt", folder / f"copy{n}.txt")
    made = curate_once(folder, recipe=small_units())
    assert verify(made.folder).faults == []
    assert len(made.manifest["files"]) >= 4
    return made


@pytest.fixture
def dataset(sound, tmp_path):
    """A copy of it that a test may spoil."""
    return sound.copy(tmp_path / "dataset")


def part(dataset, table: str, number: int = 0):
    return sorted((dataset.folder / table).iterdir())[number]


def faults_of(dataset) -> str:
    return "\n".join(verify(dataset.folder).faults)


@pytest.mark.parametrize("table", ["data", "ledger"])
@pytest.mark.parametrize("where", [0, 0.3, 0.7, 1])
def test_a_flipped_byte(dataset, table, where):
    path = part(dataset, table)
    content = bytearray(path.read_bytes())
    content[int((len(content) - 1) * where)] ^= 1
    path.write_bytes(content)
    assert f"{table}/{path.name}: has sha256" in faults_of(dataset)


def test_a_missing_shard(dataset):
    path = part(dataset, "data", 1)
    path.unlink()
    assert f"data/{path.name}: is missing" in faults_of(dataset)


def test_an_extra_file(dataset):
    (dataset.folder / "data" / "part-extra.parquet").write_bytes(b"PAR1")
    (dataset.folder / "notes.txt").write_text("hello")
    (dataset.folder / "ledger" / ".hidden").write_text("hello")
    faults = faults_of(dataset)
    for name in ("data/part-extra.parquet", "notes.txt", "ledger/.hidden"):
        assert f"{name}: is not in the manifest" in faults


def test_swapped_file_names(dataset):
    one, two = part(dataset, "data", 0), part(dataset, "data", 1)
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)
    faults = faults_of(dataset)
    assert one.name in faults
    assert two.name in faults


@pytest.mark.parametrize("change", ["fates", "counts", "sources", "reasons"])
def test_a_changed_count(dataset, change):
    manifest = json.loads((dataset.folder / "manifest.json").read_bytes())
    if change == "fates":
        manifest["fates"]["kept"] += 1
    elif change == "counts":
        manifest["counts"]["sizes"]["n_words"] += 1
    elif change == "sources":
        manifest["sources"]["texts"]["stages"]["length"]["in"] += 1
    else:
        manifest["sources"]["texts"]["stages"]["deduplicate"]["reasons"]["exact_bytes"] -= 1
    seal(dataset.folder, manifest)
    faults = faults_of(dataset)
    assert "recounted it is" in faults
    assert "sha256" not in faults


def test_a_changed_recipe(dataset):
    manifest = json.loads((dataset.folder / "manifest.json").read_bytes())
    manifest["recipe"]["deduplicate"]["threshold"] = 0.9
    seal(dataset.folder, manifest)
    assert "recipe_sha256" in faults_of(dataset)


def test_a_manifest_in_another_form(dataset):
    path = dataset.folder / "manifest.json"
    path.write_bytes(path.read_bytes() + b"\n")
    faults = faults_of(dataset)
    assert "canonical form" in faults
    assert "SHA256SUMS" in faults


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"format": 99}', b'{"format": 1}', b"\xff\xfe"])
def test_a_broken_manifest(dataset, content):
    (dataset.folder / "manifest.json").write_bytes(content)
    assert verify(dataset.folder).faults


def rewrite(dataset, table: str, change) -> None:
    """Change the rows of a shard and seal everything again, so that only a recount can tell."""
    path = max((dataset.folder / table).iterdir(), key=lambda one: pq.ParquetFile(one).metadata.num_rows)
    before = pq.ParquetFile(path)
    after = change(before.read())
    pq.write_table(after, path)
    manifest = json.loads((dataset.folder / "manifest.json").read_bytes())
    manifest["files"][f"{table}/{path.name}"]["rows"] = after.num_rows
    seal(dataset.folder, manifest)


def test_a_ledger_row_removed(dataset):
    rewrite(dataset, "ledger", lambda rows: rows.slice(1))
    faults = faults_of(dataset)
    assert "recounted it is" in faults
    assert "do not name the same kept documents" in faults


def test_a_dropped_row_removed_from_the_ledger(dataset):
    rewrite(dataset, "ledger", lambda rows: rows.filter(pa.compute.equal(rows["fate"], "kept")))
    assert "ledger rows name it as the one kept" in faults_of(dataset)


def test_a_text_changed(dataset):
    def change(rows):
        texts = rows["text"].to_pylist()
        texts[0] = texts[0].replace("e", "a", 1)
        return rows.set_column(
            rows.schema.get_field_index("text"), rows.schema.field("text"), pa.array(texts)
        )

    rewrite(dataset, "data", change)
    assert "text_sha256" in faults_of(dataset)


def test_rows_in_another_order(dataset):
    rewrite(dataset, "data", lambda rows: rows.take(list(reversed(range(rows.num_rows)))))
    assert "same order" in faults_of(dataset)


def test_a_row_twice(dataset):
    for table in ("data", "ledger"):
        rewrite(dataset, table, lambda rows: pa.concat_tables([rows.slice(0, 1), rows]))
    assert "has 2 rows" in faults_of(dataset)


def test_another_source_digest(dataset):
    def change(rows):
        index = rows.schema.get_field_index("source_sha256")
        values = ["0" * 64, *rows["source_sha256"].to_pylist()[1:]]
        return rows.set_column(index, rows.schema.field(index), pa.array(values))

    rewrite(dataset, "ledger", change)
    assert "inputs.sha256" in faults_of(dataset)


def test_sums_that_lie(dataset):
    path = dataset.folder / "SHA256SUMS"
    path.write_text(path.read_text().replace("a", "b"))
    assert "SHA256SUMS" in faults_of(dataset)


def test_what_is_made_around_the_manifest_is_not_counted(dataset):
    (dataset.folder / "attest").mkdir()
    (dataset.folder / "attest" / "approval.dsse.json").write_text("{}")
    (dataset.folder / "run.json").unlink()
    assert verify(dataset.folder).faults == []


def test_no_dataset(tmp_path):
    with pytest.raises(UsageError, match="no manifest"):
        verify(tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        verify(tmp_path / "absent")


def test_what_cannot_be_believed_without_a_signature_is_at_least_consistent(dataset):
    def other_place(rows):
        index = rows.schema.get_field_index("source_uri")
        values = ["elsewhere.txt", *rows["source_uri"].to_pylist()[1:]]
        return rows.set_column(index, rows.schema.field(index), pa.array(values))

    rewrite(dataset, "data", other_place)
    assert "from the same places" in faults_of(dataset)


def test_a_column_added(dataset):
    rewrite(dataset, "data", lambda rows: rows.append_column("ssn", pa.array(["1"] * rows.num_rows)))
    assert "its columns are not those" in faults_of(dataset)


def test_a_similarity_below_the_threshold(dataset):
    path = next(
        p for p in (dataset.folder / "ledger").iterdir() if any(pq.read_table(p)["similarity"].to_pylist())
    )

    def change(rows):
        index = rows.schema.get_field_index("similarity")
        values = [None if value is None else 0.1 for value in rows["similarity"].to_pylist()]
        return rows.set_column(index, rows.schema.field(index), pa.array(values, pa.float64()))

    pq.write_table(change(pq.ParquetFile(path).read()), path)
    seal(dataset.folder, json.loads((dataset.folder / "manifest.json").read_bytes()))
    assert "at similarity 0.1, below 0.8" in faults_of(dataset)


def test_links_and_folders(dataset, tmp_path):
    path = part(dataset, "data")
    path.rename(tmp_path / "moved.parquet")
    path.symlink_to(tmp_path / "moved.parquet")
    (dataset.folder / "data" / "more").mkdir()
    faults = faults_of(dataset)
    assert "is a link or no ordinary file" in faults
    assert "data/more/: is a folder" in faults


def test_a_recipe_in_any_script_is_sound(curate, papers):
    recipe = replace(lenient(default_recipe(sections())), description="Für Flüsse · 河川の研究")
    assert verify(curate(papers, recipe=recipe).folder).faults == []


def test_a_dataset_that_keeps_nothing_is_sound(curate, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "empty.txt").write_text("")
    assert verify(curate(tmp_path / "in").folder).faults == []
