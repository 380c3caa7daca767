"""Which documents are copies of one another, and which of them stays.

Three things cross the network, never text: band keys (8 bytes each), the edges of a forest over documents
that share one, and for those candidates alone a reference to their shingles, which the worker that holds
their text leaves in a file. A pair counts only if its exact Jaccard similarity reaches the threshold, and a
document is dropped only for one that it was itself compared with.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import apache_beam as beam
import numpy as np
import orjson

from colophon.filters import (
    band_keys,
    components,
    edges_of_keys,
    judge,
    spanning_forest,
    tokenize,
    unique_shingles,
)  # fmt: skip
from colophon.pipelines.fates import columns_for_fates, fates_of
from colophon.pipelines.staged import open_staged
from colophon.pipelines.storage import aside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from colophon.pipelines.job import Job
    from colophon.schemas import Deduplicate as Settings

__all__ = ["RULES", "VERDICT", "Deduplicate"]

#: Names of the rules that find a copy, by their code in `VERDICT`; 0 is a document that stays.
RULES = ("", "exact_bytes", "exact_text", "near_duplicate")

#: What the judge says of one document: little-endian, packed.
VERDICT = np.dtype(
    [
        ("row", "<u4"),  # of the staged unit
        ("rule", "u1"),  # index into RULES
        ("similarity", "<f8"),  # exact Jaccard with the one that stays
        ("kept", "S32"),  # id of the one that stays
        ("copies", "<i4"),  # documents dropped for this one
    ]
)

_CANDIDATE = np.dtype(
    [
        ("component", "<u8"),
        ("unit", "<u4"),
        ("row", "<u4"),
        ("exact", "<u8", 2),
        ("record", "<u8", 2),
        ("id", "S32"),
        ("structured", "u1"),
        ("license", "u1"),
        ("year", "<i4"),
        ("length", "<i8"),
        ("source", "<i4"),
        ("content", ">u8", 2),
        ("start", "<i8"),
        ("count", "<i8"),
    ]
)
_PLACE = np.dtype([("row", "<u4"), ("component", "<u8"), ("task", "<u4")])

_NO_SHINGLES = 0xFFFFFFFF
_DOCUMENTS_PER_TASK = 2048
_EDGES_AT_ONCE = 1 << 20
_ROWS_AT_ONCE = 512
_SUMMARY, _CANDIDATES = b"s", b"c"


class _EmitKeys(beam.DoFn):
    """A unit's keys of one pass, in one block for each partition: count, keys, rows.

    The first pass has the exact keys too, every pass its share of the bands.
    """

    def __init__(self, job: Job, number: int) -> None:
        self.job = job
        self.number = number

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
        unit, (summary,) = element
        path = self.job.staged(orjson.loads(summary)["key"])
        with open_staged(path) as file:
            staged = file.read([*columns_for_fates(self.job.filters), "signature", "exact_key"])
        rows = np.flatnonzero(fates_of(staged, self.job.filters).kept).astype(np.uint32)
        if not len(rows):
            return
        staged = staged.select(["signature", "exact_key"]).take(rows).combine_chunks()
        permutations = self.job.recipe.deduplicate.permutations
        signature = np.frombuffer(b"".join(staged["signature"].to_pylist()), "<u4").reshape(-1, permutations)
        exact = np.frombuffer(b"".join(staged["exact_key"].to_pylist()), "<u8").reshape(-1, 2)[:, 0]
        long_enough = (signature != _NO_SHINGLES).any(axis=1)
        bands = band_keys(signature[long_enough], *self.job.bands)[:, self.number :: self.job.passes]
        keys, owners = bands.ravel(), np.repeat(rows[long_enough], bands.shape[1])
        if self.number == 0:
            keys, owners = np.concatenate([exact, keys]), np.concatenate([rows, owners])
        # A partition is the key's leading bits, so 32 more bits are enough inside it: chance meetings stay
        # proportional to the corpus, and the judge dismisses them.
        bits = self.job.partitions.bit_length() - 1
        partition = (keys >> np.uint64(64 - bits)).astype(np.int64)
        short = ((keys >> np.uint64(32 - bits)) & np.uint64(0xFFFFFFFF)).astype("<u4")
        order = np.argsort(partition, kind="stable")
        ends = np.searchsorted(partition[order], np.arange(self.job.partitions + 1))
        for number, (start, end) in enumerate(itertools.pairwise(ends)):
            if end > start:
                chosen = order[start:end]
                head = struct.pack("<II", unit, end - start)
                yield number, head + short[chosen].tobytes() + owners[chosen].astype("<u4").tobytes()


class _FindCandidates(beam.DoFn):
    """All blocks of a partition to a spanning forest over the documents that share a key."""

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
        keys, documents = [], []
        for block in element[1]:
            unit, count = struct.unpack_from("<II", block)
            keys.append(np.frombuffer(block, "<u4", count, 8))
            rows = np.frombuffer(block, "<u4", count, 8 + 4 * count)
            documents.append(rows.astype(np.uint64) | np.uint64(unit << 32))
        edges = edges_of_keys(np.concatenate(keys).astype(np.uint64), np.concatenate(documents))
        if len(edges):
            yield 0, spanning_forest(edges).tobytes()


class _MergeForests(beam.CombineFn):
    """Merges forests; what it holds is bounded by the documents that are candidates, 16 bytes each."""

    def create_accumulator(self) -> list[bytes]:
        return []

    def add_input(self, accumulator: list[bytes], element: bytes) -> list[bytes]:
        accumulator.append(element)
        if sum(map(len, accumulator)) > 16 * _EDGES_AT_ONCE and len(accumulator) > 1:
            return [self.extract_output(accumulator)]
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[list[bytes]]) -> list[bytes]:
        merged: list[bytes] = []
        for accumulator in accumulators:
            for forest in accumulator:
                merged = self.add_input(merged, forest)
        return merged

    def compact(self, accumulator: list[bytes]) -> list[bytes]:
        return [self.extract_output(accumulator)] if len(accumulator) > 1 else accumulator

    def extract_output(self, accumulator: list[bytes]) -> bytes:
        edges = np.frombuffer(b"".join(accumulator), np.uint64).reshape(-1, 2)
        return spanning_forest(edges).tobytes() if len(edges) else b""


class _Connect(beam.DoFn):
    """The forest of all candidates to components, and the components to tasks of about equal size."""

    def process(self, element: tuple[int, bytes]) -> Iterator[tuple[int, bytes]]:
        edges = np.frombuffer(element[1], np.uint64).reshape(-1, 2)
        documents, labels = components(edges)
        labels = labels.astype(np.uint64)
        order = np.argsort(labels, kind="stable")
        first = np.flatnonzero(np.r_[True, labels[order][1:] != labels[order][:-1]])
        task_of_component = first // _DOCUMENTS_PER_TASK
        sizes = np.diff(np.r_[first, len(labels)])
        place = np.empty(len(documents), _PLACE)
        place["row"] = documents & np.uint64(0xFFFFFFFF)
        place["component"] = labels
        place["task"][order] = np.repeat(task_of_component, sizes)
        unit = documents >> np.uint64(32)
        starts = np.flatnonzero(np.r_[True, unit[1:] != unit[:-1]])
        for start, end in zip(starts, [*starts[1:], len(unit)], strict=True):
            yield int(unit[start]), _CANDIDATES + place[start:end].tobytes()


class _ShareShingles(beam.DoFn):
    """The shingles of a unit's candidates into a file, and for each task what the judge must know of them."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
        unit, values = element
        found = {value[:1]: value[1:] for value in values}
        if _CANDIDATES not in found:
            return
        place = np.frombuffer(found[_CANDIDATES], _PLACE)
        known = np.zeros(len(place), _CANDIDATE)
        for name in ("row", "component"):
            known[name] = place[name]
        known["unit"] = unit
        priority = {source.name: source.priority for source in self.job.recipe.sources}
        written = 0
        shared: dict[bytes, tuple[int, int]] = {}
        with aside(self.job.pool(unit)) as temporary, temporary.open("wb") as pool:
            for start, table in self._candidates(orjson.loads(found[_SUMMARY])["key"], place["row"]):
                n = table.num_rows
                part = known[start : start + n]
                exact = table["exact_key"].to_pylist()
                part["exact"] = np.frombuffer(b"".join(exact), "<u8").reshape(n, 2)
                part["record"] = np.frombuffer(b"".join(table["record_key"].to_pylist()), "<u8").reshape(n, 2)
                part["id"] = table["id"].to_pylist()
                part["structured"] = table["structured"].to_pylist()
                part["license"] = [bool(license_) for license_ in table["license"].to_pylist()]
                part["year"] = [-(2**31) if year is None else year for year in table["year"].to_pylist()]
                part["length"] = [len(text) for text in table["text"].to_pylist()]
                part["source"] = [priority[source] for source in table["source"].to_pylist()]
                digests = b"".join(bytes.fromhex(sha[:32]) for sha in table["text_sha256"].to_pylist())
                part["content"] = np.frombuffer(digests, ">u8").reshape(n, 2)
                # A million copies of one page share one set of shingles.
                new = {key: i for i, key in reversed(list(enumerate(exact))) if key not in shared}
                chosen = sorted(new.values())
                texts = table["text"].take(chosen).to_pylist()
                data, offsets = unique_shingles(tokenize(texts), self.job.recipe.deduplicate.shingle_size)
                pool.write(data.astype("<u4").tobytes())
                for i, begin, end in zip(chosen, offsets, offsets[1:], strict=False):
                    shared[exact[i]] = (written + int(begin), int(end - begin))
                written += len(data)
                part["start"] = [shared[key][0] for key in exact]
                part["count"] = [shared[key][1] for key in exact]
        for task in np.unique(place["task"]):
            yield int(task), known[place["task"] == task].tobytes()

    def _candidates(self, key: str, rows: np.ndarray) -> Iterator[tuple[int, Any]]:
        """Tables of the candidate rows, a bounded number at a time, each with its place in `rows`."""
        columns = [
            "id", "text", "source", "exact_key", "record_key", "structured", "license", "year", "text_sha256",
        ]  # fmt: skip
        with open_staged(self.job.staged(key)) as staged:
            base = 0
            for group in range(staged.metadata.num_row_groups):
                size = staged.metadata.row_group(group).num_rows
                start, end = np.searchsorted(rows, [base, base + size])
                if end > start:
                    table = staged.read_row_group(group, columns=columns)
                    for at in range(int(start), int(end), _ROWS_AT_ONCE):
                        chosen = rows[at : min(at + _ROWS_AT_ONCE, int(end))].astype(np.int64) - base
                        yield at, table.take(chosen)
                base += size


