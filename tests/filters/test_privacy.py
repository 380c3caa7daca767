from __future__ import annotations

import json
import pickle
import time
from dataclasses import make_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.batch import Batch
from colophon.filters.formats import FORMATS
from colophon.filters.formats.reading import read_stream
from colophon.filters.privacy.personal_data import KINDS, find, masked
from colophon.filters.privacy.privacy import Privacy
from colophon.filters.privacy.text_places import places
from colophon.schemas import ReadOptions, arrow_schema, default_recipe, explained, load_recipe
from colophon.schemas.recipe import Sections

CASES = json.loads((Path(__file__).parents[1] / "golden" / "privacy.json").read_text(encoding="utf-8"))
LABELS = {
    "EMAIL_ADDRESS": "email",
    "IP_ADDRESS": "ip",
    "IBAN_CODE": "iban",
    "CREDIT_CARD": "card",
    "PHONE_NUMBER": "phone",
    "US_SSN": "national_number",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:40])
def test_golden_cases_and_known_failures(case: dict[str, str]) -> None:
    assert masked(case["text"], find([case["text"]])[0]) == case["masked"]


def test_cases_are_the_same_in_one_batch_and_a_masked_text_stays_as_it_is() -> None:
    batch = Batch([case["text"] for case in CASES])
    first = Privacy().annotate(batch)
    assert batch.texts == [case["masked"] for case in CASES]
    again = Privacy().annotate(batch)
    assert batch.texts == [case["masked"] for case in CASES]
    total = sum(sum(row.values()) for row in first["personal_data"].to_pylist())
    assert total == sum(case["masked"].count(f"[{kind.upper()}]") for case in CASES for kind in KINDS)
    assert sum(sum(row.values()) for row in again["personal_data"].to_pylist()) == 0


def test_columns_are_as_declared() -> None:
    for texts in ([], ["one oak"], ["kim@mill.example"]):
        columns = Privacy().annotate(Batch(texts))
        declared = arrow_schema(Privacy.scores)
        assert {name: column.type for name, column in columns.items()} == {f.name: f.type for f in declared}
        assert all(len(column) == len(texts) for column in columns.values())


def test_kinds_not_looked_for_are_null_and_not_masked() -> None:
    batch = Batch(["kim@mill.example and 192.0.2.10 as an IP"])
    scores = Privacy(kinds=("ip",)).annotate(batch)
    assert batch.texts == ["kim@mill.example and [IP] as an IP"]
    found = scores["personal_data"][0].as_py()
    assert (found["ip"], found["email"]) == (1, None)


def test_counting_alone_changes_no_text() -> None:
    texts = ["Ask kim@mill.example or lee@mill.example today."]
    batch = Batch(texts)
    scores = Privacy(mask=False).annotate(batch)
    assert batch.texts is texts
    assert scores["personal_data"][0].as_py()["email"] == 2


def test_spans_tell_places_in_the_given_text_and_no_value() -> None:
    text = "Größe 木: kim@mill.example, 🜁 tel. +44 20 7946 0958"
    spans = Privacy().spans(Batch(["nothing", text]))
    assert spans[0] == []
    assert [(text[s.start : s.end], s.label, s.rule) for s in spans[1]] == [
        ("kim@mill.example", "email", "plain"),
        ("+44 20 7946 0958", "phone", "international"),
    ]
    assert "kim" not in repr(spans)
    assert "kim" not in repr(find([text]))


@pytest.mark.parametrize(("limit", "reason"), [(None, ""), (1000.0, ""), (99.0, "too_much_personal_data")])
def test_documents_that_are_full_of_it_can_be_dropped(limit: float | None, reason: str) -> None:
    scores = {"personal_data_rate": pa.array([100.0])}
    decision = Privacy(max_per_1000_words=limit).decide(scores)
    assert decision.reason.tolist() == [reason]
    if reason:
        assert (decision.value[0], decision.threshold[0]) == (100.0, limit)


def test_the_rate_is_of_the_words_of_the_masked_text() -> None:
    scores = Privacy().annotate(Batch(["kim@mill.example " + "oak " * 9]))
    assert scores["personal_data_rate"].to_pylist() == [100.0]


@pytest.mark.parametrize("wrong", [{"kinds": ()}, {"kinds": ("name",)}, {"max_per_1000_words": -1.0}])
def test_impossible_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^(kinds must be|max_per_1000_words is)"):
        Privacy(**wrong)


