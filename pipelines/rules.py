"""The rules by which a document is a copy, what is said of one that is, and the least similarity that each rule asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.schemas import Deduplicate

__all__ = [
    "BYTES_PER_CANDIDATE", "BYTES_PER_PAIR", "EXACT_BYTES", "EXACT_TEXT", "IN_DATASET", "IN_PACK", "NEAR", "RULES", "SAME_WORK", "VERDICT",
    "limits_by_rule", "limits_of", "pairs_that_fit",
]  # fmt: skip

BYTES_PER_PAIR: Final = 160
"""What deciding takes at its peak, measured: 90 a pair to merge one and a half times as many, 154 to connect them."""

BYTES_PER_CANDIDATE: Final = 1100
"""What judging a document of one component takes, measured: 660 beside its record of 207, which is there twice as it arrives."""

RULES: Final = (
    "", "exact_bytes", "exact_text", "same_work", "near_duplicate", "already_in_dataset", "already_in_pack",
)  # fmt: skip
"""Names of the rules that find a copy, by their code in `VERDICT`; 0 is a document that stays."""

EXACT_BYTES, EXACT_TEXT, SAME_WORK, NEAR, IN_DATASET, IN_PACK = range(1, len(RULES))

VERDICT = np.dtype(
    [
        ("row", "<u4"),  # of the staged unit
        ("rule", "u1"),  # index into RULES
        ("similarity", "<f8"),  # exact Jaccard with the one that stays; of a pack an estimate
        ("kept", "S32"),  # id of the one that stays, empty if a pack holds it
        ("copies", "<i4"),  # documents dropped for this one
        ("held", "<u2"),  # place in `held_by`, from 1, of what holds the document already; 0 for none
        ("how", "u1"),  # index into RULES of the rule by which that was found
        ("titled", "?"),  # of the same work, whether by the title alone
    ]
)
"""What is said of one document: little-endian, packed. A document may have several."""


def limits_by_rule(settings: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    """The least similarities that each rule may have gone by, given ``deduplicate`` of a recipe as values."""
    names = ("threshold", "same_number_threshold", "same_title_threshold")
    near, number, title = (float(settings[name]) for name in names)
    one = dict.fromkeys(("exact_bytes", "exact_text", "near_duplicate"), (near,))
    return {**one, "same_work": (number, title), "already_in_dataset": (near, number, title)}


def limits_of(verdicts: np.ndarray, settings: Deduplicate) -> np.ndarray:
    """float64[n], the least similarity that each of some verdicts went by; NaN for a pack's."""
    how = np.where(verdicts["rule"] == IN_DATASET, verdicts["how"], verdicts["rule"])
    work = np.where(verdicts["titled"], settings.same_title_threshold, settings.same_number_threshold)
    limit = np.where(how == SAME_WORK, work, settings.threshold)
    return np.where(verdicts["rule"] == IN_PACK, np.nan, limit)


def pairs_that_fit(memory: int) -> int:
    """How many candidate pairs the deciding step holds in so many bytes.

    >>> pairs_that_fit(4 * 2**30)
    26843545
    """
    return memory // BYTES_PER_PAIR
