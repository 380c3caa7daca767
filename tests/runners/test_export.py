"""`colophon export` as a user meets it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from colophon.pipelines.exports import EXPORTS
from colophon.runners.cli import main


@pytest.fixture
def dataset(example_dataset, tmp_path) -> Path:
    return Path(shutil.copytree(example_dataset.folder, tmp_path / "dataset"))


def call(capsys, *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    out, error = capsys.readouterr()
    assert "Traceback" not in error
    return code, out, error


def test_all_exports_go_to_their_places_and_verify_knows_them(capsys, dataset):
    every = [word for name in EXPORTS for word in ("--to", name)]
    code, out, _ = call(capsys, "export", dataset, *every, "--json")
    assert code == 0
    for one in json.loads(out)["exports"]:
        assert Path(one["file"]).stat().st_size == one["bytes"]
    assert {(dataset / one.file).is_file() for one in EXPORTS.values()} == {True}
    assert call(capsys, "verify", dataset)[0] == 0
    (dataset / "README.md").write_text("Everything here is in the public domain.\n")
    code, out, _ = call(capsys, "verify", dataset)
    assert code == 1
    assert out.startswith("README.md: is not what this manifest gives")
    assert out.count("\n") == 1
    assert call(capsys, "export", dataset, "--to", "card")[0] == 0
    assert call(capsys, "verify", dataset)[0] == 0


def test_the_day_is_that_of_the_run_or_as_said(capsys, dataset, example_dataset):
    call(capsys, "export", dataset, "--to", "croissant")
    told = json.loads((dataset / "croissant.json").read_text())
    assert told["datePublished"] == example_dataset.run["ended"][:10]
    call(
        capsys,
        "export",
        dataset,
        "--to",
        "croissant",
        "--published",
        "2031-01-31",
        "--url",
        "https://reeds.example/",
    )
    told = json.loads((dataset / "croissant.json").read_text())
    assert (told["datePublished"], told["url"]) == ("2031-01-31", "https://reeds.example/")
    (dataset / "run.json").unlink()
    code, _, error = call(capsys, "export", dataset, "--to", "croissant")
    assert code == 2
    assert "--published" in error


def test_elsewhere(capsys, dataset, tmp_path):
    code, _, _ = call(capsys, "export", dataset, "--to", "card", "--output", tmp_path / "deep" / "card.md")
    assert code == 0
    assert (tmp_path / "deep" / "card.md").read_text().startswith("---\n")
    assert not (dataset / "README.md").exists()


def test_the_list_teaches(capsys):
    code, out, _ = call(capsys, "export", "--list")
    assert code == 0
    for one in EXPORTS.values():
        assert one.name in out
        assert one.about in out
        assert one.file in out
    _, out, _ = call(capsys, "export", "--list", "--json")
    assert [one["to"] for one in json.loads(out)["exports"]] == list(EXPORTS)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--to", "croisant"], "--to croisant is not known; it is one of croissant, ro-crate"),
        ([], "--to is missing"),
        (["--to", "card", "--to", "croissant", "--output", "x"], "--output is one file"),
        (["--to", "croissant", "--published", "tomorrow"], "is no day"),
        (["--to", "croissant", "--url", "reeds"], "is no address"),
        (["--to", "card", "--output", "-", "--json"], "both write to standard output"),
    ],
)
def test_what_cannot_be_is_told(capsys, dataset, words, told):
    code, _, error = call(capsys, "export", dataset, *words)
    assert code == 2
    assert told in error


def test_a_changed_or_broken_manifest_is_not_exported(capsys, dataset):
    manifest = json.loads((dataset / "manifest.json").read_text())
    (dataset / "manifest.json").write_text(json.dumps(manifest))
    code, _, error = call(capsys, "export", dataset, "--to", "card")
    assert code == 2
    assert "was changed after it was written" in error
    from colophon.pipelines.canonical import manifest_bytes

    (dataset / "manifest.json").write_bytes(manifest_bytes({"format": 1}))
    code, _, error = call(capsys, "export", dataset, "--to", "card")
    assert code == 2
    assert "has not the form" in error
