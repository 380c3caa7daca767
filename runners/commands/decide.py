"""`colophon decide`: other rules over what was read before."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from colophon.runners.arguments import add_work_arguments, path
from colophon.runners.engines import add_arguments as add_engine_arguments
from colophon.runners.engines import settings_of
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "ON_ENGINES", "SHORT", "add_arguments", "call"]

NAME = "decide"
ON_ENGINES = True
SHORT = "apply other rules to a dataset, without its inputs"
LONG = """\
Make a new dataset by deciding again, with other rules, over what was read and scored before.

Where the staged units of the dataset are (by default .colophon-staging beside it) every rule may
change, and what was dropped can come back. Elsewhere, with a dataset from another site say, the
rules are applied to the documents that it keeps: what was dropped stays dropped, filters that it
has no scores of are run on its texts, and deduplication stays as it was.

The new manifest names the dataset that it was made from."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("dataset", type=path, metavar="DIR", help="a dataset, or a folder of staged units")
    parser.add_argument("--recipe", type=path, metavar="FILE", required=True, help="the new rules")
    parser.add_argument("--output", type=path, metavar="DIR2", required=True, help="the new dataset's folder")
    parser.add_argument(
        "--staging",
        type=path,
        metavar="DIR",
        help="where its staged units are; by default .colophon-staging beside it",
    )
    parser.add_argument(
        "--manifest",
        default="",
        metavar="DIGEST",
        help="which dataset, if DIR is a folder of staged units: the first digits of its manifest's sha256",
    )
    parser.add_argument(
        "--kept-only",
        action="store_true",
        help="decide on the documents that are kept, even if the staged units are there",
    )
    add_work_arguments(parser)
    add_engine_arguments(parser)


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.pipelines.predecessor import decision_over, predecessor_of  # noqa: PLC0415
    from colophon.runners.costs import Prices  # noqa: PLC0415
    from colophon.runners.outcome import tell  # noqa: PLC0415
    from colophon.runners.recipes import read_recipe, sections  # noqa: PLC0415
    from colophon.runners.run import Run  # noqa: PLC0415

    settings = settings_of(arguments)
    folder, staging = arguments.dataset, arguments.staging
    is_dataset = (folder / "manifest.json").exists()
    if staging is None:
        staging = folder.parent / ".colophon-staging" if is_dataset else folder
    before = predecessor_of(folder, staging, arguments.manifest)
    if arguments.kept_only:
        if before.folder is None:
            raise UsageError(f"--kept-only needs a dataset; {folder} is a folder of staged units")
        before = replace(before, plan=None)
    recipe = read_recipe(arguments.recipe, sources_required=False)
    recipe, decision = decision_over(before, recipe, sections())
    if decision.folder and not arguments.quiet and not arguments.kept_only:
        sys.stderr.write(
            f"The staged units of {folder} are not in {staging}, so what was dropped before stays dropped; "
            "name them with --staging if they are elsewhere.\n"
        )
    result = Run(recipe, arguments.output, staging, decision, arguments.beam).start(
        runner=arguments.runner,
        settings=settings,
        workers=arguments.workers or len(os.sched_getaffinity(0)),
        replace=arguments.replace,
        quiet=arguments.quiet,
        prices=Prices(arguments.grid_factor, arguments.core_hour_price, arguments.currency),
    )
    tell(result, as_json=arguments.json)
    return 0
