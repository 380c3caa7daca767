"""Rows of Arrow record batches as documents, for all formats that Arrow reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import xxhash

from colophon.filters.formats.json_values import json_value
from colophon.filters.formats.records import document_of_record
from colophon.filters.formats.whole_file import too_large
from colophon.schemas import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.schemas import Document, ReadOptions

__all__ = ["DAMAGES", "damage", "documents_of_batch", "text_column_fault"]

DAMAGES = (pa.ArrowException, OSError, UnicodeDecodeError)
"""What Arrow raises for bytes that it cannot decode."""


def text_column_fault(schema: pa.Schema, name: str) -> Unreadable | None:
    """Why the file has no text to read; None if it has."""
    columns = ", ".join(f"{field.name} ({field.type})" for field in schema) or "none"
    if schema.names.count(name) != 1:
        return Unreadable("no_text_column", f"no column {name!r}; columns: {columns}"[:1000])
    kind = schema.field(name).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return None
    return Unreadable("no_text_column", f"column {name!r} is no text; columns: {columns}"[:1000])


def damage(error: Exception, reason: str, row: int) -> Unreadable:
    """What is said of a file that is damaged from a row on.

    Args:
        error: One of `DAMAGES`.
        reason: For the ledger.
        row: The first row that cannot be read.

    Raises:
        OSError: What was raised is the operating system's, which has a number, and not Arrow's.
    """
    if isinstance(error, OSError) and error.errno is not None:
        raise error
    lines = str(error).splitlines() or [type(error).__name__]
    return Unreadable(reason, lines[0], f"row={row}" if row else "")


def documents_of_batch(
    batch: pa.RecordBatch, first: int, options: ReadOptions, media_type: str
) -> Iterator[Document | Unreadable]:
    """Yield a document for each row, in their order.

    Args:
        batch: Its column of text was found good by `text_column_fault`.
        first: The place of its first row in the file, from 0.
        options: Name the columns.
        media_type: Of the file.
    """
    texts = batch.column(options.text)
    if pa.types.is_dictionary(texts.type):
        texts = texts.cast(texts.type.value_type)
    rest = {name: _values(batch.column(name)) for name in batch.schema.names if name != options.text}
    for index, scalar in enumerate(texts):
        locator = f"row={first + index}"
        # Decoded here and one by one, for Arrow does not check that a column of text is UTF-8.
        buffer = scalar.as_buffer()
        if buffer is None:
            yield Unreadable("text_is_null", f"{options.text!r} is null", locator)
        elif buffer.size > options.max_document_bytes:
            yield too_large(buffer.size, options.max_document_bytes, locator)
        else:
            source = buffer.to_pybytes()
            try:
                text = source.decode()
            except UnicodeDecodeError as error:
                yield Unreadable("undecodable", f"byte {error.start}: {error.reason} in UTF-8", locator)
                continue
            record = {name: json_value(values[index]) for name, values in rest.items()}
            document = document_of_record(text, record, options.title)
            document.locator = locator
            document.media_type = media_type
            document.digest = xxhash.xxh3_128_digest(source)
            yield document


def _values(array: pa.Array[Any]) -> list[Any]:
    """A column as Python objects; all None where Arrow cannot make any."""
    kind = array.type
    # Python has no nanoseconds; Arrow would give objects of pandas, but only where that is installed.
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        array = array.cast(pa.timestamp("us", kind.tz), safe=False)
    elif kind == pa.time64("ns"):
        array = array.cast(pa.time64("us"), safe=False)
    elif kind == pa.duration("ns"):
        array = array.cast(pa.duration("us"), safe=False)
    try:
        values: list[Any] = array.to_pylist()
    except (ValueError, KeyError, OverflowError):
        # A string that is not UTF-8, a time zone unknown here, a date before the year 1.
        return [None] * len(array)
    return values
