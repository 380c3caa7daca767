"""Bad input gets a clear error or a row of the ledger; the good beside it is unharmed."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from texts import lenient, prose

from colophon.pipelines.verify import verify
from colophon.runners.recipes import sections
from colophon.runners.run import Run
from colophon.schemas import RecipeError, RunFailed, UsageError, default_recipe, with_inputs

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE article [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(12))
    + "]><article><front><article-meta><title-group><article-title>&m;</article-title></title-group>"
    "</article-meta></front><body><p>&m;</p></body></article>"
)
EXTERNAL = (
    '<?xml version="1.0"?><!DOCTYPE article [<!ENTITY secret SYSTEM "file://{path}">]>'
    "<article><front><article-meta><title-group><article-title>A study</article-title></title-group></article-meta>"
    "</front><body><p>{prose}</p><p>Before &secret; after.</p></body></article>"
)
ODD_NAMES = [
    "with space.txt",
    "quo'te\".txt",
    "two\nlines.txt",
    "emoji 🧪.txt",
    "100%.txt",
    "-dash.txt",
    "näive.txt",
]


@pytest.fixture
def folder(tmp_path):
    """A folder with one good text, for whatever a test puts beside it."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.txt").write_text(prose(1))
    return folder


def rows_of(dataset, name: str) -> list[dict]:
    assert verify(dataset.folder).faults == []
    assert "good.txt" in {row["source_uri"] for row in dataset.ledger if row["fate"] == "kept"}
    return [row for row in dataset.ledger if row["source_uri"] == name]


def jsonl(*texts: str) -> bytes:
    return b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts)


CASES = {
    "empty.txt": (b"", "empty_file"),
    "blank.txt": (b" \n\t \n", "empty_file"),
    "noise.txt": (bytes(range(256)) * 40, "binary_data"),
    "truncated.txt.gz": (gzip.compress(prose(3).encode() * 50)[:-40], "truncated"),
    "truncated.txt.zst": (zstandard.compress(prose(3).encode() * 50)[:-40], "truncated"),
    "bomb.xml": (BOMB.encode(), "entity_expansion"),
    "deep.xml": (
        b"<article><body>" + b"<sec>" * 100_000 + b"</sec>" * 100_000 + b"</body></article>",
        "too_deeply_nested",
    ),
    "open.xml": (b"<article><front/><body><p>text</body></article>", "not_well_formed"),
    "no-text.parquet": (None, "no_text_column"),
    "not.parquet": (b"PAR1 but not really PAR1", "not_parquet"),
    "broken.jsonl": (b'{"text": "a"\n', "not_json"),
}


@pytest.mark.parametrize("name", CASES)
def test_one_bad_file_is_one_failed_row(curate, folder, name):
    content, reason = CASES[name]
    if content is None:
        pq.write_table(pa.table({"body": [prose(4)]}), folder / name)
    else:
        (folder / name).write_bytes(content)
    (row,) = rows_of(curate(folder), name)
    assert (row["fate"], row["stage"]) == ("failed", "read")
    assert row["reason"] == reason, row
    assert row["detail"]


def test_line_and_column_of_broken_xml(curate, folder):
    (folder / "open.xml").write_text("<article><front/>\n<body><p>text</body></article>")
    (row,) = rows_of(curate(folder), "open.xml")
    assert row["detail"].startswith("line 2, column ")


def test_an_external_entity_is_not_read(curate, folder, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the combination is 1234")
    (folder / "spy.xml").write_text(EXTERNAL.format(path=secret, prose=prose(9)))
    dataset = curate(folder)
    assert rows_of(dataset, "spy.xml")
    assert "combination" not in json.dumps([dataset.data, dataset.ledger])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("paper.txt", "<article article-type='x'><front></front><body><p>{}</p></body></article>"),
        (
            "page.xml",
            "<!DOCTYPE html><html><head><title>T</title></head><body><article><p>{}</p></article></body></html>",
        ),
        ("data.csv.txt", "{}"),
    ],
)
def test_content_tells_the_type_before_the_name(curate, folder, name, content):
    (folder / name).write_text(content.format(prose(11)))
    dataset = curate(folder)
    (row,) = rows_of(dataset, name)
    assert row["fate"] == "kept", row
    kept = next(one for one in dataset.data if one["source_uri"] == name)
    expected = {"paper.txt": "application/jats+xml", "page.xml": "text/html", "data.csv.txt": "text/plain"}
    assert kept["media_type"] == expected[name]


