"""From a file's bytes to documents: decompress, detect the format, read; every file answers with something."""

from __future__ import annotations

import io
import itertools
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO

import xxhash

from colophon.filters.formats import FORMATS, detect
from colophon.filters.formats.compression import (
    BOMB_BYTES,
    BOMB_RATIO,
    GZIP,
    Corrupt,
    decompressed,
    is_compressed,
)
from colophon.filters.formats.latex import looks_like_bundle, read_bundle
from colophon.filters.formats.registry import Container
from colophon.filters.formats.whole_file import HEAD_BYTES, head_of, read_whole, rejoined, too_large
from colophon.schemas import Document, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from colophon.filters.formats.registry import Format, Member
    from colophon.schemas import ReadOptions

    Isolate = Callable[[Format, bytes, ReadOptions], Iterable[Document | Unreadable]]

__all__ = ["DEEPEST", "HEAD_BYTES", "read_stream"]

DEEPEST = 3
"""How many containers may stand in each other: a file in a tar in a zip in a zip is read, one deeper is not."""

# A file whose format must seek is held in memory where it cannot, decompressed, up to this size.
_SEEKABLE_BYTES = 2**28

# LaTeX sources of one paper, figures included, are not more.
_BUNDLE_BYTES = 2**28
_BUNDLE_MEMBERS = 5000


def read_stream(
    stream: BinaryIO,
    name: str,
    options: ReadOptions,
    format: Format | None = None,  # noqa: A002 - what it is called everywhere else
    isolate: Isolate | None = None,
) -> Iterator[Document | Unreadable]:
    """Read the documents of a file, compressed or not, and of all files in it if it is an archive.

    No exception of a reader leaves here: it becomes ``reader_failed``, and the documents before it stay. Only what the
    operating system says of the file itself (an `OSError` with a number) is named ``input_output_error``, for the
    caller may wish to try again.

    Args:
        stream: The file from its beginning; it must seek if `options` asks for a part.
        name: Its name, which tells the format where content does not.
        options: What to read; a part (`start`, `end`) only of a file that is splittable. A compressed file has no
            parts: the one that starts at 0 has all of it.
        format: The format, where it is known; None to detect it. An archive is opened all the same, and its members
            are taken for files of that format.
        isolate: Reads a whole file of a format whose parser may hang or crash, in a process that can be killed;
            None to read it here.

    Yields:
        Documents and what could not be read, in the file's order; at least one of them, unless a part was asked for
        that has none: of a file without any, the first part says so.
    """
    return _answers(stream, name, _Way(options, format, isolate, _Spent(_size(stream))))


@dataclass(frozen=True)
class _Way:
    """How a file is read, and all files in it."""

    options: ReadOptions
    format: Format | None
    isolate: Isolate | None
    spent: _Spent
    depth: int = 0


@dataclass
class _Spent:
    """What the members of one file, and theirs, have come to.

    Attributes:
        size: Bytes of the file itself.
        members: Their number.
        bytes: Their decompressed bytes, as far as they were read.
    """

    size: int
    members: int = field(default=0)
    bytes: int = field(default=0)

    def check(self, container: Container) -> None:
        """Raise `Corrupt` if they are more than an honest file holds."""
        most = container.most_members
        if most is not None and self.members > most:
            raise Corrupt(
                "too_many_members", f"what follows the first {most:,} members is not read", self.members, most
            )
        limit = max(BOMB_BYTES, BOMB_RATIO * self.size)
        if self.bytes > limit:
            raise Corrupt(
                "decompression_bomb", f"{self.size:,} bytes became {self.bytes:,}", self.bytes, limit
            )


def _size(stream: BinaryIO) -> int:
    """Bytes of a file; of a pipe as many as there may be, for what is decompressed from it has a limit of its own."""
    try:
        return stream.seek(0, io.SEEK_END) if stream.seekable() else sys.maxsize
    finally:
        if stream.seekable():
            stream.seek(0)


def _answers(stream: BinaryIO, name: str, way: _Way) -> Iterator[Document | Unreadable]:
    empty = True
    for item in _guarded(stream, name, way):
        empty = False
        if isinstance(item, Unreadable):
            item.detail = _one_line(item.detail)
        yield item
    if empty and way.options.start == 0 and not _goes_on(stream, name, way):
        yield Unreadable("no_documents", "the file has no document in it")


def _goes_on(stream: BinaryIO, name: str, way: _Way) -> bool:
    """Whether there is anything behind the first part of a file; the other parts do not know of each other."""
    if way.options.end is None:
        return False
    stream.seek(0)
    rest = replace(way, options=replace(way.options, start=way.options.end, end=None))
    return next(_guarded(stream, name, rest), None) is not None


