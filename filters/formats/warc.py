"""Web archives: WARC, the WET extracts of Common Crawl, and the older ARC.

Each record that is a page, or what was made of one, is read as a file of its own. One that is damaged costs itself:
behind it the next is looked for, in gzip by the magic number of the next member.
"""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Final
from urllib.parse import urlsplit

from colophon.filters.formats.charset import decode
from colophon.filters.formats.compression import BOMB_BYTES, BOMB_RATIO, GZIP, Corrupt, Source, deflate_stream
from colophon.filters.formats.http_message import HttpMessage, parse_http
from colophon.filters.formats.registry import Member
from colophon.filters.formats.whole_file import too_large
from colophon.schemas import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.schemas import Document, ReadOptions

__all__ = ["Warc", "WarcRecord"]

_WARC = re.compile(rb"WARC/\d")
_ARC = b"filedesc:"
# The URL of a record of ARC, which may have spaces, and the last of four fields behind it.
_ARC_LINE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:.* \S+ \d{8,20} \S* ?\S+\r?\n?$")
_FIRST_LINES = (b"WARC/", _ARC)

_LONGEST_LINE = 2**16
_MOST_HEADERS = 1000
_CHUNK = 2**16
# Between blocks that are passed over, a header fits into so much.
_STEP = 2**12

_OK = 200

#: Records that are documents; a response, what was extracted of one (WET), or a file that was put in.
_DOCUMENTS = frozenset({"response", "conversion", "resource"})

# How a payload is named for detection by what it was served as; what is missing here is told by content alone.
_NAMES: Final = {
    "application/json": "x.json",
    "application/pdf": "x.pdf",
    "application/xhtml+xml": "x.html",
    "text/csv": "x.csv",
    "text/html": "x.html",
    "text/markdown": "x.md",
    "text/plain": "x.txt",
}
# Types that say nothing; then the address does.
_ANY_TYPE = frozenset(
    {
        "",
        "application/octet-stream",
        "application/x-download",
        "binary/octet-stream",
        "no-type",
        "unknown/unknown",
    }
)


@dataclass(slots=True)
class WarcRecord:
    """One record, whatever its type.

    Attributes:
        locator: Where it begins: ``byte=1042``; in a gzip member that holds several ``byte=1042+606``, the latter
            counted in what is decompressed.
        kind: ``response``, ``request``, …; empty if it is damaged before it can be told.
        headers: Its named fields, names in lower case; of an ARC record under the names that WARC has for them.
        content: Its block, if it is to be read as a document and not damaged.
        fault: Why it cannot be read, if that is so.
    """

    locator: str
    kind: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    fault: Unreadable | None = None


