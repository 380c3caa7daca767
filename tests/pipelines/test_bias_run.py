"""The bias filter in a whole run: who is audited, when a run is refused, what the story of a document shows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from texts import prose

from colophon.pipelines.audit import drop_ratios
from colophon.pipelines.explain import explain, tell
from colophon.pipelines.predecessor import decision_over, predecessor_of
from colophon.pipelines.verify import verify
from colophon.runners.recipes import sections
from colophon.schemas import RunFailed, load_recipe

SHORT = "On market days the women of the mill sold bread and the river ran high behind them, note {}."
HOSTILE = "We met at the mill. Women are disgusting animals. The trailer trash came from the third world."


def rules(**filters: str):
    chosen = {"rights": "{unknown: keep}", "quality": "false", "scholarly": "false"} | filters
    text = "filters: {" + ", ".join(f"{name}: {value}" for name, value in chosen.items()) + "}"
    return load_recipe(text, base=Path(), sections=sections(), sources_required=False)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """Twelve notes that name women and are too short, thirteen that do and are not; twenty-four others of which one is short."""
    folder = tmp_path_factory.mktemp("notes")
    for n in range(12):
        (folder / f"short{n:02d}.txt").write_text(SHORT.format(n))
        (folder / f"women{n:02d}.txt").write_text(f"{prose(n)}\n\nThe women of site {n} wrote it down.\n")
        (folder / f"other{n:02d}.txt").write_text(prose(100 + n) if n else "A mill stands by the river.")
        (folder / f"further{n:02d}.txt").write_text(prose(200 + n))
    (folder / "hostile.txt").write_text(f"{prose(50)}\n\n{HOSTILE}\n")
    return folder


@pytest.fixture(scope="module")
def dataset(curate_once, corpus):
    return curate_once(corpus, recipe=rules())


def ratios(dataset):
    return {
        (one.stage, one.group): one
        for one in drop_ratios(dataset.manifest["counts"], dataset.manifest["stages"])
    }


def test_single_groups_are_audited_beside_their_axes(dataset):
    assert verify(dataset.folder).faults == []
    found = ratios(dataset)
    axis, group = found["length", "gender"], found["length", "gender/women"]
    assert (axis.mentioning, axis.mentioning_dropped, axis.others_dropped) == (25, 12, 1)
    assert (group.mentioning, group.mentioning_dropped) == (25, 12)
    assert group.lower > 1
    assert not any(one.group == "gender/men" for one in found.values())


def test_groups_stand_in_the_data(dataset):
    groups = {row["source_uri"]: row["identity_groups"] for row in dataset.data}
    assert groups["women03.txt"] == ["gender/women"]
    assert groups["other03.txt"] == []


def test_a_run_is_refused_by_the_recipes_limit(curate_once, corpus, dataset):
    output = curate_once.folder / "refused"
    with pytest.raises(RunFailed) as told:
        curate_once(corpus, recipe=rules(bias="{fail_above: 1.2}"), output="refused")
    one = ratios(dataset)["length", "gender/women"]
    sentence = (
        f"length drops documents that mention gender/women {one.ratio:.2f} times as often as others (95% interval "
        f"{one.lower:.2f} to {one.upper:.2f}, 12 of 25 against 1 of 24); the recipe's limit is 1.2"
    )
    assert sentence in str(told.value)
    assert not (output / "manifest.json").exists()
    assert not (output / "data").exists()
    assert curate_once(corpus, recipe=rules(bias="{fail_above: 50}"), output="passed").data


@pytest.mark.slow
def test_a_refused_run_ends_with_3(corpus, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "filters: {rights: {unknown: keep}, quality: false, scholarly: false, bias: {fail_above: 1.2}}\n"
        f"sources: [{{path: {corpus}}}]\n"
    )
    command = [
        sys.executable,
        "-m",
        "colophon.runners.cli",
        "run",
        str(recipe),
        "--output",
        str(tmp_path / "out"),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 3
    assert "length drops documents that mention gender" in ended.stderr
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_decision_over_kept_documents_is_audited(curate_once, dataset, tmp_path):
    """Its documents are those that were kept before; what was dropped before is no part of it."""
    before = predecessor_of(dataset.folder, tmp_path / "no-staging", "")
    recipe, decision = decision_over(before, rules(length="{min_words: 165}"), sections())
    again = curate_once(recipe=recipe, output="again", staging="again-staging", decision=decision)
    assert verify(again.folder).faults == []
    one = ratios(again)["length", "gender/women"]
    assert one.mentioning == 13
    gone = [row["source_uri"] for row in again.ledger if row["stage"] == "length"]
    assert one.mentioning_dropped + one.others_dropped == len(gone) - 13  # the short ones were dropped before


def test_the_story_shows_what_is_behind_a_score(dataset):
    (story,) = explain(dataset.folder, "hostile.txt")
    text = next(row["text"] for row in dataset.data if row["source_uri"] == "hostile.txt")
    found = {span["label"]: span for span in story["spans"]}
    assert found["hostile_sentence"]["text"] == "Women are disgusting animals"
    assert found["hostile_sentence"]["rule"].startswith("hostility 0.")
    assert found["loaded_word"]["text"] == "third world"
    assert text[found["slur"]["start"] : found["slur"]["end"]] == "trailer trash"
    assert "text" not in found["slur"]
    assert found["gender"]["rule"] == "women"
    told = tell(story)
    assert "hostile_sentence (hostility 0." in told
    assert "trailer trash" not in told
    assert json.dumps(story["spans"]).count("trailer") == 0


def test_a_dropped_document_has_no_spans(dataset):
    (story,) = explain(dataset.folder, "short00.txt")
    assert story["spans"] == []
