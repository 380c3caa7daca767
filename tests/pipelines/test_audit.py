"""What our filters do to texts that mention a group, told from counts."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.bias.identity import AXES
from colophon.pipelines.audit import audit_faults, count_audit, drop_ratios, exceeded, refusals
from colophon.pipelines.counts import count_ledger, merge_counts


def _staged(rows: list[tuple[str, int, bool, str]]) -> tuple[pa.Table, pa.Table]:
    """Rows of source, words, whether gender is mentioned, the stage that dropped it (or kept, failed)."""
    rates = [
        {axis: 5.0 if axis == "gender" and mentioned else 0.0 for axis in AXES} for _, _, mentioned, _ in rows
    ]
    table = pa.table(
        {
            "identity_rates": pa.array(rates, pa.struct([(axis, pa.float64()) for axis in AXES])),
            "source": [row[0] for row in rows],
            "n_words": [row[1] for row in rows],
        }
    )
    ledger = {
        "fate": [row[3] if row[3] in {"kept", "failed"} else "dropped" for row in rows],
        "stage": ["" if row[3] == "kept" else row[3] for row in rows],
        "source": [row[0] for row in rows],
        "reason": ["" if row[3] == "kept" else "any" for row in rows],
    }
    told = {name: pa.array(each, pa.string()) for name, each in ledger.items()}
    return table, pa.table(told | {"detail": pa.array([""] * len(table), pa.string())})


def _gender(counts, stages=("length",)):
    return {one.stage: one for one in drop_ratios(counts, list(stages)) if one.group == "gender"}


def test_a_plain_ratio():
    rows = [("a", 300, True, "length")] * 40 + [("a", 300, True, "kept")] * 60
    rows += [("a", 300, False, "length")] * 20 + [("a", 300, False, "kept")] * 80
    found = _gender(count_audit(*_staged(rows)))["length"]
    assert (found.mentioning, found.mentioning_dropped, found.others, found.others_dropped) == (
        100,
        40,
        100,
        20,
    )
    assert found.ratio == pytest.approx(2)
    # One stratum: the textbook's interval, exp(ln 2 ± 1.96 sqrt(1/40 - 1/100 + 1/20 - 1/100)).
    error = math.sqrt(1 / 40 - 1 / 100 + 1 / 20 - 1 / 100)
    assert found.lower == pytest.approx(2 * math.exp(-1.959964 * error), abs=1e-5)
    assert found.upper == pytest.approx(2 * math.exp(1.959964 * error), abs=1e-5)
    assert found.significant


def test_a_source_that_is_dropped_more_is_no_effect_of_the_mention():
    """Simpson's paradox: the ratio is 1 in either source, and far from it without strata."""
    rows = []
    for source, mentioned, others, share in (("a", 900, 100, 0.5), ("b", 100, 900, 0.05)):
        for is_mentioned, n in ((True, mentioned), (False, others)):
            rows += [(source, 300, is_mentioned, "length")] * int(n * share)
            rows += [(source, 300, is_mentioned, "kept")] * (n - int(n * share))
    found = _gender(count_audit(*_staged(rows)))["length"]
    assert found.mentioning_dropped / found.mentioning > 4 * found.others_dropped / found.others
    assert found.ratio == pytest.approx(1)
    assert not found.significant


def test_length_is_a_stratum_too():
    rows = [("a", 50, True, "length")] * 50 + [("a", 9_000, False, "kept")] * 50
    assert _gender(count_audit(*_staged(rows)))["length"].too_few


def test_a_stage_sees_only_what_came_to_it():
    rows = (
        [("a", 300, True, "language")] * 50
        + [("a", 300, True, "length")] * 10
        + [("a", 300, True, "kept")] * 40
    )
    rows += [("a", 300, False, "length")] * 20 + [("a", 300, False, "kept")] * 80
    found = _gender(count_audit(*_staged(rows)), ("language", "length"))
    assert (found["language"].mentioning, found["length"].mentioning) == (100, 50)
    assert found["length"].ratio == pytest.approx(1)


def test_failed_and_unjudged_documents_are_no_part():
    table, ledger = _staged([("a", 300, True, "failed")] * 5 + [("a", 300, True, "kept")] * 5)
    unjudged = table.set_column(0, "identity_rates", pa.nulls(10, table["identity_rates"].type))
    assert count_audit(table, ledger)["audit_documents"] == {"\ta\t200": 5, "gender\ta\t200": 5}
    assert count_audit(unjudged, ledger) == {"audit_documents": {}, "audit_dropped": {}}
    assert count_audit(table.drop(["identity_rates"]), ledger) == {}


