"""Markdown: one document a file, its markup left as it is.

Only what no reader sees is taken out: the YAML front matter, which becomes metadata, and HTML comments.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import yaml

from colophon.filters.formats.bibliographic import doi_of, language_of, year_of
from colophon.filters.formats.charset import read_text
from colophon.filters.formats.json_values import json_value
from colophon.filters.rights.evidence import rights_of_record
from colophon.schemas import Document, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.schemas import ReadOptions

__all__ = ["Markdown"]

_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)

# Longer front matter is left in the text: it is a file of YAML rather than a document with a head.
_FRONT_MATTER_CHARACTERS = 2**16

# CommonMark 0.31: a fence is indented by up to three spaces; the closing one is at least as long.
_MARKS = re.compile(r"^ {0,3}(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})|(?<!`)<!--|-->", re.MULTILINE)
_HEADING = re.compile(r"#[ \t]+(.+?)[ \t]*#*[ \t]*$")


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses aliases, for a page of them can stand for terabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read in front matter")
        return super().compose_node(parent, index)


class Markdown:
    r"""Reads Markdown with or without YAML front matter.

    The front matter's ``title``, ``doi``, ``year`` or ``date``, ``license`` and ``lang`` fill the document's fields,
    the rest is metadata. Without one the title is the first line, if that is a heading of the first level. Front
    matter that is not valid YAML stays in the text, so nothing is lost.

    >>> import io
    >>> from colophon.schemas import ReadOptions
    >>> stream = io.BytesIO(b"---\ntitle: On ants\n---\nAnts *sleep*.<!-- do they? -->")
    >>> document, = Markdown().read(stream, ReadOptions())
    >>> document.title, document.text
    ('On ants', 'On ants\n\nAnts *sleep*.')
    """

    name: ClassVar[str] = "markdown"
    media_type: ClassVar[str] = "text/markdown"
    suffixes: ClassVar[tuple[str, ...]] = (".md", ".markdown", ".mdown", ".mkd")
    splittable: ClassVar[bool] = False
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = False

    def sniff(self, head: bytes) -> bool:  # noqa: ARG002 - the protocol's signature
        """Never sure: every plain text is Markdown too."""
        return False

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Yield the one document."""
        source = read_text(stream, options)
        if isinstance(source, Unreadable):
            yield source
            return
        front, body = _front_matter(source)
        text = _without_comments(body).strip()
        title = front.pop("title", None)
        if isinstance(title, str) and title.strip():
            title = " ".join(title.split())
            if not text.startswith((title, f"# {title}")):
                text = f"{title}\n\n{text}".rstrip()
        else:
            heading = _HEADING.match(text.partition("\n")[0].rstrip("\r"))
            title = heading[1] if heading else ""
        if not text:
            yield Unreadable("no_text", "only front matter or comments")
            return
        yield _document(text, title, front, self.media_type)


def _front_matter(source: str) -> tuple[dict[str, Any], str]:
    """The front matter's values and the text after it; no values and the whole source if there is none."""
    found = _FRONT_MATTER.match(source, 0, _FRONT_MATTER_CHARACTERS) if source.startswith("---") else None
    if found is None:
        return {}, source
    try:
        # _Loader is a SafeLoader.
        front = yaml.load(found[1], _Loader)  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, OverflowError):
        # Beside its own errors the loader lets those of int(), date() and hash() through.
        return {}, source
    if front is None:
        return {}, source[found.end() :]
    return (json_value(front), source[found.end() :]) if isinstance(front, dict) else ({}, source)


def _document(text: str, title: str, front: dict[str, Any], media_type: str) -> Document:
    document = Document(text, title, media_type=media_type)
    document.rights = [(f"front matter: {key}", said) for key, said in rights_of_record(front)]
    if doi := doi_of(front.get("doi")):
        document.doi = doi
        del front["doi"]
    for key in ("license", "licence"):
        if not document.license and isinstance(front.get(key), str):
            document.license, document.license_evidence = front.pop(key).strip(), f"front matter: {key}"
    # A date says more than its year, so it stays.
    document.year = year_of(front.get("year")) or year_of(front.get("date"))
    if document.year is not None and front.get("year") in (document.year, str(document.year)):
        del front["year"]
    for key in ("lang", "language"):
        if not document.declared_language and (language := language_of(front.get(key))):
            document.declared_language = language
            del front[key]
    document.metadata = front
    return document


def _without_comments(text: str) -> str:
    """The text without ``<!-- … -->``, except in fenced code; in one pass, however broken."""
    kept: list[str] = []
    start = 0  # of what is not yet kept or left out
    fence = ""
    comment = False
    for mark in _MARKS.finditer(text):
        if comment:
            if mark[0] == "-->":
                start, comment = mark.end(), False
        elif mark["fence"]:
            if not fence:
                fence = mark["fence"]
            elif (
                mark["fence"].startswith(fence) and not text[mark.end() : _line_end(text, mark.end())].strip()
            ):
                fence = ""
        elif mark[0] == "<!--" and not fence:
            kept.append(text[start : mark.start()])
            start, comment = mark.start(), True
    # A comment that never ends is none.
    kept.append(text[start:])
    return "".join(kept)


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end
