"""Parsers of untrusted formats, run where they can be killed.

No signal and no alarm of Python's interrupts a parser that loops in native code; killing its process does. A child
process is started once and answers one call after the other, so that a call costs a pipe and not a start.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import pickle
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from colophon.schemas import Document, RunFailed, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from colophon.filters.formats.registry import Format
    from colophon.schemas import ReadOptions

__all__ = ["Isolated", "seconds_of_children", "seconds_of_living_children"]

# Starting a child takes a second or two; on a machine with ten times as many jobs as cores it took more than a minute.
_START_SECONDS = 300.0

_PRELOADED = ("colophon.filters.formats.reading", "trafilatura")

# How long a child whose parent is gone may go on: the limit and this.
_GRACE_SECONDS = 2.0

_READY = b"ready"
_TAKEN = b"taken"
_SECONDS = struct.Struct("<d")  # CPU time of the child so far, before each answer

# Each thread of a library, and each arena of the allocator, takes address space that the limit would count.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


#: CPU-seconds of the children that live, by process number, as they last told.
_LIVING: dict[int, float] = {}


def seconds_of_living_children() -> float:
    """CPU-seconds of the children that wait for the next call."""
    return sum(list(_LIVING.values()))


def seconds_of_children() -> float:
    """CPU-seconds of all children of this process: of those that ended the system keeps count."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime + seconds_of_living_children()


class Isolated:
    """A child process that runs calls under a limit of time and memory, and is replaced when it breaks one.

    Safe to use from several threads, which then wait for each other, and to pickle: the copy starts a child of its own.

    Attributes:
        seconds: How long one call may take.
        memory_bytes: How large the child's address space may grow.
    """

    def __init__(self, seconds: float = 30.0, memory_bytes: int = 2 * 2**30) -> None:
        self.seconds = seconds
        self.memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def __reduce__(self) -> tuple[type[Isolated], tuple[float, int]]:
        return Isolated, (self.seconds, self.memory_bytes)

    def __enter__(self) -> Isolated:  # noqa: PYI034 - typing.Self would say the same to fewer readers
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __call__(self, format: Format, data: bytes, options: ReadOptions) -> list[Document | Unreadable]:  # noqa: A002 - its name everywhere
        """Read the bytes of one file as `format`; what `read_stream` takes for its `isolate`.

        Returns:
            What the format's reader yields, or one `Unreadable` in place of it all: as `run` says, or
            ``reader_failed`` with the exception that the reader raised.
        """
        return self.run(_read, format, data, options)

    def run(
        self, function: Callable[..., Iterable[Document | Unreadable]], *arguments: object
    ) -> list[Document | Unreadable]:
        """Call a function of an importable module in the child.

        Args:
            function: What to call; it travels by its name, the arguments and documents by pickle.
            arguments: Its arguments.

        Returns:
            What it yields, or one `Unreadable`: ``timed_out`` (value and threshold in seconds), ``memory_exceeded``
            (threshold in bytes), ``parser_crashed`` (by which signal or with which exit code), or ``reader_failed``
            (the exception that it raised).

        Raises:
            RunFailed: The child cannot be started at all.
        """
        request = pickle.dumps((function, arguments), pickle.HIGHEST_PROTOCOL)
        with self._lock:
            answer = self._child_with(request).answer(self.seconds)
            if isinstance(answer, Unreadable):
                fault = answer
            else:
                items: list[Document | Unreadable] | MemoryError = pickle.loads(answer)  # noqa: S301 - our own child wrote it
                if not isinstance(items, MemoryError):
                    return items
                fault = Unreadable("memory_exceeded", f"needs more than {self.memory_bytes:,} bytes")
            self.close()
        if fault.reason == "memory_exceeded":
            fault.threshold = self.memory_bytes
        return [fault]

    def _child_with(self, request: bytes) -> _Child:
        """A child that has the request: another one if the first died, as between two calls it may, before it took it."""
        if self._child is not None:
            if self._child.alive() and self._child.takes(request):
                return self._child
            self.close()
        self._child = _Child(self.seconds, self.memory_bytes)
        self._child.takes(request)
        return self._child

    def close(self) -> None:
        """End the child, if there is one; the next call starts another."""
        if self._child is not None:
            self._child.kill()
            self._child = None


