"""A batch of documents on its way through the filters, tokenised once for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from colophon.filters.folding import complex_texts, encode
from colophon.filters.tokens import Tokens, folded_words, normalized_key, tokenize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import pyarrow as pa

__all__ = ["Batch"]


@dataclass
class Batch:
    """Cleaned texts and what the filters so far have said of them.

    Attributes:
        texts: The texts, n of them.
        scores: Columns of n values that earlier filters added, by name.
        about: What is known of each document beside its text, under the names of `StagedRow`'s columns (``doi``,
            ``license``, ``source_uri``, …; ``metadata`` as a mapping); empty mappings where nothing is.
    """

    texts: Sequence[str]
    scores: dict[str, pa.Array[Any]] = field(default_factory=dict)
    about: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        self.about = self.about or [{} for _ in self.texts]

    @cached_property
    def encoded(self) -> pa.LargeStringArray:
        """The texts in UTF-8, made when first asked for and shared from then on."""
        return encode(self.texts)

    @cached_property
    def found(self) -> np.ndarray:
        """What `complex_texts` returns for all texts, shared likewise."""
        return complex_texts(self.encoded)

    @cached_property
    def folded(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What `folded_words` returns for all texts, shared likewise."""
        return folded_words(self.texts, self.encoded, self.found)

    @cached_property
    def tokens(self) -> Tokens:
        """The tokens of all texts, shared likewise."""
        return tokenize(self.texts, self.folded)

    @property
    def keys(self) -> np.ndarray:
        """What `normalized_key` returns for all texts, uint8[n, 16]."""
        return normalized_key(self.texts, self.encoded, self.found)

    def rewrite(self, texts: Sequence[str]) -> None:
        """Go on with other texts (n of them, none empty), as a filter does that masks or cuts passages."""
        if any(new is not old for new, old in zip(texts, self.texts, strict=True)):
            self.texts = texts
            for known in ("encoded", "found", "folded", "tokens"):
                self.__dict__.pop(known, None)
