"""The files of `examples/engines`: what of them can be checked without a cluster of each kind."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from apache_beam.options.pipeline_options import FlinkRunnerOptions
from apache_beam.version import __version__ as beam

from colophon.runners.cli import build_parser

ENGINES = Path(__file__).resolve().parents[2] / "examples" / "engines"


@pytest.fixture(scope="module")
def manifest() -> dict[tuple[str, str], dict[str, Any]]:
    """What the Kubernetes manifest declares, by kind and name."""
    found = yaml.safe_load_all((ENGINES / "flink-kubernetes.yaml").read_text())
    return {(one["kind"], one["metadata"]["name"]): one["spec"] for one in found}


def test_the_slurm_script_is_one_that_the_shell_reads():
    script = ENGINES / "dask-slurm.sh"
    subprocess.run(["bash", "-n", script], check=True)
    (command,) = re.findall(r'^colophon (run .*) "\$@"$', script.read_text(), re.MULTILINE)
    arguments = build_parser().parse_args(command.replace('"', "").split())
    assert (arguments.runner, arguments.dask_patience) == ("dask", "300")


def test_pods_are_found_and_mount_what_there_is(manifest):
    for (kind, name), spec in manifest.items():
        if kind == "Service":
            continue
        pod = spec["template"]["spec"]
        if kind == "Deployment":
            assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"] == {"app": name}
        volumes = {one["name"] for one in pod.get("volumes", ())}
        for container in pod["containers"]:
            assert {one["name"] for one in container.get("volumeMounts", ())} <= volumes
    service = manifest["Service", "colophon-jobmanager"]
    assert ("Deployment", service["selector"]["app"]) in manifest
    (manager,) = manifest["Deployment", "colophon-jobmanager"]["template"]["spec"]["containers"]
    assert {one["port"] for one in service["ports"]} == {one["containerPort"] for one in manager["ports"]}


def test_the_job_on_kubernetes_is_one_that_colophon_takes(manifest):
    (container,) = manifest["Job", "colophon"]["template"]["spec"]["containers"]
    words = container["command"][1:] + container["args"]
    arguments = build_parser().parse_args(words[: words.index("--")])
    host, _, port = arguments.flink_master.partition(":")
    assert int(port) in [one["port"] for one in manifest["Service", host]["ports"]]
    assert arguments.job_server_jar.endswith(f"-job-server-{beam}.jar")


def test_versions_are_those_that_fit_together(manifest):
    flink = FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS[-1]
    images = {
        container["name"]: container["image"]
        for (kind, _), spec in manifest.items()
        if kind == "Deployment"
        for container in spec["template"]["spec"]["containers"]
    }
    assert {images[name] for name in ("jobmanager", "taskmanager")} == {f"flink:{flink}-java17"}
    assert f"beam-runners-flink-{flink}-job-server" in (ENGINES / "flink-kubernetes.yaml").read_text()
    dockerfile = (ENGINES / "workers.Dockerfile").read_text()
    assert re.search(rf"^FROM apache/beam_python3\.\d+_sdk:{re.escape(beam)}$", dockerfile, re.MULTILINE)
