import csv
import pickle
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.batch import Batch
from colophon.filters.identity import AXES, NO_MENTION, PERSON_NOUN, Identity, Term, mentions, terms
from colophon.filters.tokens import tokenize
from colophon.schemas import arrow_schema


def _batch(*texts: str, language: str = "en") -> Batch:
    return Batch(texts, {"language": pa.array([language] * len(texts), pa.string())})


def _mentions(text: str) -> list[str]:
    """The words at which a mention begins, each with its axis."""
    words = re.findall(r"\w+", text.lower())
    found = mentions(tokenize([text]))
    assert len(found) == len(words)
    return [f"{words[i]}:{AXES[found[i]]}" for i in np.flatnonzero(found >= 0)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two women and a boy", ["women:gender", "boy:gender"]),
        ("old farmers", ["old:age"]),
        ("young and old Welsh farmers", ["young:age", "old:age", "welsh:nationality"]),
        ("Black and white women", ["black:race_ethnicity", "white:race_ethnicity", "women:gender"]),
        ("The patients were mostly blind.", ["blind:disability"]),
        ("patients who are poor and sick", ["poor:social_class"]),
        ("Jehovah's Witnesses from Peru", ["jehovah:religion"]),
        ("Jehovah\u2019s Witnesses", ["jehovah:religion"]),
        ("asylum-seekers", ["asylum:migration"]),
        ("African-American men", ["african:race_ethnicity", "men:gender"]),
        ("people of colour", ["people:race_ethnicity"]),
        ("children with dyslexia", ["children:age", "with:disability"]),
        ("gay couples", ["gay:sexual_orientation"]),
        ("MĀORI families", ["māori:race_ethnicity"]),
        ("Swedes", ["swedes:nationality"]),
    ],
)
def test_people_are_counted(text: str, expected: list[str]) -> None:
    assert _mentions(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "the black hole and the white dwarf",
        "a male connector and a female socket",
        "male and female mice",
        "a race condition in the child process, for which class and object are to blame",
        "a double-blind trial",
        "participants were blind to the treatment",
        "a 65-year-old patient",
        "old data of poor quality",
        "a roast turkey from Turkey, with nail polish",
        "daughter cells and sister chromatids",
        "native species and native code",
        "he et al. 2011",
        "the Ni-NTA column bound the His-tagged protein",
        "bipolar transistors and a straight line",
        "asexual reproduction and bisexual flowers",
        "low-income countries",
        "the Swedish and the British Museum",
        "Chinese hamster ovary patients",
        "variants associated with schizophrenia",
        "children's hospital",
        "a rich dataset; people liked it",
    ],
)
def test_science_is_not(text: str) -> None:
    assert _mentions(text) == []


def test_a_mention_does_not_reach_into_the_next_document() -> None:
    tokens = tokenize(["They grew old", "men", "The farmers were", "old", "trans", "women"])
    found = mentions(tokens)
    assert [AXES[axis] for axis in found[found >= 0]] == ["gender", "gender"]


def test_columns_are_as_declared() -> None:
    for batch in (_batch(), _batch("two women", "no one")):
        column = Identity().annotate(batch)["bias"]
        assert column.type == arrow_schema(Identity.scores).field("bias").type
        assert len(column) == len(batch.texts)


def test_the_rate_is_for_ten_thousand_words() -> None:
    (bias,) = Identity().annotate(_batch("Two women and an old man."))["bias"].to_pylist()
    assert bias is not None
    assert list(bias) == list(AXES)
    assert bias["gender"] == pytest.approx(2 / 6 * 10_000)
    assert bias["age"] == pytest.approx(1 / 6 * 10_000)
    assert bias["religion"] == 0


def test_other_languages_are_null_and_empty_texts_are_not() -> None:
    batch = Batch(["women", "", "women"], {"language": pa.array(["de", "en", "und"])})
    assert [bias is None for bias in Identity().annotate(batch)["bias"].to_pylist()] == [True, False, True]


@given(
    st.lists(
        st.sampled_from(["woman", "old", "men", "gay", "rock", "and", "people", "of", "color"]), max_size=60
    )
)
def test_counts_come_back_exactly(words: list[str]) -> None:
    batch = _batch(" ".join(words))
    (bias,) = Identity().annotate(batch)["bias"].to_pylist()
    assert bias is not None
    found = Counter(AXES[axis] for axis in mentions(batch.tokens) if axis >= 0)
    n_words = int(np.diff(batch.tokens.offsets)[0])
    assert {axis: round(rate * n_words / 10_000) for axis, rate in bias.items()} == {
        axis: found[axis] for axis in AXES
    }


@given(
    st.lists(
        st.lists(st.sampled_from([term.term for term in terms()] + ["were", "and", "rock"]), max_size=8),
        max_size=4,
    )
)
def test_documents_are_apart(documents: list[list[str]]) -> None:
    texts = [" ".join(words) for words in documents]
    apart = [axis for text in texts for axis in mentions(tokenize([text]))]
    assert mentions(tokenize(texts)).tolist() == apart


def test_where_no_language_was_told_there_is_no_rate() -> None:
    assert Identity().annotate(Batch(["women"]))["bias"].to_pylist() == [None]


def test_nothing_is_dropped() -> None:
    batch = _batch("women", "old men")
    assert not Identity().decide(Identity().annotate(batch)).drop.any()


def test_every_row_is_whole() -> None:
    for term in terms():
        _is_whole(term)


def _is_whole(term: Term) -> None:
    assert term.axis in {*AXES, NO_MENTION, PERSON_NOUN}
    assert bool(term.group) == (term.axis in AXES)
    assert term.needs_person_noun in {"yes", "no"}
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", term.date)
    assert term.reviewer
    assert term.reason
    assert 1 <= len(tokenize([term.term]).hashes) <= 3


def test_every_term_is_found() -> None:
    for term in terms():
        if term.axis in AXES:
            text = (
                f"people {term.term}" if term.term.startswith(("with ", "living ")) else f"{term.term} people"
            )
            assert _mentions(text)[:1] != [], term.term
            assert any(mention.endswith(f":{term.axis}") for mention in _mentions(text)), term.term


def test_no_term_stands_twice() -> None:
    seen = Counter((tuple(tokenize([term.term]).hashes), term.axis == PERSON_NOUN) for term in terms())
    assert [key for key, times in seen.items() if times > 1] == []


def test_the_list_is_in_order_and_plain() -> None:
    order = [*AXES, NO_MENTION, PERSON_NOUN]
    keys = [(order.index(term.axis), term.group, term.needs_person_noun, term.term) for term in terms()]
    assert keys == sorted(keys)
    path = Path(__file__).parents[2] / "filters" / "identity_terms.tsv"
    rows = list(
        csv.reader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    )
    assert {len(row) for row in rows} == {7}
    assert not any(cell != cell.strip() for row in rows for cell in row)


def test_pickles() -> None:
    assert pickle.loads(pickle.dumps(Identity())) == Identity()  # noqa: S301  # our own bytes
