"""Pure functions of text and arrays: readers (``formats``), cleaning, tokens, the filters, MinHash, duplicates.

No files, no Beam, no counters. A new filter is one new file or folder here, one line in `FILTERS` (``builtin.py``) and one
test file; a user's own comes from an installed package through the entry point group ``colophon.filters``. Filters and
`Clean` load when they are asked for: a process that only parses or compares has no use for them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from colophon.filters.batch import Batch
from colophon.filters.duplicates import components, edges_of_keys, judge, similar_pairs, spanning_forest
from colophon.filters.minhash import (
    band_keys,
    choose_bands,
    shingles,
    shorter_than,
    signatures,
    unique_shingles,
)
from colophon.filters.registry import Decision, Filter, Span
from colophon.filters.tokens import Tokens, normalized_key, tokenize
from colophon.filters.works import WORK, works

if TYPE_CHECKING:
    from colophon.filters.bias import Bias
    from colophon.filters.builtin import FILTERS, all_filters
    from colophon.filters.clean import Clean
    from colophon.filters.contamination import Contamination
    from colophon.filters.language import Language
    from colophon.filters.length import Length
    from colophon.filters.privacy import Privacy
    from colophon.filters.quality import Quality
    from colophon.filters.rights import Rights
    from colophon.filters.scholarly import Scholarly

__all__ = [
    "FILTERS",
    "WORK",
    "Batch",
    "Bias",
    "Clean",
    "Contamination",
    "Decision",
    "Filter",
    "Language",
    "Length",
    "Privacy",
    "Quality",
    "Rights",
    "Scholarly",
    "Span",
    "Tokens",
    "all_filters",
    "band_keys",
    "choose_bands",
    "components",
    "edges_of_keys",
    "judge",
    "normalized_key",
    "shingles",
    "shorter_than",
    "signatures",
    "similar_pairs",
    "spanning_forest",
    "tokenize",
    "unique_shingles",
    "works",
]

_MODULES = {
    "FILTERS": "builtin",
    "Bias": "bias",
    "Clean": "clean",
    "Contamination": "contamination",
    "Language": "language",
    "Length": "length",
    "Privacy": "privacy",
    "Quality": "quality",
    "Rights": "rights",
    "Scholarly": "scholarly",
    "all_filters": "builtin",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"colophon.filters.{_MODULES[name]}"), name)
