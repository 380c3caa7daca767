"""The process that runs one pipeline, so that whoever started it can watch it and stop it.

Started as ``python -m colophon.runners.job FOLDER``, where ``FOLDER/job.pickle`` says what to do. It ends
with ``FOLDER/usage.json`` and code 0, or with ``FOLDER/error.txt`` and code 3.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import pickle
import re
import resource
import signal
import sys
import threading
import traceback
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colophon.pipelines.job import Job
    from colophon.pipelines.plan import Plan

__all__ = ["Order", "main", "run_order"]

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Order:
    """What the job process is asked to do.

    Attributes:
        job: The run.
        plan: Its units.
        runner: Name of the engine's module in this folder.
        workers: Processes, where the engine asks.
        extra: Options for Beam.
    """

    job: Job
    plan: Plan
    runner: str
    workers: int
    extra: tuple[str, ...] = ()


def _end_with_parent() -> None:
    """Ask the kernel to end this process when the one that started it ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _sentence(error: BaseException) -> str:
    """What to tell the user of an error that may have crossed processes as text."""
    known = re.findall(r"colophon\.schemas\.errors\.\w+: (.+)", "".join(traceback.format_exception(error)))
    if known:
        return str(known[-1]).split(" [while running")[0].strip()
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[-1]}"


def run_order(order: Order, folder: Path) -> None:
    """Build the pipeline, run it on its engine, and leave what it used in ``folder/usage.json``."""
    import apache_beam as beam  # noqa: PLC0415 - takes seconds, and whoever only sends an order has no use for it

    from colophon.pipelines import Curate  # noqa: PLC0415 - likewise

    runner, options = import_module(f"colophon.runners.{order.runner}").engine(order.workers, order.extra)
    # The largest units first, so that workers that take them in turn end at about the same time.
    units = sorted(order.plan.units, key=lambda unit: (-unit.size, unit.index))
    pipeline = beam.Pipeline(runner=runner, options=options)
    _ = pipeline | "Units" >> beam.Create(units, reshuffle=False) | "Curate" >> Curate(order.job)
    pipeline.run().wait_until_finish()
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    usage = {
        "cpu_seconds": round(own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime, 2),
        "peak_bytes": own.ru_maxrss * 1024,
        "peak_bytes_of_a_worker": max(own.ru_maxrss, children.ru_maxrss) * 1024,
    }
    (folder / "usage.json").write_text(json.dumps(usage))


def main() -> None:
    """Run the order of the folder named on the command line."""
    _end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    folder = Path(sys.argv[1])
    logging.disable(logging.WARNING)

    def fail(sentence: str, trace: str) -> None:
        with contextlib.suppress(OSError):
            (folder / "error.txt").write_text(sentence)
        sys.stderr.write(trace)
        sys.stderr.flush()
        os._exit(3)

    def lost(args: threading.ExceptHookArgs) -> None:
        # Beam would wait for ever for a worker process that is gone.
        trace = "".join(traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback))
        if "Worker subprocess exited" in str(args.exc_value):
            fail("a worker process was killed, perhaps because memory ran out; try fewer --workers", trace)
        sys.stderr.write(trace)

    threading.excepthook = lost
    with (folder / "job.pickle").open("rb") as stream:
        order = pickle.load(stream)  # noqa: S301 - written by the parent a moment ago
    try:
        run_order(order, folder)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent has to hear of it
        fail(_sentence(error), "".join(traceback.format_exception(error)))
    # Threads and children of an engine may linger; all files are written.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
