"""How often languages are told right, over 75 languages, and how many English papers stay.

A text of about 200 characters is made by a fixed rule: a file's sentences in their order, joined by blanks until there
are 200 characters or more, then cut to 200; the next text begins with the next sentence. The first 20 texts of each of
the 75 languages are judged (1,500, of which 1,480 are not English). Norwegian bokmål is ``no`` to the models.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from colophon.filters import Batch, Clean, Language
from colophon.filters.formats import FORMATS
from colophon.filters.formats.reading import read_stream
from colophon.schemas import Document, ReadOptions

pytestmark = pytest.mark.slow


def short_texts(file: Path, length: int = 200) -> list[str]:
    texts, current = [], ""
    for sentence in file.read_text(encoding="utf-8").splitlines():
        current = f"{current} {sentence.strip()}".strip()
        if len(current) >= length:
            texts.append(current[:length])
            current = ""
    return texts


def _languages(texts: list[str]) -> list[str]:
    return [
        "nb" if code == "no" else code for code in Language().annotate(Batch(texts))["language"].to_pylist()
    ]


@pytest.mark.parametrize(("most", "accuracy", "false_english"), [(20, 0.97, 2), (10_000, 0.97, 8)])
def test_75_languages_at_200_characters(
    corpora: Path, most: int, accuracy: float, false_english: int
) -> None:
    files = sorted((corpora / "langid" / "lingua_sentences").glob("*.txt"))
    texts = [(file.stem, text) for file in files for text in short_texts(file)[:most]]
    assert len(files) == 75
    assert most > 20 or len(texts) == 1_500
    found = _languages([text for _, text in texts])
    right = sum(code == said for (code, _), said in zip(texts, found, strict=True))
    english = [(code, text) for (code, text), said in zip(texts, found, strict=True) if said == "en" != code]
    assert right >= accuracy * len(texts), right / len(texts)
    assert len(english) <= false_english, english


def _kept(texts: list[str]) -> float:
    one = Language()
    decision = one.decide(one.annotate(Batch(texts)))
    return 1 - float(decision.drop.mean())


def _papers(folder: Path, pattern: str, name: str) -> list[str]:
    clean, texts = Clean(), []
    for path in sorted(folder.rglob(pattern)):
        with path.open("rb") as stream:
            found = list(read_stream(stream, path.name, ReadOptions(), FORMATS[name]))
        texts += [clean(one.text) for one in found if isinstance(one, Document) and len(one.text) > 500]
    return texts


def test_english_papers_stay(corpora: Path) -> None:
    jats = _papers(corpora / "jats", "*.xml", "jats")
    html = _papers(corpora / "html_sci", "*.html", "html")
    lines = (corpora / "dedup" / "corpus.jsonl").read_bytes().splitlines()
    sections = [json.loads(line)["text"] for line in lines]
    assert (len(jats) > 250, len(html) > 5) == (True, True)
    assert _kept(jats) >= 0.99
    assert _kept(html) >= 0.99
    assert _kept(sections) >= 0.99


# Six of 483 windows of 1,000 characters are formulae and tables from end to end.
@pytest.mark.parametrize(("width", "least"), [(1_000, 0.98), (2_000, 0.99), (5_000, 0.99), (100_000, 0.99)])
def test_raw_latex_stays(corpora: Path, width: int, least: float) -> None:
    files = [path.read_text(encoding="utf-8") for path in sorted((corpora / "latex").rglob("*.tex"))]
    windows = [text[at : at + width] for text in files for at in range(0, len(text), width)]
    assert _kept([window for window in windows if len(window) > 500]) >= least
