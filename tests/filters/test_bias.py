from __future__ import annotations

import pickle
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.batch import Batch
from colophon.filters.bias.bias import Bias
from colophon.filters.bias.identity import AXES, mentions
from colophon.schemas import arrow_schema


def _batch(*texts: str, language: str = "en") -> Batch:
    return Batch(texts, {"language": pa.array([language] * len(texts), pa.string())})


def test_columns_are_as_declared() -> None:
    for batch in (_batch(), _batch("two women", "no one")):
        columns = Bias().annotate(batch)
        declared = arrow_schema(Bias.scores)
        assert list(columns) == declared.names
        for name, column in columns.items():
            assert column.type == declared.field(name).type
            assert len(column) == len(batch.texts)


def test_the_rate_is_for_ten_thousand_words() -> None:
    (rates,) = Bias().annotate(_batch("Two women and an old man."))["identity_rates"].to_pylist()
    assert rates is not None
    assert list(rates) == list(AXES)
    assert rates["gender"] == pytest.approx(2 / 6 * 10_000)
    assert rates["age"] == pytest.approx(1 / 6 * 10_000)
    assert rates["religion"] == 0


def test_the_groups_are_named() -> None:
    batch = Batch(
        ["Old men met two women and a man.", "die Frauen", "rain"],
        {"language": pa.array(["en", "de", "en"]), "language_score": pa.array([0.9, 0.9, 0.9])},
    )
    assert Bias().annotate(batch)["identity_groups"].to_pylist() == [
        ["gender/men", "gender/women", "age/old people"],
        None,
        [],
    ]


def test_other_languages_are_null_and_empty_texts_are_not() -> None:
    batch = Batch(["die Mühle", "", "la rivière"], {"language": pa.array(["de", "en", "und"])})
    assert [rates is None for rates in Bias().annotate(batch)["identity_rates"].to_pylist()] == [
        True,
        False,
        True,
    ]


@given(
    st.lists(
        st.sampled_from(["woman", "old", "men", "gay", "rock", "and", "people", "of", "color"]), max_size=60
    )
)
def test_counts_come_back_exactly(words: list[str]) -> None:
    batch = _batch(" ".join(words))
    (rates,) = Bias().annotate(batch)["identity_rates"].to_pylist()
    assert rates is not None
    found = Counter(AXES[axis] for axis in mentions(batch.tokens).axis)
    n_words = int(np.diff(batch.tokens.offsets)[0])
    assert {axis: round(rate * n_words / 10_000) for axis, rate in rates.items()} == {
        axis: found[axis] for axis in AXES
    }


def _one(text: str, language: str = "en", score: float = 0.9, one: Bias | None = None) -> dict[str, Any]:
    batch = Batch([text], {"language": pa.array([language]), "language_score": pa.array([score])})
    return {name: column[0].as_py() for name, column in (one or Bias()).annotate(batch).items()}


ENGLISH = "They told us that women were at the mill."
GERMAN = "Die women standen an der alten Mühle."


@pytest.mark.parametrize(
    ("text", "language", "score", "known"),
    [
        (ENGLISH, "en", 0.1, True),
        (ENGLISH, "nl", 0.4, True),  # the detector is unsure, the words are not
        (ENGLISH, "nl", 0.95, True),  # it is sure, but of a short text, and the words are English
        (ENGLISH * 10, "nl", 0.4, True),
        (ENGLISH * 10, "nl", 0.95, False),  # it is sure, and has seen enough
        ("women", "de", 0.9, True),
        (GERMAN, "nl", 0.4, False),
        (GERMAN, "und", 0.0, False),
        ("Mühle", "de", 0.2, False),
        ("", "und", 0.0, False),
    ],
)
def test_a_short_text_is_scored_unless_it_is_in_another_language(
    text: str,
    language: str,
    score: float,
    known: bool,  # noqa: FBT001  # a case of the table
) -> None:
    found = _one(text, language, score)
    assert found["bias_status"] == ("scored" if known else "unsupported_language")
    for name in ("identity_rates", "hostility", "loaded_language", "slur_rate", "bias_score"):
        assert (found[name] is not None) is known


