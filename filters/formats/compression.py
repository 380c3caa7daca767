"""Compressed files, decompressed as they are read: gzip, bzip2, xz and Zstandard, of any number of members."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from typing import TYPE_CHECKING, BinaryIO, Protocol

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "BOMB_BYTES",
    "BOMB_RATIO",
    "GZIP",
    "Corrupt",
    "Source",
    "bounded",
    "bzip2_stream",
    "decompressed",
    "deflate_stream",
    "is_compressed",
    "xz_stream",
    "zstd_frame",
]

GZIP = b"\x1f\x8b\x08"
"""What gzip begins with."""

_ZSTD = b"\x28\xb5\x2f\xfd"
_XZ = b"\xfd7zXZ\0"
# "BZh", the size of its blocks, and how the first block or an empty stream begins.
_BZIP2 = tuple(
    b"BZh%d%s" % (size, begins) for size in range(1, 10) for begins in (b"1AY&SY", b"\x17rE8P\x90")
)
_MAGICS = (GZIP, _ZSTD, _XZ, *_BZIP2)
_MAGIC_BYTES = 10
_SKIPPABLE = b"\x2a\x4d\x18"  # bytes 1 to 3 of a skippable frame; byte 0 is 0x50 to 0x5f

_BUFFER = 2**18
_GZIP_CHUNK = 2**16
# Zstandard's decoder cannot be told how much to put out; two kilobytes give 64 MB at most (128 KiB from 4 bytes).
_ZSTD_CHUNK = 2**11
# What `zstd` itself accepts unless it is told otherwise.
_ZSTD_WINDOW = 2**27
# `xz -9` needs 65 MiB; a header may ask for 4 GiB.
_XZ_MEMORY = 2**28

# DEFLATE cannot exceed 1,032 : 1 and text is below 20 : 1; the first 64 MiB are free, for a short run of zeros
# is no attack.
BOMB_RATIO = 1000
"""More decompressed bytes than this for each compressed one are refused."""
BOMB_BYTES = 64 * 2**20
"""Up to so many decompressed bytes no ratio is asked for."""


class Corrupt(Exception):  # noqa: N818 - named as an `Unreadable`'s reason reads
    """A compressed stream or an archive cannot be read further.

    Attributes:
        reason: ``truncated``, ``corrupt_compression``, ``decompression_bomb``, ``memory_exceeded`` or another.
        detail: What, and near which byte of the compressed file.
        value: The number that broke a limit, if one did.
        threshold: That limit.
    """

    def __init__(
        self, reason: str, detail: str, value: float | None = None, threshold: float | None = None
    ) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
        self.value = value
        self.threshold = threshold


def is_compressed(head: bytes) -> bool:
    """Whether a file that begins so is gzip, bzip2, xz or Zstandard, by its magic number."""
    return head.startswith(_MAGICS) or _is_skippable(head)


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
    source = Source(stream, head)
    if not is_compressed(source.peek(_MAGIC_BYTES)):
        raise ValueError("the stream is not compressed")
    return bounded(_members(source), source)


def bounded(chunks: Iterator[bytes], source: Source) -> io.BufferedReader:
    """A stream of the chunks that come out of a source, until they are more than it can honestly hold.

    Returns:
        A stream that cannot seek. What the chunks raise as `Corrupt`, its reads raise, after all bytes before it;
        likewise ``decompression_bomb`` beyond `BOMB_BYTES` and `BOMB_RATIO`.
    """
    return io.BufferedReader(_Decompressed(chunks, source), _BUFFER)


class Source:
    """Compressed bytes, with a look ahead and the offset for error messages.

    Attributes:
        offset: How many bytes were taken.
    """

    def __init__(self, stream: BinaryIO, head: bytes = b"") -> None:
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

    def __init__(self, chunks: Iterator[bytes], source: Source) -> None:
        self._chunks = chunks
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
        if self._out > BOMB_BYTES and self._out > BOMB_RATIO * self._source.offset:
            raise Corrupt(
                "decompression_bomb",
                f"{self._source.offset:,} bytes became {self._out:,}, more than {BOMB_RATIO} times as many",
                self._out // max(1, self._source.offset),
                BOMB_RATIO,
            )
        return chunk


def _members(source: Source) -> Iterator[bytes]:
    """The decompressed content of all members or frames, in pieces of bounded size, until a damage is raised."""
    while head := source.peek(_MAGIC_BYTES):
        start = source.offset
        if head.startswith(GZIP):
            yield from deflate_stream(source, 31)
        elif head.startswith(_ZSTD):
            yield from zstd_frame(source)
        elif head.startswith(_XZ):
            yield from xz_stream(source)
        elif head.startswith(_BZIP2):
            yield from bzip2_stream(source)
        elif _is_skippable(head):
            _skip_frame(source)
        elif head[0] == 0:
            # gzip allows padding with zeros, as on tapes, and so does xz.
            source.take(len(head) - len(head.lstrip(b"\0")))
        elif start and any(magic.startswith(head) for magic in _MAGICS):
            raise _truncated(source)
        else:
            raise Corrupt("corrupt_compression", f"what follows at byte {start} is not compressed")


def deflate_stream(source: Source, wbits: int) -> Iterator[bytes]:
    """One stream of zlib's; `wbits` is 31 for gzip, 15 for zlib, -15 for bare DEFLATE."""
    decoder = zlib.decompressobj(wbits)
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


def zstd_frame(source: Source) -> Iterator[bytes]:
    """One frame of Zstandard's."""
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


def bzip2_stream(source: Source) -> Iterator[bytes]:
    """One stream of bzip2's."""
    return _buffering(source, bz2.BZ2Decompressor())


def xz_stream(source: Source) -> Iterator[bytes]:
    """One stream of xz's."""
    return _buffering(source, lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY))


class _Buffering(Protocol):
    """What the decoders of `bz2` and `lzma` have in common: they keep input that they have not used yet."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def _buffering(source: Source, decoder: _Buffering) -> Iterator[bytes]:
    while not decoder.eof:
        data = source.take(_GZIP_CHUNK) if decoder.needs_input else b""
        if decoder.needs_input and not data:
            raise _truncated(source)
        try:
            chunk = decoder.decompress(data, _BUFFER)
        except lzma.LZMAError as error:
            if "emory usage limit" in str(error):
                raise Corrupt(
                    "memory_exceeded", f"decompression needs more than {_XZ_MEMORY:,} bytes", None, _XZ_MEMORY
                ) from error
            raise _corrupt(source, error) from error
        except (OSError, EOFError, ValueError) as error:
            raise _corrupt(source, error) from error
        if chunk:
            yield chunk
    source.give_back(len(decoder.unused_data))


def _is_skippable(head: bytes) -> bool:
    return len(head) >= 4 and head[1:4] == _SKIPPABLE and head[0] >> 4 == 5


def _skip_frame(source: Source) -> None:
    header = source.peek(8)
    left = 8 + int.from_bytes(header[4:], "little")
    while left > 0:
        data = source.take(min(left, _GZIP_CHUNK))
        if not data:
            raise _truncated(source)
        left -= len(data)


def _truncated(source: Source) -> Corrupt:
    return Corrupt("truncated", f"the compressed file ends at byte {source.offset} in the midst of a member")


def _corrupt(source: Source, error: Exception) -> Corrupt:
    return Corrupt("corrupt_compression", f"before byte {source.offset}: {error}")
