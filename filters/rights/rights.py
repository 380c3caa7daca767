"""Under which licence a document may be used, by what it says itself, and whether anyone has objected.

What readers find is normalised to SPDX expressions (SPDX specification 2.3) and weighed against each other; the recipe says
what is allowed. What is not known is kept out, listed, and can be let in by a decision that names who and why: *Where
nothing is said, no licence is given.* Reservations against mining are read as the TDM Reservation Protocol (W3C community
group final report, 2024) and the robots directives ``noai`` and ``noml`` make them; Directive (EU) 2019/790, article 4(3)
gives them effect.

By default what may be shared and changed with no more than attribution or under the same licence is allowed: CC0, CC-BY,
CC-BY-SA, public domain, and the usual open licences of software and data. NonCommercial is not, for whether training is
commercial depends on who trains; NoDerivatives is not, for whether a cleaned text in a dataset is an adaptation is
disputed. A recipe may allow both.

>>> from colophon.filters.batch import Batch
>>> about = [{"license": "http://creativecommons.org/licenses/by/4.0/"}, {"license": "CC BY-NC 4.0"}, {}]
>>> batch = Batch(["Reeds."] * 3, about=about)
>>> scores = Rights().annotate(batch)
>>> scores["spdx"].to_pylist()
['CC-BY-4.0', 'CC-BY-NC-4.0', 'NONE']
>>> Rights().decide(scores).reason.tolist()
['', 'license_not_allowed', 'license_unknown']
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import orjson
import pyarrow as pa

from colophon.filters.registry import Decision, Span
from colophon.filters.rights.consent import (
    OptOuts,
    Work,
    author_key,
    digest_of,
    host_of,
    opt_outs,
    releases,
    site_reservations,
    url_key,
)
from colophon.filters.rights.evidence import NOASSERTION, NONE, RESERVATIONS, statements_of, weigh
from colophon.filters.rights.licences import licensing, spdx_expression
from colophon.filters.rights.passages import passages
from colophon.schemas import Column, Setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from colophon.filters.batch import Batch

__all__ = ["ALLOWED", "Rights", "RightsScores"]

ALLOWED = (
    "CC0-1.0", "CC-PDM-1.0", "CC-PDDC", "PDDL-1.0", "LicenseRef-PublicDomain",
    "CC-BY-*", "LicenseRef-CC-BY-*", "CC-BY-SA-*", "LicenseRef-CC-BY-SA-*",
    "ODC-By-1.0", "OGL-UK-*", "Apache-2.0", "MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "ISC", "Zlib", "BSL-1.0",
    "Unlicense",
)  # fmt: skip
"""The licences that are allowed where a recipe says nothing else."""

_ANY = "*"
_LONGEST_TOLD = 500
_QUARANTINE = "quarantine"


@dataclass
class RightsScores:
    """The columns that `Rights` adds."""

    spdx: Annotated[
        str,
        Column(
            "SPDX expression of the licence; NONE where nothing is said, NOASSERTION where what is said names none or disagrees"
        ),
    ]
    rights_status: Annotated[
        str,
        Column(
            "none, unrecognised, declared (by the recipe), notice (rights held), found, agreeing or disagreeing"
        ),
    ]
    rights_evidence: Annotated[
        str,
        Column(
            "JSON list of statements: where, said, the spdx that it names; counts is false where it is not about the document"
        ),
    ]
    reservations: Annotated[
        str,
        Column(
            "reservations against mining, sorted, apart by spaces: noai noimageai noml stated tdm-reservation"
        ),
    ]


@dataclass(frozen=True)
class Rights:
    """Keeps documents that may be used, by their licence, by what is reserved and by whom objected.

    Attributes:
        allowed: Allowed licences.
        denied: Denied licences, even where they are allowed too.
        unknown: What becomes of documents whose licence is not known.
        reservations: Reservations that are honoured.
        agreed_sources: Sources that an agreement covers.
        opted_out: Opt-out lists.
        released: Release lists.
        tdmrep: Sites' ``tdmrep.json``.

    Raises:
        ValueError: A licence is no SPDX identifier.
        RecipeError: On first use: a list cannot be read or is wrong.
    """

    name: ClassVar[str] = "rights"
    scores: ClassVar[type] = RightsScores
    reads: ClassVar[tuple[str, ...]] = ("id", "source", "doi", "metadata")
    papers: ClassVar[tuple[str, ...]] = (
        "SPDX Specification 2.3, ISO/IEC 5962 (licence list 3.27)",
        "TDM Reservation Protocol, W3C Community Group Final Report, 2024",
        "Directive (EU) 2019/790 on copyright in the Digital Single Market, article 4(3)",
    )
    reasons: ClassVar[dict[str, str]] = {
        "opted_out": "An opt-out list names the document, its DOI, its address or one of its authors.",
        "mining_reserved": "The document, its page or its site reserves text and data mining.",
        "license_denied": "The recipe denies this licence.",
        "license_evidence_disagrees": "Statements name different licences; look at rights_evidence and release it if one is right.",
        "license_unknown": (
            "Nothing that is said names a licence. Declare `license:` of the source in the recipe where documents say "
            "nothing, release the document, or set `unknown: keep`."
        ),
        "license_not_allowed": "The licence is known and the recipe does not allow it; see `allowed`.",
    }
    """What each reason means, for people."""
    quarantine: ClassVar[tuple[str, ...]] = ("license_evidence_disagrees", "license_unknown")
    """The reasons that a release lifts."""

    allowed: Annotated[
        tuple[str, ...],
        Setting(
            "SPDX identifiers of the licences that may be used. CC-BY-* is CC-BY in any version but not CC-BY-NC; the "
            "single * is any licence that is known.",
            policy=True,
        ),
    ] = ALLOWED
    denied: Annotated[
        tuple[str, ...],
        Setting("Likewise those that may not, even where allowed names them too.", policy=True),
    ] = ()
    unknown: Annotated[
        str,
        Setting(
            "What becomes of documents whose licence is not known. quarantine keeps them out, listed, until they are released or "
            "the source's license is declared; keep lets them in.",
            choices=(_QUARANTINE, "keep"),
            policy=True,
        ),
    ] = _QUARANTINE
    reservations: Annotated[
        tuple[str, ...],
        Setting(
            "Reservations against mining that are honoured: those of HTTP headers and pages (noai, noimageai, noml, "
            "tdm-reservation) and those in words (stated). tdmrep names lists of its own.",
            choices=RESERVATIONS,
            policy=True,
        ),
    ] = ("noai", "noml", "stated", "tdm-reservation")
    agreed_sources: Annotated[
        tuple[str, ...],
        Setting(
            "Names of sources that an agreement with the holder of the rights covers: their licences and reservations are recorded "
            "and do not decide. Opt-outs do.",
            policy=True,
        ),
    ] = ()
    opted_out: Annotated[
        tuple[str, ...],
        Setting(
            "Opt-out lists: files with a DOI, URL, domain, author or id a line.", local=True, policy=True
        ),
    ] = ()
    released: Annotated[
        tuple[str, ...],
        Setting(
            "Release lists: files with the id of a document, who released it and why a line.",
            local=True,
            policy=True,
        ),
    ] = ()
    tdmrep: Annotated[
        tuple[str, ...],
        Setting(
            "Sites' reservations: files HOST.tdmrep.json or HOST/.well-known/tdmrep.json.",
            local=True,
            policy=True,
        ),
    ] = ()

    def __post_init__(self) -> None:
        for name in (
            "allowed",
            "denied",
            "reservations",
            "agreed_sources",
            "opted_out",
            "released",
            "tdmrep",
        ):
            object.__setattr__(
                self, name, tuple(getattr(self, name))
            )  # a recipe gives lists, which do not hash
        for name in ("allowed", "denied"):
            for pattern in getattr(self, name):
                if pattern not in ALLOWED and (fault := _fault(pattern)):
                    raise ValueError(f"{name} has {pattern!r}, {fault}")
        if self.unknown not in (_QUARANTINE, "keep"):
            raise ValueError(f"unknown is {self.unknown!r}; it must be quarantine or keep")

    def policy_materials(self) -> dict[str, dict[str, str | None]]:
        """The lists, by digest; who keeps them and why is for them to say, so no licence is named."""
        found: dict[str, dict[str, str | None]] = {}
        for name in ("opted_out", "released", "tdmrep"):
            setting, paths = f"rights.{name}", getattr(self, name)
            lists = sorted(
                (digest_of(path, setting), host_of(path) if name == "tdmrep" else "") for path in paths
            )
            for number, (digest, host) in enumerate(lists):
                found[f"{name}[{number}]"] = {"sha256": digest, "license": None} | (
                    {"host": host} if host else {}
                )
        self._lists()  # whatever is wrong in them is told before the work
        return found

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array[Any]]:
        """The columns that `RightsScores` declares, from `Batch.about` and what a text says of itself."""
        weighed = [
            weigh([*(("text", text[start:end]) for start, end in passages(text)), *statements_of(about)])
            for text, about in zip(batch.texts, batch.about, strict=True)
        ]
        return {
            "spdx": pa.array([each.spdx for each in weighed], pa.string()),
            "rights_status": pa.array([each.status for each in weighed], pa.string()),
            "rights_evidence": pa.array([_json(each.evidence) for each in weighed], pa.string()),
            "reservations": pa.array([" ".join(each.reservations) for each in weighed], pa.string()),
        }

    def spans(self, batch: Batch) -> list[list[Span]]:
        """The sentences in which texts speak of their own rights, labelled by what they name."""
        return [
            [
                Span(start, end, label)
                for start, end in passages(text)
                for weighed in [weigh([("text", text[start:end])])]
                if (label := " ".join([weighed.spdx, *weighed.reservations])) != NOASSERTION
            ]
            for text in batch.texts
        ]

    def decide(self, scores: Mapping[str, pa.Array[Any]]) -> Decision:
        """Drop what may not be used; the reasons are those of `reasons`, the first that holds in their order."""
        spdx = scores["spdx"].to_pylist()
        n = len(spdx)
        decision = Decision.keep(n)
        none = np.full(n, np.nan)
        evidence = [_told(each) for each in scores["rights_evidence"].to_pylist()]

        def rule(broken: Any, reason: str) -> None:
            told = evidence if reason.startswith("license") else None
            decision.rule(np.fromiter(broken, np.bool_, n), reason, none, np.nan, told)

        ids, sources = _column(scores, "id", n), _column(scores, "source", n)
        named, reserved = self._objections(scores, n)
        agreed = [source in self.agreed_sources for source in sources]
        honoured = set(self.reservations)
        made = scores["reservations"].to_pylist()
        status = scores["rights_status"].to_pylist()
        judged = [_judged(each, self.allowed, self.denied) for each in spdx]
        released = releases(self.released, "rights.released")
        held = [not (covered or each in released) for covered, each in zip(agreed, ids, strict=True)]
        rule(named, "opted_out")
        rule(
            (
                not covered and (by_site or bool(honoured & set((own or "").split())))
                for covered, by_site, own in zip(agreed, reserved, made, strict=True)
            ),
            "mining_reserved",
        )
        rule((not a and each == "denied" for a, each in zip(agreed, judged, strict=True)), "license_denied")
        rule(
            (h and each == "disagreeing" for h, each in zip(held, status, strict=True)),
            "license_evidence_disagrees",
        )
        unknown = [each in (None, NONE, NOASSERTION) for each in spdx]
        if self.unknown == _QUARANTINE:
            rule((h and u for h, u in zip(held, unknown, strict=True)), "license_unknown")
        rule(
            (
                not a and not u and each != "allowed"
                for a, u, each in zip(agreed, unknown, judged, strict=True)
            ),
            "license_not_allowed",
        )
        return decision

    def _lists(self) -> tuple[OptOuts, frozenset[str], Any]:
        return (
            opt_outs(self.opted_out, "rights.opted_out"),
            releases(self.released, "rights.released"),
            site_reservations(self.tdmrep, "rights.tdmrep"),
        )

    def _objections(self, scores: Mapping[str, pa.Array[Any]], n: int) -> tuple[list[bool], list[bool]]:
        """Which documents an opt-out list names, and which a site's ``tdmrep.json`` reserves."""
        if not (self.opted_out or self.tdmrep):
            return [False] * n, [False] * n
        objected, _, sites = self._lists()
        works = list(_works(scores, n))
        return (
            [objected.name(work) for work in works],
            [any(map(sites.reserve, work.urls)) for work in works],
        )


