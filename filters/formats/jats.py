"""Reads JATS, and the NLM tag sets before it: the XML in which most open journals archive their articles.

What becomes text: title, abstracts, body, floating figures and tables, appendices, glossaries, and the footnotes
that the text points at. What does not: reference lists (unless asked for), acknowledgements, funding, declarations
of interest and contribution, publishers' notices, and translated abstracts. A ``sub-article`` or ``response`` is
another text than the article: a translation is a document of its own, a review, letter or reply only if asked for.

How it is fast: only what needs rewriting (scripts, formulae, citations without text) is visited in Python and turned
into plain characters inside the tree; every paragraph is then one call of libxml2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import xxhash
from lxml import etree

from colophon.filters.formats.bibliographic import doi_of, language_of, year_of
from colophon.filters.formats.creative_commons import spdx_of_url
from colophon.filters.formats.jats_blocks import blocks_of, person, title_of
from colophon.filters.formats.jats_plain import text_of, tidy
from colophon.filters.formats.whole_file import read_whole
from colophon.filters.formats.xml_parsing import XML_LANG, local_name, parse_xml, root_of
from colophon.filters.formats.xml_sets import XmlSet, begun, numbered
from colophon.schemas import Document, ReadOptions, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    _Front = tuple[dict[str, Any], dict[str, Any]]

__all__ = ["Jats"]

_HREF = "{http://www.w3.org/1999/xlink}href"
_ALI = "{http://www.niso.org/schemas/ali/1.0/}license_ref"

_MARKS = re.compile(r"JATS|//NLM//|nlm\.nih\.gov|\sarticle-type\s*=|\sdtd-version\s*=", re.IGNORECASE)
_FRONT = re.compile(r"(?:\s++|<!--.*?-->|<\?.*?\?>)*+<(?:front|processing-meta)[\s>]", re.DOTALL)


class Jats:
    """Journal articles as XML; one file holds one, or several in a ``pmc-articleset``.

    >>> import io
    >>> xml = b"<article><front/><body><p>Water is H<sub>2</sub>O.</p></body></article>"
    >>> [document.text for document in Jats().read(io.BytesIO(xml), ReadOptions())]
    ['Water is H2O.']
    >>> list(Jats().read(io.BytesIO(b"<article><p></article>"), ReadOptions()))[0].reason
    'not_well_formed'
    """

    name: ClassVar[str] = "jats"
    media_type: ClassVar[str] = "application/jats+xml"
    suffixes: ClassVar[tuple[str, ...]] = (".xml", ".nxml", ".jats")
    splittable: ClassVar[bool] = False
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = False

    def sniff(self, head: bytes) -> bool:
        """Whether the first bytes of a file are sure to be a JATS or NLM article, or a set of them."""
        root = root_of(head)
        if root is None:
            return False
        text = root.string
        prolog, name, attributes = root["prolog"], root["name"].rpartition(":")[2], root["attributes"] or ""
        if "docbook" in prolog.lower() or "docbook" in attributes:
            return False
        if name == "pmc-articleset":
            return True
        if name == "article":
            return bool(_MARKS.search(prolog + attributes) or _FRONT.match(text, root.end()))
        return "jats.nlm.nih.gov" in text or "dtd.nlm.nih.gov" in text

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Read the articles of one file; ``article=1``, ``article=2``, … are their locators if there are several.

        What stands in an article is found at ``sub-article=1``, …, behind the article's own locator and a ``/``.
        """
        head, stream = begun(stream)
        if XmlSet.is_one(head, "article"):
            found = _articles_of_set(XmlSet(stream, ("article",), options.max_document_bytes))
        else:
            data = read_whole(stream, options.max_document_bytes)
            root = data if isinstance(data, Unreadable) else parse_xml(data)
            found = iter([root]) if isinstance(root, Unreadable) else iter(_articles(root))
        none = True
        for locator, article in numbered(found, "article"):
            none = False
            if isinstance(article, Unreadable):
                article.locator = locator
                yield article
            else:
                yield from _documents(article, locator, options)
        if none:
            name = root_of(head)
            yield Unreadable(
                "not_jats",
                f"the root element is {name['name'] if name else 'another'} and no article stands in it",
            )


