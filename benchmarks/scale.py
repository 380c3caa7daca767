"""What corpora of a million to ten thousand million documents need, from what one run of this machine used.

Everything is proportional to documents or bytes but for what is named in `docs/scale.md`; nothing here was run at that size.
"""

from __future__ import annotations

import math
import pickle
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.corpora import write_edited
from benchmarks.dataset import curate
from colophon.pipelines.plan import InputFile, Part, Unit

#: Bytes that the job holds while it groups keys in a partition, and forests in one place; see `candidates.py`.
_BYTES_PER_KEY = 8
_COPIES_OF_KEYS = 5
_BYTES_PER_EDGE = 128
_WATTS_PER_CORE = 3.5
_MOST_PARTITIONS, _MOST_PASSES = 1024, 4
_BYTES_PER_PARTITION = 64 * 2**20


@dataclass(frozen=True)
class Constants:
    """What a document costs.

    Attributes:
        source_bytes: Bytes of input.
        cpu_seconds: CPU time of all processes, start-up taken off.
        shuffled_bytes: Bytes that were grouped by key.
        staged_bytes: Bytes of staged units.
        edges: Share of documents that have a candidate.
        keys: Keys in the shuffle.
        unit_bytes: Bytes of a unit in the job's graph.
    """

    source_bytes: float
    cpu_seconds: float
    shuffled_bytes: float
    staged_bytes: float
    edges: float
    keys: int
    unit_bytes: int


def measure(times: tuple[int, int] = (1, 3)) -> Constants:
    """The costs of a document: the difference of two runs, so that starting costs nothing."""
    runs = []
    for n in (times[0], *times):  # the first compiles what is not compiled yet
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            documents, size = write_edited(folder / "corpus.jsonl", n)
            answer = curate(folder / "corpus.jsonl", folder / "out", 1)
            staged = sum(path.stat().st_size for path in (folder / "out-staging").rglob("*.parquet"))
            stages = pq.read_table(folder / "out" / "ledger", columns=["stage"])["stage"].to_pylist()
            dropped = stages.count("deduplicate")
        run = answer["run"]
        runs.append((documents, size, run["cpu_seconds"], run["bytes_shuffled"] or 0, staged, dropped))
    _, few, many = runs
    documents, size, cpu, shuffled, staged, dropped = (b - a for a, b in zip(few, many, strict=True))
    file = InputFile(
        "papers", "/shared/corpus/2026/part-00000.jsonl.gz", "2026/part-00000.jsonl.gz", 1, "1-2-3"
    )
    unit = Unit(1, "0" * 40, (Part(file),))
    return Constants(
        size / documents,
        cpu / documents,
        shuffled / documents,
        staged / documents,
        2 * dropped / documents,
        22,
        len(pickle.dumps(unit)),
    )


def words(count: float, unit: str = "B") -> str:
    """A number with its prefix.

    >>> words(6.2e10), words(900)
    ('62 GB', '900 B')
    """
    power = min(max(0, int(math.log10(max(count, 1)) // 3)), 6)
    return f"{count / 1000**power:.3g} {' kMGTPE'[power].strip()}{unit}".strip()


def rows(cost: Constants, unit_size: int) -> list[list[str]]:
    """A row for each size of corpus."""
    table = []
    for documents in (10**6, 10**8, 10**9, 10**10):
        size = documents * cost.source_bytes
        partitions = 4
        while partitions < min(_MOST_PARTITIONS, size / _BYTES_PER_PARTITION):
            partitions *= 2
        units = math.ceil(size / unit_size)
        passes = min(_MOST_PASSES, max(1, partitions // 4))
        keys = documents * cost.keys * _BYTES_PER_KEY * _COPIES_OF_KEYS / partitions / passes
        hours = documents * cost.cpu_seconds / 3600
        table.append(
            [
                f"10^{round(math.log10(documents))}",
                words(size),
                f"{units:,}",
                words(units * cost.unit_bytes),
                f"{partitions:,}",
                words(documents * cost.shuffled_bytes),
                words(size),
                words(keys),
                words(documents * cost.edges * _BYTES_PER_EDGE),
                words(documents * cost.staged_bytes),
                words(hours, ""),
                words(hours * _WATTS_PER_CORE, "Wh"),
            ]
        )
    return table


HEAD = (
    "documents", "input", "units", "job graph", "partitions", "shuffled", "moving the text instead", "memory of a partition",
    "memory of the forest", "staged", "core-hours", "energy",
)  # fmt: skip


def main() -> None:
    """Measure and print the table."""
    cost = measure()
    print(
        f"a document: {cost.source_bytes:,.0f} bytes of input, {cost.cpu_seconds * 1e3:.2f} CPU-ms, {cost.shuffled_bytes:,.0f} "
        f"bytes shuffled, {cost.staged_bytes:,.0f} bytes staged; {cost.edges:.1%} are candidates; {cost.unit_bytes} bytes a unit"
    )
    for size in (16 * 2**20, 2**30):
        print(f"\nunits of {words(size)}\n| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
        for row in rows(cost, size):
            print(f"| {' | '.join(row)} |")
