"""The pipeline as engines get it: nothing in it that one of them does not run, and every option of Dataflow's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec
from sites import build_wheel

from colophon.pipelines import Curate, Decide
from colophon.runners.engines import flink
from colophon.runners.engines.dataflow import flags_of
from colophon.runners.job import Order
from colophon.runners.recipes import sections
from colophon.runners.run import Run
from colophon.schemas import default_recipe, with_inputs


@pytest.fixture
def run(papers, tmp_path) -> Run:
    return Run(with_inputs(default_recipe(sections()), [papers]), tmp_path / "out", tmp_path / "staging")


def pipeline(run: Run, work: beam.PTransform, **how) -> beam.Pipeline:
    made = beam.Pipeline(**how)
    _ = made | "Units" >> beam.Create(list(run.plan.units), reshuffle=False) | work
    return made


@pytest.mark.parametrize("partitions", [4, 16])
def test_flink_runs_all_of_a_run(run, partitions):
    proto = pipeline(run, Curate(replace(run.job, partitions=partitions))).to_runner_api()
    assert flink.not_accepted(proto) == []
    assert len(proto.components.transforms) > 40


def test_flink_runs_all_of_a_decision(run):
    assert flink.not_accepted(pipeline(run, Decide(replace(run.job, before="x"))).to_runner_api()) == []


class _Remembers(beam.DoFn):
    SEEN = ReadModifyWriteStateSpec("seen", beam.coders.VarIntCoder())

    def process(self, element: tuple[int, int], seen=beam.DoFn.StateParam(SEEN)):  # noqa: ARG002, B008 - as Beam wants it
        yield element


def test_what_flink_would_refuse_is_found():
    made = beam.Pipeline()
    numbers = made | "Numbers" >> beam.Create([(1, 2)], reshuffle=False)
    _ = numbers | "Remember" >> beam.ParDo(_Remembers())
    _ = numbers | "Look" >> beam.Map(lambda one, other: (one, other), other=beam.pvalue.AsList(numbers))
    _ = made | "Read" >> beam.io.ReadFromText(__file__)
    told = " ".join(flink.not_accepted(made.to_runner_api()))
    assert "Remember: state" in told
    assert "Look: side inputs" in told
    assert "Read" in told


def test_the_jar_is_the_given_one_else_the_cached_one(tmp_path, monkeypatch):
    from apache_beam.utils.subprocess_server import JavaJarServer
    from apache_beam.version import __version__

    monkeypatch.setattr(JavaJarServer, "JAR_CACHE", str(tmp_path))
    assert flink.find_jar({}, ()) is None
    cached = tmp_path / f"beam-runners-flink-1.20-job-server-{__version__}.jar"
    cached.touch()
    assert flink.find_jar({}, ()) is None
    assert flink.find_jar({}, ("--flink_version=1.20",)) == str(cached)
    assert flink.find_jar({"job_server_jar": "mine.jar"}, ()) == str(Path.cwd() / "mine.jar")


def test_flink_is_told_where_and_with_what(run):
    settings = {"flink_master": "cluster:8081", "job_server_jar": "mine.jar"}
    order = Order(run.job, run.plan, "flink", 2, ("--parallelism=8",), settings)
    with flink.engine(order, lambda _: None) as (_, options):
        told = options.get_all_options(drop_default=True)
    assert told["flink_master"] == "cluster:8081"
    assert told["flink_job_server_jar"].endswith("/mine.jar")
    assert (told["environment_type"], told["environment_config"]) == ("EXTERNAL", "localhost:50000")
    assert told["parallelism"] == 8


def test_a_process_environment_is_told_as_beam_wants_it(run):
    settings = {"flink_master": "h:1", "environment": "process", "environment_config": "/opt/boot"}
    order = Order(run.job, run.plan, "flink", 2, (), settings)
    with flink.engine(order, lambda _: None) as (_, options):
        told = options.get_all_options(drop_default=True)
    assert json.loads(told["environment_config"]) == {"command": "/opt/boot"}


@pytest.mark.slow
def test_dataflow_is_told_everything_and_nothing_is_sent(run, tmp_path):
    """The job as Google's service would get it, made without an account: what is uploaded goes to a folder here."""
    pytest.importorskip(
        "google.cloud.dataflow", reason="Google's packages are not installed: .ci/slow.lock has them"
    )
    from apache_beam.options.pipeline_options import GoogleCloudOptions
    from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner
    from apache_beam.runners.dataflow.internal import apiclient
    from apache_beam.transforms.environments import DockerEnvironment

    settings = {
        "project": "my-project", "region": "europe-west4", "temp_location": "gs://my-bucket/tmp",
        "image": "europe-docker.pkg.dev/my-project/images/colophon:1",
    }  # fmt: skip
    wheel, bucket = build_wheel(tmp_path), tmp_path / "bucket"
    own = ["--dry_run=True", "--no_auth", "--max_num_workers=40", f"--extra_package={wheel}"]
    options = PipelineOptions([*flags_of(settings), *own, f"--template_location={bucket}/template.json"])
    runner = DataflowRunner()
    result = pipeline(run, Curate(run.job), runner=runner, options=options).run()
    proto = runner.proto_pipeline

    assert flink.not_accepted(proto) == []
    leaves = [one for one in proto.components.transforms.values() if not one.subtransforms]
    steps = {one.unique_name for one in leaves}
    for step in (
        "StageUnit", "EmitKeys0", "FindCandidates0", "MergeForests", "Connect", "ShareShingles", "Judge", "PlanShards", "KeyByShard",
        "WriteShard", "WriteManifest",
    ):  # fmt: skip
        assert any(step in one.split("/")[-1] or f"/{step}/" in one for one in steps), step
    environments = {one.environment_id for one in leaves if one.environment_id}
    (environment,) = (proto.components.environments[name] for name in environments)
    assert DockerEnvironment.from_runner_api(environment, None).container_image == settings["image"]

    bucket.mkdir()
    told = result.job.options
    told.view_as(GoogleCloudOptions).staging_location = str(bucket)
    # A template is not begun.
    assert apiclient.DataflowApplicationClient(told).create_job(result.job) is None
    staged = {path.name: path.read_bytes() for path in bucket.iterdir()}
    assert staged[wheel.name] == wheel.read_bytes()
    assert b"extra_packages.txt" in b" ".join(name.encode() for name in staged)
    assert "main_session" not in " ".join(staged)
    assert beam_runner_api_pb2.Pipeline.FromString(staged["pipeline.pb"]) == proto

    template = json.loads(staged["template.json"])
    assert template["type"] == "JOB_TYPE_BATCH"
    made = template["environment"]
    assert made["tempStoragePrefix"].startswith("storage.googleapis.com/my-bucket/tmp")
    (pool,) = made["workerPools"]
    assert [one["containerImage"] for one in pool["sdkHarnessContainerImages"]] == [settings["image"]]
    assert pool["autoscalingSettings"]["maxNumWorkers"] == 40
    assert wheel.name in {one["name"] for one in pool["packages"]}
    known = made["sdkPipelineOptions"]["options"]
    assert {name: known[name] for name in ("project", "region", "sdk_location", "save_main_session")} == {
        "project": "my-project", "region": "europe-west4", "sdk_location": "container", "save_main_session": False,
    }  # fmt: skip
    assert known["temp_location"].startswith("gs://my-bucket/tmp/")
    assert known["sdk_container_image"] == settings["image"]
