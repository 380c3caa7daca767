"""Flink: Beam's job server, a jar, hands the job to a Flink cluster whose task managers each have workers beside them."""

from __future__ import annotations

import http.client
import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from colophon.runners.engines.options import Option
from colophon.runners.engines.portable import (
    ENVIRONMENT,
    check_address,
    check_environment,
    environment_flags,
    in_words,
)
from colophon.schemas import RunFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.runner import PipelineRunner

    from colophon.runners.job import Order

__all__ = ["NAME", "OPTIONS", "SHORT", "check", "engine", "find_jar", "not_accepted", "refuse_cluster"]

NAME: Final = "flink"
SHORT: Final = "a Flink cluster"
OPTIONS: Final = (
    Option("--flink-master", "the cluster's REST address", "HOST:PORT"),
    Option(
        "--job-server-jar",
        "beam-runners-flink-…-job-server-….jar; by default Beam's cache, then Beam's own download",
        "FILE",
    ),
    *ENVIRONMENT,
)

_SECONDS_TO_ANSWER: Final = 10.0

#: Where a worker pool waits beside each task manager, if nothing else is said.
_BESIDE: Final = {"environment": "external", "environment_config": "localhost:50000"}


def check(settings: Mapping[str, Any]) -> None:
    """Refuse a job without a cluster, without Java, or with a jar that is not there."""
    if "flink_master" not in settings:
        raise UsageError(
            "--runner flink needs --flink-master HOST:PORT, the cluster's REST address (port 8081)"
        )
    check_address("--flink-master", settings["flink_master"])
    check_environment(settings)
    jar = settings.get("job_server_jar")
    if jar and not Path(jar).is_file():
        raise UsageError(f"--job-server-jar {jar}: there is no such file")
    if shutil.which("java") is None:
        raise UsageError(
            "--runner flink needs Java 11 or newer on the PATH, which runs Beam's job server here"
        )


def refuse_cluster(master: str, version: str) -> None:
    """Refuse a cluster that does not answer, or is of another version than the job server that is to speak with it.

    Beam's job server would try for minutes, or fail with what Java says of classes.

    Args:
        master: HOST:PORT of its REST interface.
        version: Of Flink, two numbers: what the job server is for.

    Raises:
        RunFailed: It cannot do the job.
    """
    connection = http.client.HTTPConnection(master, timeout=_SECONDS_TO_ANSWER)
    try:
        connection.request("GET", "/overview")
        said = connection.getresponse().read()
    except OSError as error:
        raise RunFailed(f"no Flink cluster answers at {master}: {error}") from error
    except http.client.HTTPException:
        return
    finally:
        connection.close()
    try:
        found = str(json.loads(said)["flink-version"])
    except (ValueError, KeyError, TypeError):
        return  # something stands before it, which the job server may know how to pass
    if not found.startswith(f"{version}."):
        raise RunFailed(
            f"the cluster at {master} is Flink {found}, and the job server is for {version}; "
            f"add: -- --flink_version={'.'.join(found.split('.')[:2])}"
        )


def _version(options: PipelineOptions) -> str:
    """The version of Flink that the job server is for."""
    from apache_beam.options.pipeline_options import FlinkRunnerOptions  # noqa: PLC0415

    return str(options.view_as(FlinkRunnerOptions).flink_version)


def find_jar(settings: Mapping[str, Any], extra: Sequence[str]) -> str | None:
    """The job server's jar: the one that is given, else the one in Beam's cache; none if Beam is to download it."""
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415
    from apache_beam.utils.subprocess_server import JavaJarServer  # noqa: PLC0415
    from apache_beam.version import __version__ as beam  # noqa: PLC0415

    if given := settings.get("job_server_jar"):
        return os.path.abspath(str(given))
    flink = _version(PipelineOptions(list(extra)))
    cached = Path(JavaJarServer.JAR_CACHE) / f"beam-runners-flink-{flink}-job-server-{beam}.jar"
    return str(cached) if cached.is_file() else None


