r"""What our own filters do to texts that mention a group: ratios of drop rates, stage by stage.

For each stage, axis of identity and single group the documents that reached the stage are laid out in one table for each source and length,
dropped or not against mentioning it or not, and the tables are brought together as Mantel and Haenszel did (1959,
J Natl Cancer Inst 22:719), here for the ratio of two rates with the variance of Greenland and Robins (1985, Biometrics
41:55). So a source that is dropped more often, or the greater length of texts that mention people, is not taken for an effect
of the mention. Counts are integers and add up over shards and sites; ratios are made from their sums.

Documents that could not be read, and those in a language without a list of terms, are not part of it.

>>> counts = {
...     "audit_documents": {"\tpapers\t0": 1000, "gender\tpapers\t0": 200},
...     "audit_dropped": {"words\t\tpapers\t0": 120, "words\tgender\tpapers\t0": 60},
... }
>>> worst = drop_ratios(counts, ["words"])[0]
>>> worst.group, round(worst.ratio, 2), round(worst.lower, 2), worst.significant
('gender', 4.0, 2.9, True)
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from colophon.pipelines.figures import Comparison, Z, adjusted
from colophon.schemas import DROPPED, FAILED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from colophon.pipelines.counts import Counts

__all__ = [
    "AUDIT_COUNTS",
    "FEWEST",
    "LENGTHS",
    "DropRatio",
    "audit_faults",
    "count_audit",
    "drop_ratios",
    "exceeded",
    "refusals",
]

AUDIT_COUNTS = ("audit_documents", "audit_dropped")
"""Names of the counts that cannot be counted again from a dataset, for it does not hold what was dropped."""
LENGTHS = (0, 200, 1_000, 5_000)
"""Where the strata of length begin, in words."""
FEWEST = 5
"""Fewer dropped documents than this, with or without a mention, or fewer in all on one side, are too few to tell."""


@dataclass(frozen=True)
class DropRatio(Comparison):
    """How much oftener a stage dropped documents that mention an axis, or a group of it, than others.

    Attributes:
        stage: Name of the stage.
        group: Axis of identity, or ``axis/group``.
        mentioning: Documents that reached the stage and mention it.
        mentioning_dropped: Those of them that it dropped.
        others: Documents that reached the stage and do not mention it.
        others_dropped: Those of them that it dropped.
        ratio: Mantel and Haenszel's ratio of the two rates; NaN if there is none.
    """

    stage: str
    group: str
    mentioning: int
    mentioning_dropped: int
    others: int
    others_dropped: int
    ratio: float = math.nan


def count_audit(staged: pa.Table, ledger: pa.Table) -> Counts:
    """Count n staged documents by axis and group mentioned, source and length, and those that a stage dropped.

    Args:
        staged: Their columns; ``identity_rates`` and ``source`` are read, and ``identity_groups`` and ``n_words`` if they are
            there.
        ledger: Their rows of the ledger; ``fate`` and ``stage`` are read.

    Returns:
        ``audit_documents`` by axis or ``axis/group``, source and first length of its stratum, joined by tabs;
        ``audit_dropped`` by stage, the same, source and length. The empty axis stands for all documents.
    """
    if "identity_rates" not in staged.column_names:
        return {}
    fate = np.array(ledger["fate"].to_pylist(), np.object_)
    stage = ledger["stage"].to_pylist()
    rates = staged["identity_rates"]
    rates = rates.combine_chunks() if hasattr(rates, "combine_chunks") else rates
    judged = pc.is_valid(rates).to_numpy(zero_copy_only=False) & (fate != FAILED)
    if "n_words" in staged.column_names:
        words = np.array([n or 0 for n in staged["n_words"].to_pylist()], np.int64)
        bins = np.array(LENGTHS)[np.searchsorted(LENGTHS, words, side="right") - 1].astype(str)
    else:
        bins = np.full(staged.num_rows, str(LENGTHS[0]))
    sources = staged["source"].to_pylist()
    documents: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    members = {"": np.flatnonzero(judged)}
    for axis in rates.type.names:
        found = pc.struct_field(rates, axis).to_numpy(zero_copy_only=False)
        members[axis] = np.flatnonzero(judged & (np.nan_to_num(found.astype(np.float64)) > 0))
    members |= _by_group(staged, judged)
    for group, rows in members.items():
        for i in rows:
            place = f"{group}\t{sources[i]}\t{bins[i]}"
            documents[place] += 1
            if fate[i] == DROPPED:
                dropped[f"{stage[i]}\t{place}"] += 1
    return {"audit_documents": dict(documents), "audit_dropped": dict(dropped)}


def _by_group(staged: pa.Table, judged: np.ndarray) -> dict[str, np.ndarray]:
    """The rows that mention each group, by ``axis/group``."""
    if "identity_groups" not in staged.column_names:
        return {}
    named = staged["identity_groups"]
    named = named.combine_chunks() if hasattr(named, "combine_chunks") else named
    rows, names = pc.list_parent_indices(named).to_numpy(), pc.list_flatten(named).to_pylist()
    found: dict[str, list[int]] = {}
    for row, name in zip(rows.tolist(), names, strict=True):
        if judged[row]:
            found.setdefault(name, []).append(row)
    return {name: np.array(found[name]) for name in sorted(found)}


def audit_faults(counts: Mapping[str, Mapping[str, int]], fates: Mapping[str, int]) -> list[str]:
    """What cannot be true of a manifest's audit counts, as a dataset does not hold what they were counted on.

    Args:
        counts: A manifest's counts.
        fates: Documents by source, fate, stage and reason, as `count_ledger` gives them.

    Returns:
        A sentence for each fault.
    """
    documents, dropped = counts.get("audit_documents", {}), counts.get("audit_dropped", {})
    listed: Counter[tuple[str, str]] = Counter()
    for key, n in fates.items():
        source, fate, stage, _ = key.split("\t")
        listed[source, ""] += n if fate != FAILED else 0
        listed[source, stage] += n if fate == DROPPED else 0
    found: Counter[tuple[str, str]] = Counter()
    faults = []
    for key, n in documents.items():
        group, source, length = key.split("\t")
        if not 0 <= n <= documents.get(f"\t{source}\t{length}", 0):
            faults.append(
                f"audit_documents: {group or 'all'} in {source} are {n}, more than there are documents"
            )
        found[source, ""] += n if not group else 0
    for key, n in dropped.items():
        stage, group, source, length = key.split("\t")
        most = min(
            documents.get(f"{group}\t{source}\t{length}", 0), dropped.get(f"{stage}\t\t{source}\t{length}", 0)
        )
        if not 0 <= n <= most:
            faults.append(
                f"audit_dropped: {stage} dropped {n} of {group or 'all'} in {source}, which are {most}"
            )
        found[source, stage] += n if not group else 0
    return faults + [
        f"audit counts: {n} documents of {source or 'no source'} {f'dropped by {stage}' if stage else ''} are more than "
        f"the ledger has, {listed[source, stage]}"
        for (source, stage), n in sorted(found.items())
        if n > listed[source, stage]
    ]


def _mantel_haenszel(tables: Iterable[tuple[int, int, int, int]]) -> tuple[float, float]:
    """The ratio of rates and the variance of its logarithm.

    Args:
        tables: For each stratum those dropped and all that mention, those dropped and all that do not.
    """
    ours = theirs = spread = 0.0
    for a, n1, c, n0 in tables:
        total = n1 + n0
        if not n1 or not n0:
            continue
        ours += a * n0 / total
        theirs += c * n1 / total
        spread += (n1 * n0 * (a + c) - a * c * total) / total**2
    if not ours or not theirs:
        return math.nan, math.nan
    return ours / theirs, spread / (ours * theirs)


def drop_ratios(counts: Mapping[str, Mapping[str, int]], stages: Sequence[str]) -> list[DropRatio]:
    """The ratio for each stage that drops and each axis and group that is mentioned, worst first.

    Args:
        counts: With ``audit_documents`` and ``audit_dropped``, as `count_audit` gives them.
        stages: Names of the stages in their order.

    Returns:
        First those that can be told, by the lower end of the interval, greatest first; then those with too few documents.
    """
    documents, dropped = counts.get("audit_documents", {}), counts.get("audit_dropped", {})
    reached: dict[str, dict[str, int]] = {}
    for key, n in documents.items():
        group, _, stratum = key.partition("\t")
        reached.setdefault(group, {})[stratum] = n
    everyone = reached.pop("", {})
    left = {group: dict(strata) for group, strata in {"": everyone, **reached}.items()}
    found: list[tuple[DropRatio, float]] = []
    for stage in stages:
        gone = {
            group: {stratum: dropped.get(f"{stage}\t{group}\t{stratum}", 0) for stratum in everyone}
            for group in left
        }
        for group in reached:
            tables = []
            for stratum in everyone:
                n1, a = left[group].get(stratum, 0), gone[group][stratum]
                tables.append((a, n1, gone[""][stratum] - a, left[""][stratum] - n1))
            if sum(gone[""].values()):
                found.append(_one(stage, group, tables))
        for group, strata in left.items():
            for stratum in strata:
                strata[stratum] -= gone[group][stratum]
    q = adjusted([p for _, p in found])
    ratios = [replace(one, q=q[i]) for i, (one, _) in enumerate(found)]
    return sorted(
        ratios, key=lambda one: (one.too_few, 0.0 if one.too_few else -one.lower, one.stage, one.group)
    )


def _one(stage: str, group: str, tables: Sequence[tuple[int, int, int, int]]) -> tuple[DropRatio, float]:
    """One ratio without its q, and its p-value."""
    a, n1, c, n0 = (sum(column) for column in zip(*tables, strict=True))
    plain = DropRatio(stage, group, n1, a, n0, c)
    ratio, variance = _mantel_haenszel(tables)
    if a + c < FEWEST or min(n1, n0) < FEWEST or math.isnan(ratio) or variance <= 0:
        return plain, math.nan
    error = math.sqrt(variance)
    lower, upper = (round(ratio * math.exp(sign * Z * error), 6) for sign in (-1, 1))
    p = math.erfc(abs(math.log(ratio)) / error / math.sqrt(2))
    return replace(plain, ratio=round(ratio, 6), lower=lower, upper=upper, too_few=False), p


def exceeded(ratios: Iterable[DropRatio], limit: float | None) -> list[str]:
    """A sentence for each ratio whose interval lies above a limit; none if there is no limit."""
    if limit is None:
        return []
    return [
        f"{one.stage} drops documents that mention {one.group.replace('_', ' ')} {one.ratio:.2f} times as often as others "
        f"(95% interval {one.lower:.2f} to {one.upper:.2f}, {one.mentioning_dropped:,} of {one.mentioning:,} against "
        f"{one.others_dropped:,} of {one.others:,}); the recipe's limit is {limit:g}"
        for one in ratios
        if not one.too_few and one.lower > limit
    ]


def refusals(manifest: Mapping[str, Any]) -> list[str]:
    """Why a run must fail by its recipe's ``filters.bias.fail_above``: a sentence for each ratio that passes it.

    Args:
        manifest: As it stands in ``manifest.json``.
    """
    settings = manifest["recipe"]["filters"].get("bias") or {}
    return exceeded(drop_ratios(manifest["counts"], manifest["stages"]), settings.get("fail_above"))
