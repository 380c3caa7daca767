"""`colophon export`: a dataset's manifest in the form of a standard."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import TYPE_CHECKING, Any

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import path
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from colophon.pipelines.exports import Export, Subject

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "export"
SHORT = "write a dataset's manifest in the form of a standard"
LONG = """\
Write what the manifest says as other programs, hubs, lawyers and authorities want to read it; --list
tells what there is. What the manifest does not hold is left out, or marked for people to fill in.
croissant.json, ro-crate-metadata.json and README.md go beside the data, where `colophon verify` compares
them with the manifest; the others go to review/."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument("dataset", type=path, nargs="?", metavar="DIR", help="the dataset's folder")
    parser.add_argument("--to", action="append", metavar="STANDARD", help="what to write; may be repeated")
    parser.add_argument(
        "--output", type=path, metavar="FILE", help="where to write it, with one --to; - is standard output"
    )
    parser.add_argument(
        "--published",
        default="",
        metavar="DATE",
        help="the day of publication, YYYY-MM-DD, which some standards ask for; by default the day of the run",
    )
    parser.add_argument("--url", default="", help="the address of the dataset's page, if it has one")
    parser.add_argument("--list", action="store_true", help="list the standards and do nothing else")
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON Schema of manifest.json and do nothing else"
    )


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    from colophon.pipelines.exports import EXPORTS  # noqa: PLC0415 - starts in a second, so only when needed
    from colophon.schemas import manifest_json_schema  # noqa: PLC0415 - likewise

    if arguments.schema:
        print_json(manifest_json_schema())
        return 0
    if arguments.list:
        if arguments.json:
            told = [{"to": one.name, "file": one.file, "about": one.about} for one in EXPORTS.values()]
            print_json({"exports": told})
            return 0
        width = max(map(len, EXPORTS))
        for one in EXPORTS.values():
            say(f"{one.name:<{width}}  {one.about}\n{'':<{width}}  {one.file}")
        return 0
    exports = _chosen(arguments, EXPORTS)
    subject = _subject(arguments)
    written = [_write(one, subject, arguments) for one in exports]
    if arguments.json:
        print_json({"exports": written})
    elif str(arguments.output) != "-":
        for file in written:
            say(f"{file['file']}: {file['to']}, {file['bytes']:,} bytes")
    return 0


def _chosen(arguments: Namespace, exports: dict[str, Export]) -> list[Export]:
    """The standards asked for, each once.

    Raises:
        UsageError: None is asked for, one is not known, or several are to be one file.
    """
    allowed = f"one of {', '.join(exports)}; --list tells what they are"
    if arguments.dataset is None:
        raise UsageError("name the dataset's folder, or ask with --list what can be exported")
    if not arguments.to:
        raise UsageError(f"--to is missing; it is {allowed}")
    unknown = [name for name in arguments.to if name not in exports]
    if unknown:
        raise UsageError(f"--to {unknown[0]} is not known; it is {allowed}")
    chosen = list(dict.fromkeys(arguments.to))
    if arguments.output is not None and len(chosen) > 1:
        raise UsageError(
            "--output is one file, so it goes with one --to; without it each goes to its own place"
        )
    if str(arguments.output) == "-" and arguments.json:
        raise UsageError("--output - and --json both write to standard output; leave one out")
    return [exports[name] for name in chosen]


def _subject(arguments: Namespace) -> Subject:
    from colophon.pipelines.canonical import manifest_bytes  # noqa: PLC0415
    from colophon.pipelines.dataset import load_manifest  # noqa: PLC0415
    from colophon.pipelines.exports import Given, Subject  # noqa: PLC0415

    folder: Path = arguments.dataset
    manifest = load_manifest(folder)
    if (folder / "manifest.json").read_bytes() != manifest_bytes(manifest):
        raise UsageError(
            f"{folder / 'manifest.json'}: was changed after it was written; `colophon verify {folder}` tells more"
        )
    run = _run(folder / "run.json")
    ended = str((run or {}).get("ended", ""))[:10]
    return Subject(manifest, Given(arguments.published or ended, arguments.url), run)


def _run(file: Path) -> dict[str, Any] | None:
    """The account of the run; None if there is none."""
    try:
        run = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: cannot be read as JSON: {error}") from error
    return run if isinstance(run, dict) else None


def _write(export: Export, subject: Subject, arguments: Namespace) -> dict[str, Any]:
    from colophon.pipelines.storage import write_whole  # noqa: PLC0415

    try:
        content = export.write(subject)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UsageError(
            f"{arguments.dataset}: the manifest or run.json has not the form that {export.name} is made from "
            f"({type(error).__name__} {error}); `colophon verify {arguments.dataset}` tells more"
        ) from error
    file = arguments.output or arguments.dataset / export.file
    if str(file) == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        write_whole(file, content)
    return {
        "to": export.name,
        "file": str(file),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