def not_accepted(pipeline: Any) -> list[str]:
    """What of a pipeline Beam's Flink runner does not run, or not from Python; empty if it runs it all.

    Args:
        pipeline: Its proto. The runner itself lifts what is composed of basic transforms.
    """
    from apache_beam.portability import common_urns  # noqa: PLC0415
    from apache_beam.portability.api import beam_runner_api_pb2  # noqa: PLC0415

    primitives = common_urns.primitives
    basic = {
        primitives.PAR_DO.urn,
        primitives.GROUP_BY_KEY.urn,
        primitives.FLATTEN.urn,
        primitives.IMPULSE.urn,
    }
    combining = {
        common_urns.combine_components.COMBINE_PER_KEY_PRECOMBINE.urn,
        common_urns.combine_components.COMBINE_PER_KEY_MERGE_ACCUMULATORS.urn,
        common_urns.combine_components.COMBINE_PER_KEY_EXTRACT_OUTPUTS.urn,
        common_urns.combine_components.COMBINE_GROUPED_VALUES.urn,
    }
    found = []
    for one in pipeline.components.transforms.values():
        urn = one.spec.urn
        nothing = set(one.outputs.values()) <= set(one.inputs.values())
        if one.subtransforms or nothing:
            continue
        if urn not in basic | combining:
            found.append(f"{one.unique_name}: {urn}")
        if urn != primitives.PAR_DO.urn:
            continue
        fn = beam_runner_api_pb2.ParDoPayload.FromString(one.spec.payload)
        has = {
            "state": fn.state_specs,
            "timers": fn.timer_family_specs,
            "side inputs": fn.side_inputs,
            "a splittable function": fn.restriction_coder_id,
            "bundle finalisation": fn.requests_finalization,
            "sorted input": fn.requires_time_sorted_input,
        }
        found += [f"{one.unique_name}: {name}" for name, there in has.items() if there]
    return sorted(found)


def _runner(master: str) -> PipelineRunner:
    from apache_beam.options.pipeline_options import FlinkRunnerOptions  # noqa: PLC0415
    from apache_beam.runners.portability.flink_runner import FlinkRunner  # noqa: PLC0415

    class Checked(FlinkRunner):  # type: ignore[misc] # Beam is untyped here
        """Beam's FlinkRunner, which is given nothing that it would refuse an hour later."""

        def create_job_service(self, options: PipelineOptions) -> Any:
            try:
                return super().create_job_service(options)
            except RuntimeError as error:
                jar = options.view_as(FlinkRunnerOptions).flink_job_server_jar
                raise RunFailed(
                    f"{jar}: Java does not start Beam's job server from it: {error}"
                    if jar
                    else f"there is no job server for Flink here, and Beam cannot fetch one: {error}; name one with --job-server-jar"
                ) from error

        def run_portable_pipeline(self, pipeline: Any, options: PipelineOptions) -> Any:
            if refused := not_accepted(pipeline):
                raise RunFailed(f"the Flink runner does not run {'; '.join(refused)}")
            refuse_cluster(master, _version(options))
            return super().run_portable_pipeline(pipeline, options)

    return Checked()


@contextmanager
def engine(
    order: Order,
    fail: Callable[[str], None],  # noqa: ARG001 - the job server tells how its job ends
) -> Iterator[tuple[PipelineRunner, PipelineOptions]]:
    """The runner and its options."""
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415 - takes seconds

    settings = order.settings if "environment" in order.settings else {**order.settings, **_BESIDE}
    flags = [f"--flink_master={settings['flink_master']}", *environment_flags(settings)]
    if jar := find_jar(settings, order.extra):
        flags.append(f"--flink_job_server_jar={jar}")
    with in_words("Beam's job server for Flink"):
        yield _runner(settings["flink_master"]), PipelineOptions([*flags, *order.extra])
