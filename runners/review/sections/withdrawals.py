"""Withdrawals: what was taken out at somebody's request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from colophon.runners.review.drawing import Section, folded, note
from colophon.runners.review.elements import Html, el, group, said
from colophon.runners.words import many

if TYPE_CHECKING:
    from colophon.runners.review.facts import Facts

__all__ = ["SECTION"]

_MOST = 40


def _draw(facts: Facts) -> Html:
    found: Any = facts.manifest.get("withdrawals")
    if not found:
        return el(
            "p", "None: no document was withdrawn from this dataset or from the one that it was made of."
        )
    records = list(found.items()) if isinstance(found, dict) else list(enumerate(found, 1))
    more = len(records) - _MOST
    return group(
        el("p", f"{many(len(records), 'record')} of withdrawal stand in the manifest."),
        folded(
            "Records",
            el(
                "ul",
                [
                    el("li", said(str(name), 80), ": ", el("code", said(_told(one), 400)))
                    for name, one in records[:_MOST]
                ],
            ),
            note(f"and {more:,} others") if more > 0 else None,
        ),
    )


def _told(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


SECTION = Section("withdrawals", "Withdrawals", _draw)
