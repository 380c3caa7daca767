import hashlib
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.batch import Batch
from colophon.filters.fasttext_model import fault
from colophon.filters.language import Language, _model_bytes, prose
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


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("see https://mill.example/a?b=c, or www.mill.example now", "see or now"),
        ("write to mill.er+x@water.example today", "write to today"),
        ("it costs $5 or $6 a day", "it costs $ or $ a day"),
        ("so $a_1 + b$ holds", "so holds"),
        ("so \\(a\\) and \\[b\\] hold", "so and hold"),
        ("before\n```\nfor x in y:\n```\nafter", "before after"),
        ("unclosed\n```\nfor x in y:", "unclosed"),
        ("\\textbf{bold} words in 1901", "bold words in"),
        ("as shown (Holz et al., 2001) twice", "as shown twice"),
    ],
)
def test_what_is_not_prose_goes(text: str, left: str) -> None:
    assert prose(text) == left


def test_a_long_preamble_is_passed_over() -> None:
    assert _language("\\newcommand{\\x}{\\mathbf{1}}\n" * 200 + ENGLISH * 3) == ["en"]


@given(st.text())
def test_prose_is_one_short_line(text: str) -> None:
    line = prose(text * 50)
    assert len(line) <= 4000
    assert "\n" not in line


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


def test_another_model(tmp_path: Path) -> None:
    path = tmp_path / "mine.ftz"
    path.write_bytes(BUNDLED)
    mine = Language(model=str(path))
    assert mine.model_digest() == Language().model_digest()
    assert mine.model_licence is None
    assert mine.annotate(Batch([FRENCH]))["language"].to_pylist() == ["fr"]


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    missing = Language(model=str(tmp_path / "none.ftz"))
    for use in (missing.model_digest, lambda: missing.annotate(Batch([ENGLISH]))):
        with pytest.raises(RecipeError, match=r"none\.ftz cannot be read"):
            use()


@pytest.mark.parametrize(
    ("data", "clause"),
    [
        (b"", "cut short"),
        (b"a text and not a model", "does not begin as"),
        (BUNDLED[:4] + b"\x01\0\0\0" + BUNDLED[8:], "version 1"),
        (BUNDLED[:36] + b"\x01\0\0\0" + BUNDLED[40:], "a fastText model of words"),
        (BUNDLED[:5000], "cut short"),
        (BUNDLED[:-1], "cut short"),
        (BUNDLED + b"x", "goes on after its end"),
    ],
)
def test_a_file_that_is_no_model(tmp_path: Path, data: bytes, clause: str) -> None:
    path = tmp_path / "bad.ftz"
    path.write_bytes(data)
    with pytest.raises(RecipeError, match=clause):
        Language(model=str(path)).annotate(Batch([ENGLISH]))


@given(st.integers(0, len(BUNDLED) - 1))
def test_no_part_of_a_model_is_a_model(size: int) -> None:
    assert fault(BUNDLED[:size])


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
