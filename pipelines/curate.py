"""The whole way of the data, from units to the manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import apache_beam as beam

from colophon.pipelines.deduplicate import Deduplicate
from colophon.pipelines.manifest import WriteManifest
from colophon.pipelines.stage import StageUnits
from colophon.pipelines.write import WriteShards

if TYPE_CHECKING:
    from colophon.pipelines.job import Job

__all__ = ["Curate"]


@dataclass
class Curate(beam.PTransform):
    """Units to one element: the documents by fate, after the manifest is written.

    It keeps to a plain shape, so that every engine runs it: DoFns with one output, GroupByKey, Combine,
    Flatten; no state, no timers, no side inputs; and one last step that everything leads to.
    """

    job: Job

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        """Stage, deduplicate, write, account."""
        staged = units | "Stage" >> StageUnits(self.job)
        if self.job.recipe.deduplicate.enabled:
            verdicts = staged | "Deduplicate" >> Deduplicate(self.job)
        else:
            verdicts = staged | "NoVerdicts" >> beam.FlatMap(lambda _: ()).with_output_types(
                tuple[int, bytes]
            )
        written = (staged, verdicts) | "Write" >> WriteShards(self.job)
        return written | "Account" >> WriteManifest(self.job)
