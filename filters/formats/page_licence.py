"""The licence under which a web page stands, so far as the page says it of itself."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from colophon.filters.formats.creative_commons import spdx_of_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lxml.html import HtmlElement

__all__ = ["page_licence"]

_RIGHTS = ("dcterms.license", "dc.rights", "dcterms.rights", "citation_license")
_NAMES_A_DEED = (
    "//a[contains(@href, 'creativecommons.org/')]"
    " | //*[not(self::script) and text()[contains(., 'creativecommons.org/')]]"
)
_DEED = re.compile(r"(?:https?:)?//(?:www\.)?creativecommons\.org/[\w./-]+")
_ARCHIVED = re.compile(r"https?://web\.archive\.org/web/\w+/")

# A sentence in which a page speaks of itself: "This article is distributed under the terms of …".
_OWN = re.compile(
    r"\b(?:articles?|papers?|works?|contents?|(?:web)?site|page|blog|inhalte?|werk|beitr[aä]ge?|website|contenus?|œuvre|"
    r"contenidos?|obra|art[ií]culos?)\b",
    re.IGNORECASE,
)
_LICENSED = re.compile(r"licen[sc]|lizen[sz]|under the terms", re.IGNORECASE)
_STATEMENT_CHARACTERS = 3000
_STATEMENTS = 100


def page_licence(tree: HtmlElement, meta: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """The licence of a page, from the surest place that names one.

    A mere link to a deed is not believed: of 15 web pages that have no more than that, it is on 8 the licence of a picture
    or of a program.

    Args:
        tree: The page.
        meta: The contents of its meta elements by their names in lower case.

    Returns:
        (licence, where it was found): an SPDX identifier or else the address as found. Both empty if there is none.
    """
    return _marked(tree) or _in_metadata(meta) or _stated(tree) or ("", "")


def _marked(tree: HtmlElement) -> tuple[str, str] | None:
    """A link marked up as one to the licence; one that SPDX has a name for, if there is such."""
    unknown = None
    for element in tree.iter("link", "a"):
        url = _ARCHIVED.sub("", (element.get("href") or "").strip())
        relations = (element.get("rel") or "").lower().split()
        for relation in ("license", "copyright"):
            if relation in relations and url:
                evidence = f"{element.tag}[rel={relation}]/@href"
                if licence := spdx_of_url(url):
                    return licence, evidence
                if relation == "license" and unknown is None:
                    unknown = url, evidence
    return unknown


def _in_metadata(meta: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    for name in _RIGHTS:
        for content in meta.get(name, ()):
            if licence := spdx_of_url(content[max(content.find("http"), 0) :]):
                return licence, f"meta[{name}]/@content"
    return None


def _stated(tree: HtmlElement) -> tuple[str, str] | None:
    """A sentence, or some around it, that names a deed, a work and that it is licensed."""
    stated: set[str] = set()
    for element in itertools.islice(tree.xpath(_NAMES_A_DEED), _STATEMENTS):
        for block in itertools.chain([element], itertools.islice(element.iterancestors(), 2)):
            statement = block.text_content()
            if (
                len(statement) <= _STATEMENT_CHARACTERS
                and _OWN.search(statement)
                and _LICENSED.search(statement)
            ):
                found = _DEED.search(element.get("href") or statement)
                stated.add(spdx_of_url(found[0]) if found else "")
                break
    stated.discard("")
    # Of several, such as one for the article and one for its data, the one that allows least.
    return (max(stated, key=_restrictions), "licence statement") if stated else None


def _restrictions(licence: str) -> tuple[int, str]:
    weights = {"-NC": 8, "-ND": 4, "-SA": 2, "-BY": 1}
    return sum(weight for term, weight in weights.items() if term in licence), licence
