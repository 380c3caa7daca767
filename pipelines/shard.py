"""The files of a shard: their columns, and bytes that depend on their rows alone."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from colophon.pipelines.counts import count_data, count_ledger, files_of, inputs_line, merge_counts
from colophon.pipelines.storage import aside, sha256_of
from colophon.schemas import DATA_ORDER, DataRow, HeldRow, LedgerRow, WeightRow, arrow_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from colophon.pipelines.counts import Counts
    from colophon.pipelines.places import AnyPath
    from colophon.schemas import Recipe

__all__ = ["DataFile", "LedgerFile", "TableFile", "data_schema", "ledger_schema", "shard_summary"]

_ROW_GROUP_ROWS = 4096
_ROW_GROUP_BYTES = 32 * 2**20
_DICTIONARY = [
    "source", "media_type", "license", "license_evidence", "language", "fate", "stage", "reason",
]  # fmt: skip


def data_schema(recipe: Recipe) -> pa.Schema:
    """Columns of ``data/``: `DataRow` and the scores of the recipe's filters, in the declared order."""
    fields = {field.name: field for field in arrow_schema(DataRow)}
    for one in recipe.filters.values():
        fields |= {field.name: field.with_nullable(True) for field in arrow_schema(one.scores)}
    if recipe.deduplicate.against:
        fields |= {field.name: field for field in arrow_schema(HeldRow)}
    if recipe.weights:
        fields |= {field.name: field for field in arrow_schema(WeightRow)}
    known = [name for name in DATA_ORDER if name in fields]
    names = known + [name for name in fields if name not in known]
    metadata = {"colophon.table": "data: one row for each document that is kept, in the order of the inputs"}
    return pa.schema([fields[name] for name in names], metadata)


@lru_cache(maxsize=1)
def ledger_schema() -> pa.Schema:
    """Columns of ``ledger/``."""
    meaning = (
        "ledger: one row for each document and for each file that yielded none, in the order of the inputs"
    )
    return arrow_schema(LedgerRow).with_metadata({"colophon.table": meaning})


class TableFile:
    """A Parquet file that appears when the block ends well, with what was counted of its rows.

    Args:
        path: Where it goes.
        schema: Its columns.
        level: Effort of the zstd compression.
    """

    def __init__(self, path: AnyPath, schema: pa.Schema, level: int) -> None:
        self.path, self.schema, self.level = path, schema, level
        self.rows = 0
        self._waiting: list[pa.Table] = []
        self._waiting_rows = self._waiting_bytes = 0
        self._counted: list[Counts] = []
        self._measured: dict[str, Any] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        temporary = self._stack.enter_context(aside(self.path))
        self._stack.push(partial(self._measure, temporary))
        self._writer = self._stack.enter_context(
            pq.ParquetWriter(
                temporary,
                self.schema,
                compression="zstd",
                compression_level=self.level,
                use_dictionary=[name for name in _DICTIONARY if name in self.schema.names],
                write_page_checksum=True,
            )
        )
        self._stack.push(self._end)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def _end(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush()

    def _measure(self, written: Path, kind: type[BaseException] | None, *_: object) -> None:
        """Size and digest of what is written, before it goes to where it may be far."""
        if kind is None:
            self._measured = {"bytes": written.stat().st_size, "sha256": sha256_of(written)}

    def write(self, table: pa.Table) -> None:
        """Add rows; row groups end where their number of rows or bytes says so."""
        while table.num_rows:
            part = table.slice(0, _ROW_GROUP_ROWS - self._waiting_rows)
            table = table.slice(part.num_rows)
            self._waiting.append(part)
            self._waiting_rows += part.num_rows
            self._waiting_bytes += part.nbytes
            if self._waiting_rows >= _ROW_GROUP_ROWS or self._waiting_bytes >= _ROW_GROUP_BYTES:
                self._flush()

    def _flush(self) -> None:
        """Write the waiting rows as one row group."""
        if self._waiting:
            table = pa.concat_tables(self._waiting)
            self._writer.write_table(table, row_group_size=max(1, table.num_rows))
            self.rows += table.num_rows
            self._waiting = []
            self._waiting_rows = self._waiting_bytes = 0

    def entry(self) -> dict[str, Any]:
        """What the manifest says of the file, once the block has ended."""
        return {**self._measured, "rows": self.rows}

    @property
    def counts(self) -> Counts:
        """The counts of all rows so far."""
        return merge_counts(self._counted)


class DataFile(TableFile):
    """A file of ``data/``."""

    def __init__(self, path: AnyPath, recipe: Recipe) -> None:
        super().__init__(path, data_schema(recipe), recipe.output.compression_level)
        self._shingle_size = recipe.deduplicate.shingle_size

    def write(self, table: pa.Table) -> None:
        """Add rows, and count them."""
        self._counted.append(count_data(table, self._shingle_size))
        super().write(table)


class LedgerFile(TableFile):
    """A file of ``ledger/``; it also sums up which input files there were."""

    def __init__(self, path: AnyPath, recipe: Recipe) -> None:
        super().__init__(path, ledger_schema(), recipe.output.compression_level)
        self._inputs = hashlib.sha256()
        self._last = ("", "")

    def write(self, table: pa.Table) -> None:
        """Add rows, and count them."""
        self._counted.append(count_ledger(table))
        for source, uri, sha256 in files_of(table, self._last):
            self._inputs.update(inputs_line(source, uri, sha256))
            self._last = (source, uri)
        super().write(table)

    @property
    def inputs(self) -> str:
        """The digest of the input files in the rows so far."""
        return self._inputs.hexdigest()


def shard_summary(
    number: int, name: str, data: Mapping[str, Any], ledger: LedgerFile, counts: Iterable[Counts]
) -> bytes:
    """What the manifest is made from, as JSON.

    Args:
        number: The shard's.
        name: Its files'.
        data: What the manifest says of its file in ``data/``.
        ledger: Its file in ``ledger/``, which has ended.
        counts: What was counted, but for the ledger's.
    """
    return orjson.dumps(
        {
            "number": number,
            "inputs": ledger.inputs,
            "files": {f"data/{name}": data, f"ledger/{name}": ledger.entry()},
            "counts": merge_counts([*counts, ledger.counts]),
        }
    )
