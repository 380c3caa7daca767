"""Reads PDF, in which text has places on pages and nothing else: what is a title, a column or a footnote is guessed.

pdfium finds the characters; `pdf_lines` makes lines of them, `pdf_layout` paragraphs, `pdf_parts` tells the text from
what stands around it. Running heads, page numbers, marginal notes, names and addresses, and reference lists (unless asked
for) are left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import pypdfium2
import pypdfium2.raw as pdfium

from colophon.filters.formats.bibliographic import doi_of
from colophon.filters.formats.pdf_layout import (
    body_size,
    paragraphs_of,
    without_drawings,
    without_running_heads,
)
from colophon.filters.formats.pdf_lines import LineReader, PageLines
from colophon.filters.formats.pdf_parts import (
    doi_in,
    keywords_in,
    text_parts,
    title_in,
    without_references,
    year_in,
)
from colophon.filters.formats.pdf_rights import licence_of, rights_of_pages
from colophon.filters.formats.whole_file import read_whole
from colophon.schemas import Document, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from colophon.filters.formats.pdf_lines import Line
    from colophon.schemas import ReadOptions

__all__ = ["Pdf"]

# Books have under 3,000; a file of more is a dump or an attack.
_MAX_PAGES = 5000
# A page of prose has 2,000 characters and more, a scan none or a stamp's few.
_PAGE_CHARACTERS = 20.0
# Of an intelligible text's characters, hardly one in a hundred is of private use or means nothing.
_UNMAPPED_SHARE = 0.1
_HEADER_BYTES = 1024

_UNMAPPED = re.compile("[\ue000-\uf8ff\ufffd\x00-\x08\x0e-\x1f\x7f-\x9f\U000f0000-\U0010ffff]")


class Pdf:
    """Portable documents; one file is one document."""

    name: ClassVar[str] = "pdf"
    media_type: ClassVar[str] = "application/pdf"
    suffixes: ClassVar[tuple[str, ...]] = (".pdf",)
    splittable: ClassVar[bool] = False
    isolated: ClassVar[bool] = True
    seekable: ClassVar[bool] = True

    def sniff(self, head: bytes) -> bool:
        """Whether the header stands in the first 1,024 bytes, as readers have allowed since the format began."""
        return b"%PDF-" in head[:_HEADER_BYTES]

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Read the document of one file."""
        data = read_whole(stream, options.max_document_bytes)
        if isinstance(data, Unreadable):
            yield data
            return
        try:
            file = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            yield _refusal(data, error)
            return
        try:
            yield _document(file, options)
        except pypdfium2.PdfiumError as error:
            yield Unreadable("damaged_pdf", str(error))
        finally:
            file.close()


def _refusal(data: bytes, error: pypdfium2.PdfiumError) -> Unreadable:
    code = getattr(error, "err_code", None)
    if code in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}:
        return Unreadable("encrypted", "it opens only with a password")
    if b"%PDF-" not in data[:_HEADER_BYTES]:
        return Unreadable("not_pdf", f"no %PDF- in its first {_HEADER_BYTES:,} bytes")
    return Unreadable("damaged_pdf", "no page tree can be found in it")


def _document(file: pypdfium2.PdfDocument, options: ReadOptions) -> Document | Unreadable:
    count = len(file)
    if count > _MAX_PAGES:
        return Unreadable("too_many_pages", f"{count:,} pages", value=count, threshold=_MAX_PAGES)
    reader = LineReader()
    pages: list[PageLines] = []
    unread = 0
    for number in range(count):
        try:
            page = file[number]
        except pypdfium2.PdfiumError:
            unread += 1
            continue
        try:
            pages.append(reader.read(page, number))
        finally:
            page.close()
    if not pages:
        return Unreadable("damaged_pdf", f"none of its {count:,} pages can be read")
    lines, running = without_running_heads(pages)
    if fault := _fault(lines, len(pages)):
        return fault
    return _article(
        file,
        pages,
        (lines, running),
        options,
        {"pages": count, **({"unread_pages": unread} if unread else {})},
    )


def _fault(lines: Sequence[Line], pages: int) -> Unreadable | None:
    """Why the pages' text is none, if so: a scan, or fonts that do not say what their characters mean."""
    text = "".join(line.text for line in lines)
    characters = len(text) / pages
    if characters < _PAGE_CHARACTERS:
        return Unreadable(
            "no_text_layer",
            f"{characters:.0f} characters on a page beside what all pages repeat",
            value=characters,
            threshold=_PAGE_CHARACTERS,
        )
    share = len(_UNMAPPED.findall(text)) / max(1, len(text))
    if share > _UNMAPPED_SHARE:
        return Unreadable(
            "unmapped_fonts",
            f"{share:.0%} of its characters have no meaning outside its fonts",
            value=share,
            threshold=_UNMAPPED_SHARE,
        )
    return None


