"""What the processes that work for a run use: each tells it in a file of its own, which later words replace.

Engines count differently or not at all, and a cluster's workers live before and after the run; this is the same on all.
"""

from __future__ import annotations

import os
import platform
import resource
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

from colophon.pipelines.isolation import seconds_of_children, seconds_of_living_children

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Account", "account_of", "clock"]

_SECONDS_WORTH_TELLING = 0.1


def clock() -> float:
    """CPU-seconds of this thread, and of the processes in which this one lets files be parsed."""
    return time.thread_time() + seconds_of_children()


def _cpu_seconds() -> float:
    return time.process_time() + seconds_of_children()


class Account:
    """What this process has used for one run, from its first step in it on.

    Attributes:
        name: Names the process among all of the run.
    """

    def __init__(self) -> None:
        self.name = f"process-{secrets.token_hex(8)}"
        self._began = _cpu_seconds()
        self._shuffled = 0
        self._told = (-1, -1.0)
        self._lock = threading.Lock()

    def add(self, shuffled: int, tell: Callable[[str, Mapping[str, Any]], None]) -> None:
        """Add bytes that go to be grouped, and tell how things stand if they have changed."""
        with self._lock:
            self._shuffled += shuffled
            cpu = _cpu_seconds() - self._began
            told, at = self._told
            if told == self._shuffled and cpu - at < _SECONDS_WORTH_TELLING:
                return
            self._told = (self._shuffled, cpu)
            tell(
                self.name,
                {
                    "host": platform.node(),
                    "session": os.getsid(0),
                    "cpu_seconds": round(cpu, 4),
                    # What the system will not tell whoever waits for this process.
                    "cpu_seconds_of_children": round(seconds_of_living_children(), 4),
                    "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                    "bytes_shuffled": self._shuffled,
                },
            )


_ACCOUNTS: dict[str, Account] = {}
_OPENING = threading.Lock()
os.register_at_fork(after_in_child=_ACCOUNTS.clear)  # a copy of a process is another one


def account_of(work: str) -> Account:
    """This process's account of the run in the folder `work`; opened when the process first hears of it."""
    with _OPENING:
        if work not in _ACCOUNTS:
            _ACCOUNTS[work] = Account()
        return _ACCOUNTS[work]