def order_of_preference(known: np.ndarray, settings: Settings) -> np.ndarray:
    """Indices of candidates: component by component, in each the one that should stay first.

    Args:
        known: Structured array of candidates.
        settings: ``prefer`` names the criteria, most important first; content and id come last, so that
            the order never depends on how the work was divided.
    """
    criteria = {
        "structured": -known["structured"].astype(np.int64),
        "license": -known["license"].astype(np.int64),
        "newer": -known["year"].astype(np.int64),
        "longer": -known["length"],
        "source": -known["source"].astype(np.int64),
    }
    chosen = [criteria[name] for name in settings.prefer]
    last = [known["content"][:, 0], known["content"][:, 1], known["id"]]
    return np.lexsort([*reversed(last), *reversed(chosen), known["component"]])


class _Judge(beam.DoFn):
    """Whole components to verdicts, document by document in order of preference."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
        settings = self.job.recipe.deduplicate
        known = np.frombuffer(b"".join(element[1]), _CANDIDATE)
        known = known[order_of_preference(known, settings)]
        n = len(known)
        # Copies of one text stand or fall together: the preferred one speaks for all of them.
        same = np.rec.fromarrays([known["component"], known["exact"][:, 0], known["exact"][:, 1]])
        _, first, member = np.unique(same, return_index=True, return_inverse=True)
        speaker = first[member]
        speakers = np.flatnonzero(speaker == np.arange(n))
        kept_by = np.full(n, -1)
        similarity = np.full(n, np.nan)
        self._near(known, speakers, kept_by, similarity, settings.threshold)
        verdict = np.zeros(n, VERDICT)
        verdict["row"] = known["row"]
        verdict["similarity"] = np.nan
        copies = np.flatnonzero(speaker != np.arange(n))
        near = np.where(kept_by[speaker] >= 0, kept_by[speaker], -1)
        stays = np.where(near >= 0, near, np.where(speaker != np.arange(n), speaker, -1))
        same_bytes = (known["record"] == known["record"][stays]).all(axis=1)
        verdict["rule"][copies] = np.where(same_bytes[copies], 1, 2)
        verdict["similarity"][copies] = 1.0
        gone = near >= 0
        verdict["rule"][gone] = 3
        verdict["similarity"][gone] = similarity[speaker][gone]
        dropped = stays >= 0
        verdict["kept"][dropped] = known["id"][stays[dropped]]
        verdict["copies"] = np.bincount(stays[dropped], minlength=n)
        for unit in np.unique(known["unit"]):
            of_unit = verdict[(known["unit"] == unit) & (dropped | (verdict["copies"] > 0))]
            if len(of_unit):
                yield int(unit), b"v" + of_unit.tobytes()

    def _near(
        self,
        known: np.ndarray,
        speakers: np.ndarray,
        kept_by: np.ndarray,
        similarity: np.ndarray,
        threshold: float,
    ) -> None:
        """Judge each component that has two texts or more; writes into `kept_by` and `similarity`."""
        if not len(speakers):
            return
        pools: dict[int, np.ndarray] = {}
        component = known["component"][speakers]
        starts = np.flatnonzero(np.r_[True, component[1:] != component[:-1]])
        for start, end in zip(starts, [*starts[1:], len(speakers)], strict=True):
            if end - start < 2:
                continue
            group = speakers[start:end]
            shingles = []
            for document in known[group]:
                unit = int(document["unit"])
                if unit not in pools:
                    path = self.job.pool(unit)
                    empty = path.stat().st_size == 0
                    pools[unit] = np.empty(0, "<u4") if empty else np.memmap(path, "<u4", "r")
                shingles.append(pools[unit][document["start"] : document["start"] + document["count"]])
            offsets = np.r_[0, np.cumsum([len(one) for one in shingles])].astype(np.int64)
            winner, score = judge(offsets, np.concatenate(shingles), threshold)
            lost = winner >= 0
            kept_by[group[lost]] = group[winner[lost]]
            similarity[group[lost]] = score[lost]


def _nothing(_: tuple[int, bytes]) -> tuple[tuple[int, bytes], ...]:
    return ()


def _tagged_summary(element: tuple[int, bytes]) -> tuple[int, bytes]:
    return element[0], _SUMMARY + element[1]


@dataclass
class Deduplicate(beam.PTransform):
    """``(unit index, summary)`` to ``(unit index, verdicts)``: ``b"v"`` and a `VERDICT` array.

    Only documents that are dropped, or for which others are, have a verdict.
    """

    job: Job

    def expand(self, staged: beam.PCollection) -> beam.PCollection:
        """Keys by partition, candidates, components, shingles of candidates, judgement."""
        block = tuple[int, bytes]
        forests: list[beam.PCollection] = []
        for number in range(self.job.passes):
            # A pass waits for the one before it, of which nothing comes but its end.
            ended = (
                [forests[-1] | f"End{number}" >> beam.FlatMap(_nothing).with_output_types(block)]
                if number
                else []
            )
            forests.append(
                (staged, *ended)
                | f"Begin{number}" >> beam.Flatten()
                | f"SpreadUnits{number}" >> beam.GroupByKey()
                | f"EmitKeys{number}" >> beam.ParDo(_EmitKeys(self.job, number)).with_output_types(block)
                | f"GroupByPartition{number}" >> beam.GroupByKey()
                | f"FindCandidates{number}" >> beam.ParDo(_FindCandidates()).with_output_types(block)
            )
        candidates = (
            tuple(forests)
            | "AllForests" >> beam.Flatten()
            | "MergeForests" >> beam.CombinePerKey(_MergeForests()).with_output_types(block)
            | "Connect" >> beam.ParDo(_Connect()).with_output_types(block)
        )
        summaries = staged | "TagSummaries" >> beam.Map(_tagged_summary).with_output_types(block)
        return (
            (summaries, candidates)
            | "WithSummaries" >> beam.Flatten()
            | "GroupByUnit" >> beam.GroupByKey()
            | "ShareShingles" >> beam.ParDo(_ShareShingles(self.job)).with_output_types(block)
            | "GroupByTask" >> beam.GroupByKey()
            | "Judge" >> beam.ParDo(_Judge(self.job)).with_output_types(block)
        )
