"""What `difference` says of two datasets is what their rows say."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from texts import grow, prose, small_units

from colophon.pipelines.canonical import manifest_bytes
from colophon.pipelines.changes import difference
from colophon.pipelines.shard import ledger_schema
from colophon.schemas import DataRow, UsageError, arrow_schema, canonical_digest


def stricter(recipe):
    """The recipe with another threshold, under another version."""
    length = replace(recipe.filters["length"], min_words=2900)
    return replace(recipe, version="0.2.0", filters={**recipe.filters, "length": length})


@pytest.fixture(scope="module")
def versions(curate_once, tmp_path_factory):
    """A dataset; and a later one: a file more, one gone, one rewritten, one now too short, copies of one gone."""
    folder = tmp_path_factory.mktemp("inputs") / "texts"
    grow(folder, range(8))
    (folder / "brief.txt").write_text(prose(50, 2500))
    shutil.copy(folder / "000.txt", folder / "copy.txt")
    before = curate_once(folder, recipe=small_units(), output="before")
    grow(folder, range(8, 9))
    (folder / "001.txt").unlink()
    (folder / "002.txt").write_text(prose(60, 3000))
    after = curate_once(folder, recipe=stricter(small_units()), output="after")
    return before, after


def by_id(dataset):
    kept = {row["id"]: row for row in dataset.data}
    return {row["id"]: (row, kept.get(row["id"])) for row in dataset.ledger}


def test_documents_are_told_apart(versions):
    before, after = versions
    found = difference(before.folder, after.folder)
    one, two = by_id(before), by_id(after)
    assert found.documents == {
        "same": len(one.keys() & two.keys()) - 2,
        "added": 1,
        "removed": 1,
        "changed": 2,
    }
    assert found.kept == {"both": 7, "came": 1, "left": 2}
    assert (found.changed["fate"], found.changed["text"], found.changed["file"]) == (1, 1, 1)
    assert found.changed["scores"] == 1
    assert not found.equal
    named = {sample["source_uri"] for sample in found.samples["text"]}
    assert named == {"002.txt"}


def test_moves_name_where_documents_went_and_why(versions):
    before, after = versions
    moves = difference(before.folder, after.folder).moves
    kept = {"fate": "kept", "stage": "", "reason": ""}
    told = {(json.dumps(move["a"]), json.dumps(move["b"])): move for move in moves}
    assert set(told) == {
        (json.dumps(a), json.dumps(b))
        for a, b in (
            (None, kept),
            (kept, None),
            (kept, {"fate": "dropped", "stage": "length", "reason": "too_few_words"}),
        )
    }
    short = next(move for move in moves if move["a"] and move["b"])
    (sample,) = short["samples"]
    assert (sample["source_uri"], sample["b"]["value"], sample["b"]["threshold"]) == ("brief.txt", 2500, 2900)


def test_limits_scores_groups_and_rules(versions):
    before, after = versions
    found = difference(before.folder, after.folder)
    (limit,) = [one for one in found.limits if one["reason"] == "too_few_words"]
    assert (limit["newly_dropped"], limit["no_longer"], limit["b"]["limits"]) == (1, 0, [2900, 2900])
    scores = {one["score"]: one for one in found.scores}
    words = sorted(row["n_words"] for row in after.data)
    assert scores["n_words"]["b"]["quantiles"][2] == words[len(words) // 2]
    assert scores["n_words"]["a"]["documents"] == len(before.data)
    assert "identity_rates.gender" in scores
    (source,) = found.groups["source"]
    assert (source["came"], source["left"], source["added"], source["removed"], source["changed"]) == (
        1,
        2,
        1,
        1,
        2,
    )
    assert {one["path"]: (one["a"], one["b"]) for one in found.manifest["recipe"]} == {
        "filters.length.min_words": (replace(small_units()).filters["length"].min_words, 2900),
        "version": ("0.1.0", "0.2.0"),
    }
    assert {one["path"] for one in found.manifest["identity"]} == {"version"}
    assert {one["path"] for one in found.manifest["inputs"]} >= {"sha256"}
    assert not found.manifest["software"]
    json.dumps(found.as_dict(), allow_nan=False)


def test_the_other_way_round(versions):
    before, after = versions
    there, back = difference(before.folder, after.folder), difference(after.folder, before.folder)
    assert back.documents == {
        **there.documents,
        "added": there.documents["removed"],
        "removed": there.documents["added"],
    }
    assert (back.kept["came"], back.kept["left"]) == (there.kept["left"], there.kept["came"])
    (limit,) = [one for one in back.limits if one["reason"] == "too_few_words"]
    assert (limit["newly_dropped"], limit["no_longer"]) == (0, 1)


def test_a_dataset_and_itself(versions, tmp_path):
    before = versions[0]
    copy = shutil.copytree(before.folder, tmp_path / "copy")
    found = difference(before.folder, copy)
    assert found.equal
    assert found.documents == {"same": len(before.ledger), "added": 0, "removed": 0, "changed": 0}
    assert not found.moves
    assert not any(found.manifest.values())
    assert not any(one["changed"] for one in found.scores)


def test_at_most_so_many_samples(versions):
    found = difference(*(one.folder for one in versions), samples=0)
    assert all(not move["samples"] for move in found.moves)


def test_what_is_no_sound_dataset_is_refused(versions, tmp_path):
    with pytest.raises(UsageError, match="no such folder"):
        difference(versions[0].folder, tmp_path / "absent")
    copy = shutil.copytree(versions[0].folder, tmp_path / "copy")
    path = min((copy / "ledger").iterdir())
    rows = pq.read_table(path)
    pq.write_table(pa.concat_tables([rows, rows.slice(0, 1)]), path)
    with pytest.raises(UsageError, match="once each"):
        difference(versions[0].folder, copy)
    path.write_bytes(b"PAR1")
    with pytest.raises(UsageError, match="cannot be compared"):
        difference(copy, versions[0].folder)


LEDGER = arrow_schema(DataRow)
FATES = [("kept", "", ""), ("dropped", "length", "too_few_words"), ("failed", "read", "not_well_formed")]


def invented(folder: Path, rows: dict[int, tuple[int, int, float]]) -> Path:
    """A dataset of documents by number, each with a fate, a text and a score; in parts of five rows."""
    documents = [
        {
            "id": hashlib.sha256(str(n).encode()).hexdigest()[:32], "source": f"s{n % 2}", "source_uri": f"{n}.txt",
            "source_sha256": "", "locator": "", **dict(zip(("fate", "stage", "reason"), FATES[fate], strict=True)),
            "value": score if fate == 1 else None, "threshold": 1.0 if fate == 1 else None, "duplicate_of": None,
            "similarity": None, "detail": "", "text_sha256": hashlib.sha256(b"%d" % text).hexdigest(), "score": score,
        }
        for n, (fate, text, score) in rows.items()
    ]  # fmt: skip
    files = {}
    columns = pa.schema(
        [*(LEDGER.field(name) for name in ("id", "text_sha256")), pa.field("score", pa.float64())]
    )
    for start in range(0, max(1, len(documents)), 5):
        part = documents[start : start + 5]
        kept = [one for one in part if one["fate"] == "kept"]
        for table, schema, here in (("ledger", ledger_schema(), part), ("data", columns, kept)):
            name = f"{table}/part-{start:05d}.parquet"
            (folder / table).mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.Table.from_pylist(here, schema), folder / name)
            files[name] = {}
    manifest = {"format": 1, "name": "n", "version": "1.0.0", "description": "", "site": "", "contact": "",
        "predecessor": {}, "recipe": {}, "software": {}, "materials": {}, "inputs": {}, "counts": {},
        "fates": dict(Counter(one["fate"] for one in documents)), "files": files,
        "rows": canonical_digest(documents)}  # fmt: skip
    (folder / "manifest.json").write_bytes(manifest_bytes(manifest))
    return folder


SIDE = st.dictionaries(
    st.integers(0, 14), st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from([0.0, 0.5]))
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(SIDE, SIDE)
def test_every_id_is_in_one_group(tmp_path_factory, one, two):
    folder = tmp_path_factory.mktemp("pair")
    found = difference(invented(folder / "a", one), invented(folder / "b", two))
    both = one.keys() & two.keys()

    def seen(row):
        """What a dataset holds of a document: a dropped one has no text, a failed one no score."""
        fate, text, score = row
        return fate, text if fate == 0 else None, score if fate < 2 else None

    same = sum(seen(one[n]) == seen(two[n]) for n in both)
    assert found.documents == {
        "same": same,
        "added": len(two.keys() - one.keys()),
        "removed": len(one.keys() - two.keys()),
        "changed": len(both) - same,
    }
    assert sum(found.documents.values()) == len(one.keys() | two.keys())
    assert found.equal == (one == two and list(one) == list(two))
    kept = [{n for n, row in side.items() if row[0] == 0} for side in (one, two)]
    assert found.kept == {
        "both": len(kept[0] & kept[1]),
        "came": len(kept[1] - kept[0]),
        "left": len(kept[0] - kept[1]),
    }
    moved = Counter(
        (one[n][0] if n in one else 3, two[n][0] if n in two else 3) for n in one.keys() | two.keys()
    )
    assert sum(move["documents"] for move in found.moves) == sum(n for (a, b), n in moved.items() if a != b)
    assert {row["value"] for row in found.groups["source"]} == {f"s{n % 2}" for n in one.keys() | two.keys()}