def _article(
    file: pypdfium2.PdfDocument,
    pages: Sequence[PageLines],
    parted: tuple[Sequence[Line], Sequence[Line]],
    options: ReadOptions,
    metadata: dict[str, Any],
) -> Document | Unreadable:
    lines, running = parted
    lines, margin = _without_margins(lines)
    body = body_size(lines)
    declared = {key: said for key in file.METADATA_KEYS if (said := _declared(file, key))}
    paragraphs, references = without_references(without_drawings(paragraphs_of(lines), body))
    title = title_in(paragraphs, declared.get("Title", ""), body)
    text, front = text_parts(paragraphs, title, body)
    if options.references:
        text += references
    if not text:
        return Unreadable("no_text", "nothing but names, addresses and notices")
    around = _joined([*running, *margin], 0)
    opening = [each.text for each in front if each.page == pages[0].lines[0].page] if pages[0].lines else []
    first = [*around, *opening, *(each.text for each in paragraphs if each.page == 0)]
    rights = rights_of_pages(pages)
    licence, page = licence_of(rights)
    metadata |= {"authors": _authors(declared.get("Author", "")), "keywords": keywords_in(front)}
    blocks = ([title] if title else []) + [each.text for each in text]
    return Document(
        text="\n\n".join(blocks),
        title=title,
        media_type=Pdf.media_type,
        doi=doi_in(first) or _declared_doi(file, declared),
        license=licence,
        license_evidence=page,
        rights=rights,
        year=year_in("\n".join([*around, *opening])),
        metadata={key: value for key, value in metadata.items() if value},
    )


def _declared(file: pypdfium2.PdfDocument, key: str) -> str:
    """What the file says of itself; nothing where it is no text."""
    try:
        value: str = file.get_metadata_value(key)
    except UnicodeDecodeError:
        return ""
    return " ".join(value.replace("\x00", "").split())


def _without_margins(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Part the lines from those that stand wholly outside the columns of the text: notes and line numbers."""
    body = body_size(lines)
    usual = [line for line in lines if abs(line.size - body) < 0.09 * body]
    letters = sum(len(line.text) for line in usual)
    if not letters:
        return list(lines), []
    left = _weighted(sorted((line.x0, len(line.text)) for line in usual), 0.03 * letters)
    right = -_weighted(sorted((-line.x1, len(line.text)) for line in usual), 0.03 * letters)
    outside = [line.x1 < left - 2 or line.x0 > right + 2 for line in lines]
    return (
        [line for line, out in zip(lines, outside, strict=True) if not out],
        [line for line, out in zip(lines, outside, strict=True) if out],
    )


def _weighted(pairs: Sequence[tuple[float, int]], weight: float) -> float:
    """The first value at which the weights so far exceed `weight`."""
    total = 0
    for value, own in pairs:
        total += own
        if total > weight:
            return value
    return pairs[-1][0]


def _joined(lines: Sequence[Line], page: int) -> list[str]:
    """The lines of a page that stand below each other, as paragraphs of a kind, for what they may say."""
    texts: list[str] = []
    last: Line | None = None
    for line in lines:
        if line.page != page:
            continue
        if last is not None and 0 < last.y0 - line.y0 < 2.5 * line.size:
            texts[-1] += (
                "" if texts[-1].endswith(("/", ":", ".")) and "/" in line.text[:20] else " "
            ) + line.text
        else:
            texts.append(line.text)
        last = line
    return texts


def _authors(declared: str) -> list[str]:
    """Names from the metadata, where they are names: not an account's, a program's or a publisher's."""
    names = [name.strip() for name in re.split(r";|\band\b|(?<=\w\w),(?=\s*\w[\w.\u2019'-]* )", declared)]
    sensible = [
        name
        for name in names
        if 2 <= len(name.split()) <= 6 and not any(c.isdigit() or c in "@/\\_" for c in name)
    ]
    return sensible if len(sensible) == len([name for name in names if name]) else []


def _declared_doi(file: pypdfium2.PdfDocument, declared: dict[str, str]) -> str:
    for value in (
        *(_declared(file, key) for key in ("doi", "DOI", "WPS-ARTICLEDOI")),
        *declared.values(),
    ):
        if found := doi_of(value) or doi_in([value]):
            return found
    return ""
