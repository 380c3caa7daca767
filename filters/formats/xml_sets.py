"""Files that hold many XML documents in one: cut apart while they are read, so that each is parsed alone.

A parser of the whole would need memory for the whole, and stop at the first fault. Here a document that is too large,
or broken, costs itself: where the next one begins, reading goes on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from colophon.filters.formats.whole_file import head_of, rejoined, too_large
from colophon.filters.formats.xml_parsing import declared_encoding, parse_xml, root_of
from colophon.schemas import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml import etree

__all__ = ["Piece", "XmlSet", "begun", "numbered"]

_Item = TypeVar("_Item")

_CHUNK = 2**20
# No tag that is looked for, prefix included, is longer.
_LONGEST_TAG = 128
# A comment or CDATA section of more is taken for one without an end.
_LONGEST_SECTION = 2**24
# What is declared for all documents stands in so much before the first.
_LONGEST_BEFORE = 2**20

_GREATER = ord(">")
_PREFIX = rb"(?:[A-Za-z_][\w.-]{0,60}:)?"
_NAMESPACE = re.compile(rb"""\s(xmlns:[A-Za-z_][\w.-]*)\s*=\s*("[^"<]*"|'[^'<]*')""")


def begun(stream: BinaryIO) -> tuple[bytes, BinaryIO]:
    """The first bytes of a stream, and a stream that still has them."""
    start = stream.tell() if stream.seekable() else -1
    head = head_of(stream)
    if start < 0:
        return head, rejoined(head, stream)
    stream.seek(start)
    return head, stream


def numbered(items: Iterable[_Item], name: str) -> Iterator[tuple[str, _Item]]:
    """Each item with its locator; one that is alone has none.

    >>> list(numbered("ab", "ant")), list(numbered("a", "ant"))
    ([('ant=1', 'a'), ('ant=2', 'b')], [('', 'a')])
    """
    first: list[_Item] = []
    number = 0
    for number, item in enumerate(items, 1):
        if number == 1:
            first.append(item)
            continue
        if first:
            yield f"{name}=1", first.pop()
        yield f"{name}={number}", item
    if first:
        yield "", first.pop()


@dataclass(slots=True)
class Piece:
    """One document of a set.

    Attributes:
        offset: Its first byte in the file.
        size: How many bytes it has.
        data: They, unless they are too many.
    """

    offset: int
    size: int
    data: bytes | None


