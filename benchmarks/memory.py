"""Peak memory of a process, and its growth from 1 to 10 times the corpus."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.corpora import write_edited
from benchmarks.dataset import curate


def main() -> None:
    peaks = []
    for times in (5, 50):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            documents, size = write_edited(folder / "corpus.jsonl", times)
            run = curate(folder / "corpus.jsonl", folder / "out", 2)["run"]
            worker, job = max(run["peak_bytes_by_process"]), run["peak_bytes"]
            peaks.append((documents, worker, job))
            print(
                f"{documents:,} documents, {size / 1e6:.0f} MB: worker process {worker / 1e6:.0f} MB, "
                f"job process {job / 1e6:.0f} MB",
                flush=True,
            )
    (few, worker1, job1), (many, worker2, job2) = peaks
    for what, growth in (("worker process", worker2 - worker1), ("job process", job2 - job1)):
        print(f"{what}: grows by {growth / (many - few):.0f} bytes a document (limit 1,000)")
