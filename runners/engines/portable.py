"""Any job server that speaks Beam's portable contract, with workers that it starts or that wait for it."""

from __future__ import annotations

import json
import re
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from colophon.runners.engines.options import Option
from colophon.schemas import RunFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.runner import PipelineRunner

    from colophon.runners.job import Order

__all__ = [
    "ENVIRONMENT", "NAME", "OPTIONS", "SHORT", "check", "check_address", "check_environment", "engine", "environment_flags", "in_words",
]  # fmt: skip

_SECONDS_TO_ANSWER: Final = 10.0
_SECONDS_OF_A_JOB: Final = 365 * 86_400

NAME: Final = "portable"
SHORT: Final = "any job server of Beam's"
ENVIRONMENT: Final = (
    Option(
        "--environment",
        "where the engine finds workers: a pool that waits at an address, an image, or a command that it starts",
        choices=("external", "docker", "process"),
    ),
    Option(
        "--environment-config",
        "HOST:PORT of the worker pool, name of the image, or the command; an image or command has Colophon in it",
        "TEXT",
    ),
)
OPTIONS: Final = (
    Option("--job-endpoint", "the job server", "HOST:PORT"),
    *ENVIRONMENT,
)


def check_address(flag: str, address: str) -> None:
    """Refuse what is no ``HOST:PORT``."""
    if not re.fullmatch(r"[^\s/:]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}", address):
        raise UsageError(f"{flag} {address!r} is not HOST:PORT, such as localhost:8099")


def check_environment(settings: Mapping[str, Any]) -> None:
    """Refuse an environment without what it needs."""
    kind, config = settings.get("environment"), settings.get("environment_config", "")
    if config and not kind:
        raise UsageError("--environment-config says what --environment is; give both")
    needed = {
        "external": "the HOST:PORT of a worker pool",
        "docker": "the name of an image with Colophon in it",
        "process": "the command that starts a worker",
    }
    if kind and not config:
        raise UsageError(f"--environment {kind} needs --environment-config, {needed[kind]}")
    if kind == "external":
        check_address("--environment-config", config)


def environment_flags(settings: Mapping[str, Any]) -> list[str]:
    """The environment as Beam's own options.

    Beam would give up on a job that lasts longer than a minute, and send the workers what this process has in its main
    module, which they have no use for.
    """
    always = [f"--job_server_timeout={_SECONDS_OF_A_JOB}", "--no_save_main_session"]
    kind, config = settings.get("environment"), settings.get("environment_config", "")
    if not kind:
        return always
    given = json.dumps({"command": config}) if kind == "process" else config
    return [*always, f"--environment_type={kind.upper()}", f"--environment_config={given}"]


@contextmanager
def in_words(server: str) -> Iterator[None]:
    """What a job server or the way to it says, as a sentence.

    Raises:
        RunFailed: A call to it failed, also while the job ran.
    """
    from grpc import RpcError  # noqa: PLC0415 - comes with Beam

    try:
        yield
    except RpcError as error:
        said = error.details() if hasattr(error, "details") else str(error)
        raise RunFailed(f"{server} failed: {said}") from error


def check(settings: Mapping[str, Any]) -> None:
    """Refuse a job without a server or without workers."""
    if "job_endpoint" not in settings:
        raise UsageError("--runner portable needs --job-endpoint HOST:PORT, the job server")
    check_address("--job-endpoint", settings["job_endpoint"])
    if "environment" not in settings:
        raise UsageError(
            "--runner portable needs --environment and --environment-config, where its workers are"
        )
    check_environment(settings)


@contextmanager
def engine(
    order: Order,
    fail: Callable[[str], None],  # noqa: ARG001 - the job server tells how its job ends
) -> Iterator[tuple[PipelineRunner, PipelineOptions]]:
    """The runner and its options."""
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415 - takes seconds
    from apache_beam.runners.portability.portable_runner import PortableRunner  # noqa: PLC0415

    endpoint = order.settings["job_endpoint"]
    host, _, port = endpoint.rpartition(":")
    try:  # Beam would try for minutes
        socket.create_connection((host.strip("[]"), int(port)), _SECONDS_TO_ANSWER).close()
    except OSError as error:
        raise RunFailed(f"no job server answers at {endpoint}: {error}") from error
    flags = [f"--job_endpoint={endpoint}", *environment_flags(order.settings)]
    with in_words(f"the job server at {endpoint}"):
        yield PortableRunner(), PipelineOptions([*flags, *order.extra])