class _Child:
    """A running child process and the socket to it."""

    def __init__(self, seconds: float, memory_bytes: int) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs, tempfile.TemporaryFile() as complaints:
            # What is asked is read at once, so a write that waits means a child that is stopped or gone.
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(_START_SECONDS), 0))
            limits = [str(theirs.fileno()), str(seconds), str(memory_bytes)]
            try:
                self._process = subprocess.Popen(
                    # -P: nothing is imported from the directory that happens to be the current one.
                    [sys.executable, "-P", "-m", "colophon.pipelines.isolation", *limits],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=complaints,
                    pass_fds=[theirs.fileno()],
                    env={**os.environ, **_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                )
            except OSError as error:
                raise RunFailed(f"the child process for parsers does not start: {error}") from error
            # Else this process would hold the child's end open and never see that it is gone.
            theirs.close()
            self._connection = Connection(ours.detach())
            if not self._is_ready():
                self.kill()
                complaints.seek(0)
                last = complaints.read().decode(errors="replace").strip().rpartition("\n")[2]
                raise RunFailed(
                    f"the child process for parsers does not start: {_ending(self._process)}, {last or 'no message'}"
                )

    def _is_ready(self) -> bool:
        try:
            return self._connection.poll(_START_SECONDS) and self._connection.recv_bytes() == _READY
        except (EOFError, OSError):
            return False

    def alive(self) -> bool:
        return self._process.poll() is None

    def takes(self, request: bytes) -> bool:
        """Send a request; whether the child says that it has it. What happens from then on is the request's doing."""
        try:
            self._connection.send_bytes(request)
            return self._connection.poll(_START_SECONDS) and self._connection.recv_bytes() == _TAKEN
        except (EOFError, OSError):
            return False

    def answer(self, seconds: float) -> bytes | Unreadable:
        """Wait for the answer to what it took, or learn why none comes."""
        try:
            if self._connection.poll(seconds):
                answer = self._connection.recv_bytes()
                (_LIVING[self._process.pid],) = _SECONDS.unpack_from(answer)
                return answer[_SECONDS.size :]
        except (EOFError, OSError):
            # Its end of the socket is closed: it is ending, if not yet ended.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_SECONDS)
            if self._process.returncode != -signal.SIGALRM:
                return Unreadable("parser_crashed", _ending(self._process))
        # The limit and not the time that passed, which would be another in each run.
        return Unreadable("timed_out", f"stopped after {seconds:g} seconds", value=seconds, threshold=seconds)

    def kill(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.wait()
        _LIVING.pop(self._process.pid, None)


def _ending(process: subprocess.Popen[bytes]) -> str:
    code = process.poll()
    if code is None:
        return "it closed its pipe"
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _read(format: Format, data: bytes, options: ReadOptions) -> Iterable[Document | Unreadable]:  # noqa: A002
    return format.read(io.BytesIO(data), options)


def _answer(request: bytes) -> bytes:
    """What the child sends back; the exceptions of readers become items, only a lack of memory stays one."""
    answer: list[Document | Unreadable] | MemoryError
    try:
        function, arguments = pickle.loads(request)  # noqa: S301 - our own parent wrote it
        answer = list(function(*arguments))
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        answer = MemoryError()
    # Whatever a reader raises, and whatever it yields that cannot be pickled.
    except Exception as error:  # noqa: BLE001
        lines = str(error).splitlines() or [""]
        answer = [Unreadable("reader_failed", f"{type(error).__name__}: {lines[0]}"[:1000])]
    return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)


def _serve(descriptor: int, seconds: float, memory_bytes: int) -> None:
    """Answer requests until the parent closes its end."""
    logging.disable()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Ctrl-C goes to the parent, which then closes the socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Its default action ends the process without asking Python, even in native code: so a child that hangs does not
    # outlive a parent that was killed. (PR_SET_PDEATHSIG would act already when the thread ends that started us.)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    # What a first call would else import within its time.
    for module in _PRELOADED:
        importlib.import_module(module)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)  # the standard error stream
    os.close(nothing)
    connection = Connection(descriptor)
    connection.send_bytes(_READY)
    with contextlib.suppress(EOFError, OSError):
        while True:
            request = connection.recv_bytes()
            connection.send_bytes(_TAKEN)
            signal.setitimer(signal.ITIMER_REAL, seconds + _GRACE_SECONDS)
            answer = _answer(request)
            signal.setitimer(signal.ITIMER_REAL, 0)
            connection.send_bytes(_SECONDS.pack(time.process_time()) + answer)


if __name__ == "__main__":
    _serve(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
