"""A run on a Flink cluster of three processes, one of which is killed.

It needs Beam's job server and Flink itself: COLOPHON_FLINK_JOB_SERVER_JAR names the jar, COLOPHON_FLINK_LIB the `lib` folder of the
Flink release that it is for.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sites import answers, finish, free_port, lines, make_site, start, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
WORKER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
OPENED = ("lang", "net", "nio", "text", "time", "util", "util.concurrent", "util.concurrent.atomic")
SETTINGS = """
jobmanager.rpc.address: localhost
jobmanager.rpc.port: {rpc}
jobmanager.memory.process.size: 1g
rest.port: {rest}
rest.address: localhost
taskmanager.memory.process.size: 1g
taskmanager.numberOfTaskSlots: 2
taskmanager.memory.network.min: 64m
heartbeat.timeout: 10000
restart-strategy.type: fixed-delay
restart-strategy.fixed-delay.attempts: 10
restart-strategy.fixed-delay.delay: 1 s
"""


@pytest.fixture(scope="module")
def jar() -> str:
    found = os.environ.get("COLOPHON_FLINK_JOB_SERVER_JAR")
    if not found:
        pytest.skip("COLOPHON_FLINK_JOB_SERVER_JAR names no jar: Beam's job server for Flink is not here")
    return found


@pytest.fixture(scope="module")
def cluster(jar, tmp_path_factory) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The REST address, and the two task managers."""
    library = os.environ.get("COLOPHON_FLINK_LIB")
    if not library or not Path(library).is_dir() or not shutil.which("java"):
        pytest.skip("COLOPHON_FLINK_LIB names no folder of Flink's jars, or there is no Java")
    folder, rest = tmp_path_factory.mktemp("flink"), free_port()
    for name in ("config.yaml", "flink-conf.yaml"):  # since Flink 2, and before
        (folder / name).write_text(
            SETTINGS.format(rpc=free_port(), rest=rest) if name == "config.yaml" else ""
        )
    (folder / "flink-conf.yaml").write_text((folder / "config.yaml").read_text())
    opened = [f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in OPENED]
    java = ["java", *opened, "-cp", f"{library}/*"]

    def begin(entry: str, *words: str) -> subprocess.Popen[bytes]:
        with (folder / "log.txt").open("ab") as log:
            command = [*java, entry, "--configDir", str(folder), *words]
            return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)

    manager = begin(MANAGER, "--executionMode", "cluster")
    workers = [begin(WORKER), begin(WORKER)]
    try:
        wait_until(lambda: answers(rest), manager)
        yield f"localhost:{rest}", workers
    finally:
        for process in (manager, *workers):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def pool(tmp_path_factory) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main", f"--service_port={port}"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(command, cwd=tmp_path_factory.mktemp("pool"), env={**os.environ, "PATH": path})
    try:
        wait_until(lambda: answers(port), process)
        yield f"localhost:{port}"
    finally:
        process.terminate()
        process.wait()


def test_a_killed_task_manager_changes_no_byte(jar, cluster, pool, tmp_path):
    recipe = make_site(tmp_path / "site")
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    reference = finish(start(recipe, here / "out", "--workers", "1", "--quiet"), here / "out")
    master, workers = cluster
    process = start(
        recipe, there / "out", "--runner", "flink", "--flink-master", master, "--job-server-jar", jar,
        "--environment", "external", "--environment-config", pool, "--quiet",
    )  # fmt: skip
    wait_until(lambda: lines(there / "out", "unit") >= 3, process)
    workers[0].send_signal(signal.SIGKILL)
    assert finish(process, there / "out") == reference
