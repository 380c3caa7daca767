"""Arrow's own formats, as files and as streams, Feather included: one document a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, ClassVar

import pyarrow as pa

from colophon.filters.formats.arrow_batches import DAMAGES, damage, documents_of_batch, text_column_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.schemas import Document, ReadOptions, Unreadable

__all__ = ["Arrow"]

_MAGIC = b"ARROW1"

_ROWS = 64


class Arrow:
    """Reads Arrow IPC files (Feather 2) and streams that have a column of text; the others become metadata.

    Feather 1, which Arrow itself no longer writes, is not read.

    >>> import io
    >>> from colophon.schemas import ReadOptions
    >>> table = pa.table({"text": ["Ants sleep.", None], "id": [7, 8]})
    >>> file = io.BytesIO()
    >>> with pa.ipc.new_stream(file, table.schema) as writer:
    ...     writer.write_table(table)
    >>> first, second = Arrow().read(io.BytesIO(file.getvalue()), ReadOptions())
    >>> first.text, first.locator, first.metadata
    ('Ants sleep.', 'row=0', {'id': 7})
    >>> second.reason, second.locator
    ('text_is_null', 'row=1')
    """

    name: ClassVar[str] = "arrow"
    media_type: ClassVar[str] = "application/vnd.apache.arrow.file"
    suffixes: ClassVar[tuple[str, ...]] = (".arrow", ".arrows", ".feather", ".ipc")
    splittable: ClassVar[bool] = False
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = True

    def sniff(self, head: bytes) -> bool:
        """Whether the file begins with the magic of an IPC file; a stream has none."""
        return head.startswith(_MAGIC)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Yield a document for each row, in their order; up to the damage if a later batch is corrupt."""
        row = 0
        try:
            for batch in _batches(stream):
                if (fault := text_column_fault(batch.schema, options.text)) is not None:
                    yield fault
                    return
                # Arrow believes the offsets in a file, and would read wherever they point.
                _without_encoding(batch).validate(full=True)
                for start in range(0, batch.num_rows, _ROWS):
                    part = batch.slice(start, _ROWS)
                    yield from documents_of_batch(part, row, options, self.media_type)
                    row += part.num_rows
        except DAMAGES as error:
            yield damage(error, "not_arrow", row)


def _batches(stream: BinaryIO) -> Iterator[pa.RecordBatch]:
    """The batches of a file or a stream; an empty one first, so that the columns are known where there are none."""
    head = stream.read(len(_MAGIC))
    stream.seek(0)
    if head == _MAGIC:
        file = pa.ipc.open_file(stream)
        yield pa.RecordBatch.from_pylist([], file.schema)
        for index in range(file.num_record_batches):
            yield file.get_batch(index)
    else:
        reader = pa.ipc.open_stream(stream)
        yield pa.RecordBatch.from_pylist([], reader.schema)
        yield from reader


def _without_encoding(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with its texts as bytes: whether a text is UTF-8 is asked row by row."""
    columns = []
    for column in batch.columns:
        plain = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}.get(column.type)
        columns.append(column if plain is None else column.view(plain))
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
