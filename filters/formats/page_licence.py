"""The licence under which a web page stands, and all else it says of its rights, so far as it says it of itself."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

from colophon.filters.formats.creative_commons import spdx_of_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lxml.html import HtmlElement

__all__ = ["page_licence", "page_rights"]

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


# --- All that a page says -------------------------------------------------------------------------------------------

_SAYS_RIGHTS = (
    *_RIGHTS,
    "dc.license",
    "dc.rights.license",
    "rights",
    "copyright",
    "robots",
    "tdm-reservation",
    "tdm-policy",
)
_NAMES_THEM = "//*[not(self::script or self::style)][text()[contains(., 'Creative Commons')]]"
_JSON_LD = "//script[@type='application/ld+json']"
# What a page may call itself; a picture or a data set on it has a licence of its own.
_IS_A_PAGE = re.compile(r"Article|Page\Z|Posting|Report|Book|Chapter|CreativeWork\Z|Thesis")
_JSON_LD_CHARACTERS = 2**18
_RESERVES = "//*[not(self::script or self::style)][text()[contains(., 'reserved') and (contains(., 'mining') or contains(., 'AI '))]]"
_MOST = 20


def page_rights(tree: HtmlElement, meta: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """All that a page says of its rights: where, and what is said; at most 20 of each kind.

    Links to deeds that nothing says are the page's stand under ``a/@href``.

    Args:
        tree: The page.
        meta: The contents of its meta elements by their names in lower case.
    """
    kinds = (_marked_links(tree), _contents(meta), _linked_data(tree), _statements(tree))
    return list(dict.fromkeys(said for kind in kinds for said in itertools.islice(kind, _MOST) if said[1]))


def _marked_links(tree: HtmlElement) -> Iterator[tuple[str, str]]:
    for element in tree.iter("link", "a"):
        relations = (element.get("rel") or "").lower().split()
        url = _ARCHIVED.sub("", (element.get("href") or "").strip())
        # "copyright" is the older word, which as often leads to an imprint.
        if "license" in relations or ("copyright" in relations and spdx_of_url(url)):
            yield f"{element.tag}[rel=license]/@href", url


def _contents(meta: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    for name in _SAYS_RIGHTS:
        for content in meta.get(name, ()):
            yield f"meta[{name}]/@content", content


def _linked_data(tree: HtmlElement) -> Iterator[tuple[str, str]]:
    """The ``license`` of the page or article that JSON-LD (schema.org) describes."""
    for script in tree.xpath(_JSON_LD):
        text = script.text or ""
        if len(text) > _JSON_LD_CHARACTERS or "license" not in text:
            continue
        try:
            described = json.loads(text)
        except (ValueError, RecursionError):
            continue
        graph = described.get("@graph", [described]) if isinstance(described, dict) else described
        for thing in graph if isinstance(graph, list) else [graph]:
            if isinstance(thing, dict) and _IS_A_PAGE.search(str(thing.get("@type"))):
                yield from (("ld+json/license", said) for said in _texts(thing.get("license")))


def _texts(value: Any) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        said = each.get("url") or each.get("@id") or each.get("name") if isinstance(each, dict) else each
        if isinstance(said, str):
            yield said.strip()


def _statements(tree: HtmlElement) -> Iterator[tuple[str, str]]:
    """Sentences in which a page speaks of its licence or reserves its rights, and links that stand alone."""
    told: set[HtmlElement] = set()
    for element in itertools.islice(tree.xpath(_NAMES_A_DEED), _STATEMENTS):
        for block in itertools.chain([element], itertools.islice(element.iterancestors(), 2)):
            statement = block.text_content()
            if (
                len(statement) > _STATEMENT_CHARACTERS
                or not _OWN.search(statement)
                or not _LICENSED.search(statement)
            ):
                continue
            if block not in told:
                told.add(block)
                yield "licence statement", " ".join(_with_addresses(block).split())
            break
        else:
            if "license" not in (element.get("rel") or "").lower() and (href := element.get("href")):
                yield "a/@href", _ARCHIVED.sub("", href.strip())
    for element in itertools.islice(tree.xpath(_NAMES_THEM), _STATEMENTS):
        statement = element.text_content()
        if (
            element not in told
            and len(statement) <= _STATEMENT_CHARACTERS
            and _OWN.search(statement)
            and _LICENSED.search(statement)
        ):
            yield "licence statement", " ".join(_with_addresses(element).split())
    for element in itertools.islice(tree.xpath(_RESERVES), _STATEMENTS):
        statement = " ".join(element.text_content().split())
        if len(statement) <= _STATEMENT_CHARACTERS:
            yield "copyright statement", statement


def _with_addresses(element: HtmlElement) -> str:
    """The text of an element with the addresses of deeds written out behind their links."""
    parts = [element.text or ""]
    for child in element:
        parts += [_with_addresses(child) if isinstance(child.tag, str) else "", child.tail or ""]
    href = _ARCHIVED.sub("", (element.get("href") or "").strip())
    return "".join(parts) + (f" ({href})" if "creativecommons.org/" in href else "")
