"""The command line as a user meets it, in this process."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from terminal import call
from texts import prose

from colophon.runners.cli import build_parser

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = [
    "acknowledge",
    "annotate",
    "decide",
    "diff",
    "explain",
    "export",
    "filters",
    "formats",
    "keygen",
    "overlap",
    "pack",
    "prove",
    "read",
    "recipe",
    "review",
    "revoke",
    "run",
    "sign",
    "verify",
    "withdraw",
]


@pytest.fixture(scope="module")
def dataset(curate_once, tmp_path_factory):
    folder = tmp_path_factory.mktemp("in") / "notes"
    folder.mkdir()
    (folder / "river.txt").write_text(prose(1))
    (folder / "river copy.txt").write_text(prose(1))
    (folder / "empty.txt").write_text("")
    (folder / "short.txt").write_text(
        "The river was high in the winter of that year, and the fields were wet."
    )
    return curate_once(folder)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(capsys, command):
    code, out, _ = call(capsys, command, "--help")
    assert code == 0
    assert "exit codes:" in out
    assert "--json" in out
    for line in re.findall(r"^  --[\w-]+.*$", out, re.MULTILINE):
        assert line.strip()


def test_every_option_has_help_and_every_command_is_documented():
    parser = build_parser()
    (commands,) = (
        action for action in parser._actions if getattr(action, "choices", None) and not action.option_strings
    )
    assert sorted(commands.choices) == sorted(COMMANDS)
    documented = (ROOT / "docs" / "commands.md").read_text()
    for name, command in commands.choices.items():
        assert f"## `colophon {name}" in documented
        for action in command._actions:
            assert action.help, f"{name} {action.dest} has no help"
            for option in action.option_strings:
                assert option in {"-h", "--help"} or f"`{option}" in documented, (
                    f"{name} {option} is not documented"
                )


def test_verify(capsys, dataset, tmp_path):
    assert call(capsys, "verify", dataset.folder)[0] == 0
    code, out, _ = call(capsys, "verify", dataset.folder, "--json")
    answer = json.loads(out)
    assert answer.pop("signatures")["verdict"] == "signed by nobody"
    assert answer == {
        "bytes": sum(entry["bytes"] for entry in dataset.manifest["files"].values()),
        "documents": 4, "faults": [], "files": 3, "notes": [], "ok": True,
    }  # fmt: skip
    import shutil

    spoiled = shutil.copytree(dataset.folder, tmp_path / "spoiled")
    (spoiled / "more.txt").write_text("x")
    code, out, error = call(capsys, "verify", spoiled)
    assert code == 1
    assert out == "more.txt: is not in the manifest\n"
    assert "1 fault" in error
    code, out, _ = call(capsys, "verify", spoiled, "--json")
    assert code == 1
    assert json.loads(out)["faults"] == ["more.txt: is not in the manifest"]


def test_explain_tells_each_fate(capsys, dataset):
    code, out, _ = call(capsys, "explain", dataset.folder, "river")
    assert code == 0
    assert "kept: row 0 of data/part-00000-of-00001.parquet" in out
    assert "exact_bytes" in out
    assert "kept in its place" in out
    assert "stands for 1 dropped" in out
    _, out, _ = call(capsys, "explain", dataset.folder, "short.txt")
    assert "too_few_words, 15 against a limit of 50" in out
    _, out, _ = call(capsys, "explain", dataset.folder, "empty")
    assert "failed in read: empty_file" in out


def test_explain_by_id_and_as_json(capsys, dataset):
    one = dataset.data[0]["id"]
    code, out, _ = call(capsys, "explain", dataset.folder, one[:10], "--json")
    (story,) = json.loads(out)["stories"]
    assert code == 0
    assert story["ledger"]["id"] == one
    assert "text" not in story["data"]


def test_formats(capsys):
    code, out, _ = call(capsys, "formats")
    assert code == 0
    assert re.search(r"^jats +application/jats\+xml +\.xml", out, re.MULTILINE)
    _, out, _ = call(capsys, "formats", "--json")
    assert {"jats", "html", "jsonl"} <= {one["name"] for one in json.loads(out)["formats"]}


def test_read_shows_text_and_metadata_and_no_terminal_commands(capsys, tmp_path, examples):
    code, out, _ = call(capsys, "read", examples / "corpus" / "papers" / "peatland-methane.xml")
    assert code == 0
    assert "doi: 10.5555/" in out
    (tmp_path / "evil.txt").write_text(prose(3) + "\n\x1b[2J\x1b]0;owned\x07")
    _, out, _ = call(capsys, "read", tmp_path / "evil.txt")
    assert "\x1b" not in out
    (tmp_path / "lines.jsonl").write_text(
        "".join(json.dumps({"body": prose(n)}) + "\n" for n in range(9)) + "{\n"
    )
    _, out, _ = call(capsys, "read", tmp_path / "lines.jsonl", "--text", "body", "--most", "2")
    assert "There are more" in out
    _, out, _ = call(capsys, "read", tmp_path / "lines.jsonl", "--text", "body", "--most", "20", "--json")
    answer = json.loads(out)
    assert answer["more"] is False
    assert answer["documents"][-1]["reason"] == "not_json"
    (tmp_path / "named.jsonl").write_text(
        json.dumps({"body": prose(1), "heading": "Ants of the heath"}) + "\n"
    )
    columns = ("--text", "body", "--title", "heading")
    _, out, _ = call(capsys, "read", tmp_path / "named.jsonl", *columns, "--json")
    assert json.loads(out)["documents"][0]["title"] == "Ants of the heath"


def test_read_shows_responses_on_request(capsys, tmp_path):
    reply = '<response response-type="reply"><front-stub/><body><p>We thank you.</p></body></response>'
    (tmp_path / "a.xml").write_text(
        f'<article article-type="letter"><front/><body><p>Ants sleep.</p></body>{reply}</article>'
    )
    for options, texts in (((), ["Ants sleep."]), (("--responses",), ["Ants sleep.", "We thank you."])):
        _, out, _ = call(capsys, "read", tmp_path / "a.xml", *options, "--json")
        assert [document["text"] for document in json.loads(out)["documents"]] == texts


def test_explain_nothing_found(capsys, dataset):
    code, _, error = call(capsys, "explain", dataset.folder, "absent")
    assert code == 2
    assert "no document" in error


def test_recipe_prints_itself_and_passes_its_own_check(capsys, tmp_path):
    code, out, _ = call(capsys, "recipe")
    assert code == 0
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(prose(1))
    filled = re.sub(r"^sources: \[\]$", "sources: [{path: in}]", out, flags=re.MULTILINE)
    assert filled != out
    (tmp_path / "recipe.yaml").write_text(filled)
    code, out, error = call(capsys, "recipe", "--check", tmp_path / "recipe.yaml")
    assert code == 0, error
    assert "1 file" in out


def test_a_wrong_recipe_names_key_value_and_nearest_name(capsys, tmp_path):
    (tmp_path / "recipe.yaml").write_text(
        "sources: [{path: .}]\nfilters:\n  language:\n    min_scor: 0.4\n  length: {min_words: many}\n"
    )
    for command in (["recipe", "--check"], ["run"]):
        code, _, error = call(capsys, *command, tmp_path / "recipe.yaml")
        assert code == 2
        assert "filters.language.min_scor" in error
        assert "min_score" in error
        assert "filters.length.min_words" in error
        assert "many" in error


def test_errors_as_json(capsys, tmp_path):
    code, out, _ = call(capsys, "recipe", "--check", tmp_path / "absent.yaml", "--json")
    assert code == 2
    assert json.loads(out)["exit_code"] == 2


def test_the_exported_schema_is_the_one_in_docs(capsys):
    _, out, _ = call(capsys, "recipe", "--schema")
    assert json.loads(out) == json.loads((ROOT / "docs" / "recipe.schema.json").read_text())


def test_inputs_named_one_by_one_are_all_read(capsys, tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(prose(1))
    inputs = ("--input", tmp_path / "one", "--input", tmp_path / "other")
    code, out, _ = call(capsys, "run", *inputs, "--output", tmp_path / "out", "--dry-run")
    assert code == 0
    assert "2 files," in out


def test_dry_run_does_nothing(capsys, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(prose(1))
    code, out, _ = call(capsys, "run", "--input", tmp_path / "in", "--output", tmp_path / "out", "--dry-run")
    assert code == 0
    assert "1 file," in out
    assert {path.name for path in tmp_path.iterdir()} == {"in"}
    _, out, _ = call(
        capsys, "run", "--input", tmp_path / "in", "--output", tmp_path / "out", "--dry-run", "--json"
    )
    assert json.loads(out)["units"] == 1
    assert json.loads(out)["candidate_pairs_that_fit"] == 2**32 // 160


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "required"),
        (["rum"], "invalid choice"),
        (["run"], "nothing to read"),
        (["run", "--input", "x"], "--output"),
        (["run", "--input", "absent", "--output", "out"], "absent"),
        (["run", "absent.yaml"], "absent.yaml"),
        (["run", "--input", "x", "--output", "o", "--workers", "0"], "is not a number, 1 or more"),
        (["run", "--input", "x", "--output", "o", "--max-failed", "7"], "fraction"),
        (["run", "--input", "x", "--output", "o", "--runner", "spark"], "spark"),
        (["verify", "absent"], "no such folder"),
        (["explain", "absent", "x"], "no such folder"),
        (["run", "--input", "x", "--output", ""], "is empty"),
        (["run", "--input", "x", "--output", "."], "the folder you are in"),
        (["run", "--input", "x", "--output", "o", "--staging", "o/s"], "nothing else"),
        (["prove", "gs://bucket/x", "0"], "a path of this machine"),
        (["explain", "absent", ""], "no such folder"),
        (["read", "absent"], "cannot be read"),
        (["read", "absent", "--format", "jat"], "did you mean jats?"),
    ],
)
def test_wrong_usage(capsys, words, expected):
    code, _, error = call(capsys, *words)
    assert code == 2
    assert expected in error
