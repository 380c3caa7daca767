"""Pure functions of text and arrays: cleaning, tokens, language, length, identity terms, MinHash, duplicates.

No files, no Beam, no counters. A new filter is one new file here, one line in `FILTERS` and one test file; a
user's own comes from an installed package through the entry point group ``colophon.filters``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from colophon.filters.batch import Batch
from colophon.filters.clean import Clean
from colophon.filters.duplicates import components, edges_of_keys, judge, spanning_forest
from colophon.filters.language import Language
from colophon.filters.length import Length
from colophon.filters.minhash import band_keys, choose_bands, shingles, signatures, unique_shingles
from colophon.filters.registry import Decision, Filter
from colophon.filters.tokens import Tokens, normalized_key, tokenize

FILTERS: Final[dict[str, type[Filter]]] = {"language": Language, "length": Length}
"""The built-in filters by name, in the order in which they run."""


def all_filters() -> dict[str, type[Filter]]:
    return dict(FILTERS)
