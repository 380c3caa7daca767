"""`colophon diff` and `colophon withdraw` as a user meets them."""

from __future__ import annotations

import json

import pytest
from copies import plain, written
from texts import prose

from colophon.runners.cli import main


@pytest.fixture(scope="module")
def dataset(curate_once, tmp_path_factory):
    """Four works and a copy."""
    works = [
        {"text": prose(n, 300), "title": f"Of mills, part {n} \x1b[2J", "doi": f"10.5555/mills.{n}"}
        for n in range(4)
    ]
    folder = tmp_path_factory.mktemp("in") / "papers"
    written(folder / "a.jsonl", *works, {**works[1], "doi": "10.5555/copy.1"})
    return curate_once(folder, recipe=plain()).folder


@pytest.fixture
def call(capsys):
    def run(*words) -> tuple[int, str, str]:
        try:
            code = main([str(word) for word in words])
        except SystemExit as end:
            code = int(end.code or 0)
        out, error = capsys.readouterr()
        assert "\x1b" not in out + error
        assert "Traceback" not in error
        return code, out, error

    return run


def test_a_steward_withdraws_and_looks(call, dataset, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("doi:10.5555/MILLS.1  # a letter of its author\n10.5555/nowhere.9\n")
    command = ("withdraw", dataset, "--list", listed, "--output", tmp_path / "next", "--reason", "asked for")
    code, out, _ = call(*command)
    assert code == 0
    assert "line 2: 10.5555/nowhere.9 names no document" in out
    assert (
        "Withdrawn: 1 document that had been kept (1 named, 0 the same as one that is), with 1 that had been"
        in out
    )
    assert call("verify", tmp_path / "next", "--quiet")[0] == 0
    for path in (tmp_path / "next" / "review").iterdir():
        assert "part 1" not in path.read_text()
    code, out, _ = call(*command)
    assert (code, "Nothing to do" in out) == (0, True)
    code, out, _ = call("diff", dataset, tmp_path / "next", "--exit-code")
    assert code == 1
    assert "B was made from A" in out
    assert "kept → dropped by withdraw: withdrawn" in out
    code, out, _ = call("diff", dataset, dataset, "--exit-code")
    assert (code, "The two are the same" in out) == (0, True)
    assert json.loads(call("diff", dataset, tmp_path / "next", "--json")[1])["relation"] == "successor"


def test_what_is_not_there_makes_no_version(call, dataset, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("10.5555/nowhere.9\n")
    code, out, _ = call("withdraw", dataset, "--list", listed, "--output", tmp_path / "next", "--json")
    assert code == 1
    assert json.loads(out)["lines"][0]["outcome"] == "nothing"
    assert list(tmp_path.iterdir()) == [listed]
    assert call("withdraw", dataset, "--list", listed, "--output", tmp_path / "next")[0] == 1


def test_what_would_lose_something_is_refused(call, dataset, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("10.5555/mills.2\n")
    for output in (dataset, dataset / "below", dataset.parent):
        code, _, error = call("withdraw", dataset, "--list", listed, "--output", output)
        assert (code, "one folder, or lie in one another" in error) == (2, True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    code, _, error = call("withdraw", dataset, "--list", listed, "--output", tmp_path / "full")
    assert (code, "is not empty" in error) == (2, True)
    assert (tmp_path / "full" / "thesis.txt").read_text() == "mine"
    assert call("withdraw", dataset, "--list", listed, "--output", tmp_path / "full", "--replace")[0] == 0
    assert call("verify", tmp_path / "full", "--quiet")[0] == 0
    listed.write_text("10.5555/mills.3\n\x1b[31mrm -rf\n")
    code, _, error = call("withdraw", dataset, "--list", listed, "--output", tmp_path / "next")
    assert (code, "line 2" in error) == (2, True)
