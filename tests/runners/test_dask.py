"""Runs on a Dask scheduler and workers, each a process, over TCP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sites import content, finish, lines, make_site, start, used, wait_until

from colophon.pipelines.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow
pytest.importorskip("distributed", reason="Dask is not installed: .ci/slow.lock has it")

DASK = [sys.executable, "-m", "dask"]


class Cluster:
    """A scheduler, and as many workers as are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.workers: list[subprocess.Popen[bytes]] = []
        words = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
        self.scheduler = self._start([*words, "--scheduler-file", str(self.file)])

    def _start(self, words: list[str]) -> subprocess.Popen[bytes]:
        # A folder of its own, so that nothing is found there by chance.
        with (self.folder / "log.txt").open("ab") as log:
            return subprocess.Popen([*DASK, *words], cwd=self.folder, stdout=log, stderr=log)

    def grow(self, n: int) -> None:
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        words = ["worker", "--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]
        while len(self.workers) < n:
            self.workers.append(self._start([*words, "--scheduler-file", str(self.file)]))

    def kill(self, n: int) -> None:
        for worker in self.workers[:n]:
            worker.send_signal(signal.SIGKILL)
            worker.wait()

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    @property
    def options(self) -> list[str]:
        return ["--runner", "dask", "--dask-scheduler-file", str(self.file), "--quiet"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        wait_until(cluster.file.exists, cluster.scheduler)
        yield cluster
    finally:
        cluster.close()


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    return make_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def reference(recipe, tmp_path_factory) -> dict[str, bytes]:
    """The dataset's bytes from the direct runner."""
    output = tmp_path_factory.mktemp("reference") / "out"
    made = finish(start(recipe, output, "--workers", "1", "--quiet"), output)
    assert used(output)["units"] == UNITS
    return made


UNITS = 63


def reading(output: Path) -> bool:
    return lines(output, "unit") >= 3


def deduplicating(output: Path) -> bool:
    return lines(output, "unit") == UNITS


def writing(output: Path) -> bool:
    return lines(output, "shard") >= 1


@pytest.mark.parametrize("phase", [reading, deduplicating, writing], ids=lambda phase: phase.__name__)
def test_a_worker_killed_in_each_phase_changes_no_byte(
    recipe, reference, cluster, tmp_path, phase: Callable[[Path], bool]
):
    output = tmp_path / "out"
    cluster.grow(2)
    process = start(recipe, output, *cluster.options)
    wait_until(lambda: phase(output), process)
    if phase is reading:
        assert not deduplicating(output)
    if phase is deduplicating:
        assert not writing(output)
    cluster.kill(1)
    assert finish(process, output) == reference
    assert verify(output).faults == []


def test_all_workers_killed_is_told_and_the_next_run_goes_on(recipe, reference, cluster, tmp_path):
    output = tmp_path / "out"
    cluster.grow(2)
    process = start(recipe, output, *cluster.options, "--dask-patience", "3")
    wait_until(lambda: reading(output), process)
    cluster.kill(2)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 3
    assert "the Dask cluster has had no worker for 3 seconds" in error
    assert "the same command goes on from there" in error
    assert "Traceback" not in error
    assert not output.exists()
    cluster.grow(2)
    process = start(recipe, output, *cluster.options)
    assert finish(process, output) == reference
    run = used(output)
    assert run["input_bytes_read"] < run["input_bytes"]
    assert run["runner"] == "dask"


def test_stopped_the_cluster_is_free_for_the_next(recipe, reference, cluster, tmp_path):
    output = tmp_path / "out"
    cluster.grow(2)
    process = start(recipe, output, *cluster.options)
    wait_until(lambda: reading(output), process)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 3
    assert "the same command goes on from there" in error
    assert not output.exists()
    from distributed import Client

    with Client(scheduler_file=str(cluster.file)) as client:
        wait_until(lambda: not any(client.processing().values()), cluster.scheduler)
    assert finish(start(recipe, output, *cluster.options), output) == reference


def test_a_cluster_that_is_not_there(recipe, tmp_path):
    process = start(
        recipe, tmp_path / "out", "--runner", "dask", "--dask-address", "tcp://127.0.0.1:9", "--dask-patience", "2"
    )  # fmt: skip
    _, error = process.communicate(timeout=120)
    assert process.returncode == 3
    assert "no Dask cluster with a worker answers at tcp://127.0.0.1:9" in error


def test_real_papers_have_the_bytes_of_the_direct_runner(corpora, cluster, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    sources = "\n".join(f"  - path: {corpora / name}" for name in ("jats", "html_sci", "dedup"))
    recipe.write_text(
        f"name: papers\nsources:\n{sources}\nplan:\n  unit_size: 4 MiB\noutput:\n  shard_size: 8 MiB\n"
        "filters:\n  rights: {unknown: keep}\n"
    )
    cluster.grow(2)
    here, there = tmp_path / "here" / "out", tmp_path / "there" / "out"
    finish(start(recipe, here, "--workers", str(os.cpu_count()), "--quiet"), here)
    assert finish(start(recipe, there, *cluster.options), there) == content(here)
    run = used(there)
    assert run["bytes_shuffled"] == used(here)["bytes_shuffled"] > 0
    assert run["workers"] == len(run["peak_bytes_by_process"]) == 2
    assert run["cpu_seconds"] > sum(run["cpu_seconds_by_stage"].values())
