"""From JSON Lines to a finished dataset by the command line, all of Beam included; and what deduplication finds."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.corpora import CORPORA, write_edited
from colophon.filters import FILTERS

#: Best peer on the same corpus (docs/decisions.md): MB/s per core of near-duplicate detection alone.
BEST_PEER = 6.0


#: The texts name no licence; every filter runs.
EVERY_FILTER = "rights: {unknown: keep}"
#: Only duplicates are dropped.
NO_FILTER = ", ".join(f"{name}: false" for name in FILTERS)


def curate(source: Path, output: Path, workers: int, filters: str = EVERY_FILTER) -> dict[str, Any]:
    """Run the command line in a fresh staging area; its JSON answer."""
    recipe = output.with_name(f"{output.name}.yaml")
    recipe.write_text(f"filters: {{{filters}}}\n")
    command = [
        sys.executable,
        "-m",
        "colophon.runners.cli",
        "run",
        str(recipe),
        "--input",
        str(source),
        "--output",
        str(output),
    ]
    command += ["--staging", f"{output}-staging", "--workers", str(workers), "--json", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def speed(folder: Path, times: int) -> None:
    source = folder / "corpus.jsonl"
    documents, size = write_edited(source, times)
    print(f"{documents:,} documents, {size / 1e6:.0f} MB of JSON Lines")
    wall = {}
    for workers in (1, 2):
        run = curate(source, folder / f"out{workers}", workers)["run"]
        wall[workers] = run["wall_seconds"]
        peak = max(run["peak_bytes_by_process"]) / 1e6
        rate = size / 1e6 / run["cpu_seconds"]
        print(
            f"{workers} worker(s): {run['wall_seconds']:.1f} s, {run['cpu_seconds']:.1f} CPU-seconds, {rate:.1f} MB per "
            f"CPU-second ({rate / BEST_PEER:.1f} x {BEST_PEER} of the best peer, which only finds duplicates); "
            f"worker peak {peak:.0f} MB, job process peak {run['peak_bytes'] / 1e6:.0f} MB"
        )
        stages = ", ".join(
            f"{name} {size / 1e6 / s:.0f}" for name, s in run["cpu_seconds_by_stage"].items() if s > 0.01
        )
        print(f"   MB/s per core by stage: {stages}")
    print(f"two workers: {wall[1] / wall[2]:.2f} times as fast as one")


def duplicates(folder: Path) -> None:
    """Recall and precision on the corpus with known copies."""
    curate(CORPORA / "dedup" / "corpus.jsonl", folder / "dedup", 1, NO_FILTER)
    ledger = pq.read_table(next((folder / "dedup" / "ledger").iterdir())).to_pylist()
    lines = (CORPORA / "dedup" / "corpus.jsonl").read_bytes().splitlines(keepends=True)
    names, at = {}, 0
    for row in lines:
        names[f"byte={at}"] = json.loads(row)["id"]
        at += len(row)
    pairs = [json.loads(row) for row in (CORPORA / "dedup" / "pairs.jsonl").open()]
    neighbours: dict[str, set[str]] = {}
    for one, other, similarity in pairs:
        if similarity >= 0.8:
            neighbours.setdefault(one, set()).add(other)
            neighbours.setdefault(other, set()).add(one)
    dropped = {names[row["locator"]] for row in ledger if row["stage"] == "deduplicate"}
    true = {(one, other) for one, other, similarity in pairs if similarity >= 0.8}
    found = sum(one in dropped or other in dropped for one, other in true)
    right = sum(bool(neighbours.get(one)) for one in dropped)
    print(
        f"duplicates: {found} of {len(true)} pairs with true Jaccard >= .8 found ({found / len(true):.4f}); "
        f"{right} of {len(dropped)} removed have a true neighbour >= .8 ({right / len(dropped):.4f})"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        duplicates(Path(folder))
        speed(Path(folder), 36)
