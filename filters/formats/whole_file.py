"""Files that are one document each, read whole but never without limit."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

from colophon.schemas import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HEAD_BYTES", "head_of", "read_whole", "rejoined", "too_large"]

HEAD_BYTES = 4096
"""How much of a file its format is told by."""

_CHUNK = 2**20


def too_large(size: int, limit: int, locator: str = "") -> Unreadable:
    """What is yielded for a document of `size` bytes (or the part of it that was seen) over `limit`."""
    return Unreadable("too_large", f"more than {limit:,} bytes", locator, value=size, threshold=limit)


def head_of(stream: BinaryIO) -> bytes:
    """The first bytes of a stream, though a read may return less than it was asked for."""
    head = b""
    while len(head) < HEAD_BYTES and (chunk := stream.read(HEAD_BYTES - len(head))):
        head += chunk
    return head


def read_whole(stream: BinaryIO, limit: int) -> bytes | Unreadable:
    """All bytes of a stream, if there are any and not more than `limit`.

    Returns:
        The bytes, or why not: ``empty_file`` (nothing, or white space only) or ``too_large``, in which case
        not more than `limit` + 1 bytes were read.
    """
    # A read may return less than it was asked for; only nothing at all is the end.
    chunks: list[bytes] = []
    left = limit + 1
    read: Callable[[int], bytes] = stream.read
    while left > 0 and (chunk := read(min(left, _CHUNK))):
        chunks.append(chunk)
        left -= len(chunk)
    data = b"".join(chunks)
    if left <= 0:
        return too_large(len(data), limit)
    if not data or data.isspace():
        return Unreadable("empty_file", "nothing but white space" if data else "0 bytes")
    return data


def rejoined(head: bytes, stream: BinaryIO) -> BinaryIO:
    """A stream that cannot seek, of what was already read of another one and the rest of it."""
    return io.BufferedReader(_Rejoined(head, stream))


class _Rejoined(io.RawIOBase):
    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = memoryview(head)
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._head[: len(buffer)] or self._stream.read(len(buffer))
        self._head = self._head[len(data) :]
        buffer[: len(data)] = data
        return len(data)
