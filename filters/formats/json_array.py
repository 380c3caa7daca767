"""JSON: an array of records, or one record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import orjson

from colophon.filters.formats.json_lines import document_of_json
from colophon.filters.formats.whole_file import read_whole, rejoined, too_large
from colophon.schemas import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.schemas import Document, ReadOptions

__all__ = ["Json"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ARRAY_OF_OBJECTS = re.compile(rb"\s*\[\s*\{\s*[\"}]")
_CHUNK = 2**20
# What orjson parses.
_DEEPEST = 1024

_MARKS = re.compile(rb'["{}\[\],]')
_IN_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)


class Json:
    """Reads an array of objects as a document each, and an object as one document.

    An object without the key that holds the text, but with one array of objects in it, is read like that array.
    Memory is bounded by the largest record allowed.

    >>> import io
    >>> from colophon.schemas import ReadOptions
    >>> stream = io.BytesIO(b'[{"text": "Ants sleep.", "id": 7}, 8]')
    >>> first, second = Json().read(stream, ReadOptions())
    >>> first.text, first.locator, first.metadata
    ('Ants sleep.', 'item=0', {'id': 7})
    >>> second.reason, second.locator
    ('not_an_object', 'item=1')
    """

    name: ClassVar[str] = "json"
    media_type: ClassVar[str] = "application/json"
    suffixes: ClassVar[tuple[str, ...]] = (".json",)
    splittable: ClassVar[bool] = False
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = False

    def sniff(self, head: bytes) -> bool:
        """Whether the file begins like an array of objects."""
        return bool(_ARRAY_OF_OBJECTS.match(head.removeprefix(_BYTE_ORDER_MARK)))

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Yield a document for each object of the array, in their order."""
        head = stream.read(_CHUNK)
        content = rejoined(head, stream)
        bare = head.removeprefix(_BYTE_ORDER_MARK).lstrip()
        content.read(len(head) - len(bare))
        if bare.startswith(b"["):
            yield from self._array(content, options)
        else:
            yield from self._object(content, options)

    def _array(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        for index, item in enumerate(_items(stream, options.max_document_bytes)):
            locator = f"item={index}"
            if isinstance(item, Unreadable):
                item.locator = locator
                yield item
            else:
                yield document_of_json(item, f"item {index}", locator, self.media_type, options)

    def _object(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        data = read_whole(stream, options.max_document_bytes)
        if isinstance(data, Unreadable):
            yield data
            return
        arrays = _arrays(data, options.text)
        if len(arrays) != 1:
            yield document_of_json(data, "the file", "", self.media_type, options)
            return
        for index, item in enumerate(arrays[0]):
            yield document_of_json(
                orjson.dumps(item), f"item {index}", f"item={index}", self.media_type, options
            )


def _arrays(data: bytes, text: str) -> list[list[Any]]:
    """The arrays of objects right below an object that has no text itself."""
    try:
        record: Any = orjson.loads(data)
    except orjson.JSONDecodeError:
        return []
    if not isinstance(record, dict) or text in record:
        return []
    return [
        value
        for value in record.values()
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
    ]


# One scanner with its state in plain sight, not several that share it.
def _items(stream: BinaryIO, limit: int) -> Iterator[bytes | Unreadable]:  # noqa: C901, PLR0912, PLR0915
    """The elements of an array, cut at its commas, each as its bytes.

    Args:
        stream: Begins with the array's bracket.
        limit: Larger elements are passed over, in bytes.
    """
    stream.read(1)
    item = bytearray()
    size = depth = 0
    string = False
    first = True
    carried = b""
    while chunk := stream.read(_CHUNK):
        chunk = carried + chunk
        carried = b""
        at = 0
        while at < len(chunk):
            if string:
                end = _end_of_string(chunk, at)
                if end == len(chunk):
                    # The next byte tells what its backslash escapes.
                    odd = (len(chunk) - at - len(chunk[at:].rstrip(b"\\"))) % 2
                    end -= odd
                    carried = chunk[end:]
                else:
                    string = False
                    end += 1
            else:
                mark = _MARKS.search(chunk, at)
                end = mark.end() if mark else len(chunk)
                kind = mark[0] if mark else b""
                string = kind == b'"'
                if kind in {b"{", b"["}:
                    depth += 1
                    if depth > _DEEPEST:
                        yield Unreadable(
                            "too_deeply_nested", "what follows is not read", value=depth, threshold=_DEEPEST
                        )
                        return
                elif depth and kind in {b"}", b"]"}:
                    depth -= 1
                elif depth == 0 and kind in {b",", b"]", b"}"}:
                    item += chunk[at : end - 1]
                    size += end - 1 - at
                    if kind == b"," or not first or size > limit or item.strip():
                        yield too_large(size, limit) if size > limit else bytes(item.strip())
                    if kind == b"}":
                        yield Unreadable("not_json", "a brace closes what a bracket opened")
                        return
                    if kind != b",":
                        yield from _behind(chunk[end:], stream)
                        return
                    first = False
                    item.clear()
                    size = 0
                    at = end
                    continue
            size += end - at
            if size <= limit:
                item += chunk[at:end]
            at = end if not carried else len(chunk)
    yield Unreadable("truncated", "the array does not end")


def _end_of_string(chunk: bytes, at: int) -> int:
    match = _IN_STRING.match(chunk, at)
    end = match.end() if match else at
    # A backslash that ends the chunk is not matched.
    return len(chunk) if end == len(chunk) - 1 and chunk.endswith(b"\\") else end


def _behind(rest: bytes, stream: BinaryIO) -> Iterator[Unreadable]:
    """What is wrong with what follows an array, if anything does."""
    while not rest.strip():
        rest = stream.read(_CHUNK)
        if not rest:
            return
    yield Unreadable("not_json", "something follows the array")
