"""A process that begins as a copy of this one, in place of a new interpreter that would load everything again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import traceback
from typing import TYPE_CHECKING, Protocol

from colophon.runners.nursery import can_fork

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Copy", "Process", "be_only_the_command", "is_only_the_command", "may_copy"]

_SECONDS_BETWEEN_LOOKS = 0.01

_only_the_command = False


def be_only_the_command() -> None:
    """Say that this process runs the ``colophon`` command and nothing else: a copy of it copies nobody else's work."""
    global _only_the_command  # noqa: PLW0603 - it is said once, by whoever is the process's beginning
    _only_the_command = True


def is_only_the_command() -> bool:
    """Whether that was said."""
    return _only_the_command


def may_copy() -> bool:
    """Whether a job may be a copy of this process: of the command's alone, and before Beam is in it, which has connections."""
    return _only_the_command and can_fork() and "apache_beam" not in sys.modules


class Process(Protocol):
    """What a process that was started can be asked and told, as `subprocess.Popen` says it."""

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    def poll(self) -> int | None:
        """Its exit code, negative for the signal that ended it; None while it goes on."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended; its exit code."""
        ...

    def terminate(self) -> None:
        """Ask it to end."""
        ...


class Copy:
    """A copy of this process that does one thing and ends.

    Args:
        work: What it does; it does not return.

    Attributes:
        pid: Its number.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # what waits to be written would be written twice
        self._code: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            try:
                work()
            except BaseException:  # noqa: BLE001 - nothing of this process's may go on in a copy of it
                traceback.print_exc()
            os._exit(1)

    def poll(self) -> int | None:
        """Its exit code, negative for the signal that ended it; None while it goes on."""
        if self._code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended; its exit code.

        Raises:
            subprocess.TimeoutExpired: After so many seconds it has not.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is not None and time.monotonic() >= until:
                raise subprocess.TimeoutExpired("a copy of this process", timeout or 0.0)
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
