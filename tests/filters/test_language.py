import hashlib
import pickle
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.batch import Batch
from colophon.filters.language.fasttext_model import read
from colophon.filters.language.language import Language, _model_bytes
from colophon.filters.language.vote import CLD2_CODES, FASTTEXT_CODES, detect, vote
from colophon.schemas import RecipeError, arrow_schema

BUNDLED = _model_bytes(None)

ENGLISH = (
    "The miller opened the sluice at dawn, and the great wheel began to turn under the weight of the water."
)
FRENCH = "Le meunier ouvrit la vanne à l'aube, et la grande roue se mit à tourner sous le poids de l'eau."
TEX = (
    r"\section{The wheel} Let $\omega = 2\pi f$ be its \emph{angular frequency} \cite{miller1901,rad1911}. "
    r"Then the power is \begin{equation} P = \rho g h Q \eta \end{equation} and with $$Q = \int_A v\,dA$$ the "
    r"flow follows from the height of the water, as was shown before (Holz et al., 2001; Ried et al., 2004)."
)


def _language(*texts: str) -> list[str]:
    return [str(code) for code in Language().annotate(Batch(texts))["language"].to_pylist()]


def _decide(languages: list[str], scores: list[float], **settings: object) -> list[str]:
    columns: dict[str, pa.Array[Any]] = {"language": pa.array(languages), "language_score": pa.array(scores)}
    reasons: list[str] = Language(**settings).decide(columns).reason.tolist()  # type: ignore[arg-type]
    return reasons


def test_languages_are_told_apart() -> None:
    assert _language(ENGLISH, FRENCH, "水车在黎明时分开始转动 磨坊主打开了水闸。", TEX) == [
        "en",
        "fr",
        "zh",
        "en",
    ]


def test_columns_are_as_declared() -> None:
    for texts in ([], [ENGLISH, "1 + 1"]):
        columns = Language().annotate(Batch(texts))
        declared = arrow_schema(Language.scores)
        assert {name: column.type for name, column in columns.items()} == {f.name: f.type for f in declared}


@pytest.mark.parametrize(
    "text", ["", " \n", "1 + 1 = 2", "$x^2$", "https://mill.example/a/b", "`code()`", "…"]
)
def test_where_there_is_no_prose_nothing_is_said(text: str) -> None:
    scores = Language().annotate(Batch([text]))
    assert (scores["language"][0].as_py(), scores["language_score"][0].as_py()) == ("und", 0.0)


def test_line_ends_and_nulls_do_no_harm() -> None:
    assert _language(ENGLISH.replace(" ", "\n"), "\x00" + FRENCH) == ["en", "fr"]


def test_a_long_preamble_is_passed_over() -> None:
    assert _language("\\newcommand{\\x}{\\mathbf{1}}\n" * 200 + ENGLISH * 3) == ["en"]


PORTUGUESE = (
    "O moleiro abriu a comporta ao amanhecer, e a grande roda começou a girar sob o peso da água. Os vizinhos "
    "trouxeram o trigo em sacos de linho, e as crianças brincavam na margem até que o sol se pôs atrás dos montes. "
)
HARBOUR = (
    "The harbour wall was built of granite that came by barge from the island quarries. Each winter the storms "
    "took some of it away, and each summer the masons put it back, so that nobody could say how old it was. "
)


def _shares(text: str) -> dict[str, float]:
    (row,) = Language().annotate(Batch([text]))["language_shares"].to_pylist()
    return {part["language"]: part["share"] for part in row}


def test_a_paper_with_an_abstract_in_another_language_is_both() -> None:
    paper = "\n\n".join([PORTUGUESE * 3, HARBOUR * 5, *[PORTUGUESE * 4] * 8])
    scores = Language().annotate(Batch([paper]))
    assert scores["language"].to_pylist() == ["pt"]
    shares = _shares(paper)
    assert list(shares) == ["pt", "en"]
    true = sum(map(str.isalpha, HARBOUR * 5)) / sum(map(str.isalpha, paper))
    assert shares["en"] == pytest.approx(true, abs=0.05)
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3)