def _column(scores: Mapping[str, pa.Array[Any]], name: str, n: int) -> list[str]:
    return [each or "" for each in scores[name].to_pylist()] if name in scores else [""] * n


def _works(scores: Mapping[str, pa.Array[Any]], n: int) -> Iterator[Work]:
    columns = (_column(scores, name, n) for name in ("id", "doi", "metadata"))
    for id_, doi, text in zip(*columns, strict=True):
        metadata = orjson.loads(text or "{}")
        addresses = [metadata.get(key) for key in ("url", "canonical_url")]
        urls = [url_key(url) for url in addresses if isinstance(url, str)]
        names = map(author_key, _names(metadata.get("authors") or metadata.get("author")))
        yield Work(id_, doi.lower(), tuple(filter(None, urls)), tuple(filter(None, names)))


def _names(authors: Any) -> Iterator[str]:
    """Names of authors, in whichever form a record has them."""
    if isinstance(authors, str):
        yield authors
        yield from authors.split(";")
    elif isinstance(authors, dict):
        parts = [authors.get(key) for key in ("given", "family")]
        said = authors.get("name") or " ".join(part for part in parts if isinstance(part, str))
        if isinstance(said, str):
            yield said
    elif isinstance(authors, list):
        for each in authors:
            yield from _names(each)


