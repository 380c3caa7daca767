"""Benchmark questions in a run: found, named in the ledger, counted in the manifest, indexed once."""

from __future__ import annotations

import json

import pytest
from texts import lenient, prose

from colophon.pipelines.verify import verify
from colophon.runners.recipes import sections
from colophon.schemas import load_recipe

QUESTION = (
    "A baker fills twelve trays with nine loaves each and sells all but seventeen of them before noon; "
    "how many loaves are left for the afternoon?"
)


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    for n in range(4):
        (folder / f"{n}.txt").write_text(prose(n))
    (folder / "leaked.txt").write_text(f"{prose(7)}\n\n{QUESTION.upper()}\n")
    (tmp_path / "arithmetic.jsonl").write_text(json.dumps({"question": QUESTION}) + "\n")
    return tmp_path


def recipe_of(site, settings: str):
    text = f"sources: [{{path: papers}}]\nfilters: {{contamination: {{benchmarks: [arithmetic.jsonl], {settings}}}}}"
    return lenient(load_recipe(text, base=site, sections=sections()))


def test_a_leaked_question_is_named_and_counted(curate, site):
    dataset = curate(recipe=recipe_of(site, "action: drop"))
    (row,) = (row for row in dataset.ledger if row["source_uri"] == "leaked.txt")
    assert (row["fate"], row["stage"], row["reason"]) == ("dropped", "contamination", "benchmark_overlap")
    assert (row["value"], row["threshold"], row["detail"]) == (1, 0, "arithmetic 1")
    assert dataset.manifest["counts"]["benchmark_questions"] == {"arithmetic\tdropped": 1}
    assert verify(dataset.folder).faults == []
    assert len(list((dataset.folder.parent / "staging").glob("benchmarks-*"))) == 1


def test_it_may_be_marked_or_cut(curate, site):
    marked = curate(recipe=recipe_of(site, "action: keep"))
    (row,) = (row for row in marked.data if row["source_uri"] == "leaked.txt")
    assert row["benchmark_hits"] == [{"benchmark": "arithmetic", "questions": 1}]
    assert marked.manifest["counts"]["benchmark_documents"] == {"arithmetic\tkept": 1}
    cut = curate(recipe=recipe_of(site, "cut: true"), output="cut")
    (row,) = (row for row in cut.data if row["source_uri"] == "leaked.txt")
    assert "LOAVES" not in row["text"]
    assert row["n_chars"] == len(row["text"])
    assert verify(cut.folder).faults == []
