"""Runs as a user starts them: killed, stopped, out of disk, with one worker or two."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sites import content, finish, make_site, start, used, wait_until
from texts import prose

from colophon.pipelines.verify import verify
from colophon.runners.job import JOB
from colophon.runners.nursery import WORKER

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A recipe whose inputs, papers and some pages, make some tens of units."""
    recipe = make_site(tmp_path_factory.mktemp("site"), 400)
    page = "<html><head><title>t</title></head><body><article><p>{}</p></article></body></html>"
    for n in range(40):
        path = recipe.parent / "texts" / f"page{n:03d}.html"
        path.write_text(page.format(prose(1000 + n, 800)))
    return recipe


def staged(output: Path) -> int:
    return len(list(Path(f"{output}-staging").glob("units/*/*.parquet")))


def wait_for_units(process: subprocess.Popen[str], output: Path, n: int) -> None:
    wait_until(lambda: staged(output) >= n, process)


def children_of(folder: Path) -> list[int]:
    """Processes that work for a run: its job and the job's workers, by their names, command lines and parents."""
    parents: dict[int, int] = {}
    jobs = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if (
                str(folder).encode() in (path / "cmdline").read_bytes()
                and (path / "comm").read_text().strip() == JOB
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


def name_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return ""


@pytest.fixture(scope="module")
def undisturbed(site, tmp_path_factory) -> Path:
    """The dataset of one worker that was never disturbed."""
    output = tmp_path_factory.mktemp("reference") / "out"
    process = start(site, output, "--workers", "1", "--json")
    out, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    assert json.loads(out)["run"]["units"] > 20
    assert verify(output).faults == []
    return output


@pytest.fixture(scope="module")
def reference(undisturbed) -> dict[str, bytes]:
    return content(undisturbed)


def run(site: Path, output: Path) -> dict[str, bytes]:
    """What a run makes that nobody disturbs; it leaves nothing half-written in its staging folder either."""
    made = finish(start(site, output, "--workers", "2", "--quiet"), output)
    assert not list(Path(f"{output}-staging").rglob(".aside*"))
    return made


def test_two_workers_give_the_same_bytes(site, undisturbed, reference, tmp_path):
    assert run(site, tmp_path / "out") == reference
    told = used(tmp_path / "out")
    assert told["workers"] == 2
    assert len(told["peak_bytes_by_process"]) == 2
    # The same is moved, however many move it; and nothing that was done is left out, in parsers neither.
    assert told["bytes_shuffled"] == used(undisturbed)["bytes_shuffled"] > 0
    assert told["cpu_seconds"] > sum(told["cpu_seconds_by_stage"].values()) > 0
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
    assert run(site, output) == reference
    told = used(output)
    assert told["input_bytes_read"] < told["input_bytes"]


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
    assert run(site, output) == reference


def test_a_worker_that_is_killed_ends_the_run_and_the_next_goes_on(site, reference, tmp_path):
    output = tmp_path / "out"
    process = start(site, output, "--workers", "2")
    wait_for_units(process, output, 2)
    workers = [pid for pid in children_of(tmp_path) if name_of(pid) == WORKER]
    assert len(workers) == 2
    os.kill(workers[-1], signal.SIGKILL)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 3, error
    assert "a worker process was killed" in error
    assert "Traceback" not in error
    assert run(site, output) == reference


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
    run(site, output)
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
