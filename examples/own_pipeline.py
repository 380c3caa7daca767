"""Colophon's stages inside a Beam pipeline of your own: stage, deduplicate, and count what would be dropped.

    python examples/own_pipeline.py FOLDER

reads the files of FOLDER, asks of them no more than a length, finds duplicates and prints how many documents each rule
would drop. Nothing but staged units is written, into a temporary folder.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import apache_beam as beam
import numpy as np
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from colophon.filters import Length
from colophon.pipelines import Deduplicate, Job, StageUnits, make_plan
from colophon.pipelines.rules import RULES, VERDICT
from colophon.runners.recipes import sections
from colophon.schemas import default_recipe, with_inputs


def rules(element: tuple[int, bytes]) -> Iterator[tuple[str, int]]:
    """The rule of each document that is dropped, from a unit's verdicts."""
    for verdict in np.frombuffer(element[1][1:], VERDICT):
        if verdict["rule"]:
            yield RULES[verdict["rule"]], 1


def main(folder: str) -> dict[str, int]:
    """Count what each rule would drop."""
    recipe = with_inputs(default_recipe(sections()), [Path(folder)])
    recipe = replace(recipe, filters={"length": Length(min_words=20)})
    plan = make_plan(recipe)
    with tempfile.TemporaryDirectory() as scratch:
        job = Job(recipe, f"{scratch}/staging", f"{scratch}/work", plan.partitions)
        counts = Path(scratch) / "counts"
        with beam.Pipeline(runner=FnApiRunner()) as pipeline:
            staged = pipeline | beam.Create(plan.units, reshuffle=False) | StageUnits(job)
            verdicts = staged | Deduplicate(job)
            _ = (
                verdicts
                | beam.FlatMap(rules).with_output_types(tuple[str, int])
                | beam.CombinePerKey(sum)
                | beam.Map(json.dumps).with_output_types(str)
                | beam.io.WriteToText(str(counts))
            )
        lines = [line for path in Path(scratch).glob("counts*") for line in path.read_text().splitlines()]
    return dict(sorted(json.loads(line) for line in lines))


if __name__ == "__main__":
    print(main(sys.argv[1]) if len(sys.argv) == 2 else __doc__)
