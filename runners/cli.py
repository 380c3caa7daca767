"""The command line."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from colophon.runners.words import many, size_in_words
from colophon.schemas import CheckFailed, ColophonError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from colophon.runners.run import Preview
    from colophon.schemas import Recipe

__all__ = ["build_parser", "main"]

_CODES = """\
exit codes:
  0  done
  1  a check failed
  2  the command line or the recipe is wrong
  3  the run could not be completed
"""

_ABOUT = """\
Curate scientific text for language models, and account for every document.

A run reads papers and text, cleans and filters them, drops duplicates and writes Parquet
shards, a ledger with the fate of every document, and a manifest that anyone can check.
"""

_START = """\
to begin:
  colophon run --input papers/ --output dataset/    curate a folder with the default recipe
  colophon verify dataset/                          recount and rehash everything
  colophon explain dataset/ smith2019.xml           why is this paper in, or not?
  colophon recipe > recipe.yaml                     the default recipe, each key explained
  colophon read smith2019.xml                       what a file becomes

"""

RUNNERS = ("direct",)


class _Parser(argparse.ArgumentParser):
    """Says what was wrong in the form that all of Colophon's errors have."""

    def error(self, message: str) -> NoReturn:
        if "--json" in sys.argv:
            _print_json({"error": message, "exit_code": 2})
        self.exit(2, f"colophon: {message}\nTry `{self.prog} --help`.\n")


