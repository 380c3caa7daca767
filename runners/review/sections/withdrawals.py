"""Withdrawals: what was taken out at somebody's request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from colophon.runners.review.drawing import Column, Section, note, prose, table
from colophon.runners.review.elements import Child, Html, el, group, said
from colophon.runners.words import many

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.runners.review.facts import Facts

__all__ = ["SECTION"]

_MOST = 40
_LINES = {
    "withdrawn": "named documents that were withdrawn",
    "already_withdrawn": "named what had been withdrawn before",
    "held_elsewhere": "named a copy of what another dataset holds",
    "not_kept": "named documents that had been dropped or had failed",
    "nothing": "named no document",
}


def _draw(facts: Facts) -> Html:
    found: list[Mapping[str, Any]] = facts.manifest.get("withdrawals") or []
    if not found:
        return el("p", "Nothing was withdrawn from this dataset or from one that it was made of.")
    rows: list[tuple[Child, ...]] = [
        (
            said(str(one["version"]), 40),
            one["kept"].get("withdrawn", 0),
            one["kept"].get("copy_of_a_withdrawn_document", 0),
            one["copies"],
            _lines(one["lines"]),
            said(one["reason"], 400) if one["reason"] else el("span", "not stated", class_="unsaid"),
        )
        for one in reversed(found)
    ]
    columns = (
        Column("version"),
        Column("named and kept", number=True),
        Column("like one of these", number=True),
        Column("copies of these", number=True),
        Column("lines of the list", wide=True),
        Column("reason", wide=True),
    )
    return group(
        el(
            "p",
            prose(
                f"{many(len(found), 'withdrawal')}, the latest first. Whoever asked can check that a document is gone: "
                "`colophon prove` makes a proof of absence, and salted records tell it from one that was never there."
            ),
        ),
        table("Documents withdrawn, by version", columns, rows[:_MOST]),
        note(f"and {len(rows) - _MOST:,} earlier ones") if len(rows) > _MOST else None,
    )


def _lines(lines: Mapping[str, int]) -> list[Html]:
    return [
        group(el("br") if i else None, f"{n:,} {_LINES.get(name, name)}")
        for i, (name, n) in enumerate(sorted(lines.items()))
        if n
    ]


SECTION = Section("withdrawals", "Withdrawals", _draw)
