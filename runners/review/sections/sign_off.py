"""Sign-off: who has signed what, and what to do to approve or refuse."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from colophon.runners.review.drawing import Column, Section, command, note, others, prose, table
from colophon.runners.review.elements import Child, Html, el, group, said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.runners.review.facts import Facts

__all__ = ["SECTION"]

_MOST = 60
_SAYS = {"approve": ("✓", "holds", "approves"), "reject": ("✕", "fails", "refuses")}


def _draw(facts: Facts) -> Html:
    place = shlex.quote(facts.place)
    sign = f'colophon sign {place} --key KEY --as "NAME, ROLE"'
    return group(
        _signatures(facts),
        el("h3", "Your decision"),
        el("p", "You sign the manifest's digest, and with it every file, row and number above:"),
        el("p", el("code", facts.manifest_sha256, class_="digest")),
        el(
            "p",
            "Check first that what you hold is what the manifest says, then decide. A refusal is shown as clearly as an approval.",
        ),
        command(
            f"colophon verify {place}",
            f"{sign} --decision approve",
            f'{sign} --decision reject --note "WHY"',
        ),
        note(prose("KEY is your private key; `colophon keygen KEY --kind sign` makes one.")),
    )


def _signatures(facts: Facts) -> Html:
    found = facts.signatures
    if not found or not found["attestations"]:
        return el("p", "No signatures yet.")
    rows: list[tuple[Child, ...]] = [_row(one) for one in found["attestations"][:_MOST]]
    columns = (
        Column("who"),
        Column("says"),
        Column("counts"),
        Column("note", wide=True),
        Column("when"),
        Column("key"),
    )
    told = (
        ""
        if found["checked"]
        else " No keys were given to check them with: `colophon review --keys DIR --threshold K`."
    )
    return group(
        el("p", said(found["verdict"], 300), ".", prose(told)),
        table("Signatures", columns, rows),
        others(len(found["attestations"]) - _MOST),
    )


def _row(one: Mapping[str, Any]) -> tuple[Child, ...]:
    who = f"{one['name']}, {one['role']}" if one["name"] else one["owner"] or "not named"
    sign, paint, says = _SAYS.get(
        one["decision"],
        ("○", "open", "says how it was built" if one["kind"] == "provenance" else "says something else"),
    )
    built = ", built it too" if one["rebuilt"] and one["decision"] else ""
    return (
        said(who, 120),
        el(
            "span",
            el("span", sign, class_="sign", aria_hidden="true"),
            f" {says}{built}",
            class_=f"outcome {paint}",
        ),
        "yes" if one["status"] == "counts" else said(one["why"] or one["status"], 160),
        said(one["note"], 400),
        said(one["time"][:16].replace("T", " "), 40),
        el("code", said(one["key_id"][:12], 12), class_="id"),
    )


SECTION = Section("sign-off", "Sign-off", _draw)
