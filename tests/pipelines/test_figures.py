"""Figures of a corpus: each against a case worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.bias.associations import NEAR, association_counts, attribute_sets
from colophon.filters.tokens import tokenize
from colophon.pipelines.association import associations
from colophon.pipelines.bias_counts import count_described
from colophon.pipelines.counts import merge_counts
from colophon.pipelines.figures import adjusted, concentration, divergence


def test_benjamini_and_hochberg_as_in_their_paper():
    """Their example of 15 p-values (1995, section 3.3): four are rejected at .05."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
         0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip
    q = adjusted(p)
    assert sum(value <= 0.05 for value in q) == 4
    assert q == sorted(q)


def test_concentration():
    even = concentration({"a": 50, "b": 50})
    assert (even["gini"].value, even["entropy"].value) == (0, 1)
    one = concentration({"a": 100, "b": 0, "": 40})
    assert one["gini"].value == pytest.approx(0.5)  # of two values, the most there can be
    assert one["entropy"].value == 0
    assert one["gini"].n == 100
    assert concentration({"a": 5, "b": 4})["gini"].too_few
    assert concentration({"a": 500}) == {}
    assert concentration({"a": 98, "b": 2}) == concentration({"b": 2, "a": 98})


def test_divergence():
    assert divergence({"a": 50, "b": 50}, {"a": 0.5, "b": 0.5}).value == 0
    assert divergence({"a": 100}, {"a": 0.0, "b": 1.0}).value == 1
    # By hand: shares (1, 0) against (1/2, 1/2).
    expected = (math.log2(1 / 0.75) + 0.5 * math.log2(0.5 / 0.75) + 0.5 * math.log2(0.5 / 0.25)) / 2
    found = divergence({"a": 100, "c": 7}, {"a": 1, "b": 1})
    assert found.value == pytest.approx(expected, abs=1e-6)
    assert found.n == 100
    assert divergence({"a": 3}, {"a": 1, "b": 1}).too_few
    for wrong in ({}, {"a": -1.0, "b": 2.0}, {"a": 0.0}):
        with pytest.raises(ValueError, match="a reference needs shares"):
            divergence({"a": 50}, wrong)


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 500), min_size=2))
def test_figures_stay_in_their_bounds(counts):
    for one in [*concentration(counts).values(), divergence(counts, dict.fromkeys("abc", 1.0))]:
        if not one.too_few:
            assert -1e-9 <= one.lower <= one.value <= one.upper <= 1 + 1e-9


def test_associations_by_hand():
    counts = {
        "association_groups": {
            "gender/men": 200,
            "gender/women": 100,
            "age/children": 50,
            "religion/Jains": 2,
        },
        "association_pairs": {"gender/men\tcareer": 40, "gender/women\tcareer": 5},
    }
    found = {(one.group, one.attributes): one for one in associations(counts)}
    men = found["gender/men", "career"]
    assert men.log_odds == pytest.approx(math.log(40.5 * 95.5 / (160.5 * 5.5)), abs=1e-6)
    error = math.sqrt(1 / 40.5 + 1 / 160.5 + 1 / 5.5 + 1 / 95.5)
    assert men.lower == pytest.approx(men.log_odds - 1.959964 * error, abs=1e-5)
    assert men.npmi == pytest.approx(
        math.log((40 / 352) / ((200 / 352) * (45 / 352))) / -math.log(40 / 352), abs=1e-6
    )
    assert men.npmi_lower < men.npmi < men.npmi_upper
    assert men.significant
    assert found["gender/women", "career"].log_odds == pytest.approx(-men.log_odds, abs=1e-6)
    assert found["religion/Jains", "career"].too_few
    assert found["age/children", "career"].too_few  # no other group of its axis


def test_a_document_counts_once_and_far_words_do_not():
    far = "women " + "and " * NEAR + "physics"
    near = "women " + "and " * (NEAR - 1) + "physics women physics women"
    counts = association_counts(tokenize([far, near, "physics", ""]))
    assert counts["association_groups"] == {"gender/women": 2}
    assert counts["association_pairs"] == {"gender/women\tscience": 1}


def test_a_name_is_not_its_own_attribute():
    assert association_counts(tokenize(["Poor people."]))["association_pairs"] == {}


def test_sets_are_apart_enough():
    assert all(len(words) == len(set(words)) >= 10 for words in attribute_sets().values())


words = st.sampled_from(
    ["women", "men", "physics", "family", "nurse", "old", "children", "poor", "prison", "and", "the"]
)


@given(st.lists(st.lists(words, max_size=12), max_size=6), st.lists(st.lists(words, max_size=12), max_size=6))
def test_association_counts_add_up(one, other):
    def count(texts):
        return association_counts(tokenize([" ".join(text) for text in texts]))

    assert merge_counts([count(one), count(other)]) == merge_counts([count(one + other)])


def test_what_readers_found_is_counted():
    metadata = ['{"journal": "Mills", "subjects": ["A", "B", "A"]}', '{"journal": 3, "country": "DE"}', "{}"]
    assert count_described(metadata) == {
        "journal": {"Mills": 1},
        "discipline": {"A": 1, "B": 1},
        "country": {"DE": 1},
    }