class Warc:
    r"""Reads the responses of WARC and ARC, the conversions of WET, and resources; each is one row at least.

    Requests, metadata and revisits are no documents and are passed over. See ISO 28500:2017, and "ARC file format",
    Internet Archive, 1996.

    A part of a file that is not compressed, ``[start, end)`` in bytes, has the records whose first byte lies in it.
    Where they begin is not guessed, for a page may have an archive in it: from the beginning of the file one length
    leads to the next, the blocks between them unread.

    >>> from colophon.schemas import ReadOptions
    >>> block = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nAnts sleep."
    >>> head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://ants.example/\r\nContent-Length: "
    >>> stream = io.BytesIO(head + str(len(block)).encode() + b"\r\n\r\n" + block + b"\r\n\r\n")
    >>> [document] = Warc().read(stream, ReadOptions())
    >>> document.text, document.locator, document.metadata
    ('Ants sleep.', 'byte=0', {'url': 'http://ants.example/'})
    """

    name: ClassVar[str] = "warc"
    media_type: ClassVar[str] = "application/warc"
    suffixes: ClassVar[tuple[str, ...]] = (".warc", ".wet", ".arc")
    splittable: ClassVar[bool] = True
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = False
    most_members: ClassVar[int | None] = None
    decompresses: ClassVar[bool] = True

    def sniff(self, head: bytes) -> bool:
        """Whether the file begins with a record of WARC or the description of an ARC."""
        return bool(_WARC.match(head)) or head.startswith(_ARC)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Read the documents of all records, here and not in a child."""
        # `reading` needs the list of formats, which needs this module.
        from colophon.filters.formats.reading import read_stream  # noqa: PLC0415

        return read_stream(stream, "", options, self)

    def members(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Member | Unreadable]:
        """Find the payloads, decoded as HTTP says."""
        for record in self.records(stream, options):
            if record.fault is not None:
                yield record.fault
            elif record.kind in _DOCUMENTS:
                yield _member(record, options.max_document_bytes)

    def records(self, stream: BinaryIO, options: ReadOptions) -> Iterator[WarcRecord]:
        """All records in their order, of any type, the damaged included; of a part those that begin in it.

        Raises:
            Corrupt: More comes out of gzip than can honestly be in it.
        """
        for begins, record in _records(_Octets(stream, options.start), options):
            if begins >= options.start:
                yield record


def _records(octets: _Octets, options: ReadOptions) -> Iterator[tuple[int, WarcRecord]]:
    """Where each record begins, and it; those before the part that is asked for without their content."""
    begins = 0
    arc_fields = 0
    lost = False
    while True:
        record = WarcRecord("")
        try:
            record.locator = octets.where()
            begins = octets.offset
            line = octets.line() if options.end is None or begins < options.end else b""
            if not line:
                return
            if not line.strip():
                continue
            length, arc_fields = _header(octets, line, record, arc_fields)
            if length is None:
                if not lost:
                    record.fault = Unreadable("damaged_record", "no record begins here", record.locator)
                    yield begins, record
                lost = True
                continue
            lost = False
            _read_content(octets, record, length, options.max_document_bytes, ours=begins >= options.start)
        except Corrupt as fault:
            if fault.reason == "decompression_bomb":
                raise
            record.locator = record.locator or octets.damaged
            record.fault = Unreadable("damaged_record", fault.detail, record.locator)
        yield begins, record


# --- bytes -------------------------------------------------------------------------------------------------------


class _Octets:
    """The bytes of an archive, out of gzip if it is packed so, with the place that each has in the file.

    Reads raise `Corrupt` at a damage; the next ones go on behind it.

    Attributes:
        damaged: Where the last damage was met, as a locator.
    """

    def __init__(self, stream: BinaryIO, wanted: int = 0) -> None:
        """Begin at the beginning; `wanted` is the first byte of a block that will be read."""
        self._stream = stream
        self._source = Source(stream)
        self._packed = self._source.peek(3) == GZIP
        self._base = 0
        self._wanted = wanted
        # None if bytes cannot be passed over unread.
        self._size = None if self._packed or not stream.seekable() else stream.seek(0, io.SEEK_END)
        if self._size is not None:
            stream.seek(0)
        self.damaged = ""
        self._chunks = self._pieces()
        self._chunk = b""
        self._at = 0
        self._member = 0
        self._inner = 0
        self._out = 0

    @property
    def offset(self) -> int:
        """The place of the next byte in what is decompressed: of the file, or of the member that it is in."""
        return self._inner + self._at

    def where(self) -> str:
        """Where the next byte stands, as a locator."""
        self._fill()
        return self._locator()

    def _locator(self) -> str:
        inner = self.offset
        if not self._packed:
            return f"byte={inner}"
        return f"byte={self._member}+{inner}" if inner else f"byte={self._member}"

    def line(self) -> bytes:
        """The next line with its end, or as much of it as a line may have; empty at the end."""
        parts: list[bytes] = []
        left = _LONGEST_LINE
        while left > 0 and self._fill():
            end = self._chunk.find(b"\n", self._at, self._at + left) + 1
            part = self._chunk[self._at : end or self._at + left]
            self._at += len(part)
            left -= len(part)
            parts.append(part)
            if end:
                break
        return b"".join(parts)

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end."""
        parts: list[bytes] = []
        while size > 0 and self._fill():
            part = self._chunk[self._at : self._at + size]
            self._at += len(part)
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """Pass over bytes; how many there were."""
        left = size
        if self._size is not None and size > len(self._chunk) - self._at:
            start = self.offset
            self._base = self._inner = self._stream.seek(min(start + size, self._size))
            self._chunk, self._at = b"", 0
            return self._base - start
        while left > 0 and self._fill():
            step = min(left, len(self._chunk) - self._at)
            self._at += step
            left -= step
        return size - left

    def _fill(self) -> bool:
        """Whether there is a next byte; it then stands in the chunk."""
        while self._at >= len(self._chunk):
            try:
                piece = next(self._chunks, None)
            except Corrupt:
                self.damaged = self._locator()
                self._chunk, self._at = b"", 0
                self._find_member()
                self._chunks = self._pieces()
                raise
            if piece is None:
                return False
            self._member, self._inner, self._chunk = piece
            self._at = 0
            self._out += len(self._chunk)
            taken = self._base + self._source.offset
            if self._out > BOMB_BYTES and self._out > BOMB_RATIO * taken:
                raise Corrupt(
                    "decompression_bomb",
                    f"{taken:,} bytes became {self._out:,}, more than {BOMB_RATIO} times as many",
                    self._out // max(1, taken),
                    BOMB_RATIO,
                )
        return True

    def _pieces(self) -> Iterator[tuple[int, int, bytes]]:
        """The bytes in pieces: the member's offset in the file, the piece's in the member, and it."""
        if self._size is not None:
            yield from self._plain()
            return
        source = self._source
        while head := source.peek(3):
            if self._packed:
                self._member, self._inner, self._chunk, self._at = self._base + source.offset, 0, b"", 0
            if not self._packed:
                yield 0, self._base + source.offset, source.take(_CHUNK)
            elif head == GZIP:
                inner = 0
                member = self._member
                for chunk in deflate_stream(source, 31):
                    yield member, inner, chunk
                    inner += len(chunk)
            elif head[:1] == b"\0":
                source.take(1)
            else:
                raise Corrupt("damaged_record", f"no gzip member begins at byte {self._member}")

    def _plain(self) -> Iterator[tuple[int, int, bytes]]:
        """Likewise, of a file that is not packed and can seek."""
        while data := self._stream.read(_CHUNK if self._base >= self._wanted else _STEP):
            start = self._base
            self._base += len(data)
            yield 0, start, data

    def _find_member(self) -> None:
        """Go to the next member of gzip that a record begins in.

        From behind where the damaged one began, if the file can seek: for a decoder that lost its way may have taken
        more than the damage.
        """
        if self._stream.seekable():
            self._base = self._member + 1
            self._stream.seek(self._base)
            self._source = Source(self._stream)
        source = self._source
        while window := source.peek(_CHUNK):
            at = window.find(GZIP)
            if at < 0:
                # The first two bytes of a magic number may be the last of the window.
                source.take(max(1, len(window) - 2))
                continue
            if at:
                source.take(at)
            if _begins_with_a_record(source.peek(_CHUNK)):
                return
            source.take(1)


