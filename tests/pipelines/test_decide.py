"""Deciding again: over staged units as a run would, over a dataset alone without calling anything back."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from texts import prose

from colophon.pipelines.predecessor import decision_over, predecessor_of
from colophon.pipelines.verify import verify
from colophon.runners.recipes import sections
from colophon.runners.run import Run
from colophon.schemas import RecipeError, RunFailed, UsageError, load_recipe

UNITS = "plan: {unit_size: 64 KiB}\n"

# These texts name no licence and say nothing of science.
LENIENT = "rights: {unknown: keep}, quality: false, scholarly: false"


def recipe_of(text: str = "{}"):
    if "filters:" in text:
        text = text.replace("filters: {", f"filters: {{{LENIENT}, ")
    else:
        text = f"{text}\nfilters: {{{LENIENT}}}" if text != "{}" else f"filters: {{{LENIENT}}}"
    return load_recipe(text, base=Path(), sections=sections(), sources_required=False)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return texts_in(tmp_path / "papers")


def texts_in(folder: Path) -> Path:
    """Twelve texts: two copies of the first, one short, one long."""
    folder.mkdir()
    for n in range(8):
        (folder / f"paper{n:02d}.txt").write_text(prose(n))
    for n in (20, 21):
        (folder / f"copy{n}.txt").write_text(prose(0))
    (folder / "short.txt").write_text(
        "A mill stands by the river and the water turns its wheel all day long."
    )
    (folder / "long.txt").write_text(prose(30) + "\n\n" + prose(31) + "\n\n" + prose(32))
    return folder


@pytest.fixture(scope="module")
def made_once(curate_once, tmp_path_factory):
    return curate_once(texts_in(tmp_path_factory.mktemp("inputs") / "papers"), recipe=recipe_of(UNITS))


@pytest.fixture
def first(made_once, curate):
    """A copy, with its staged units, where `curate` makes datasets."""
    shutil.copytree(made_once.folder.parent, curate.folder)
    return type(made_once)(curate.folder / made_once.folder.name, made_once.manifest, made_once.run)


def again(
    curate, folder: Path, recipe: str, output: str = "again", *, staging: Path | None = None, **options: Any
):
    """Decide again, in this process."""
    staging = staging or folder.parent / "staging"
    before = predecessor_of(folder, staging, options.pop("manifest", ""))
    if options.pop("kept_only", False):
        before = replace(before, plan=None)
    made, decision = decision_over(before, recipe_of(recipe), sections())
    return curate(recipe=made, output=output, decision=decision, **options)


def fates(dataset) -> dict[str, tuple[str, str]]:
    return {row["source_uri"]: (row["fate"], row["reason"]) for row in dataset.ledger}


STRICT = "filters: {length: {min_words: 10, max_words: 300}}\ndeduplicate: {threshold: 0.9}"


def test_over_staged_units_it_gives_what_a_run_over_the_inputs_would(curate, corpus, first):
    shutil.move(corpus, corpus.with_name("elsewhere"))  # the inputs are not needed
    made = again(curate, first.folder, STRICT)
    assert verify(made.folder).faults == []
    assert fates(made)["short.txt"] == ("kept", "")  # what was dropped is called back
    assert fates(made)["long.txt"] == ("dropped", "too_many_words")
    shutil.move(corpus.with_name("elsewhere"), corpus)
    fresh = curate(corpus, recipe=recipe_of(UNITS + STRICT), output="fresh")
    ours, theirs = made.bytes(), fresh.bytes()
    changed = {"manifest.json", "SHA256SUMS"}
    assert {k: v for k, v in ours.items() if k not in changed} == {
        k: v for k, v in theirs.items() if k not in changed
    }
    assert made.manifest["predecessor"]["manifest_sha256"] == predecessor_of(first.folder, Path("x")).sha256
    assert {**made.manifest, "predecessor": {}} == fresh.manifest
    assert made.run["input_bytes_read"] == 0


def test_a_decision_can_be_decided_again(curate, first):
    second = again(curate, first.folder, STRICT)
    third = again(curate, second.folder, "{}", "third")
    assert third.data == first.data
    assert third.ledger == first.ledger
    assert (
        third.manifest["predecessor"]["manifest_sha256"] != second.manifest["predecessor"]["manifest_sha256"]
    )


def test_a_folder_of_staged_units_is_enough(curate, first):
    staging = first.folder.parent / "staging"
    shutil.rmtree(first.folder)
    made = again(curate, staging, STRICT, staging=staging)
    assert fates(made)["short.txt"] == ("kept", "")


def test_which_of_two_datasets_is_asked(curate, corpus, first):
    again(curate, first.folder, STRICT)
    staging = first.folder.parent / "staging"
    with pytest.raises(
        UsageError, match="the folder holds the units of 2 datasets; say which with --manifest"
    ):
        predecessor_of(staging, staging)
    digest = predecessor_of(first.folder, staging).sha256
    assert predecessor_of(staging, staging, digest[:9]).sha256 == digest
    with pytest.raises(UsageError, match="--manifest abc names 0 datasets"):
        predecessor_of(staging, staging, "abc")


def test_over_kept_documents_nothing_comes_back(curate, first):
    made = again(curate, first.folder, "filters: {length: {min_words: 10, max_words: 300}}", kept_only=True)
    assert verify(made.folder).faults == []
    found = fates(made)
    assert found["short.txt"] == ("dropped", "too_few_words")
    assert found["long.txt"] == ("dropped", "too_many_words")
    assert made.manifest["predecessor"]["decided"] == "kept documents"
    assert sum(made.manifest["fates"].values()) == len(first.ledger)
    kept = {row["id"]: row for row in made.data}
    assert kept == {row["id"]: row for row in first.data if row["id"] in kept}


def test_a_copy_of_what_is_dropped_now_says_so(curate, first):
    kept = {row["source_uri"]: row for row in first.data}
    (stands,) = (uri for uri, row in kept.items() if row["duplicates_dropped"] == 2)
    words = {uri: row["n_words"] for uri, row in kept.items()}
    limit = words[stands] + 1
    made = again(curate, first.folder, f"filters: {{length: {{min_words: {limit}}}}}", kept_only=True)
    copies = [row for row in made.ledger if row["duplicate_of"] == kept[stands]["id"]]
    assert [row["reason"] for row in copies] == ["copy_of_a_dropped_document"] * 2
    assert verify(made.folder).faults == []


def test_a_filter_that_is_set_up_otherwise_is_run_on_the_texts(curate, corpus):
    first = curate(corpus, recipe=recipe_of(UNITS + "filters: {length: false}"))
    assert "n_words" not in first.data[0]
    made = again(curate, first.folder, "filters: {length: {min_words: 50}}", kept_only=True)
    assert made.data[0]["n_words"] > 50
    assert fates(made)["short.txt"] == ("dropped", "too_few_words")
    assert verify(made.folder).faults == []
    with pytest.raises(RecipeError, match=r"filters\.length: given \"on\", allowed is false"):
        again(curate, first.folder, "filters: {length: {min_words: 50}}")


@pytest.mark.parametrize(
    "workers", [1, pytest.param(2, marks=pytest.mark.slow)]
)  # two are processes, which take long to start
def test_it_is_the_same_in_whatever_number_of_shards(curate, tmp_path, workers):
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(40):
        (folder / f"{n:03d}.txt").write_text(
            "\n\n".join(prose(100 * n + k, 1600) for k in range(2 + n // 12))
        )
        shutil.copy(folder / f"{n:03d}.txt", folder / f"{n:03d}-copy.txt")
    others = "language: false, privacy: false, contamination: false, bias: false"
    recipe = f"{UNITS}output: {{shard_size: 1 MiB}}\nfilters: {{{others}}}"
    first = curate(folder, recipe=recipe_of(recipe))
    assert len(list((first.folder / "data").iterdir())) > 1
    limit = sorted(row["n_words"] for row in first.data)[20]
    recipe = f"filters: {{{others}, length: {{min_words: {limit}}}}}"
    made = again(curate, first.folder, recipe, kept_only=True, workers=workers)
    assert verify(made.folder).faults == []
    assert 0 < made.manifest["fates"]["kept"] < 40
    assert (
        sum(row["reason"] == "copy_of_a_dropped_document" for row in made.ledger)
        == 40 - made.manifest["fates"]["kept"]
    )


@pytest.mark.parametrize(
    ("recipe", "kept_only", "expected"),
    [
        ("read: {references: true}", False, r"read\.references: given true, allowed is false"),
        ("deduplicate: {shingle_size: 4}", False, r"deduplicate\.shingle_size: given 4, allowed is 5"),
        (
            "deduplicate: {threshold: 0.9}",
            True,
            r"deduplicate\.threshold: given 0.9, allowed is 0.8; only what was kept",
        ),
        (
            "sources: [{path: x, name: other}]",
            False,
            r"sources\.other: .*a source of the dataset; it has papers",
        ),
        ("sources: [{path: x, name: papers, include: ['*.xml']}]", False, r"sources\.papers\.include"),
        ("clean: {fix_mojibake: false}", True, "clean"),
    ],
)
def test_what_cannot_be_decided_again_is_named(curate, first, recipe, kept_only, expected):
    with pytest.raises(RecipeError, match=expected):
        again(curate, first.folder, recipe, kept_only=kept_only)


def test_owner_and_terms_can_be_given_anew(curate, first):
    made = again(curate, first.folder, "sources: [{path: x, name: papers, owner: The mill}]")
    assert made.manifest["recipe"]["sources"][0]["owner"] == "The mill"


def test_a_lost_unit_is_told(curate, first):
    staging = first.folder.parent / "staging"
    next(staging.glob("units/*/*.parquet")).unlink()
    assert predecessor_of(first.folder, staging).plan is None
    with pytest.raises(UsageError, match="no longer there; run again with the inputs"):
        again(curate, staging, "{}", staging=staging)


def test_a_damaged_dataset_is_refused(curate, first):
    path = next((first.folder / "ledger").iterdir())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(RunFailed, match="is not what its manifest says"):
        again(curate, first.folder, "{}", kept_only=True)


def test_orphans_without_a_predecessor_are_a_fault(curate, first):
    made = again(curate, first.folder, "filters: {length: {min_words: 3000}}", kept_only=True)
    assert made.data == []
    manifest = json.loads((made.folder / "manifest.json").read_bytes())
    assert manifest["predecessor"]


def test_the_folder_must_be_something(tmp_path):
    with pytest.raises(UsageError, match=r"has no manifest\.json"):
        predecessor_of(tmp_path, tmp_path)


def test_up_to_date_is_told(curate, first):
    one = again(curate, first.folder, STRICT)
    before = predecessor_of(first.folder, first.folder.parent / "staging")
    recipe, decision = decision_over(before, recipe_of(STRICT), sections())
    assert not Run(recipe, one.folder, first.folder.parent / "staging", decision).start(quiet=True).made
