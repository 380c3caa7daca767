"""What is counted of rows: distributions that add up, whatever the values."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from colophon.pipelines.counts import count_data, merge_counts


def table(texts, scores=None):
    columns = {"text": pa.array(texts, pa.string())}
    if scores is not None:
        columns["bias_score"] = pa.array(scores, pa.float32())
    return pa.table(columns)


def test_lengths_are_told_by_powers_of_two_of_characters():
    counts = count_data(table(["", "é", "ab", "abc", "a" * 511, "a" * 512, "a" * 1023, "a" * 1024]), 5)
    assert counts["length"] == {"1": 2, "2": 2, "256": 1, "512": 2, "1024": 1}


def test_scores_are_told_by_tenths_and_the_unknown_apart():
    counts = count_data(table(["a"] * 5, [0.0, 0.05, 0.95, 1.0, None]), 5)
    assert counts["bias_score"] == {"0.0": 2, "0.9": 2, "": 1}


@given(st.lists(st.tuples(st.text(), st.floats(0, 1, width=32) | st.none()), max_size=20), st.integers(0, 20))
def test_counts_of_parts_add_up_to_those_of_the_whole(rows, cut):
    def counted(some):
        return count_data(table([text for text, _ in some], [score for _, score in some]), 5)

    whole = counted(rows)
    assert merge_counts([counted(rows[:cut]), counted(rows[cut:])]) == merge_counts([whole])
    assert sum(whole["length"].values()) == sum(whole["bias_score"].values()) == len(rows)
