"""Plain text: one document a file, taken as it stands, but for the frame that Project Gutenberg puts around a book."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from colophon.filters.formats.bibliographic import language_of, year_of
from colophon.filters.formats.charset import read_text
from colophon.schemas import Document, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.schemas import ReadOptions

__all__ = ["PlainText"]

# A mark may go on in the next lines, if the book's title is long.
_START = re.compile(
    r"^[ \t]*\*{3}[ \t]*START OF (?:THE |THIS )?(?P<what>[^*]{1,400}?)\*{3}[^\n]*",
    re.MULTILINE | re.IGNORECASE,
)
_END = re.compile(
    r"(?:^End of (?:The |This )?Project Gutenberg[^\n]*\n\s*)?"
    r"^[ \t]*\*{3}[ \t]*END OF (?:THE |THIS )?[^*]{1,400}?\*{3}",
    re.MULTILINE | re.IGNORECASE,
)
_FIELD = re.compile(
    r"^(?P<name>[A-Z][A-Za-z ]{2,30}):[ \t]*(?P<value>[^\n]*(?:\n[ \t]+\S[^\n]*)*)", re.MULTILINE
)

# A header with the list of a book's editions is long; a whole book before the mark is none.
_LONGEST_HEADER = 50_000

# Of most books there.
_LANGUAGES = {
    "catalan": "ca",
    "chinese": "zh",
    "czech": "cs",
    "danish": "da",
    "dutch": "nl",
    "english": "en",
    "esperanto": "eo",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "hungarian": "hu",
    "icelandic": "is",
    "italian": "it",
    "japanese": "ja",
    "latin": "la",
    "norwegian": "no",
    "polish": "pl",
    "portuguese": "pt",
    "russian": "ru",
    "spanish": "es",
    "swedish": "sv",
    "tagalog": "tl",
    "welsh": "cy",
}


class PlainText:
    """Reads plain text in UTF-8, in UTF-16 or UTF-32 with a byte order mark, or in a legacy charset.

    >>> import io
    >>> from colophon.schemas import ReadOptions
    >>> [document.text for document in PlainText().read(io.BytesIO(b"Ants sleep."), ReadOptions())]
    ['Ants sleep.']
    """

    name: ClassVar[str] = "text"
    media_type: ClassVar[str] = "text/plain"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".text")
    splittable: ClassVar[bool] = False
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = False

    def sniff(self, head: bytes) -> bool:  # noqa: ARG002 - the protocol's signature
        """Never sure: whatever can be decoded could be plain text."""
        return False

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Yield the one document."""
        text = read_text(stream, options)
        yield text if isinstance(text, Unreadable) else _document(text, self.media_type)


def _document(text: str, media_type: str) -> Document | Unreadable:
    """The text as it stands, or the book between Project Gutenberg's marks."""
    start = _START.search(text, 0, _LONGEST_HEADER)
    if start is None:
        return Document(text, media_type=media_type)
    header: dict[str, list[str]] = {}
    for found in _FIELD.finditer(text, 0, start.start()):
        header.setdefault(found["name"].casefold(), []).append(" ".join(found["value"].split()))
    if "gutenberg" not in start["what"].casefold() and "title" not in header:
        return Document(text, media_type=media_type)
    end = _END.search(text, start.end())
    book = text[start.end() : end.start() if end else None].strip()
    if not book:
        return Unreadable("no_text", "nothing stands between the marks of its start and its end")

    def first(name: str) -> str:
        return next(filter(None, header.get(name, ())), "")

    language = first("language").casefold()
    document = Document(
        book, first("title"), media_type=media_type, year=year_of(first("original publication"))
    )
    document.declared_language = _LANGUAGES.get(language) or (
        language_of(language) if len(language) < 4 else ""
    )
    if authors := [author for author in header.get("author", ()) if author]:
        document.metadata["authors"] = authors
    if released := year_of(first("release date")):
        document.metadata["release_year"] = released
    return document
