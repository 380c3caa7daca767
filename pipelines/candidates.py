"""Which documents may be copies of one another: those that share a band, a text, or what names a work.

Keys are grouped by partition, each partition gives a forest over the documents that share a key, and the forests merge
to the components that the judge looks at. What passes is 8 bytes a key, then 16 bytes a candidate.
"""

from __future__ import annotations

import itertools
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import apache_beam as beam
import numpy as np
import orjson

from colophon.filters import WORK, band_keys, components, edges_of_keys, spanning_forest
from colophon.pipelines.fates import columns_for_fates, fates_of
from colophon.pipelines.held import sign_shard
from colophon.pipelines.places import at_hand
from colophon.pipelines.rules import BYTES_PER_CANDIDATE, BYTES_PER_PAIR, pairs_that_fit
from colophon.pipelines.staged import bytes_of, open_staged, works_of
from colophon.pipelines.storage import aside
from colophon.schemas import RunFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from colophon.pipelines.job import Job

__all__ = ["PLACE", "Connect", "EmitKeys", "FindCandidates", "MergeForests"]

PLACE = np.dtype([("row", "<u4"), ("component", "<u8"), ("task", "<u4")])
"""Where a candidate is judged: its row in its unit, its component, and the task that judges that."""

_NO_SHINGLES: Final = 0xFFFFFFFF
_DOCUMENTS_PER_TASK: Final = 2048
_EDGES_AT_ONCE: Final = 1 << 20
_MOST_OF_A_WORK: Final = 1000
"""A number or title that more documents bear names no work but a journal, a series or a database."""
_BANDS, _WORKS = 0, 1
_HEAD = struct.Struct("<III")


class _Signed(NamedTuple):
    """Documents of a unit: their rows, first 8 bytes of their exact keys, signatures, and what names their works."""

    rows: np.ndarray
    exact: np.ndarray
    signature: np.ndarray
    work: np.ndarray