def _one_line(detail: str) -> str:
    """What a reader says, though it quotes the file: column names have line breaks and halves of characters."""
    return " ".join(detail.encode("utf-8", "backslashreplace").decode().split())


def _guarded(stream: BinaryIO, name: str, way: _Way) -> Iterator[Document | Unreadable]:
    try:
        yield from _read(stream, name, way)
    except Corrupt as fault:
        yield Unreadable(fault.reason, fault.detail, value=fault.value, threshold=fault.threshold)
    # A reader, built-in or a user's, may raise anything for bytes that nobody foresaw.
    except Exception as error:  # noqa: BLE001
        reason = "input_output_error" if isinstance(error, OSError) and error.errno else "reader_failed"
        lines = str(error).splitlines() or [""]
        yield Unreadable(reason, f"{type(error).__name__}: {lines[0]}"[:1000])


# One way from bytes to documents, whose forks stand one below the other.
def _read(stream: BinaryIO, name: str, way: _Way) -> Iterator[Document | Unreadable]:  # noqa: C901, PLR0911
    options = way.options
    head = head_of(stream)
    content = stream if stream.seekable() else rejoined(head, stream)
    if content is stream:
        stream.seek(0)
    if is_compressed(head):
        if options.start > 0:
            return
        options = replace(options, end=None)
        format = way.format or detect(_glimpse(head), name)  # noqa: A001
        if isinstance(format, Container) and format.decompresses and head.startswith(GZIP):
            yield from _contained(format, content, replace(way, options=options))
            return
        content = plain = decompressed(content)
        head = plain.peek(HEAD_BYTES)[:HEAD_BYTES]
        if is_compressed(head):
            yield Unreadable("nested_compression", "what was compressed is itself compressed")
            return
    if not head:
        yield Unreadable("empty_file", "0 bytes")
        return
    format = _format(head, name, way.format)  # noqa: A001
    if format is None:
        yield Unreadable(
            "unknown_format", f"neither content nor name tells; the file begins with {head[:16]!r}"
        )
        return
    if way.isolate is not None and format.isolated:
        data = read_whole(content, options.max_document_bytes)
        yield from [data] if isinstance(data, Unreadable) else way.isolate(format, data, options)
        return
    if format.seekable and not content.seekable():
        held = _in_memory(content)
        if isinstance(held, Unreadable):
            yield held
            return
        content = held
    if isinstance(format, Container):
        yield from _contained(format, content, replace(way, options=options))
        return
    yield from format.read(content, options)


def _format(head: bytes, name: str, known: Format | None) -> Format | None:
    """The format of a file; an archive is one though its members' format was named, unless a user's reads it."""
    if known is None:
        return detect(head, name)
    if known.name in FORMATS and not isinstance(known, Container):
        for key in ("zip", "tar"):
            if FORMATS[key].sniff(head):
                return FORMATS[key]
    return known


def _contained(container: Container, content: BinaryIO, way: _Way) -> Iterator[Document | Unreadable]:
    """The documents of all files in one."""
    if way.depth == DEEPEST:
        yield Unreadable(
            "nested_too_deeply",
            f"a container in {DEEPEST} others is not opened",
            value=DEEPEST + 1,
            threshold=DEEPEST,
        )
        return
    known = None if isinstance(way.format, Container) else way.format
    inner = replace(way, options=replace(way.options, start=0, end=None), format=known, depth=way.depth + 1)
    found = _members(container, content, way)
    if container.most_members is not None and (known is None or known.name == "latex"):
        sources, found = _held(found)
        if sources is not None:
            yield from _bundle(sources, found, way.options)
            return
    for item in found:
        if isinstance(item, Unreadable):
            yield item
            continue
        for document in _answers(item.stream, item.member.name, inner):
            yield _placed(document, item.member, item.counted)


@dataclass
class _Opened:
    """A member on its way.

    Attributes:
        member: As its container gave it.
        counted: Its bytes, counted and hashed as they are read.
        stream: What is read in its place: they, or what was held of them.
    """

    member: Member
    counted: _Counted
    stream: BinaryIO


def _members(container: Container, content: BinaryIO, way: _Way) -> Iterator[_Opened | Unreadable]:
    for member in container.members(content, way.options):
        way.spent.members += 1
        way.spent.check(container)
        if isinstance(member, Unreadable):
            yield member
            continue
        counted = _Counted(member.stream, way.spent, container)
        yield _Opened(member, counted, io.BufferedReader(counted))
        way.spent.check(container)


