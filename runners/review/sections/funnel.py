"""The funnel: what came in, what each stage took away, what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from colophon.runners.review.drawing import Column, Section, bar, folded, labelled, note, share, table
from colophon.runners.review.elements import Child, Html, el, group, said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.runners.review.facts import Facts

__all__ = ["SECTION", "stage_sums"]

_MOST_SOURCES = 20
_FATES = ("in", "kept", "dropped", "failed")


def stage_sums(manifest: Mapping[str, Any]) -> list[tuple[str, dict[str, int]]]:
    """The funnel over all sources: stage, and documents in, kept, dropped and failed."""
    return [
        (
            stage,
            {
                fate: sum(one["stages"][stage][fate] for one in manifest["sources"].values())
                for fate in _FATES
            },
        )
        for stage in manifest["stages"]
    ]


def _draw(facts: Facts) -> Html:
    manifest = facts.manifest
    fates = manifest["fates"]
    total = sum(fates.values())
    stages = stage_sums(manifest)
    rows: list[tuple[Child, ...]] = [
        (
            labelled(stage, bar(_parts(n), total, centred=True)),
            *(n[fate] for fate in _FATES),
            share(n["kept"], total),
        )
        for stage, n in stages
    ]
    columns = (
        Column("stage"),
        *(Column(fate, number=True) for fate in _FATES),
        Column("left of all", number=True),
    )
    foot = ("all", total, fates["kept"], fates["dropped"], fates["failed"], share(fates["kept"], total))
    return group(
        el(
            "p",
            f"Of {total:,} documents and files that gave none, ",
            el("strong", f"{fates['kept']:,} were kept"),
            f" ({share(fates['kept'], total)}), {fates['dropped']:,} were dropped and {fates['failed']:,} failed. Each has a "
            "row in the ledger.",
        ),
        _key(),
        table("From inputs to kept, stage by stage", columns, rows, foot=foot),
        _by_source(manifest),
    )


def _parts(n: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The paints of a bar and their lengths."""
    return tuple((fate, n[fate]) for fate in _FATES[1:])


def _key() -> Html:
    """What the paints of the bars mean."""
    names = ("kept", "goes on"), ("dropped", "dropped here"), ("failed", "failed here")
    return el(
        "p",
        [
            el(
                "span",
                el(
                    "svg",
                    el("rect", class_=paint, width=10, height=10),
                    viewBox="0 0 10 10",
                    aria_hidden="true",
                ),
                told,
            )
            for paint, told in names
        ],
        class_="key",
    )


def _by_source(manifest: Mapping[str, Any]) -> Html:
    """What each source gave, and below it each source's own funnel."""
    sources = sorted(manifest["sources"].items(), key=lambda item: (-item[1]["documents"], item[0]))
    shown, rest = sources[:_MOST_SOURCES], sources[_MOST_SOURCES:]
    widest = max((one["documents"] for _, one in shown), default=0)
    fates = ("documents", "kept", "dropped", "failed")
    rows: list[tuple[Child, ...]] = [
        (
            labelled(said(name, 80), bar(_parts(one), widest)),
            *(one[fate] for fate in fates),
            share(one["kept"], one["documents"]),
        )
        for name, one in shown
    ]
    left = [sum(one[fate] for _, one in rest) for fate in fates]
    foot = (f"and {len(rest):,} others", *left, share(left[1], left[0])) if rest else ()
    columns = (
        Column("source"), Column("in", number=True), Column("kept", number=True),
        Column("dropped", number=True), Column("failed", number=True), Column("kept of it", number=True),
    )  # fmt: skip
    heads = (Column("stage"), *(Column(fate, number=True) for fate in _FATES))
    each = [
        folded(
            group("Stages of ", said(name, 80)),
            table(
                f"Stages of {name[:80]}",
                heads,
                [(stage, *(one["stages"][stage][fate] for fate in _FATES)) for stage in manifest["stages"]],
            ),
        )
        for name, one in shown
    ]
    more = note(f"The {len(rest):,} other sources stand in manifest.json under sources.") if rest else None
    return group(el("h3", "By source"), table("What each source gave", columns, rows, foot=foot), each, more)


SECTION = Section("funnel", "From inputs to kept", _draw)
