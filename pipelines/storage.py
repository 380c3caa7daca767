"""Files appear whole or not at all: written aside, flushed, then renamed or sent. And what tells one from another: its digest."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import tempfile
import time
import uuid
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from colophon.pipelines.places import RemotePath
from colophon.schemas import RunFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from colophon.pipelines.places import AnyPath

__all__ = ["ASIDE", "aside", "clear_asides", "explain_os_error", "lives", "sha256_of", "write_whole"]

#: What the name of a file that is still being written begins with.
ASIDE = ".aside-"
_BLOCK = 2**20

_SECONDS_OF_A_WRITER = 86_400
"""A file that a machine has left untouched for so long is of no writer that lives."""

_CAUSES = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "operation not permitted",
    errno.EFBIG: "the file system allows no file of that size",
}


def explain_os_error(error: OSError, path: AnyPath | str, doing: str = "write") -> RunFailed:
    """The sentence a user can act on, for an operating-system error that stops a run."""
    known = None if isinstance(path, RemotePath) else _CAUSES.get(error.errno or 0)
    cause = known or error.strerror or str(error)
    return RunFailed(f"cannot {doing} {path}: {cause}")


@contextmanager
def aside(path: AnyPath, *, lasting: bool = True) -> Iterator[Path]:
    """A temporary path beside `path`, or on this machine if that is an address, which becomes `path` when the block ends well.

    Two writers of the same content do no harm: the later rename or upload replaces equal bytes.

    Args:
        path: What it becomes.
        lasting: Whether it has to be there after a power cut too, for which the disk is waited for.

    Raises:
        RunFailed: The operating system, or the file system of that address, refuses; nothing is left behind.
    """
    if isinstance(path, RemotePath):
        try:
            with tempfile.TemporaryDirectory(prefix="colophon-") as folder:
                temporary = Path(folder) / "aside"
                yield temporary
                path.put(temporary)
        except OSError as error:
            raise explain_os_error(error, path) from error
        return
    temporary = path.with_name(f"{ASIDE}{_host()}-{os.getpid()}-{uuid.uuid4().hex}-{path.name}"[:200])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if lasting:
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise explain_os_error(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_whole(path: AnyPath, content: bytes, *, lasting: bool = True) -> None:
    """Write a small file whole or not at all; `lasting` as for `aside`.

    Raises:
        RunFailed: The operating system refuses.
    """
    with aside(path, lasting=lasting) as temporary:
        temporary.write_bytes(content)


def sha256_of(path: AnyPath, watch: Callable[[int], None] | None = None) -> str:
    """Sha256 hex of a file, read through one buffer.

    Args:
        path: The file.
        watch: Called with the number of bytes of each block.

    Raises:
        OSError: It cannot be read.
    """
    digest, buffer = hashlib.sha256(), memoryview(bytearray(_BLOCK))
    with path.open("rb", buffering=0) as stream:
        while size := stream.readinto(buffer):  # type: ignore[attr-defined]
            digest.update(buffer[:size])
            if watch:
                watch(size)
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _host() -> str:
    """This machine among those that share a file system; process numbers mean something on one only."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def clear_asides(folder: AnyPath) -> None:
    """Remove what writers that no longer live left half-written: of this machine, and of others what is old."""
    if isinstance(folder, RemotePath):
        _clear_far(folder)
        return
    for path in folder.rglob(f"{ASIDE}*"):
        host, number, *_ = [*path.name.removeprefix(ASIDE).split("-"), ""]
        with contextlib.suppress(OSError):
            if (
                number.isdigit() and not lives(int(number))
                if host == _host()
                else time.time() - path.stat().st_mtime > _SECONDS_OF_A_WRITER
            ):
                path.unlink()


def _clear_far(folder: RemotePath) -> None:
    if folder.appears_whole:
        return
    for path, status in folder.files():
        if path.name.startswith(ASIDE) and time.time() - status.st_mtime_ns / 1e9 > _SECONDS_OF_A_WRITER:
            path.unlink(missing_ok=True)


def lives(process: int) -> bool:
    """Whether a process of this machine still runs."""
    try:
        os.kill(process, 0)
        # One that has ended but was not yet collected by its parent writes no more.
        state = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except OSError:  # another user's, or a system without /proc
        return True
    return state not in "ZX"