def test_shares_of_one_language_and_of_none() -> None:
    assert _shares(HARBOUR * 20) == {"en": 1.0}
    assert _shares("1 + 1") == {}


def test_spans_are_the_passages_with_their_languages() -> None:
    paper = "\n\n".join([PORTUGUESE * 3, HARBOUR * 5, *[PORTUGUESE * 4] * 8])
    (spans, none, small) = Language().spans(Batch([paper, "1 + 1", ENGLISH]))
    assert {span.label for span in spans} == {"pt", "en"}
    assert [(span.start, span.end) for span in small] == [(0, len(ENGLISH))]
    assert none == []
    assert all(before.end <= after.start for before, after in pairwise(spans))
    english = next(span for span in spans if span.label == "en")
    assert "harbour" in paper[english.start : english.end]


def test_a_batch_says_what_its_texts_alone_say() -> None:
    texts = [ENGLISH, "1", HARBOUR * 30, FRENCH, "\\newcommand{\\x}{1}\n" * 90 + PORTUGUESE]
    together = Language().annotate(Batch(texts))
    for at, text in enumerate(texts):
        alone = Language().annotate(Batch([text]))
        assert {name: column[at] for name, column in together.items()} == {
            name: column[0] for name, column in alone.items()
        }


@given(st.lists(st.text(), max_size=4))
def test_any_text_has_a_language_or_none(texts: list[str]) -> None:
    scores = Language().annotate(Batch(texts))
    for language, score, shares in zip(*(column.to_pylist() for column in scores.values()), strict=True):
        assert 0 <= score <= 1
        assert (language == "und") == (score == 0)
        assert sum(part["share"] for part in shares) == pytest.approx(1.0 if shares else 0.0, abs=1e-3)


@pytest.mark.parametrize(
    ("probabilities", "shares", "best"),
    [
        ({"en": 0.4}, [("zu", 0.99)], ("zu", 0.99)),  # fastText does not know Zulu
        ({"ca": 0.7, "en": 0.1}, [("en", 0.99)], ("ca", 0.35)),  # a few English words
        ({"mk": 0.8, "sr": 0.1}, [("sr", 0.6), ("mk", 0.4)], ("mk", 0.6)),
        ({"en": 0.6}, [("en", 1.0)], ("en", 0.8)),
        ({"fi": 0.3}, [], ("fi", 0.3)),
    ],
)
def test_votes(
    probabilities: dict[str, float], shares: list[tuple[str, float]], best: tuple[str, float]
) -> None:
    language, score = vote(probabilities, shares)
    assert (language, round(score, 6)) == best


def test_cld2_takes_any_character() -> None:
    assert detect(f"\x00\x85\ufffe\U0001fffe\ud800 {FRENCH}")[0][0] == "fr"
    assert detect("") == []


def test_codes_are_the_models_own() -> None:
    import pycld2

    spoken = {code for name, code in pycld2.LANGUAGES if name in pycld2.DETECTED_LANGUAGES}
    renamed = {{"iw": "he", "jw": "jv", "zh-Hant": "zh"}.get(code, code) for code in spoken}
    assert renamed - {"tlh", "zzp", "xx-Bugi", "xx-Goth"} == CLD2_CODES
    assert set(read(BUNDLED).labels) == FASTTEXT_CODES


def test_policy() -> None:
    languages, scores = ["en", "en", "fr", "und"], [0.9, 0.4, 0.9, 0.0]
    assert _decide(languages, scores) == [
        "",
        "language_uncertain",
        "language_not_wanted",
        "language_uncertain",
    ]
    assert _decide(languages, scores, keep=["fr", "en"], min_score=0.3) == ["", "", "", "language_uncertain"]
    assert _decide(languages, scores, keep=("any",)) == ["", "", "", ""]


