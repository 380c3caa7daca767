"""What a recipe says of sampling weights: which shares are wanted, and which there are."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from colophon.schemas.settings import Setting

__all__ = ["OTHERS", "WEIGHED", "Weights"]

WEIGHED: Final = {
    "source": "", "media_type": "", "license": "", "year": "", "language": "language", "spdx": "rights",
    "rights_status": "rights",
}  # fmt: skip
"""The columns whose shares may be wanted, each with the filter that makes it; empty if every dataset has it."""
OTHERS: Final = "*"
"""Stands for all values of a column that the reference does not name."""

_ABOUT: Final = 0.01  # how far from 1 shares may be that somebody rounded
_MOST: Final = 100.0  # greater weights would not fit into the counts, nor be of use


@dataclass(frozen=True)
class Weights:
    """Weights for sampling, so that a trainer can draw documents by the shares that are wanted; nothing is dropped."""

    reference: Annotated[
        tuple[str, ...],
        Setting(
            "The shares that are wanted, each COLUMN/VALUE=SHARE, such as language/en=0.5, those of a column summing to 1. "
            "The value * stands for all others; if it is not named, the others have weight 1 and the named values are "
            "balanced among themselves. COLUMN is " + ", ".join(WEIGHED) + ".",
            policy=True,
        ),
    ]
    observed: Annotated[
        tuple[str, ...],
        Setting("The shares that there are, written likewise; or give observed_in.", policy=True),
    ] = ()
    observed_in: Annotated[
        tuple[str, ...],
        Setting(
            "Where the shares that there are can be counted: datasets, or their manifests, of an earlier run or of several "
            "sites, added up. They become observed when the recipe is read.",
            policy=True,
            local=True,
        ),
    ] = ()
    cap: Annotated[
        float,
        Setting(
            "No weight is greater; a lower cap leaves shares further from those wanted and more documents of effect.",
            minimum=1,
            maximum=_MOST,
            policy=True,
        ),
    ] = 4.0

    def __post_init__(self) -> None:
        wanted = _shares("reference", self.reference, least=math.ulp(0))
        if not wanted:
            raise ValueError("reference is empty; name shares that are wanted, or write `weights: off`")
        if self.observed and self.observed_in:
            raise ValueError("observed_in is given beside observed; give one of the two")
        if not 1 <= self.cap <= _MOST:
            raise ValueError(f"cap is {self.cap}; allowed is a number from 1 to {_MOST:g}")
        if not self.observed_in:
            self.factors()

    def wanted(self) -> Mapping[str, Mapping[str, float]]:
        """The shares that are wanted, by column and value, columns in the order of their names."""
        return _shares("reference", self.reference)

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """By what documents are multiplied, by column and value, columns in the order of their names.

        Raises:
            ValueError: A share is wanted of what was not observed.
        """
        wanted, there = _shares("reference", self.reference), _shares("observed", self.observed)
        if surplus := sorted(there.keys() - wanted.keys()):
            raise ValueError(
                f"observed has shares of {surplus[0]}; allowed are columns that reference names: {', '.join(wanted)}"
            )
        result = {}
        for column, shares in wanted.items():
            found = there.get(column, {})
            named = {value: found.get(value, 0.0) for value in shares}
            if OTHERS in shares:
                named[OTHERS] = math.fsum(
                    part for value, part in found.items() if value not in shares or value == OTHERS
                )
            lacking = [value for value, part in named.items() if not part > 0]
            if lacking:
                raise ValueError(
                    f"reference wants {column}/{lacking[0]}={shares[lacking[0]]:g}, of which observed has none; allowed are "
                    f"values with an observed share above 0: "
                    + (
                        ", ".join(value for value, part in found.items() if part > 0)
                        or f"none, give some of {column}"
                    )
                )
            total = math.fsum(named.values())
            result[column] = {value: shares[value] / (named[value] / total) for value in shares}
        return result


def _shares(key: str, given: tuple[str, ...], least: float = 0.0) -> dict[str, dict[str, float]]:
    """Shares by column and value, each column's scaled to sum to 1."""
    found: dict[str, dict[str, float]] = {}
    for one in given:
        place, _, number = one.rpartition("=")
        column, _, value = place.partition("/")
        try:
            share = float(number)
        except ValueError:
            share = math.nan
        if column not in WEIGHED or not value or not least <= share <= 1:
            above = "above 0 and at most 1" if least else "from 0 to 1"
            raise ValueError(
                f"{key} has {one!r}; allowed is COLUMN/VALUE=SHARE with a share {above}, such as language/en=0.5, where "
                f"COLUMN is one of {', '.join(WEIGHED)}"
            )
        if value in found.setdefault(column, {}):
            raise ValueError(f"{key} has {column}/{value} twice; allowed is one share for each value")
        found[column][value] = share
    for column, shares in found.items():
        total = math.fsum(shares.values())
        if abs(total - 1) > _ABOUT:
            raise ValueError(
                f"{key} has shares of {column} that sum to {total:g}; allowed is 1, give or take {_ABOUT}; "
                f"{column}/{OTHERS}=SHARE stands for all values that are not named"
            )
    return {
        column: {value: share / math.fsum(shares.values()) for value, share in shares.items()}
        for column, shares in sorted(found.items())
    }
