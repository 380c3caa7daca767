"""The command line."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from colophon.pipelines.places import is_address
from colophon.runners.answers import print_json
from colophon.runners.commands import COMMANDS
from colophon.runners.copies import be_only_the_command
from colophon.runners.lean import spare_pandas
from colophon.schemas import ColophonError, harmless

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

__all__ = ["build_parser", "main"]

# What follows `--` is Beam's, as it is behind an address.
_ON_ENGINES = {command.NAME for command in COMMANDS if hasattr(command, "ON_ENGINES")}

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


class _Parser(argparse.ArgumentParser):
    """Says what was wrong in the form that all of Colophon's errors have."""

    def error(self, message: str) -> NoReturn:
        if "--json" in sys.argv:
            print_json({"error": message, "exit_code": 2})
        self.exit(2, f"colophon: {message}\nTry `{self.prog} --help`.\n")


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
    for command in COMMANDS:
        _add(commands, command)
    return parser


def _add(commands: Any, command: ModuleType) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        command.NAME,
        help=command.SHORT,
        description=command.LONG,
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(call=command.call)
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object on standard output, for scripts"
    )
    command.add_arguments(parser)


def _quiet_pipe() -> None:
    """A reader that went away (``| head``) is no error; keep the interpreter from complaining at its end."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    beam: list[str] = []
    at = words.index("--") if "--" in words else 0
    if at and (words[0] in _ON_ENGINES or any(is_address(word) for word in words[:at])):
        words, beam = words[:at], words[at + 1 :]
    arguments = build_parser().parse_args(words)
    arguments.beam = beam
    # What stops a batch job stops a run as Ctrl-C does: tidily.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return int(arguments.call(arguments))
    except ColophonError as error:
        if getattr(arguments, "json", False):
            print_json({"error": str(error), "exit_code": error.exit_code})
        print(harmless(f"colophon: {error}", allowed="\n\t"), file=sys.stderr)  # noqa: T201
        return error.exit_code
    except BrokenPipeError:
        _quiet_pipe()
        return 0
    except Exception as error:
        if isinstance(error, OSError) and is_address(str(error.filename)):
            return _failed(arguments, f"{error.filename}: {error.strerror}")
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
        print_json({"error": sentence, "exit_code": 3})
    print(harmless(f"\ncolophon: {sentence}", allowed="\n\t"), file=sys.stderr)  # noqa: T201
    return 3


if __name__ == "__main__":
    be_only_the_command()
    spare_pandas()
    sys.exit(main())
