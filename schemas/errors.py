"""Every error that Colophon raises on purpose, drawn as a tree.

::

    ColophonError                 exit code
    ├── UsageError                2   the command line asks for something that cannot be
    │   └── RecipeError           2   a key of the recipe is wrong
    ├── CheckFailed               1   something was checked and is not as it should be
    └── RunFailed                 3   the work could not be completed

A document that cannot be read raises nothing: it becomes a row of the ledger.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = ["CheckFailed", "ColophonError", "RecipeError", "RunFailed", "UsageError"]


class ColophonError(Exception):
    """An error whose message is meant for the user; never shown with a traceback."""

    exit_code: ClassVar[int] = 3


class UsageError(ColophonError):
    """The command line or a call asks for something that cannot be."""

    exit_code: ClassVar[int] = 2


class RecipeError(UsageError):
    """One or more keys of a recipe are wrong; the message has one fault on each line."""


class CheckFailed(ColophonError):  # noqa: N818 - says what happened
    """A dataset or recipe was checked and found wrong."""

    exit_code: ClassVar[int] = 1


class RunFailed(ColophonError):  # noqa: N818 - likewise
    """The work could not be completed; what was staged stays and the run can be continued."""

    exit_code: ClassVar[int] = 3