def _articles_of_set(found: XmlSet) -> Iterator[etree._Element | Unreadable]:
    """The articles of a set and what cannot be read of it, one at a time."""
    for piece in found.pieces():
        root = found.parsed(piece)
        yield from [root] if isinstance(root, Unreadable) else _articles(root)


def _articles(root: etree._Element) -> list[etree._Element]:
    """The article elements that are JATS by their children, without their namespace if they have one."""
    found = [root] if local_name(root) == "article" else list(root.iter("{*}article"))
    articles = []
    for article in found:
        children = {local_name(child) for child in article if isinstance(child.tag, str)}
        if not children & {"front", "body"} or "docbook" in article.tag:
            continue
        namespace = article.tag.rpartition("}")[0][1:]
        if namespace:
            for element in article.iter(f"{{{namespace}}}*"):
                element.tag = local_name(element)
        articles.append(article)
    return articles


def _documents(
    article: etree._Element, locator: str, options: ReadOptions
) -> Iterator[Document | Unreadable]:
    """One article and what stands in it; its tree is changed on the way."""
    others = list(article.iter("sub-article", "response"))
    digests = {}
    for each in [*([article] if locator else []), *others]:
        digests[each] = xxhash.xxh3_128_digest(etree.tostring(each, encoding="utf-8", with_tail=False))
    for each in others:
        if (parent := each.getparent()) is not None:
            parent.remove(each)
    front = _metadata(article)
    yield _document(article, front, locator, digests.get(article, b""), options)
    for number, other in enumerate(others, 1):
        translated = other.get("article-type", "").strip() == "translation"
        if translated or options.responses:
            own = _other_metadata(other, front, translated=translated)
            place = f"{locator}/sub-article={number}".lstrip("/")
            yield _document(other, own, place, digests[other], options)


def _document(
    article: etree._Element, front: _Front, locator: str, digest: bytes, options: ReadOptions
) -> Document | Unreadable:
    metadata, fields = front
    title = title_of(article)
    blocks = blocks_of(article, references=options.references)
    if not blocks:
        return Unreadable("no_text", "it has neither an abstract nor a body with words in it", locator)
    if title:
        blocks.insert(0, title)
    return Document(
        text="\n\n".join(blocks),
        title=title,
        locator=locator,
        media_type=Jats.media_type,
        structured=True,
        digest=digest,
        metadata=metadata,
        **fields,
    )


_URL = re.compile(r"https?://[^\s<>\"')\]]+", re.IGNORECASE)
# Dates on which nothing was published, and those of an archive's copy.
_OTHER_DATES = frozenset(
    {"pmc-release", "nihms-submitted", "received", "accepted", "rev-recd", "rev-request", "retracted"}
)
_LONGEST_LICENSE = 500


def _words(element: etree._Element) -> str:
    return tidy(text_of(element))


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, values)))


def _metadata(article: etree._Element) -> _Front:
    """What the front says: the JSON values for `Document.metadata`, and `Document`'s own fields."""
    front = article.find("front")
    if front is None:
        # A sub-article's short form holds what else is in article-meta.
        front = meta = article.find("front-stub")
    else:
        meta = front.find("article-meta")
    fields: dict[str, Any] = {"declared_language": language_of(article.get(XML_LANG))}
    values: dict[str, Any] = {
        "article_type": (article.get("article-type") or article.get("response-type") or "").strip()
    }
    if front is None or meta is None:
        return {name: value for name, value in values.items() if value}, fields
    ids: dict[str, str] = {}
    for number in meta.iterchildren("article-id"):
        ids.setdefault(number.get("pub-id-type", ""), _words(number))
    fields["doi"] = doi_of(ids.get("doi"))
    fields["year"] = _year(meta)
    fields["license"], fields["license_evidence"] = _license(meta)
    fields["rights"] = list(_rights(meta))
    pmcid = next((ids[kind] for kind in ("pmcid", "pmc", "pmcaid") if ids.get(kind)), "")
    values["pmcid"] = f"PMC{pmcid}" if pmcid.isdigit() else pmcid.upper()
    values["pmid"] = ids.get("pmid", "")
    values["journal"] = next(
        (name for name in map(_words, front.iterfind("journal-meta//journal-title")) if name), ""
    )
    values["subjects"] = _unique(map(_words, meta.iterfind("article-categories//subject")))
    values["keywords"] = _unique(_words(word) for word in meta.iterfind("kwd-group//kwd"))
    values["authors"] = _unique(_authors(meta))
    return {name: value for name, value in values.items() if value}, fields