def _json(evidence: list[dict[str, Any]]) -> str:
    try:
        return orjson.dumps(evidence).decode()
    except TypeError:  # half a surrogate pair
        plain = [
            {k: v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for k, v in each.items()}
            for each in evidence
        ]
        return orjson.dumps(plain).decode()


# --- Expressions against what a recipe allows ---------------------------------------------------------------------------


def _fault(pattern: str) -> str:
    """Why a pattern names no licence; empty if it does."""
    if pattern == _ANY:
        return ""
    stem = pattern.removesuffix(_ANY)
    if stem.startswith("LicenseRef-") and _ANY not in stem:
        return ""
    if stem == pattern:
        if spdx_expression(pattern) == pattern and " " not in pattern:
            return ""
        known = [key for key in licensing().known_symbols if key.lower().startswith(f"{pattern.lower()}-")]
        return f"which is no SPDX identifier{f'; {pattern}-* is all its versions' if known else ''}"
    if not (stem.endswith("-") and any(_fits(key, pattern) for key in licensing().known_symbols)):
        return "which fits no SPDX identifier; * stands for a version, as in CC-BY-*"
    return ""


def _fits(licence: str, pattern: str) -> bool:
    """Whether a pattern means a licence: its ``*`` stands for a version and what follows it, or for none named.

    >>> [_fits(each, "CC-BY-*") for each in ("CC-BY-4.0", "CC-BY-3.0-IGO", "CC-BY-NC-4.0")]
    [True, True, False]
    """
    if pattern in {_ANY, licence}:
        return True
    stem = pattern.removesuffix(_ANY)
    rest = licence.removeprefix(stem)
    return stem != pattern and rest != licence and (rest[:1].isdigit() or rest == "unversioned")