def test_without_a_language_filter_words_tell() -> None:
    statuses = Bias().annotate(Batch([ENGLISH, GERMAN]))["bias_status"].to_pylist()
    assert statuses == ["scored", "unsupported_language"]


def test_neither_a_mention_alone_nor_hostility_to_no_group_scores() -> None:
    assert _one("Six women run the old mill by the river.")["bias_score"] == 0
    assert _one("The mill is vile and stupid and should burn.")["bias_score"] == 0


def test_the_score_is_the_worst_sentence() -> None:
    alone = _one("Women are disgusting animals.")["bias_score"]
    found = _one("We saw women at work. Women are disgusting animals. The women left.")
    assert found["bias_score"] == found["hostility"]["max"] == alone >= 0.5
    assert round(found["hostility"]["rate"] * 12 / 10_000) == 1


def test_loaded_words_and_slurs_count_and_do_not_judge() -> None:
    found = _one("A flood of letters about the third world came in.")
    assert round(found["loaded_language"] * 10 / 10_000) == 2
    assert found["bias_score"] == 0
    assert _one("the trailer trash came by the mill")["slur_rate"] > 0


def test_spans_are_what_was_counted() -> None:
    text = "Käthe met old men. Women are disgusting animals. E\u0301 fin."
    batch = Batch(
        [text, "Die alte Mühle"], {"language": pa.array(["en", "de"]), "language_score": pa.array([0.9, 0.9])}
    )
    found, none = Bias().spans(batch)
    assert none == []
    assert [(text[span.start : span.end], span.label, span.rule) for span in found[:2]] == [
        ("old", "age", "old people"),
        ("men", "gender", "men"),
    ]
    hostile = next(span for span in found if span.label == "hostile_sentence")
    assert text[hostile.start : hostile.end] == "Women are disgusting animals"
    assert hostile.rule.startswith("hostility 0.")


@given(st.text(alphabet="women arold\u0130\u0301旋. ß", max_size=60))
def test_spans_lie_in_the_text(text: str) -> None:
    for span in Bias(hostile_from=0.0).spans(_batch(text))[0]:
        assert 0 <= span.start < span.end <= len(text)


def test_nothing_is_dropped_by_default() -> None:
    batch = _batch("Women are disgusting animals.", "old men")
    assert not Bias().decide(Bias().annotate(batch)).drop.any()


def test_a_named_rule_drops() -> None:
    one = Bias(drop_above=0.4)
    batch = Batch(
        ["Women are disgusting animals.", "old men", "Les femmes"], {"language": pa.array(["en", "en", "fr"])}
    )
    decision = one.decide(one.annotate(batch))
    assert decision.reason.tolist() == ["hostile_identity_language", "", ""]
    assert decision.threshold[0] == 0.4


@pytest.mark.parametrize(
    "settings",
    [
        {"drop_above": 1.5},
        {"hostile_from": -0.1},
        {"fail_above": 0.5},
        {"reference": ("women=0.5",)},
        {"reference": ("gender/women=many",)},
        {"reference": ("gender/women=1.5",)},
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        Bias(**settings)


def test_declared_shares() -> None:
    one = Bias(reference=("gender/women=0.5", "gender/men=0.5", "language/en=1"))
    assert one.references() == {"gender": {"women": 0.5, "men": 0.5}, "language": {"en": 1.0}}


def test_materials_have_digests() -> None:
    found = Bias().materials()
    assert set(found) == {"identity_terms", "hostility_words", "loaded_words", "slurs", "hostility_model"}
    assert all(len(one["sha256"]) == 64 and one["license"] == "Apache-2.0" for one in found.values())


def test_pickles() -> None:
    assert pickle.loads(pickle.dumps(Bias())) == Bias()  # noqa: S301  # our own bytes
