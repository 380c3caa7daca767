"""What a format is, and the list of those that Colophon reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.schemas import Document, ReadOptions, Unreadable

__all__ = ["Container", "Format", "Member"]


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


@dataclass(slots=True)
class Member:
    """A file inside of another one.

    Attributes:
        locator: Where it stands, put before the locators of what is in it: ``!/dir/paper.xml`` or ``byte=1042``.
        name: Its name, which tells the format where content does not.
        stream: Its bytes, to be read before the next member is asked for; its reads may raise `Corrupt`.
        metadata: What its container says of it, for all documents in it.
    """

    locator: str
    name: str
    stream: BinaryIO
    metadata: dict[str, Any] = field(default_factory=dict)


@runtime_checkable
class Container(Format, Protocol):
    """A format that holds files of other formats, each detected and read as if it stood alone.

    Attributes:
        most_members: How many members are read before a file is taken for hostile; None for any number.
        decompresses: Whether it reads gzip by itself, for example to go on behind a damage.
    """

    most_members: ClassVar[int | None]
    decompresses: ClassVar[bool]

    def members(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Member | Unreadable]:
        """Find the members one after the other, and what cannot be read; may raise `Corrupt` where it must end."""
        ...
