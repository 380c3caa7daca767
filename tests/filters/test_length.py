import pickle

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.batch import Batch
from colophon.filters.length import Length
from colophon.schemas import arrow_schema


def test_counts() -> None:
    scores = Length().annotate(Batch(["Two oaks, über 10 m.", "", "木と"]))
    assert scores["n_chars"].to_pylist() == [20, 0, 2]
    assert scores["n_words"].to_pylist() == [5, 0, 2]
    assert scores["n_tokens"].to_pylist() == [6, 0, 2]


def test_columns_are_as_declared() -> None:
    for texts in ([], ["one oak"]):
        columns = Length().annotate(Batch(texts))
        declared = arrow_schema(Length.scores)
        assert {name: column.type for name, column in columns.items()} == {f.name: f.type for f in declared}
        assert all(len(column) == len(texts) for column in columns.values())


@pytest.mark.parametrize(("words", "reason"), [(1, "too_few_words"), (2, ""), (4, ""), (5, "too_many_words")])
def test_limits_are_inclusive(words: int, reason: str) -> None:
    decision = Length(min_words=2, max_words=4).decide({"n_words": pa.array([words])})
    assert decision.reason.tolist() == [reason]
    assert decision.drop.tolist() == [bool(reason)]
    if reason:
        assert decision.value.tolist() == [words]
        assert decision.threshold.tolist() == [2 if reason == "too_few_words" else 4]


@pytest.mark.parametrize("limits", [(-1, 10), (11, 10), (0, 0)])
def test_impossible_limits_are_refused(limits: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"^min_words is .* max_words"):
        Length(*limits)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_counts_are_those_of_python(texts: list[str]) -> None:
    scores = Length().annotate(Batch(texts))
    assert scores["n_chars"].to_pylist() == [len(text) for text in texts]
    assert scores["n_tokens"].to_pylist() == [-(-len(text.encode()) // 4) for text in texts]


def test_pickles() -> None:
    assert pickle.loads(pickle.dumps(Length(min_words=3))) == Length(min_words=3)  # noqa: S301  # our own bytes
