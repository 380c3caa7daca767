"""Archives: zip and tar, whose members are read one after the other and never written to a disk.

A member's name is only ever shown, so ``../`` and absolute names are harmless.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from colophon.filters.formats.compression import (
    Corrupt,
    Source,
    bounded,
    bzip2_stream,
    deflate_stream,
    xz_stream,
    zstd_frame,
)
from colophon.filters.formats.registry import Member
from colophon.schemas import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from colophon.schemas import Document, ReadOptions

__all__ = ["MOST_MEMBERS", "Tar", "Zip"]

MOST_MEMBERS = 100_000
"""More members than this, those of inner archives included, are not read."""

_LONGEST_NAME = 1024

# What macOS adds to an archive beside the files.
_OF_THE_SYSTEM = re.compile(r"(?:^|/)(?:__MACOSX/|\.DS_Store$|\._[^/]*$)")


class _Names:
    """The locators of an archive's members: no two alike, though names may be."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._count = 0

    def __call__(self, name: str) -> str:
        self._count += 1
        shown = _shown(name)
        if shown in self._seen or len(shown) > _LONGEST_NAME:
            return f"!/{shown[:_LONGEST_NAME]}#member={self._count}"
        self._seen.add(shown)
        return f"!/{shown}"


def _shown(name: str) -> str:
    r"""A name as it stands but for ``%``, ``#``, ``!/``, control characters and bytes that are not UTF-8.

    >>> _shown("../100% naïve#1!/two\nlines")
    '../100%25 naïve%231%21/two%0Alines'
    """

    def encoded(match: re.Match[str]) -> str:
        return "".join(f"%{byte:02X}" for byte in os.fsencode(match[0]))

    return re.sub("[%#\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|!(?=/)", encoded, name)


def _read_alone(
    container: Zip | Tar, stream: BinaryIO, options: ReadOptions
) -> Iterator[Document | Unreadable]:
    # `reading` needs the list of formats, which needs this module.
    from colophon.filters.formats.reading import read_stream  # noqa: PLC0415

    return read_stream(stream, "", options, container)


# --- zip ---------------------------------------------------------------------------------------------------------

# The directory is parsed as a whole; 100,000 members with names of 250 bytes fit.
_DIRECTORY_BYTES = 2**25

_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENCRYPTED = 1

_METHODS: dict[int, Callable[[Source], Iterator[bytes]]] = {
    0: lambda source: iter(lambda: source.take(2**16), b""),
    8: lambda source: deflate_stream(source, -15),
    12: bzip2_stream,
    93: zstd_frame,
    95: xz_stream,
}

# Members that tell a document or program in the form of a zip from an archive of papers.
_PACKAGE = re.compile(
    r"mimetype|\[Content_Types\]\.xml|META-INF/(?:MANIFEST\.MF|container\.xml)|[^/]+\.dist-info/WHEEL"
)


class Zip:
    """Reads the members of zip archives: stored, deflated, bzip2, Zstandard and xz.

    >>> from colophon.schemas import ReadOptions
    >>> file = io.BytesIO()
    >>> with zipfile.ZipFile(file, "w") as archive:
    ...     archive.writestr("notes/ants.txt", "Ants sleep.")
    >>> [document] = Zip().read(file, ReadOptions())
    >>> document.text, document.locator
    ('Ants sleep.', '!/notes/ants.txt')
    """

    name: ClassVar[str] = "zip"
    media_type: ClassVar[str] = "application/zip"
    suffixes: ClassVar[tuple[str, ...]] = (".zip",)
    splittable: ClassVar[bool] = False
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = True
    most_members: ClassVar[int | None] = MOST_MEMBERS
    decompresses: ClassVar[bool] = False

    def sniff(self, head: bytes) -> bool:
        """Whether the file begins with a member, or is an archive of none."""
        return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Read the documents of all members, here and not in a child."""
        return _read_alone(self, stream, options)

    def members(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Member | Unreadable]:  # noqa: ARG002
        """Find the members in the order of the archive's directory."""
        infos = _directory(stream)
        size = stream.seek(0, io.SEEK_END)
        claimed = sum(info.compress_size for info in infos)
        if claimed > size:
            yield Unreadable(
                "overlapping_members",
                f"the members claim {claimed:,} bytes of an archive of {size:,}",
                value=claimed,
                threshold=size,
            )
            return
        if package := next((info.filename for info in infos if _PACKAGE.fullmatch(info.filename)), ""):
            yield Unreadable(
                "unknown_format", f"a document or program packed as a zip, for it has {package!r}"[:1000]
            )
            return
        locator_of = _Names()
        for info in infos:
            if info.filename.endswith("/") or _OF_THE_SYSTEM.search(info.filename):
                continue
            locator = locator_of(info.filename)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind and not stat.S_ISREG(kind):
                yield _not_regular(locator, "a link or device")
            elif info.flag_bits & _ENCRYPTED:
                yield Unreadable("encrypted", "the member is encrypted", locator)
            elif info.compress_type not in _METHODS:
                yield Unreadable(
                    "unsupported_compression", f"compressed by method {info.compress_type}", locator
                )
            else:
                try:
                    yield Member(locator, info.filename, _opened(stream, info))
                except Corrupt as fault:
                    yield Unreadable(fault.reason, fault.detail, locator)


