import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.bias.identity import AXES, NO_MENTION, PERSON_NOUN, Term, mentions, terms
from colophon.filters.tokens import tokenize


def _mentions(text: str) -> list[str]:
    """The words at which a mention begins, each with its axis."""
    words = re.findall(r"\w+", text.lower())
    found = mentions(tokenize([text]))
    assert len(tokenize([text]).hashes) == len(words)
    return [f"{words[i]}:{AXES[axis]}" for i, axis in zip(found.at, found.axis, strict=True)]


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
        ("They help the disabled", ["disabled:disability"]),
        ("The blind and the deaf are here.", ["blind:disability", "deaf:disability"]),
        ("The very poor have less than the rich", ["poor:social_class", "rich:social_class"]),
        ("the rich and poor", ["rich:social_class"]),
        ("the homeless, the elderly", ["homeless:social_class", "elderly:age"]),
        ("transwomen and a transman", ["transwomen:gender", "transman:gender"]),
        ("trans patients", ["trans:gender"]),
        ("queer and proud, said the queers", ["queer:sexual_orientation", "queers:sexual_orientation"]),
        ("48 patients (30 males, 18 females)", ["males:gender", "females:gender"]),
        ("I met two females", ["females:gender"]),
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
        "the blind spot",
        "The poor results are those of the disabled feature.",
        "the poor and noisy signal, the rich and poor soils",
        "the poor in vitro activity and the poor to fair agreement",
        "a poor, the deaf mice",
        "trans fats and the trans isomer",
        "a queer feeling",
        "ovipositing females",
        "ten males and ten females of newly emerged adults",
        "females with human blood",
        "the female connector and male mice",
        "H1N1 in w0men",
    ],
)
def test_science_is_not(text: str) -> None:
    assert _mentions(text) == []


def test_a_mention_does_not_reach_into_the_next_document() -> None:
    tokens = tokenize(["They grew old", "men", "The farmers were", "old", "trans", "women"])
    found = mentions(tokens)
    assert [AXES[axis] for axis in found.axis] == ["gender", "gender"]
    assert found.text.tolist() == [1, 5]


@given(
    st.lists(
        st.lists(st.sampled_from([term.term for term in terms()] + ["were", "and", "rock"]), max_size=8),
        max_size=4,
    )
)
def test_documents_are_apart(documents: list[list[str]]) -> None:
    texts = [" ".join(words) for words in documents]
    apart = [(n, axis) for n, text in enumerate(texts) for axis in mentions(tokenize([text])).axis]
    found = mentions(tokenize(texts))
    assert list(zip(found.text.tolist(), found.axis.tolist(), strict=True)) == apart


def test_every_row_is_whole() -> None:
    for term in terms():
        _is_whole(term)


def _is_whole(term: Term) -> None:
    assert term.axis in {*AXES, NO_MENTION, PERSON_NOUN}
    assert bool(term.group) == (term.axis in AXES)
    assert term.needs_person_noun in {"yes", "no", "or_the", "near"}
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
    path = Path(__file__).parents[2] / "filters" / "bias" / "identity_terms.tsv"
    rows = list(
        csv.reader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    )
    assert {len(row) for row in rows} == {7}
    assert not any(cell != cell.strip() for row in rows for cell in row)
