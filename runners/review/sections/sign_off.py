"""Sign-off: what to do to approve or refuse."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from colophon.runners.review.drawing import Section, command, note
from colophon.runners.review.elements import Html, el, group

if TYPE_CHECKING:
    from colophon.runners.review.facts import Facts

__all__ = ["SECTION"]


def _draw(facts: Facts) -> Html:
    place = shlex.quote(facts.place)
    sign = f'colophon sign {place} --key KEY --as "NAME, ROLE"'
    return group(
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
        note("KEY is your private key; `colophon keygen` makes one."),
    )


SECTION = Section("sign-off", "Sign-off", _draw)
