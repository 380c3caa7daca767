"""A Flink cluster of three processes, and a run on it in which one of them is killed.

The cluster needs Flink itself: COLOPHON_FLINK_LIB names the `lib` folder of a release (`make test-all` fetches one). The run needs Beam's job
server for that release too: COLOPHON_FLINK_JOB_SERVER_JAR names the jar.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from sites import answers, finish, free_port, lines, make_site, start, wait_until

from colophon.runners.engines.flink import refuse_cluster
from colophon.schemas import RunFailed

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
taskmanager.numberOfTaskSlots: 2
heartbeat.timeout: 10000
restart-strategy.type: fixed-delay
restart-strategy.fixed-delay.attempts: 10
restart-strategy.fixed-delay.delay: 1 s
"""
# What Flink's own script reckons out before it starts Java.
OF_A_WORKER = {
    "taskmanager.cpu.cores": "2",
    "taskmanager.memory.framework.heap.size": "128m",
    "taskmanager.memory.framework.off-heap.size": "128m",
    "taskmanager.memory.task.heap.size": "256m",
    "taskmanager.memory.task.off-heap.size": "0",
    "taskmanager.memory.managed.size": "64m",
    "taskmanager.memory.network.min": "64m",
    "taskmanager.memory.network.max": "64m",
    "taskmanager.memory.jvm-metaspace.size": "256m",
    "taskmanager.memory.jvm-overhead.min": "192m",
    "taskmanager.memory.jvm-overhead.max": "192m",
}


@pytest.fixture(scope="module")
def jar() -> str:
    found = os.environ.get("COLOPHON_FLINK_JOB_SERVER_JAR")
    if not found:
        pytest.skip("COLOPHON_FLINK_JOB_SERVER_JAR names no jar: Beam's job server for Flink is not here")
    return found


@dataclass
class Cluster:
    """A job manager and two task managers.

    Attributes:
        master: HOST:PORT of its REST interface.
        manager: The job manager.
        workers: The task managers.
    """

    master: str
    manager: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]

    def overview(self) -> dict[str, Any]:
        with urlopen(f"http://{self.master}/overview", timeout=30) as answer:
            return json.load(answer)

    def ready(self) -> bool:
        try:
            told = self.overview()
            return (told["taskmanagers"], told["slots-total"]) == (2, 4)
        except OSError:  # it has begun to listen and says that it is not ready
            return False


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    library = os.environ.get("COLOPHON_FLINK_LIB")
    if not library or not list(Path(library).glob("flink-dist-*.jar")) or not shutil.which("java"):
        pytest.skip("COLOPHON_FLINK_LIB names no folder of Flink's jars, or there is no Java")
    folder, rest = tmp_path_factory.mktemp("flink"), free_port()
    settings = SETTINGS.format(rpc=free_port(), rest=rest)
    for name in ("config.yaml", "flink-conf.yaml"):  # since Flink 2, and before
        (folder / name).write_text(settings)
    opened = [f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in OPENED]
    java = ["java", *opened, "-cp", f"{library}/*"]

    def begin(entry: str, *words: str) -> subprocess.Popen[bytes]:
        with (folder / "log.txt").open("ab") as log:
            command = [*java, entry, "--configDir", str(folder), *words]
            return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)

    manager = begin(MANAGER, "--executionMode", "cluster")
    reckoned = [word for pair in OF_A_WORKER.items() for word in ("-D", "=".join(pair))]
    made = Cluster(f"localhost:{rest}", manager, [begin(WORKER, *reckoned), begin(WORKER, *reckoned)])
    try:
        wait_until(made.ready, manager, *made.workers)
        yield made
    finally:
        for process in (manager, *made.workers):
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


def test_the_cluster_is_asked_for_its_version_before_anything_is_sent(cluster):
    major, minor, *_ = cluster.overview()["flink-version"].split(".")
    refuse_cluster(cluster.master, f"{major}.{minor}")
    with pytest.raises(RunFailed, match=rf"is Flink {major}\.{minor}.*--flink_version={major}\.{minor}$"):
        refuse_cluster(cluster.master, "1.19")


def test_a_jar_that_is_no_job_server_is_told(cluster, tmp_path):
    recipe = make_site(tmp_path / "site", 20)
    (tmp_path / "some.jar").write_bytes(b"no jar")
    process = start(
        recipe, tmp_path / "out", "--runner", "flink", "--flink-master", cluster.master,
        "--job-server-jar", str(tmp_path / "some.jar"), "--quiet",
    )  # fmt: skip
    _, error = process.communicate(timeout=300)
    assert process.returncode == 3
    assert "some.jar: Java does not start Beam's job server from it" in error
    assert "Traceback" not in error
    assert cluster.overview()["jobs-running"] == 0


def test_a_killed_task_manager_changes_no_byte(jar, cluster, pool, tmp_path):
    recipe = make_site(tmp_path / "site")
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    reference = finish(start(recipe, here / "out", "--workers", "1", "--quiet"), here / "out")
    process = start(
        recipe, there / "out", "--runner", "flink", "--flink-master", cluster.master, "--job-server-jar", jar,
        "--environment", "external", "--environment-config", pool, "--quiet",
    )  # fmt: skip
    wait_until(lambda: lines(there / "out", "unit") >= 3, process)
    cluster.workers[0].send_signal(signal.SIGKILL)
    assert finish(process, there / "out") == reference
