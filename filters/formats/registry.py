"""What a format is, and the list of those that Colophon reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.schemas import Document, ReadOptions, Unreadable

__all__ = ["Format"]


class Format(Protocol):
    """A kind of file that can be read into documents; one file in this folder each.

    Attributes:
        name: As written in a recipe, for example ``jats``.
        media_type: For example ``application/jats+xml``.
        suffixes: Usual endings of file names, lower case with their dot; asked only if content does not tell.
        splittable: Whether parts of one large uncompressed file can be read apart (`ReadOptions.start`, `end`).
        isolated: Whether the parser may hang or crash on hostile input and so runs in a child that can be killed.
        seekable: Whether `read` needs to seek; a compressed file is then decompressed into memory first.
    """

    name: ClassVar[str]
    media_type: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    splittable: ClassVar[bool]
    isolated: ClassVar[bool]
    seekable: ClassVar[bool]

    def sniff(self, head: bytes) -> bool:
        """Whether the first bytes of a file (up to 4,096, decompressed) are sure to be this format."""
        ...

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Read documents from a stream of decompressed bytes; what cannot be read is yielded too, never raised."""
        ...
