"""Peak memory and CPU time of the command line over ever more documents, and how much each further document costs.

``python -m benchmarks memory --documents 10000,100000 --workers 2`` runs a part of it; with ``--same`` all documents are one short page.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import psutil

from benchmarks.corpora import invented, write_lines
from benchmarks.dataset import NO_FILTER, curate
from colophon.runners.job import JOB
from colophon.runners.nursery import WORKER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

#: Bytes that a further document may cost, all processes together, and how much faster than documents time may grow.
MOST_BYTES, MOST_GROWTH = 1000, 1.15
_SECONDS_BETWEEN_LOOKS = 0.2


def _role(process: psutil.Process) -> str:
    """What a process of a run is there for."""
    if process.name() == JOB:
        return "job"
    return "worker" if process.name() == WORKER else "command"


@dataclass
class Watched:
    """The memory of all processes below this one while it is entered.

    Attributes:
        together: Greatest sum at one time; what several processes share counts once (PSS).
        own: Of that, what no file could give back.
        alone: Greatest resident size of a process, by its role.
    """

    together: int = 0
    own: int = 0
    alone: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __enter__(self) -> Self:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_SECONDS_BETWEEN_LOOKS):
            together = own = 0
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error, OSError, KeyError):
                    lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()[1:]
                    size = {
                        name: 1024 * int(rest.split()[0]) for name, rest in (row.split(":") for row in lines)
                    }
                    together += size["Pss"]
                    own += size["Pss_Anon"]
                    role = _role(process)
                    self.alone[role] = max(self.alone[role], size["Rss"])
            self.together, self.own = max(self.together, together), max(self.own, own)


Run: TypeAlias = tuple[int, Watched, dict[str, Any]]
"""Documents, memory as seen from without, and what the run tells."""


def _same(documents: int) -> Iterator[dict[str, str]]:
    """One page as often, which has a number and a title."""
    text = next(invented(1))["text"][:200]
    page = {"text": text, "doi": "10.5555/page.1", "title": "The page that everybody has"}
    return itertools.repeat(page, documents)


def run(documents: int, workers: int, folder: Path, *, same: bool = False) -> tuple[Watched, dict[str, Any]]:
    """Curate so many documents without filters; memory as seen from without, and what the run tells."""
    _, size = write_lines(folder / "corpus.jsonl", _same(documents) if same else invented(documents))
    with Watched() as seen:
        told = curate(folder / "corpus.jsonl", folder / "out", workers, NO_FILTER)["run"]
    alone = ", ".join(f"{role} {peak / 1e6:,.0f}" for role, peak in sorted(seen.alone.items()))
    print(
        f"{documents:,} documents, {size / 1e6:,.0f} MB, {workers} worker(s): {told['cpu_seconds']:.1f} CPU-seconds "
        f"({size / 1e6 / told['cpu_seconds']:.1f} MB a CPU-second), {told['wall_seconds']:.1f} s; peak of all processes "
        f"together {seen.together / 1e6:,.0f} MB ({seen.own / 1e6:,.0f} without pages of files), largest of a kind, MB: {alone}; "
        f"{told['bytes_shuffled'] / documents:.0f} bytes shuffled a document; {told['fates']['dropped']:,} dropped",
        flush=True,
    )
    return seen, told


def _compare(one: Run, other: Run) -> None:
    (few, seen1, told1), (many, seen2, told2) = one, other
    more = many - few
    alone = ", ".join(
        f"{role} {(seen2.alone[role] - seen1.alone[role]) / more:,.0f}" for role in sorted(seen2.alone)
    )
    growth = told2["cpu_seconds"] / told1["cpu_seconds"] / (many / few)
    print(
        f"from {few:,} to {many:,}: a further document costs {(seen2.together - seen1.together) / more:,.0f} bytes of all "
        f"processes together (limit {MOST_BYTES:,}; {(seen2.own - seen1.own) / more:,.0f} without pages of files), by process "
        f"{alone}; CPU time, start included, grows {growth:.2f} times as fast as the documents (limit {MOST_GROWTH})",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks memory")
    parser.add_argument("--documents", default="10000,100000,1000000", help="how many, rising")
    parser.add_argument("--workers", default="1", help="processes, several numbers with commas")
    parser.add_argument("--same", action="store_true", help="a short page over and over")
    asked, _ = parser.parse_known_args(sys.argv[1:])
    for workers in map(int, asked.workers.split(",")):
        runs = []
        for documents in map(int, asked.documents.split(",")):
            with tempfile.TemporaryDirectory() as name:
                runs.append((documents, *run(documents, workers, Path(name), same=asked.same)))
        for one, other in [*itertools.pairwise(runs), *([(runs[0], runs[-1])] if len(runs) > 2 else [])]:
            _compare(one, other)
        # Starting takes seconds, which hide in the larger runs; the costs of further documents do not hold it.
        costs = [
            (b[2]["cpu_seconds"] - a[2]["cpu_seconds"]) / (b[0] - a[0]) for a, b in itertools.pairwise(runs)
        ]
        for cost, (one, other) in zip(costs, itertools.pairwise(runs), strict=True):
            print(
                f"a further document from {one[0]:,} to {other[0]:,}: {cost * 1e6:.0f} CPU-microseconds, {cost / costs[0]:.2f} "
                f"times what the first further ones take (limit {MOST_GROWTH})"
            )
