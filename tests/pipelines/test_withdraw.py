"""Documents that are withdrawn are gone with all their copies; the rest keeps its bytes; everything still adds up."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from copies import written
from hypothesis import given
from hypothesis import strategies as st
from sealing import seal as seal_manifest
from texts import prose, small_units

from colophon.pipelines.changes import difference, held
from colophon.pipelines.changes.withdraw import NOTICE_FILE, PROOFS, withdraw
from colophon.pipelines.counts import count_data, less_counts, merge_counts
from colophon.pipelines.proofs import check_file
from colophon.pipelines.removals import RECORDS_FILE, keys_of, parse_list, read_wanted, seal
from colophon.pipelines.verify import verify
from colophon.schemas import RunFailed, UsageError


def document(n: int, **more: object) -> dict[str, object]:
    """A text of its own with a title, a DOI and an address that tell it."""
    return {
        "text": f"{prose(n, 2000)} Marker{n}inside.",
        "title": f"Of mills and rivers, part titled {n}",
        "doi": f"10.5555/mills.{n}",
        "url": f"https://mills.example/papers/{n}",
        **more,
    }


@pytest.fixture(scope="module")
def sound(curate_once, tmp_path_factory):
    """Sixteen works in several shards; works 0 and 1 have copies, the latter under another DOI and far away."""
    folder = tmp_path_factory.mktemp("inputs") / "texts"
    for part in range(4):
        written(folder / f"{part}.jsonl", *(document(4 * part + n) for n in range(4)))
    twin = document(
        1, doi="10.5555/preprint.1", title="An earlier title of it all", url="https://preprints.example/1"
    )
    written(folder / "8.jsonl", document(0), document(20), document(21))
    written(folder / "9.jsonl", twin, document(22), document(23))
    written(folder / "10.jsonl", {"text": "Too short."}, document(24))
    made = curate_once(folder, recipe=replace(small_units(), version="1.2.0"))
    assert verify(made.folder).faults == []
    assert sum(name.startswith("data/") for name in made.manifest["files"]) >= 3
    assert Counter(row["stage"] for row in made.ledger)["deduplicate"] == 2
    return made


def taken(sound, into: Path, *lines: str, **options):
    """A withdrawal; the new dataset, and what was found."""
    wanted = parse_list("\n".join(lines).encode(), "list")
    found = withdraw(sound.folder, wanted, into, **options)
    if not found.kept:
        return None, found
    assert verify(into).faults == []
    return type(sound)(into, json.loads((into / "manifest.json").read_bytes()), {}), found


def titled(dataset) -> set[str]:
    return {row["title"] for row in dataset.data}


def everything(folder: Path) -> str:
    """All that the files hold, their columns uncompressed."""
    said = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            said.append(repr(pq.read_table(path).to_pylist()))
        elif path.is_file():
            said.append(path.read_text())
    return "\n".join(said)


def test_a_paper_by_its_doi(sound, tmp_path):
    after, found = taken(
        sound, tmp_path / "next", "https://doi.org/10.5555/MILLS.7", why="its authors ask for it"
    )
    assert titled(sound) - titled(after) == {"Of mills and rivers, part titled 7"}
    assert found.lines == [1]
    manifest = after.manifest
    assert manifest["version"] == "2.0.0"
    assert manifest["predecessor"]["version"] == "1.2.0"
    assert manifest["withdrawals"][0]["kept"] == {"withdrawn": 1, "copy_of_a_withdrawn_document": 0}
    assert manifest["withdrawals"][0]["reason"] == "its authors ask for it"
    (row,) = [row for row in after.ledger if row["stage"] == "withdraw"]
    assert (row["fate"], row["reason"], row["value"], row["duplicate_of"]) == (
        "dropped",
        "withdrawn",
        None,
        None,
    )
    assert {
        name: sum(fates.values())
        for name, fates in (("a", sound.manifest["fates"]), ("b", manifest["fates"]))
    } == {
        "a": len(sound.ledger),
        "b": len(sound.ledger),
    }
    said = everything(after.folder)
    for trace in ("Marker7inside", "part titled 7", "10.5555/mills.7", "papers/7"):
        assert trace in everything(sound.folder)
        assert trace not in said


def test_only_the_shards_that_it_touches_are_written(sound, tmp_path):
    after, _ = taken(sound, tmp_path / "next", "10.5555/mills.7")
    before = {name: entry["sha256"] for name, entry in sound.manifest["files"].items()}
    changed = {name for name, entry in after.manifest["files"].items() if before.get(name) != entry["sha256"]}
    (part,) = {name.partition("/")[2] for name in changed if name.startswith(("data/", "ledger/"))}
    assert changed == {f"data/{part}", f"ledger/{part}", "merkle/buckets.parquet", RECORDS_FILE}
    for name in before.keys() - changed:
        assert (sound.folder / name).read_bytes() == (after.folder / name).read_bytes()


@pytest.mark.parametrize("named", ["kept", "dropped"])
def test_a_cluster_goes_as_a_whole(sound, tmp_path, named):
    copy = next(
        row for row in sound.ledger if row["stage"] == "deduplicate" and row["source_uri"] in "9.jsonl8.jsonl"
    )
    after, found = taken(
        sound, tmp_path / "next", copy["duplicate_of"] if named == "kept" else copy["id"].upper()
    )
    rows = {row["id"]: row for row in after.ledger}
    kept, dropped = rows[copy["duplicate_of"]], rows[copy["id"]]
    assert (kept["fate"], kept["stage"]) == ("dropped", "withdraw")
    assert kept["reason"] == ("withdrawn" if named == "kept" else "copy_of_a_withdrawn_document")
    assert (dropped["stage"], dropped["reason"]) == ("deduplicate", "copy_of_a_withdrawn_document")
    assert dropped["duplicate_of"] == kept["id"]
    assert found.copies == {copy["id"]}
    assert len(after.data) == len(sound.data) - 1


def test_all_kinds_of_lines(sound, tmp_path):
    row = sound.data[5]
    after, found = taken(
        sound, tmp_path / "next",
        "# what the publisher sent", "", row["id"], f"sha256:{sound.data[6]['text_sha256'].upper()}",
        "HTTPS://Mills.example/papers/9   # an address", "doi:10.5555/Mills.10", "10.5555/nowhere.1", "\t10.5555/mills.10\r",
    )  # fmt: skip
    assert found.outcome == ["withdrawn"] * 4 + ["nothing", "withdrawn"]
    assert len(sound.data) - len(after.data) == 4
    records = json.loads((after.folder / RECORDS_FILE).read_text())["withdrawals"][0]
    assert Counter(each["outcome"] for each in records["named"]) == {"withdrawn": 4, "nothing": 1}
    salt = bytes.fromhex(records["salt"])
    assert {"doi": seal(salt, "doi", "doi:10.5555/nowhere_1"), "outcome": "nothing"} in records["named"]
    assert seal(salt, "id", row["id"]) in {record["id"] for record in records["records"]}


def test_an_address_ends_where_a_part_of_one_ends(sound, tmp_path):
    after, found = taken(sound, tmp_path / "next", "https://mills.example/papers/1")
    assert titled(sound) - titled(after) == {"Of mills and rivers, part titled 1"}
    _, found = taken(sound, tmp_path / "all", "http://mills.example/papers/")
    assert found.lines == [21]  # a copy that was dropped has no address in the ledger, and goes as a copy


def test_an_identifier_in_two_sources(curate, tmp_path):
    """Two sources have one work in texts too different to be copies; both go, and no other."""
    for n, name in enumerate(("journal", "archive")):
        folder = tmp_path / name
        written(folder / "a.jsonl", document(n, doi="10.5555/shared.1"), document(10 + n))
    made = curate(tmp_path / "journal", tmp_path / "archive", recipe=small_units())
    assert len(made.data) == 4
    after, _ = taken(made, tmp_path / "next", "10.5555/shared.1")
    assert titled(after) == {f"Of mills and rivers, part titled {n}" for n in (10, 11)}
    # By its id alone one goes; the DOI, which the other bears too, is not recorded as withdrawn.
    one = next(row for row in made.data if row["source"] == "archive" and row["doi"] == "10.5555/shared.1")
    after, _ = taken(made, tmp_path / "one", one["id"])
    (record,) = json.loads((after.folder / RECORDS_FILE).read_text())["withdrawals"][0]["records"]
    assert set(record) == {"id", "text_sha256"}


def test_the_same_text_goes_too_where_duplicates_were_not_looked_for(curate, tmp_path):
    written(tmp_path / "in" / "a.jsonl", document(1), document(1, doi="10.5555/other.1"), document(2))
    made = curate(tmp_path / "in", recipe=small_units(enabled=False))
    assert len(made.data) == 3
    after, found = taken(made, tmp_path / "next", "10.5555/other.1")
    assert Counter(found.kept.values()) == {"withdrawn": 1, "copy_of_a_withdrawn_document": 1}
    assert titled(after) == {"Of mills and rivers, part titled 2"}


def test_nothing_matches(sound, tmp_path):
    after, found = taken(sound, tmp_path / "next", "10.5555/nowhere.1", "0" * 32)
    assert after is None
    assert found.outcome == ["nothing", "nothing"]
    assert not (tmp_path / "next").exists()


def test_what_was_dropped_before_is_told(sound, tmp_path):
    short = next(row for row in sound.ledger if row["reason"] == "too_few_words")
    after, found = taken(sound, tmp_path / "next", short["id"])
    assert after is None
    assert found.outcome == ["not_kept"]


def test_everything_matches(sound, tmp_path):
    after, _ = taken(
        sound, tmp_path / "next", "https://mills.example", "https://preprints.example", "10.5555/mills.20"
    )
    assert after.data == []
    assert after.manifest["fates"]["kept"] == 0


def test_a_withdrawal_after_a_withdrawal(sound, tmp_path):
    first, _ = taken(sound, tmp_path / "first", "10.5555/mills.7", "10.5555/nowhere.1")
    none, found = taken(first, tmp_path / "none", "10.5555/mills.7", "10.5555/nowhere.2")
    assert none is None
    assert found.outcome == ["already_withdrawn", "nothing"]
    second, _ = taken(first, tmp_path / "second", "10.5555/mills.8", "10.5555/mills.7")
    assert [each["version"] for each in second.manifest["withdrawals"]] == ["2.0.0", "3.0.0"]
    assert second.manifest["stages"].count("withdraw") == 1
    assert len(second.data) == len(sound.data) - 2
    assert difference(first.folder, second.folder).kept == {"both": len(second.data), "came": 0, "left": 1}


def test_the_same_list_gives_the_same_bytes_whatever_its_order_and_spelling(sound, tmp_path):
    one, _ = taken(sound, tmp_path / "one", "10.5555/mills.7", "doi:10.5555/mills.8")
    two, _ = taken(
        sound, tmp_path / "two", "# a note", "https://dx.doi.org/10.5555/Mills.8", "10.5555/mills.7"
    )
    assert one.bytes() == two.bytes()
    assert (one.folder / NOTICE_FILE).read_bytes() == (two.folder / NOTICE_FILE).read_bytes()


def test_records_and_notice_name_nothing_and_find_it_elsewhere(sound, curate, tmp_path):
    after, found = taken(sound, tmp_path / "next", "10.5555/mills.7", "10.5555/mills.1")
    for name in (RECORDS_FILE, NOTICE_FILE):
        said = (after.folder / name).read_text()
        assert not any(one in said for one in ("mills.7", "mills_7", *found.kept, *found.copies))
    # Another site has work 7 under another name, work 1's text without a DOI, and a work of its own.
    other = document(1)
    del other["doi"], other["url"]
    written(tmp_path / "theirs" / "b.jsonl", document(7, text=prose(99, 2000)), other, document(30))
    theirs = curate(tmp_path / "theirs", recipe=small_units())
    notice = after.folder / NOTICE_FILE
    matches = held(theirs.folder, notice)
    assert sorted((one["by"], one["fate"]) for one in matches) == [
        (["doi"], "kept"),
        (["text_sha256"], "kept"),
    ]
    told = withdraw(theirs.folder, read_wanted(notice), tmp_path / "theirs2")
    assert sorted(told.kept) == sorted(one["id"] for one in matches)
    assert verify(tmp_path / "theirs2").faults == []
    # Applied to the dataset as it was, the records take out the same.
    again = withdraw(sound.folder, read_wanted(after.folder / RECORDS_FILE), tmp_path / "again")
    assert again.kept.keys() == found.kept.keys()


def test_absence_is_proved(sound, tmp_path):
    after, found = taken(sound, tmp_path / "next", "10.5555/mills.1")
    proofs = sorted((after.folder / PROOFS).iterdir())
    assert {path.stem for path in proofs} == {*found.kept, *found.copies}
    for path in proofs:
        assert json.loads(path.read_text())["claim"] == "absent"
        check_file(path.read_bytes(), after.manifest["merkle"]["root"])


def test_verify_catches_who_brings_one_back(sound, tmp_path):
    after, _ = taken(sound, tmp_path / "next", "10.5555/mills.7")
    forged = shutil.copytree(sound.folder, tmp_path / "forged")
    shutil.copytree(after.folder / "withdrawals", forged / "withdrawals")
    manifest = json.loads((forged / "manifest.json").read_bytes())
    manifest["withdrawals"] = after.manifest["withdrawals"]
    manifest["files"][RECORDS_FILE] = after.manifest["files"][RECORDS_FILE]
    seal_manifest(forged, manifest)
    faults = "\n".join(verify(forged).faults)
    assert "is kept, but the records of withdrawals name it" in faults
    assert "withdrawals say that 1 documents are withdrawn, recounted they are 0" in faults
    (after.folder / RECORDS_FILE).unlink()
    assert f"{RECORDS_FILE}: is missing" in "\n".join(verify(after.folder).faults)


@pytest.mark.parametrize(
    "line",
    [
        "hello", "0" * 31, "sha256:abc", "10.5555/", "doi:11.1/2", "https://", "ftp://mills.example/", "../../etc/passwd",
        "10.5555/a b", "\x1b[2Jx", "\u202e10.5555/mills.7", "a" * 3000, "https://a b/", "file.xml",
    ],
)  # fmt: skip
def test_a_malformed_line_is_refused_by_its_number(line):
    with pytest.raises(UsageError, match="list: line 3") as error:
        parse_list(f"10.5555/mills.7\n# comment\n{line}\n".encode(), "list")
    assert str(error.value).isprintable()


@pytest.mark.parametrize("content", [b"", b"# nothing\n\n", b"\xff\xfe\n", b"{", b'{"format": "x"}', b"\x00"])
def test_a_list_of_nothing_is_refused(tmp_path, content):
    (tmp_path / "list").write_bytes(content)
    with pytest.raises(UsageError, match="list"):
        read_wanted(tmp_path / "list")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    with contextlib.suppress(UsageError):
        assert parse_list(content, "list").lines


def test_a_damaged_dataset_is_refused(sound, tmp_path):
    copy = shutil.copytree(sound.folder, tmp_path / "copy")
    path = min((copy / "data").iterdir())
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(RunFailed, match="not what its manifest says"):
        withdraw(copy, parse_list(b"10.5555/mills.7", "list"), tmp_path / "next")


@given(st.data())
def test_counts_without_some_rows_are_counts_of_the_others(sound, data):
    path = max((sound.folder / "data").iterdir())
    table = pq.read_table(path)
    chosen = data.draw(st.lists(st.booleans(), min_size=table.num_rows, max_size=table.num_rows))
    none = count_data(table.slice(0, 0), 5)
    total = merge_counts([none, count_data(table, 5)])
    gone = count_data(table.filter(chosen), 5)
    rest = merge_counts([none, count_data(table.filter([not one for one in chosen]), 5)])
    assert less_counts(total, gone, none) == rest


def test_versions_of_a_work_are_one():
    keys = {keys_of({"id": "0", "doi": doi})[1] for doi in ("10.12688/mills.7.1", "10.12688/MILLS.7.2")}
    assert len(keys) == 1
