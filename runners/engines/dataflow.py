"""Dataflow: Google Cloud runs the workers, in an image of the user's with Colophon in it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from colophon.pipelines.extras import require
from colophon.runners.engines.options import Option
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.runner import PipelineRunner

    from colophon.runners.job import Order

__all__ = ["NAME", "OPTIONS", "SHORT", "check", "engine", "flags_of"]

NAME: Final = "dataflow"
SHORT: Final = "Google Cloud"
OPTIONS: Final = (
    Option("--project", "the project that pays", "ID"),
    Option("--region", "where the workers are, such as europe-west4", "NAME"),
    Option("--temp-location", "where Dataflow keeps what it needs while it works", "gs://BUCKET/PATH"),
    Option("--image", "the workers' image, with Colophon in it", "REGISTRY/NAME:TAG"),
)

_FORMS: Final = {
    "project": r"(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]",
    "region": r"[a-z]+-[a-z]+\d+",
    "temp_location": r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](?:/.*)?",
    "image": r"[\w.-]+(?::\d+)?(?:/[\w.-]+)+(?::[\w.-]+|@sha256:[0-9a-f]{64})",
}


def check(settings: Mapping[str, Any]) -> None:
    """Refuse, before anything is uploaded, what is missing or cannot be."""
    require("google.cloud.dataflow", "--runner dataflow", "gcp")
    missing = [option for option in OPTIONS if option.name not in settings]
    if missing:
        named = ", ".join(f"{option.flag} {option.metavar} ({option.help})" for option in missing)
        raise UsageError(f"--runner dataflow needs {named}")
    for option in OPTIONS:
        value = settings[option.name]
        if not re.fullmatch(_FORMS[option.name], value):
            raise UsageError(f"{option.flag} {value!r} is not {option.metavar}; it is {option.help}")


def flags_of(settings: Mapping[str, Any]) -> list[str]:
    """The settings as Beam's own options. What workers need is in the image, so nothing is installed when they start."""
    return [
        "--runner=DataflowRunner",
        f"--project={settings['project']}",
        f"--region={settings['region']}",
        f"--temp_location={settings['temp_location']}",
        f"--staging_location={settings['temp_location'].rstrip('/')}/staging",
        f"--sdk_container_image={settings['image']}",
        "--sdk_location=container",
        "--no_save_main_session",
    ]


@contextmanager
def engine(
    order: Order,
    fail: Callable[[str], None],  # noqa: ARG001 - Dataflow tells how its job ends
) -> Iterator[tuple[PipelineRunner, PipelineOptions]]:
    """The runner and its options."""
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415 - takes seconds
    from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner  # noqa: PLC0415

    yield DataflowRunner(), PipelineOptions([*flags_of(order.settings), *order.extra])
