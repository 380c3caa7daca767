"""The engines that a pipeline can run on, one file each; nothing about engines stands anywhere else.

An engine is a module as `Engine` describes it. A new one is one new file and one name in `ENGINES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from colophon.runners.engines import dask, dataflow, direct, flink, portable, prism
from colophon.runners.engines.options import Engine, Option
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["ENGINES", "Engine", "add_arguments", "settings_of"]

_ALL: Final[tuple[Engine, ...]] = (direct, dask, flink, dataflow, prism, portable)

ENGINES: Final[dict[str, Engine]] = {one.NAME: one for one in _ALL}
"""The engines by name; the first is the default."""


def _users() -> dict[Option, list[str]]:
    """Each option with the engines that have it."""
    users: dict[Option, list[str]] = {}
    for name, one in ENGINES.items():
        for option in one.OPTIONS:
            users.setdefault(option, []).append(name)
    return users


def add_arguments(parser: ArgumentParser) -> None:
    """The choice of an engine, and the options of each."""
    parser.add_argument(
        "--runner",
        choices=list(ENGINES),
        default=next(iter(ENGINES)),
        help="the engine (default: %(default)s): "
        + "; ".join(f"{name}, {one.SHORT}" for name, one in ENGINES.items()),
    )
    groups: dict[str, Any] = {}
    for option, names in _users().items():
        title = f"with --runner {' or '.join(names)}"
        if title not in groups:
            groups[title] = parser.add_argument_group(title)
        groups[title].add_argument(
            option.flag, metavar=option.metavar, choices=option.choices, help=option.help
        )


def settings_of(arguments: Namespace) -> dict[str, Any]:
    """The options of the chosen engine, once they are found to be possible.

    Raises:
        UsageError: They are not, or belong to another engine.
    """
    settings = {}
    for option, names in _users().items():
        value = getattr(arguments, option.name)
        if value is None:
            continue
        if arguments.runner not in names:
            raise UsageError(
                f"{option.flag} is for --runner {' or '.join(names)}; the engine here is {arguments.runner}"
            )
        settings[option.name] = value
    ENGINES[arguments.runner].check(settings)
    return settings
