"""Why documents were left out: each reason with what it means, its numbers and documents to judge it by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from colophon.filters import all_filters
from colophon.runners.review.drawing import Column, Section, bar, folded, labelled, note, prose, share, table
from colophon.runners.review.elements import Child, Html, el, group, said
from colophon.runners.review.facts import MOST_REASONS, reasons_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from colophon.runners.review.facts import Facts

__all__ = ["SECTION", "number", "place_of"]

_MOST_ROWS = 60
_MOST_SOURCES = 6
_PASSAGE = 280


def _draw(facts: Facts) -> Html:
    reasons = reasons_of(facts.manifest)
    if not reasons:
        return el("p", "No document was left out.")
    totals = [(place, sum(by_source.values())) for place, by_source in reasons.items()]
    gone = sum(n for _, n in totals)
    widest = max(n for _, n in totals)
    rows = [
        (
            labelled(el("code", said(reason, 80)), bar((("dropped", n),), widest)),
            said(stage, 40),
            n,
            share(n, gone),
        )
        for (stage, reason), n in totals[:_MOST_ROWS]
    ]
    rest = totals[_MOST_ROWS:]
    left = sum(n for _, n in rest)
    foot = (f"and {len(rest):,} others", "", left, share(left, gone)) if rest else ()
    columns = (
        Column("reason"), Column("stage"), Column("documents", number=True),
        Column("share", number=True),
    )  # fmt: skip
    said_of_texts = (
        "Titles and texts are left out of this report, as was asked (--redact)."
        if facts.redact
        else "Titles and texts of dropped documents are not part of a dataset, so none are shown; of copies, the title and "
        "the first words of the document that was kept are."
    )
    return group(
        table("Why documents were left out", columns, rows, foot=foot),
        el("h3", "Documents to judge by"),
        el(
            "p",
            "Of each reason up to twenty documents: those with the smallest ids, which are hashes, so they are as good as drawn "
            "by lot and the same for everyone who looks. ",
            said_of_texts,
        ),
        [_one(facts, place, n, reasons[place]) for place, n in totals[:MOST_REASONS]],
        note(f"Documents of the {len(totals) - MOST_REASONS:,} rarer reasons stand in the ledger.")
        if len(totals) > MOST_REASONS
        else None,
    )


def _meaning(stage: str, reason: str) -> str:
    """What a filter says that its reason means; empty if it says nothing or is not installed here."""
    one = all_filters().get(stage)
    meanings: Mapping[str, str] = getattr(one, "reasons", {})
    return str(meanings.get(reason, ""))


def _one(facts: Facts, place: tuple[str, str], n: int, by_source: Mapping[str, int]) -> Html:
    stage, reason = place
    rows = facts.samples.by_reason.get(place, [])
    meaning = _meaning(stage, reason)
    most = sorted(by_source.items(), key=lambda item: (-item[1], item[0]))
    from_where: list[Child] = []
    for name, count in most[:_MOST_SOURCES]:
        from_where += [", " if from_where else "From ", said(name, 60), f" {count:,}"]
    if len(most) > _MOST_SOURCES:
        from_where.append(f" and {len(most) - _MOST_SOURCES:,} other sources")
    return folded(
        group(el("code", said(reason, 80)), " in ", said(stage, 40), el("span", n, class_="count")),
        el("p", prose(meaning)) if meaning else None,
        note(from_where, "."),
        _table(facts, reason, rows) if rows else note("Its documents were not read."),
    )


def _table(facts: Facts, reason: str, rows: Sequence[Mapping[str, Any]]) -> Html:
    """The documents of a reason; columns that none of them fills are left out."""
    scored = any(row["value"] is not None for row in rows)
    detailed = not facts.redact and any(row["detail"] for row in rows)
    compared = any(row["duplicate_of"] for row in rows)
    columns = [Column("document", wide=True)]
    columns += [Column("score", number=True), Column("limit", number=True)] if scored else []
    columns += [Column("detail", wide=True)] if detailed else []
    columns += [Column("kept instead", wide=True)] if compared else []
    drawn = []
    for row in rows:
        cells: list[Child] = [place_of(row)]
        cells += [number(row["value"]), number(row["threshold"])] if scored else []
        cells += [said(row["detail"] or "", 240)] if detailed else []
        cells += [_instead(facts, row["duplicate_of"])] if compared else []
        drawn.append(cells)
    return table(f"Documents with {reason[:80]}", columns, drawn)


def place_of(row: Mapping[str, Any]) -> Html:
    """Where a document comes from, and its id."""
    where = f"{row['source']}/{row['source_uri']}" + (f"#{row['locator']}" if row["locator"] else "")
    return group(said(where, 160), el("br"), el("code", row["id"], class_="id"))


def number(value: float | None) -> str:
    """A score in as few digits as tell it."""
    return "" if value is None else f"{value:,.4f}".rstrip("0").rstrip(".")


def _instead(facts: Facts, one: str | None) -> Html | None:
    """The document that was kept in the place of another: its title and first words where they are at hand."""
    if not one:
        return None
    found = facts.kept.get(one)
    if not found:
        return el("code", one, class_="id")
    text = found["text"]
    return group(
        said(found["title"] or f"{found['source']}/{found['source_uri']}", 160),
        el("br"),
        el("code", one, class_="id"),
        el("p", said(" ".join(text[: 4 * _PASSAGE].split()), _PASSAGE), class_="passage") if text else None,
    )


SECTION = Section("reasons", "Why documents were left out", _draw)
