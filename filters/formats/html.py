"""HTML: one page a document, its text without navigation, advertisements and comments.

The text is found by trafilatura (Barbaresi 2021, "Trafilatura: A Web Scraping Library and Command-Line Tool for Text
Discovery and Extraction", ACL); title, rights and bibliographic data are read from the page's own markup.
"""

from __future__ import annotations

import logging
import re
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import lxml.html
from lxml import etree

from colophon.filters.formats.bibliographic import REFERENCE_HEADINGS, doi_of, language_of, year_of
from colophon.filters.formats.charset import decode
from colophon.filters.formats.jats_plain import subscript, superscript
from colophon.filters.formats.mathml import linearize
from colophon.filters.formats.page_licence import page_licence, page_rights
from colophon.filters.formats.whole_file import read_whole
from colophon.schemas import Document, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.schemas import ReadOptions

__all__ = ["Html"]

# What it warns of is yielded here as an `Unreadable`; without a handler of its own it would write to stderr.
logging.getLogger("trafilatura").addHandler(logging.NullHandler())

_ROOT = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html\b|(?:html|head|body|title)[\s>/])",
    re.IGNORECASE | re.DOTALL,
)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)

# The HTML standard has user agents find the charset within the first 1,024 bytes; pages are less orderly.
_META_WITHIN = 4096

# Browsers put U+FFFD for broken bytes, so pages with a few are common: one character in a thousand may be so.
_TOLERANCE = 0.001

# Characters that XML, and so lxml, has no place for.
_INVALID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

# libxml2's limit without `huge_tree`; beyond it the rest of the page is silently left out of the tree.
_DEPTH = 256

_TITLES = ("citation_title", "dc.title", "dcterms.title")
_DOI_LINK = re.compile(r"https?://(?:dx\.)?doi\.org/(10\..+)", re.IGNORECASE)
_HEAD = 4000  # characters of a page in which its title, authors and journal stand
_TEXT_BEGINS = frozenset(
    {"abstract", "summary", "introduction", "background", "1. introduction", "1 introduction"}
)
_DOIS = ("citation_doi", "prism.doi", "dc.identifier", "dcterms.identifier", "bepress_citation_doi")
_YEARS = (
    "citation_publication_date",
    "citation_date",
    "citation_year",
    "citation_online_date",
    "prism.publicationdate",
    "dc.date.issued",
    "dcterms.issued",
    "dc.date",
    "dcterms.date",
    "article:published_time",
)
_JOURNALS = ("citation_journal_title", "prism.publicationname", "dc.relation.ispartof")
_AUTHORS = ("citation_author", "dc.creator", "dcterms.creator", "author")
_LANGUAGES = ("citation_language", "dc.language", "dcterms.language", "content-language")

_REFERENCES = re.compile(rf"(?:\d{{1,2}}\.?\s+)?{REFERENCE_HEADINGS}\s*:?\s*(?:\[[^\]]*\])?", re.IGNORECASE)
_LOWEST = 6
_CELL_END = re.compile(r"(?<!\\)\|")
# A number, a charge, a variable; not the letter that an ordinal ends with (XXe), nor words.
_RAISED = re.compile(r"(?=.*[\d+−–-]|[^\W\d_adehorst]\Z)[\w+−–.,/()′*-]{1,12}")  # noqa: RUF001 - minus signs of every kind
_LOWERED = re.compile(r"[\w+−–.,/()′*-]{1,12}")  # noqa: RUF001
_CITED = re.compile(r"\[?\d{1,3}(?:[,;–-]\d{1,3})*\]?")  # noqa: RUF001 - ranges are written with either dash

# Wrappers in which Wikipedia and KaTeX hold a formula twice, for the eye and for machines.
_FORMULA_WRAPPERS = (
    "ancestor::*[contains(@class, 'mwe-math-element') or @class = 'katex' or @class = 'katex-display']"
)
_DISPLAY_STYLE = re.compile(r"\{\\(?:displaystyle|textstyle) ?(.*)\}\Z", re.DOTALL)


