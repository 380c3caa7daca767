"""Inputs that readers once failed on, and new ones."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from fuzz import KEPT, SECONDS, answers, damaged, fault, fuzz, own_seeds

from colophon.filters.formats import formats
from colophon.pipelines.isolation import Isolated
from colophon.schemas import Document, Unreadable


@pytest.fixture(scope="module")
def child():
    with Isolated(SECONDS) as child:
        yield child


@pytest.mark.parametrize("path", sorted(KEPT.iterdir()), ids=lambda path: path.stem)
def test_what_was_found_is_answered(path: Path, child: Isolated):
    assert answers(child, path.stem.partition("-")[0], path.read_bytes()) == ""


@pytest.mark.parametrize("name", sorted(formats()))
def test_seeds_are_documents(name, child):
    assert own_seeds(name)
    for seed in own_seeds(name):
        assert answers(child, name, seed) == ""


def test_damage_is_always_the_same():
    for name in formats():
        once, again = (damaged(name, own_seeds(name), random.Random(7)) for _ in range(2))
        assert once == again


@pytest.mark.parametrize(
    ("items", "found"),
    [
        ([], "nothing"),
        ([Unreadable("no_text")], ""),
        ([Unreadable("timed_out", "a")], "timed_out: a"),
        ([Unreadable("no_text", "a\nb")], "a reason that is none: 'no_text' 'a\\nb'"),
        ([Document("Ants")], ""),
    ],
)
def test_faults(items, found):
    assert fault(items) == found


def test_half_characters_are_a_fault():
    assert fault([Document("\ud800")]).startswith("not JSON")
    assert fault([Document("a", metadata={"a": {1}})]).startswith("not JSON")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(formats()))
def test_damaged_files_are_answered(name):
    count, findings = fuzz(name, seconds=5, seed=1)
    assert findings == []
    assert count
