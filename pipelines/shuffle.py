"""The one way on which blocks cross the network: grouped by key, and counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import apache_beam as beam

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.pipelines.job import Job

__all__ = ["GroupBlocks"]


class _Count(beam.DoFn):
    """Each element as it is, its size counted, keys and framing left out.

    Not by Beam's metrics, which not every engine has. A bundle that is done again counts again, as it moves again.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.bytes = 0

    def start_bundle(self) -> None:
        """What a bundle counted before it failed was not moved."""
        self.bytes = 0

    def process(self, element: tuple[int, bytes]) -> Iterator[tuple[int, bytes]]:
        self.bytes += len(element[1])
        yield element

    def finish_bundle(self) -> None:
        """Tell."""
        self.job.count(self.bytes)


@dataclass
class GroupBlocks(beam.PTransform):
    """``(number, block)`` to ``(number, blocks)``, as GroupByKey does, counting what is moved."""

    job: Job

    def expand(self, blocks: beam.PCollection) -> beam.PCollection:
        """Count, group."""
        return (
            blocks
            | "CountBytes" >> beam.ParDo(_Count(self.job)).with_output_types(tuple[int, bytes])
            | "Group" >> beam.GroupByKey()
        )
