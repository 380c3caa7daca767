"""Which benchmark questions a document holds, so that a model is not tested on what it was trained on.

A question counts as held if the document has 13 words of it in a row, or all of it if it has 8 to 12 words, whatever the
line breaks, case and punctuation; `benchmark_index` says from whom that is and what is left out. Answers are not looked for,
and neither are paraphrases and translations, which no comparison of words finds.

Cut, a passage goes from the first to the last word that a held question and the document share, with what clings to these
words, and one of the two spaces that then meet; GPT-3 also took 200 characters on both sides. A document that would be
empty stays as it is and is dropped.

Nothing is looked for by default: name the benchmarks' files in the recipe.

>>> from colophon.filters.batch import Batch
>>> Contamination().annotate(Batch(["Oak burns slowly."]))["benchmark_questions"].to_pylist()
[None]
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa

from colophon.filters.contamination.benchmark_files import FIELDS, benchmark_name, questions
from colophon.filters.contamination.benchmark_index import LEAST_WORDS, Index, build, load, matches, save
from colophon.filters.folding import SPACELESS
from colophon.filters.registry import Decision, Span
from colophon.filters.tokens import tokenize
from colophon.schemas import Column, RecipeError, Setting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from colophon.filters.batch import Batch

__all__ = ["Contamination", "ContaminationScores"]

_RULES = 1  # raised when the same files would give another index
_HITS = pa.list_(pa.struct([pa.field("benchmark", pa.string()), pa.field("questions", pa.int32())]))
_ALONE = "".join(f"{chr(first)}-{chr(last)}" for first, last in SPACELESS)
# A mark begins no piece: composition may bring what follows it to the letter before it.
_PIECES = re.compile(rf"(?=\w)[{_ALONE}][^\w\s]*|(?:[^\s{_ALONE}]|(?!\w)[{_ALONE}])+")


@dataclass
class ContaminationScores:
    """The columns that `Contamination` adds."""

    benchmark_hits: Annotated[
        list[dict[str, int]] | None,
        Column(
            "benchmarks of which the text holds questions, and how many; null if none was named", type=_HITS
        ),
    ]
    benchmark_questions: Annotated[
        int | None,
        Column("benchmark questions that the text holds; null if no benchmark was named", type=pa.int32()),
    ]
    benchmark_cut: Annotated[bool | None, Column("whether these were cut out of the text")]


@dataclass(frozen=True)
class Contamination:
    """Finds benchmark questions in documents.

    Attributes:
        benchmarks: Paths of their files.
        fields: What the question of a record may be called; the first that it has.
        cut: Whether shared passages are cut out of the text.
        action: ``drop`` or ``keep`` documents that hold questions.
        max_questions: Most questions of a document that stays.
        index: A folder with the prepared index, see `prepare`; no key of the recipe.

    Raises:
        ValueError: A setting cannot be.
        RecipeError: On first use: a file cannot be read.
    """

    name: ClassVar[str] = "contamination"
    scores: ClassVar[type] = ContaminationScores
    papers: ClassVar[tuple[str, ...]] = (
        "Brown et al. 2020, arXiv:2005.14165, appendix C (GPT-3): 13 words, sequences that more than ten share",
    )

    benchmarks: Annotated[
        tuple[str, ...],
        Setting(
            "Files of benchmark questions (JSON Lines, JSON, CSV, TSV or text, plain or gzipped); a benchmark is called "
            "after its file. Relative paths start at the recipe's folder.",
            local=True,
        ),
    ] = ()
    fields: Annotated[
        tuple[str, ...],
        Setting(
            "Keys or columns that hold the question; the first that a record has counts. A record with none of them is "
            "looked for with all its strings."
        ),
    ] = FIELDS
    cut: Annotated[
        bool,
        Setting(
            "Whether the passages that a document shares with questions are cut out of it; it then stays."
        ),
    ] = False
    action: Annotated[
        str,
        Setting(
            "What becomes of a document that holds questions which were not cut out.",
            choices=("drop", "keep"),
            policy=True,
        ),
    ] = "drop"
    max_questions: Annotated[
        int,
        Setting("Most questions in a document that stays.", unit="questions", minimum=0, policy=True),
    ] = 0
    index: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "benchmarks", tuple(self.benchmarks)
        )  # a recipe gives lists, which do not hash
        object.__setattr__(self, "fields", tuple(self.fields))
        first: dict[str, str] = {}
        for path in self.benchmarks:
            one = first.setdefault(benchmark_name(path), path)
            if one != path:
                raise ValueError(
                    f"benchmarks has {one} and {path}, which have one name; rename one of the files"
                )
        if len(first) < len(self.benchmarks):
            raise ValueError("benchmarks names a file twice")
        if self.action not in {"drop", "keep"}:
            raise ValueError(f"action is {self.action!r}; it must be drop or keep")
        if self.max_questions < 0:
            raise ValueError(f"max_questions is {self.max_questions}; it must be at least 0")

    def materials(self) -> dict[str, dict[str, Any]]:
        """The benchmarks by name: digest, licence (not known), and how many questions can be looked for."""
        answer: dict[str, dict[str, Any]] = {}
        for path in sorted(self.benchmarks, key=benchmark_name):
            usable, short = _numbers(path, self.fields)
            answer[benchmark_name(path)] = {
                "sha256": _digest(path),
                "license": None,
                "questions": usable,
                "too_short": short,
            }
        return answer

    def prepare(self, folder: Path) -> Contamination:
        """Build the index once for all processes of a run.

        Args:
            folder: Where it is kept, in a folder of its own that is named by what it is made of; one made before is used.

        Returns:
            The filter to run in place of this one; itself if no benchmark is named.

        Raises:
            RecipeError: A file cannot be read.
            OSError: The index cannot be written.
        """
        if not self.benchmarks:
            return self
        target = folder / f"benchmarks-{self._index_digest()}"
        if load(target) is None:
            save(_built(self._paths(), self.fields), target)
        return replace(self, index=str(target))

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array[Any]]:
        """The columns ``benchmark_hits``, ``benchmark_questions`` and ``benchmark_cut``; cut texts if the recipe asks."""
        n = len(batch.texts)
        if not self.benchmarks:
            columns = {
                "benchmark_hits": _HITS,
                "benchmark_questions": pa.int32(),
                "benchmark_cut": pa.bool_(),
            }
            return {name: pa.nulls(n, kind) for name, kind in columns.items()}
        index, found = self._found(batch)
        names = [benchmark_name(path) for path in self._paths()]
        hits: list[list[dict[str, Any]]] = [[] for _ in range(n)]
        for text, here in found.items():
            counts = np.bincount(index.benchmarks[_held(index, here)], minlength=len(names))
            hits[text] = [
                {"benchmark": name, "questions": int(count)}
                for name, count in zip(names, counts, strict=True)
                if count
            ]
        totals = [sum(one["questions"] for one in each) for each in hits]
        cut = np.zeros(n, np.bool_)
        if self.cut and found:
            texts = list(batch.texts)
            for text, here in found.items():
                shorter = _without(texts[text], _passages(texts[text], here))
                if shorter:
                    texts[text], cut[text] = shorter, True
            batch.rewrite(texts)
        return {
            "benchmark_hits": pa.array(hits, _HITS),
            "benchmark_questions": pa.array(totals, pa.int32()),
            "benchmark_cut": pa.array(cut),
        }

    def decide(self, scores: Mapping[str, pa.Array[Any]]) -> Decision:
        """Drop what holds questions that were not cut out (``benchmark_overlap``; the value is their number)."""
        held = np.array([n or 0 for n in scores["benchmark_questions"].to_pylist()], np.float64)
        cut = np.array([bool(one) for one in scores["benchmark_cut"].to_pylist()], np.bool_)
        decision = Decision.keep(len(held))
        if self.action == "drop":
            told = [
                ", ".join(f"{one['benchmark']} {one['questions']}" for one in hits or ())
                for hits in scores["benchmark_hits"].to_pylist()
            ]
            broken = (held > self.max_questions) & ~cut
            decision.rule(broken, "benchmark_overlap", held, self.max_questions, told)
        return decision

    def spans(self, batch: Batch) -> list[list[Span]]:
        """The passages that texts share with questions, by the benchmark's name."""
        answer: list[list[Span]] = [[] for _ in batch.texts]
        if not self.benchmarks:
            return answer
        index, found = self._found(batch)
        names = [benchmark_name(path) for path in self._paths()]
        for text, here in found.items():
            of = [index.benchmarks[_questions_of(index, key)] for key in here[:, 3]]
            for number, name in enumerate(names):
                mine = np.array([number in one for one in of], np.bool_)
                passages = _passages(batch.texts[text], here[mine]) if mine.any() else []
                answer[text] += [Span(start, end, name) for start, end in passages]
        return answer

    def _paths(self) -> tuple[str, ...]:
        return tuple(sorted(self.benchmarks, key=benchmark_name))

    def _index_digest(self) -> str:
        parts = [str(_RULES), *self.fields, *(f"{benchmark_name(p)} {_digest(p)}" for p in self._paths())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def _found(self, batch: Batch) -> tuple[Index, dict[int, np.ndarray]]:
        """The index, and by text, where there are any, its matches as `matches` gives them."""
        index = _prepared(self.index) if self.index else None
        if index is None:
            index = _built(self._paths(), self.fields)
        all_of_them = matches(index, batch.tokens)
        return index, {
            int(text): all_of_them[all_of_them[:, 0] == text] for text in np.unique(all_of_them[:, 0])
        }


def _questions_of(index: Index, key: int) -> np.ndarray:
    return np.asarray(index.questions[index.starts[key] : index.starts[key + 1]])


def _held(index: Index, here: np.ndarray) -> np.ndarray:
    """The distinct questions behind matches."""
    return np.unique(np.concatenate([_questions_of(index, key) for key in np.unique(here[:, 3])]))


def _passages(text: str, here: np.ndarray) -> list[tuple[int, int]]:
    """Where matches stand in their text, in characters; those that touch or overlap are one passage."""
    # A piece has the same tokens alone as in the text, since white space parts words; so no token needs a place.
    pieces = list(_PIECES.finditer(text))
    before = tokenize([piece.group() for piece in pieces]).offsets
    passages: list[tuple[int, int]] = []
    for first, size in sorted((int(at), int(size)) for _, at, size, _ in here):
        a = int(np.searchsorted(before, first, "right")) - 1
        b = int(np.searchsorted(before, first + size - 1, "right")) - 1
        start, end = pieces[a].start(), pieces[b].end()
        if passages and not text[passages[-1][1] : start].strip():
            passages[-1] = passages[-1][0], max(passages[-1][1], end)
        else:
            passages.append((start, end))
    return passages


def _without(text: str, passages: Sequence[tuple[int, int]]) -> str:
    """The text without passages, and without one of two white spaces that meet; empty if only such are left."""
    bounds = [0, *(at for passage in passages for at in passage), len(text)]
    kept = [text[a:b] for a, b in list(pairwise(bounds))[::2]]
    whole = kept[0]
    for piece in kept[1:]:
        meet = (not whole or whole[-1].isspace()) and piece[:1] == " "
        whole += piece[1:] if meet else piece
    return whole if whole.strip() else ""


@cache
def _data(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise RecipeError(f"contamination.benchmarks: {path} cannot be read: {error.strerror}") from error


@cache
def _digest(path: str) -> str:
    return hashlib.sha256(_data(path)).hexdigest()


@cache
def _questions(path: str, names: tuple[str, ...]) -> list[list[str]]:
    try:
        return questions(_data(path), path, names)
    except ValueError as error:
        raise RecipeError(
            f"contamination.benchmarks: {path} has no questions that can be read: {error}"
        ) from None


@cache
def _numbers(path: str, names: tuple[str, ...]) -> tuple[int, int]:
    """How many questions of a file can be looked for, and how many are too short."""
    found = _questions(path, names)
    lengths = np.diff(tokenize([passage for question in found for passage in question]).offsets)
    longest = np.maximum.reduceat(lengths, np.cumsum([0, *map(len, found[:-1])]))
    usable = int((longest >= LEAST_WORDS).sum())
    return usable, len(found) - usable


@cache
def _built(paths: tuple[str, ...], names: tuple[str, ...]) -> Index:
    """The index, made once in a process that has no prepared one."""
    return build([_questions(path, names) for path in paths])


@cache
def _prepared(folder: str) -> Index | None:
    return load(Path(folder))