def _by_share(*rows: dict[str, float], **settings: object) -> list[str]:
    shares = [[{"language": code, "share": share} for code, share in row.items()] for row in rows]
    columns: dict[str, pa.Array[Any]] = {
        "language": pa.array(["pt"] * len(rows)),
        "language_score": pa.array([0.1] * len(rows)),
        "language_shares": pa.array(shares, arrow_schema(Language.scores).field("language_shares").type),
    }
    reasons: list[str] = Language(**settings).decide(columns).reason.tolist()  # type: ignore[arg-type]
    return reasons


def test_policy_by_share() -> None:
    rows = ({"pt": 0.9, "en": 0.1}, {"pt": 1.0}, {"de": 0.5, "en": 0.3, "fr": 0.2}, {})
    small = "language_share_too_small"
    assert _by_share(*rows, min_share=0.1) == ["", small, "", small]
    assert _by_share(*rows, min_share=0.5, keep=("en", "fr")) == [small, small, "", small]
    assert _by_share(*rows, min_share=0.9, keep=("any",)) == ["", "", "", ""]
    assert _by_share(*rows, min_share=0.0) == ["", "", "", ""]


def test_the_decision_names_score_and_threshold() -> None:
    columns: dict[str, pa.Array[Any]] = {
        "language": pa.array(["en", "fr"]),
        "language_score": pa.array([0.4, 0.9]),
    }
    decision = Language().decide(columns)
    assert decision.value.tolist() == [0.4, 0.9]
    assert decision.threshold.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"keep": ["english"]}, "keep has 'english'"),
        ({"keep": ["eng"]}, "keep has 'eng'"),
        ({"keep": []}, "must be codes"),
        ({"keep": ["any", "en"]}, "any alone"),
        ({"keep": ["nb"]}, "did you mean no"),
        ({"keep": ["zh-Hant"]}, "did you mean zh"),
        ({"min_share": -0.1}, "min_share is -0.1"),
        ({"min_score": 1.5}, "must be from 0 to 1"),
        ({"min_score": float("nan")}, "must be from 0 to 1"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Language(**settings)  # type: ignore[arg-type]


def test_the_bundled_model_is_named() -> None:
    assert Language().model_digest() == hashlib.sha256(BUNDLED).hexdigest()
    assert Language().model_licence == "CC-BY-SA-3.0"
    materials = Language().materials()
    assert {name: one["license"] for name, one in materials.items()} == {
        "model": "CC-BY-SA-3.0",
        "cld2": "Apache-2.0",
    }
    assert all(re.fullmatch("[0-9a-f]{64}", str(one["sha256"])) for one in materials.values())
    assert materials["cld2"]["version"] == "CLD2 V2.0 - 20140204"


def test_another_model(tmp_path: Path) -> None:
    path = tmp_path / "mine.ftz"
    path.write_bytes(BUNDLED)
    mine = Language(model=str(path))
    assert mine.model_digest() == Language().model_digest()
    assert mine.model_licence is None
    assert list(mine.materials()) == ["model"]
    assert mine.annotate(Batch([FRENCH]))["language"].to_pylist() == ["fr"]


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    missing = Language(model=str(tmp_path / "none.ftz"))
    for use in (missing.model_digest, lambda: missing.annotate(Batch([ENGLISH]))):
        with pytest.raises(RecipeError, match=r"none\.ftz cannot be read"):
            use()


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "bad.ftz"
    path.write_bytes(BUNDLED[:5000])
    with pytest.raises(RecipeError, match="is no fastText language model: it is cut short"):
        Language(model=str(path)).annotate(Batch([ENGLISH]))


def test_pickles_without_the_model() -> None:
    used = Language(keep=("de",))
    used.annotate(Batch([ENGLISH]))
    pickled = pickle.dumps(used)
    assert len(pickled) < 500
    assert pickle.loads(pickled) == used  # noqa: S301  # our own bytes


def test_large_languages_are_right(corpora: Path) -> None:
    for code, least in {
        "en": 0.99,
        "de": 0.98,
        "fr": 0.95,
        "es": 0.95,
        "ru": 0.95,
        "zh": 0.9,
        "ja": 0.95,
    }.items():
        file = corpora / "langid" / "lingua_sentences" / f"{code}.txt"
        sentences = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        assert _language(*sentences).count(code) >= least * len(sentences), code
