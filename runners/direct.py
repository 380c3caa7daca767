"""The default engine: Beam's FnApiRunner on this machine, one process for each worker."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apache_beam.runners.runner import PipelineRunner

__all__ = ["engine"]


def engine(workers: int, extra: Sequence[str] = ()) -> tuple[PipelineRunner, PipelineOptions]:
    """The runner and its options.

    ``DirectRunner`` would first try to download another runner, so FnApiRunner is named outright.

    Args:
        workers: Processes.
        extra: Options for Beam as they were given.
    """
    options = PipelineOptions(list(extra), direct_num_workers=workers)
    if workers == 1:
        return FnApiRunner(), options
    # Beam's own multi-processing starts the same worker, but one that outlives a killed run. Without `exec` a
    # shell would stand between them.
    command = f"exec {shlex.quote(sys.executable)} -m colophon.runners.worker {os.getpid()}"
    return FnApiRunner(default_environment=SubprocessSDKEnvironment.from_command_string(command)), options
