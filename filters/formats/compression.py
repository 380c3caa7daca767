"""Compressed files, decompressed as they are read: gzip and Zstandard, of any number of members or frames."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, BinaryIO

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Corrupt", "decompressed", "is_compressed"]

_GZIP = b"\x1f\x8b\x08"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"  # bytes 1 to 3 of a skippable frame; byte 0 is 0x50 to 0x5f

_BUFFER = 2**18
_GZIP_CHUNK = 2**16
# Zstandard's decoder cannot be told how much to put out; two kilobytes give 64 MB at most (128 KiB from 4 bytes).
_ZSTD_CHUNK = 2**11
# What `zstd` itself accepts unless it is told otherwise.
_ZSTD_WINDOW = 2**27

# DEFLATE cannot exceed 1,032 : 1 and text is below 20 : 1; the first 64 MiB are free, for a short run of zeros
# is no attack.
_BOMB_RATIO = 1000
_BOMB_BYTES = 64 * 2**20


class Corrupt(Exception):  # noqa: N818 - named as an `Unreadable`'s reason reads
    """A compressed stream cannot be read further.

    Attributes:
        reason: ``truncated``, ``corrupt_compression`` or ``decompression_bomb``.
        detail: What, and near which byte of the compressed file.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def is_compressed(head: bytes) -> bool:
    """Whether a file that begins so is gzip or Zstandard, by its magic number."""
    return head.startswith((_GZIP, _ZSTD)) or _is_skippable(head)


def decompressed(stream: BinaryIO, head: bytes = b"") -> io.BufferedReader:
    """Decompress a stream while it is read.

    Args:
        stream: The compressed bytes.
        head: What was already read of it; together with it the stream must begin with a magic number.

    Returns:
        A stream that cannot seek. All bytes before a damage can be read; then its reads raise `Corrupt`.

    Raises:
        ValueError: The stream is not compressed.

    >>> import gzip
    >>> decompressed(io.BytesIO(gzip.compress(b"Ants ") + gzip.compress(b"sleep."))).read()
    b'Ants sleep.'
    """
    source = _Source(stream, head)
    if not is_compressed(source.peek(4)):
        raise ValueError("the stream is not compressed")
    return io.BufferedReader(_Decompressed(source), _BUFFER)


class _Source:
    """Compressed bytes, with a look ahead and the offset for error messages."""

    def __init__(self, stream: BinaryIO, head: bytes) -> None:
        self._stream = stream
        self._block = head
        self._at = 0
        self.offset = 0

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end, without taking them."""
        while len(self._block) - self._at < size and (more := self._stream.read(_GZIP_CHUNK)):
            self._block = self._block[self._at :] + more
            self._at = 0
        return self._block[self._at : self._at + size]

    def take(self, size: int) -> bytes:
        """The next bytes: at least one unless the stream has ended, at most `size`."""
        self.peek(1)
        data = self._block[self._at : self._at + size]
        self._at += len(data)
        self.offset += len(data)
        return data

    def give_back(self, size: int) -> None:
        """Return the last bytes of what was taken last, for they belong to what follows."""
        self._at -= size
        self.offset -= size


class _Decompressed(io.RawIOBase):
    """The decompressed bytes; an error is raised only when all bytes before it have been read."""

    def __init__(self, source: _Source) -> None:
        self._chunks = _members(source)
        self._source = source
        self._rest = memoryview(b"")
        self._out = 0
        self._fault: Corrupt | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = 0
        try:
            while size < len(buffer) and self._fault is None:
                self._rest = self._rest or memoryview(self._next_chunk())
                if not self._rest:
                    break
                part = self._rest[: len(buffer) - size]
                buffer[size : size + len(part)] = part
                self._rest = self._rest[len(part) :]
                size += len(part)
        except Corrupt as fault:
            # Kept, for a damaged stream that is asked again must not look like one that has ended.
            self._fault = fault
        if self._fault is not None and not size:
            raise self._fault
        return size

    def _next_chunk(self) -> bytes:
        chunk = next(self._chunks, b"")
        self._out += len(chunk)
        if self._out > _BOMB_BYTES and self._out > _BOMB_RATIO * self._source.offset:
            raise Corrupt(
                "decompression_bomb",
                f"{self._source.offset:,} bytes became {self._out:,}, more than {_BOMB_RATIO} times as many",
            )
        return chunk


def _members(source: _Source) -> Iterator[bytes]:
    """The decompressed content of all members or frames, in pieces of bounded size, until a damage is raised."""
    while head := source.peek(4):
        start = source.offset
        if head.startswith(_GZIP):
            yield from _gzip_member(source)
        elif head == _ZSTD:
            yield from _zstd_frame(source)
        elif _is_skippable(head):
            _skip_frame(source)
        elif not head.strip(b"\0"):
            # gzip allows padding with zeros, as on tapes.
            source.take(len(head) - len(head.lstrip(b"\0")) or len(head))
        elif start and (_GZIP.startswith(head) or _ZSTD.startswith(head)):
            raise _truncated(source)
        else:
            raise Corrupt("corrupt_compression", f"what follows at byte {start} is not compressed")


def _gzip_member(source: _Source) -> Iterator[bytes]:
    decoder = zlib.decompressobj(wbits=31)
    while not decoder.eof:
        data = decoder.unconsumed_tail or source.take(_GZIP_CHUNK)
        if not data:
            raise _truncated(source)
        try:
            chunk = decoder.decompress(data, _BUFFER)
        except zlib.error as error:
            raise _corrupt(source, error) from error
        if chunk:
            yield chunk
    source.give_back(len(decoder.unused_data))


def _zstd_frame(source: _Source) -> Iterator[bytes]:
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
    while not decoder.eof:
        data = source.take(_ZSTD_CHUNK)
        if not data:
            raise _truncated(source)
        try:
            chunk = decoder.decompress(data)
        except zstandard.ZstdError as error:
            raise _corrupt(source, error) from error
        if chunk:
            yield chunk
    source.give_back(len(decoder.unused_data))


def _is_skippable(head: bytes) -> bool:
    return len(head) >= 4 and head[1:4] == _SKIPPABLE and head[0] >> 4 == 5


def _skip_frame(source: _Source) -> None:
    header = source.peek(8)
    left = 8 + int.from_bytes(header[4:], "little")
    while left > 0:
        data = source.take(min(left, _GZIP_CHUNK))
        if not data:
            raise _truncated(source)
        left -= len(data)


def _truncated(source: _Source) -> Corrupt:
    return Corrupt("truncated", f"the compressed file ends at byte {source.offset} in the midst of a member")


def _corrupt(source: _Source, error: Exception) -> Corrupt:
    return Corrupt("corrupt_compression", f"before byte {source.offset}: {error}")
