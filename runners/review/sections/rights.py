"""Rights: the licences found, how they were found, and what is declared of each source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.runners.review.drawing import Column, Section, bars, note, table
from colophon.runners.review.elements import Html, el, group, said

if TYPE_CHECKING:
    from colophon.runners.review.facts import Facts

__all__ = ["SECTION"]

_MOST_SOURCES = 20
_MOST_LICENCES = 4
_STATUS = {
    "found": "said by the document",
    "agreeing": "said several times, alike",
    "disagreeing": "said several times, not alike",
    "declared": "declared by the recipe",
    "notice": "rights are reserved in a notice",
    "unrecognised": "something is said that names no licence",
    "none": "nothing is said",
}


def _draw(facts: Facts) -> Html:
    counts = facts.manifest["counts"]
    licences = counts.get("spdx") or counts.get("license", {})
    drawn = [
        bars("Kept documents by licence (SPDX)", "licence", licences, none="(none)") if licences else None,
        note("NONE: nothing is said of a licence. NOASSERTION: what is said names none, or disagrees.")
        if {"NONE", "NOASSERTION"} & set(licences)
        else None,
    ]
    if status := counts.get("rights_status"):
        told = {_STATUS.get(name, name): n for name, n in status.items()}
        drawn.append(bars("How the licence is known", "evidence", told))
    return group(drawn, _sources(facts))


def _sources(facts: Facts) -> Html:
    rights = sorted(facts.manifest["rights"].items(), key=lambda item: (-item[1]["documents"], item[0]))
    rows = []
    for name, one in rights[:_MOST_SOURCES]:
        spdx = sorted(one["spdx"].items(), key=lambda item: (-item[1], item[0]))
        shown = [
            group(el("br") if i else None, said(each, 60), f" {n:,}")
            for i, (each, n) in enumerate(spdx[:_MOST_LICENCES])
        ]
        if len(spdx) > _MOST_LICENCES:
            left = sum(n for _, n in spdx[_MOST_LICENCES:])
            shown.append(group(el("br"), f"and {len(spdx) - _MOST_LICENCES:,} others {left:,}"))
        declared = [
            said(one[key], 240) if one[key] else _unsaid() for key in ("owner", "terms", "consent", "license")
        ]
        rows.append((said(name, 80), one["documents"], *declared, shown))
    columns = (
        Column("source"), Column("kept", number=True), Column("owner"), Column("terms", wide=True), Column("consent", wide=True),
        Column("licence declared"), Column("licences kept"),
    )  # fmt: skip
    rest = rights[_MOST_SOURCES:]
    foot = (
        (f"and {len(rest):,} others", sum(one["documents"] for _, one in rest), "", "", "", "", "")
        if rest
        else ()
    )
    return group(
        el("h3", "What is declared of each source"),
        table("Owners, terms and consent", columns, rows, foot=foot),
    )


def _unsaid() -> Html:
    return el("span", "not stated", class_="unsaid")


SECTION = Section("rights", "Rights", _draw)
