"""Bias: what our own filters do to texts that mention a group, how unevenly documents are spread, words near groups."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from colophon.pipelines.association import associations
from colophon.pipelines.audit import drop_ratios
from colophon.pipelines.figures import concentration, divergence
from colophon.pipelines.weights import effective_documents, weighted_shares
from colophon.runners.review.drawing import (
    Column,
    Section,
    bar,
    columns_chart,
    interval,
    labelled,
    note,
    others,
    table,
)
from colophon.runners.review.elements import Child, Html, el, group, said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from colophon.pipelines.association import Association
    from colophon.pipelines.audit import DropRatio
    from colophon.pipelines.figures import Figure
    from colophon.runners.review.facts import Facts

__all__ = ["SECTION"]

_MOST_RATIOS: Final = 24
_MOST_ASSOCIATIONS: Final = 16
_MOST_VALUES: Final = 10_000  # 400 draws of so many counts take a second
_SPREADS: Final = ("source", "country", "language", "discipline", "journal", "year")


def _draw(facts: Facts) -> Html:
    counts = facts.manifest["counts"]
    if not facts.manifest["recipe"]["filters"].get("bias"):
        return group(
            el(
                "p",
                "The recipe leaves the bias filter out, so mentions of people were not counted and the filters not audited.",
            ),
            _spread(counts),
            _weights(facts.manifest),
        )
    return group(
        el(
            "p",
            "Counts with their intervals; no claim that the data are free of bias. What cannot be told from chance is said to be "
            "so. ",
        ),
        _audit(drop_ratios(counts, facts.manifest["stages"])),
        _mentions(counts),
        _scores(counts.get("bias_score", {})),
        _spread(counts),
        _declared(facts.manifest),
        _weights(facts.manifest),
        _associations([one for one in associations(counts) if one.significant]),
    )


def _audit(ratios: Sequence[DropRatio]) -> Html:
    """Our own filters, worst first."""
    told = [one for one in ratios if not one.too_few]
    head = el("h3", "Our own filters")
    if not told:
        return group(
            head,
            el(
                "p",
                f"Of {len(ratios):,} pairs of a stage and a group none has enough documents to tell anything.",
            ),
        )
    shown = told[:_MOST_RATIOS]
    reach = max(2.0, *(max(one.upper, 1 / max(one.lower, 1e-9)) for one in shown))
    reach = min(reach, 16.0)
    rows: list[tuple[Child, ...]] = [
        (
            labelled(
                group(said(one.stage, 40), ", ", said(one.group.replace("_", " "), 40)),
                interval(one.lower, one.ratio, one.upper, reach=reach, marked=one.significant),
            ),
            f"{one.ratio:.2f}",
            f"{one.lower:.2f} to {one.upper:.2f}",
            "yes" if one.significant else "no",
            f"{one.mentioning_dropped:,} of {one.mentioning:,}",
            f"{one.others_dropped:,} of {one.others:,}",
        )
        for one in shown
    ]
    columns = (
        Column("stage, mention"), Column("ratio", number=True), Column("95% interval", number=True),
        Column("told from 1"), Column("dropped with it", number=True), Column("dropped without", number=True),
    )  # fmt: skip
    left = len(told) - len(shown)
    few = len(ratios) - len(told)
    besides = [
        f"{left:,} others lie lower" if left else "",
        f"{few:,} have too few documents to tell" if few else "",
    ]
    return group(
        head,
        el(
            "p",
            "How many times as often a stage drops documents that mention people as documents that do not, within the same source "
            "and length. 1 is alike; the line in the middle. Worst first, by the lower end of the interval.",
        ),
        table("Ratios of drop rates", columns, rows),
        note("Of the pairs of a stage and a group, ", " and ".join(one for one in besides if one), ".")
        if any(besides)
        else None,
    )


def _mentions(counts: Mapping[str, Mapping[str, int]]) -> Html | None:
    mentions = counts.get("identity_mentions")
    words = counts.get("identity_base", {}).get("words", 0)
    if not mentions or not words:
        return None
    order = sorted(mentions.items(), key=lambda item: (-item[1], item[0]))
    widest = order[0][1]
    rows: list[tuple[Child, ...]] = [
        (labelled(said(axis.replace("_", " "), 40), bar((("kept", n),), widest)), n, f"{n / words * 1e4:.2f}")
        for axis, n in order
    ]
    columns = (
        Column("axis"),
        Column("mentions", number=True),
        Column("per 10,000 words", number=True),
    )
    return group(
        el("h3", "Who is mentioned"),
        table(f"Mentions of identity in {words:,} words; counted, never judged", columns, rows),
    )


def _scores(bins: Mapping[str, int]) -> Html | None:
    known = {name: n for name, n in bins.items() if name}
    if not known:
        return None
    classes = [(f"0.{i} to {(i + 1) / 10:.1f}", known.get(f"0.{i}", 0)) for i in range(10)]
    unknown = bins.get("", 0)
    return group(
        columns_chart(
            "Kept documents by probability of a sentence hostile to a group", "probability", classes
        ),
        note(f"{unknown:,} documents have no score: theirs is a language without a model.")
        if unknown
        else None,
    )


def _spread(counts: Mapping[str, Mapping[str, int]]) -> Html | None:
    rows: list[tuple[Child, ...]] = []
    for name in _SPREADS:
        values = counts.get(name, {})
        if len(values) > _MOST_VALUES:
            told = f"{len(values):,} values"
            rows.append((name, told, "too many to draw intervals", sum(values.values())))
        elif found := concentration(values):
            rows.append((name, _told(found["gini"]), _told(found["entropy"]), found["gini"].n))
    if not rows:
        return None
    columns = (
        Column("over"),
        Column("Gini", number=True),
        Column("entropy", number=True),
        Column("documents", number=True),
    )
    return group(
        el("h3", "How evenly documents are spread"),
        table("Concentration, with 95% intervals: Gini 0 is even, entropy 1 is even", columns, rows),
    )


def _told(figure: Figure) -> str:
    return "too few" if figure.too_few else f"{figure.value:.2f} ({figure.lower:.2f} to {figure.upper:.2f})"


def _declared(manifest: Mapping[str, Any]) -> Html | None:
    """Distances from the shares that the recipe declares."""
    settings = manifest["recipe"]["filters"].get("bias") or {}
    shares: dict[str, dict[str, float]] = {}
    for one in settings.get("reference", []):
        place, _, part = one.rpartition("=")
        dimension, _, value = place.partition("/")
        shares.setdefault(dimension, {})[value] = float(part)
    if not shares:
        return None
    rows: list[tuple[Child, ...]] = []
    for dimension, reference in sorted(shares.items()):
        counts = manifest["counts"].get(dimension) or {
            name.partition("/")[2]: n
            for name, n in manifest["counts"].get("association_groups", {}).items()
            if name.partition("/")[0] == dimension
        }
        found = divergence(counts, reference)
        rows.append((said(dimension, 60), _told(found), found.n))
    columns = Column("over"), Column("distance", number=True), Column("documents", number=True)
    return table("Jensen-Shannon distance from the declared shares, 0 to 1", columns, rows)


def _weights(manifest: Mapping[str, Any]) -> Html | None:
    """What the sampling weights come to."""
    shares = weighted_shares(manifest)
    if not shares:
        return None
    counts, cap = manifest["counts"], manifest["recipe"]["weights"]["cap"]
    documents = counts["sampling_weight"]["documents"]
    rows: list[tuple[Child, ...]] = [
        (
            group(said(one.column.replace("_", " "), 40), ", ", said(one.value, 60)),
            one.documents,
            *(f"{part:.1%}" for part in (one.share, one.weighted, one.wanted)),
        )
        for one in shares
    ]
    columns = (
        Column("column, value"), Column("documents", number=True), Column("share", number=True),
        Column("weighted", number=True), Column("wanted", number=True),
    )  # fmt: skip
    return group(
        el("h3", "Sampling weights"),
        el(
            "p",
            f"The column sampling_weight, at most {cap:g}, brings shares nearer to those that the recipe wants; nothing is dropped. "
            f"Drawn by it, {documents:,} documents tell as much as {effective_documents(counts):,.0f} of one weight would (Kish).",
        ),
        table("Shares before and after weighting", columns, rows),
    )


def _associations(told: list[Association]) -> Html:
    head = el("h3", "Words near groups")
    if not told:
        return group(
            head,
            el(
                "p",
                "No set of words stands oftener or rarer near a group than near others, as far as can be told from chance.",
            ),
        )
    told.sort(key=lambda one: (-max(one.lower, -one.upper), one.group, one.attributes))
    shown = told[:_MOST_ASSOCIATIONS]
    reach = math.exp(min(4.0, max(max(abs(one.lower), abs(one.upper)) for one in shown)))
    rows: list[tuple[Child, ...]] = [
        (
            labelled(
                group(said(one.group.replace("/", ", "), 60), " and ", said(one.attributes, 40)),
                interval(
                    math.exp(one.lower), math.exp(one.log_odds), math.exp(one.upper), reach=reach, marked=True
                ),
            ),
            f"{one.log_odds:.2f}",
            f"{one.lower:.2f} to {one.upper:.2f}",
            f"{one.together:,} of {one.n:,}",
            f"{one.others_together:,} of {one.others:,}",
        )
        for one in shown
    ]
    columns = (
        Column("group and words"), Column("log-odds", number=True), Column("95% interval", number=True),
        Column("with the group", number=True), Column("with others", number=True),
    )  # fmt: skip
    return group(
        head,
        el(
            "p",
            "Sets of words that stand oftener or rarer near a group than near others of its axis, told from chance. 0 is alike.",
        ),
        table("Associations", columns, rows),
        others(len(told) - len(shown)),
    )


SECTION = Section("bias", "Bias, and the audit of our own filters", _draw)