def _directory(stream: BinaryIO) -> list[zipfile.ZipInfo]:
    try:
        # Its own names are all that `ZipFile` asks of a file: what it would read at once is bounded here.
        return zipfile.ZipFile(_BoundedReads(stream)).infolist()
    except Corrupt:
        raise
    except MemoryError:
        raise
    # A hostile directory makes it raise whatever its parts raise: struct.error, ValueError, OverflowError, …
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None and stream.closed:
            raise
        raise Corrupt("damaged_archive", f"no directory of a zip archive: {error}") from error


class _BoundedReads(io.BytesIO):
    """A file of which no single read may be large."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > _DIRECTORY_BYTES:
            raise Corrupt(
                "too_many_members",
                f"the directory of the archive has {size:,} bytes",
                size,
                _DIRECTORY_BYTES,
            )
        return self._stream.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


class _Slice(io.RawIOBase):
    """Some bytes of a file that others may have moved in since."""

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        self._stream = stream
        self._at = start
        self._end = start + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._stream.seek(self._at)
        data = self._stream.read(min(len(buffer), self._end - self._at))
        self._at += len(data)
        buffer[: len(data)] = data
        return len(data)


def _opened(stream: BinaryIO, info: zipfile.ZipInfo) -> BinaryIO:
    """The decompressed bytes of a member.

    Raises:
        Corrupt: It is not where the directory says.
    """
    stream.seek(max(0, info.header_offset))
    header = stream.read(_LOCAL_HEADER.size)
    if info.header_offset < 0 or len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
        raise Corrupt("damaged_member", f"no member begins at byte {info.header_offset}")
    _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
    start = info.header_offset + _LOCAL_HEADER.size + name_bytes + extra_bytes
    source = Source(io.BufferedReader(_Slice(stream, start, info.compress_size)))
    return bounded(_verified(_METHODS[info.compress_type](source), info), source)


def _verified(chunks: Iterator[bytes], info: zipfile.ZipInfo) -> Iterator[bytes]:
    size = checksum = 0
    for chunk in chunks:
        size += len(chunk)
        checksum = zlib.crc32(chunk, checksum)
        yield chunk
    if size != info.file_size or checksum != info.CRC:
        raise Corrupt("damaged_member", "its length or checksum is not what the archive's directory says")


# --- tar ---------------------------------------------------------------------------------------------------------

_BLOCK = 512
# Long names and extended attributes stand in records of their own; a path has 4,096 bytes at most.
_LONGEST_RECORD = 2**20

_RECORD = re.compile(rb"(\d{1,7}) ")

_REGULAR = b"0\x007"
_LINKS_AND_DEVICES = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a character device",
    b"4": "a block device",
    b"6": "a pipe",
}


@dataclass
class _Header:
    """What a block of 512 bytes says of the member behind it."""

    name: str
    kind: bytes
    size: int
    target: str
    continues: bool


class Tar:
    """Reads the members of tar archives: of POSIX (ustar, pax), of GNU, and older.

    Behind a damage it looks for the next header. See POSIX.1-2017, ``pax``, "ustar Interchange Format".

    >>> import tarfile
    >>> from colophon.schemas import ReadOptions
    >>> file = io.BytesIO()
    >>> with tarfile.open(fileobj=file, mode="w") as archive:
    ...     info = tarfile.TarInfo("notes/ants.txt")
    ...     info.size = 11
    ...     archive.addfile(info, io.BytesIO(b"Ants sleep."))
    >>> [document] = Tar().read(io.BytesIO(file.getvalue()), ReadOptions())
    >>> document.text, document.locator
    ('Ants sleep.', '!/notes/ants.txt')
    """

    name: ClassVar[str] = "tar"
    media_type: ClassVar[str] = "application/x-tar"
    suffixes: ClassVar[tuple[str, ...]] = (".tar", ".tgz", ".tbz2", ".txz", ".tzst")
    splittable: ClassVar[bool] = False
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = False
    most_members: ClassVar[int | None] = MOST_MEMBERS
    decompresses: ClassVar[bool] = False

    def sniff(self, head: bytes) -> bool:
        """Whether the file begins with a header whose checksum is right."""
        return len(head) >= _BLOCK and _header(head[:_BLOCK]) is not None

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Read the documents of all members, here and not in a child."""
        return _read_alone(self, stream, options)

    # One pass over the blocks, whose kinds stand one below the other.
    def members(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Member | Unreadable]:  # noqa: ARG002, C901
        """Find the members in their order."""
        source = Source(stream)
        locator_of = _Names()
        attributes: dict[str, str] = {}
        blank = 0
        lost = False
        while len(block := source.peek(_BLOCK)) == _BLOCK:
            at = source.offset
            source.take(_BLOCK)
            if not block.strip(b"\0"):
                blank += 1
                continue
            header = _header(block)
            if header is None:
                # Behind the two empty blocks that end an archive anything may stand, another archive included.
                if blank < 2 and not lost:
                    yield Unreadable("damaged_archive", f"no member begins at byte {at}")
                lost = True
                continue
            lost, blank = False, 0
            if header.kind in b"LKxXg":
                attributes |= _attributes(source, header)
                continue
            name = attributes.get("path", header.name)
            size = header.size
            if attributes.get("size", "").isascii() and attributes.get("size", "").isdigit():
                size = int(attributes["size"])
            sparse = header.kind == b"S" or any(key.startswith("GNU.sparse.") for key in attributes)
            attributes = {}
            while header.continues:
                header.continues = source.peek(_BLOCK)[504:505] not in {b"\0", b""}
                source.take(_BLOCK)
            if header.kind in _LINKS_AND_DEVICES:
                detail = _LINKS_AND_DEVICES[header.kind]
                yield _not_regular(
                    locator_of(name), f"{detail} to {header.target}" if header.target else detail
                )
                continue
            if header.kind == b"5" or (header.kind in _REGULAR and name.endswith("/")):
                continue
            content = _TarMember(source, size)
            if sparse:
                yield Unreadable("sparse_file", "a file with holes", locator_of(name))
            # "V" and "M" name the volume; letters in general are left to makers, and hold no file to read.
            elif not (header.kind.isalpha() or _OF_THE_SYSTEM.search(name)):
                yield Member(locator_of(name), name, io.BufferedReader(content))
            content.skip()
        if blank < 2 and (block.strip(b"\0") or not blank):
            raise Corrupt(
                "truncated", f"the archive ends at byte {source.offset + len(block)} without its mark"
            )