def test_single_groups_are_counted_beside_axes():
    table, ledger = _staged([("a", 300, True, "length")] * 6 + [("a", 300, True, "kept")] * 4)
    named = [["gender/women"]] * 5 + [["gender/men", "gender/women"]] + [["gender/men"]] * 3 + [None]
    table = table.append_column("identity_groups", pa.array(named, pa.list_(pa.string())))
    counts = count_audit(table, ledger)
    assert counts["audit_documents"]["gender/women\ta\t200"] == 6
    assert counts["audit_documents"]["gender/men\ta\t200"] == 4
    assert counts["audit_dropped"]["length\tgender/men\ta\t200"] == 1
    assert audit_faults(counts, count_ledger(ledger)["fates"]) == []
    assert {one.group for one in drop_ratios(counts, ["length"])} == {"gender", "gender/men", "gender/women"}


def test_the_worst_comes_first_and_what_is_too_few_last():
    counts = {
        "audit_documents": {"\ta\t0": 2000, "gender\ta\t0": 1000, "age\ta\t0": 1000, "religion\ta\t0": 3},
        "audit_dropped": {
            "x\t\ta\t0": 300,
            "x\tgender\ta\t0": 180,
            "x\tage\ta\t0": 240,
            "x\treligion\ta\t0": 1,
        },
    }
    found = drop_ratios(counts, ["x"])
    assert [one.group for one in found] == ["age", "gender", "religion"]
    assert [one.too_few for one in found] == [False, False, True]
    assert found[0].q <= found[1].q < 0.05
    assert found[-1].as_dict()["ratio"] is None
    assert exceeded(found, None) == []
    (told,) = exceeded(found, 2.0)
    assert told.startswith(
        "x drops documents that mention age 4.00 times as often as others (95% interval 3.06 to 5.23"
    )


rows = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]), st.sampled_from([10, 300, 8_000]), st.booleans(),
        st.sampled_from(["kept", "length", "language", "failed"]),
    ),
    max_size=40,
)  # fmt: skip


@given(rows, rows)
def test_counts_of_sites_add_up(one, other):
    apart = merge_counts([count_audit(*_staged(one)), count_audit(*_staged(other))])
    assert merge_counts([count_audit(*_staged(one + other))]) == apart


@given(rows)
def test_true_counts_have_no_faults(found):
    table, ledger = _staged(found)
    assert audit_faults(count_audit(table, ledger), count_ledger(ledger)["fates"]) == []


@pytest.mark.parametrize(
    ("name", "key", "n"),
    [
        ("audit_documents", "gender\ta\t200", 11),
        ("audit_documents", "\ta\t200", 12),
        ("audit_dropped", "length\tgender\ta\t200", 7),
        ("audit_dropped", "length\t\ta\t200", 9),
        ("audit_dropped", "language\t\ta\t200", 1),
        ("audit_documents", "age\tb\t200", 1),
    ],
)
def test_false_counts_have(name: str, key: str, n: int):
    table, ledger = _staged([("a", 300, True, "length")] * 6 + [("a", 300, True, "kept")] * 4)
    counts = count_audit(table, ledger)
    counts[name][key] = n
    assert audit_faults(counts, count_ledger(ledger)["fates"])


def test_a_recipe_refuses_by_its_limit():
    counts = {
        "audit_documents": {"\ta\t0": 2000, "age\ta\t0": 1000},
        "audit_dropped": {"x\t\ta\t0": 300, "x\tage\ta\t0": 240},
    }
    manifest = {"counts": counts, "stages": ["x"], "recipe": {"filters": {"bias": {"fail_above": 2.0}}}}
    assert len(refusals(manifest)) == 1
    for settings in ({"fail_above": 3.5}, {"fail_above": None}, False):
        manifest["recipe"] = {"filters": {"bias": settings}}
        assert refusals(manifest) == []


def test_a_word_list_drops_abstracts_that_mention_gender_twice_as_often(corpora, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2]))
    from benchmarks import bias

    monkeypatch.setattr(bias, "CORPORA", corpora)
    assert "benchmarks.bias" in sys.modules
    (gender,) = [one for one in bias.ldnoobw_audit() if one.group == "gender"]
    assert gender.ratio >= 2
    assert gender.lower > 1
    assert gender.significant
    assert exceeded([gender], 1.2)