def _held(
    found: Iterator[_Opened | Unreadable],
) -> tuple[dict[str, bytes] | None, Iterator[_Opened | Unreadable]]:
    """Hold the members of an archive until it is sure that they are not the LaTeX sources of one paper.

    Returns:
        The sources by name, or None if they are none; and all members from the first, read again from memory.
    """
    held: list[_Opened | Unreadable] = []
    sources: dict[str, bytes] = {}
    size = 0
    end: Corrupt | None = None
    try:
        for item in found:
            held.append(item)
            if isinstance(item, Unreadable):
                continue
            name = item.member.name
            # With sources that are a bundle, is it one still?
            if len(held) > _BUNDLE_MEMBERS or not looks_like_bundle([name, "a.tex", "b.bib"]):
                return None, itertools.chain(held, found)
            data = b""
            try:
                while size <= _BUNDLE_BYTES and (chunk := item.stream.read(2**20)):
                    data += chunk
                    size += len(chunk)
            except Corrupt as fault:
                item.stream = io.BufferedReader(_Broken(data, fault))
                continue
            if size > _BUNDLE_BYTES:
                item.stream = rejoined(data, item.stream)
                return None, itertools.chain(held, found)
            item.stream = io.BytesIO(data)
            sources[name] = data
    except Corrupt as fault:
        end = fault

    def again() -> Iterator[_Opened | Unreadable]:
        yield from held
        if end is not None:
            raise end

    names = [item.member.name for item in held if isinstance(item, _Opened)]
    return sources if looks_like_bundle(names) else None, again()


def _bundle(
    sources: dict[str, bytes], found: Iterator[_Opened | Unreadable], options: ReadOptions
) -> Iterator[Document | Unreadable]:
    """The one document of LaTeX sources; none if any of them is damaged, for it would be one with a hole."""
    for item in found:
        if isinstance(item, Unreadable) and item.reason != "not_a_regular_file":
            yield replace(item, detail=f"{item.locator}: {item.detail}", locator="")
            return
        if isinstance(item, _Opened) and item.member.name not in sources:
            item.stream.read()
    for document in read_bundle(sources, options):
        if isinstance(document, Document):
            document.metadata = {"main_file": document.locator} | document.metadata
        elif document.locator:
            document.detail = f"{document.locator}: {document.detail}"
        # The bundle is the document.
        document.locator = ""
        yield document


class _Broken(io.RawIOBase):
    """What could be read of a member, and then its damage."""

    def __init__(self, data: bytes, fault: Corrupt) -> None:
        self._data = io.BytesIO(data)
        self._fault = fault

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = self._data.readinto(buffer)
        if not size and len(buffer):
            raise self._fault
        return size


def _placed(item: Document | Unreadable, member: Member, stream: _Counted) -> Document | Unreadable:
    """What was read of a member, with its place in the file and a digest of its own."""
    if isinstance(item, Document):
        # Of what was read so far, which is all where the member is one document.
        item.digest = item.digest or stream.digest(item.locator)
        item.metadata = member.metadata | item.metadata
    inner = item.locator
    item.locator = member.locator + (f"#{inner}" if inner and not inner.startswith("!/") else inner)
    return item


class _Counted(io.RawIOBase):
    """The bytes of a member, on their way counted and hashed."""

    def __init__(self, stream: BinaryIO, spent: _Spent, container: Container) -> None:
        self._stream = stream
        self._spent = spent
        self._container = container
        self._hash = xxhash.xxh3_128()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        self._hash.update(data)
        self._spent.bytes += len(data)
        self._spent.check(self._container)
        buffer[: len(data)] = data
        return len(data)

    def digest(self, locator: str) -> bytes:
        """16 bytes that tell a document from others, also from those of the same member."""
        if not locator:
            return self._hash.digest()
        own = self._hash.copy()
        own.update(locator.encode("utf-8", "surrogatepass"))
        return own.digest()


def _glimpse(head: bytes) -> bytes:
    """What a compressed file begins with, as far as its own beginning tells."""
    try:
        return decompressed(io.BytesIO(head)).peek(HEAD_BYTES)[:HEAD_BYTES]
    except Corrupt:
        return b""


def _in_memory(content: BinaryIO) -> io.BytesIO | Unreadable:
    held = io.BytesIO()
    while chunk := content.read(2**20):
        held.write(chunk)
        if held.tell() > _SEEKABLE_BYTES:
            return too_large(held.tell(), _SEEKABLE_BYTES)
    held.seek(0)
    return held
