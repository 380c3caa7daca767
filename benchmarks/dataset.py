"""From JSON Lines to a finished dataset by the command line, all of Beam included, with one worker and with two.

``python -m benchmarks dataset --filters none --turns 3`` runs a part of it, more often.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.corpora import write_edited
from colophon.filters import FILTERS

#: Best peer on the same corpus (docs/decisions.md): MB/s per core of near-duplicate detection alone.
BEST_PEER = 6.0


#: The texts name no licence; every filter runs.
EVERY_FILTER = "rights: {unknown: keep}"
#: Only duplicates are dropped.
NO_FILTER = ", ".join(f"{name}: false" for name in FILTERS)


def curate(
    source: Path, output: Path, workers: int, filters: str = EVERY_FILTER, unit_size: str = "16 MiB"
) -> dict[str, Any]:
    """Run the command line in a fresh staging area; its JSON answer."""
    recipe = output.with_name(f"{output.name}.yaml")
    recipe.write_text(f"filters: {{{filters}}}\nplan: {{unit_size: {unit_size}}}\n")
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
    answer["run"]["fates"] = answer["fates"]
    return answer


def hashing() -> float:
    """MB of SHA-256 in a CPU-second of now: what a shared machine gives changes by a quarter from minute to minute."""
    block = bytes(10**8)
    began = time.process_time()
    hashlib.sha256(block).digest()
    return 100 / (time.process_time() - began)


def speed(
    source: Path, folder: Path, filters: str, workers: list[int], *, turns: int, unit_size: str
) -> None:
    """Run after run, one number of workers after the other in each turn, so that what else the machine does hits all."""
    size = source.stat().st_size
    which = "every filter" if filters == EVERY_FILTER else "no filter"
    walls: dict[int, list[float]] = {number: [] for number in workers}
    for turn in range(turns):
        for number in workers:
            output = folder / "out"
            limit = hashing()
            run = curate(source, output, number, filters, unit_size)["run"]
            walls[number].append(run["wall_seconds"])
            rate = size / 1e6 / run["cpu_seconds"]
            documents = sum(run["fates"].values())
            print(
                f"{which}, {run['units']} units, {number} worker(s): {run['wall_seconds']:.1f} s, {run['cpu_seconds']:.1f} CPU-seconds, {rate:.1f} MB "
                f"per CPU-second ({rate / BEST_PEER:.1f} x {BEST_PEER} of the best peer, which only finds duplicates; SHA-256 {limit:.0f}, {limit / rate:.0f} x this); "
                f"largest process {max(run['peak_bytes_by_process']) / 1e6:.0f} MB, job process {run['peak_bytes'] / 1e6:.0f} MB; "
                f"{run['bytes_shuffled'] / documents:.0f} bytes shuffled a document"
            )
            if not turn:
                stages = ", ".join(
                    f"{name} {size / 1e6 / s:.0f}"
                    for name, s in run["cpu_seconds_by_stage"].items()
                    if s > 0.01
                )
                print(f"   MB/s per core by stage: {stages}", flush=True)
            for made in (output, output.with_name(f"{output.name}-staging")):
                shutil.rmtree(made)
    for number in workers[1:]:
        ratios = sorted(one / other for one, other in zip(walls[workers[0]], walls[number], strict=True))
        each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        print(
            f"{which}: {number} workers are {median(ratios):.2f} times as fast as {workers[0]} (turns: {each}; goal 1.7)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks dataset")
    parser.add_argument(
        "--times", type=int, default=36, help="how many times the sections of papers, 36 being 485 MB"
    )
    parser.add_argument("--filters", default="none,every")
    parser.add_argument("--workers", default="1,2", help="processes, several numbers with commas")
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--unit-size", default="16 MiB", help="4 MiB makes a hundred units of 485 MB")
    asked, _ = parser.parse_known_args(sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        documents, size = write_edited(folder / "corpus.jsonl", asked.times)
        print(f"{documents:,} documents, {size / 1e6:.0f} MB of JSON Lines", flush=True)
        for which in asked.filters.split(","):
            filters = {"none": NO_FILTER, "every": EVERY_FILTER}[which]
            workers = [*map(int, asked.workers.split(","))]
            speed(
                folder / "corpus.jsonl",
                folder,
                filters,
                workers,
                turns=asked.turns,
                unit_size=asked.unit_size,
            )
