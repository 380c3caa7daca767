"""Prism: Beam's own small engine, a program in Go, on this machine; the cheapest trial of the portable contract."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from colophon.runners.engines.options import Option
from colophon.runners.engines.portable import ENVIRONMENT, check_environment, environment_flags, in_words
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.runner import PipelineRunner

    from colophon.runners.job import Order

__all__ = ["NAME", "OPTIONS", "SHORT", "check", "engine"]

NAME: Final = "prism"
SHORT: Final = "Beam's engine for trials, on this machine"
OPTIONS: Final = (
    Option("--prism-binary", "the program; by default `prism` on the PATH", "FILE"),
    *ENVIRONMENT,
)


def _binary(settings: Mapping[str, Any]) -> str | None:
    return shutil.which(str(settings.get("prism_binary", "prism")))


def check(settings: Mapping[str, Any]) -> None:
    """Refuse a machine without the program: Beam would try to download it."""
    if _binary(settings) is None:
        raise UsageError(
            f"--runner prism: there is no program {settings.get('prism_binary', 'prism')!r}; name it with --prism-binary, or build "
            "it with: go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0"
        )
    check_environment(settings)


@contextmanager
def engine(
    order: Order,
    fail: Callable[[str], None],  # noqa: ARG001 - Prism tells how its job ends
) -> Iterator[tuple[PipelineRunner, PipelineOptions]]:
    """The runner and its options; without an environment the work is done in this process."""
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415 - takes seconds
    from apache_beam.runners.portability.prism_runner import PrismRunner  # noqa: PLC0415

    binary = _binary(order.settings) or ""
    flags = [f"--prism_location={Path(os.path.abspath(binary))}", *environment_flags(order.settings)]
    if "environment" not in order.settings:
        # In this process: Prism gives up on a worker that takes a minute to start, as on a busy machine it may.
        flags.append("--environment_type=LOOPBACK")
    with in_words("Prism"):
        yield PrismRunner(), PipelineOptions([*flags, *order.extra])