def _begins_with_a_record(data: bytes) -> bool:
    try:
        first = zlib.decompressobj(31).decompress(data, _LONGEST_LINE)
    except zlib.error:
        return False
    return first.startswith(_FIRST_LINES) or bool(_ARC_LINE.match(first.partition(b"\n")[0]))


# --- records -----------------------------------------------------------------------------------------------------


def _header(octets: _Octets, line: bytes, record: WarcRecord, arc_fields: int) -> tuple[int | None, int]:
    """Read what stands before a block: its length, None if no record begins here; and how many fields ARC has."""
    if _WARC.match(line):
        return _warc_header(octets, record), arc_fields
    if line.startswith(_ARC):
        return _arc_description(octets, line, record)
    if arc_fields and _ARC_LINE.match(line):
        return _arc_header(line, arc_fields, record), arc_fields
    return None, arc_fields


def _warc_header(octets: _Octets, record: WarcRecord) -> int:
    """Read the named fields; return the length of the block in bytes."""
    last = ""
    for _ in range(_MOST_HEADERS):
        line = octets.line()
        if not line.strip():
            break
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        key, colon, value = text.partition(":")
        if text[0] in " \t" and last:
            record.headers[last] += " " + text.strip()
        elif colon:
            last = key.strip().lower()
            record.headers.setdefault(last, value.strip())
    else:
        raise Corrupt("damaged_record", f"more than {_MOST_HEADERS} header lines")
    record.kind = record.headers.get("warc-type", "").lower()
    return _length(record.headers.get("content-length", ""))


