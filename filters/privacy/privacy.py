"""Personal data and keys: counted by kind, and masked before anything else is measured.

E-mail addresses, telephone numbers, IP addresses, bank accounts, payment cards, national numbers, keys and tokens. What was
found is told nowhere: no column, ledger row, log or error holds a value, only how many there were. The address of a
paper's corresponding author is masked too, for he gave it to readers and not to a model.

Identifiers of science (DOI, ORCID, accession numbers, EC and CAS numbers, ISBN, coordinates, dates, statistics) are none
of these: of 2.0 million words of papers' bodies one passage is masked, the IP address of a server. What form alone cannot
tell is believed only beside a word for it; the finders' own files say which.

>>> from colophon.filters.batch import Batch
>>> batch = Batch(["Ask kim@mill.example for the 14 saws.", "The oak has 14 rings."])
>>> scores = Privacy().annotate(batch)
>>> batch.texts
['Ask [EMAIL] for the 14 saws.', 'The oak has 14 rings.']
>>> scores["personal_data"][0].as_py()["email"]
1
>>> Privacy(max_per_1000_words=100).decide(scores).reason.tolist()
['too_much_personal_data', '']
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa

from colophon.filters.batch import Batch
from colophon.filters.privacy.personal_data import KINDS, find, masked
from colophon.filters.registry import Decision, Span
from colophon.schemas import Column, Setting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from colophon.filters.privacy.personal_data import Finding

__all__ = ["Privacy", "PrivacyScores"]

_PER = 1_000
_COUNTS = [pa.field(kind, pa.int32()) for kind in KINDS]


@dataclass
class PrivacyScores:
    """The columns that `Privacy` adds."""

    personal_data: Annotated[
        dict[str, int],
        Column("passages found, by kind; null for a kind that was not looked for", type=pa.struct(_COUNTS)),
    ]
    personal_data_rate: Annotated[float, Column("passages found of all kinds", unit="per 1,000 words")]


@dataclass(frozen=True)
class Privacy:
    """Masks personal data and keys.

    Attributes:
        kinds: What is looked for, of `KINDS`.
        mask: Whether it is masked, not only counted.
        max_per_1000_words: Most passages in 1,000 words; None for any number.

    Raises:
        ValueError: A setting cannot be.
    """

    name: ClassVar[str] = "privacy"
    scores: ClassVar[type] = PrivacyScores
    papers: ClassVar[tuple[str, ...]] = (
        "ITU-T E.164: telephone numbers",
        "ISO 13616 (IBAN) with ISO/IEC 7064 MOD 97-10; ISO/IEC 7812-1 (payment cards, Luhn's formula)",
    )

    kinds: Annotated[
        tuple[str, ...],
        Setting("Which kinds of personal data are looked for; at least one.", choices=KINDS),
    ] = KINDS
    mask: Annotated[
        bool,
        Setting("Whether what is found is replaced by [EMAIL], [PHONE], …; otherwise it is only counted."),
    ] = True
    max_per_1000_words: Annotated[
        float | None,
        Setting(
            "Most passages of personal data in 1,000 words of a document that stays; null for any number.",
            unit="per 1,000 words",
            minimum=0,
            policy=True,
        ),
    ] = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", tuple(self.kinds))  # a recipe gives a list, which does not hash
        unknown = [kind for kind in self.kinds if kind not in KINDS]
        if unknown or not self.kinds:
            raise ValueError(
                f"kinds must be some of {', '.join(KINDS)}; to look for none, turn the filter off"
            )
        if self.max_per_1000_words is not None and not self.max_per_1000_words >= 0:
            raise ValueError(
                f"max_per_1000_words is {self.max_per_1000_words}; it must be null or at least 0"
            )

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array[Any]]:
        """The columns ``personal_data`` and ``personal_data_rate``; the batch goes on with masked texts."""
        found = self._found(batch)
        counts = [Counter(one.kind for one in findings) for findings in found]
        if self.mask and any(found):
            batch.rewrite(
                [masked(*each) if each[1] else each[0] for each in zip(batch.texts, found, strict=True)]
            )
        # Of the masked text, since later filters need its words anyway; a mask is about one word.
        words = np.maximum(np.diff(batch.tokens.offsets), 1)
        totals = np.array([len(findings) for findings in found], np.int64)
        columns = [
            pa.array([count[kind] for count in counts], pa.int32())
            if kind in self.kinds
            else pa.nulls(len(counts), pa.int32())
            for kind in KINDS
        ]
        return {
            "personal_data": pa.StructArray.from_arrays(columns, fields=_COUNTS),
            "personal_data_rate": pa.array(totals * _PER / words, pa.float64()),
        }

    def conceal(self, values: Sequence[str]) -> list[str]:
        """Titles and other short strings with what is found in them masked, if texts are masked."""
        if not self.mask:
            return list(values)
        found = self._found(Batch(values))
        return [masked(*each) if each[1] else each[0] for each in zip(values, found, strict=True)]

    def decide(self, scores: Mapping[str, pa.Array[Any]]) -> Decision:
        """Drop what holds more than the recipe allows (``too_much_personal_data``)."""
        rate = np.asarray(scores["personal_data_rate"].to_numpy(zero_copy_only=False), np.float64)
        decision = Decision.keep(len(rate))
        if self.max_per_1000_words is not None:
            limit = self.max_per_1000_words
            decision.rule(rate > limit, "too_much_personal_data", rate, limit)
        return decision

    def spans(self, batch: Batch) -> list[list[Span]]:
        """Where it stands in each text, by kind and by what told it, and never what it says."""
        answer = []
        for text, findings in zip(batch.texts, self._found(batch), strict=True):
            data = text.encode("utf-8", "surrogatepass") if findings else b""
            places = [_characters(data, at) for one in findings for at in (one.start, one.end)]
            pairs = zip(places[::2], places[1::2], findings, strict=True)
            answer.append([Span(start, end, one.kind, one.rule) for start, end, one in pairs])
        return answer

    def _found(self, batch: Batch) -> list[list[Finding]]:
        wanted = frozenset(self.kinds)
        return [[one for one in findings if one.kind in wanted] for findings in find(batch.texts)]


def _characters(data: bytes, at: int) -> int:
    return len(data[:at].decode("utf-8", "surrogatepass"))