class Html:
    """Reads HTML and XHTML pages.

    >>> import io
    >>> from colophon.schemas import ReadOptions
    >>> page = b"<html lang=en><title>Ants</title><body><p>Ants sleep in short naps by day and by night.</p></body></html>"
    >>> document, = Html().read(io.BytesIO(page), ReadOptions())
    >>> document.text, document.title, document.declared_language
    ('Ants sleep in short naps by day and by night.', 'Ants', 'en')
    """

    name: ClassVar[str] = "html"
    media_type: ClassVar[str] = "text/html"
    suffixes: ClassVar[tuple[str, ...]] = (".html", ".htm", ".xhtml")
    splittable: ClassVar[bool] = False
    isolated: ClassVar[bool] = True
    seekable: ClassVar[bool] = False

    def sniff(self, head: bytes) -> bool:
        """Whether the first markup that is not a comment opens an HTML page (a fragment is not sure to be one)."""
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            head = head.decode("utf-16", "ignore").encode("utf-8", "ignore")
        return _ROOT.match(head.removeprefix(b"\xef\xbb\xbf")) is not None

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Yield the one document."""
        data = read_whole(stream, options.max_document_bytes)
        if isinstance(data, Unreadable):
            yield data
            return
        charset = _META_CHARSET.search(data, 0, _META_WITHIN)
        source = decode(data, charset[1].decode() if charset else "", _TOLERANCE)
        tree = source if isinstance(source, Unreadable) else _parse(source)
        if isinstance(tree, Unreadable):
            yield tree
        else:
            yield _document(tree, self.media_type, references=options.references)


def _parse(source: str) -> lxml.html.HtmlElement | Unreadable:
    """The page's tree, if libxml2 could build all of it."""
    parser = lxml.html.HTMLParser(collect_ids=False, encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = lxml.html.document_fromstring(_INVALID.sub("", source).encode(), parser)
    except etree.ParserError:
        return Unreadable("no_text", "no markup and no text")
    for error in parser.error_log.filter_from_fatals():
        if "depth" in error.message:
            detail = f"line {error.line}: elements more than {_DEPTH} levels deep"
            return Unreadable("too_deeply_nested", detail, threshold=_DEPTH)
        return Unreadable("not_well_formed", f"line {error.line}: {error.message}")
    return tree


def _document(tree: lxml.html.HtmlElement, media_type: str, *, references: bool) -> Document | Unreadable:
    meta = _meta(tree)
    document = Document("", media_type=media_type)
    names = [" ".join((tree.findtext(".//title") or "").split()), _first(meta, ("og:title",))]
    headline = _first(meta, _TITLES) or _headline(tree, names)
    document.title = headline or names[1] or names[0]
    document.doi = next((doi for key in _DOIS for value in meta.get(key, ()) if (doi := doi_of(value))), "")
    document.doi = document.doi or _doi_of_head(tree)
    document.year = next(
        (year for key in _YEARS for value in meta.get(key, ()) if (year := year_of(value))), None
    )
    declared = (
        tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or tree.get("xml:lang")
    )
    document.declared_language = language_of(declared) or language_of(_first(meta, _LANGUAGES))
    document.license, document.license_evidence = page_licence(tree, meta)
    document.rights = page_rights(tree, meta)
    for link in tree.iter("link"):
        if (link.get("rel") or "").strip().lower() == "canonical" and (
            url := (link.get("href") or "").strip()
        ):
            document.metadata.setdefault("canonical_url", url)
    if journal := _first(meta, _JOURNALS):
        document.metadata["journal"] = journal
    if authors := next((meta[key] for key in _AUTHORS if key in meta), None):
        document.metadata["authors"] = authors
    blocks = _blocks(tree, references=references)
    if not blocks:
        return Unreadable("no_text", "no main text was found on the page")
    if headline and not any(headline in block for block in blocks[:3]):
        blocks.insert(0, headline)
    document.text = "\n\n".join(blocks)
    return document


def _meta(tree: lxml.html.HtmlElement) -> dict[str, list[str]]:
    """The contents of the page's meta elements by their names in lower case, in the order of the page."""
    contents: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        name = element.get("name") or element.get("property") or element.get("http-equiv") or ""
        content = " ".join((element.get("content") or "").split())
        if name and content:
            contents.setdefault(
                name.strip().lower().replace("dc:", "dc.").replace("prism:", "prism."), []
            ).append(content)
    return contents


def _first(meta: dict[str, list[str]], names: tuple[str, ...]) -> str:
    return next((meta[name][0] for name in names if name in meta), "")


def _doi_of_head(tree: lxml.html.HtmlElement) -> str:
    """The one DOI that the page links to before its text begins; none if there are several, for one may be cited."""
    found: dict[str, None] = {}
    before = 0
    for element in tree.iter():
        if not isinstance(element.tag, str) or element.tag in {"style", "script"}:
            continue
        words = " ".join((element.text or "").split())
        if element.tag == "a" and (doi := _linked_doi(element)):
            found[doi] = None
        if before > _HEAD or words.casefold().rstrip(":.") in _TEXT_BEGINS:
            break
        before += len(words) + len((element.tail or "").strip())
    return next(iter(found)) if len(found) == 1 else ""


def _linked_doi(link: lxml.html.HtmlElement) -> str:
    match = _DOI_LINK.match((link.get("href") or "").strip())
    return doi_of(match[1]) if match else ""


def _headline(tree: lxml.html.HtmlElement, names: list[str]) -> str:
    """The first heading of the first level that begins the page's name or is half of it; others are the site's."""
    for element in tree.iter("h1"):
        heading = " ".join(element.text_content().split())
        folded = heading.casefold()
        for name in names:
            place = name.casefold().find(folded) if heading else -1
            if place == 0 or (place > 0 and 2 * len(heading) >= len(name)):
                return heading
    return ""


def _blocks(tree: lxml.html.HtmlElement, *, references: bool) -> list[str]:
    """The paragraphs, headings, lists, tables and code of the main text."""
    # Half a second to import; who reads no HTML need not wait for it.
    from trafilatura import bare_extraction  # noqa: PLC0415
    from trafilatura.xml import xmltotxt  # noqa: PLC0415

    _mark_formulae(tree)
    _mark_citations(tree)
    _mark_scripts(tree)
    # `favor_precision` would gain .004 F1 (.958 to .962) and cost a third of the speed.
    found = bare_extraction(tree, fast=True, include_comments=False, include_tables=True)
    if found is None or isinstance(found, dict) or found.body is None:
        return []
    render = partial(xmltotxt, include_formatting=False)
    first = (found.body.text or "").strip()
    blocks = [first] if first else []
    left_out = 0
    for element in found.body:
        text = _block(element, render(element))
        if element.tag == "head" and not references:
            level = int((element.get("rend") or "")[1:2] or _LOWEST)
            if left_out and level <= left_out:
                left_out = 0
            # A page that begins so is about a bibliography, or is one.
            if not left_out and blocks and _REFERENCES.fullmatch(text):
                left_out = level
        if text and not left_out:
            blocks.append(text)
    return blocks


def _block(element: Any, text: str) -> str:
    if element.tag == "code":
        return text.strip("\n")
    if element.tag == "table":
        return "\n".join(filter(None, map(_row, text.split("\n"))))
    if element.tag in ("p", "head") and element.find(".//lb") is None:
        # Line breaks of the source, which mean nothing in HTML.
        return re.sub(r"\s*\n\s*", " ", text.strip())
    return re.sub(r"[ \t]*\n\s*", "\n", text.strip())


def _row(line: str) -> str:
    """A row of a table as all formats have it, cells apart by ``|``; empty if nothing stands in it."""
    cells = [cell.replace("\\|", "|").strip() for cell in _CELL_END.split(line.strip().strip("|"))]
    while cells and not cells[-1]:
        cells.pop()
    # A rule below the head, or the spacer of a layout.
    if not any(cell.strip("-: ") for cell in cells):
        return ""
    return " | ".join(cells).strip().replace("|  |", "| |").replace("|  |", "| |")


def _mark_citations(tree: lxml.html.HtmlElement) -> None:
    """Write raised numbers that link to a note or reference as ``[1,2]``."""
    for element in list(tree.iter("sup")):
        numbers = "".join(element.text_content().split())
        targets = [link.get("href", "").partition("#")[2] for link in element.iter("a")]
        if (
            targets
            and _CITED.fullmatch(numbers)
            and all(targets)
            and not any("aff" in each for each in targets)
        ):
            for child in list(element):
                element.remove(child)
            element.text = numbers if numbers.startswith("[") else f"[{numbers}]"
            element.drop_tag()


def _mark_scripts(tree: lxml.html.HtmlElement) -> None:
    """Write powers, charges and indices as JATS's are, for 10³ is not 103; what else is raised stays as it is."""
    for element in reversed(list(tree.iter("sup", "sub"))):
        text = "".join(element.text_content().split())
        written, write = (_RAISED, superscript) if element.tag == "sup" else (_LOWERED, subscript)
        if written.fullmatch(text) and element.find(".//a") is None:
            write(element)
            element.drop_tag()


def _mark_formulae(tree: lxml.html.HtmlElement) -> None:
    """Replace formulae by ``$…$``: by their own TeX where they bring it."""
    for element in list(tree.iter("math", "script")):
        tex = ""
        if element.tag == "script":
            if (element.get("type") or "").lower().startswith("math/tex"):
                tex = element.text or ""
        else:
            notes = element.xpath(".//annotation[@encoding='application/x-tex']")
            tex = (notes[0].text if notes else element.get("alttext")) or linearize(element)
        tex = _DISPLAY_STYLE.sub(r"\1", tex.strip()).strip()
        if not tex:
            continue
        wrappers = element.xpath(_FORMULA_WRAPPERS)
        target = wrappers[0] if wrappers else element
        tail = target.tail
        target.clear()
        target.tag, target.text, target.tail = "span", f"${tex}$", tail
