"""The tables of `docs/scale.md`: from the constants that stand there, and by what the program itself reckons."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from colophon.pipelines.rules import BYTES_PER_PAIR

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def scale(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.scale")


@pytest.fixture
def page() -> str:
    return (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")


def test_the_page_has_what_its_constants_make(scale, page):
    assert scale.renewed(page, scale.constants_of(page)) == page


def test_the_page_has_what_its_readers_ask_for(scale, page):
    for column in (
        "units",
        "partitions",
        "shuffled",
        "memory of a partition",
        "core-hours",
        "energy",
        "moving the text instead",
    ):
        assert column in scale.HEAD
        assert page.count(f"| {column} |") == 2
    assert f"{BYTES_PER_PAIR} bytes a pair" in page


def test_twice_the_candidates_halve_what_fits(scale, page):
    once = scale.constants_of(page)
    twice = type(once)(**{**vars(once), "edges": 2 * once.edges})
    (name, before), (again, after) = scale.limits(once)[0], scale.limits(twice)[0]
    assert name == again
    assert float(before) == pytest.approx(2 * float(after), rel=0.1)  # two figures of each are told
    assert [row[0] for row in scale.rows(once, 2**30)] == ["10^6", "10^8", "10^9", "10^10"]