def test_invalid_utf8_and_nul_do_not_lose_the_text(curate, folder):
    (folder / "latin.txt").write_bytes(prose(5).replace("river", "rivière").encode("latin-1"))
    (folder / "nul.txt").write_bytes(prose(6).replace("river", "ri\0ver").encode())
    dataset = curate(folder)
    texts = {row["source_uri"]: row["text"] for row in dataset.data}
    assert "rivière" in texts["latin.txt"]
    assert "\0" not in texts["nul.txt"]
    assert rows_of(dataset, "nul.txt")


def test_broken_lines_between_good_ones(curate, folder):
    lines = [
        *jsonl(prose(20)).splitlines(),
        b"{oops",
        b"[1]",
        b'{"txt": "a"}',
        b'{"text": 5}',
        *jsonl(prose(21)).splitlines(),
    ]
    (folder / "mixed.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    rows = rows_of(curate(folder), "mixed.jsonl")
    assert [row["fate"] for row in rows] == ["kept", "failed", "failed", "failed", "failed", "kept"]
    assert [row["reason"] for row in rows[1:5]] == [
        "not_json",
        "not_an_object",
        "no_text_field",
        "text_not_a_string",
    ]
    at = [int(row["locator"].removeprefix("byte=")) for row in rows]
    content = (folder / "mixed.jsonl").read_bytes()
    assert [content[start:].split(b"\n")[0] for start in at] == lines


def test_one_line_that_is_larger_than_a_document_may_be(curate, folder):
    with (folder / "huge.jsonl").open("wb") as stream:
        stream.write(jsonl(prose(30)))
        stream.write(b'{"text": "')
        for _ in range(70):
            stream.write(b"a river " * (2**20 // 8))
        stream.write(b'"}\n')
        stream.write(jsonl(prose(31)))
    dataset = curate(folder)
    rows = rows_of(dataset, "huge.jsonl")
    assert sorted(row["fate"] for row in rows) == ["failed", "kept", "kept"]
    (bad,) = [row for row in rows if row["fate"] == "failed"]
    assert bad["reason"] == "too_large"
    assert bad["value"] > bad["threshold"] == 64 * 2**20


def test_odd_names(curate, folder):
    for n, name in enumerate(ODD_NAMES):
        (folder / name).write_text(prose(40 + n))
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text(prose(60))
    dataset = curate(folder)
    uris = {row["source_uri"] for row in dataset.ledger if row["fate"] == "kept"}
    assert uris == {
        "good.txt", "with space.txt", "quo'te\".txt", "two%0Alines.txt", "emoji 🧪.txt", "100%25.txt", "-dash.txt",
        "näive.txt", "caf%E9.txt",
    }  # fmt: skip


def test_what_is_no_ordinary_file(curate, folder, tmp_path):
    (folder / "x.xml").mkdir()
    (folder / "x.xml" / "inner.txt").write_text(prose(50))
    (folder / "loop").symlink_to(folder)
    (folder / "dangling.txt").symlink_to(tmp_path / "absent")
    os.mkfifo(folder / "pipe.txt")
    dataset = curate(folder)
    fates = {row["source_uri"]: (row["fate"], row["reason"]) for row in dataset.ledger}
    assert fates == {
        "good.txt": ("kept", ""),
        "x.xml/inner.txt": ("kept", ""),
        "dangling.txt": ("failed", "dangling_link"),
        "pipe.txt": ("failed", "not_a_regular_file"),
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file, so none is unreadable")
def test_an_unreadable_file(curate, folder):
    (folder / "secret.txt").write_text(prose(51))
    (folder / "secret.txt").chmod(0)
    (row,) = rows_of(curate(folder), "secret.txt")
    assert (row["fate"], row["reason"]) == ("failed", "unreadable")


def test_a_file_that_goes_away_after_the_plan(curate, folder, monkeypatch):
    (folder / "gone.txt").write_text(prose(52))
    start = Run.start

    def late(self, **options):
        (folder / "gone.txt").unlink()
        return start(self, **options)

    monkeypatch.setattr(Run, "start", late)
    (row,) = rows_of(curate(folder), "gone.txt")
    assert (row["fate"], row["reason"]) == ("failed", "unreadable")


def test_a_file_that_changes_after_the_plan(curate, folder, monkeypatch):
    (folder / "changing.txt").write_text(prose(53))
    start = Run.start

    def late(self, **options):
        (folder / "changing.txt").write_text(prose(54, 300))
        return start(self, **options)

    monkeypatch.setattr(Run, "start", late)
    rows = rows_of(curate(folder), "changing.txt")
    assert "changed_while_read" in {row["reason"] for row in rows}


def plan(folder, output, **source) -> Run:
    recipe = with_inputs(lenient(default_recipe(sections())), [folder])
    recipe = replace(recipe, sources=(replace(recipe.sources[0], **source),))
    return Run(recipe, output, output.parent / "staging")


def test_an_empty_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecipeError, match=r"sources\[0\].path.*at least one file"):
        plan(tmp_path / "empty", tmp_path / "out")


def test_a_path_that_does_not_exist(tmp_path):
    with pytest.raises(RecipeError, match=r"sources\[0\].path.*absent"):
        plan(tmp_path / "absent", tmp_path / "out")


@pytest.mark.parametrize("key", ["include", "exclude"])
def test_a_pattern_that_matches_nothing(folder, tmp_path, key):
    with pytest.raises(RecipeError, match=rf"sources\[0\].{key}\[0\].*nothing-\*\.xml"):
        plan(folder, tmp_path / "out", **{key: ("nothing-*.xml",)})


def test_a_pattern_that_is_none(folder, tmp_path):
    with pytest.raises(RecipeError, match=r"sources\[0\].include\[0\].*bad character range"):
        plan(folder, tmp_path / "out", include=("[z-a].txt",))


def test_all_missing_sources_are_named_at_once(tmp_path):
    recipe = with_inputs(lenient(default_recipe(sections())), [tmp_path / "one", tmp_path / "two"])
    with pytest.raises(RecipeError, match=r"(?s)one.*two"):
        Run(recipe, tmp_path / "out", tmp_path / "staging")


def test_output_through_a_link(curate, folder, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "out").symlink_to(tmp_path / "real")
    curate(folder)
    assert (tmp_path / "made" / "out").is_symlink()
    assert verify(tmp_path / "real").faults == []


def test_replace_mends_a_damaged_dataset(curate, folder):
    first = curate(folder)
    good = first.bytes()
    path = next((first.folder / "data").iterdir())
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)
    assert verify(first.folder).faults
    assert curate(folder, replace=True).bytes() == good


@pytest.mark.parametrize("output", [".", "sub/out"])
def test_output_inside_input(folder, output):
    with pytest.raises(UsageError, match="lies in"):
        plan(folder, folder / output)


def test_input_inside_output(folder):
    with pytest.raises(UsageError, match="which the run would fill"):
        plan(folder, folder.parent)


def test_output_not_empty(curate, folder, tmp_path):
    output = tmp_path / "made" / "out"
    output.mkdir(parents=True)
    (output / "thesis.doc").write_text("the only copy")
    with pytest.raises(UsageError, match="not empty"):
        curate(folder)
    assert (output / "thesis.doc").exists()
    dataset = curate(folder, replace=True)
    assert not (output / "thesis.doc").exists()
    assert verify(dataset.folder).faults == []


def test_output_is_a_file(curate, folder, tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "out").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        curate(folder)


def test_nothing_to_do_and_replace(curate, folder):
    first = curate(folder)
    stamp = (first.folder / "run.json").read_bytes()
    again = curate(folder)
    assert (again.folder / "run.json").read_bytes() == stamp
    (folder / "more.txt").write_text(prose(70))
    with pytest.raises(UsageError, match="--replace"):
        curate(folder)
    assert len(curate(folder, replace=True).data) == 2


def test_a_second_run_into_the_same_output_is_refused(folder, tmp_path):
    one, two = plan(folder, tmp_path / "out"), plan(folder, tmp_path / "out")
    with one.place.alone(), pytest.raises(UsageError, match="another run"), two.place.alone():
        pass
    with two.place.alone():
        pass


def test_too_many_failed(curate, folder):
    (folder / "empty.txt").write_text("")
    with pytest.raises(RunFailed, match=r"1 of 2 documents failed \(50.00%\), --max-failed allows 10.00%"):
        curate(folder, max_failed=0.1)
    assert curate(folder, output="b", max_failed=0.5).manifest["fates"]["failed"] == 1
