"""Sampling weights: what they are, who is refused, and that a run, a decision and a verification agree on them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import lxml.html
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from sealing import seal
from texts import prose

from colophon.pipelines.counts import count_data, less_counts, merge_counts
from colophon.pipelines.predecessor import decision_over, predecessor_of
from colophon.pipelines.verify import verify
from colophon.pipelines.weights import effective_documents, sampling_weights, weighted_shares, with_observed
from colophon.runners.bias_report import bias_lines
from colophon.runners.recipes import read_recipe, sections
from colophon.runners.review import check_files, draw_report, gather
from colophon.schemas import (
    RecipeError,
    Weights,
    default_recipe,
    explained,
    load_recipe,
    public_form,
    recipe_json_schema,
    staging_form,
)

LENIENT = "filters: {rights: {unknown: keep}, quality: false, scholarly: false}\n"
GIVEN = "reference: [source/rare=0.5, source/usual=0.5], observed: [source/rare=0.25, source/usual=0.75]"


def rules(weights: str, more: str = LENIENT):
    text = f"{more}weights: {weights}"
    return with_observed(load_recipe(text, base=Path(), sections=sections(), sources_required=False))


def languages(
    *reference: str, observed: tuple[str, ...] = ("language/en=0.9", "language/de=0.1"), cap: float = 4
):
    return Weights(reference, observed, cap=cap)


def weights_of(weights: Weights, **columns: list) -> list[float]:
    return sampling_weights(weights, pa.table(columns)).to_pylist()


def test_margins_are_multiplied_and_the_cap_trims():
    weights = Weights(
        ("language/en=0.5", "language/de=0.5", "year/2020=0.4", "year/2021=0.6"),
        ("language/en=0.8", "language/de=0.2", "year/2020=0.8", "year/2021=0.2"),
    )
    found = weights_of(weights, language=["en", "de", "en", "de"], year=[2020, 2020, 2021, 2021])
    assert found == [0.3125, 1.25, 1.875, 4.0]  # .625·.5, 2.5·.5, .625·3, 2.5·3 capped


def test_values_without_a_share_keep_their_weight_and_the_others_are_balanced_among_themselves():
    weights = languages(
        "language/en=0.5",
        "language/de=0.5",
        observed=("language/en=0.6", "language/de=0.2", "language/*=0.2"),
    )
    corpus = ["en"] * 6 + ["de"] * 2 + ["fr", None]
    found = weights_of(weights, language=corpus)
    assert found[-2:] == [1, 1]
    assert sum(found[:6]) == pytest.approx(4, abs=1e-5)
    assert sum(found[6:8]) == 4
    assert sum(found) == pytest.approx(len(corpus), abs=1e-5)


def test_a_star_stands_for_all_others_and_for_nothing_known():
    weights = languages(
        "language/en=0.5", "language/*=0.5", observed=("language/en=0.8", "language/de=0.1", "language/*=0.1")
    )
    assert weights_of(weights, language=["en", "de", "fr", None]) == [0.625, 2.5, 2.5, 2.5]


def test_no_weight_is_0():
    weights = languages("language/en=0.0000001", "language/de=0.9999999", cap=100)
    assert weights_of(weights, language=["en"]) == [0.000001]


shares = st.lists(st.integers(1, 1000), min_size=2, max_size=6)


@given(shares, st.data())
def test_weights_bring_the_shares_that_are_wanted(there, data):
    wanted = data.draw(st.lists(st.integers(50, 100), min_size=len(there), max_size=len(there)))
    reference = tuple(f"source/{i}={n / sum(wanted)}" for i, n in enumerate(wanted))
    observed = tuple(f"source/{i}={n / sum(there)}" for i, n in enumerate(there))
    corpus = [str(i) for i, n in enumerate(there) for _ in range(n)]
    found = np.array(weights_of(Weights(reference, observed, cap=100), source=corpus))
    if found.max() < 100:
        for i, n in enumerate(wanted):
            part = found[[one == str(i) for one in corpus]].sum() / found.sum()
            assert part == pytest.approx(n / sum(wanted), abs=1e-4)


def table_of(values: list[str], weights: list[float]) -> pa.Table:
    return pa.table(
        {
            "source": pa.array(values, pa.string()),
            "text": pa.array(["a"] * len(values), pa.string()),
            "sampling_weight": pa.array(weights, pa.float64()),
        }
    )


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4_000_000)), max_size=30), st.integers(0, 30)
)
def test_counts_add_up_and_can_be_taken_away(rows, cut):
    whole, *parts = (
        count_data(table_of([v for v, _ in some], [w / 1e6 for _, w in some]), 5)
        for some in (rows, rows[:cut], rows[cut:])
    )
    total = merge_counts([whole])
    assert merge_counts(parts) == total
    assert total["sampling_weight"]["sum"] == sum(w for _, w in rows)
    none = count_data(table_of([], []), 5)
    assert less_counts(total, merge_counts([parts[0]]), none)["weighted"] == parts[1]["weighted"]


def test_kish_by_hand():
    counts = count_data(table_of(["a", "b", "b"], [2.0, 0.5, 0.5]), 5)
    assert effective_documents(counts) == pytest.approx(9 / 4.5)
    assert effective_documents(count_data(table_of([], []), 5)) == 0


def test_weights_that_no_run_writes_are_counted_without_a_fault():
    counts = count_data(table_of(["a", "b", "c"], [float("nan"), 1e300, None]), 5)["sampling_weight"]
    assert counts == {"documents": 2, "sum": 100_000_000, "squares": 10_000_000_000}


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ("{reference: [language/en=0.5, language/de=0.3]}", "weights.reference (line 2): reference has shares of language that sum to 0.8; allowed is 1"),
        ("{reference: [language/en=-0.5, language/de=1.5]}", "reference has 'language/en=-0.5'; allowed is COLUMN/VALUE=SHARE with a share above 0"),
        ("{reference: [language/en=1, language/de=0]}", "reference has 'language/de=0'; allowed is COLUMN/VALUE=SHARE with a share above 0"),
        ("{reference: [language/en=nan]}", "reference has 'language/en=nan'; allowed is"),
        ("{reference: [colour/red=1]}", "where COLUMN is one of source, media_type, license, year, language, spdx, rights_status"),
        ("{reference: [year/2020=0.5, year/2020=0.5]}", "reference has year/2020 twice"),
        ("{reference: [year/2020=1], observed: [year/2021=1]}", "weights.reference (line 2): reference wants year/2020=1, of which observed has none; allowed are values with an observed share above 0: 2021"),
        ("{reference: [year/2020=0.5, year/*=0.5], observed: [year/2020=1, year/2021=0]}", "reference wants year/*=0.5, of which observed has none"),
        ("{reference: [year/2020=1]}", "of which observed has none"),
        ("{reference: [year/2020=1], observed: [year/2020=0.4]}", "weights.observed (line 2): observed has shares of year that sum to 0.4"),
        ("{reference: [year/2020=1], observed: [year/2020=1, source/a=1]}", "observed has shares of source; allowed are columns that reference names: year"),
        ("{reference: [year/2020=1], observed: [year/2020=1], observed_in: [x]}", "observed_in is given beside observed"),
        (f"{{{GIVEN}, cap: 0.5}}", "weights.cap (line 2): given 0.5, allowed is a number from 1 to 100"),
        ("{reference: []}", "reference is empty"),
        ("on", "weights.reference (line 2): missing"),
        ("{reference: [year/2020=1], observed_in: [nowhere]}", 'weights.observed_in[0]: given "nowhere", allowed is a dataset\'s folder or its manifest.json'),
    ],
)  # fmt: skip
def test_what_is_refused(weights, told):
    with pytest.raises(RecipeError) as error:
        rules(weights)
    assert told in str(error.value)


def test_a_column_of_a_filter_that_is_off_is_refused():
    weights = "{reference: [language/en=1], observed: [language/en=1]}"
    with pytest.raises(RecipeError, match="the filter language, which is off, makes that column"):
        rules(weights, "filters: {language: off}\n")


def test_off_by_default_and_part_of_no_staged_unit():
    plain = default_recipe(sections())
    assert plain.weights is None
    assert public_form(plain)["weights"] is False
    made = rules(f"{{{GIVEN}}}")
    assert staging_form(made) == staging_form(rules("off"))
    again = load_recipe(explained(made, sections()), base=Path(), sections=sections(), sources_required=False)
    assert again == made
    for recipe in (plain, made):
        Draft202012Validator(recipe_json_schema(sections())).validate(
            {name: one for name, one in public_form(recipe).items() if name != "sources"}
        )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> tuple[Path, Path]:
    """Three texts of one source, nine of another, of which one is too short."""
    folders = tmp_path_factory.mktemp("in") / "rare", tmp_path_factory.mktemp("in") / "usual"
    for folder, names in zip(folders, (range(3), range(10, 19)), strict=True):
        folder.mkdir()
        for n in names:
            (folder / f"{n}.txt").write_text(prose(n))
    (folders[1] / "short.txt").write_text("A mill stands by the river.")
    return folders


@pytest.fixture(scope="module")
def plain(curate_once, corpus):
    return curate_once(*corpus, recipe=rules("off"), output="plain")


@pytest.fixture(scope="module")
def weighted(curate_once, corpus, plain):
    recipe = rules(f"{{reference: [source/rare=0.5, source/usual=0.5], observed_in: [{plain.folder}]}}")
    return curate_once(*corpus, recipe=recipe, output="weighted")


def told_of(dataset) -> dict[str, float]:
    return {row["source_uri"]: row["sampling_weight"] for row in dataset.data}


def test_without_weights_there_is_no_column(plain):
    assert "sampling_weight" not in plain.data[0]
    assert not {"sampling_weight", "weighted"} & plain.manifest["counts"].keys()
    assert verify(plain.folder).faults == []


def test_a_run_weighs_by_the_counts_of_another(plain, weighted):
    assert told_of(weighted) == {f"{n}.txt": 2.0 if n < 3 else 0.666667 for n in [*range(3), *range(10, 19)]}
    assert [{k: v for k, v in row.items() if k != "sampling_weight"} for row in weighted.data] == plain.data
    assert weighted.ledger == plain.ledger
    assert weighted.manifest["recipe"]["weights"] == {
        "reference": ["source/rare=0.5", "source/usual=0.5"],
        "observed": ["source/rare=0.25", "source/usual=0.75"],
        "cap": 4.0,
    }
    counts = weighted.manifest["counts"]
    assert counts["sampling_weight"] == {"documents": 12, "sum": 12_000_003, "squares": 16_000_005}
    assert (counts["weighted"]["source\trare"], counts["weighted"]["source\tusual"]) == (6_000_000, 6_000_003)
    assert verify(weighted.folder).faults == []


def test_the_reports_tell_the_effect(weighted):
    one, two = weighted_shares(weighted.manifest)
    assert (one.documents, one.share, one.wanted) == (3, 0.25, 0.5)
    assert (one.weighted, two.weighted) == (pytest.approx(0.5, abs=1e-6), pytest.approx(0.5, abs=1e-6))
    text = "\n".join(bias_lines(weighted.manifest))
    assert "Sampling weights, at most 4: 12 documents tell as much as 9 of one weight (Kish)" in text
    assert "source  rare   3          25.0%  50.0%     50.0%" in text
    page = lxml.html.document_fromstring(
        draw_report(gather(weighted.folder, check_files(weighted.folder))).decode()
    )
    told = " ".join(page.get_element_by_id("bias").text_content().split())
    assert "12 documents tell as much as 9 of one weight would (Kish)" in told


def test_a_changed_weight_is_found(weighted, tmp_path):
    folder = Path(shutil.copytree(weighted.folder, tmp_path / "copy"))
    (path,) = (folder / "data").iterdir()
    table = pq.read_table(path)
    at = table.column_names.index("sampling_weight")
    values = table["sampling_weight"].to_pylist()
    changed = table.set_column(at, table.schema.field(at), pa.array([3.0, *values[1:]]))
    pq.write_table(changed, path)
    seal(folder, json.loads((folder / "manifest.json").read_bytes()))
    faults = verify(folder).faults
    assert any("has the weight 3.0, by the recipe it is 2.0" in one for one in faults)
    assert any("counts.sampling_weight.sum says 12000003, recounted it is 13000003" in one for one in faults)


def decided(curate_once, before, weights: str, output: str):
    recipe, decision = decision_over(before, rules(weights), sections())
    made = curate_once(recipe=recipe, decision=decision, output=output)
    assert verify(made.folder).faults == []
    return made


def test_a_decision_over_staged_units_weighs_as_a_run_would(curate_once, plain, weighted):
    before = predecessor_of(plain.folder, plain.folder.parent / "staging")
    made = decided(curate_once, before, json.dumps(weighted.manifest["recipe"]["weights"]), "decided")
    assert {**made.manifest, "predecessor": {}} == weighted.manifest


def test_a_decision_over_kept_documents_weighs_anew(curate_once, plain, weighted):
    before = replace(predecessor_of(weighted.folder, weighted.folder), plan=None)
    made = decided(curate_once, before, f"{{{GIVEN}, cap: 1.5}}", "capped")
    assert set(told_of(made).values()) == {1.5, 0.666667}
    assert made.manifest["counts"]["weighted"]["source\trare"] == 4_500_000
    assert decided(curate_once, before, "off", "without").data == plain.data


def test_counts_of_several_sites_are_added_up(plain, weighted, tmp_path):
    (tmp_path / "recipe.yaml").write_text(
        f"{LENIENT}sources: [{{path: .}}]\n"
        f"weights: {{reference: [source/rare=0.5, source/*=0.5], observed_in: [{plain.folder}, {weighted.folder}/manifest.json]}}\n"
    )
    recipe = read_recipe(tmp_path / "recipe.yaml")
    assert recipe.weights is not None
    assert recipe.weights.observed == ("source/rare=0.25", "source/*=0.75")
    assert recipe.weights.observed_in == ()