def _other_metadata(other: etree._Element, parent: _Front, *, translated: bool) -> _Front:
    """What a translation or response says of itself, and of the article's what it has in common with it."""
    values, fields = _metadata(other)
    parents, shared = parent
    if "journal" in parents:
        values.setdefault("journal", parents["journal"])
    if not fields.get("license"):
        fields |= {name: shared[name] for name in ("license", "license_evidence", "rights") if name in shared}
    fields["year"] = fields.get("year") or shared.get("year")
    if fields.get("doi") == shared.get("doi"):
        # Stated again; it is the article's.
        fields["doi"] = ""
    if not translated:
        fields["declared_language"] = fields["declared_language"] or shared["declared_language"]
    else:
        for name in ("authors", "subjects"):
            if name in parents:
                values.setdefault(name, parents[name])
        if shared.get("doi"):
            values["translation_of"] = shared["doi"]
    return values, fields


def _year(meta: etree._Element) -> int | None:
    """The earliest year of publication; without one, that of the archive's copy."""
    published: list[int] = []
    other: list[int] = []
    for date in meta.iterchildren("pub-date"):
        said = (date.findtext("year"), date.get("iso-8601-date"), text_of(date))
        year = next(filter(None, map(year_of, said)), None)
        if year:
            kinds = {date.get("pub-type"), date.get("date-type")}
            (other if kinds & _OTHER_DATES else published).append(year)
    return min(published or other, default=None)


def _authors(meta: etree._Element) -> Iterator[str]:
    for contributor in meta.iterfind("contrib-group/contrib"):
        if contributor.get("contrib-type", "author") != "author":
            continue
        named = contributor.find("name-alternatives")
        for child in contributor if named is None else named:
            if child.tag in {"name", "string-name", "collab", "anonymous"}:
                yield person(child)
                break


def _license(meta: etree._Element) -> tuple[str, str]:
    """The licence and where it was found: an attribute, ``ali:license_ref``, a link in it, or its words."""
    licenses = list(meta.iterfind("permissions/license"))
    links = [link for found in licenses for link in found.iter("ext-link", "uri")]
    words = [_words(found) for found in licenses]
    stated = [(found.get(_HREF, ""), "license/@xlink:href") for found in licenses]
    stated += [(_words(found), "ali:license_ref") for found in meta.iterfind(f"permissions//{_ALI}")]
    linked = [(link.get(_HREF) or _words(link), "license//ext-link/@xlink:href") for link in links]
    written = [(url.rstrip(".,;"), "license") for said in words for url in _URL.findall(said)]
    for found in (linked, written):
        # A notice may link to the publisher or to the article before the licence.
        found.sort(
            key=lambda pair: (not spdx_of_url(pair[0]), "creativecommons.org/licen" not in pair[0].lower())
        )
    for said, evidence in [*stated, *linked, *written, *((said, "license") for said in words)]:
        if said.strip():
            return spdx_of_url(said) or said.strip()[:_LONGEST_LICENSE], evidence
    return "", ""


def _rights(meta: etree._Element) -> Iterator[tuple[str, str]]:
    """All that is said of rights, and where; in the words of a licence, links are written out, which changes the tree."""
    said = []
    # In NLM's tag sets before 2.3 they stand without permissions around them.
    for found in [*meta.iterfind("permissions/license"), *meta.iterfind("license")]:
        said += [
            ("license/@xlink:href", found.get(_HREF, "")),
            ("license/@license-type", found.get("license-type", "")),
        ]
        for link in found.iter("ext-link", "uri"):
            href = link.get(_HREF, "").strip()
            if href.startswith("http") and href.rstrip("/") not in _words(link):
                link.tail = f" ({href}){link.tail or ''}"
        said.append(("license", _words(found)))
    said += [("ali:license_ref", _words(found)) for found in meta.iterfind(f"permissions//{_ALI}")]
    for path in ("permissions/copyright-statement", "copyright-statement"):
        said += [("copyright-statement", _words(found)) for found in meta.iterfind(path)]
    yield from dict.fromkeys((where, words.strip()) for where, words in said if words.strip())
