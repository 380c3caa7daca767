"""The one way on which blocks cross the network: grouped by key, and counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import apache_beam as beam
from apache_beam.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SHUFFLED", "GroupBlocks"]

SHUFFLED: Final = ("colophon", "bytes_shuffled")
"""Namespace and name of the counter of bytes that were grouped, keys and framing left out."""


class _Count(beam.DoFn):
    """Each element as it is, its size counted."""

    def __init__(self) -> None:
        self.bytes = Metrics.counter(*SHUFFLED)

    def process(self, element: tuple[int, bytes]) -> Iterator[tuple[int, bytes]]:
        self.bytes.inc(len(element[1]))
        yield element


@dataclass
class GroupBlocks(beam.PTransform):
    """``(number, block)`` to ``(number, blocks)``, as GroupByKey does, counting what is moved."""

    def expand(self, blocks: beam.PCollection) -> beam.PCollection:
        """Count, group."""
        return (
            blocks
            | "CountBytes" >> beam.ParDo(_Count()).with_output_types(tuple[int, bytes])
            | "Group" >> beam.GroupByKey()
        )
