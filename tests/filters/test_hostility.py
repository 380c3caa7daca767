"""What the hostility model sees of a sentence, and that it cannot see which group is meant."""

from __future__ import annotations

import io
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.bias.hostility import hostilities, model
from colophon.filters.bias.hostility_features import BUCKETS, MOST_FEATURES
from colophon.filters.bias.identity import AXES, mentions, terms
from colophon.filters.bias.places import token_places
from colophon.filters.bias.respelled import as_meant
from colophon.filters.bias.words import CLASSES, classes_of, word_table
from colophon.filters.tokens import tokenize

# Names of groups that stand alone; pronouns name none.
_PRONOUNS = {"he", "him", "his", "himself", "she", "her", "hers", "herself"}
_ALONE = sorted(
    term.term
    for term in terms()
    if term.axis in AXES and term.needs_person_noun == "no" and term.term not in _PRONOUNS
)
_WITH_NOUN = sorted(
    f"{term.term} people"
    for term in terms()
    if term.axis in AXES and term.needs_person_noun != "no" and not term.term.startswith(("with ", "living "))
)
_GROUPS = [*_ALONE, *_WITH_NOUN]
_FRAMES = [
    "I hate {}.",
    "We met {} at the station yesterday.",
    "{} are vermin and should be shot, said nobody.",
    "No {} deserves this; they are kind!",
    "Why do you call {} stupid? Stop it.",
    "In the study {} had a higher risk of stroke.",
    "fucking {}",
]


def score(text: str) -> float:
    found = hostilities([text]).probability
    return float(found.max()) if len(found) else 0.0


@given(st.sampled_from(_FRAMES), st.sampled_from(_GROUPS), st.sampled_from(_GROUPS))
def test_swapping_listed_groups_changes_nothing(frame: str, one: str, other: str):
    assert score(frame.format(one)) == score(frame.format(other))


def test_every_listed_group_scores_as_every_other():
    for frame in _FRAMES[:3]:
        found = hostilities([frame.format(group) for group in _GROUPS])
        assert len(found.text) == len(_GROUPS)
        assert len(set(found.probability.tolist())) == 1


@pytest.mark.parametrize(
    "group", ["women", "a Muslim", "an Asian man", "disabled people", "people with dyslexia", "black women"]
)
def test_a_mention_alone_is_not_hostile(group: str):
    assert score(f"I saw {group} at the market.") == 0
    assert score(group) == 0


_PLAIN = [
    "{}",
    "My neighbours are {}.",
    "We saw {} at the market.",
    "The survey asked {} about their work.",
    "The train was full of {}.",
    "The teachers met {} in the hall.",
    "The prevalence of asthma among {} was 12%.",
    "We compared {} with the others in a cohort of 40 patients.",
]


def test_no_listed_group_is_raised_by_a_mention_alone():
    for frame in _PLAIN:
        found = hostilities([frame.format(group) for group in _GROUPS])
        assert len(found.text) == len(_GROUPS)
        assert not found.probability.any(), frame


@given(
    st.sampled_from(
        ["The mill is vile.", "Women are vermin.", "I hate rain.", "", "Immigrants work at the mill."]
    ),
    st.sampled_from(_PLAIN[1:]),
    st.sampled_from(_GROUPS),
)
def test_a_mention_added_to_a_text_never_raises_its_score(text: str, frame: str, group: str):
    assert score(f"{text} {frame.format(group)}") == score(text)


def test_words_that_can_speak_against_a_group_keep_their_probability():
    assert 0 < score("No women should hate rain.") < 0.5


@pytest.mark.parametrize(
    ("text", "hostile"),
    [
        ("Women are disgusting animals.", True),
        ("I hate immigrants.", True),
        ("All gay people should be shot.", True),
        ("Women are wonderful engineers.", False),
        ("I love my Muslim neighbours.", False),
        ("We compared women with men in a cohort of 40 patients.", False),
        ("Among old people the risk of stroke was 12%.", False),
    ],
)
def test_plain_cases(text: str, hostile: bool):  # noqa: FBT001  # a case of the table
    assert (score(text) >= 0.5) is hostile


def test_only_sentences_that_name_a_group_are_scored():
    found = hostilities(["The weather was vile. Women were at work. I hate rain.", "I hate rain."])
    assert (found.text.tolist(), found.first.tolist(), found.last.tolist()) == ([0], [4], [8])


def test_a_sentence_about_them_belongs_to_the_one_before():
    apart = hostilities(["Two women came in. The rain was cold."])
    together = hostilities(["Two women came in. They were cold."])
    assert apart.last.tolist() == [4]
    assert together.last.tolist() == [7]


def test_pronouns_name_no_group():
    assert len(hostilities(["He hates her, and she hates him."]).text) == 0


