"""Beam's portable contract: a job server, and a pool of workers with another environment in another folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sites import answers, build_wheel, content, finish, free_port, make_site, start, used, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow


def surroundings(python: Path) -> dict[str, str]:
    """The environment variables of processes there: its programs first, and nothing of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> Path:
    """An environment of its own with our package from its wheel; it borrows only the libraries of this one."""
    folder = tmp_path_factory.mktemp("elsewhere")
    wheel = build_wheel(folder)
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    shutil.unpack_archive(wheel, packages, "zip")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = folder / "venv" / "bin" / "python"
    where = subprocess.run(
        [python, "-c", "import colophon.runners.run as one; print(one.__file__)"],
        check=True, capture_output=True, text=True, cwd=folder, env=surroundings(python),
    )  # fmt: skip
    assert where.stdout.startswith(str(packages))
    return python


@pytest.fixture(scope="module")
def pool(elsewhere, tmp_path_factory) -> Iterator[list[str]]:
    """The options that name a pool of workers."""
    folder, port = tmp_path_factory.mktemp("pool"), free_port()
    command = [elsewhere, "-m", "apache_beam.runners.worker.worker_pool_main", f"--service_port={port}"]
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=surroundings(elsewhere), stdout=log, stderr=log)
    try:
        wait_until(lambda: answers(port), process)
        yield ["--environment", "external", "--environment-config", f"localhost:{port}"]
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    return make_site(tmp_path_factory.mktemp("site"), 120)


@pytest.fixture(scope="module")
def here(recipe, tmp_path_factory) -> Path:
    """The dataset from the direct runner."""
    output = tmp_path_factory.mktemp("reference") / "out"
    finish(start(recipe, output, "--workers", "1", "--quiet"), output)
    return output


@pytest.fixture(scope="module")
def reference(here) -> dict[str, bytes]:
    return content(here)


def test_a_job_server_and_workers_elsewhere_give_the_same_bytes(recipe, here, reference, pool, tmp_path):
    port = free_port()
    command = [
        sys.executable, "-m", "apache_beam.runners.portability.local_job_service_main", f"--port={port}",
        "--staging_dir", str(tmp_path / "artifacts"),
    ]  # fmt: skip
    with (tmp_path / "log.txt").open("wb") as log:
        server = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    try:
        wait_until(lambda: answers(port), server)
        output = tmp_path / "out"
        options = ["--runner", "portable", "--job-endpoint", f"localhost:{port}", *pool, "--quiet"]
        assert finish(start(recipe, output, *options), output) == reference
        run, direct = used(output), used(here)
        assert run["bytes_shuffled"] == direct["bytes_shuffled"] > 0
        assert "of each worker elsewhere" in run["cpu_seconds_are"]
        assert run["cpu_seconds"] > sum(run["cpu_seconds_by_stage"].values())
        assert run["workers"] == len(run["peak_bytes_by_process"]) >= 1
        assert direct["cpu_seconds_are"] == "of this command and all processes that it started"
    finally:
        server.kill()
        server.wait()


def test_prism_gives_the_same_bytes(recipe, reference, tmp_path):
    binary = shutil.which(os.environ.get("COLOPHON_PRISM", "prism"))
    if binary is None:
        pytest.skip(
            "there is no Prism: go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0, "
            "and COLOPHON_PRISM names it if it is not on the PATH"
        )
    output = tmp_path / "out"
    options = ["--runner", "prism", "--prism-binary", binary, "--quiet"]
    assert finish(start(recipe, output, *options), output) == reference


def test_no_job_server_is_told(recipe, pool, tmp_path):
    options = ["--runner", "portable", "--job-endpoint", f"localhost:{free_port()}", *pool]
    process = start(recipe, tmp_path / "out", *options)
    _, error = process.communicate(timeout=200)
    assert process.returncode == 3
    assert "no job server answers at localhost:" in error
    assert "Traceback" not in error
