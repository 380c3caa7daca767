"""Processes that work for a run, and their end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colophon.runners.copies import Process

__all__ = ["end_with_parent", "name_process", "stop"]

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_SECONDS_TO_END_WELL = 15.0  # a job on another machine is cancelled over the network
_SECONDS_TO_STOP = 5.0


def end_with_parent(parent: int) -> None:
    """Ask the kernel to end this process when the one that started it ends, however it ends.

    Args:
        parent: That process; it may have ended already, and then this one ends now.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(3)


def name_process(name: str) -> None:
    """Let the system call this process so, where it can; it has the command line of the one that it was copied from.

    Args:
        name: ASCII; the first 15 characters count.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NAME, name.encode())


def stop(process: Process) -> None:
    """End the leader of a process group and all in it, and return when none of them works any more.

    The leader is asked first, while those that it may need to end well are still there.
    """
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_SECONDS_TO_END_WELL)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    until = time.monotonic() + _SECONDS_TO_STOP
    while _works(process.pid) and time.monotonic() < until:
        time.sleep(0.02)


def _works(group: int) -> bool:
    """Whether a process of the group still runs; one that only waits to be collected does not."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = path.read_text(errors="replace").rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                return True
    return False
