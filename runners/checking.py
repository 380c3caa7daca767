"""A dataset checked with a bar that shows how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colophon.pipelines.places import AnyPath
    from colophon.pipelines.verify import Verification

__all__ = ["check"]


def check(folder: AnyPath, *, quick: bool, quiet: bool) -> Verification:
    """What `verify` finds in a dataset.

    Args:
        folder: The dataset.
        quick: Whether to leave out the rows.
        quiet: Whether to show no bar, as where standard error is no terminal.

    Raises:
        UsageError: The folder is no dataset.
    """
    from rich.console import Console  # noqa: PLC0415 - starts in a tenth of a second, so only when needed
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    from colophon.pipelines.verify import verify  # noqa: PLC0415 - likewise

    columns = TextColumn("verifying"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("verify")
        return verify(folder, lambda done, total: bar.update(task, completed=done, total=total), quick=quick)
