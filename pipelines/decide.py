"""Other rules over the kept documents of a dataset: its shards in, the shards of its successor out.

What was dropped before stays dropped, for its text is not there. A copy whose kept document is now dropped is not
called back either; the ledger then says ``copy_of_a_dropped_document``.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import apache_beam as beam
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from colophon.filters import Batch
from colophon.pipelines.audit import count_audit
from colophon.pipelines.counts import merge_counts
from colophon.pipelines.fates import Fates, judge
from colophon.pipelines.manifest import WriteManifest
from colophon.pipelines.places import at_hand
from colophon.pipelines.shard import DataFile, LedgerFile, ledger_schema, shard_summary
from colophon.pipelines.shuffle import GroupBlocks
from colophon.pipelines.staged import about_row
from colophon.pipelines.storage import aside, sha256_of
from colophon.pipelines.weights import sampling_weights
from colophon.schemas import DROPPED, KEPT, ORPHANED, RunFailed, arrow_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from colophon.pipelines.counts import Counts
    from colophon.pipelines.job import Job
    from colophon.pipelines.plan import Unit

__all__ = ["Decide"]

_ROWS_AT_ONCE = 1024
_FATES = pa.schema(
    [
        ("id", pa.string()), ("fate", pa.string()), ("stage", pa.string()), ("reason", pa.string()),
        ("value", pa.float64()), ("threshold", pa.float64()), ("detail", pa.string()),
    ]
)  # fmt: skip


class _DecideShard(beam.DoFn):
    """A shard of ``data/`` to its successor, and to the fates of its documents in a file beside."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def process(self, unit: Unit) -> Iterator[tuple[int, bytes]]:
        began = time.thread_time()
        folder = Path(self.job.before)
        orphaned: list[str] = []
        audited: list[Counts] = []
        weights = self.job.recipe.weights
        with (
            DataFile(self.job.dataset / "data" / unit.key, self.job.recipe) as data,
            aside(self.job.fates(unit.index)) as temporary,
            pq.ParquetWriter(temporary, _FATES) as told,
            pq.ParquetFile(_unchanged(folder, f"data/{unit.key}"), page_checksum_verification=True) as file,
        ):
            seen = 0
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                table = self._scored(pa.Table.from_batches([batch]))
                fates = Fates.of_readable(table.num_rows)
                judge(fates, table, self.job.filters)
                kept = pa.array(fates.kept)
                if weights:
                    table = table.drop_columns([n for n in table.column_names if n == "sampling_weight"])
                    table = table.append_column("sampling_weight", sampling_weights(weights, table))
                data.write(table.filter(kept).select(data.schema.names).cast(data.schema))
                own = _table_of(table["id"], fates)
                told.write_table(own)
                audited.append(count_audit(table, own))
                gone = table.filter(pc.and_(pc.invert(kept), pc.greater(table["duplicates_dropped"], 0)))
                orphaned += gone["id"].to_pylist()
                seen += table.num_rows
        done = {
            "documents": seen, "bytes": unit.size, "reused": False, "again": False, "failed": 0, "dropped": seen - data.rows,
            "seconds": {"decide": round(time.thread_time() - began, 4)},
        }  # fmt: skip
        self.job.tell(f"unit-{unit.index:08d}", done)
        summary = {"index": unit.index, "name": unit.key, "data": data.entry()}
        summary["counts"] = merge_counts([data.counts, *audited])
        yield 0, orjson.dumps(summary | {"orphaned": orphaned})

    def _scored(self, table: pa.Table) -> pa.Table:
        """The rows with the scores of all filters: those that are there, and those that have to be made."""
        if all(name in self.job.reused for name in self.job.filters):
            return table
        given = table["text"].to_pylist()
        batch = Batch(given, about=[about_row(row) for row in table.drop_columns(["text"]).to_pylist()])
        for name, one in self.job.filters.items():
            # Once a text was masked or cut, what was measured of it has to be measured again.
            if name in self.job.reused and batch.texts is given:
                known = arrow_schema(one.scores).names
                batch.scores.update({column: table[column].combine_chunks() for column in known})
            else:
                batch.scores.update(one.annotate(batch))
        texts = list(batch.texts)
        columns = {
            **{name: table[name] for name in table.column_names},
            **batch.scores,
            "text": pa.array(texts, pa.string()),
            "text_sha256": pa.array(
                [hashlib.sha256(text.encode()).hexdigest() for text in texts], pa.string()
            ),
        }
        return pa.table(columns)


