"""Duplicates: the greatest clusters, and the closest calls with the passages in which the two texts differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from colophon.runners.review.drawing import Column, Section, folded, note, others, table
from colophon.runners.review.elements import Html, el, group, said
from colophon.runners.review.passages import differing
from colophon.runners.review.sections.reasons import number, place_of
from colophon.runners.words import many

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.runners.review.facts import Facts
    from colophon.runners.review.passages import Piece

__all__ = ["SECTION"]


def _draw(facts: Facts) -> Html:
    dropped = facts.manifest["counts"].get("sizes", {}).get("duplicates_dropped", 0)
    if not facts.manifest["recipe"]["deduplicate"].get("enabled", True):
        return el("p", "The recipe does not look for duplicates.")
    if not facts.checks.readable:
        return note("The files could not be relied upon, so no cluster was read.")
    if not dropped:
        return el("p", "No document was dropped as a copy of another one of this dataset.")
    return group(
        el(
            "p",
            f"{many(facts.survey.owners, 'document')} that were kept stand for ",
            el("strong", f"{dropped:,} that were dropped as copies"),
            ". There are no chains: each copy was itself compared with the one that was kept in its place.",
        ),
        _largest(facts),
        _closest(facts),
    )


def _name(facts: Facts, one: str) -> Html:
    """What a kept document is called."""
    found = facts.kept.get(one)
    if not found:
        return el("code", one, class_="id")
    if found["title"]:
        return group(said(found["title"], 160), " ", el("code", one, class_="id"))
    return place_of(found)


def _largest(facts: Facts) -> Html | None:
    """The documents that stand for most copies."""
    drawn = []
    for one, n in facts.survey.clusters:
        copies = facts.samples.copies.get(one, [])
        rows = [
            (place_of(row), el("code", said(row["reason"], 60)), number(row["similarity"])) for row in copies
        ]
        columns = Column("copy", wide=True), Column("reason"), Column("similarity", number=True)
        drawn.append(
            folded(
                group(
                    _name(facts, one), el("span", many(n, "copy").replace("copys", "copies"), class_="count")
                ),
                table(f"Copies of {one}", columns, rows),
                others(n - len(copies)),
            )
        )
    return group(el("h3", "The greatest clusters"), drawn) if drawn else None


def _closest(facts: Facts) -> Html | None:
    """The pairs that were nearest to not being copies."""
    if not facts.samples.closest:
        return None
    return group(
        el("h3", "The closest calls"),
        el(
            "p",
            "Of each rule that compares texts, the pairs that were least alike and were still taken for copies. If these are right, "
            "so are the others.",
        ),
        [_pair(facts, row) for row in facts.samples.closest],
    )


def _pair(facts: Facts, row: Mapping[str, Any]) -> Html:
    kept, dropped = facts.kept.get(row["duplicate_of"]), facts.dropped.get(row["id"])
    return el(
        "article",
        el(
            "p",
            el("code", said(row["reason"], 60)),
            " at similarity ",
            el("strong", number(row["similarity"])),
            f", limit {number(row['threshold'])}",
            class_="pair",
        ),
        _passages(str(kept["text"]), dropped, facts, row)
        if kept and kept["text"] and dropped
        else group(
            el("dl", el("div", el("dt", "kept"), el("dd", _name(facts, row["duplicate_of"]))),
               el("div", el("dt", "dropped"), el("dd", place_of(row))), class_="facts"),
            note(_why_not(facts)),
        ),
    )  # fmt: skip


def _why_not(facts: Facts) -> str:
    """Why no passage is shown."""
    if facts.redact:
        return "Passages are left out, as was asked (--redact)."
    if not facts.staged:
        return "The text of a dropped copy is not part of a dataset, and the staged units are not here, so no passage is shown."
    return "The text of this copy was not found in the staged units, so no passage is shown."


def _passages(kept: str, dropped: str, facts: Facts, row: Mapping[str, Any]) -> Html:
    """Where the two texts differ, side by side."""
    found = differing(kept, dropped)
    rows = [(_pieces(one.one), _pieces(one.other)) for one in found]
    if not rows:
        rows = [("The words are the same in the parts that were compared.", "")]  # type: ignore[list-item]
    return el(
        "div",
        el(
            "table",
            el("caption", "Where the two texts differ first"),
            el("thead", el("tr", el("th", "kept: ", _name(facts, row["duplicate_of"]), scope="col"), el("th", "dropped: ", place_of(row), scope="col"))),
            el("tbody", [el("tr", [el("td", cell) for cell in cells]) for cells in rows]),
            class_="sides",
        ),
        class_="scroll", role="region", aria_label=f"Passages of {row['id']}", tabindex=0,
    )  # fmt: skip


def _pieces(pieces: tuple[Piece, ...]) -> Html:
    """Words of one side; those that the other lacks are underlined and not only coloured."""
    if not pieces:
        return el("span", "nothing here", class_="unsaid")
    drawn = [
        (el("mark", said(piece.words, 600)) if piece.own else said(piece.words, 600)) for piece in pieces
    ]
    return el("p", [group(" " if i else None, one) for i, one in enumerate(drawn)], class_="passage")


SECTION = Section("duplicates", "Duplicates", _draw)
