"""`colophon annotate` and `colophon filters`, as they are used."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest

from colophon.filters import Batch, Decision, Length, Span, all_filters
from colophon.pipelines.annotate import annotate, chosen, texts_of_lines
from colophon.runners.cli import main
from colophon.schemas import Column, arrow_schema

HARBOUR = "Old men and a boy watched the tide from the harbour wall."


def answers(capsys) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_json_lines_and_plain_lines_give_the_same_scores(tmp_path, capsys):
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": HARBOUR, "doi": "10.1000/x"}) + "\n")
    (tmp_path / "b.txt").write_text(f"\n{HARBOUR}\n")
    assert (
        main(
            ["annotate", str(tmp_path / "a.jsonl"), str(tmp_path / "b.txt"), "--filters", "length", "--json"]
        )
        == 0
    )
    first, second = answers(capsys)
    assert first["scores"] == second["scores"]
    assert first["scores"]["n_words"] == 12
    assert (first["line"], second["line"]) == (1, 2)
    assert first["fate"] == "dropped"
    assert (first["stage"], first["reason"], first["value"], first["threshold"]) == (
        "length",
        "too_few_words",
        12,
        50,
    )


def test_only_the_named_filters_answer_and_judge(tmp_path, capsys):
    (tmp_path / "b.txt").write_text(HARBOUR)
    assert main(["annotate", str(tmp_path / "b.txt"), "--filters", "language", "--json"]) == 0
    (one,) = answers(capsys)
    assert set(one["scores"]) >= {"language", "language_score"}
    assert "n_words" not in one["scores"]
    assert one["fate"] == "kept"


def test_a_recipe_changes_what_is_judged(tmp_path, capsys):
    (tmp_path / "b.txt").write_text(HARBOUR)
    (tmp_path / "r.yaml").write_text("filters: {length: {min_words: 3}}")
    words = [
        "annotate",
        str(tmp_path / "b.txt"),
        "--filters",
        "length",
        "--recipe",
        str(tmp_path / "r.yaml"),
        "--json",
    ]
    assert main(words) == 0
    assert answers(capsys)[0]["fate"] == "kept"


def test_a_bad_line_costs_itself(tmp_path, capsys):
    lines = [
        json.dumps({"text": HARBOUR}),
        "no object",
        json.dumps({"body": "x"}),
        '{"text": "\\ud800 tide"}',
    ]
    (tmp_path / "a.jsonl").write_bytes("\n".join(lines).encode() + b"\n\xff\n")
    assert main(["annotate", str(tmp_path / "a.jsonl"), "--json"]) == 1
    found = answers(capsys)
    assert [bool(one.get("error")) for one in found] == [False, True, True, False, True]
    assert "body" in found[2]["error"]
    assert "byte 0" in found[4]["error"]


def test_for_people(tmp_path, capsys):
    (tmp_path / "a.txt").write_text(f"{HARBOUR}\n")
    assert main(["annotate", str(tmp_path / "a.txt"), "--filters", "length"]) == 0
    assert "dropped by length: too_few_words (12 against 50)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--filters", "nope"], "there is no filter 'nope'; there are"),
        (["--recipe", "absent.yaml"], "absent.yaml: cannot be read"),
    ],
)
def test_wrong_usage(words, expected, tmp_path, capsys):
    (tmp_path / "a.txt").write_text(HARBOUR)
    assert main(["annotate", str(tmp_path / "a.txt"), *words]) == 2
    assert expected in capsys.readouterr().err


def test_an_absent_file_is_named(capsys):
    assert main(["annotate", "absent.jsonl"]) == 2
    assert "absent.jsonl: cannot be read" in capsys.readouterr().err


@dataclass
class _InkScores:
    n_ink: Annotated[int, Column("how often ink is named")]


@dataclass(frozen=True)
class Ink:
    """Blots out ink."""

    name: ClassVar[str] = "ink"
    scores: ClassVar[type] = _InkScores
    needs: ClassVar[tuple[str, ...]] = ("length",)
    reads: ClassVar[tuple[str, ...]] = ("year", "metadata")

    def annotate(self, batch: Batch) -> dict[str, pa.Array]:
        assert "n_words" in batch.scores
        counts = [text.count("ink") for text in batch.texts]
        batch.rewrite([text.replace("ink", "[]") for text in batch.texts])
        return {"n_ink": pa.array(counts, pa.int64())}

    def decide(self, scores) -> Decision:
        assert json.loads(scores["metadata"][0].as_py())
        decision = Decision.keep(len(scores["n_ink"]))
        years = np.array([year or 0 for year in scores["year"].to_pylist()], float)
        decision.rule(years < 1900, "too_old", years, 1900)
        return decision

    def spans(self, batch: Batch) -> list[list[Span]]:
        return [
            [Span(text.index("ink"), text.index("ink") + 3, "ink")] if "ink" in text else []
            for text in batch.texts
        ]


def test_a_filter_that_rewrites_reads_and_needs():
    filters = {"length": Length(), "ink": Ink()}
    texts = texts_of_lines(
        [b'{"text": "an ink blot", "year": 1888, "shelf": 3}', b'{"text": "oak", "year": 1999, "shelf": 4}']
    )
    first, second = annotate(texts, chosen(filters, ["ink"]), ["ink"])
    assert first["spans"] == [{"filter": "ink", "start": 3, "end": 6, "label": "ink", "rule": ""}]
    assert first["text"] == "an [] blot"
    assert (first["scores"], first["reason"], first["value"]) == ({"n_ink": 1}, "too_old", 1888)
    assert "text" not in second
    assert second["fate"] == "kept"


def test_filters_lists_what_can_be_set(capsys):
    assert main(["filters", "--json"]) == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)["filters"]}
    assert found["length"]["settings"][0] == {
        "key": "min_words",
        "default": 50,
        "unit": "words",
        "meaning": "Fewest words of a document that stays.",
        "decides": True,
    }
    assert all(one["purpose"] and one["columns"] and one["papers"] for one in found.values()), found
    assert main(["filters"]) == 0
    assert "min_words" in capsys.readouterr().out


@pytest.mark.parametrize("name", list(all_filters()))
def test_each_filter_can_be_asked_alone(name, tmp_path, capsys):
    (tmp_path / "a.txt").write_text(f"{HARBOUR}\n{HARBOUR} Er war alt und lief langsam.\n")
    assert main(["annotate", str(tmp_path / "a.txt"), "--filters", name, "--json"]) == 0
    found = answers(capsys)
    assert len(found) == 2
    assert set(found[0]["scores"]) == set(arrow_schema(all_filters()[name].scores).names)
    assert found[0]["stage"] in {"", name}