def test_it_can_stand_in_a_recipe() -> None:
    sections = Sections(clean=make_dataclass("Clean", [], frozen=True), filters={"privacy": Privacy})
    text = "filters: {privacy: {kinds: [email], mask: false, max_per_1000_words: 2.5}}"
    recipe = load_recipe(text, base=Path(), sections=sections, sources_required=False)
    assert recipe.filters["privacy"] == Privacy(kinds=("email",), mask=False, max_per_1000_words=2.5)
    assert "privacy:" in explained(default_recipe(sections), sections)


def test_pickles() -> None:
    assert pickle.loads(pickle.dumps(Privacy(mask=False))) == Privacy(mask=False)  # noqa: S301  # our own bytes


PIECES = st.sampled_from(
    (
        *(
            "@",
            "kim@mill.example",
            "+",
            "44",
            " 20 7946 0958",
            "(",
            ")",
            "-",
            ".",
            ":",
            "::",
            "2001",
            "db8",
            "é",
            "木",
        ),
        *(
            "\n",
            "tel ",
            "4111 1111 1111 1111",
            "GB82",
            "WEST",
            "key=",
            "-----BEGIN",
            "(at)",
            "192.0.2.10",
            "x",
            "\x00",
        ),
        "\ud800",
    )
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=25).map("".join))
def test_findings_stand_apart_and_every_text_can_be_masked(text: str) -> None:
    (found,) = find([text])
    size = len(text.encode("utf-8", "surrogatepass"))
    edges = [0, *(edge for one in found for edge in (one.start, one.end)), size]
    assert edges == sorted(edges)
    assert all(one.start < one.end and one.kind in KINDS for one in found)
    masked(text, found)


@given(st.lists(st.lists(PIECES, max_size=8).map("".join), max_size=6))
def test_what_stands_in_one_text_has_nothing_to_do_with_the_next(texts: list[str]) -> None:
    assert find(texts) == [find([text])[0] for text in texts]


@given(st.text(st.characters(codec="ascii"), max_size=12), st.text(st.characters(codec="ascii"), max_size=12))
def test_an_address_between_spaces_is_always_found(before: str, after: str) -> None:
    text = f"{before} kim.lee@mill.example {after}"
    place = len(before) + 1
    assert any(one.start <= place and one.end >= place + 20 for one in find([text])[0])


HOSTILE = (
    *(
        "a@",
        "@" * 3,
        "1 ",
        "1.1.",
        "1-",
        "(1) ",
        "+1 2 ",
        "12:",
        "ab:",
        "a" * 63 + "@",
        "key=a1",
        "eyJa.eyJa.",
    ),
    *(
        "-----BEGIN RSA PRIVATE KEY-----\n",
        "tel ",
        "tel 1 ",
        "GB82 ",
        "aA1_",
        "(at) ",
        "{a,",
        "4111 1111 ",
        "a.a@a.",
    ),
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_grows_with_the_text_and_not_faster(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        began = time.thread_time()
        find([text])
        return time.thread_time() - began

    seconds(1_000)
    # Quadratic work on 200 kB would take minutes; this says nothing of the machine's speed.
    assert seconds(200_000) < 20


def test_places_are_few_in_prose() -> None:
    data = b"The oak was felled in 1998, and 12 planks of 3.5 m (see Fig. 2) were sawn at noon; none was split.\n"
    found, of = places(data * 50, np.array([0, len(data) * 50]))
    assert of.tolist() == [0, 0]
    assert found.shape[1] == 3


def test_recall_on_marked_texts(corpora: Path) -> None:
    total = dict.fromkeys(LABELS.values(), 0)
    hits = dict.fromkeys(LABELS.values(), 0)
    for path in sorted((corpora / "pii").glob("*.json")):
        rows = json.loads(path.read_text(encoding="utf-8"))
        texts = [row["full_text"] for row in rows]
        for row, spans in zip(rows, Privacy().spans(Batch(texts)), strict=True):
            for marked in row["spans"]:
                kind = LABELS.get(marked["entity_type"])
                if kind is None:
                    continue
                total[kind] += 1
                hits[kind] += any(
                    s.label == kind
                    and s.start <= marked["start_position"]
                    and s.end >= marked["end_position"]
                    for s in spans
                )
    assert all(total.values())
    assert {kind: hits[kind] / total[kind] for kind in total if hits[kind] < 0.95 * total[kind]} == {}


def test_papers_are_hardly_masked(corpora: Path) -> None:
    texts = []
    for path in sorted((corpora / "jats").rglob("*.xml"))[::4]:
        with path.open("rb") as stream:
            texts += [
                getattr(one, "text", "") for one in read_stream(stream, "", ReadOptions(), FORMATS["jats"])
            ]
    words = sum(len(text.split()) for text in texts)
    # The one true mask among the files, an address of a server, is counted too.
    assert sum(map(len, find(texts))) <= max(1, words // 100_000)
