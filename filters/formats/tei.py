"""Reads TEI: what GROBID makes of a PDF, and the editions of the Text Encoding Initiative's own community.

What becomes text: title, abstract, front matter without its title page, body, and of the back matter what is not
about the making of the paper. Reference lists are left out unless asked for; citations in sentences stay as they read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import xxhash
from lxml import etree

from colophon.filters.formats.bibliographic import doi_of, language_of, year_of
from colophon.filters.formats.creative_commons import spdx_of_url
from colophon.filters.formats.tei_blocks import blocks_of, words_of
from colophon.filters.formats.whole_file import read_whole
from colophon.filters.formats.xml_parsing import XML_LANG, local_name, parse_xml, root_of
from colophon.filters.formats.xml_sets import XmlSet, begun
from colophon.schemas import Document, ReadOptions, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Tei"]

_ROOTS = frozenset({"TEI", "TEI.2", "teiCorpus", "teiCorpus.2"})
_TEXTS = ("TEI", "TEI.2", "tei")
_HEADER = re.compile(rb"<(?P<name>(?:[A-Za-z_][\w.-]{0,60}:)?teiHeader)[\s>].*?</(?P=name)\s*>", re.DOTALL)
_LONGEST_LICENSE = 500
_URL = re.compile(r"https?://[^\s<>\"')\]]+", re.IGNORECASE)


class Tei:
    """Texts as TEI; one file holds one, or several in a ``teiCorpus``.

    >>> import io
    >>> xml = b"<TEI><teiHeader/><text><body><p>Ants <hi>sleep</hi>.</p></body></text></TEI>"
    >>> [document.text for document in Tei().read(io.BytesIO(xml), ReadOptions())]
    ['Ants sleep.']
    """

    name: ClassVar[str] = "tei"
    media_type: ClassVar[str] = "application/tei+xml"
    suffixes: ClassVar[tuple[str, ...]] = (".tei", ".tei.xml")
    splittable: ClassVar[bool] = False
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = False

    def sniff(self, head: bytes) -> bool:
        """Whether the root element is TEI's; GROBID's training files write it in lower case."""
        root = root_of(head)
        if root is None:
            return False
        name = root["name"].rpartition(":")[2]
        return name in _ROOTS or (
            name == "tei" and re.search(r"<(?:\w+:)?(?:teiHeader|text)\b", root.string) is not None
        )

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Read the texts of one file; ``TEI=1``, ``TEI=2``, … are their locators if it is a corpus."""
        head, stream = begun(stream)
        root = root_of(head)
        if root is not None and root["name"].rpartition(":")[2].startswith("teiCorpus"):
            yield from _corpus(stream, options)
            return
        data = read_whole(stream, options.max_document_bytes)
        text = data if isinstance(data, Unreadable) else _parsed(data)
        if isinstance(text, Unreadable):
            yield text
        elif text.tag not in _TEXTS:
            yield Unreadable("not_tei", f"the root element is {text.tag}")
        else:
            yield _document(text, None, options)


