"""The commands, one file each.

A command is a module with ``NAME``, ``SHORT`` (its line in the list), ``LONG`` (its help), ``add_arguments`` and
``call``. What takes long to load is imported inside ``call``, so that the command line starts at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from colophon.runners.commands import (
    acknowledge,
    annotate,
    decide,
    diff,
    explain,
    export,
    filters,
    formats,
    keygen,
    overlap,
    pack,
    prove,
    read,
    recipe,
    review,
    revoke,
    run,
    sign,
    verify,
    withdraw,
)

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["COMMANDS"]

COMMANDS: Final[tuple[ModuleType, ...]] = (
    run,
    decide,
    diff,
    withdraw,
    verify,
    review,
    sign,
    explain,
    prove,
    recipe,
    filters,
    annotate,
    formats,
    read,
    pack,
    overlap,
    keygen,
    revoke,
    export,
    acknowledge,
)
"""The commands in the order in which ``colophon --help`` lists them."""
