"""What the direct runner costs beside the functions that it calls: the same corpus by both, in one process."""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.corpora import write_edited
from colophon.filters import Rights
from colophon.pipelines import candidates, judging, manifest, stage, write
from colophon.runners.job import Order, run_order
from colophon.runners.recipes import sections
from colophon.runners.run import Run
from colophon.schemas import default_recipe, with_inputs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from colophon.pipelines.job import Job
    from colophon.pipelines.plan import Plan

_TIMES = 8
#: The greatest share of CPU that the runner may take beside the functions.
LIMIT = 0.15


def _grouped(elements: Iterable[tuple[int, Any]]) -> list[tuple[int, list[Any]]]:
    groups: defaultdict[int, list[Any]] = defaultdict(list)
    for key, value in elements:
        groups[key].append(value)
    return list(groups.items())


def _each(step: Any, elements: Iterable[Any]) -> list[Any]:
    return [given for element in elements for given in step.process(element)]


def bare(job: Job, plan: Plan) -> None:
    """The steps of a run one after the other, with dictionaries in the place of Beam."""
    staged = _each(stage._Stage(job), _grouped((unit.index, unit) for unit in plan.units))  # noqa: SLF001 - measured
    merge = candidates.MergeForests(job.recipe.deduplicate.memory)
    forests = merge.create_accumulator()
    for number in range(job.passes):
        keys = _each(candidates.EmitKeys(job, number), _grouped(staged))
        for _, forest in _each(candidates.FindCandidates(), _grouped(keys)):
            forests = merge.add_input(forests, forest)
    places = _each(candidates.Connect(job.recipe.deduplicate.memory), [(0, merge.extract_output(forests))])
    told = [(unit, judging.SUMMARY + value) for unit, value in staged]
    told += [(unit, judging.PLACES + value) for unit, value in places]
    verdicts = _each(judging.Judge(job), _grouped(_each(judging.ShareShingles(job), _grouped(told))))
    units = _grouped(map(write._with_index, staged))  # noqa: SLF001
    shards = _each(write._PlanShards(job.recipe.output.shard_size), units)  # noqa: SLF001
    blocks = _each(write._KeyByShard(), _grouped([*shards, *verdicts]))  # noqa: SLF001
    written = _each(write._WriteShard(job), _grouped(blocks))  # noqa: SLF001
    _each(manifest._WriteManifest(job), _grouped(written))  # noqa: SLF001


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        documents, size = write_edited(folder / "corpus.jsonl", _TIMES)
        recipe = with_inputs(default_recipe(sections()), [folder / "corpus.jsonl"])
        seconds: defaultdict[str, float] = defaultdict(lambda: float("inf"))
        # The texts name no licence.
        every = {**recipe.filters, "rights": Rights(unknown="keep")}
        for filters in ({}, every):
            which = "every filter" if filters else "no filter"
            for turn in range(3):  # the first loads and compiles
                for way in ("functions", "direct runner"):
                    place = folder / f"{which}-{way}-{turn}"
                    run = Run(replace(recipe, filters=filters), place / "out", place / "staging")
                    run.job.progress.mkdir(parents=True)
                    began = time.process_time()
                    if way == "functions":
                        bare(run.job, run.plan)
                    else:
                        run_order(Order(run.job, run.plan, "direct", 1), run.work)
                    if turn:
                        seconds[way] = min(seconds[way], time.process_time() - began)
            share = seconds["direct runner"] / seconds["functions"] - 1
            print(
                f"{which}: {documents:,} documents, {size / 1e6:.0f} MB: functions {seconds['functions']:.1f} CPU-seconds "
                f"({size / 1e6 / seconds['functions']:.1f} MB/s), direct runner {seconds['direct runner']:.1f}, "
                f"{share:.1%} more (limit {LIMIT:.0%})",
                flush=True,
            )
            seconds.clear()
