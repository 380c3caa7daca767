"""JSON Lines: one document a line, read as a stream and in parts if asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import orjson
import xxhash

from colophon.filters.formats.json_text import text_apart
from colophon.filters.formats.records import document_of_record
from colophon.filters.formats.whole_file import too_large
from colophon.schemas import Document, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.schemas import ReadOptions

__all__ = ["JsonLines", "document_of_json"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SKIP = 2**20
_KEYS_NAMED = 20


class JsonLines:
    r"""Reads JSON Lines (NDJSON): the text from one key, its metadata from the others.

    A part of a file, ``[start, end)`` in bytes, has the lines whose first byte lies in it, so parts that meet read
    every line once. Memory is bounded by the longest line allowed.

    >>> import io
    >>> from colophon.schemas import ReadOptions
    >>> stream = io.BytesIO(b'{"text": "Ants sleep.", "id": 7}\n{"text": ')
    >>> first, second = JsonLines().read(stream, ReadOptions())
    >>> first.text, first.locator, first.metadata
    ('Ants sleep.', 'byte=0', {'id': 7})
    >>> second.reason, second.detail
    ('not_json', 'line at byte 33: unexpected end of data: line 1 column 10 (char 9)')
    """

    name: ClassVar[str] = "jsonl"
    media_type: ClassVar[str] = "application/jsonl"
    suffixes: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson", ".jsonlines")
    splittable: ClassVar[bool] = True
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = False

    def sniff(self, head: bytes) -> bool:
        """Whether the first lines, all that are complete and not blank, are JSON objects, one at least."""
        lines = head.removeprefix(_BYTE_ORDER_MARK).lstrip().split(b"\n")
        # The last is cut where `head` ends, unless it ends with the file.
        complete = [line for line in (lines[:-1] or lines) if line.strip()]
        if not all(line.startswith(b"{") for line in complete):
            return False
        if len(lines) == 1 and len(head) >= 4096:
            # A line longer than the head: an object with a key, so far as can be seen.
            return _begins_like_an_object(lines[0])
        try:
            return bool(complete) and all(isinstance(orjson.loads(line), dict) for line in complete)
        except orjson.JSONDecodeError:
            return False

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Yield a document for each line that is not blank, in their order."""
        for offset, line in _lines(stream, options):
            locator = f"byte={offset}"
            if isinstance(line, int):
                yield too_large(line, options.max_document_bytes, locator)
                continue
            record = line.removeprefix(_BYTE_ORDER_MARK) if offset == 0 else line
            if record and not record.isspace():
                yield document_of_json(record, f"line at byte {offset}", locator, self.media_type, options)


def document_of_json(
    data: bytes, place: str, locator: str, media_type: str, options: ReadOptions
) -> Document | Unreadable:
    """One record.

    Args:
        data: A JSON object.
        place: How it is called if it is none, for example ``line at byte 7``.
        locator: Where it stands.
        media_type: Of the file.
        options: Name the keys.
    """
    found = (text_apart(data, options.text) if options.utf8 else None) or _parsed(
        data, place, locator, options
    )
    if isinstance(found, Unreadable):
        return found
    record, text = found
    document = document_of_record(text, record, options.title)
    document.locator = locator
    document.media_type = media_type
    document.digest = xxhash.xxh3_128_digest(data)
    return document


def _parsed(
    data: bytes, place: str, locator: str, options: ReadOptions
) -> tuple[dict[str, Any], str] | Unreadable:
    """A record without its text, and the text; or what is wrong with it."""
    try:
        record: Any = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return Unreadable("not_json", f"{place}: {error}", locator)
    if not isinstance(record, dict):
        return Unreadable("not_an_object", f"{place}: a {type(record).__name__}", locator)
    if options.text not in record:
        keys = ", ".join(sorted(record)[:_KEYS_NAMED]) or "none"
        return Unreadable("no_text_field", f"no key {options.text!r}; keys: {keys}", locator)
    text = record.pop(options.text)
    if not isinstance(text, str):
        kind = "null" if text is None else f"a {type(text).__name__}"
        return Unreadable("text_not_a_string", f"{options.text!r} is {kind}", locator)
    return record, text


def _begins_like_an_object(line: bytes) -> bool:
    """Whether an unfinished line opens an object and its first key."""
    inside = line[1:].lstrip()
    key, quote, rest = inside[1:].partition(b'"')
    return inside.startswith(b'"') and bool(quote) and b"\\" not in key and rest.lstrip().startswith(b":")


def _lines(stream: BinaryIO, options: ReadOptions) -> Iterator[tuple[int, bytes | int]]:
    """The lines of a part, each with the offset of its first byte.

    Yields:
        (offset, line without its end), or (offset, length in bytes) of a line that is longer than allowed.
    """
    limit = options.max_document_bytes
    offset = options.start
    if offset > 0:
        # A line starts at `start` exactly if the byte before it ends one.
        stream.seek(offset - 1)
        offset += _skip_line(stream)[0] - 1
    while options.end is None or offset < options.end:
        # Two more, for a line of just the length allowed that ends in CR LF.
        line = stream.readline(limit + 2)
        if not line:
            return
        length = len(line)
        if length == limit + 2 and not line.endswith(b"\n"):
            del line
            rest, ended = _skip_line(stream)
            length += rest
            yield offset, length - ended
        else:
            bare = line.rstrip(b"\r\n")
            yield offset, bare if len(bare) <= limit else len(bare)
        offset += length


def _skip_line(stream: BinaryIO) -> tuple[int, bool]:
    """Read to the end of the line, holding little of it; how many bytes that were, and whether a line feed ended it."""
    skipped = 0
    while chunk := stream.readline(_SKIP):
        skipped += len(chunk)
        if chunk.endswith(b"\n"):
            return skipped, True
    return skipped, False