def _table_of(ids: pa.ChunkedArray, fates: Fates) -> pa.Table:
    words = (pa.array(getattr(fates, name).tolist(), pa.string()) for name in ("fate", "stage", "reason"))
    numbers = (pa.array(each, mask=np.isnan(each)) for each in (fates.value, fates.threshold))
    return pa.table([ids, *words, *numbers, pa.array(fates.detail.tolist(), pa.string())], _FATES)


def _unchanged(folder: Path, name: str) -> Path:
    """A file of the dataset before, once its digest is what that dataset's manifest says."""
    wanted = orjson.loads((folder / "manifest.json").read_bytes())["files"][name]["sha256"]
    try:
        found = sha256_of(folder / name)
    except OSError as error:
        raise RunFailed(
            f"{folder / name}: cannot be read: {error.strerror}; `colophon verify {folder}` tells more"
        ) from error
    if found != wanted:
        raise RunFailed(
            f"{folder / name}: is not what its manifest says; `colophon verify {folder}` tells more"
        )
    return folder / name


class _Settle(beam.DoFn):
    """All shards' summaries to each shard: which documents, anywhere, no longer stand for their copies."""

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
        shards = sorted((orjson.loads(value) for value in element[1]), key=lambda shard: shard["index"])
        orphaned = sorted(one for shard in shards for one in shard["orphaned"])
        for shard in shards:
            yield shard["index"], orjson.dumps(shard | {"orphaned": orphaned})


class _WriteLedger(beam.DoFn):
    """A shard of ``ledger/`` to its successor."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
        began = time.thread_time()
        (told,) = (orjson.loads(value) for value in element[1])
        folder, name = Path(self.job.before), told["name"]
        orphaned = pa.array(told["orphaned"], pa.string())
        with at_hand(self.job.fates(told["index"])) as copy:
            fates = pq.read_table(copy)
        used = 0
        with (
            LedgerFile(self.job.dataset / "ledger" / name, self.job.recipe) as ledger,
            pq.ParquetFile(_unchanged(folder, f"ledger/{name}"), page_checksum_verification=True) as file,
        ):
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                table = pa.Table.from_batches([batch])
                rows = np.flatnonzero(pc.equal(table["fate"], KEPT).to_numpy())
                own = fates.slice(used, len(rows))
                used += len(rows)
                if own["id"].to_pylist() != table["id"].take(pa.array(rows)).to_pylist():
                    raise RunFailed(
                        f"data/{name} and ledger/{name} of {folder} do not name the same kept documents; "
                        f"`colophon verify {folder}` tells more"
                    )
                ledger.write(_decided(table, rows, own, orphaned))
        kept = fates.filter(pc.equal(fates["fate"], KEPT)).num_rows
        seconds = {"decide": round(time.thread_time() - began, 4)}
        done = {"documents": ledger.rows, "kept": kept, "seconds": seconds}
        self.job.tell(f"shard-{told['index']:05d}", done)
        yield 0, shard_summary(told["index"], name, told["data"], ledger, [told["counts"]])


def _decided(table: pa.Table, rows: np.ndarray, own: pa.Table, orphaned: pa.Array) -> pa.Table:
    """Ledger rows with new fates for those kept before, and a reason for copies of what is now dropped."""
    place = np.full(table.num_rows, -1)
    place[rows] = np.arange(len(rows))
    mask = place >= 0
    take = pa.array(place, mask=~mask)
    columns = {name: table[name] for name in table.column_names}
    for name in ("fate", "stage", "reason", "value", "threshold", "detail"):
        columns[name] = pc.if_else(pa.array(mask), own[name].combine_chunks().take(take), table[name])
    left = pc.fill_null(pc.is_in(table["duplicate_of"], orphaned), False)
    columns["reason"] = pc.if_else(
        pc.and_(left, pc.equal(columns["fate"], DROPPED)), ORPHANED, columns["reason"]
    )
    schema = ledger_schema()
    return pa.table([columns[name] for name in schema.names], schema)


@dataclass
class Decide(beam.PTransform):
    """Shards of a dataset, as units, to one element: the documents by fate, after the manifest is written."""

    job: Job

    def expand(self, shards: beam.PCollection) -> beam.PCollection:
        """Decide shard by shard, bring together what is orphaned, write the ledgers, account."""
        block = tuple[int, bytes]
        return (
            shards
            | "DecideShard" >> beam.ParDo(_DecideShard(self.job)).with_output_types(block)
            | "GatherDecided" >> GroupBlocks(self.job)
            | "Settle" >> beam.ParDo(_Settle()).with_output_types(block)
            | "SpreadShards" >> GroupBlocks(self.job)
            | "WriteLedger" >> beam.ParDo(_WriteLedger(self.job)).with_output_types(block)
            | "Account" >> WriteManifest(self.job)
        )
