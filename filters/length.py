"""How long a document is, and whether that is a length at which something can be learnt from it.

Fewer than 50 words are a caption or an error page, more than 100,000 a dump: the limits are Gopher's (Rae et al. 2021,
arXiv:2112.11446, table A1).

>>> from colophon.filters.batch import Batch
>>> scores = Length(min_words=3).annotate(Batch(["Oak burns slowly.", "Oak"]))
>>> scores["n_words"].to_pylist()
[3, 1]
>>> Length(min_words=3).decide(scores).reason.tolist()
['', 'too_few_words']
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from colophon.filters.registry import Decision
from colophon.schemas import Column, Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.filters.batch import Batch

__all__ = ["BYTES_PER_TOKEN", "Length", "LengthScores"]

BYTES_PER_TOKEN = 4.0
"""Bytes of UTF-8 that a language model's token stands for: an estimate, for English prose.

Byte-pair vocabularies of 32,000 and 50,000 pieces, trained on half of our English papers, need a token for 4.1 to 4.7
bytes of the other half, single papers for 3.6 to 5.9: for prose the estimate is within a third, on the high side. Where a
vocabulary knows the text less it is far too low: 2.3 bytes in TeX sources, 2.4 in French, 1.0 in Japanese with the same.
"""


@dataclass
class LengthScores:
    """The columns that `Length` adds."""

    n_chars: Annotated[int, Column("length of the text", unit="Unicode characters")]
    n_words: Annotated[int, Column("length of the text", unit="words as filters.tokens splits them")]
    n_tokens: Annotated[
        int,
        Column(
            "estimated length for a language model: UTF-8 bytes / 4, rounded up", unit="tokens, estimated"
        ),
    ]


@dataclass(frozen=True)
class Length:
    """Keeps documents of a usable length.

    Attributes:
        min_words: Fewest words.
        max_words: Most words.

    Raises:
        ValueError: No length would satisfy both.
    """

    name: ClassVar[str] = "length"
    scores: ClassVar[type] = LengthScores
    papers: ClassVar[tuple[str, ...]] = ("Rae et al. 2021, arXiv:2112.11446, table A1",)

    min_words: Annotated[
        int, Setting("Fewest words of a document that stays.", unit="words", minimum=0, policy=True)
    ] = 50
    max_words: Annotated[
        int, Setting("Most words of a document that stays.", unit="words", minimum=1, policy=True)
    ] = 100_000

    def __post_init__(self) -> None:
        if not 0 <= self.min_words <= self.max_words or self.max_words < 1:
            raise ValueError(
                f"min_words is {self.min_words} and max_words {self.max_words}: "
                "the first must be at least 0, the second at least 1 and no less than the first"
            )

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array[Any]]:
        """The columns ``n_chars``, ``n_words`` and ``n_tokens``, as `LengthScores` declares them."""
        texts = pa.array(batch.texts, pa.large_string())
        n_bytes = pc.binary_length(texts).to_numpy()
        return {
            "n_chars": pc.cast(pc.utf8_length(texts), pa.int64()),
            "n_words": pa.array(np.diff(batch.tokens.offsets), pa.int64()),
            "n_tokens": pa.array(np.ceil(n_bytes / BYTES_PER_TOKEN).astype(np.int64)),
        }

    def decide(self, scores: Mapping[str, pa.Array[Any]]) -> Decision:
        """Drop what is too short (``too_few_words``) or too long (``too_many_words``)."""
        n_words = scores["n_words"].to_numpy()
        decision = Decision.keep(len(n_words))
        decision.rule(n_words < self.min_words, "too_few_words", n_words.astype(float), self.min_words)
        decision.rule(n_words > self.max_words, "too_many_words", n_words.astype(float), self.max_words)
        return decision
