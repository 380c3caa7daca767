"""The published schema of manifests: what a run writes fits it, what it does not say is refused."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
from copies import plain
from texts import prose

from colophon.pipelines.predecessor import decision_over, predecessor_of
from colophon.runners.recipes import sections
from colophon.schemas import Manifest, manifest_json_schema
from colophon.schemas import manifest_schema as generator

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def faults():
    """Where and why a value does not fit the schema."""
    import jsonschema

    schema = manifest_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema)
    return lambda manifest: [".".join(map(str, one.path)) for one in checker.iter_errors(manifest)]


def test_the_schema_in_docs_is_the_one_of_the_code():
    assert json.loads((ROOT / "docs" / "manifest.schema.json").read_text()) == manifest_json_schema()


def test_every_key_is_described():
    def look(where: str, schema: dict) -> None:
        for name, one in schema.get("properties", {}).items():
            assert one["description"], f"{where}.{name}"
            look(f"{where}.{name}", one)
        for below in (schema.get("items"), schema.get("additionalProperties")):
            if isinstance(below, dict):
                look(where, below)

    look("", manifest_json_schema())


def test_what_runs_write_fits(faults, example_dataset, curate, papers):
    assert faults(example_dataset.manifest) == []
    bare = curate(papers, recipe=plain())
    assert faults(bare.manifest) == []
    before = replace(predecessor_of(bare.folder, curate.folder / "staging"), plan=None)
    recipe, decision = decision_over(before, plain(), sections())
    again = curate(recipe=recipe, decision=decision, output="again")
    assert again.manifest["predecessor"]
    assert faults(again.manifest) == []


def test_benchmarks_and_held_datasets_fit(faults, curate, papers, tmp_path):
    first = curate(papers, recipe=plain())
    (tmp_path / "quiz.jsonl").write_text(json.dumps({"question": prose(3, 40)}) + "\n")
    from colophon.filters import Contamination

    recipe = plain(against=(str(first.folder),))
    recipe = replace(
        recipe, filters={"contamination": Contamination(benchmarks=(str(tmp_path / "quiz.jsonl"),))}
    )
    second = curate(papers, recipe=recipe, output="second")
    assert set(second.manifest["materials"]) == {"contamination", "deduplicate"}
    assert faults(second.manifest) == []


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("fates", "kept"), -1),
        (("fates", "kept"), "23"),
        (("fates", "lost"), 1),
        (("recipe_sha256",), "abc"),
        (("software", "colour"), "blue"),
        (("inputs", "path"), "/data"),
        (("counts", "mood"), {"good": 1}),
        (("counts", "language", "en"), 1.5),
        (("files", "data/part-00000-of-00001.parquet", "rows"), None),
        (("sources", "notes", "stages", "read", "in"), True),
        (("rights", "notes", "spdx"), []),
        (("merkle",), {"root": "00"}),
    ],
)
def test_what_no_run_writes_is_refused(faults, example_dataset, where, value):
    manifest = copy.deepcopy(example_dataset.manifest)
    place = manifest
    for name in where[:-1]:
        place = place[name]
    place[where[-1]] = value
    assert faults(manifest)


def test_a_missing_key_is_refused(faults, example_dataset):
    for name in example_dataset.manifest:
        rest = {key: value for key, value in example_dataset.manifest.items() if key != name}
        assert faults(rest), name


def test_a_field_that_does_not_say_what_it_means_makes_no_schema(monkeypatch):
    hints = {"name": str}
    monkeypatch.setattr(
        generator, "get_type_hints", lambda *_, **__: dict.fromkeys(Manifest.__annotations__, str) | hints
    )
    with pytest.raises(TypeError, match="does not say what it means"):
        manifest_json_schema()
