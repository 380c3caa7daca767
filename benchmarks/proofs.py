"""Checking a dataset: its digests against sha256sum, its rows, the tree over a million documents, a proof."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.clock import cpu_seconds
from benchmarks.corpora import write_edited
from benchmarks.dataset import EVERY_FILTER, curate
from colophon.pipelines.canonical import manifest_bytes
from colophon.pipelines.dataset import load_manifest
from colophon.pipelines.proofs import TREE_FILE, check_proof, prove, write_tree
from colophon.pipelines.verify import verify

DOCUMENTS = 1_000_000
QUICK_BYTES = 10**9


def quick(folder: Path) -> None:
    """A dataset's digests against sha256sum, one after the other in the same run, the best of three each."""
    (folder / "data").mkdir()
    files = {}
    block = np.random.default_rng(1).bytes(2**20)
    for number in range(4):
        path = folder / "data" / f"{number}.parquet"
        with path.open("wb") as stream:
            for _ in range(QUICK_BYTES // 4 // len(block)):
                stream.write(block)
        files[f"data/{number}.parquet"] = {"bytes": path.stat().st_size, "rows": 0, "sha256": ""}
    names = [str(folder / name) for name in files]
    theirs, ours, cpu, their_cpu = [], [], [], []
    empty = dict.fromkeys(("recipe", "recipe_sha256", "withdrawals"))
    (folder / "manifest.json").write_bytes(manifest_bytes({"format": 1, "files": files, **empty}))
    for _ in range(3):
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(["sha256sum", *names], stdout=subprocess.DEVNULL, check=True)  # noqa: S607 - the peer
        theirs.append(time.perf_counter() - began)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        their_cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        began, began_cpu = time.perf_counter(), time.process_time()
        found = verify(folder, quick=True)
        ours.append(time.perf_counter() - began)
        cpu.append(time.process_time() - began_cpu)
        assert found.files == len(files)
    size = sum(entry["bytes"] for entry in files.values())
    print(
        f"verify --quick of {size / 1e9:.2f} GB in 4 files: {min(ours):.2f} s ({min(cpu):.2f} CPU-seconds); sha256sum "
        f"{min(theirs):.2f} s ({min(their_cpu):.2f} CPU-seconds): {min(ours) / min(theirs):.2f} times as long (limit 2)"
    )


def rows(folder: Path) -> None:
    """Every row of a dataset made from text, each filter on."""
    write_edited(folder / "corpus.jsonl", 8)
    curate(folder / "corpus.jsonl", folder / "out", 1, f"{EVERY_FILTER}, scholarly: false, quality: false")
    size = sum(entry["bytes"] for entry in load_manifest(folder / "out")["files"].values())
    faults = verify(folder / "out").faults
    assert not faults, faults
    seconds = cpu_seconds(lambda: verify(folder / "out"), 3)
    print(
        f"verify: {size / 1e6 / seconds:.0f} MB of Parquet a CPU-second (aim 100), {size / 1e6:.0f} MB of it"
    )


def tree(folder: Path) -> None:
    """The tree over a million documents, and proofs from it; in this process, whose memory is told."""
    (folder / "data").mkdir()
    drawn = np.random.default_rng(1)
    names = []
    for number in range(10):
        some = [drawn.bytes(48).hex() for _ in range(DOCUMENTS // 10)]
        table = pa.table({"id": [one[:32] for one in some], "text_sha256": [one[32:] for one in some]})
        names.append(f"data/{number}.parquet")
        pq.write_table(table, folder / names[-1], row_group_size=4096, compression="zstd")
    del some, table
    began = time.process_time()
    merkle, entry = write_tree(folder, names)
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        f"tree over {merkle['documents']:,} documents: {seconds:.1f} CPU-seconds (limit 20), reading included; peak of the "
        f"process {peak / 1e6:.0f} MB (limit 1,000); {TREE_FILE} {entry['bytes'] / 1e3:.0f} kB"
    )
    files = dict.fromkeys(names, entry)
    (folder / "manifest.json").write_bytes(manifest_bytes({"format": 1, "merkle": merkle, "files": files}))
    one = pq.read_table(folder / names[0], columns=["id"])["id"][0].as_py()
    for wanted in (one, "f" * 32):
        began = time.process_time()
        proof = prove(folder, wanted)
        made = time.process_time() - began
        checked = cpu_seconds(lambda proof=proof: check_proof(proof, merkle["root"]), 100)
        size = len(manifest_bytes(proof))
        print(
            f"proof that a document is {proof['claim']}: {size:,} bytes, made in {made:.2f} s, checked in {checked * 1e3:.2f} ms"
        )


def main() -> None:
    for part in (quick, rows):
        with tempfile.TemporaryDirectory() as folder:
            part(Path(folder))
    # In a process of its own, so that its peak is its own.
    code = "import sys, pathlib; from benchmarks.proofs import tree; tree(pathlib.Path(sys.argv[1]))"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", code, folder], check=True, env=os.environ | {"PYTHONPATH": "."})
