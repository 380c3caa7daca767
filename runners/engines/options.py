"""What an engine is, and what it may ask of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.runner import PipelineRunner

    from colophon.runners.job import Order

    Fail = Callable[[str], None]
    Engine_ = AbstractContextManager[tuple[PipelineRunner, PipelineOptions]]

__all__ = ["Engine", "Option"]


@dataclass(frozen=True)
class Option:
    """An option of one engine or of several.

    Attributes:
        flag: As it is written, ``--dask-address``.
        help: What it is for.
        metavar: What stands for its value.
        choices: The values it may have, if they are few.
    """

    flag: str
    help: str
    metavar: str | None = None
    choices: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """Its key among the settings."""
        return self.flag.removeprefix("--").replace("-", "_")


class Engine(Protocol):
    """What the module of an engine holds. Beam is imported inside ``engine`` alone."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of a module
        """As it is chosen with ``--runner``."""

    @property
    def SHORT(self) -> str:  # noqa: N802
        """Where the work is done, in a few words."""

    @property
    def OPTIONS(self) -> tuple[Option, ...]:  # noqa: N802
        """Its own options."""

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuse, before any work, what cannot be.

        Args:
            settings: Its options that were given, by `Option.name`.

        Raises:
            UsageError: One is missing or wrong, or a package is not installed.
        """

    def engine(self, order: Order, fail: Fail) -> Engine_:
        """The runner and its options, while the block lasts.

        Args:
            order: What the job is asked to do; ``order.extra`` goes to Beam as it is.
            fail: What ends the job with a sentence, from any thread.
        """
