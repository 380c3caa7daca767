"""Packs, and datasets and packs in `deduplicate.against`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from copies import edited, plain, reasons, written
from texts import prose

from colophon.pipelines.overlap import overlap
from colophon.pipelines.pack import Pack, PackIndex, make_key, read_key, read_pack, write_pack
from colophon.pipelines.verify import verify
from colophon.runners.packing import pack_dataset
from colophon.schemas import RecipeError, UsageError


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> tuple[Path, Path]:
    """Two files: of 30 documents each 10 are the same text, 10 alike, 10 each one's own."""
    texts = [prose(n, 400) for n in range(30)]
    others = [texts[n].upper() for n in range(10)]
    others += [edited(texts[n], 0.01, n) for n in range(10, 20)]
    others += [prose(100 + n, 400) for n in range(10)]
    folder = tmp_path_factory.mktemp("inputs")
    return (
        written(folder / "one.jsonl", *({"text": text} for text in texts)),
        written(folder / "two.jsonl", *({"text": text} for text in others)),
    )


@pytest.fixture(scope="module")
def sites(curate_once, inputs) -> tuple[Path, Path]:
    """Two datasets that no test changes, one of each file."""
    one, two = (curate_once(path, recipe=plain(), output=path.stem).folder for path in inputs)
    return one, two


@pytest.fixture
def key(tmp_path) -> Path:
    make_key(tmp_path / "group.key", "2026-11")
    return tmp_path / "group.key"


def packed(folder: Path, key: Path, output: Path) -> Pack:
    return pack_dataset(folder, key, output, output.stem, 1)


def test_two_sites_find_what_they_share(sites, key, tmp_path):
    one, two = (packed(folder, key, tmp_path / f"{n}.pack") for n, folder in enumerate(sites))
    for seen in overlap(one, two, bands=5, where="a", other="b"):
        assert (seen.documents, seen.exact) == (30, 10)
        assert 8 <= seen.near <= 10
        assert seen.share >= 0.6


def test_a_pack_is_small_and_says_nothing(sites, key, tmp_path):
    pack = packed(sites[0], key, tmp_path / "one.pack")
    again = packed(sites[0], key, tmp_path / "again" / "one.pack")
    content = (tmp_path / "one.pack").read_bytes()
    assert content == (tmp_path / "again" / "one.pack").read_bytes()
    table = pq.read_table(tmp_path / "one.pack")
    assert sum(field.type.byte_width for field in table.schema) <= 128
    assert table.column_names == ["exact", "bands"]
    many = replace(
        pack,
        exact=np.arange(5000, dtype=np.uint64),
        bands=np.random.default_rng(1).integers(0, 2**40, (5000, pack.bands.shape[1]), np.uint64),
    )
    write_pack(tmp_path / "many.pack", many)
    assert (tmp_path / "many.pack").stat().st_size / 5000 <= 128
    secret = read_key(key).secret
    assert secret not in content
    assert secret.hex().encode() not in content
    ids = pq.read_table(next((sites[0] / "data").iterdir()))["id"].to_pylist()
    assert not any(bytes.fromhex(one) in content or one.encode() in content for one in ids)
    assert len(again.exact) == len(pack.exact) == 30


def test_packs_of_another_key_match_nothing(sites, key, tmp_path):
    make_key(tmp_path / "other.key", "2026-11")
    one, two = (
        packed(sites[0], key, tmp_path / "1.pack"),
        packed(sites[0], tmp_path / "other.key", tmp_path / "2.pack"),
    )
    with pytest.raises(UsageError, match="was made with the key"):
        overlap(one, two, bands=5, where="a", other="b")
    matches = PackIndex(two).match(one.exact, one.bands)
    assert not matches.exact.any()
    assert matches.bands.max() == 0


@pytest.mark.parametrize("change", ["byte", "short", "parquet", "rows", "parameters"])
def test_a_damaged_pack_is_refused(sites, key, tmp_path, change):
    path = tmp_path / "one.pack"
    pack = packed(sites[0], key, path)
    assert sorted(read_pack(path).exact) == sorted(pack.exact)
    content = bytearray(path.read_bytes())
    if change == "byte":
        content[200] ^= 1
        path.write_bytes(content)
    elif change == "short":
        path.write_bytes(content[:-100])
    elif change == "parquet":
        pq.write_table(pa.table({"exact": [1]}), path)
    else:
        table = pq.read_table(path)
        header = json.loads(pq.read_metadata(path).metadata[b"colophon.pack"])
        if change == "parameters":
            header["parameters"]["seed"] = 2
        rows = table.take([1, 0, *range(2, table.num_rows)]) if change == "rows" else table
        with pq.ParquetWriter(path, table.schema) as writer:
            writer.write_table(rows)
            writer.add_key_value_metadata({"colophon.pack": json.dumps(header)})
    with pytest.raises(UsageError, match=r"damaged|no pack"):
        read_pack(path)


