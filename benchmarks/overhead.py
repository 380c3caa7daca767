"""What the direct runner costs beside the functions that it calls: the same corpus by both, in one process."""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.corpora import write_edited
from benchmarks.dataset import curate
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
    from colophon.schemas import Recipe

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


def _begin(recipe: Recipe, place: Path) -> Run:
    run = Run(recipe, place / "out", place / "staging")
    run.job.progress.mkdir(parents=True)
    return run


def start(folder: Path) -> float:
    """CPU-seconds of the command over one short text: interpreters, imports, kernels."""
    (folder / "one.jsonl").write_text(
        '{"text": "The river basin holds sediment that the flood of spring laid down."}\n'
    )
    seconds = []
    for turn in range(3):
        before = _children()
        curate(folder / "one.jsonl", folder / f"one-{turn}", 1)
        seconds.append(_children() - before)
    return min(seconds)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks overhead")
    parser.add_argument(
        "--times", type=int, default=8, help="how many times the sections of papers, 8 being 106 MB"
    )
    parser.add_argument("--unit-size", type=int, default=2**20, help="bytes of a unit")
    parser.add_argument("--filters", default="none,every")
    parser.add_argument(
        "--turns", type=int, default=3, help="of each way, besides the first; the best counts"
    )
    asked, _ = parser.parse_known_args(sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        documents, size = write_edited(folder / "corpus.jsonl", asked.times)
        recipe = with_inputs(default_recipe(sections()), [folder / "corpus.jsonl"])
        recipe = replace(recipe, plan=replace(recipe.plan, unit_size=asked.unit_size))
        # The texts name no licence.
        every = {**recipe.filters, "rights": Rights(unknown="keep")}
        for which in asked.filters.split(","):
            seconds: defaultdict[str, float] = defaultdict(lambda: float("inf"))
            chosen = replace(recipe, filters={"none": {}, "every": every}[which])
            for turn in range(1 + asked.turns):  # the first loads and compiles
                for way in ("functions", "direct runner"):
                    run = _begin(chosen, folder / f"{which}-{way}-{turn}")
                    began = time.process_time()
                    if way == "functions":
                        bare(run.job, run.plan)
                    else:
                        run_order(Order(run.job, run.plan, "direct", 1), run.work)
                    if turn:
                        seconds[way] = min(seconds[way], time.process_time() - began)
                    shutil.rmtree(folder / f"{which}-{way}-{turn}")
            functions, runner = seconds["functions"], seconds["direct runner"]
            print(
                f"filters {which}: {documents:,} documents, {size / 1e6:.0f} MB, {len(run.plan.units)} units: functions "
                f"{functions:.1f} CPU-seconds ({size / 1e6 / functions:.1f} MB/s), direct runner {runner:.1f}, "
                f"{runner / functions - 1:.1%} more (limit {LIMIT:.0%})",
                flush=True,
            )
        print(f"the command over one short text, all of its processes: {start(folder):.1f} CPU-seconds")
