"""The readers on real files."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from colophon.filters.formats import FORMATS
from colophon.filters.formats.reading import read_stream
from colophon.schemas import Document, ReadOptions


def read(path, **options: str):
    with path.open("rb") as stream:
        return list(read_stream(stream, path.name, ReadOptions(**options)))


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("html_web_cc/*.html", "html"),
        ("html_sci/*.html", "html"),
        ("markdown/**/*.md", "markdown"),
        ("langid/udhr/*.txt", "text"),
    ],
)
def test_every_file_is_one_document(pattern, name, corpora):
    paths = sorted(corpora.glob(pattern))
    assert paths
    for path in paths:
        (document,) = read(path)
        assert isinstance(document, Document), (path, document)
        assert document.media_type == FORMATS[name].media_type
        assert len(document.text.split()) > 20, path
        assert document.text.encode()


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("bench/HumanEval.jsonl.gz", "prompt"),
        ("bench/*.jsonl", "question"),
        ("quality/*.jsonl", "text"),
        ("webtext/*.jsonl.gz", "text"),
        ("dedup/corpus.jsonl", "text"),
    ],
)
def test_every_line_is_one_document_or_says_why_not(pattern, key, corpora):
    paths = sorted(corpora.glob(pattern))
    assert paths
    for path in paths:
        items = read(path, text=key)
        assert len(items) >= 10
        reasons = {item.reason for item in items if not isinstance(item, Document)}
        assert reasons <= {"no_text_field"}, path
        assert all(item.locator.startswith("byte=") for item in items)


def norm(text):
    # Formulae are new here: trafilatura leaves them out.
    return " ".join(re.sub(r"\$[^$\n]*\$", "", text).split())


def test_main_text_is_not_below_trafilaturas(corpora):
    trafilatura = pytest.importorskip("trafilatura")
    gold = corpora / "html_web_cc" / "gold_trafilatura.json"
    ours, theirs = Counter(), Counter()
    for entry in json.loads(gold.read_text()).values():
        path = gold.parent / entry["file"]
        (document,) = read(path)
        direct = norm(trafilatura.extract(path.read_bytes(), fast=True, include_comments=False) or "")
        for kind in ("with", "without"):
            wanted = [norm(text) for text in entry[kind]]
            ours[kind] += sum(text in norm(document.text) for text in wanted)
            theirs[kind] += sum(text in direct for text in wanted)
    assert ours["with"] >= theirs["with"] > 90
    assert ours["without"] <= theirs["without"]


def test_licences_of_web_pages_are_not_guessed(corpora):
    gold = corpora / "html_web_cc" / "gold_trafilatura.json"
    right = claimed = 0
    for entry in json.loads(gold.read_text()).values():
        (document,) = read(gold.parent / entry["file"])
        expected = (
            "CC-" + entry["license"].removeprefix("CC ").replace(" ", "-") if entry.get("license") else ""
        )
        if expected and document.license.startswith("CC-"):
            claimed += 1
            right += document.license == expected
    assert right == claimed > 12
