"""The default engine: Beam's FnApiRunner on this machine, one process for each worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

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
    options: dict[str, Any] = {"direct_num_workers": workers}
    if workers > 1:
        options["direct_running_mode"] = "multi_processing"
    return FnApiRunner(), PipelineOptions(list(extra), **options)
