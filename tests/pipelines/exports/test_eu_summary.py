"""The pre-filled public summary of training content: the template's sections, facts where there are some, open where not."""

from __future__ import annotations

import re

import pytest

from colophon.pipelines.exports import EXPORTS, Subject
from colophon.pipelines.exports.eu_summary import OPEN

SECTIONS = [
    "1. General information",
    "1.1. Provider identification",
    "1.2. Model identification",
    "1.3. Modalities, overall training data size and other characteristics",
    "2. List of data sources",
    "2.1. Publicly available datasets",
    "2.2. Private non-publicly available datasets obtained from third parties",
    "2.2.1. Datasets commercially licensed by rightsholders or their representatives",
    "2.2.2. Private datasets obtained from other third parties",
    "2.3. Data crawled and scraped from online sources",
    "2.4. User data",
    "2.5. Synthetic data",
    "2.6. Other sources of data",
    "3. Data processing aspects",
    "3.1. Respect of reservation of rights from text and data mining exception or limitation",
    "3.2. Removal of illegal content",
    "3.3. Other information (optional)",
]


@pytest.fixture
def summary(example_dataset) -> str:
    return EXPORTS["eu-summary"].write(Subject(example_dataset.manifest)).decode()


def part(summary: str, title: str) -> str:
    return re.split(r"^#+ ", summary.partition(f" {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def test_it_has_the_templates_sections_in_their_order(summary):
    assert re.findall(r"^##+ (.*)$", summary, re.MULTILINE) == SECTIONS


def test_what_only_the_provider_knows_is_open(summary):
    for title in SECTIONS:
        if title in {
            "1. General information",
            "3. Data processing aspects",
            "3.3. Other information (optional)",
        }:
            continue
        if title.startswith("2.2. "):
            continue
        assert OPEN in part(summary, title), title
    for title in SECTIONS[5:13]:
        assert "[x]" not in part(summary, title), (
            "whether a source was crawled or bought is not in a manifest"
        )


def test_what_the_manifest_knows_is_filled_in(summary, example_dataset):
    sizes = example_dataset.manifest["counts"]["sizes"]
    general = part(summary, SECTIONS[3])
    assert f"about {sizes['n_tokens']:,} tokens" in general
    assert "- [x] less than 1 billion tokens" in general
    assert "2015 to 2024" in general
    assert "The publishers agreed to their use in training." in part(summary, SECTIONS[4])
    assert "tdm-reservation" in part(summary, SECTIONS[14])
    assert r"\[EMAIL\]" in part(summary, SECTIONS[15])
    assert "Jaccard" in part(summary, SECTIONS[16])


@pytest.mark.parametrize(("tokens", "ticked"), [(10**9 - 1, 0), (10**9, 1), (10**13 - 1, 1), (10**13, 2)])
def test_the_range_of_size(example_dataset, tokens, ticked):
    counts = example_dataset.manifest["counts"]
    manifest = example_dataset.manifest | {
        "counts": counts | {"sizes": counts["sizes"] | {"n_tokens": tokens}}
    }
    text = EXPORTS["eu-summary"].write(Subject(manifest)).decode()
    assert [line[3] for line in re.findall(r"^- \[.\] .*tokens$", text, re.MULTILINE)].index("x") == ticked