def test_a_key_is_private_and_never_overwritten(key):
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="never overwritten"):
        make_key(key, "2026-12")
    key.write_text("{}")
    with pytest.raises(UsageError, match="is no key"):
        read_key(key)


def test_a_page_that_a_pack_holds_a_million_times_costs_no_more(sites, key, tmp_path):
    pack = packed(sites[0], key, tmp_path / "one.pack")
    same = replace(
        pack, exact=np.repeat(pack.exact[:1], 200_000), bands=np.repeat(pack.bands[:1], 200_000, axis=0)
    )
    matches = PackIndex(same).match(same.exact, same.bands)
    assert matches.exact.all()
    assert (matches.bands == pack.bands.shape[1]).all()


def test_what_a_dataset_holds_is_dropped_or_marked(curate, sites, inputs, tmp_path):
    source = inputs[1]
    dropped = curate(source, recipe=plain(against=(str(sites[0]),)), output="dropped")
    assert verify(dropped.folder).faults == []
    assert reasons(dropped) == {"already_in_dataset": 20}
    held = {row["id"] for row in pq.read_table(next((sites[0] / "data").iterdir())).to_pylist()}
    for row in dropped.ledger:
        if row["fate"] == "dropped":
            assert row["duplicate_of"] in held
            assert row["similarity"] >= 0.8
            assert row["detail"].endswith("of a document of dataset 0.1.0")
    found = {row["detail"].split()[0] for row in dropped.ledger if row["fate"] == "dropped"}
    assert found == {"exact_text", "near_duplicate"}
    marked = curate(source, recipe=plain(against=(str(sites[0]),), on_match="mark"), output="marked")
    assert verify(marked.folder).faults == []
    assert reasons(marked) == {}
    names = [row["already_in"] for row in marked.data]
    assert names == ["dataset 0.1.0"] * 20 + [None] * 10
    assert all(row["already_in_similarity"] >= 0.8 for row in marked.data[:20])
    assert marked.manifest["materials"]["deduplicate"]["dataset 0.1.0"]["kind"] == "dataset"
    assert str(sites[0]) not in json.dumps(marked.manifest)


def test_duplicates_of_what_is_held_do_not_stand_for_others(curate, sites, tmp_path):
    """What is dropped for another dataset's document is nobody's kept one."""
    text = prose(3, 400)
    documents = [{"text": edited(text, 0.012, n)} for n in range(4)] + [{"text": prose(500, 300)}] * 2
    dataset = curate(
        written(tmp_path / "c.jsonl", *documents), recipe=plain(against=(str(sites[0]),)), output="c"
    )
    assert verify(dataset.folder).faults == []
    assert reasons(dataset) == {"already_in_dataset": 4, "exact_bytes": 1}


def test_what_a_pack_holds_is_marked_and_dropped_only_if_asked(curate, sites, inputs, key, tmp_path):
    packed(sites[0], key, tmp_path / "site.pack")
    asked = {"against": (str(tmp_path / "site.pack"),), "pack_key": str(key)}
    marked = curate(inputs[1], recipe=plain(**asked), output="marked")
    assert verify(marked.folder).faults == []
    assert reasons(marked) == {}
    names = [row["already_in"] for row in marked.data]
    assert names[:10] == ["site"] * 10
    assert names[10:20].count("site") >= 8
    assert names[20:] == [None] * 10
    dropped = curate(inputs[1], recipe=plain(**asked, on_pack_match="drop"), output="dropped")
    assert verify(dropped.folder).faults == []
    assert reasons(dropped) == {"already_in_pack": names.count("site")}
    for row in dropped.ledger:
        if row["fate"] == "dropped":
            assert row["duplicate_of"] is None
            assert row["similarity"] is None
            assert "the texts were not compared" in row["detail"]


def test_what_cannot_be_compared_is_refused_before_any_work(curate, sites, inputs, key, tmp_path):
    packed(sites[0], key, tmp_path / "site.pack")
    pack = str(tmp_path / "site.pack")
    for settings, told in (
        ({"against": (pack,)}, "pack_key"),
        ({"against": (pack,), "pack_key": str(key), "seed": 7}, "seed 1"),
        ({"against": (str(tmp_path),)}, "manifest.json"),
        ({"against": (str(tmp_path / "none"),)}, "pack_key"),
        ({"against": (str(sites[0]), str(sites[0]))}, "different names"),
    ):
        with pytest.raises(RecipeError, match=told):
            curate(inputs[1], recipe=plain(**settings), output="refused")