@pytest.mark.parametrize("text", ["Dr. Women, e.g. of Fig. 3, et al. were here.", "A. B. Women. C."])
def test_abbreviations_end_no_sentence(text: str):
    found = hostilities([text])
    assert found.first.tolist() == [0]


def test_texts_are_apart():
    texts = [
        "I hate women. ",
        "",
        "They are vermin.",
        "Die Frauen",
        "women \u0130 people are e\u0301vil",
        "\ud800 women",
    ]
    together = hostilities(texts)
    for i, text in enumerate(texts):
        alone = hostilities([text])
        assert together.probability[together.text == i].tolist() == alone.probability.tolist()
        assert together.first[together.text == i].tolist() == alone.first.tolist()


@given(st.text(alphabet="women are vermin.\n!? \"'\u0130\u0301旋1", max_size=300))
def test_any_text_is_scored_within_bounds(text: str):
    found = hostilities([text, text])
    assert ((found.probability >= 0) & (found.probability <= 1)).all()
    half = len(found.text) // 2
    assert found.probability[:half].tolist() == found.probability[half:].tolist()


@pytest.mark.parametrize(
    "text",
    [
        "women " * 50_000,
        "women" + "a" * 500_000,
        "women. " * 50_000,
        "women " + "hate never stupid kill " * 20_000,
        "women" + '"' * 100_000,
        "women " + "1a" * 200_000,
        "w0men " * 50_000,
    ],
)
def test_long_hostile_texts_end(text: str):
    assert len(hostilities([text]).probability) >= 0


def test_figures_for_letters_read_as_letters():
    assert (
        abs(score("I d3sp1se women") - score("I despise women"))
        < abs(score("I qxzvkj women") - score("I despise women")) + 0.5
    )


@pytest.mark.parametrize(
    ("written", "meant"), [("w0men", "women"), ("1mm1grants", "immigrants"), ("Mus1ims", "Muslims")]
)
def test_names_with_figures_for_letters_are_seen(written: str, meant: str):
    for frame in _FRAMES:
        assert score(frame.format(written)) == score(frame.format(meant))
    assert score(f"I saw {written} at the market.") == 0
    assert len(mentions(tokenize([f"I hate {written}"])).at) == 0


@given(st.lists(st.text(alphabet="wo0men1 a\ud800é\n", max_size=30), max_size=4))
def test_texts_as_they_are_meant_have_as_many_tokens(texts: list[str]):
    read = as_meant(texts)
    if read is not None:
        assert tokenize(read).offsets.tolist() == tokenize(texts).offsets.tolist()
        assert as_meant(read) is None


def test_nouns_after_the_score_as_other_groups():
    names = ["the women", "the disabled", "the deaf", "the poor", "the homeless"]
    assert len({score(f"I hate {name}.") for name in names}) == 1
    assert score("I hate the poor.") > 0


def test_slurs_count_and_do_not_raise_the_score():
    # A word of the list that is no insult in itself stands for all: what is listed is hashes.
    found = hostilities(["the trailer trash came by", "the women came by"])
    assert found.slurs.tolist() == [1, 0]
    assert found.probability[0] == found.probability[1]


def test_the_package_prints_no_slurs():
    text = (resources.files("colophon.filters.bias") / "slurs.tsv").read_text()
    for row in text.splitlines()[1:]:
        key, axis, words = row.split("\t")
        assert len(key) == 16
        assert int(key, 16)
        assert axis in AXES
        assert words in {"1", "2", "3"}


def test_the_model_is_small_and_needs_no_pickle():
    content = (resources.files("colophon.filters.bias") / "hostility_model.npz").read_bytes()
    assert len(content) < 2**20
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        assert arrays["weights"].dtype == np.int16
        assert len(arrays["weights"]) == BUCKETS
    assert min(model().above, model().below) > 0


def test_classes_are_bits():
    assert classes_of("vermin") == 1 << CLASSES.index("dehumanise")
    assert classes_of("xyzzy") == 0
    assert len(word_table().keys) & (len(word_table().keys) - 1) == 0
    assert MOST_FEATURES < 2**31


@given(st.text(max_size=80))
def test_places_are_those_of_the_tokens(text: str):
    text = text.encode("utf-8", "replace").decode()
    places = token_places(text)
    assert all(0 <= begin < end <= len(text) for begin, end in places)
    assert places == sorted(places)
    if text.isascii():
        assert len(places) == len(tokenize([text]).hashes)


@pytest.mark.parametrize(
    "text", ["Cafe\u0301s and Straße", "旋盤 lathe 旋", "ΑΣ \u0130stanbul, Å", "ไทย women"]
)
def test_places_of_other_scripts(text: str):
    assert len(token_places(text)) == len(tokenize([text]).hashes)