class XmlSet:
    """The elements of some names in a file of XML, one after the other.

    What stands in comments and in CDATA is none of them. One whose end is missing ends where the next one begins.

    Args:
        stream: The file, in an encoding that writes ASCII as ASCII.
        names: Local names of the elements.
        limit: Most bytes of one element; about as many are held in memory.

    >>> import io
    >>> found = XmlSet(io.BytesIO(b"<set><ant>1</ant><ant>2<ant>3</ant></set>"), ("ant",), 99)
    >>> [piece.data for piece in found.pieces()], found.before
    ([b'<ant>1</ant>', b'<ant>2', b'<ant>3</ant>'], b'<set>')
    """

    def __init__(self, stream: BinaryIO, names: tuple[str, ...], limit: int) -> None:
        name = _PREFIX + b"(?:" + b"|".join(re.escape(name.encode()) for name in names) + b")"
        self._token = re.compile(
            rb"<!--|<!\[CDATA\[|<(?P<begins>" + name + rb")(?=[\s/>])|</(?P<ends>" + name + rb")\s{0,20}>"
        )
        self._stream = stream
        self._limit = limit
        self._held = bytearray()
        self._base = 0
        self._open: int | None = None
        self._no_cdata_ends = 0
        self._found = False
        self._before = bytearray()

    @property
    def before(self) -> bytes:
        """What stands before the first element, known when that was found; of more than a megabyte the beginning."""
        return bytes(self._before)

    @staticmethod
    def is_one(head: bytes, alone: str) -> bool:
        """Whether a file that begins so can be cut: it is XML, its root no `alone`, and its ASCII is ASCII."""
        root = root_of(head)
        return (
            root is not None
            and root["name"].rpartition(":")[2] != alone
            and b"\0" not in head
            and not declared_encoding(head).startswith((b"utf-16", b"utf-32", b"ucs", b"iso-10646"))
        )

    def parsed(self, piece: Piece) -> etree._Element | Unreadable:
        """A parent of the piece alone, which knows the prefixes declared for all; or why there is none."""
        if piece.data is None:
            return too_large(piece.size, self._limit)
        encoding = declared_encoding(self.before)
        spaces = b"".join(b" %s=%s" % found for found in dict(_NAMESPACE.findall(self.before)).items())
        head = b'<?xml version="1.0" encoding="%s"?>' % encoding if encoding else b""
        # Without a DTD, which is not read, an entity that nobody knows would be an error of its own kind.
        head += b'<!DOCTYPE set SYSTEM "set.dtd">' if b"<!DOCTYPE" in self.before else b""
        root = parse_xml(b"%s<set%s>%s</set>" % (head, spaces, piece.data))
        if isinstance(root, Unreadable):
            root.detail = f"of what begins at byte {piece.offset:,}, {root.detail}"
        return root

    def pieces(self) -> Iterator[Piece]:
        """Find the elements, in their order."""
        name = b""
        for start, end, begins, ends in self._tags():
            if self._open is not None and (begins or ends == name):
                yield self._piece(start if begins else end)
            if begins:
                self._open, name = start, begins
        if self._open is not None:
            yield self._piece(self._base + len(self._held))

    def _piece(self, end: int) -> Piece:
        start = self._open or 0
        self._open = None
        size = end - start
        kept = start >= self._base and size <= self._limit
        return Piece(start, size, bytes(self._held[start - self._base : end - self._base]) if kept else None)

    def _tags(self) -> Iterator[tuple[int, int, bytes | None, bytes | None]]:
        """Where each tag begins and ends, and the name that it opens or closes."""
        at = 0
        while True:
            match = self._token.search(self._held, at - self._base)
            if match is None:
                at = max(at, self._base + len(self._held) - _LONGEST_TAG)
                if not self._more(at):
                    return
                continue
            start, at = self._base + match.start(), self._base + match.end()
            begins, ends = match["begins"], match["ends"]
            if begins is None and ends is None:
                at = self._behind(at, comment=match[0] == b"<!--")
                continue
            if begins and not self._found:
                self._before += self._held[: min(start - self._base, _LONGEST_BEFORE - len(self._before))]
                self._found = True
            yield start, at, begins, ends

    def _behind(self, at: int, *, comment: bool) -> int:
        """Where the comment or CDATA section ends that begins before `at`; `at` if it has no end."""
        mark = b"--" if comment else b"]]>"
        seen = at if comment else max(at, self._no_cdata_ends)
        while True:
            # Two hyphens end a comment, or it is none; without this rule an open one would swallow the next article.
            found = self._held.find(mark, max(0, seen - self._base))
            if found >= 0 and found + 2 < len(self._held):
                return self._base + found + 3 if self._held[found + 2] == _GREATER else at
            seen = max(seen, self._base + len(self._held) - 2)
            if not comment:
                self._no_cdata_ends = seen
            if seen - at > _LONGEST_SECTION or not self._more(at):
                return at

    def _more(self, at: int) -> bool:
        """Read on; forget what is neither behind `at` nor of an open piece that may still be small enough."""
        first = at if self._open is None else min(at, self._open)
        if self._base + len(self._held) - first > self._limit + _LONGEST_TAG + _LONGEST_SECTION:
            first = at
        if not self._found:
            self._before += self._held[: min(first - self._base, _LONGEST_BEFORE - len(self._before))]
        del self._held[: first - self._base]
        self._base = first
        chunk = self._stream.read(_CHUNK)
        self._held += chunk
        return bool(chunk)
