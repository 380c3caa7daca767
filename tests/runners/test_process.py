"""Runs as a user starts them: killed, stopped, out of disk, with one worker or two."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from texts import prose

from colophon.pipelines.verify import verify

pytestmark = pytest.mark.slow

COLOPHON = [sys.executable, "-m", "colophon.runners.cli"]
RECIPE = """
name: trial
sources:
  - path: texts
plan:
  unit_size: 64 KiB
output:
  shard_size: 1 MiB
filters:
  rights: {unknown: keep}
  quality: false
  scholarly: false
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A recipe whose inputs make some tens of units."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "texts").mkdir()
    for n in range(400):
        text = prose(n % 380, 1500)
        (folder / "texts" / f"{n:03d}.txt").write_text(text)
    page = "<html><head><title>t</title></head><body><article><p>{}</p></article></body></html>"
    for n in range(40):
        (folder / "texts" / f"page{n:03d}.html").write_text(page.format(prose(1000 + n, 800)))
    (folder / "recipe.yaml").write_text(RECIPE)
    return folder


def start(site: Path, output: Path, *options: str, **popen) -> subprocess.Popen[str]:
    command = [
        *COLOPHON,
        "run",
        str(site / "recipe.yaml"),
        "--output",
        str(output),
        "--staging",
        f"{output}-staging",
        *options,
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **popen)


def content(output: Path) -> dict[str, bytes]:
    names = [*json.loads((output / "manifest.json").read_bytes())["files"], "manifest.json", "SHA256SUMS"]
    return {name: (output / name).read_bytes() for name in names}


def staged(output: Path) -> int:
    return len(list(Path(f"{output}-staging").glob("units/*/*.parquet")))


def wait_for_units(process: subprocess.Popen[str], output: Path, n: int) -> None:
    """Until n units are staged and not all of them."""
    until = time.monotonic() + 120
    while staged(output) < n:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


def children_of(folder: Path) -> list[int]:
    """Processes that work for a run: its job and the job's workers, by their command lines and parents."""
    parents: dict[int, int] = {}
    jobs = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if (
                str(folder).encode() in (path / "cmdline").read_bytes()
                and b"runners.job" in (path / "cmdline").read_bytes()
            ):
                jobs.add(int(path.name))
        except (OSError, ValueError):
            continue
    found = set(jobs)
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return sorted(found)
        found |= more


@pytest.fixture(scope="module")
def reference(site, tmp_path_factory) -> dict[str, bytes]:
    """The dataset's bytes, from one worker that was never disturbed."""
    output = tmp_path_factory.mktemp("reference") / "out"
    process = start(site, output, "--workers", "1", "--json")
    out, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    assert json.loads(out)["run"]["units"] > 20
    assert verify(output).faults == []
    return content(output)


def finish(site: Path, output: Path) -> None:
    process = start(site, output, "--workers", "2", "--quiet")
    _, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    assert not list(output.parent.glob(".*.partial"))
    assert not list(Path(f"{output}-staging").rglob(".aside*"))


def test_two_workers_give_the_same_bytes(site, reference, tmp_path):
    finish(site, tmp_path / "out")
    assert content(tmp_path / "out") == reference
    again = start(site, tmp_path / "out", "--json")
    out, error = again.communicate(timeout=60)
    assert json.loads(out)["made"] is False, error


def test_killed_halfway_and_started_again(site, reference, tmp_path):
    output = tmp_path / "out"
    process = start(site, output, "--workers", "2")
    wait_for_units(process, output, 3)
    process.kill()
    process.communicate()
    time.sleep(1)
    assert not output.exists()
    assert not children_of(tmp_path)
    before = staged(output)
    assert before < 40
    finish(site, output)
    run = json.loads((output / "run.json").read_bytes())
    assert run["input_bytes_read"] < run["input_bytes"]
    assert content(output) == reference


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_stopped_and_started_again(site, reference, tmp_path, kind):
    output = tmp_path / "out"
    process = start(site, output, "--workers", "2")
    wait_for_units(process, output, 3)
    process.send_signal(kind)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "the same command goes on from there" in error
    assert "Traceback" not in error
    assert not children_of(tmp_path)
    assert not output.exists()
    assert not list(tmp_path.glob(".*"))
    assert not list(tmp_path.rglob(".aside*"))
    finish(site, output)
    assert content(output) == reference


def test_a_worker_that_is_killed_ends_the_run_and_the_next_goes_on(site, reference, tmp_path):
    output = tmp_path / "out"
    process = start(site, output, "--workers", "2")
    wait_for_units(process, output, 2)
    workers = [
        pid for pid in children_of(tmp_path) if b"runners.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    os.kill(workers[-1], signal.SIGKILL)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 3, error
    assert "a worker process was killed" in error
    assert "Traceback" not in error
    finish(site, output)
    assert content(output) == reference


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if not shutil.which("mount") or os.geteuid():
        pytest.skip("only the superuser can mount the small file system that this test fills")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no small file system can be mounted here: {made.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_disk_full(site, small_disk, workers):
    output = small_disk / "out"
    process = start(site, output, "--workers", workers)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 3, error
    assert "the disk is full" in error
    assert "Traceback" not in error
    assert not output.exists()
    assert not list(small_disk.rglob(".aside*"))


def test_plain_lines_where_there_is_no_terminal(site, tmp_path):
    process = start(site, tmp_path / "out", "--workers", "1")
    out, error = process.communicate(timeout=300)
    assert process.returncode == 0
    assert "documents = " in out
    assert "\x1b" not in out + error


def test_every_library_of_the_trade_opens_it(site, tmp_path):
    import duckdb
    import pandas as pd
    from datasets import load_dataset

    output = tmp_path / "out"
    finish(site, output)
    table = pq.read_table(output / "data")
    assert table.schema.field("text").metadata[b"description"]
    assert len(pd.read_parquet(output / "data")) == table.num_rows
    (count,) = duckdb.sql(f"select count(*) from '{output}/data/*.parquet' where n_words > 100").fetchall()[0]
    assert count == table.num_rows
    loaded = load_dataset(
        "parquet", data_files=str(output / "data" / "*.parquet"), cache_dir=str(tmp_path / "cache")
    )
    assert loaded["train"].num_rows == table.num_rows
    sums = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=output, check=False)
    assert sums.returncode == 0
