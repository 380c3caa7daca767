"""From a file's bytes to documents: decompress, detect the format, read; every file answers with something."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

from colophon.filters.formats import detect
from colophon.filters.formats.compression import Corrupt, decompressed, is_compressed
from colophon.filters.formats.whole_file import read_whole
from colophon.schemas import Document, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from colophon.filters.formats.registry import Format
    from colophon.schemas import ReadOptions

__all__ = ["HEAD_BYTES", "read_stream"]

HEAD_BYTES = 4096
"""How much of a file its format is told by."""

# A compressed file whose format must seek is held in memory decompressed, up to this size.
_SEEKABLE_BYTES = 2**30


def read_stream(
    stream: BinaryIO,
    name: str,
    options: ReadOptions,
    format: Format | None = None,  # noqa: A002 - what it is called everywhere else
    isolate: Callable[[Format, bytes, ReadOptions], Iterable[Document | Unreadable]] | None = None,
) -> Iterator[Document | Unreadable]:
    """Read the documents of a file, compressed or not.

    No exception of a reader leaves here: it becomes ``reader_failed``, and the documents before it stay. Only what the
    operating system says of the file itself (an `OSError` with a number) is named ``input_output_error``, for the
    caller may wish to try again.

    Args:
        stream: The file from its beginning; it must seek if `options` asks for a part.
        name: Its name, which tells the format where content does not.
        options: What to read; a part (`start`, `end`) only of a file that is splittable and not compressed.
        format: The format, where it is known; None to detect it.
        isolate: Reads a whole file of a format whose parser may hang or crash, in a process that can be killed;
            None to read it here.

    Yields:
        Documents and what could not be read, in the file's order; at least one of them, unless a part was asked for.
    """
    empty = True
    for item in _guarded(stream, name, options, format, isolate):
        empty = False
        yield item
    if empty and options.start == 0 and options.end is None:
        yield Unreadable("no_documents", "the file has no document in it")


def _guarded(
    stream: BinaryIO,
    name: str,
    options: ReadOptions,
    format: Format | None,  # noqa: A002
    isolate: Callable[[Format, bytes, ReadOptions], Iterable[Document | Unreadable]] | None,
) -> Iterator[Document | Unreadable]:
    try:
        yield from _read(stream, name, options, format, isolate)
    except Corrupt as fault:
        yield Unreadable(fault.reason, fault.detail)
    # A reader, built-in or a user's, may raise anything for bytes that nobody foresaw.
    except Exception as error:  # noqa: BLE001
        reason = "input_output_error" if isinstance(error, OSError) and error.errno else "reader_failed"
        lines = str(error).splitlines() or [""]
        yield Unreadable(reason, f"{type(error).__name__}: {lines[0]}"[:1000])


def _read(
    stream: BinaryIO,
    name: str,
    options: ReadOptions,
    format: Format | None,  # noqa: A002
    isolate: Callable[[Format, bytes, ReadOptions], Iterable[Document | Unreadable]] | None,
) -> Iterator[Document | Unreadable]:
    head = _head(stream)
    content: BinaryIO = stream
    if is_compressed(head):
        if options.start or options.end is not None:
            raise ValueError("a compressed file cannot be read in parts")
        content = plain = decompressed(stream, head)
        head = plain.peek(HEAD_BYTES)[:HEAD_BYTES]
        if is_compressed(head):
            yield Unreadable("nested_compression", "what was compressed is itself compressed")
            return
    elif stream.seekable():
        stream.seek(0)
    else:
        content = io.BufferedReader(_Rejoined(head, stream))
    if not head:
        yield Unreadable("empty_file", "0 bytes")
        return
    format = format or detect(head, name)  # noqa: A001
    if format is None:
        yield Unreadable(
            "unknown_format", f"neither content nor name tells; the file begins with {head[:16]!r}"
        )
        return
    if isolate is not None and format.isolated:
        data = read_whole(content, options.max_document_bytes)
        yield from [data] if isinstance(data, Unreadable) else isolate(format, data, options)
        return
    if format.seekable and not content.seekable():
        data = read_whole(content, _SEEKABLE_BYTES)
        if isinstance(data, Unreadable):
            yield data
            return
        content = io.BytesIO(data)
    yield from format.read(content, options)


def _head(stream: BinaryIO) -> bytes:
    """The first bytes of a stream, though a read may return less than it was asked for."""
    head = b""
    while len(head) < HEAD_BYTES and (chunk := stream.read(HEAD_BYTES - len(head))):
        head += chunk
    return head


class _Rejoined(io.RawIOBase):
    """A stream that cannot seek, with the head that was read of it put before it again."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._head[: len(buffer)] or self._stream.read(len(buffer))
        self._head = self._head[len(data) :]
        buffer[: len(data)] = data
        return len(data)