class _TarMember(io.RawIOBase):
    """The bytes of a member, as they come."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self._left = size
        self._padding = -size % _BLOCK

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._source.take(min(len(buffer), self._left)) if self._left else b""
        if self._left and len(buffer) and not data:
            raise Corrupt(
                "truncated", f"the archive ends at byte {self._source.offset}, in the midst of a member"
            )
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)

    def skip(self) -> None:
        """Pass over what is left, and over what fills its last block."""
        left = self._left + self._padding
        self._left = 0
        while left > 0 and (data := self._source.take(min(left, 2**16))):
            left -= len(data)


def _header(block: bytes) -> _Header | None:
    """A header, or None if its checksum or size is none."""
    checksum = _number(block[148:156])
    plain = block[:148] + b" " * 8 + block[156:]
    # Some old programs summed signed bytes.
    if checksum not in {sum(plain), sum(plain) - 256 * sum(byte >> 7 for byte in plain)}:
        return None
    size = _number(block[124:136])
    if size is None:
        return None
    name = _text(block[:100])
    if block[257:263] == b"ustar\0" and block[345]:
        name = f"{_text(block[345:500])}/{name}"
    kind = block[156:157]
    return _Header(name, kind, size, _text(block[157:257]), kind == b"S" and block[482] != 0)


def _number(field: bytes) -> int | None:
    """A number in octal digits or, GNU's way, in base 256; None if it is none or negative."""
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big") if field[0] == 0x80 else None
    digits = field.split(b"\0", 1)[0].strip()
    try:
        return (
            int(digits or b"0", 8) if (b"_" not in digits and digits[:1] not in b"+-") or not digits else None
        )
    except ValueError:
        return None


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _attributes(source: Source, header: _Header) -> dict[str, str]:
    """What a record of GNU's (L, K) or of pax (x, g) says of the member that follows; empty if it is too long."""
    content = _TarMember(source, header.size)
    data = io.BufferedReader(content).read(header.size) if header.size <= _LONGEST_RECORD else b""
    content.skip()
    if header.kind == b"L":
        return {"path": _text(data)}
    found: dict[str, str] = {}
    at = 0
    # What holds for all members (g) is never a path or a size.
    while header.kind in b"xX" and (match := _RECORD.match(data, at)):
        end = at + int(match[1])
        if end <= match.end():
            break
        key, _, value = data[match.end() : end].removesuffix(b"\n").partition(b"=")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        at = end
    return found


def _not_regular(locator: str, detail: str) -> Unreadable:
    return Unreadable("not_a_regular_file", _shown(detail), locator)
