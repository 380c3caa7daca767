r"""Which attributes stand near which groups, from counts that add up: normalised PMI and log-odds with intervals.

- Normalised pointwise mutual information (Bouma 2009, GSCL): ln(p(g, a) / (p(g) p(a))) / -ln p(g, a), from -1 (never
  together) over 0 (as if by chance) to 1; its interval follows from Wilson's (1927, JASA 22:209) for p(g, a).
- Log-odds ratio of a word of the set near the group against near the other groups of the same axis, one half added to each
  count (Haldane 1956, Ann Hum Genet 20:309), with the standard error of Woolf (1955, Ann Hum Genet 19:251).
- All are tested at once: q is the p-value after Benjamini and Hochberg.

The unit is the document, which counts once, for mentions in one document are not independent.

>>> counts = {
...     "association_groups": {"gender/men": 400, "gender/women": 400},
...     "association_pairs": {"gender/men\tcareer": 100, "gender/women\tcareer": 50},
... }
>>> for one in associations(counts):
...     print(one.group, one.attributes, round(one.log_odds, 2), round(one.lower, 2), round(one.upper, 2), one.significant)
gender/men career 0.84 0.47 1.21 True
gender/women career -0.84 -1.21 -0.47 True
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from colophon.pipelines.figures import Comparison, Z, adjusted

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FEWEST", "Association", "associations"]

FEWEST = 10
"""Fewer documents than this with the group, or with the other groups of its axis, are too few to tell."""


@dataclass(frozen=True)
class Association(Comparison):
    """How a group and a set of attributes go together; the interval is that of the log-odds ratio.

    Attributes:
        group: ``axis/group``.
        attributes: Name of the set.
        together: Documents in which a word of the set stands near the group.
        n: Documents that name the group.
        others_together: The same for the other groups of the axis, summed over them.
        others: Documents that name them, summed over them.
        npmi: Normalised PMI, NaN if there is none.
        npmi_lower: Lower end of its 95% interval.
        npmi_upper: Upper end.
        log_odds: Log-odds ratio, NaN if there is none.
    """

    group: str
    attributes: str
    together: int
    n: int
    others_together: int
    others: int
    npmi: float = math.nan
    npmi_lower: float = math.nan
    npmi_upper: float = math.nan
    log_odds: float = math.nan


def _npmi(both: float, one: float, other: float) -> float:
    """Of shares."""
    if both <= 0:
        return -1.0
    if both >= 1:
        return 1.0
    return max(-1.0, min(1.0, math.log(both / (one * other)) / -math.log(both)))


def _wilson(k: int, n: int) -> tuple[float, float]:
    share, square = k / n, Z * Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def associations(counts: Mapping[str, Mapping[str, int]]) -> list[Association]:
    """All pairs of a group and a set, in the order of their names.

    Args:
        counts: With ``association_groups`` and ``association_pairs``, as `association_counts` gives them.
    """
    groups, pairs = counts.get("association_groups", {}), counts.get("association_pairs", {})
    total = sum(groups.values())
    sets = sorted({key.partition("\t")[2] for key in pairs})
    axes: dict[str, int] = {}
    for group, n in groups.items():
        axes[group.partition("/")[0]] = axes.get(group.partition("/")[0], 0) + n
    found, p_values = [], []
    for name in sets:
        with_set = {group: pairs.get(f"{group}\t{name}", 0) for group in groups}
        everywhere = sum(with_set.values())
        on_axis: dict[str, int] = {}
        for group, n in with_set.items():
            on_axis[group.partition("/")[0]] = on_axis.get(group.partition("/")[0], 0) + n
        for group in sorted(groups):
            axis = group.partition("/")[0]
            a, n = with_set[group], groups[group]
            c, m = on_axis[axis] - a, axes[axis] - n
            plain = Association(group, name, a, n, c, m)
            if min(n, m) < FEWEST or not everywhere:
                found.append(plain)
                p_values.append(math.nan)
                continue
            low, high = _wilson(a, total)
            cells = (a + 0.5, n - a + 0.5, c + 0.5, m - c + 0.5)
            odds = math.log(cells[0] * cells[3] / (cells[1] * cells[2]))
            error = math.sqrt(sum(1 / cell for cell in cells))
            shares = n / total, everywhere / total
            found.append(
                replace(
                    plain,
                    npmi=round(_npmi(a / total, *shares), 6),
                    npmi_lower=round(_npmi(low, *shares), 6),
                    npmi_upper=round(_npmi(high, *shares), 6),
                    log_odds=round(odds, 6),
                    lower=round(odds - Z * error, 6),
                    upper=round(odds + Z * error, 6),
                    too_few=False,
                )
            )
            p_values.append(math.erfc(abs(odds) / error / math.sqrt(2)))
    q_values = adjusted(p_values)
    return sorted(
        (replace(one, q=q) for one, q in zip(found, q_values, strict=True)),
        key=lambda one: (one.group, one.attributes),
    )
