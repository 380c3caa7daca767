"""Documents from records, whose columns or keys somebody else has named."""

from __future__ import annotations

from typing import Any

from colophon.filters.formats.bibliographic import doi_of, language_of, year_of
from colophon.filters.rights.evidence import rights_of_record
from colophon.schemas import Document

__all__ = ["document_of_record"]


def document_of_record(text: str | bytes, record: dict[str, Any], title: str) -> Document:
    """A document whose well-known values stand in its fields and all others in its metadata.

    Lifted are `title`, ``doi``, ``license`` (or ``licence``), ``year`` and ``language`` (or ``lang``), if they are what
    their names say: a DOI, a string, a year from 1500 to 2099, a BCP 47 tag. What is not stays in the metadata.

    Args:
        text: The document's text, as `Document` may hold it.
        record: The other values, of JSON types; emptied of what is lifted.
        title: The key that holds the title.

    >>> document = document_of_record("Ants sleep.", {"year": 2019, "language": "English"}, "title")
    >>> document.year, document.declared_language, document.metadata
    (2019, '', {'language': 'English'})
    """
    document = Document(text, rights=rights_of_record(record))
    if isinstance(record.get(title), str):
        document.title = record.pop(title)
    if "doi" in record and (doi := doi_of(record["doi"])):
        document.doi = doi
        del record["doi"]
    for key in ("license", "licence"):
        if key in record and not document.license and isinstance(record[key], str):
            document.license = record.pop(key).strip()
            document.license_evidence = key
    year = record.get("year")
    if year is not None and (known := year_of(year)) is not None and year in (known, str(known)):
        document.year = known
        del record["year"]
    for key in ("language", "lang"):
        if key in record and not document.declared_language and (language := language_of(record[key])):
            document.declared_language = language
            del record[key]
    document.metadata = record
    return document
