"""Worker processes of the direct engine that begin with all modules and compiled code loaded.

A worker that starts as a new interpreter loads Beam, Arrow and numba anew: three CPU-seconds that each of them takes from the
work. One process, forked from the job before it has any thread, loads them once and forks a worker whenever Beam asks for
one. Beam asks by a command line, so what it starts is a small program that hands its environment over to the nursery and
lasts as long as the worker does.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import select
import shlex
import socket
import struct
import sys
import tempfile
import threading
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from colophon.runners import stand_in
from colophon.runners.processes import end_with_parent, name_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["WORKER", "can_fork", "nursery"]

WORKER = "colophon-worker"
"""What the system calls a worker process."""


def can_fork() -> bool:
    """Whether this process may be copied: on Linux, and while it has one thread, for a copy has no other."""
    return sys.platform == "linux" and threading.active_count() == 1


@contextmanager
def nursery(load: Callable[[], object], work: Callable[[], object]) -> Iterator[str]:
    """Workers on demand, while the block lasts.

    Args:
        load: What every worker needs loaded.
        work: What a worker does; the environment is as Beam set it.

    Yields:
        The command line that starts a worker, and ends when that does.
    """
    with tempfile.TemporaryDirectory(prefix="colophon-") as folder:
        address = str(Path(folder) / "nursery")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(address)
            listener.listen()
            ours, theirs = os.pipe()
            parent = os.getpid()
            child = os.fork()
            if child == 0:
                os.close(theirs)
                _serve(listener, ours, parent, load, work)
            os.close(ours)
        try:
            # -S and -I: nothing is loaded that the program does not name.
            yield f"exec {shlex.join([sys.executable, '-I', '-S', str(stand_in.__file__), address])}"
        finally:
            os.close(theirs)  # the nursery ends when its workers have
            os.waitpid(child, 0)


def _serve(
    listener: socket.socket,
    lifeline: int,
    parent: int,
    load: Callable[[], object],
    work: Callable[[], object],
) -> NoReturn:
    """Fork a worker for each caller until the job lets go of the lifeline; then wait for them and end."""
    code = 1
    try:
        end_with_parent(parent)
        _forget_the_job()
        load()
        # What is loaded stays; the job may not have looked for garbage so far.
        gc.freeze()
        gc.enable()
        own, workers = os.getpid(), []
        callers = [listener.fileno(), lifeline]
        while lifeline not in select.select(callers, [], [])[0]:
            connection, _ = listener.accept()
            worker = os.fork()
            if worker == 0:
                listener.close()
                os.close(lifeline)
                _be_a_worker(connection, own, work)
            connection.close()
            workers.append(worker)
        for worker in workers:
            os.waitpid(worker, 0)  # so that the system counts what they used as the job's
        code = 0
    except BaseException:  # noqa: BLE001 - nothing of the job's may go on in a copy of it
        traceback.print_exc()
    os._exit(code)


def _forget_the_job() -> None:
    """Undo what the job process has set for itself: who listens to its log and to its threads' errors."""
    logging.disable(logging.NOTSET)
    logging.getLogger().handlers.clear()
    threading.excepthook = threading.__excepthook__


def _be_a_worker(connection: socket.socket, parent: int, work: Callable[[], object]) -> NoReturn:
    code = 1
    try:
        end_with_parent(parent)
        name_process(WORKER)
        with connection.makefile("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            os.environ.update(json.loads(stream.read(length)))
        threading.Thread(target=_end_with_caller, args=(connection,), daemon=True).start()
        work()
        connection.sendall(b"\0")
        code = 0
    except BaseException:  # noqa: BLE001 - likewise
        traceback.print_exc()
    os._exit(code)


def _end_with_caller(connection: socket.socket) -> None:
    connection.recv(1)  # it says nothing more, so this returns when it is gone
    os._exit(1)
