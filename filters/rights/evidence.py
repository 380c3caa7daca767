"""What a document's statements of rights amount to: one licence, none, or a disagreement.

Each statement is weighed by where it stands. A licence element, a marked link, a column or a sentence that grants a
licence counts; a mere link to a deed does not (on 8 of 15 web pages that have no more it is the licence of a picture or a
program), nor does what is said of a document's data. The recipe's declaration counts where a document says nothing.

>>> weighed = weigh([("license/@xlink:href", "https://creativecommons.org/licenses/by/4.0/"), ("license", "CC BY-NC")])
>>> weighed.spdx, weighed.status
('NOASSERTION', 'disagreeing')
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from colophon.filters.rights.licences import NOTICES, agreed, findings, reservation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = [
    "NOASSERTION",
    "NONE",
    "RECIPE",
    "RESERVATIONS",
    "STATUSES",
    "Weighed",
    "rights_of_record",
    "statements_of",
    "weigh",
]

NONE: Final = "NONE"
"""SPDX's word where nothing is said of a licence."""

NOASSERTION: Final = "NOASSERTION"
"""SPDX's word where something is said, but not which licence."""

RECIPE: Final = "recipe"
"""Where a licence stands that a site declares for a source."""

STATUSES: Final = ("none", "unrecognised", "declared", "notice", "found", "agreeing", "disagreeing")
RESERVATIONS: Final = ("noai", "noimageai", "noml", "stated", "tdm-reservation")

_LONGEST_SAID = 300
_MOST_STATEMENTS = 50

# Columns and keys that say something of rights, beside those that the document's own fields are filled from.
_RIGHTS = frozenset(
    {
        "license", "licence", "license_url", "licence_url", "license_link", "license_name", "rights", "copyright",
        "tdm-reservation", "tdm_reservation", "tdm-policy", "tdm_policy", "robots", "x-robots-tag", "x_robots_tag",
    }
)  # fmt: skip
_MOST_RIGHTS = 20

_TDM = re.compile(r"tdm[-_]reservation", re.IGNORECASE)
_ROBOTS = re.compile(r"robots", re.IGNORECASE)
_BESIDE = re.compile(r"tdm[-_]policy", re.IGNORECASE)
# What is said here may name a licence; if it does not, nothing is said of one.
_WEAK = re.compile(r"\Atext\Z|copyright|license-type|(?<![\w\]/])a/@href\Z|, aside\Z", re.IGNORECASE)
# A link that nothing marks as the licence of the page it stands on; a passage that may be about another thing.
_ASIDE = re.compile(r"(?<![\w\]/])a/@href\Z|, aside\Z")
_DIRECTIVES = re.compile(r"[\s,;:]+")


class Weighed(NamedTuple):
    """What statements amount to.

    Attributes:
        spdx: The licence's SPDX expression, `NONE` or `NOASSERTION`.
        status: One of `STATUSES`.
        evidence: For each statement ``where`` it stands, what is ``said``, the ``spdx`` that this names, and
            ``counts: false`` where that is not about the document.
        reservations: Those of `RESERVATIONS` that are made, sorted.
    """

    spdx: str
    status: str
    evidence: list[dict[str, Any]]
    reservations: list[str]


