"""`colophon run`: a recipe into a dataset."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import add_work_arguments, fraction, path, place
from colophon.runners.engines import add_arguments as add_engine_arguments
from colophon.runners.engines import settings_of
from colophon.runners.words import many, size_in_words
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from colophon.pipelines.places import AnyPath
    from colophon.runners.run import Preview
    from colophon.schemas import Recipe

__all__ = ["LONG", "NAME", "ON_ENGINES", "SHORT", "add_arguments", "call"]

NAME = "run"
ON_ENGINES = True
SHORT = "make a dataset from a recipe, or from folders with the default recipe"
LONG = """\
Make a dataset.

What was read once is staged beside the output, so a run that was stopped goes on where it
was, and one with another threshold reads nothing again. The dataset appears whole or not at
all. Documents that cannot be read are rows of the ledger, not errors of the run."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument(
        "recipe",
        nargs="?",
        type=path,
        metavar="RECIPE.yaml",
        help="what to do; the default recipe if left out",
    )
    parser.add_argument(
        "--input",
        nargs="+",
        action="extend",  # whoever names it twice means both
        type=place,
        metavar="PATH",
        help="files or folders to read, instead of the recipe's sources; paths or addresses",
    )
    parser.add_argument(
        "--license",
        metavar="SPDX",
        help="with --input: the licence of documents that name none themselves, such as CC-BY-4.0; you declare it",
    )
    parser.add_argument(
        "--output", type=place, metavar="DIR", help="the dataset's folder; by default as the recipe says"
    )
    parser.add_argument(
        "--staging",
        type=place,
        metavar="DIR",
        help="folder for staged units; by default .colophon-staging beside the output",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan and do nothing else")
    parser.add_argument(
        "--max-failed",
        type=fraction,
        metavar="FRACTION",
        help="fail if more than this share of the documents failed",
    )
    add_work_arguments(parser)
    add_engine_arguments(parser)


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.pipelines.places import locate  # noqa: PLC0415
    from colophon.runners.costs import Prices  # noqa: PLC0415
    from colophon.runners.outcome import tell  # noqa: PLC0415
    from colophon.runners.run import Run  # noqa: PLC0415
    from colophon.schemas import output_folder, staging_folder  # noqa: PLC0415

    settings = settings_of(arguments)
    recipe, base = _chosen_recipe(arguments)
    if arguments.output is not None:
        recipe = replace(recipe, output=replace(recipe.output, path=str(arguments.output)))
    if arguments.staging is not None:
        recipe = replace(recipe, plan=replace(recipe.plan, staging=str(arguments.staging)))
    output, staging = locate(output_folder(recipe, base)), locate(staging_folder(recipe, base))
    run = Run(recipe, output, staging, options=arguments.beam)
    if arguments.dry_run:
        preview = run.preview()
        if arguments.json:
            print_json(preview.as_dict() | {"output": str(run.output), "staging": str(run.staging)})
        else:
            say(_plan_in_words(preview, run.output, run.staging))
        return 0
    workers = arguments.workers or len(os.sched_getaffinity(0))
    result = run.start(
        runner=arguments.runner,
        settings=settings,
        workers=workers,
        replace=arguments.replace,
        max_failed=arguments.max_failed,
        quiet=arguments.quiet,
        prices=Prices(arguments.grid_factor, arguments.core_hour_price, arguments.currency),
    )
    tell(result, as_json=arguments.json)
    return 0


def _chosen_recipe(arguments: Namespace) -> tuple[Recipe, Path]:
    """The recipe of a run, and the folder its own paths start at."""
    from colophon.runners.recipes import read_recipe, sections  # noqa: PLC0415 - starts in seconds, so only when needed
    from colophon.schemas import default_recipe, with_inputs  # noqa: PLC0415

    if arguments.recipe is None and not arguments.input:
        raise UsageError("nothing to read: name a recipe, or --input PATH… with --output DIR")
    if arguments.recipe is None:
        if arguments.output is None:
            raise UsageError("--input without a recipe needs --output DIR, the dataset's folder")
        recipe, base = default_recipe(sections()), Path()
    else:
        recipe, base = (
            read_recipe(arguments.recipe, sources_required=not arguments.input),
            arguments.recipe.parent,
        )
    if arguments.input:
        recipe = with_inputs(recipe, [str(each) for each in arguments.input])
        if arguments.license is not None:
            sources = (replace(source, license=arguments.license) for source in recipe.sources)
            recipe = replace(recipe, sources=tuple(sources))
    elif arguments.license is not None:
        raise UsageError("--license goes with --input; a recipe has `license:` for each source")
    return recipe, base


def _plan_in_words(preview: Preview, output: AnyPath, staging: AnyPath) -> str:
    plan = preview.plan
    lines = [
        f"Output:   {output}",
        f"Staging:  {staging}",
        f"Inputs:   {many(plan.n_files, 'file')}, {size_in_words(plan.size)}",
        f"Units:    {len(plan.units):,}; signatures in {plan.partitions:,} partitions",
        f"Pairs:    deciding on duplicates holds {preview.pairs:,} candidate pairs (deduplicate.memory), and refuses more",
        f"Staged:   {preview.staged:,} of {len(plan.units):,} units, {size_in_words(preview.staged_bytes)} need not be read again",
    ]
    if plan.hidden:
        lines.append(
            f"Hidden:   {plan.hidden:,} files and folders whose names begin with a dot are passed over"
        )
    per_source: dict[str, list[int]] = {}
    for unit in plan.units:
        for part in unit.parts:
            counted = per_source.setdefault(part.file.source, [0, 0])
            counted[0] += part.start == 0
            counted[1] += part.size
    lines += [f"  {name}: {many(n, 'file')}, {size_in_words(size)}" for name, (n, size) in per_source.items()]
    if preview.up_to_date:
        lines.append("The output is up to date: a run would do nothing.")
    return "\n".join(lines)
