"""Formats: one file for each kind of file that can be read into documents.

A new format is one new file here, one line in `FORMATS` below and one test file; a user's own comes from an installed
package through the entry point group ``colophon.formats``. Nothing here opens a file by its path.
"""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from colophon.filters.extensions import installed
from colophon.filters.formats.archives import Tar, Zip
from colophon.filters.formats.arrow import Arrow
from colophon.filters.formats.delimited import Csv
from colophon.filters.formats.html import Html
from colophon.filters.formats.jats import Jats
from colophon.filters.formats.json_array import Json
from colophon.filters.formats.json_lines import JsonLines
from colophon.filters.formats.latex import Latex
from colophon.filters.formats.markdown import Markdown
from colophon.filters.formats.parquet import Parquet
from colophon.filters.formats.pdf import Pdf
from colophon.filters.formats.plain_text import PlainText
from colophon.filters.formats.tei import Tei
from colophon.filters.formats.warc import Warc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.filters.formats.registry import Format

__all__ = [
    "FORMATS",
    "Arrow",
    "Csv",
    "Html",
    "Jats",
    "Json",
    "JsonLines",
    "Latex",
    "Markdown",
    "Parquet",
    "Pdf",
    "PlainText",
    "Tar",
    "Tei",
    "Warc",
    "Zip",
    "detect",
    "formats",
]

FORMATS: Final[dict[str, Format]] = {
    "arrow": Arrow(),
    "csv": Csv(),
    "html": Html(),
    "jats": Jats(),
    "json": Json(),
    "jsonl": JsonLines(),
    "latex": Latex(),
    "markdown": Markdown(),
    "parquet": Parquet(),
    "pdf": Pdf(),
    "tar": Tar(),
    "tei": Tei(),
    "text": PlainText(),
    "warc": Warc(),
    "zip": Zip(),
}
"""The built-in formats by name, sorted."""

# The surest content first; a user's formats stand before JSON Lines, which may be what theirs is made of.
_SURE_FIRST = ("parquet", "arrow", "warc", "zip", "tar", "pdf", "jats", "tei", "latex", "html", "json")

_COMPRESSION_SUFFIXES = (".gz", ".gzip", ".zst", ".zstd", ".bz2", ".xz")


@cache
def formats() -> Mapping[str, Format]:
    """All formats by name, sorted: the built-in ones and those of installed packages.

    Raises:
        UsageError: An installed package brings a format whose name is taken, or one that cannot be loaded.
    """
    others = {name: made for name, made, _ in installed("format", FORMATS, lambda loaded: loaded())}
    return MappingProxyType(dict(sorted((FORMATS | others).items())))


# Formats that would take anything for text; XML that nobody knows is none, though it be served or named so.
_PROSE = frozenset({"markdown", "text"})
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml\s")


def detect(head: bytes, name: str) -> Format | None:
    """Which format a file has: by its content where that is sure, else by its name.

    Args:
        head: The first bytes of the file, up to 4,096, decompressed.
        name: Its name, with or without folders; the ending of a compression is passed over.

    Returns:
        The format, or None if neither content nor name tells.

    >>> detect(b"<!DOCTYPE html><p>Ants", "ants.xml").name, detect(b"Ants", "notes/ants.md.gz").name
    ('html', 'markdown')
    """
    known = formats()
    order = [*_SURE_FIRST, *(key for key in known if key not in FORMATS), "jsonl"]
    lower = name.lower()
    for suffix in _COMPRESSION_SUFFIXES:
        lower = lower.removesuffix(suffix)
    named = [each for each in known.values() if lower.endswith(each.suffixes)]
    for key in order:
        if known[key].sniff(head):
            # Many formats are zips; one that a user brings for its suffix knows better.
            users = [each for each in named if each.name not in FORMATS] if key == "zip" else []
            return users[0] if users else known[key]
    named = [each for each in named if each.name not in _PROSE or not _MARKUP.match(head)]
    return named[0] if named else None
