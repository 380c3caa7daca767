"""A batch of documents on its way through the filters, tokenised once for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from colophon.filters.tokens import Tokens, tokenize

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

__all__ = ["Batch"]


@dataclass
class Batch:
    """Cleaned texts and what the filters so far have said of them.

    Attributes:
        texts: The texts, n of them.
        scores: Columns of n values that earlier filters added, by name.
    """

    texts: Sequence[str]
    scores: dict[str, pa.Array[Any]] = field(default_factory=dict)

    @cached_property
    def tokens(self) -> Tokens:
        """The tokens of all texts, made when first asked for and shared from then on."""
        return tokenize(self.texts)
