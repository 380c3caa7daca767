"""The rights filter in a run: what readers and the recipe say reaches it, and the ledger tells what it made of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from texts import prose

from colophon.filters.rights.rights import Rights
from colophon.runners.recipes import sections
from colophon.schemas import default_recipe, with_inputs


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    front = {
        "open": "license: CC-BY-4.0",
        "closed": "license: CC BY-NC 4.0",
        "torn": "license: CC BY 4.0\nrights: CC BY-SA 4.0",
        "silent": "doi: 10.5555/silent",
    }
    for n, (name, lines) in enumerate(front.items()):
        (folder / f"{name}.md").write_text(f"---\n{lines}\n---\n\n{prose(n)}\n")
    return folder


def recipe_of(folder, license_: str | None, **settings):
    recipe = with_inputs(default_recipe(sections()), [folder])
    recipe = replace(recipe, filters={"rights": Rights(**settings)}, filters_off=())
    return replace(recipe, sources=tuple(replace(source, license=license_) for source in recipe.sources))


def fates(made) -> dict[str, str]:
    return {row["source_uri"].partition(".")[0]: row["reason"] for row in made.ledger}


def test_evidence_reaches_ledger_and_dataset(curate, folder, tmp_path):
    made = curate(recipe=recipe_of(folder, None), output="none", staging="one")
    assert fates(made) == {
        "open": "",
        "closed": "license_not_allowed",
        "torn": "license_evidence_disagrees",
        "silent": "license_unknown",
    }
    (row,) = made.data
    assert (row["spdx"], row["rights_status"], row["reservations"]) == ("CC-BY-4.0", "found", "")
    assert json.loads(row["rights_evidence"]) == [
        {"where": "front matter: license", "said": "CC-BY-4.0", "spdx": "CC-BY-4.0"}
    ]
    assert made.manifest["counts"]["spdx"] == {"CC-BY-4.0": 1}

    # A declared licence counts where a document says nothing, and there alone.
    made = curate(recipe=recipe_of(folder, "CC0-1.0"), output="declared", staging="one")
    assert fates(made)["silent"] == ""
    assert {row["spdx"]: row["rights_status"] for row in made.data} == {
        "CC-BY-4.0": "found",
        "CC0-1.0": "declared",
    }

    # A list that only decides reads nothing again, and stands in the manifest by its digest.
    opted = tmp_path / "out.txt"
    opted.write_text("doi 10.5555/silent\n")
    made = curate(recipe=recipe_of(folder, "CC0-1.0", opted_out=(str(opted),)), output="opted", staging="one")
    assert fates(made)["silent"] == "opted_out"
    assert set(made.manifest["materials"]["rights"]) == {"opted_out[0]"}
    assert str(tmp_path) not in json.dumps(made.manifest)
