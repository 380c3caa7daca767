"""The process that runs one pipeline, so that whoever started it can watch it and stop it.

Begun as a copy of the command's process, which has loaded half of what is needed, or else as ``python -m
colophon.runners.job FOLDER PIPE PARENT``; ``FOLDER/job.pickle`` says what to do. It ends with ``FOLDER/usage.json`` and code 0, or with code 3 and a sentence in the pipe (a file descriptor).
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import pickle
import platform
import re
import resource
import signal
import sys
import threading
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from colophon.runners.engines import ENGINES
from colophon.runners.processes import end_with_parent, name_process
from colophon.schemas import RunFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from colophon.pipelines.job import Job
    from colophon.pipelines.plan import Plan

__all__ = ["JOB", "Order", "command", "continue_as_job", "main", "run_order"]

JOB = "colophon-job"
"""What the system calls the process of a job."""

_SECONDS_TO_END = 3.0


@dataclass(frozen=True)
class Order:
    """What the job process is asked to do.

    Attributes:
        job: The run.
        plan: Its units.
        runner: Name of the engine.
        workers: Processes, where the engine asks.
        extra: Options for Beam.
        settings: The engine's own options.
    """

    job: Job
    plan: Plan
    runner: str
    workers: int
    extra: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


def _told(trace: str) -> str:
    """The sentence of an error of ours that may have crossed processes as text; empty if there is none."""
    known = re.findall(r"colophon\.schemas\.errors\.\w+: (.+)", trace)
    return str(known[-1]).split(" [while running")[0].strip() if known else ""


def _said(message: str) -> str:
    """The first line of what a worker said, without what Beam put around it."""
    found = re.search(r'message: "(.*?)(?: \[while running|\n|$)', message)
    return (found[1] if found else message.splitlines()[0])[:500]


def _raise(sentence: str) -> None:
    raise RunFailed(sentence)


def _wait(result: Any) -> None:
    """Wait for a job that an engine has begun, and cancel it there when this process is told to end."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        result.wait_until_finish()
    except KeyboardInterrupt:
        result.cancel()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _nothing_collected() -> Iterator[Callable[[], None]]:
    """Look for no garbage until what is yielded is called, and then not among what is there: what is loaded and built stays."""
    gc.disable()

    def collect() -> None:
        gc.freeze()
        gc.enable()

    try:
        yield collect
    finally:
        gc.unfreeze()
        gc.enable()


def run_order(order: Order, folder: Path, fail: Callable[[str], None] = _raise) -> None:
    """Build the pipeline, run it on its engine, and leave what it used in ``folder/usage.json``.

    Args:
        order: What to do.
        folder: Of the run.
        fail: What ends the job with a sentence when the engine sees that it cannot go on.
    """
    # The largest units first, so that workers that take them in turn end at about the same time.
    units = sorted(order.plan.units, key=lambda unit: (-unit.size, unit.index))
    with _nothing_collected() as collect, ENGINES[order.runner].engine(order, fail) as (runner, options):
        # An engine may load Beam in a way of its own; it takes seconds, and whoever only sends an order has no use for it.
        import apache_beam as beam  # noqa: PLC0415

        from colophon.pipelines import Curate, Decide  # noqa: PLC0415 - likewise

        work = "Decide" >> Decide(order.job) if order.job.before else "Curate" >> Curate(order.job)
        pipeline = beam.Pipeline(runner=runner, options=options)
        _ = pipeline | "Units" >> beam.Create(units, reshuffle=False) | work
        collect()
        result = pipeline.run()
        _wait(result)
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    usage = {
        "cpu_seconds": round(own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime, 2),
        "peak_bytes": own.ru_maxrss * 1024,
        "host": platform.node(),
        "session": os.getsid(0),
    }
    (folder / "usage.json").write_text(json.dumps(usage))


class _Failure:
    """Tells the parent why the job cannot go on, through a pipe, for the disk may be full; then ends it."""

    def __init__(self, pipe: int) -> None:
        self.pipe = pipe
        self.lock = threading.Lock()

    def __call__(self, sentence: str, trace: str) -> NoReturn:
        with self.lock:  # the first that fails tells, and none after it
            with contextlib.suppress(OSError):
                os.write(self.pipe, sentence.encode("utf-8", "replace")[:4000])
            with contextlib.suppress(OSError):
                sys.stderr.write(trace)
                sys.stderr.flush()
            os._exit(3)


class _Ear(logging.Handler):
    """Hears of an exception in a worker process.

    With several workers Beam's direct runner may wait for ever after one of them has failed, so the job is
    given a moment to end by itself and is ended then.
    """

    def __init__(self, fail: _Failure) -> None:
        super().__init__(logging.ERROR)
        self.fail = fail

    def emit(self, record: logging.LogRecord) -> None:
        """Act on what a worker said before it gave up."""
        message = record.getMessage()
        if "[while running" in message:
            plain = message.replace("\\n", "\n").replace("\\'", "'")
            ending = threading.Timer(_SECONDS_TO_END, self.fail, (_told(plain) or _said(plain), ""))
            ending.daemon = True
            ending.start()


def command(folder: Path, pipe: int) -> list[str]:
    """What starts a job of this process as a new interpreter."""
    return [sys.executable, "-m", "colophon.runners.job", str(folder), str(pipe), str(os.getpid())]


def continue_as_job(folder: Path, pipe: int, parent: int, log: int) -> NoReturn:
    """Become, in a copy of the command's process, what a new interpreter would be, and run the job.

    Args:
        folder: Has the order.
        pipe: Hears why the job cannot go on.
        parent: The command's process.
        log: Takes what is written to the standard streams.
    """
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for stream, descriptor in enumerate((nothing, log, log)):
        os.dup2(descriptor, stream)
    os.close(nothing)
    sys.argv[:] = [__file__, str(folder), str(pipe), str(parent)]  # Beam looks there for options
    main()


def main() -> NoReturn:
    """Run the order of the folder, and report to the pipe, that the command line names."""
    end_with_parent(int(sys.argv[3]))
    name_process(JOB)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    folder, fail = Path(sys.argv[1]), _Failure(int(sys.argv[2]))
    logging.disable(logging.WARNING)
    logging.getLogger().addHandler(_Ear(fail))

    def lost(args: threading.ExceptHookArgs) -> None:
        # Beam would wait for ever for a worker process that is gone.
        trace = "".join(traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback))
        if "Worker subprocess exited" in str(args.exc_value):
            fail("a worker process was killed, perhaps because memory ran out; try fewer --workers", trace)
        with contextlib.suppress(OSError):
            sys.stderr.write(trace)

    threading.excepthook = lost
    with (folder / "job.pickle").open("rb") as stream:
        order = pickle.load(stream)  # noqa: S301 - written by the parent a moment ago
    try:
        run_order(order, folder, lambda sentence: fail(sentence, ""))
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent has to hear of it
        trace = "".join(traceback.format_exception(error))
        last = (str(error).strip().splitlines() or [""])[-1]
        fail(_told(trace) or f"{type(error).__name__}: {last}", trace)
    # Threads and children of an engine may linger; all files are written.
    os._exit(0)


if __name__ == "__main__":
    main()
