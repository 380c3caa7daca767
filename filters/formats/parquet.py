"""Parquet: one document a row."""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING, BinaryIO, ClassVar

import pyarrow.parquet as pq

from colophon.filters.formats.arrow_batches import DAMAGES, damage, documents_of_batch, text_column_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.schemas import Document, ReadOptions, Unreadable

__all__ = ["Parquet"]

_MAGIC = b"PAR1"

# Rows decoded at a time: with documents of 100 kB some 6 MB.
_ROWS = 64


class Parquet:
    """Reads Parquet files that have a column of text; the other columns become metadata.

    A part of a file, ``[start, end)`` in bytes, has the row groups that start in it as far as their sizes tell.

    >>> import io
    >>> import pyarrow as pa
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
    splittable: ClassVar[bool] = True
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = True

    def sniff(self, head: bytes) -> bool:
        """Whether the file begins with Parquet's magic."""
        return head.startswith(_MAGIC)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Yield a document for each row, in their order; what is corrupt costs the rest of its row group."""
        try:
            # Arrow reads ahead from a Python file only if it is told to buffer: so memory stays at a few pages.
            file = pq.ParquetFile(stream, buffer_size=2**20, pre_buffer=False)
            fault = text_column_fault(file.schema_arrow, options.text)
            if fault is not None:
                # Of the whole file, so said once.
                yield from [fault] if options.start == 0 else []
                return
            starts = _starts(file.metadata, stream.seek(0, io.SEEK_END))
        except DAMAGES as error:
            fault = damage(error, "not_parquet", 0)
            yield from [fault] if options.start == 0 else []
            return
        first = 0
        for group, start in enumerate(starts):
            if start >= options.start and (options.end is None or start < options.end):
                yield from self._rows(file, group, first, options)
            first += file.metadata.row_group(group).num_rows

    def _rows(
        self, file: pq.ParquetFile, group: int, first: int, options: ReadOptions
    ) -> Iterator[Document | Unreadable]:
        row = first
        try:
            for batch in file.iter_batches(batch_size=_ROWS, row_groups=[group], use_threads=False):
                yield from documents_of_batch(batch, row, options, self.media_type)
                row += batch.num_rows
        except DAMAGES as error:
            yield damage(error, "not_parquet", row)


def _starts(metadata: pq.FileMetaData, size: int) -> list[int]:
    """Where each row group starts, by the sizes that the footer gives them, so that each belongs to one part.

    Its columns' own offsets are not asked for: Arrow 25 ends the process if the statistics beside them are damaged.
    """
    sizes = [max(0, metadata.row_group(index).total_byte_size) for index in range(metadata.num_row_groups)]
    whole = max(1, sum(sizes))
    return [before * max(0, size - 1) // whole for before in itertools.accumulate(sizes[:-1], initial=0)][
        : len(sizes)
    ]