def _length(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Corrupt("damaged_record", f"its length is {text[:40]!r}")
    return int(text)


def _arc_description(octets: _Octets, line: bytes, record: WarcRecord) -> tuple[int, int]:
    """The first record of an ARC: the length of what is left of it, and how many fields the others have."""
    record.kind = "warcinfo"
    last = line.split()[-1].decode("ascii", "replace")
    version = octets.line()
    names = octets.line()
    # Version 1 has 5, version 2 has 10; fewer are a damage to this line.
    fields = max(5, len(names.split()))
    # Some say -1, and end with these two lines.
    length = int(last) if last.isdigit() else 0
    return max(0, length - len(version) - len(names)), fields


def _arc_header(line: bytes, fields: int, record: WarcRecord) -> int:
    """The line that begins a record of ARC, under WARC's names; returns the length of its block."""
    url, *rest = line.decode("utf-8", "replace").strip().rsplit(" ", fields - 1)
    record.kind = "response"
    date = rest[1] if len(rest) > 1 else ""
    record.headers = {"warc-target-uri": url, "content-type": rest[2] if len(rest) > 2 else ""}
    if re.fullmatch(r"\d{14}", date):
        record.headers["warc-date"] = (
            f"{date[:4]}-{date[4:6]}-{date[6:8]}T{date[8:10]}:{date[10:12]}:{date[12:]}Z"
        )
    return _length(rest[-1])


def _read_content(octets: _Octets, record: WarcRecord, length: int, limit: int, *, ours: bool) -> None:
    """Read the block of a record if it is to be a document, of this part, else pass over it."""
    # Of HTTP's header and chunk lengths a document may have some more.
    wanted = ours and record.kind in _DOCUMENTS and length <= limit + limit // 8 + _LONGEST_LINE
    if wanted:
        record.content = octets.read(length)
    got = len(record.content) if wanted else octets.skip(length)
    if got < length:
        raise Corrupt("damaged_record", f"the file ends after {got:,} of its {length:,} bytes")
    if not wanted and record.kind in _DOCUMENTS:
        record.fault = too_large(length, limit, record.locator)


def _member(record: WarcRecord, limit: int) -> Member | Unreadable:
    """The payload of a record, or why there is none."""
    media_type = record.headers.get("content-type", "")
    payload: bytes | Unreadable = record.content
    rights: dict[str, str] = {}
    if record.content.startswith(b"HTTP/"):
        message = parse_http(record.content)
        if message is None:
            return Unreadable("damaged_record", "no status in its HTTP header", record.locator)
        if message.status != _OK:
            return Unreadable(
                "not_ok_status",
                f"HTTP status {message.status}",
                record.locator,
                value=message.status,
                threshold=_OK,
            )
        media_type = message.headers.get("content-type", "")
        payload = message.decoded(limit)
        rights = message.rights
    if isinstance(payload, Unreadable):
        payload.locator = record.locator
        return payload
    url = record.headers.get("warc-target-uri", "").strip("<>")
    metadata = {
        "url": url,
        "warc_record_id": record.headers.get("warc-record-id", "").strip("<>"),
        "warc_date": record.headers.get("warc-date", ""),
        "warc_truncated": record.headers.get("warc-truncated", ""),
        "http_rights": rights,
    }
    known = {key: value for key, value in metadata.items() if value}
    kind, charset = HttpMessage.media_type(media_type)
    return Member(record.locator, _name(kind, url), io.BytesIO(_in_utf_8(payload, kind, charset)), known)


def _name(kind: str, url: str) -> str:
    """A name that tells the format where content does not."""
    if kind not in _ANY_TYPE:
        return _NAMES.get(kind, "")
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _in_utf_8(payload: bytes, kind: str, charset: str) -> bytes:
    """Text in the charset that HTTP declared, which outranks what a page says of itself, marked as UTF-8."""
    if not charset or kind not in {"text/html", "text/plain", "application/xhtml+xml"}:
        return payload
    try:
        payload.decode()
    except UnicodeDecodeError:
        text = decode(payload, charset)
        return payload if isinstance(text, Unreadable) else b"\xef\xbb\xbf" + text.encode()
    return payload
