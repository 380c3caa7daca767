"""What is counted of a dataset's documents for the figures on bias: integers that add up over shards and sites."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from colophon.filters import tokenize
from colophon.filters.bias.associations import association_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DESCRIBED", "count_described", "count_identity"]

DESCRIBED = {
    "journal": ("journal",),
    "discipline": ("subjects", "subject"),
    "country": ("countries", "country"),
}
"""Distributions that stand in the metadata, each with the keys that may hold it; the first that is there counts."""

_KEYS = "|".join(key for keys in DESCRIBED.values() for key in keys)
_MAY_DESCRIBE = re.compile(rf'"(?:{_KEYS})"|\\')  # a backslash may write any letter


def count_identity(table: pa.Table) -> dict[str, dict[str, int]]:
    """Mentions by axis; documents by group that they name, and by group and set of attributes near it.

    The rates in ``identity_rates`` are mentions per 10,000 tokens, so the mentions come back exactly from ``n_words``.

    Args:
        table: Rows of ``data/``.

    Returns:
        ``identity_mentions``, ``identity_base`` (documents and words that were looked at), ``association_groups`` and
        ``association_pairs``; empty if the table does not have the columns.
    """
    if not {"identity_rates", "n_words"} <= set(table.column_names) or not table.num_rows:
        return {}
    rates = table["identity_rates"].combine_chunks()
    words = np.array([n or 0 for n in table["n_words"].to_pylist()], np.float64)
    mentions = {}
    for axis in rates.type.names:
        each = np.nan_to_num(pc.struct_field(rates, axis).to_numpy(zero_copy_only=False).astype(np.float64))
        mentions[axis] = int(np.rint(each * words / 1e4).sum())
    judged = pc.is_valid(rates).to_numpy(zero_copy_only=False)
    texts = table["text"] if judged.all() else table["text"].filter(pa.array(judged))
    return {
        "identity_mentions": mentions,
        "identity_base": {"documents": int(judged.sum()), "words": int(words[judged].sum())},
        **association_counts(tokenize(texts.combine_chunks())),
    }


def count_described(metadata: Sequence[str]) -> dict[str, dict[str, int]]:
    """Documents by journal, discipline and country, as far as readers found them; one may have several of the last two.

    Args:
        metadata: Of each document, a JSON object.

    >>> count_described(['{"journal": "Mill Studies", "subjects": ["Rivers", "Mills"]}', "{}"])
    {'journal': {'Mill Studies': 1}, 'discipline': {'Mills': 1, 'Rivers': 1}}
    """
    counted: dict[str, Counter[str]] = {name: Counter() for name in DESCRIBED}
    # Most metadata says nothing of them, and to see that takes a tenth of reading it.
    for one in filter(_MAY_DESCRIBE.search, metadata):
        values = orjson.loads(one)
        for name, keys in DESCRIBED.items():
            found = next((values[key] for key in keys if values.get(key)), None)
            if found:
                each = found if isinstance(found, list) else [found]
                counted[name].update({value for value in each if isinstance(value, str) and value})
    return {name: dict(sorted(each.items())) for name, each in counted.items() if each}
