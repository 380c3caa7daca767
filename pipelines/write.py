"""Staged units and verdicts into the shards of ``data/`` and ``ledger/``."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import apache_beam as beam
import numpy as np
import orjson
import pyarrow as pa

from colophon.pipelines.audit import count_audit
from colophon.pipelines.fates import fates_of
from colophon.pipelines.held import HeldPack, held_by
from colophon.pipelines.plan import cuts_here
from colophon.pipelines.rules import EXACT_TEXT, IN_PACK, RULES, VERDICT, limits_of
from colophon.pipelines.shard import DataFile, LedgerFile, data_schema, ledger_schema, shard_summary
from colophon.pipelines.shuffle import GroupBlocks
from colophon.pipelines.staged import open_staged
from colophon.pipelines.weights import sampling_weights
from colophon.schemas import DROPPED, KEPT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from colophon.pipelines.counts import Counts
    from colophon.pipelines.job import Job

__all__ = ["WriteShards", "plan_shards"]

_SHARD = b"p"


def plan_shards(units: Iterable[tuple[int, str, int]], target: int) -> list[list[int]]:
    """Cut the units into shards where a hash of their first input's path says so.

    Args:
        units: Index, name that is the same wherever the inputs are, bytes; in any order.
        target: Bytes of a shard; the least is a quarter, the greatest four times of it.

    Returns:
        The unit indices of each shard, in order.
    """
    shards: list[list[int]] = [[]]
    size = 0
    for index, name, unit_bytes in sorted(units):
        if shards[-1] and size + unit_bytes > 4 * target:
            shards.append([])
            size = 0
        shards[-1].append(index)
        size += unit_bytes
        if size >= target // 4 and cuts_here(name, unit_bytes, target):
            shards.append([])
            size = 0
    return [shard for shard in shards if shard]


class _PlanShards(beam.DoFn):
    """All units' summaries to each unit's shard."""

    def __init__(self, target: int) -> None:
        self.target = target

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
        units = {}
        for summary in element[1]:
            unit = orjson.loads(summary)
            units[unit["index"]] = unit
        shards = plan_shards(((i, u["name"], u["bytes"]) for i, u in units.items()), self.target)
        for number, shard in enumerate(shards):
            for index in shard:
                told = {"shard": number, "of": len(shards), "key": units[index]["key"]}
                yield index, _SHARD + orjson.dumps(told)


def _with_index(element: tuple[int, bytes]) -> tuple[int, bytes]:
    return 0, orjson.dumps({"index": element[0], **orjson.loads(element[1])})


class _KeyByShard(beam.DoFn):
    """A unit's shard and verdicts to one element under the shard's number."""

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
        index, values = element
        told: dict[str, Any] = {}
        verdicts = []
        for value in values:
            if value[:1] == _SHARD:
                told = orjson.loads(value[1:])
            else:
                verdicts.append(value[1:])
        head = orjson.dumps({"index": index, **told})
        yield told["shard"], struct.pack("<I", len(head)) + head + b"".join(verdicts)


class _WriteShard(beam.DoFn):
    """One shard: its file in ``data/``, its file in ``ledger/``, and what was counted on the way."""

    def __init__(self, job: Job) -> None:
        self.job = job
        held = held_by(job.recipe.deduplicate)
        self.held = [one.name for one in held]
        self.packs = [number for number, one in enumerate(held) if isinstance(one, HeldPack)]

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
        began = time.thread_time()
        number, values = element
        units = []
        for value in values:
            (length,) = struct.unpack_from("<I", value)
            units.append((orjson.loads(value[4 : 4 + length]), np.frombuffer(value[4 + length :], VERDICT)))
        units.sort(key=lambda unit: unit[0]["index"])
        audited: list[Counts] = []
        name = f"part-{number:05d}-of-{units[0][0]['of']:05d}.parquet"
        paths = {table: f"{table}/{name}" for table in ("data", "ledger")}
        with (
            DataFile(self.job.dataset / paths["data"], self.job.recipe) as data,
            LedgerFile(self.job.dataset / paths["ledger"], self.job.recipe) as ledger,
        ):
            for told, verdicts in units:
                for batch, verdict in self._batches(told["key"], verdicts):
                    kept, fates = self.rows(batch, verdict)
                    data.write(kept)
                    ledger.write(fates)
                    audited.append(count_audit(batch, fates))
        done = {
            "documents": ledger.rows,
            "kept": data.rows,
            "seconds": {"write": round(time.thread_time() - began, 4)},
        }
        self.job.tell(f"shard-{number:05d}", done)
        yield 0, shard_summary(number, name, data.entry(), ledger, [data.counts, *audited])

    def _batches(self, key: str, verdicts: np.ndarray) -> Iterator[tuple[pa.Table, np.ndarray]]:
        """Row groups of a staged unit, each with the verdicts on its rows (`row` counted from its start)."""
        verdicts = verdicts[np.argsort(verdicts["row"], kind="stable")].copy()
        with open_staged(self.job.staged(key)) as staged:
            columns = [
                name
                for name in staged.schema_arrow.names
                if name not in {"signature", "exact_key", "record_key"}
            ]
            base = 0
            for group in range(staged.metadata.num_row_groups):
                table = staged.read_row_group(group, columns=columns)
                start, end = np.searchsorted(verdicts["row"], [base, base + table.num_rows])
                here = verdicts[start:end].copy()
                here["row"] -= base
                yield table, here
                base += table.num_rows

    def _held_in_words(self, verdict: np.void) -> str:
        """Where a document is held already, for the ledger."""
        name, how = self.held[verdict["held"] - 1], RULES[verdict["how"]]
        if verdict["rule"] == IN_PACK:
            same = "the same text is" if how == RULES[EXACT_TEXT] else "a text that seems to be alike is"
            return f"{same} in the pack {name}; found by keyed hashes, the texts were not compared"
        return f"{how} of a document of {name}"

    def _marks(self, n: int, held: np.ndarray) -> dict[str, pa.Array]:
        """The columns of `HeldRow`; what a dataset holds, whose texts were compared, comes before what a pack says."""
        names, similarity = np.full(n, None, np.object_), np.full(n, np.nan)
        for pack in (True, False):
            chosen = held[np.isin(held["held"] - 1, self.packs) == pack]
            names[chosen["row"]] = [self.held[number] for number in chosen["held"] - 1]
            similarity[chosen["row"]] = chosen["similarity"]
        return {
            "already_in": pa.array(names.tolist(), pa.string()),
            "already_in_similarity": pa.array(similarity, mask=np.isnan(similarity)),
        }

    def rows(self, staged: pa.Table, verdict: np.ndarray) -> tuple[pa.Table, pa.Table]:
        """The rows of ``data/`` and of ``ledger/`` that a batch of staged documents becomes.

        Args:
            staged: n staged documents.
            verdict: `VERDICT` array for those of them that have one.
        """
        n = staged.num_rows
        fates = fates_of(staged, self.job.filters)
        copy_of = np.full(n, None, np.object_)
        similarity = np.full(n, np.nan)
        detail = fates.detail
        copies = np.zeros(n, np.int32)
        np.add.at(copies, verdict["row"], verdict["copies"])
        copied = verdict[verdict["rule"] > 0]
        at = copied["row"]
        fates.fate[at], fates.stage[at] = DROPPED, "deduplicate"
        fates.reason[at] = np.array(RULES, np.object_)[copied["rule"]]
        copy_of[at] = [name.decode() or None for name in copied["kept"].tolist()]
        fates.value[at] = copied["similarity"]
        # A pack holds no text to compare with, so what it says is no similarity of two texts.
        similarity[at] = np.where(copied["rule"] == IN_PACK, np.nan, copied["similarity"])
        fates.threshold[at] = limits_of(copied, self.job.recipe.deduplicate)
        held = verdict[verdict["held"] > 0]
        detail[held["row"]] = [self._held_in_words(one) for one in held]
        detail[fates.fate == KEPT] = ""
        own = {
            "fate": fates.fate, "stage": fates.stage, "reason": fates.reason, "duplicate_of": copy_of,
        }  # fmt: skip
        numbers = {"value": fates.value, "threshold": fates.threshold, "similarity": similarity}
        ledger = {
            **{name: staged[name] for name in ("id", "source", "source_uri", "source_sha256", "locator")},
            **{name: pa.array(values.tolist(), pa.string()) for name, values in own.items()},
            **{name: pa.array(values, mask=np.isnan(values)) for name, values in numbers.items()},
            "detail": pa.array(detail.tolist(), pa.string()),
        }
        kept = np.flatnonzero(fates.fate == KEPT)
        stands = {
            "duplicate_cluster": pa.array(
                [
                    name if count else None
                    for name, count in zip(staged["id"].to_pylist(), copies, strict=True)
                ],
                pa.string(),
            ),
            "duplicates_dropped": pa.array(copies),
            **self._marks(n, held),
        }
        if self.job.recipe.weights:
            stands["sampling_weight"] = sampling_weights(self.job.recipe.weights, staged)
        columns = data_schema(self.job.recipe)
        data = {name: stands[name] if name in stands else staged[name] for name in columns.names}
        fates_schema = ledger_schema()
        told = pa.table(data)
        if len(kept) < n:
            told = told.take(pa.array(kept))
        return told.cast(columns), pa.table([ledger[name] for name in fates_schema.names], fates_schema)


@dataclass
class WriteShards(beam.PTransform):
    """``(staged, verdicts)``, both by unit, to ``(0, shard summary)``; the summary is JSON."""

    job: Job

    def expand(self, inputs: tuple[beam.PCollection, beam.PCollection]) -> beam.PCollection:
        """Give each unit its shard, bring it together with its verdicts, and write shard by shard."""
        staged, verdicts = inputs
        block = tuple[int, bytes]
        shards = (
            staged
            | "WithIndex" >> beam.Map(_with_index).with_output_types(block)
            | "GatherUnits" >> GroupBlocks(self.job)
            | "PlanShards"
            >> beam.ParDo(_PlanShards(self.job.recipe.output.shard_size)).with_output_types(block)
        )
        return (
            (shards, verdicts)
            | "WithVerdicts" >> beam.Flatten()
            | "GroupByUnit" >> GroupBlocks(self.job)
            | "KeyByShard" >> beam.ParDo(_KeyByShard()).with_output_types(block)
            | "GroupByShard" >> GroupBlocks(self.job)
            | "WriteShard" >> beam.ParDo(_WriteShard(self.job)).with_output_types(block)
        )
