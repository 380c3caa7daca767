"""The four promises of the design, each on a dataset that was really made."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from apache_beam.runners.portability.fn_api_runner.execution import GroupingBuffer
from texts import grow, prose, small_units

from colophon.pipelines.verify import verify
from colophon.runners.recipes import read_recipe, sections
from colophon.schemas import default_recipe


@pytest.fixture
def mixed(papers: Path) -> Path:
    """Texts with every kind of fate among them."""
    (papers / "copy.txt").write_bytes((papers / "paper00.txt").read_bytes())
    (papers / "spaced.txt").write_text(
        (papers / "paper01.txt").read_text().replace(" ", "  \n").replace("The", "tHE")
    )
    words = (papers / "paper02.txt").read_text().split(" ")
    (papers / "near.txt").write_text(" ".join([*words[:-2], "anew", *words[-2:]]))
    (papers / "short.txt").write_text(
        "This short note about the river says that the water was high in the winter."
    )
    (papers / "empty.txt").write_bytes(b"")
    (papers / "french.txt").write_text(
        "Les rivières de la région sont étudiées depuis longtemps par nos équipes. " * 12
    )
    (papers / "lines.jsonl").write_text(
        "".join(json.dumps({"text": prose(100 + n), "n": n}) + "\n" for n in range(6)) + "{broken\n"
    )
    return papers


def test_every_document_has_a_fate(curate, mixed):
    dataset = curate(mixed)
    files = {path.name for path in mixed.iterdir()}
    assert {row["source_uri"] for row in dataset.ledger} == files
    assert Counter(row["fate"] for row in dataset.ledger) == Counter(dataset.manifest["fates"])
    assert [row["id"] for row in dataset.ledger if row["fate"] == "kept"] == [
        row["id"] for row in dataset.data
    ]
    for source in dataset.manifest["sources"].values():
        assert source["documents"] == source["kept"] + source["dropped"] + source["failed"]
        before = source["documents"]
        for stage in dataset.manifest["stages"]:
            one = source["stages"][stage]
            assert one["in"] == before == one["kept"] + one["dropped"] + one["failed"]
            assert sum(one["reasons"].values()) == one["dropped"] + one["failed"]
            before = one["kept"]
    reasons = Counter(row["reason"] for row in dataset.ledger if row["fate"] != "kept")
    assert reasons == {
        "exact_bytes": 1, "exact_text": 1, "near_duplicate": 1, "too_few_words": 1, "empty_file": 1,
        "language_not_wanted": 1, "not_json": 1,
    }  # fmt: skip


def test_same_bytes_whatever_was_staged_before(curate, mixed):
    first = curate(mixed, output="a", staging="s1")
    again = curate(mixed, output="b", staging="s2")
    reused = curate(mixed, output="c", staging="s1")
    assert first.bytes() == again.bytes() == reused.bytes()
    assert again.run["input_bytes_read"] > 0
    assert reused.run["input_bytes_read"] == 0


def test_same_bytes_in_another_place_and_order(curate, mixed, papers, tmp_path):
    import shutil

    other = tmp_path / "other"
    other.mkdir()
    (other / "one.txt").write_text(prose(77))
    first = curate(mixed, other, output="a")
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.copytree(mixed, moved / mixed.name)
    shutil.copytree(other, moved / other.name)
    second = curate(moved / other.name, moved / mixed.name, output="b")
    assert first.bytes() == second.bytes()


def test_a_dataset_that_grew_has_the_bytes_of_one_made_at_once(curate, tmp_path):
    folder = tmp_path / "grown"
    grow(folder, range(0, 36, 2))
    before = curate(folder, recipe=small_units(), output="a", staging="s1")
    assert before.run["units"] > 3
    grow(folder, range(1, 36, 2))
    grown = curate(folder, recipe=small_units(), output="b", staging="s1")
    at_once = curate(folder, recipe=small_units(), output="c", staging="s2")
    assert grown.bytes() == at_once.bytes()
    assert len([name for name in grown.manifest["files"] if name.startswith("data/")]) > 1


def test_an_added_file_touches_one_unit(curate, tmp_path):
    folder = tmp_path / "grown"
    grow(folder, range(30))
    curate(folder, recipe=small_units(), output="a")
    (folder / "015b.txt").write_text(prose(999))
    after = curate(folder, recipe=small_units(), output="b")
    assert 0 < after.run["input_bytes_read"] < after.run["input_bytes"] / 4


def test_a_changed_threshold_reads_nothing_again(curate, mixed):
    curate(mixed, output="a")
    mixed_recipe = small_units(threshold=0.99)
    mixed_recipe = replace(mixed_recipe, plan=default_recipe(sections()).plan)
    after = curate(mixed, recipe=mixed_recipe, output="b")
    assert after.run["input_bytes_read"] == 0
    assert "near_duplicate" not in {row["reason"] for row in after.ledger}


def shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


def test_no_document_is_dropped_unless_compared_with_the_one_kept(curate, tmp_path):
    """A chain in which only neighbours are alike, and clusters of edited copies."""
    folder = tmp_path / "chain"
    folder.mkdir()
    rng = random.Random(5)
    words = prose(1, 400).split()
    texts = {}
    for n in range(40):
        texts[f"chain{n:02d}.txt"] = " ".join(words)
        at = rng.randrange(0, 380)
        words[at : at + 12] = [f"new{n}x{i}" for i in range(12)]
    for n in range(10):
        base = prose(50 + n, 300).split()
        for copy in range(4):
            edited = list(base)
            for at in rng.sample(range(300), 1 + 6 * copy):
                edited[at] = f"edit{copy}"
            texts[f"cluster{n}-{copy}.txt"] = " ".join(edited)
    for name, text in texts.items():
        (folder / name).write_text(text)
    dataset = curate(folder)
    uri = {row["id"]: row["source_uri"] for row in dataset.ledger}
    kept = {row["source_uri"] for row in dataset.ledger if row["fate"] == "kept"}
    dropped = [row for row in dataset.ledger if row["stage"] == "deduplicate"]
    assert len(dropped) > 20
    for row in dropped:
        other = uri[row["duplicate_of"]]
        assert other in kept
        one, two = shingles(texts[row["source_uri"]]), shingles(texts[other])
        assert row["similarity"] == pytest.approx(len(one & two) / len(one | two), abs=1e-12)
        assert row["similarity"] >= 0.8
    assert sum(name.startswith("chain") for name in kept) > 5


def test_text_is_never_shuffled(curate, mixed, monkeypatch):
    """What passes a GroupByKey is caught and searched for pieces of the texts."""
    caught = bytearray()
    append = GroupingBuffer.append

    def catch(self, elements):
        caught.extend(bytes(elements))
        return append(self, elements)

    monkeypatch.setattr(GroupingBuffer, "append", catch)
    dataset = curate(mixed)
    assert len(caught) > 1000
    for row in dataset.data:
        text = row["text"].encode()
        for at in range(0, len(text) - 24, 24):
            assert text[at : at + 24] not in caught
    assert b'"key":' in caught  # the summaries of units do pass


def test_the_example_has_the_fates_it_promises(curate, examples):
    dataset = curate(recipe=read_recipe(examples / "recipe.yaml"))
    assert verify(dataset.folder).faults == []
    found = {(row["source"], row["source_uri"], row["locator"]): row for row in dataset.ledger}
    lines = (examples / "expected_fates.tsv").read_text().splitlines()[1:]
    either: Counter[tuple[str, str]] = Counter()
    for line in lines:
        source, file, locator, fate, stage, reason = line.split("\t")
        row = found.pop((source, file, locator))
        if "|" in fate:
            either[row["fate"], reason] += 1
            assert row["fate"] == "kept" or row["reason"] == reason
        else:
            assert (row["fate"], row["stage"], row["reason"]) == (fate, stage, reason), line
    assert not found
    assert either
    assert all(either["kept", reason] == either["dropped", reason] for _, reason in either)


def test_same_bytes_in_however_many_passes(curate, mixed, monkeypatch):
    from colophon.pipelines.job import Job

    once = curate(mixed, output="a")
    monkeypatch.setattr(Job, "passes", property(lambda _: 3))
    assert curate(mixed, output="b").bytes() == once.bytes()