def _corpus(stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
    """The texts of a corpus, one at a time; what its own header says holds for those whose headers do not say it."""
    found = XmlSet(stream, _TEXTS, options.max_document_bytes)
    number = 0
    common = None
    for number, piece in enumerate(found.pieces(), 1):
        if number == 1 and (said := _HEADER.search(found.before)):
            header = _parsed(said[0])
            common = None if isinstance(header, Unreadable) else header
        parent = found.parsed(piece)
        document: Document | Unreadable
        if isinstance(parent, Unreadable):
            document = parent
        else:
            text = _without_namespaces(parent)[0]
            digest = xxhash.xxh3_128_digest(etree.tostring(text, encoding="utf-8", with_tail=False))
            document = _document(text, common, options)
            if isinstance(document, Document):
                document.digest = digest
        document.locator = f"TEI={number}"
        yield document
    if not number:
        yield Unreadable("no_documents", "the corpus has no text in it")


def _parsed(data: bytes) -> etree._Element | Unreadable:
    root = parse_xml(data)
    return root if isinstance(root, Unreadable) else _without_namespaces(root)


def _without_namespaces(root: etree._Element) -> etree._Element:
    """The same tree; only MathML keeps its namespace, by which it is known."""
    for element in root.iter("{*}*"):
        if element.tag[0] == "{" and not element.tag.startswith("{http://www.w3.org/1998/Math/"):
            element.tag = local_name(element)
    return root


def _document(
    text: etree._Element, common: etree._Element | None, options: ReadOptions
) -> Document | Unreadable:
    """One text; its tree is changed on the way."""
    header = text.find("teiHeader")
    fields, values = _metadata(text, header)
    if common is not None and not fields["license_evidence"]:
        fields["license"], fields["license_evidence"] = _license(common)
        fields["rights"] = list(_rights(common))
    title, subtitle = _titles(header)
    blocks = blocks_of(text, references=options.references)
    if not blocks:
        return Unreadable("no_text", "it has neither an abstract nor a body with words in it")
    if title and blocks[0] != title:
        blocks.insert(0, f"{title}\n{subtitle}" if subtitle else title)
    return Document(
        text="\n\n".join(blocks),
        title=title,
        media_type=Tei.media_type,
        structured=True,
        metadata={name: value for name, value in {"subtitle": subtitle, **values}.items() if value},
        **fields,
    )


def _said(found: Iterable[etree._Element]) -> str:
    """The first of some elements that says anything."""
    return next(filter(None, map(words_of, found)), "")


def _titles(header: etree._Element | None) -> tuple[str, str]:
    titles = [] if header is None else [*header.iterfind("fileDesc/titleStmt/title")]
    if header is not None and not any(map(words_of, titles)):
        titles = [*header.iterfind("fileDesc/sourceDesc/biblStruct/analytic/title")]
    sub = [title for title in titles if title.get("type") in {"sub", "subtitle", "subordinate"}]
    main = [title for title in titles if title not in sub]
    return _said([*(title for title in main if title.get("type") == "main"), *main]), _said(sub)


def _metadata(text: etree._Element, header: etree._Element | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the header says: `Document`'s own fields, and the JSON values for `Document.metadata`."""
    fields: dict[str, Any] = {"license": "", "license_evidence": ""}
    fields["declared_language"] = _language(text, header)
    if header is None:
        return fields, {}
    source = header.find("fileDesc/sourceDesc")
    published = header.find("fileDesc/publicationStmt")
    numbers = [*header.iterfind(".//idno")]
    fields["doi"] = next(
        filter(
            None, (doi_of(words_of(number)) for number in numbers if number.get("type", "").upper() == "DOI")
        ),
        "",
    )
    fields["license"], fields["license_evidence"] = _license(header)
    fields["rights"] = list(_rights(header))
    fields["year"] = _year(text, source, published)
    authors: list[etree._Element] = []
    if source is not None:
        authors = [*source.iterfind("biblStruct/analytic/author")] or [
            *source.iterfind("biblStruct/monogr/author")
        ]
    authors = authors or [*header.iterfind("fileDesc/titleStmt/author")]
    values = {
        "authors": list(dict.fromkeys(filter(None, map(_person, authors)))),
        "publisher": "" if published is None else _said(published.iterfind("publisher")),
        "journal": "" if source is None else _said(source.iterfind("biblStruct/monogr/title[@level='j']")),
        "keywords": list(
            dict.fromkeys(
                filter(None, map(words_of, header.iterfind("profileDesc/textClass/keywords//term")))
            )
        ),
    }
    return fields, values


def _person(author: etree._Element) -> str:
    name = author.find("persName")
    name = author if name is None else name
    parts = [
        words_of(part) for part in name.iterchildren("forename", "genName", "nameLink", "surname", "roleName")
    ]
    if parts:
        return " ".join(filter(None, parts))
    return (
        words_of(name)
        if name is not author or not len(author)
        else _said(author.iterchildren("name", "orgName")) or words_of(author)
    )


def _language(text: etree._Element, header: etree._Element | None) -> str:
    body = text.find("text")
    said = [None if body is None else body.get(XML_LANG), text.get(XML_LANG)]
    if header is not None:
        used = [*header.iterfind("profileDesc/langUsage/language")]
        # Several languages of use do not say which one the text is in.
        said += [header.get(XML_LANG), used[0].get("ident") if len(used) == 1 else None]
    return next(filter(None, map(language_of, said)), "")


def _year(
    text: etree._Element, source: etree._Element | None, published: etree._Element | None
) -> int | None:
    """The year of the print where it is said, then of the edition, then any of the source's."""
    dates: list[etree._Element] = []
    if source is not None:
        imprints = [*source.iterfind("biblStruct/monogr/imprint/date")]
        dates += sorted(imprints, key=lambda date: date.get("type") != "published")
    dates += [event for event in text.iterfind("standOff/listEvent/event") if event.get("type") == "print"]
    if published is not None:
        dates += published.iterfind("date")
    if source is not None:
        dates += source.iterfind(".//date")
    said = (date.get("when") or date.get("notAfter") or words_of(date) for date in dates)
    return next(filter(None, map(year_of, said)), None)


def _license(header: etree._Element) -> tuple[str, str]:
    """The licence of the file, and where it is said: an address first, then the words."""
    words: list[tuple[str, str]] = []
    for available in header.iterfind("fileDesc/publicationStmt//availability"):
        for licence in available.iter("licence", "license"):
            target = licence.get("target", "").strip()
            link = next((ref.get("target", "") for ref in licence.iter("ref")), "")
            for said, evidence in ((target, "licence/@target"), (link, "licence/ref/@target")):
                if said:
                    return spdx_of_url(said) or said[:_LONGEST_LICENSE], evidence
            words.append((words_of(licence), "licence"))
        words.append((words_of(available), "availability"))
    for said, evidence in words:
        if said:
            url = _URL.search(said)
            return (spdx_of_url(url[0]) if url else "") or said[:_LONGEST_LICENSE], evidence
    return "", ""


def _rights(header: etree._Element) -> Iterator[tuple[str, str]]:
    """All that is said of rights, and where; the addresses in the words stand behind them."""
    for available in header.iterfind("fileDesc/publicationStmt//availability"):
        licences = [*available.iter("licence", "license")]
        for each in licences or [available]:
            where = "licence" if licences else "availability"
            links = [ref.get("target", "").strip() for ref in each.iter("ref")]
            words = " ".join(
                filter(None, [words_of(each), *(f"({link})" for link in links if link.startswith("http"))])
            )
            for place, said in ((f"{where}/@target", each.get("target", "").strip()), (where, words)):
                if said:
                    yield place, said
