"""Plain text: one document a file, taken as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, ClassVar

from colophon.filters.formats.charset import read_text
from colophon.schemas import Document, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.schemas import ReadOptions

__all__ = ["PlainText"]


class PlainText:
    """Reads plain text in UTF-8, in UTF-16 or UTF-32 with a byte order mark, or in a legacy charset.

    >>> import io
    >>> from colophon.schemas import ReadOptions
    >>> [document.text for document in PlainText().read(io.BytesIO(b"Ants sleep."), ReadOptions())]
    ['Ants sleep.']
    """

    name: ClassVar[str] = "text"
    media_type: ClassVar[str] = "text/plain"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".text")
    splittable: ClassVar[bool] = False
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = False

    def sniff(self, head: bytes) -> bool:  # noqa: ARG002 - the protocol's signature
        """Never sure: whatever can be decoded could be plain text."""
        return False

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Yield the one document."""
        text = read_text(stream, options)
        yield text if isinstance(text, Unreadable) else Document(text, media_type=self.media_type)