@lru_cache(maxsize=4096)
def _judged(expression: str | None, allowed: tuple[str, ...], denied: tuple[str, ...]) -> str:
    """``allowed``, ``denied`` or ``other``: of alternatives (OR) the best, of what holds together (AND) the worst."""
    if expression in (None, NONE, NOASSERTION):
        return "other"
    if " " in expression and (parsed := licensing().parse(expression)) is not None:
        return _judged_parts(parsed, allowed, denied)
    return _judged_one(expression, allowed, denied)


def _judged_one(licence: str, allowed: tuple[str, ...], denied: tuple[str, ...]) -> str:
    if any(_fits(licence, pattern) for pattern in denied):
        return "denied"
    return "allowed" if any(_fits(licence, pattern) for pattern in allowed) else "other"


def _judged_parts(parsed: Any, allowed: tuple[str, ...], denied: tuple[str, ...]) -> str:
    parts = [_judged_parts(part, allowed, denied) for part in getattr(parsed, "args", ())]
    if not parts:
        # "GPL-2.0-only WITH an-exception" allows more than the licence alone.
        return _judged_one(str(getattr(parsed, "license_symbol", parsed)), allowed, denied)
    order = ("allowed", "other", "denied")
    either = type(parsed).__name__ == "OR"
    return (min if either else max)(parts, key=order.index)


def _told(evidence: str | None) -> str:
    """Which licence is named where, without the words, which may hold names and addresses."""
    named = [
        f"{one['spdx']} in {one['where']}"
        for one in orjson.loads(evidence or "[]")
        if one.get("spdx") not in {None, "", NONE}
    ]
    return "; ".join(dict.fromkeys(named))[:_LONGEST_TOLD]