def statements_of(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The statements of rights in what is known of a document: (where, what is said), in their order.

    Args:
        about: As in `Batch.about`: ``rights`` as the reader gave it, or else ``license`` and ``license_evidence``; the
            HTTP headers in ``metadata.http_rights``; the source's ``declared_license``. Without ``rights``, what
            `rights_of_record` finds in the metadata.
    """
    license_, where = str(about.get("license") or ""), str(about.get("license_evidence") or "license")
    declared = str(about.get("declared_license") or "")
    statements = [*_given(about.get("rights"))]
    if where == RECIPE:
        declared = declared or license_
    elif license_ and not statements:
        statements.append((where, license_))
    metadata = about.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    if "rights" not in about:  # from no reader: a record may say more
        statements += rights_of_record(metadata)
    headers = metadata.get("http_rights")
    if isinstance(headers, dict):
        statements += [(f"http: {name}", str(value)) for name, value in sorted(headers.items())]
    if declared:
        statements.append((RECIPE, declared))
    return statements


def rights_of_record(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the columns of a record say of rights, each with the column's name; the record stays as it is.

    >>> rights_of_record({"license": {"url": "https://a.example/terms", "name": "CC BY"}, "tdm_reservation": 1})
    [('license.url', 'https://a.example/terms'), ('license.name', 'CC BY'), ('tdm_reservation', '1')]
    """
    found: list[tuple[str, str]] = []

    def collect(name: str, value: Any, depth: int) -> None:
        if isinstance(value, str | int) and len(found) < _MOST_RIGHTS and str(value).strip():
            found.append((name, str(int(value) if isinstance(value, bool) else value).strip()))
        elif isinstance(value, dict) and depth:
            for key, each in value.items():
                collect(f"{name}.{key}", each, depth - 1)
        elif isinstance(value, list) and depth:
            for each in value:
                collect(name, each, depth - 1)

    for key, value in record.items():
        if key.lower() in _RIGHTS:
            collect(key, value, 2)
    return found


def _given(rights: Any) -> Iterator[tuple[str, str]]:
    """Statements as readers give them; of what stands in their place, as records may have it, the strings."""
    if isinstance(rights, str):
        yield "rights", rights
    elif isinstance(rights, list | tuple):
        for each in rights:
            if isinstance(each, list | tuple) and len(each) == 2:
                yield str(each[0]), str(each[1])
            else:
                yield from _given(each)


def weigh(statements: Sequence[tuple[str, str]]) -> Weighed:
    """Weigh statements, each (where, what is said); of more than 50 the first."""
    evidence: list[dict[str, Any]] = []
    licences: dict[str, list[str]] = {"own": [], "notice": [], RECIPE: []}
    reservations: set[str] = set()
    unrecognised = False
    for where, said in statements[:_MOST_STATEMENTS]:
        said = " ".join(said.split())  # noqa: PLW2901  # as the column has it
        if not said:
            continue
        reserved = _reservations(where, said)
        reservations |= reserved
        about_mining = _TDM.search(where) or _ROBOTS.search(where) or _BESIDE.search(where)
        found = () if about_mining else findings(said)
        counted = 0
        for each in found:
            counts = not (each.of_data or _ASIDE.search(where))
            entry = {"where": where, "said": each.said, "spdx": each.licence}
            evidence.append(entry if counts else entry | {"counts": False})
            if counts:
                counted += 1
                kind = RECIPE if where == RECIPE else "notice" if each.licence in NOTICES else "own"
                licences[kind].append(each.licence)
        if not found or "stated" in reserved:
            evidence.append({"where": where, "said": said[:_LONGEST_SAID], "spdx": ""})
        unrecognised |= not (counted or about_mining or where == RECIPE or _WEAK.search(where))
    spdx, status = _outcome(licences, unrecognised=unrecognised)
    return Weighed(spdx, status, evidence, sorted(reservations))


def _outcome(licences: Mapping[str, list[str]], *, unrecognised: bool) -> tuple[str, str]:
    if own := licences["own"]:
        if one := agreed(own):
            return one, "agreeing" if len(own) > 1 else "found"
        return NOASSERTION, "disagreeing"
    if licences["notice"]:
        # Where a site declares a licence and the document says that rights are held, one of them is wrong.
        return (NOASSERTION, "disagreeing") if licences[RECIPE] else (licences["notice"][0], "notice")
    if unrecognised:
        return NOASSERTION, "unrecognised"
    if declared := licences[RECIPE]:
        one = agreed(declared)
        return (one, "declared") if one else (NOASSERTION, "disagreeing")
    return NONE, "none"


def _reservations(where: str, said: str) -> set[str]:
    """The reservations that one statement makes."""
    if _TDM.search(where):
        return {"tdm-reservation"} if said.strip(" \"'").startswith("1") else set()
    if _ROBOTS.search(where):
        return {"noai", "noimageai", "noml"} & set(_DIRECTIVES.split(said.lower()))
    return {"stated"} if where != RECIPE and reservation(said) else set()