class EmitKeys(beam.DoFn):
    """A unit's keys of one pass, in blocks for each partition: unit, kind, count, keys, rows.

    The first pass makes all keys and leaves those of later passes in a file, since to make them needs all signatures.
    """

    def __init__(self, job: Job, number: int) -> None:
        self.job = job
        self.number = number

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
        """Blocks by partition."""
        unit, (summary,) = element
        path = self.job.pool(unit).with_suffix(".keys")
        if self.number:
            with at_hand(path) as file:
                later = np.load(file, mmap_mode="r")
                rows = np.array(later[0], np.uint32)
                bands = np.array(later[1:].view()[self._of_pass(len(later) - 1, self.number)])
            yield from self._blocks(unit, _BANDS, bands.ravel(), np.tile(rows, len(bands)))
            return
        rows, exact, shingled, bands, work = self._of_unit(unit, orjson.loads(summary))
        if self.job.passes > 1:
            with aside(path) as temporary, temporary.open("wb") as stream:
                np.save(stream, np.concatenate([shingled.astype(np.uint64)[None], bands]))
        own = bands[self._of_pass(len(bands), 0)]
        keys = np.concatenate([exact, own.ravel()])
        yield from self._blocks(unit, _BANDS, keys, np.concatenate([rows, np.tile(shingled, len(own))]))
        if self.job.recipe.deduplicate.same_work:
            named = np.concatenate([work["identifiers"], work["title"][:, None]], axis=1)
            at, which = np.nonzero(named)
            yield from self._blocks(unit, _WORKS, named[at, which], rows[at])

    def _of_pass(self, bands: int, number: int) -> np.ndarray:
        return np.arange(number, bands, self.job.passes)

    def _of_unit(
        self, unit: int, told: dict[str, Any]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Of the documents that take part rows, first 8 bytes of the exact keys and works; rows and keys by band of the shingled."""
        rows, shingled = [np.zeros(0, np.uint32)], [np.zeros(0, np.uint32)]
        exact, work = [np.zeros(0, np.uint64)], [np.zeros(0, WORK)]
        bands = [np.zeros((self.job.bands[0], 0), np.uint64)]
        for part in self._signed(unit, told):
            long_enough = (part.signature != _NO_SHINGLES).any(axis=1)
            rows.append(part.rows)
            exact.append(part.exact)
            work.append(part.work)
            shingled.append(part.rows[long_enough])
            bands.append(band_keys(part.signature[long_enough], *self.job.bands).T)
        return (
            np.concatenate(rows),
            np.concatenate(exact),
            np.concatenate(shingled),
            np.concatenate(bands, axis=1),
            np.concatenate(work),
        )

    def _signed(self, unit: int, told: dict[str, Any]) -> Iterator[_Signed]:
        """The documents of a unit that take part, a bounded number at a time, for a signature takes 512 bytes."""
        settings = self.job.recipe.deduplicate
        base = 0
        if "held" in told:
            for _, signed in sign_shard(Path(told["path"]), told["digest"], settings):
                exact = np.ascontiguousarray(signed.exact).view("<u8")[:, 0]
                rows = np.arange(base, base + len(exact), dtype=np.uint32)
                yield _Signed(rows, exact, signed.signature, signed.work)
                base += len(exact)
            return
        path = self.job.pool(unit).with_suffix(".held")
        gone: Any = ()
        if settings.on_pack_match == "drop" and path.exists():
            with at_hand(path) as copy:
                gone = np.load(copy)["row"]
        names = [*columns_for_fates(self.job.filters), "signature", "exact_key", "work"]
        with open_staged(self.job.staged(told["key"])) as file:
            for group in range(file.metadata.num_row_groups):
                staged = file.read_row_group(group, columns=names)
                takes_part = fates_of(staged, self.job.filters).kept
                takes_part &= ~np.isin(np.arange(base, base + len(takes_part)), gone)
                chosen = np.flatnonzero(takes_part)
                rows = (chosen + base).astype(np.uint32)
                staged = staged.select(["signature", "exact_key", "work"])
                if len(chosen) < staged.num_rows:
                    staged = staged.take(chosen)
                yield _Signed(
                    rows,
                    bytes_of(staged["exact_key"], 16).view("<u8")[:, 0],
                    bytes_of(staged["signature"], 4 * settings.permutations).view("<u4"),
                    works_of(staged["work"]),
                )
                base += len(takes_part)

    def _blocks(
        self, unit: int, kind: int, keys: np.ndarray, rows: np.ndarray
    ) -> Iterator[tuple[int, bytes]]:
        # A partition is the key's leading bits, so 32 more bits are enough inside it: chance meetings stay
        # proportional to the corpus, and the judge dismisses them.
        bits = self.job.partitions.bit_length() - 1
        # Numbers of 16 bits are sorted by their digits.
        partition = (keys >> np.uint64(64 - bits)).astype(np.uint16)
        short = ((keys >> np.uint64(32 - bits)) & np.uint64(0xFFFFFFFF)).astype("<u4")
        order = np.argsort(partition, kind="stable")
        ends = np.searchsorted(partition[order], np.arange(self.job.partitions + 1))
        for number, (start, end) in enumerate(itertools.pairwise(ends)):
            if end > start:
                chosen = order[start:end]
                head = _HEAD.pack(unit, kind, end - start)
                yield number, head + short[chosen].tobytes() + rows[chosen].astype("<u4").tobytes()


class FindCandidates(beam.DoFn):
    """All blocks of a partition to a spanning forest over the documents that share a key."""

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
        """One forest, if there is an edge."""
        keys: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
        documents: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
        for block in element[1]:
            unit, kind, count = _HEAD.unpack_from(block)
            keys[kind].append(np.frombuffer(block, "<u4", count, _HEAD.size))
            rows = np.frombuffer(block, "<u4", count, _HEAD.size + 4 * count)
            documents[kind].append(rows.astype(np.uint64) | np.uint64(unit << 32))
        edges = []
        for kind in (_BANDS, _WORKS):
            if keys[kind]:
                values, who = np.concatenate(keys[kind]), np.concatenate(documents[kind])
                if kind == _WORKS:
                    _, number, often = np.unique(values, return_inverse=True, return_counts=True)
                    few = often[number] <= _MOST_OF_A_WORK
                    values, who = values[few], who[few]
                edges.append(edges_of_keys(values, who))
        found = np.concatenate(edges)
        if len(found):
            yield 0, spanning_forest(found).tobytes()


class MergeForests(beam.CombineFn):
    """Merges forests; what it holds is bounded by the documents that are candidates, 16 bytes each.

    Args:
        memory: Bytes that it may take; it refuses before it takes more.
    """

    def __init__(self, memory: int) -> None:
        self.memory = memory

    def create_accumulator(self) -> list[bytes]:
        """Nothing yet."""
        return []

    def add_input(self, accumulator: list[bytes], element: bytes) -> list[bytes]:
        """One more forest; merged once they are half as much as is merged already, so that time stays linear."""
        accumulator.append(element)
        waiting = sum(map(len, accumulator[1:]))
        most = min(_EDGES_AT_ONCE, pairs_that_fit(self.memory))
        if waiting > max(16 * most, len(accumulator[0]) // 2):
            accumulator = [self.extract_output(accumulator)]
        self._refuse(len(accumulator[0]) // 16)
        return accumulator

    def _refuse(self, pairs: int) -> None:
        most = pairs_that_fit(self.memory)
        if pairs > most:
            raise RunFailed(
                f"more than {most:,} candidate pairs, which is what deciding on duplicates holds in deduplicate.memory "
                f"{self.memory:,} bytes; raise that ({BYTES_PER_PAIR} bytes a pair), or raise deduplicate.threshold"
            )

    def merge_accumulators(self, accumulators: Iterable[list[bytes]]) -> list[bytes]:
        """Several to one."""
        merged: list[bytes] = []
        for accumulator in accumulators:
            for forest in accumulator:
                merged = self.add_input(merged, forest)
        return merged

    def compact(self, accumulator: list[bytes]) -> list[bytes]:
        """Before it travels."""
        return [self.extract_output(accumulator)] if len(accumulator) > 1 else accumulator

    def extract_output(self, accumulator: list[bytes]) -> bytes:
        """The forest of all."""
        edges = np.frombuffer(b"".join(accumulator), np.uint64).reshape(-1, 2)
        forest = spanning_forest(edges) if len(edges) else edges
        self._refuse(len(forest))
        return forest.tobytes()


class Connect(beam.DoFn):
    """The forest of all candidates to components, and the components to tasks of about equal size.

    Args:
        memory: Bytes that judging may take; it refuses a component that takes more.
    """

    def __init__(self, memory: int) -> None:
        self.memory = memory

    def process(self, element: tuple[int, bytes]) -> Iterator[tuple[int, bytes]]:
        """A `PLACE` array for each unit."""
        edges = np.frombuffer(element[1], np.uint64).reshape(-1, 2)
        documents, labels = components(edges)
        labels = labels.astype(np.uint64)
        order = np.argsort(labels, kind="stable")
        first = np.flatnonzero(np.r_[True, labels[order][1:] != labels[order][:-1]])
        task_of_component = first // _DOCUMENTS_PER_TASK
        sizes = np.diff(np.r_[first, len(labels)])
        largest = int(sizes.max(initial=0))
        if largest * BYTES_PER_CANDIDATE > self.memory:
            raise RunFailed(
                f"{largest:,} documents that may be alike hang together, and {self.memory // BYTES_PER_CANDIDATE:,} is what is judged "
                f"together in deduplicate.memory {self.memory:,} bytes; raise that ({BYTES_PER_CANDIDATE:,} bytes a document), or raise "
                "deduplicate.threshold"
            )
        place = np.empty(len(documents), PLACE)
        place["row"] = documents & np.uint64(0xFFFFFFFF)
        place["component"] = labels
        place["task"][order] = np.repeat(task_of_component, sizes)
        unit = documents >> np.uint64(32)
        starts = np.flatnonzero(np.r_[True, unit[1:] != unit[:-1]])
        for start, end in zip(starts, [*starts[1:], len(unit)], strict=True):
            yield int(unit[start]), place[start:end].tobytes()
