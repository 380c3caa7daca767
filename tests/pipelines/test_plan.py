"""Plans: what is listed, where it is cut, and what an edit touches."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import grow, prose, small_units

from colophon.pipelines.canonical import uri_of_path
from colophon.pipelines.plan import _glob, cuts_here, make_plan
from colophon.pipelines.write import plan_shards
from colophon.runners.recipes import sections
from colophon.schemas import default_recipe, with_inputs


def planned(folder: Path, **source):
    recipe = with_inputs(small_units(), [folder])
    return make_plan(replace(recipe, sources=(replace(recipe.sources[0], **source),)))


def test_units_have_the_sizes_asked_for(tmp_path):
    grow(tmp_path / "in", range(200))
    plan = planned(tmp_path / "in")
    sizes = [unit.size for unit in plan.units]
    assert len(sizes) > 10
    assert all(2**14 <= size <= 2**18 for size in sizes[:-1])
    assert sum(sizes) == sum(path.stat().st_size for path in (tmp_path / "in").iterdir())
    assert [unit.index for unit in plan.units] == list(range(len(sizes)))


@pytest.mark.parametrize("change", ["add", "edit", "remove"])
def test_a_change_touches_one_unit_or_two(tmp_path, change):
    grow(tmp_path / "in", range(200))
    before = {unit.key for unit in planned(tmp_path / "in").units}
    path = tmp_path / "in" / "100.txt"
    if change == "add":
        path.with_name("100b.txt").write_text(prose(5, 3000))
    elif change == "edit":
        path.write_text(path.read_text() + "more")
    else:
        path.unlink()
    after = {unit.key for unit in planned(tmp_path / "in").units}
    assert 1 <= len(after - before) <= 2
    assert 1 <= len(before - after) <= 2


def test_a_large_jsonl_file_is_read_in_parts_and_gives_the_same_documents(curate, tmp_path):
    (tmp_path / "in").mkdir()
    lines = [json.dumps({"text": prose(n, 400), "n": n}) for n in range(300)]
    lines[150] = "{broken"
    (tmp_path / "in" / "a.jsonl").write_text("\n".join(lines) + "\n")
    recipe = with_inputs(small_units(), [tmp_path / "in"])
    plan = make_plan(recipe)
    assert len(plan.units) > 5
    assert plan.n_files == 1
    in_parts = curate(recipe=recipe, output="parts")
    whole = curate(tmp_path / "in", output="whole")
    assert whole.run["units"] == 1
    assert in_parts.ledger == whole.ledger
    assert in_parts.data == whole.data
    assert len(in_parts.ledger) == 300


def test_a_large_web_archive_is_read_in_parts_and_gives_the_same_documents(curate, tmp_path):
    (tmp_path / "in").mkdir()
    records = []
    for n in range(200):
        page = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + prose(n, 400).encode()
        head = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: %d\r\n\r\n" % len(page)
        records.append(head + page + b"\r\n\r\n")
    records[77] = records[77].replace(b"Length: ", b"Length: x")
    (tmp_path / "in" / "a.warc").write_bytes(b"".join(records))
    recipe = with_inputs(small_units(), [tmp_path / "in"])
    assert len(make_plan(recipe).units) > 5
    in_parts = curate(recipe=recipe, output="parts")
    whole = curate(tmp_path / "in", output="whole")
    assert whole.run["units"] == 1
    assert in_parts.ledger == whole.ledger
    assert in_parts.data == whole.data
    assert len([row for row in in_parts.ledger if row["reason"] != "damaged_record"]) == 199


def test_a_large_compressed_file_is_one_part(tmp_path):
    (tmp_path / "in").mkdir()
    import random

    rng = random.Random(1)
    noise = "".join(
        json.dumps({"text": "".join(chr(rng.randrange(48, 122)) for _ in range(2000))}) + "\n"
        for _ in range(400)
    )
    (tmp_path / "in" / "a.jsonl.gz").write_bytes(gzip.compress(noise.encode(), 1))
    plan = planned(tmp_path / "in")
    assert plan.size > 2**18
    assert [part.end for unit in plan.units for part in unit.parts] == [None]


def test_what_a_setting_changes(tmp_path):
    grow(tmp_path / "in", range(3))

    def keys(recipe) -> list[str]:
        return [unit.key for unit in make_plan(with_inputs(recipe, [tmp_path / "in"])).units]

    base = default_recipe(sections())
    length = base.filters["length"]
    same = [
        replace(base, deduplicate=replace(base.deduplicate, threshold=0.7)),
        replace(base, filters={**base.filters, "length": replace(length, min_words=7)}),
        replace(base, name="other", version="2.0.0"),
        replace(base, output=replace(base.output, shard_size=2**21)),
    ]
    other = [
        replace(base, deduplicate=replace(base.deduplicate, shingle_size=4)),
        replace(base, read=replace(base.read, references=True)),
        replace(base, clean=replace(base.clean, fix_encoding=False)),
    ]
    assert all(keys(recipe) == keys(base) for recipe in same)
    assert all(keys(recipe) != keys(base) for recipe in other)


def test_hidden_files_are_passed_over_and_counted(tmp_path):
    grow(tmp_path / "in", range(2))
    (tmp_path / "in" / ".DS_Store").write_text("x")
    (tmp_path / "in" / ".git").mkdir()
    plan = planned(tmp_path / "in")
    assert plan.hidden == 2
    assert plan.n_files == 2


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("**", "a/b/c.txt", True), ("*.xml", "a.xml", True), ("*.xml", "a/b.xml", False), ("**/*.xml", "b.xml", True),
        ("**/*.xml", "a/b/c.xml", True), ("a/**", "a/b/c", True), ("a/**", "ab/c", False), ("?.txt", "a.txt", True),
        ("?.txt", "/.txt", False), ("[ab].txt", "b.txt", True), ("[!ab].txt", "b.txt", False), ("a+(b).txt", "a+(b).txt", True),
        ("two\nlines", "two\nlines", True), ("*.XML", "a.xml", False),
    ],
)  # fmt: skip
def test_patterns(pattern, path, matches):
    assert bool(_glob(pattern).fullmatch(path)) is matches


@given(st.binary(min_size=1, max_size=30).filter(lambda name: b"\0" not in name))
def test_uris_are_printable_and_reversible(name):
    import os
    from urllib.parse import unquote_to_bytes

    uri = uri_of_path(os.fsdecode(name))
    uri.encode()
    assert unquote_to_bytes(uri) == name


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=60), st.integers(10**3, 10**6))
def test_shards_hold_each_unit_once_and_in_order(sizes, target):
    shards = plan_shards(((i, f"unit{i}", size) for i, size in enumerate(sizes)), target)
    assert [unit for shard in shards for unit in shard] == list(range(len(sizes)))
    for shard in shards:
        assert len(shard) == 1 or sum(sizes[unit] for unit in shard) <= 4 * target


def test_cuts_follow_the_name_and_not_a_small_edit():
    assert [cuts_here(f"file{n}", 1000, 4096) for n in range(50)] == [
        cuts_here(f"file{n}", 1001, 4096) for n in range(50)
    ]
    assert any(cuts_here(f"file{n}", 1000, 4096) for n in range(50))


def test_a_damaged_staged_file_is_made_anew_or_named(curate, tmp_path):
    from colophon.schemas import RunFailed

    grow(tmp_path / "in", range(4))
    first = curate(tmp_path / "in", output="a")
    (staged,) = (tmp_path / "made" / "staging" / "units").rglob("*.parquet")
    whole = staged.read_bytes()
    staged.write_bytes(whole[:-100])
    assert curate(tmp_path / "in", output="b").bytes() == first.bytes()
    assert len(staged.read_bytes()) == len(whole)
    spoiled = bytearray(whole)
    spoiled[len(whole) // 2] ^= 1
    staged.write_bytes(spoiled)
    with pytest.raises((RunFailed, RuntimeError), match="is damaged and was removed"):
        curate(tmp_path / "in", output="c")
    assert curate(tmp_path / "in", output="d").bytes() == first.bytes()
