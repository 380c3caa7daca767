"""Parquet: one document a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from colophon.filters.formats.json_values import json_value
from colophon.filters.formats.records import document_of_record
from colophon.filters.formats.whole_file import too_large
from colophon.schemas import Document, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.schemas import ReadOptions

__all__ = ["Parquet"]

_MAGIC = b"PAR1"

# Rows decoded at a time: with documents of 100 kB some 6 MB.
_ROWS = 64


class Parquet:
    """Reads Parquet files that have a column of text; the other columns become metadata.

    >>> import io
    >>> from colophon.schemas import ReadOptions
    >>> file = io.BytesIO()
    >>> pq.write_table(pa.table({"text": ["Ants sleep.", None], "id": [7, 8]}), file)
    >>> first, second = Parquet().read(file, ReadOptions())
    >>> first.text, first.locator, first.metadata
    ('Ants sleep.', 'row=0', {'id': 7})
    >>> second.reason, second.locator
    ('text_is_null', 'row=1')
    """

    name: ClassVar[str] = "parquet"
    media_type: ClassVar[str] = "application/vnd.apache.parquet"
    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".pq")
    splittable: ClassVar[bool] = False
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = True

    def sniff(self, head: bytes) -> bool:
        """Whether the file begins with Parquet's magic."""
        return head.startswith(_MAGIC)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Yield a document for each row, in their order; up to the damage if a later page is corrupt."""
        row = 0
        try:
            # Arrow reads ahead from a Python file only if it is told to buffer: so memory stays at a few pages.
            file = pq.ParquetFile(stream, buffer_size=2**20, pre_buffer=False)
            fault = _text_column_fault(file.schema_arrow, options.text)
            if fault is not None:
                yield fault
                return
            for batch in file.iter_batches(batch_size=_ROWS, use_threads=False):
                yield from _documents(batch, row, options, self.media_type)
                row += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            # Arrow raises OSError for bytes that it cannot decode; the operating system's have a number.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            where = f"row={row}" if row else ""
            yield Unreadable("not_parquet", (str(error).splitlines() or [type(error).__name__])[0], where)


def _text_column_fault(schema: pa.Schema, name: str) -> Unreadable | None:
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


def _documents(
    batch: pa.RecordBatch, first: int, options: ReadOptions, media_type: str
) -> Iterator[Document | Unreadable]:
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
