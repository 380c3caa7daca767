r"""Which words stand near the names of groups: the counts behind a corpus's associations.

A document counts once for each group that it names and each set of attributes (``attribute_words.tsv``, written for this
project) of which a word stands within ten tokens of one of the mentions. What follows from the counts, `figures` of the
pipelines says; here they are only counted.

>>> counts = association_counts(tokenize(["The women run the laboratory.", "Men and women."]))
>>> counts["association_pairs"]
{'gender/women\tscience': 1}
>>> counts["association_groups"]
{'gender/men': 1, 'gender/women': 2}
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

import numpy as np

from colophon.filters.bias.identity import groups, mentions
from colophon.filters.kernels import compiled
from colophon.filters.tokens import Tokens, tokenize

__all__ = ["NEAR", "association_counts", "attribute_sets"]

NEAR = 10
"""Tokens between a mention and a word of a set, at most."""


@cache
def attribute_sets() -> dict[str, tuple[str, ...]]:
    """The words of each set."""
    text = (resources.files("colophon.filters.bias") / "attribute_words.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row["set"]: tuple(row["words"].split()) for row in rows}


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """Sorted hashes of all words and the sets of each, a bit a set."""
    found: dict[int, int] = {}
    for bit, words in enumerate(attribute_sets().values()):
        for key in tokenize([" ".join(words)]).hashes.tolist():
            found[key] = found.get(key, 0) | 1 << bit
    keys = np.array(sorted(found), np.uint64)
    return keys, np.array([found[key] for key in keys.tolist()], np.uint32)


@compiled
def _sets_near(
    hashes: np.ndarray,
    offsets: np.ndarray,
    mention: tuple[np.ndarray, np.ndarray, np.ndarray],
    table: tuple[np.ndarray, np.ndarray],
    out: np.ndarray,
) -> None:
    """Write the sets of which a word stands near each mention, given by its first token, width and text."""
    at, width, text = mention
    keys, bits = table
    for m in range(len(at)):
        begin = max(offsets[text[m]], at[m] - NEAR)
        end = min(offsets[text[m] + 1], at[m] + width[m] + NEAR)
        found = np.uint32(0)
        for i in range(begin, end):
            if at[m] <= i < at[m] + width[m]:
                continue
            place = np.searchsorted(keys, hashes[i])
            if place < len(keys) and keys[place] == hashes[i]:
                found |= bits[place]
        out[m] = found


def association_counts(tokens: Tokens) -> dict[str, dict[str, int]]:
    """Count documents by group, and by group and set of attributes near it.

    Args:
        tokens: Tokens of English documents.

    Returns:
        ``association_groups`` by ``axis/group``; ``association_pairs`` by ``axis/group`` and set, joined by a tab. They add up.
    """
    found = mentions(tokens)
    near = np.zeros(len(found.at), np.uint32)
    _sets_near(tokens.hashes, tokens.offsets, (found.at, found.width, found.text), _table(), near)
    names = [f"{axis}/{group}" for axis, group in groups()]
    pairs, place = np.unique(found.text * len(names) + found.group, return_inverse=True)
    sets = np.zeros(len(pairs), np.uint32)
    np.bitwise_or.at(sets, place, near)
    group = pairs % len(names)
    total = np.bincount(group, minlength=len(names))
    counted = {names[i]: int(total[i]) for i in np.flatnonzero(total)}
    together: dict[str, int] = {}
    for bit, name in enumerate(attribute_sets()):
        each = np.bincount(group[(sets >> np.uint32(bit) & np.uint32(1)) > 0], minlength=len(names))
        together |= {f"{names[i]}\t{name}": int(each[i]) for i in np.flatnonzero(each)}
    return {
        "association_groups": dict(sorted(counted.items())),
        "association_pairs": dict(sorted(together.items())),
    }
