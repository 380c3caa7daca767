"""HTTP messages as web archives hold them: header, chunks and content encodings."""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped]

from colophon.filters.formats.compression import (
    Corrupt,
    Source,
    bounded,
    decompressed,
    deflate_stream,
    is_compressed,
)
from colophon.filters.formats.whole_file import too_large
from colophon.schemas import Unreadable

if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = ["HttpMessage", "parse_http"]

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LONGEST_HEADER = 2**20
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
# What says something of rights: TDMRep, robots directives, and a link to the licence.
_RIGHTS = ("tdm-policy", "tdm-reservation", "x-robots-tag")
_LICENCE_LINK = re.compile(
    r"<([^<>]{1,500})>[^<>]{0,200}?\brel\s*=\s*\"?[^\",;<>]{0,100}\blicen[cs]e\b", re.IGNORECASE
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([^\s\"';]+)", re.IGNORECASE)


@dataclass(slots=True)
class HttpMessage:
    """A response.

    Attributes:
        status: For example 200.
        headers: By name in lower case; of several of one name the first, of those that speak of rights all.
        body: As it was sent.
    """

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def rights(self) -> dict[str, str]:
        """The headers that say something of rights; of ``Link`` the address of the licence alone."""
        found = {name: self.headers[name] for name in _RIGHTS if self.headers.get(name)}
        link = _LICENCE_LINK.search(self.headers.get("link", ""))
        return found | ({"link": link[1].strip()} if link else {})

    @staticmethod
    def media_type(text: str) -> tuple[str, str]:
        """The media type in lower case, and the charset, of a ``Content-Type``.

        >>> HttpMessage.media_type('Text/HTML; charset="EUC-JP"')
        ('text/html', 'EUC-JP')
        """
        charset = _CHARSET.search(text)
        return text.partition(";")[0].strip().lower(), charset[1] if charset else ""

    def decoded(self, limit: int) -> bytes | Unreadable:
        """The body without chunks and content encoding, or why there is none.

        Crawlers that undo an encoding often leave the header as it was: a body that is not encoded at all is
        taken as it is.

        Args:
            limit: How large it may become, in bytes.
        """
        body: bytes | Unreadable = self.body
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            body = _without_chunks(self.body)
        for encoding in reversed(self.headers.get("content-encoding", "").lower().split(",")):
            if isinstance(body, Unreadable):
                return body
            body = _without_encoding(body, encoding.strip(), limit)
        if isinstance(body, bytes) and len(body) > limit:
            return too_large(len(body), limit)
        return body


def parse_http(block: bytes) -> HttpMessage | None:
    r"""Parse a response; None if it does not begin as one.

    >>> parse_http(b"HTTP/1.1 404 Not Found\r\nServer: ants\r\n\r\nNo.")
    HttpMessage(status=404, headers={'server': 'ants'}, body=b'No.')
    """
    status = _STATUS.match(block)
    if status is None:
        return None
    end = _HEADER_END.search(block, 0, _LONGEST_HEADER)
    head = block[: end.start()] if end else block[:_LONGEST_HEADER]
    headers: dict[str, str] = {}
    for line in head.decode("latin-1").split("\n")[1:]:
        key, colon, value = line.partition(":")
        if not colon:
            continue
        name = key.strip().lower()
        if name in headers and name in {*_RIGHTS, "link"}:
            headers[name] += f", {value.strip()}"
        headers.setdefault(name, value.strip())
    return HttpMessage(int(status[1]), headers, block[end.end() :] if end else b"")


def _without_chunks(body: bytes) -> bytes | Unreadable:
    """The content of chunks; the body itself if it has none."""
    parts: list[bytes] = []
    at = 0
    while size := _CHUNK_SIZE.match(body, at):
        length = int(size[1], 16)
        if length == 0:
            return b"".join(parts)
        part = body[size.end() : size.end() + length]
        if len(part) < length:
            return Unreadable("damaged_record", f"a chunk of {length:,} bytes has {len(part):,}")
        parts.append(part)
        at = size.end() + length
        at += 2 if body.startswith(b"\r\n", at) else body.startswith(b"\n", at)
    if not parts:
        return body
    # Archives have bodies that end without the empty chunk.
    return (
        b"".join(parts) if at >= len(body) else Unreadable("damaged_record", f"no chunk begins at byte {at}")
    )


def _without_encoding(body: bytes, encoding: str, limit: int) -> bytes | Unreadable:
    if encoding in {"gzip", "x-gzip", "zstd"}:
        return _all_of(decompressed(io.BytesIO(body)), limit) if is_compressed(body[:16]) else body
    if encoding == "deflate":
        return _inflated(body, limit)
    if encoding == "br":
        return _unbrotlied(body, limit)
    return body


def _all_of(stream: BinaryIO, limit: int) -> bytes | Unreadable:
    try:
        data = stream.read(limit + 1)
    except Corrupt as fault:
        if fault.reason == "decompression_bomb":
            return Unreadable(fault.reason, fault.detail, value=fault.value, threshold=fault.threshold)
        return Unreadable("damaged_record", f"content encoding: {fault.detail}")
    return too_large(len(data), limit) if len(data) > limit else data


def _inflated(body: bytes, limit: int) -> bytes | Unreadable:
    """What "deflate" means: zlib's format, or bare DEFLATE as some servers send."""
    for wbits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        source = Source(io.BytesIO(body))
        data = _all_of(bounded(deflate_stream(source, wbits), source), limit)
        if isinstance(data, bytes) or data.reason != "damaged_record":
            return data
    return body


def _unbrotlied(body: bytes, limit: int) -> bytes | Unreadable:
    decoder = brotli.Decompressor()
    parts: list[bytes] = []
    size = 0
    data = body
    try:
        while not decoder.is_finished():
            part = decoder.process(data, output_buffer_limit=2**20)
            data = b""
            size += len(part)
            if size > limit:
                return too_large(size, limit)
            if not part and decoder.can_accept_more_data():
                return (
                    Unreadable("damaged_record", "content encoding: brotli ends too early") if parts else body
                )
            parts.append(part)
    except brotli.error:
        return body if not parts else Unreadable("damaged_record", "content encoding: not brotli")
    return b"".join(parts)