def _path(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("is empty; name a file or folder")
    if "://" in text:
        raise argparse.ArgumentTypeError(
            f"{text!r} is an address; only a path of this machine can be read or written yet"
        )
    return Path(text)


def _workers(text: str) -> int:
    try:
        n = int(text)
    except ValueError:
        n = 0
    if n < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes, 1 or more")
    return n


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a fraction from 0 to 1, such as 0.02")
    return value


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    import colophon  # noqa: PLC0415 - its version

    parser = _Parser(
        prog="colophon",
        description=_ABOUT,
        epilog=_START + _CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"colophon {colophon.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    _add_run(commands)
    _add_verify(commands)
    _add_explain(commands)
    _add_recipe(commands)
    _add_formats(commands)
    _add_read(commands)
    return parser


def _command(
    commands: Any, name: str, call: Callable[[argparse.Namespace], int], short: str, long: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=short,
        description=long,
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(call=call)
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object on standard output, for scripts"
    )
    return parser


def _add_run(commands: Any) -> None:
    parser = _command(
        commands,
        "run",
        _run,
        "make a dataset from a recipe, or from folders with the default recipe",
        "Make a dataset.\n\n"
        "What was read once is staged beside the output, so a run that was stopped goes on where it\n"
        "was, and one with another threshold reads nothing again. The dataset appears whole or not at\n"
        "all. Documents that cannot be read are rows of the ledger, not errors of the run.",
    )
    parser.add_argument(
        "recipe",
        nargs="?",
        type=_path,
        metavar="RECIPE.yaml",
        help="what to do; the default recipe if left out",
    )
    parser.add_argument(
        "--input",
        nargs="+",
        type=_path,
        metavar="PATH",
        help="files or folders to read, instead of the recipe's sources",
    )
    parser.add_argument(
        "--output", type=_path, metavar="DIR", help="the dataset's folder; by default as the recipe says"
    )
    parser.add_argument(
        "--staging",
        type=_path,
        metavar="DIR",
        help="folder for staged units; by default .colophon-staging beside the output",
    )
    parser.add_argument(
        "--runner", choices=RUNNERS, default="direct", help="the engine (default: %(default)s)"
    )
    parser.add_argument(
        "--workers", type=_workers, metavar="N", help="processes on this machine (default: all cores)"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan and do nothing else")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="put the new dataset in the place of what is in the output, once it is complete",
    )
    parser.add_argument(
        "--max-failed",
        type=_fraction,
        metavar="FRACTION",
        help="fail if more than this share of the documents failed",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")


def _add_verify(commands: Any) -> None:
    parser = _command(
        commands,
        "verify",
        _verify,
        "check a dataset against its manifest",
        "Recount and rehash everything in a dataset: the exact set of files, their digests, every row,\n"
        "the digest of every text, the sums of the ledger, and for each dropped duplicate the one kept.\n"
        "Each fault is one line.",
    )
    parser.add_argument("dataset", type=_path, metavar="DIR", help="the dataset's folder")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def _add_explain(commands: Any) -> None:
    parser = _command(
        commands,
        "explain",
        _explain,
        "tell the story of a document, from source bytes to fate",
        "Tell what a document was, which stages it went through, and why it was kept, dropped or failed.",
    )
    parser.add_argument("dataset", type=_path, metavar="DIR", help="the dataset's folder")
    parser.add_argument(
        "what", metavar="WHAT", help="a document's id or its first digits, or part of its source path"
    )
    parser.add_argument(
        "--most", type=_workers, default=20, metavar="N", help="tell at most N (default: %(default)s)"
    )


def _add_recipe(commands: Any) -> None:
    parser = _command(
        commands,
        "recipe",
        _recipe,
        "print the default recipe with each key explained, or check one",
        "Without options: the default recipe, each key explained. With --json: the same as values.",
    )
    parser.add_argument(
        "--check",
        type=_path,
        metavar="FILE",
        help="check a recipe, its sources included, and do nothing else",
    )
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema, for editors")


def _add_formats(commands: Any) -> None:
    _command(
        commands,
        "formats",
        _formats,
        "list the formats that can be read",
        "List the formats that can be read, those of installed packages among them.\n\n"
        "A format is told by content first and by name second; a source of the recipe can name one.",
    )


def _add_read(commands: Any) -> None:
    parser = _command(
        commands,
        "read",
        _read,
        "show what a file becomes: its documents, metadata and text",
        "Read a file as a run would, clean it, and show what became of it. Nothing is judged or written.",
    )
    parser.add_argument("file", type=_path, metavar="FILE", help="the file")
    parser.add_argument(
        "--format", default="auto", metavar="NAME", help="its format (default: content and name tell)"
    )
    parser.add_argument("--references", action="store_true", help="keep lists of references")
    parser.add_argument(
        "--text", default="text", metavar="COLUMN", help="column that holds the text (default: %(default)s)"
    )
    parser.add_argument(
        "--most",
        type=_workers,
        default=5,
        metavar="N",
        help="show at most N documents (default: %(default)s)",
    )


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True))  # noqa: T201 - the command's answer


def _say(text: str) -> None:
    print(text)  # noqa: T201 - the command's answer


def _chosen_recipe(arguments: argparse.Namespace) -> tuple[Recipe, Path]:
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
        recipe = with_inputs(recipe, arguments.input)
    return recipe, base


def _run(arguments: argparse.Namespace) -> int:
    from colophon.runners.report import report  # noqa: PLC0415
    from colophon.runners.run import Run  # noqa: PLC0415
    from colophon.schemas import output_folder, staging_folder  # noqa: PLC0415

    recipe, base = _chosen_recipe(arguments)
    if arguments.output is not None:
        recipe = replace(recipe, output=replace(recipe.output, path=str(arguments.output)))
    if arguments.staging is not None:
        recipe = replace(recipe, plan=replace(recipe.plan, staging=str(arguments.staging)))
    run = Run(recipe, output_folder(recipe, base), staging_folder(recipe, base))
    if arguments.dry_run:
        preview = run.preview()
        if arguments.json:
            _print_json(preview.as_dict() | {"output": str(run.output), "staging": str(run.staging)})
        else:
            _say(_plan_in_words(preview, run.output, run.staging))
        return 0
    workers = arguments.workers or len(os.sched_getaffinity(0))
    result = run.start(
        runner=arguments.runner,
        workers=workers,
        replace=arguments.replace,
        max_failed=arguments.max_failed,
        quiet=arguments.quiet,
    )
    where = result.output / "review" / "report.txt"
    if arguments.json:
        told = {"output": str(result.output), "report": str(where), "made": result.made, "run": result.run}
        _print_json(told | {name: result.manifest[name] for name in ("fates", "sources", "stages")})
    elif result.made:
        _say(report(result.manifest, result.run))
        _say(f"Dataset: {result.output}\nReport:  {where}")
    else:
        _say(f"Nothing to do: {result.output} is what this recipe makes of these inputs.\nReport:  {where}")
    return 0


def _plan_in_words(preview: Preview, output: Path, staging: Path) -> str:
    plan = preview.plan
    lines = [
        f"Output:   {output}",
        f"Staging:  {staging}",
        f"Inputs:   {many(plan.n_files, 'file')}, {size_in_words(plan.size)}",
        f"Units:    {len(plan.units):,}; signatures in {plan.partitions:,} partitions",
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


def _verify(arguments: argparse.Namespace) -> int:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    from colophon.pipelines.verify import verify  # noqa: PLC0415

    columns = TextColumn("verifying"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=arguments.quiet or not console.is_terminal
    ) as bar:
        task = bar.add_task("verify")
        result = verify(arguments.dataset, lambda done, total: bar.update(task, completed=done, total=total))
    if arguments.json:
        _print_json(
            {
                "faults": result.faults,
                "notes": result.notes,
                "files": result.files,
                "bytes": result.bytes,
                "documents": result.documents,
                "ok": not result.faults,
            }
        )
        return int(bool(result.faults))
    if result.faults:
        for fault in result.faults:
            _say(fault)
        told = "".join(f"; {note}" for note in result.notes)
        raise CheckFailed(f"{arguments.dataset}: {many(len(result.faults), 'fault')}{told}")
    _say(
        f"{arguments.dataset}: all is as the manifest says: {many(result.files, 'file')}, "
        f"{many(result.documents, 'document')}."
    )
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    from colophon.pipelines.explain import explain, tell  # noqa: PLC0415

    stories = explain(arguments.dataset, arguments.what, arguments.most + 1)
    more = len(stories) > arguments.most
    stories = stories[: arguments.most]
    if arguments.json:
        _print_json({"stories": stories, "more": more})
    else:
        _say("\n\n".join(tell(story) for story in stories))
        if more:
            _say(
                f"\nThere are more; these are the first {arguments.most}. Ask for more with --most, or name more of the path."
            )
    return 0


def _formats(arguments: argparse.Namespace) -> int:
    from colophon.filters.formats import FORMATS, formats  # noqa: PLC0415

    found: list[dict[str, Any]] = [
        {
            "name": name,
            "media_type": one.media_type,
            "suffixes": list(one.suffixes),
            "splittable": one.splittable,
            "isolated": one.isolated,
            "built_in": name in FORMATS,
        }
        for name, one in formats().items()
    ]
    if arguments.json:
        _print_json({"formats": found})
        return 0
    for one in found:
        notes = [
            *(["read in parts"] if one["splittable"] else []),
            *(["in a process that can be killed"] if one["isolated"] else []),
            *([] if one["built_in"] else ["from an installed package"]),
        ]
        _say(
            f"{one['name']:<10}{one['media_type']:<34}{' '.join(one['suffixes']):<28}{', '.join(notes)}".rstrip()
        )
    return 0


def _read(arguments: argparse.Namespace) -> int:
    from itertools import islice  # noqa: PLC0415

    from colophon.pipelines.inputs import read_file  # noqa: PLC0415
    from colophon.runners.preview import show  # noqa: PLC0415

    found = list(
        islice(
            read_file(
                arguments.file, form=arguments.format, references=arguments.references, text=arguments.text
            ),
            arguments.most + 1,
        )
    )
    more = len(found) > arguments.most
    found = found[: arguments.most]
    if arguments.json:
        _print_json({"documents": found, "more": more})
        return 0
    show(found)
    if more:
        _say(f"There are more; these are the first {arguments.most}. Ask for more with --most.")
    return 0


def _recipe(arguments: argparse.Namespace) -> int:
    from colophon.pipelines.plan import make_plan  # noqa: PLC0415
    from colophon.runners.recipes import read_recipe, sections  # noqa: PLC0415
    from colophon.schemas import default_recipe, explained, public_form, recipe_json_schema  # noqa: PLC0415

    if arguments.check is not None:
        recipe = read_recipe(arguments.check)
        plan = make_plan(recipe)
        if arguments.json:
            _print_json({"ok": True, "files": plan.n_files, "bytes": plan.size})
        else:
            _say(f"{arguments.check}: a sound recipe; its sources hold {many(plan.n_files, 'file')}.")
    elif arguments.schema:
        _print_json(recipe_json_schema(sections()))
    elif arguments.json:
        _print_json(public_form(default_recipe(sections())))
    else:
        _say(explained(default_recipe(sections()), sections()).rstrip())
    return 0


def _quiet_pipe() -> None:
    """A reader that went away (``| head``) is no error; keep the interpreter from complaining at its end."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    arguments = build_parser().parse_args(argv)
    # What stops a batch job stops a run as Ctrl-C does: tidily.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return int(arguments.call(arguments))
    except ColophonError as error:
        if getattr(arguments, "json", False):
            _print_json({"error": str(error), "exit_code": error.exit_code})
        print(f"colophon: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except BrokenPipeError:
        _quiet_pipe()
        return 0
    except Exception as error:
        if os.environ.get("COLOPHON_DEBUG"):
            raise
        return _failed(
            arguments,
            f"a fault of Colophon itself: {type(error).__name__}: {error}\n"
            "Please report it; with COLOPHON_DEBUG=1 the same command shows where.",
        )
    except KeyboardInterrupt:
        return _failed(
            arguments,
            "stopped. Nothing half-written is left; what was read is kept: the same command goes on from there.",
        )


def _failed(arguments: argparse.Namespace, sentence: str) -> int:
    if getattr(arguments, "json", False):
        _print_json({"error": sentence, "exit_code": 3})
    print(f"\ncolophon: {sentence}", file=sys.stderr)  # noqa: T201
    return 3


if __name__ == "__main__":
    sys.exit(main())
