"""What a document is: as a reader gives it, as it is staged, and as a row of ``data/``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Document", "ReadOptions", "Unreadable"]


@dataclass(slots=True)
class Document:
    """One document as a format's reader gives it, before cleaning.

    Attributes:
        text: Its text, paragraphs apart by one blank line, mathematics as ``$…$``; UTF-8 where `ReadOptions` allows it.
        title: Its title, also the first paragraph of `text` where the format tells them apart.
        locator: Where in the file it stands: empty if the file is the document, else for example
            ``byte=1042`` (the line of JSON Lines that starts there) or ``row=17`` (of a Parquet file).
        media_type: What it was read as, for example ``application/jats+xml``.
        doi: Its DOI in lower case without a resolver's address, for example ``10.1000/xyz``.
        license: Its licence as found: an SPDX expression, or a URL, or the words.
        license_evidence: Where the licence was found, for example ``license/@xlink:href``.
        rights: All that it says of its rights, piece by piece: where, and what is said there.
        year: The year in which it was published.
        declared_language: The language that the document itself declares, as BCP 47, lower case.
        structured: Whether its structure was marked up (JATS) and not guessed (HTML, plain text).
        digest: 16 bytes that tell the record's source bytes from others'; empty if the file is the
            document, for then the file's own digest does.
        metadata: Anything else worth keeping; JSON values under names such as ``pmcid``, ``journal``,
            ``article_type``, ``subjects``, ``authors``, and a record's own columns.
    """

    text: str | bytes
    title: str = ""
    locator: str = ""
    media_type: str = ""
    doi: str = ""
    license: str = ""
    license_evidence: str = ""
    rights: list[tuple[str, str]] = field(default_factory=list)
    year: int | None = None
    declared_language: str = ""
    structured: bool = False
    digest: bytes = b""
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Unreadable:
    """A document, or a whole file, that could not be read: one row of the ledger.

    Attributes:
        reason: A name that reads true as written, for example ``not_well_formed``.
        detail: One line for the person who wonders: what, and at which line, column or byte.
        locator: As in `Document`; empty if the whole file is meant.
        value: The number that broke a limit, if one did.
        threshold: That limit.
    """

    reason: str
    detail: str = ""
    locator: str = ""
    value: float | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a reader is told about the source; every field changes what is read.

    Attributes:
        max_document_bytes: Larger documents are not read, bytes after decompression.
        references: Whether reference lists are kept.
        responses: Whether what stands in an article beside it (reviews, letters, replies) is kept, as documents.
        text: The column or key that holds the text, in formats that have columns.
        title: The column or key that holds the title.
        start: First byte of the file to read, in formats that can be split.
        end: First byte no longer to read; None for all. A record belongs to the part it starts in.
        utf8: Whether texts may come as UTF-8, from formats that hold them so.
    """

    max_document_bytes: int = 64 * 2**20
    references: bool = False
    responses: bool = False
    text: str = "text"
    title: str = "title"
    start: int = 0
    end: int | None = None
    utf8: bool = False
