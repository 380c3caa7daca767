"""What corpora of a million to ten thousand million documents need, from what one run of this machine used.

Everything is proportional to documents or bytes but for what is named in `docs/scale.md`; nothing here was run at that size.
"""

from __future__ import annotations

import math
import pickle
import re
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.corpora import write_edited
from benchmarks.dataset import curate
from colophon.pipelines import job, plan
from colophon.pipelines.plan import InputFile, Part, Unit
from colophon.pipelines.rules import BYTES_PER_PAIR, pairs_that_fit
from colophon.runners import costs

PAGE = Path(__file__).resolve().parents[1] / "docs" / "scale.md"
_BEGIN, _END = "<!-- measured: python -m benchmarks scale -->", "<!-- end of what was measured -->"

#: Bytes of a key while the job groups those of a partition, and how often it holds them; see `candidates.py`.
_BYTES_PER_KEY = 8
_COPIES_OF_KEYS = 5
#: A protobuf message, which the job's graph is, ends here.
_MOST_OF_A_GRAPH = 2**31


@dataclass(frozen=True)
class Constants:
    """What a document costs.

    Attributes:
        source_bytes: Bytes of input.
        cpu_seconds: CPU time of all processes, start-up taken off.
        shuffled_bytes: Bytes that were grouped by key.
        staged_bytes: Bytes of staged units.
        edges: Candidate pairs a document: twice the share that is dropped as copies.
        keys: Keys in the shuffle.
        unit_bytes: Bytes of a unit in the job's graph.
    """

    source_bytes: float
    cpu_seconds: float
    shuffled_bytes: float
    staged_bytes: float
    edges: float
    keys: float
    unit_bytes: float


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
        partitions = plan._FEWEST_PARTITIONS  # noqa: SLF001 - as `make_plan` reckons
        while partitions < min(plan._MOST_PARTITIONS, size / plan._SOURCE_TEXT_PER_PARTITION):  # noqa: SLF001
            partitions *= 2
        units = math.ceil(size / unit_size)
        passes = min(job._MOST_PASSES, max(1, partitions // 4))  # noqa: SLF001 - as `Job.passes`
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
                words(documents * cost.edges * BYTES_PER_PAIR),
                words(documents * cost.staged_bytes),
                words(hours, ""),
                words(hours * costs._WATTS_PER_CORE, "Wh"),  # noqa: SLF001 - as a run reckons
            ]
        )
    return table


HEAD = (
    "documents", "input", "units", "job graph", "partitions", "shuffled", "moving the text instead", "memory of a partition",
    "memory of the forest", "staged", "core-hours", "energy",
)  # fmt: skip


def limits(cost: Constants) -> list[list[str]]:
    """Where each limit lies, in documents."""
    graph = _MOST_OF_A_GRAPH / cost.unit_bytes / cost.source_bytes
    # A key meets those of its band by chance, in 2^32 of each partition.
    chance = 2**32 * plan._MOST_PARTITIONS / cost.keys / (cost.keys / job._MOST_PASSES)  # noqa: SLF001
    found = {
        "the forest of candidates, `deduplicate.memory` 4 GiB": pairs_that_fit(4 * 2**30) / cost.edges,
        "the forest of candidates, `deduplicate.memory` 28 GiB": pairs_that_fit(28 * 2**30) / cost.edges,
        "the job's graph, units of 16 MiB": graph * 16 * 2**20,
        "the job's graph, units of 1 GiB": graph * 2**30,
        "a tenth of the documents meet another by chance": chance / 10,
    }
    return [[name, f"{at:.1e}"] for name, at in found.items()]


def _table(head: tuple[str, ...], lines: list[list[str]]) -> str:
    return "\n".join(
        [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(one)} |" for one in lines)]
    )


def block(cost: Constants) -> str:
    """What `docs/scale.md` has between its two marks."""
    known = [[name, f"{value:.6g}"] for name, value in asdict(cost).items()]
    parts = [_BEGIN, _table(("of a document", "measured"), known)]
    for size, name in ((16 * 2**20, "16 MiB, the default"), (2**30, "1 GiB")):
        parts += [f"Units of {name}:", _table(HEAD, rows(cost, size))]
    return "\n\n".join([*parts, _table(("limit", "documents"), limits(cost)), _END])


def constants_of(page: str) -> Constants:
    """The constants that a page has."""
    found = dict(re.findall(r"^\| (\w+) \| ([\d.e+-]+) \|$", page, re.MULTILINE))
    return Constants(**{one.name: float(found[one.name]) for one in fields(Constants)})


def renewed(page: str, cost: Constants) -> str:
    """The page with other constants."""
    before, _, rest = page.partition(_BEGIN)
    return before + block(cost) + rest.partition(_END)[2]


def main() -> None:
    """Measure, print what the page should have, and write it there."""
    known = constants_of(block(measure()))  # rounded as the page has them
    print(block(known))
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), known), encoding="utf-8")
    print(f"{PAGE}: written")
