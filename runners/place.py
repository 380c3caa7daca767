"""The place of a dataset: it is made beside, alone, and appears there by one rename."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from colophon.pipelines.storage import explain_os_error
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.pipelines.places import AnyPath

__all__ = ["Place", "taken"]


def taken(output: AnyPath, made: str | None) -> UsageError:
    """What is said of a place where something is.

    Args:
        output: The place.
        made: How the dataset that is there differs: ``made from …``; None if what is there is no dataset.
    """
    if made is None:
        return UsageError(
            f"the output {output} is not empty and is no dataset; name a new or empty folder, or add --replace "
            "to delete what is in it"
        )
    return UsageError(
        f"the output {output} holds a dataset {made}; "
        "add --replace to put the new one in its place, or name another --output"
    )


class Place:
    """Where a dataset goes.

    Args:
        output: Its folder.

    Attributes:
        output: The folder itself, where the name given is a link to it.
        work: Where it is made.
        scratch: For the files of the process that makes it; on this machine.
        lock: The file that is locked while this process is alone there; its copies close it.

    Raises:
        UsageError: The folder cannot be replaced as a whole.
    """

    def __init__(self, output: Path) -> None:
        self.output = Path(os.path.realpath(output))
        self.work = self.output.parent / f".{self.output.name}.partial"
        self.scratch = self.work
        self.lock: TextIO | None = None
        here = Path.cwd()
        if self.output == here or self.output in here.parents:
            raise UsageError(
                f"the output {self.output} is the folder you are in, or one above it, and would be replaced as a whole; "
                "name one below it"
            )
        if self.output.is_mount():
            raise UsageError(
                f"the output {self.output} is a mount point, which cannot be replaced; name a folder in it"
            )

    def refuse_what_is_there(self, *, replace: bool, made: str) -> None:
        """See that nothing is lost that nobody said may be.

        Args:
            replace: Whether what is there may be replaced.
            made: How the dataset that is there differs: ``made from …``.

        Raises:
            UsageError: The output is a file, or holds something.
        """
        if self.output.exists() and not self.output.is_dir():
            raise UsageError(f"the output {self.output} is a file; name a folder")
        if replace or not self.output.exists() or not any(self.output.iterdir()):
            return
        raise taken(self.output, made if (self.output / "manifest.json").exists() else None)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock of this place; the kernel lets go of it when this process ends, however it ends."""
        try:
            self.work.mkdir(parents=True, exist_ok=True)
            lock = (self.work / "lock").open("a+")
        except OSError as error:
            raise explain_os_error(error, self.work, "create") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.seek(0)
                raise UsageError(
                    f"another run (process {lock.read().strip() or 'unknown'}) is writing to {self.output}; "
                    "wait until it ends, or stop it"
                ) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            self.lock = lock
            yield

    def clear(self, *, keep_lock: bool) -> None:
        """Remove what an earlier or this run left in progress."""
        old = self.work / "replaced"
        if old.exists() and not self.output.exists():  # one was killed between the two renames of `publish`
            old.rename(self.output)
        if not keep_lock:
            shutil.rmtree(self.work, ignore_errors=True)
            return
        self.empty()
        for path in self.work.iterdir():
            if path.name != "lock" and not path.is_dir():
                path.unlink(missing_ok=True)

    def empty(self) -> None:
        """Remove what is half made, and nothing that tells of it."""
        for path in self.work.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)

    def publish(self, dataset: Path) -> None:
        """Put a finished dataset here by one rename; what it replaces is deleted afterwards.

        Args:
            dataset: Its folder, below `work`.

        Raises:
            OSError: The operating system refuses; what was here before stays.
        """
        old = self.work / "replaced"
        if self.output.exists():
            self.output.rename(old)
        try:
            dataset.rename(self.output)
        except OSError:
            if old.exists():
                old.rename(self.output)
            raise
        shutil.rmtree(old, ignore_errors=True)
