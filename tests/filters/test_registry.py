from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib.metadata import EntryPoint
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest

import colophon.filters.extensions as room
from colophon.filters import FILTERS, Batch, Decision, Length, all_filters
from colophon.pipelines.annotate import document_columns
from colophon.schemas import UsageError, arrow_schema

GROUP = "colophon.filters"
MILL = (
    "The old stone mill beside the river was rebuilt in spring, when the water was high. Its owner wrote down what "
    "each load of grain weighed and how long the wheel had to turn for it. From these notes we can tell that dry "
    "summers halved the work, and that a wet autumn made up for less than a third of what was lost. The accounts end "
    "in the year the railway came, for then flour from the plains was cheaper than any that could be ground here."
)


class Tidal(Length):
    """A user's own filter."""

    name: ClassVar[str] = "tidal"


class Arid(Length):
    name: ClassVar[str] = "arid"


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    all_filters.cache_clear()
    yield
    all_filters.cache_clear()


def _install(monkeypatch: pytest.MonkeyPatch, **points: str) -> None:
    found = [EntryPoint(name, value.replace("HERE", __name__), GROUP) for name, value in points.items()]
    monkeypatch.setattr(
        room, "entry_points", lambda group: [point for point in found if point.group == group]
    )


def test_the_built_in_filters_run_in_order() -> None:
    assert list(FILTERS) == [
        "rights",
        "language",
        "privacy",
        "contamination",
        "length",
        "quality",
        "scholarly",
        "bias",
    ]
    assert all(kind.name == name for name, kind in FILTERS.items())


def test_a_users_filters_come_after_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, tidal="HERE:Tidal", arid="HERE:Arid")
    assert list(all_filters()) == [*FILTERS, "arid", "tidal"]
    assert all_filters()["tidal"] is Tidal


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ({"length": "HERE:Tidal"}, "two filters are named 'length': Colophon and "),
        ({"tidal": "no.such.module:Tidal"}, "the filter 'tidal' .* cannot be loaded"),
        ({"tide": "HERE:Tidal"}, "the filter 'tide' .* does not say that name"),
    ],
)
def test_what_does_not_fit_is_refused(
    monkeypatch: pytest.MonkeyPatch, points: dict[str, str], words: str
) -> None:
    _install(monkeypatch, **points)
    with pytest.raises(UsageError, match=words):
        all_filters()


@pytest.mark.parametrize("kind", FILTERS.values(), ids=FILTERS)
def test_every_filter_keeps_its_promises(kind: Any) -> None:
    texts = [
        MILL,
        "",
        "1 2 3",
        "a\x00b \U0001f600",
    ]
    one = kind()
    assert is_dataclass(kind)
    about = [{"license": "CC0-1.0", "doi": "10.5555/mill", "media_type": "text/plain"}, {}, {}, {}]
    batch = Batch(texts, {"language": pa.array(["en", "und", "und", "fr"])}, about)
    columns = dict(one.annotate(batch))
    declared = arrow_schema(one.scores)
    assert {name: column.type for name, column in columns.items()} == {f.name: f.type for f in declared}
    assert all(column.null_count == 0 or declared.field(name).nullable for name, column in columns.items())
    decision = one.decide(batch.scores | columns | document_columns(batch.about, {kind.name: one}))
    assert isinstance(decision, Decision)
    assert all(len(getattr(decision, each.name)) == len(texts) for each in fields(decision))
    assert np.array_equal(decision.drop, decision.reason != "")
    assert not decision.drop[0]


def test_the_first_rule_that_is_broken_names_the_reason() -> None:
    decision = Decision.keep(3)
    value = np.array([1.0, 2.0, 3.0])
    decision.rule(value > 1, "above_one", value, 1)
    decision.rule(value > 2, "above_two", value, 2)
    assert decision.reason.tolist() == ["", "above_one", "above_one"]
    assert decision.threshold[1:].tolist() == [1, 1]
    assert np.isnan(decision.value[0])
