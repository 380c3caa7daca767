"""The default engine: Beam's FnApiRunner on this machine, one process for each worker."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final

from colophon.runners.lean import load_beam
from colophon.runners.nursery import can_fork, nursery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.runner import PipelineRunner

    from colophon.runners.engines.options import Option
    from colophon.runners.job import Order

__all__ = ["NAME", "OPTIONS", "SHORT", "check", "engine"]

NAME: Final = "direct"
SHORT: Final = "processes on this machine"
OPTIONS: Final[tuple[Option, ...]] = ()


def check(settings: Mapping[str, Any]) -> None:
    """Nothing can be wrong."""


@contextmanager
def engine(
    order: Order,
    fail: Callable[[str], None],  # noqa: ARG001 - whoever runs the job hears of its workers
) -> Iterator[tuple[PipelineRunner, PipelineOptions]]:
    """The runner and its options.

    ``DirectRunner`` would first try to download another runner, so FnApiRunner is named outright.
    """
    load_beam()
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415 - takes seconds
    from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner  # noqa: PLC0415
    from apache_beam.transforms.environments import SubprocessSDKEnvironment  # noqa: PLC0415

    from colophon.pipelines import Curate, Decide  # noqa: F401, PLC0415 - what copies of this process need too

    options = PipelineOptions(list(order.extra), direct_num_workers=order.workers)
    if order.workers == 1:
        yield FnApiRunner(), options
        return
    # Beam's own multi-processing starts workers that outlive a killed run.
    with nursery(_load, _work) if can_fork() else nullcontext(_command()) as command:
        yield FnApiRunner(default_environment=SubprocessSDKEnvironment.from_command_string(command)), options


def _command() -> str:
    """Starts a worker as a new interpreter. Without `exec` a shell would stand between them."""
    return f"exec {shlex.quote(sys.executable)} -m colophon.runners.worker {os.getpid()}"


def _load() -> None:
    """Load what every worker needs."""
    from apache_beam.runners.worker import sdk_worker_main  # noqa: F401, PLC0415 - takes seconds

    from colophon.pipelines.stage import load_kernels  # noqa: PLC0415 - likewise

    load_kernels()


def _work() -> None:
    from apache_beam.runners.worker import sdk_worker_main  # noqa: PLC0415 - loaded before

    sdk_worker_main.main(sys.argv)
