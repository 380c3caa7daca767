"""The place of a dataset at an address: made beside, alone, and published file by file, what makes it a dataset last.

There is neither a rename of folders nor a lock that ends with its process. So `manifest.json` is what makes a dataset, and
a run leaves signs of its life.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
import tempfile
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from colophon.pipelines.places import below
from colophon.pipelines.storage import explain_os_error, lives, write_whole
from colophon.runners.place import Place, taken
from colophon.schemas import RunFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from colophon.pipelines.places import AnyPath, RemotePath

__all__ = ["DEAD", "Lock", "RemotePlace", "place_at"]

DEAD: Final = 60.0
"""Seconds after its last sign of life when a run counts as dead, by the clock of the file system."""

_SECONDS_BETWEEN_SIGNS: Final = 10.0
_SECONDS_TO_END: Final = 5.0
_FILES_AT_ONCE: Final = 8
_NAME: Final = re.compile(r"[0-9a-f]{16}-[0-9a-f]{12}-\d+\.(claims|holds-\d+)")
_T = TypeVar("_T")
_LAST: Final = ("SHA256SUMS", "manifest.json")


@dataclass(frozen=True)
class _Sign:
    """A file in the folder of a lock: ``RUN-MACHINE-PROCESS.claims`` or ``….holds-NUMBER``."""

    path: RemotePath
    at: int

    @property
    def run(self) -> str:
        return self.path.stem

    @property
    def holds(self) -> bool:
        return self.path.suffix.startswith(".holds")

    @property
    def process(self) -> int:
        return int(self.run.rpartition("-")[2])

    def is_alive(self, now: int) -> bool:
        """Whether its run may live: for a while after its sign, unless it was here and is gone."""
        gone = self.run.split("-")[1] == _machine() and not lives(self.process)
        return not gone and now - self.at <= DEAD * 1e9


@lru_cache(maxsize=1)
def _machine() -> str:
    """This machine since it was started, and in it the container: where numbers of processes mean the same."""
    told = [platform.node()]
    with contextlib.suppress(OSError):
        told += [Path("/proc/sys/kernel/random/boot_id").read_text(), os.readlink("/proc/self/ns/pid")]  # noqa: PTH115 - no path
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:12]


class Lock:
    """What one run at a time holds, by signs that it leaves in a folder.

    A run claims, and looks who else is there: one that holds goes before it, and one that claimed earlier. Then it says that
    it holds, and looks once more; of two that hold, the later to look sees the other and withdraws. So, where what was
    written is listed at once, there are never two. Times are those that the file system gives, of one clock.

    Args:
        folder: Where the signs lie.
        subject: What is locked, for the sentence.
    """

    def __init__(self, folder: RemotePath, subject: RemotePath) -> None:
        self.folder, self.subject = folder, subject
        self.run = f"{uuid.uuid4().hex[:16]}-{_machine()}-{os.getpid()}"
        self._number = 0
        self._own: RemotePath | None = None
        self._ending = threading.Event()
        self._beating: threading.Thread | None = None

    def take(self) -> None:
        """Take it, or withdraw.

        Raises:
            UsageError: Another run holds it.
            RunFailed: The signs cannot be written.
        """
        try:
            self._sign("claims")
            self._refuse(lambda own, other: other.holds or (other.at, other.run) < (own.at, own.run))
            self._sign("holds-0")
            dead = self._refuse(lambda _, other: other.holds)
        except BaseException:
            self.release()
            raise
        for sign in dead:
            sign.path.unlink(missing_ok=True)
        self._ending.clear()
        self._beating = threading.Thread(target=self._beat, daemon=True)
        self._beating.start()

    def check(self) -> None:
        """Make sure that it is still held.

        Raises:
            RunFailed: Another run took it over, since this one gave no sign of life.
        """
        own, others, _ = self._signs()
        if own is None or any(other.holds for other in others):
            raise RunFailed(
                f"this run gave no sign of life for {DEAD:g} seconds and another one took over {self.subject}; "
                "what was read is kept"
            )

    def release(self) -> None:
        """Let go of it; a sign that cannot be removed is believed for a while."""
        self._ending.set()
        if self._beating is not None:
            self._beating.join(_SECONDS_TO_END)
        own, self._own = self._own, None
        if own is not None:
            with contextlib.suppress(OSError):
                own.unlink(missing_ok=True)

    def _sign(self, state: str) -> None:
        """Leave a sign and take away the one before it, so that there is always one."""
        sign = self.folder / f"{self.run}.{state}"
        write_whole(sign, str(self.subject).encode())
        before, self._own = self._own, sign
        if before is not None:
            before.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._ending.wait(_SECONDS_BETWEEN_SIGNS):
            self._number += 1
            # What cannot be written now is written the next time.
            with contextlib.suppress(OSError, RunFailed):
                self._sign(f"holds-{self._number}")

    def _signs(self) -> tuple[_Sign | None, list[_Sign], list[_Sign]]:
        """The newest sign of this run, those of others that may live, and those of the dead."""
        found = self.folder.files()
        signs = [_Sign(path, status.st_mtime_ns) for path, status in found if _NAME.fullmatch(path.name)]
        own = max((sign for sign in signs if sign.run == self.run), key=lambda sign: sign.at, default=None)
        others = [sign for sign in signs if sign.run != self.run]
        now = max((sign.at for sign in signs), default=0)
        alive = [sign for sign in others if sign.is_alive(now)]
        return own, alive, [sign for sign in others if sign not in alive]

    def _refuse(self, goes_before: Callable[[_Sign, _Sign], bool]) -> list[_Sign]:
        own, others, dead = self._signs()
        if own is None:
            raise RunFailed(
                f"{self.folder}: does not list what was written to it, so no run can be alone there"
            )
        first = [other for other in others if goes_before(own, other)]
        if first:
            raise UsageError(
                f"another run (process {first[0].process}) is writing to {self.subject}; wait until it ends, or stop it. "
                f"Where it was killed on another machine, wait {DEAD:g} seconds"
            )
        return dead


def place_at(output: AnyPath) -> Place | RemotePlace:
    """The place of a dataset, wherever it goes."""
    return Place(output) if isinstance(output, Path) else RemotePlace(output)


class RemotePlace:
    """Where a dataset goes; as `Place`.

    Args:
        output: Its address.

    Raises:
        UsageError: It cannot be there.
    """

    def __init__(self, output: RemotePath) -> None:
        if output.is_root:
            raise UsageError(f"the output {output} is no folder; name one in it, such as {output}/dataset")
        self.output = output
        self.work = output.with_name(f".{output.name}.partial")
        self.scratch = Path(tempfile.gettempdir())
        self._lock = Lock(self.work / "lock", output)
        self._publishing = self.work / "publishing"

    def refuse_what_is_there(self, *, replace: bool, made: str) -> None:
        """See that nothing is lost that nobody said may be; as `Place.refuse_what_is_there`."""
        if self.output.is_file():
            raise UsageError(f"the output {self.output} is a file; name a folder")
        if replace or not self.output.is_dir():
            return
        if (self.output / "manifest.json").is_file():
            raise taken(self.output, made)
        if not self._publishing.is_file():  # where it is, one was killed while it published
            raise taken(self.output, None)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock of this place, and have a folder on this machine."""
        try:
            self._lock.take()
        except OSError as error:
            raise explain_os_error(error, self.work, "create") from error
        try:
            self.scratch = Path(tempfile.mkdtemp(prefix="colophon-"))
            yield
        finally:
            self._lock.release()

    def clear(self, *, keep_lock: bool) -> None:
        """Remove what an earlier or this run left in progress."""
        self.empty()
        if not keep_lock:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def empty(self) -> None:
        """Remove what is half made, and nothing that tells of it."""
        lock = f"{self._lock.folder}/"
        with contextlib.suppress(OSError):
            paths = (path for path, _ in self.work.files() if not str(path).startswith(lock))
            _each(lambda path: path.unlink(missing_ok=True), (p for p in paths if p != self._publishing))

    def publish(self, dataset: RemotePath) -> None:
        """Move a finished dataset here, the manifest last; what was here and is not in it is deleted before.

        Args:
            dataset: Its folder, below `work`.

        Raises:
            OSError: The file system refuses. What is here then is no dataset; the next run goes on with it.
            RunFailed: Another run took this place over.
        """
        self._lock.check()
        new = {name for name, _ in below(dataset)}
        old = {name for name, _ in below(self.output)}
        write_whole(self._publishing, str(dataset).encode())
        if "manifest.json" in old:
            (self.output / "manifest.json").unlink()
        _each(lambda name: (self.output / name).unlink(missing_ok=True), old - new)
        _each(lambda name: (dataset / name).rename(self.output / name), new - set(_LAST))
        for name in _LAST:
            (dataset / name).rename(self.output / name)
        self._publishing.unlink(missing_ok=True)


def _each(do: Callable[[_T], None], what: Iterable[_T]) -> None:
    """Do it for each, several at once."""
    with ThreadPoolExecutor(_FILES_AT_ONCE) as pool:
        for _ in pool.map(do, what):
            pass
