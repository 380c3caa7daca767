from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.formats.markdown import Markdown
from colophon.schemas import Document, ReadOptions


def read(text):
    (item,) = Markdown().read(io.BytesIO(text.encode()), ReadOptions())
    return item


def test_front_matter():
    document = read(
        "---\n"
        "title: 'Ants: a  *review*'\n"
        "date: 2021-03-04\n"
        "doi: https://doi.org/10.5555/ANTS\n"
        "license: CC-BY-4.0\n"
        "lang: en_GB\n"
        "tags: [ants, sleep]\n"
        "authors:\n"
        "  - {name: Ada Berg, orcid: 7}\n"
        "---\n"
        "# Rest\n\nAnts *sleep*, see [1](#one).\n"
    )
    assert document == Document(
        "Ants: a *review*\n\n# Rest\n\nAnts *sleep*, see [1](#one).",
        "Ants: a *review*",
        media_type="text/markdown",
        doi="10.5555/ants",
        license="CC-BY-4.0",
        license_evidence="front matter: license",
        rights=[("front matter: license", "CC-BY-4.0")],
        year=2021,
        declared_language="en-gb",
        metadata={
            "date": "2021-03-04",
            "tags": ["ants", "sleep"],
            "authors": [{"name": "Ada Berg", "orcid": 7}],
        },
    )


def test_title_is_not_said_twice():
    assert read("---\ntitle: Ants\n---\n# Ants\n\nThey sleep.").text == "# Ants\n\nThey sleep."


def test_title_from_heading():
    document = read("# Ants in *winter* #\n\nThey sleep.")
    assert document.title == "Ants in *winter*"
    assert document.text.startswith("# Ants in *winter* #")
    assert read("#Ants\n").title == ""
    assert read("## Ants\n").title == ""


@pytest.mark.parametrize(
    "front",
    [
        "title: [unclosed",
        "title: 'a\n",
        "- a\n- list",
        "just words",
        "a: &x [1]\nb: *x",
        "date: 2021-99-99",
        "? [a, b]\n: c",
        "a: " + "[" * 20_000,
        "!!python/object/apply:os.system ['true']",
    ],
)
def test_broken_front_matter_loses_nothing(front):
    source = f"---\n{front}\n---\nAnts sleep."
    document = read(source)
    assert isinstance(document, Document)
    assert document.text == source
    assert document.metadata == {}


def test_bomb_of_aliases_is_left_in_the_text():
    front = "a: &a [x]\n" + "".join(
        f"{b}: &{b} [*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a}]\n"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "*h" in read(f"---\n{front}---\nAnts sleep.").text


def test_a_rule_is_no_front_matter():
    assert read("Ants\n\n---\n\nsleep\n\n---\n").text == "Ants\n\n---\n\nsleep\n\n---"
    assert read("---\n---\nAnts").text == "Ants"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Ants <!-- do they? -->sleep.", "Ants sleep."),
        ("Ants\n<!--\nmany\nlines\n-->\nsleep.", "Ants\n\nsleep."),
        ("Ants <!-- never ends", "Ants <!-- never ends"),
        ("Ants --> sleep", "Ants --> sleep"),
        ("```html\n<!-- kept -->\n```\n<!-- gone -->Ants", "```html\n<!-- kept -->\n```\nAnts"),
        (
            "~~~\n<!-- kept -->\n```\n<!-- kept -->\n~~~~\n<!-- gone -->Ants",
            "~~~\n<!-- kept -->\n```\n<!-- kept -->\n~~~~\nAnts",
        ),
        ("Write `<!-- x -->` for a comment.", "Write `<!-- x -->` for a comment."),
        ("<!-- ``` -->Ants<!-- x --> sleep", "Ants sleep"),
    ],
)
def test_comments(source, expected):
    assert read(source).text == expected


def test_many_openings_take_linear_time():
    assert len(read("<!-- " * 400_000).text) == 400_000 * 5 - 1


def test_nothing_but_front_matter_or_comments():
    assert read("---\ndate: 2020\n---\n").reason == "no_text"
    assert read("<!-- x -->").reason == "no_text"
    assert read("---\ntitle: Ants\n---\n").text == "Ants"


@given(st.text(st.sampled_from("-<!>`~#\n: a[]&*")))
def test_never_raises(source):
    (item,) = Markdown().read(io.BytesIO(source.encode()), ReadOptions())
    assert isinstance(item, Document) or item.reason in {"empty_file", "no_text"}
