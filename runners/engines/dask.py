"""Dask: a cluster that a supercomputing centre starts under its batch system, or one on this machine.

Colophon is installed for the workers too, in the same version, and inputs, staging and output lie where all of them see
them under the same path. What a lost worker was doing is given to another.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from colophon.pipelines.extras import require
from colophon.runners.engines.options import Option
from colophon.schemas import RunFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.runner import PipelineRunner
    from distributed import Client

    from colophon.pipelines.job import Job
    from colophon.runners.job import Order

__all__ = ["NAME", "OPTIONS", "SHORT", "check", "engine"]

NAME: Final = "dask"
SHORT: Final = "a Dask cluster, or one that is started on this machine"
OPTIONS: Final = (
    Option("--dask-address", "the scheduler; without one a cluster is started here", "tcp://HOST:PORT"),
    Option("--dask-scheduler-file", "the file in which the scheduler wrote its address", "FILE"),
    Option("--dask-patience", "give up after so long without any worker (default: 60)", "SECONDS"),
)

_PATIENCE = 60.0
_SECONDS_BETWEEN_LOOKS = 1.0
_FEWEST_PARTITIONS, _MOST_PARTITIONS = 16, 1024
_PARTITIONS_PER_THREAD = 4


def _patience(settings: Mapping[str, Any]) -> float:
    given = settings.get("dask_patience", _PATIENCE)
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds < float("inf"):
        raise UsageError(f"--dask-patience {given!r} is not a number of seconds, 1 or more")
    return seconds


def check(settings: Mapping[str, Any]) -> None:
    """Refuse two names of one cluster, and a machine without Dask."""
    require("distributed", "--runner dask", "dask")
    if len({"dask_address", "dask_scheduler_file"} & settings.keys()) == 2:
        raise UsageError("--dask-address and --dask-scheduler-file both name a scheduler; give one of them")
    if not Path(file := settings.get("dask_scheduler_file", "/")).exists():
        raise UsageError(
            f"--dask-scheduler-file {file}: there is none; `dask scheduler --scheduler-file` writes it"
        )
    _patience(settings)


@contextmanager
def engine(order: Order, fail: Callable[[str], None]) -> Iterator[tuple[PipelineRunner, PipelineOptions]]:
    """The runner and its options, with a thread that watches the cluster."""
    import dask  # noqa: PLC0415 - as Beam below, it takes seconds
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415
    from apache_beam.runners.dask.dask_runner import DaskRunner  # noqa: PLC0415
    from distributed import Client, KilledWorker, LocalCluster  # noqa: PLC0415
    from distributed.client import FutureCancelledError  # noqa: PLC0415

    settings, patience = order.settings, _patience(order.settings)
    own = None
    # What Dask would choose where it finds no cluster goes through the disk of one machine.
    dask.config.set({"dataframe.shuffle.method": "tasks"})
    where = {"address": settings.get("dask_address"), "scheduler_file": settings.get("dask_scheduler_file")}
    if not any(where.values()):
        own = LocalCluster(n_workers=order.workers, threads_per_worker=1, dashboard_address=None)
        where["address"] = own.scheduler_address
    named = where["address"] or where["scheduler_file"]
    where = {name: value for name, value in where.items() if value}
    try:
        client = Client(**where, timeout=patience)
        client.wait_for_workers(1, timeout=patience)
    except (OSError, ValueError, TimeoutError) as error:
        raise RunFailed(
            f"no Dask cluster with a worker answers at {named} in {patience:g} seconds: {error}"
        ) from error
    _refuse_strangers(client, order.job)
    watching = threading.Thread(target=_watch, args=(client, patience, fail), daemon=True)
    watching.start()
    partitions = _partitions(order, sum(client.nthreads().values()))
    options = [
        f"--dask_{'client_address' if name == 'address' else name}={value}" for name, value in where.items()
    ]
    if not any(one.startswith(("--dask_npartitions", "--dask_partition_size")) for one in order.extra):
        options.append(f"--dask_npartitions={partitions}")
    try:
        yield _narrow(DaskRunner(), partitions), PipelineOptions([*options, *order.extra])
    except KilledWorker as error:
        raise RunFailed(
            f"Dask gave up on a part of the work that {error.allowed_failures + 1} workers died of, perhaps because memory "
            "ran out; try workers with more memory"
        ) from error
    except FutureCancelledError as error:
        raise RunFailed(f"the Dask scheduler at {named} ended or forgot the job: {error}") from error
    client.close()
    if own is not None:
        own.close()


def _partitions(order: Order, threads: int) -> int:
    """Into how many tasks Dask divides a step: four a thread, for workers differ, but no more than there is work.

    Its shuffle makes n·√n tasks of n partitions, a millisecond each, so they are bounded too.
    """
    work = max(len(order.plan.units), order.plan.partitions)
    return min(max(_FEWEST_PARTITIONS, _PARTITIONS_PER_THREAD * threads), work, _MOST_PARTITIONS)


def _narrow(runner: Any, partitions: int) -> Any:
    """Let Beam's DaskRunner keep to so many partitions where collections are flattened.

    Dask adds up the partitions of what it concatenates. Where collections are flattened step after step, as here, there
    are ten times as many at the end, and the scheduler is busy for hours with tasks that do nothing.
    """
    make = runner.to_dask_bag_visitor

    def narrow_visitor(bag_kwargs: dict[str, Any] | None = None) -> Any:
        visitor = make(bag_kwargs)
        visit = visitor.visit_transform

        def narrow(node: Any) -> None:
            visit(node)
            bag = visitor.bags[node]
            if len(node.inputs) > 1 and bag.npartitions > partitions:
                visitor.bags[node] = bag.repartition(npartitions=partitions)

        visitor.visit_transform = narrow
        return visitor

    runner.to_dask_bag_visitor = narrow_visitor
    return runner


def _seen(job: Job) -> tuple[str, bool]:
    """What a worker sees: the digest of its Colophon, and whether the folder of the run is there."""
    from colophon.pipelines.plan import code_digest  # noqa: PLC0415 - the command line need not load it

    return code_digest(), job.is_seen()


def _refuse_strangers(client: Client, job: Job) -> None:
    """Refuse workers that have another Colophon or another file system."""
    ours, _ = _seen(job)
    try:
        seen = client.run(_seen, job)
    except ModuleNotFoundError as error:
        raise RunFailed(
            f"a Dask worker has no {error.name}; install the same colophon-data for the workers"
        ) from error
    for worker, (digest, shared) in sorted(seen.items()):
        if digest != ours:
            raise RunFailed(
                f"the Dask worker {worker} has another version of Colophon; install the same everywhere"
            )
        if not shared:
            raise RunFailed(
                f"the Dask worker {worker} does not see {job.work}; inputs, staging and output must lie on a file system that "
                "all workers share, under the same path or address"
            )


def _watch(client: Client, patience: float, fail: Callable[[str], None]) -> None:
    """End the job when the cluster has had no worker for too long: Dask itself would wait for ever."""
    seen = time.monotonic()
    while client.status not in {"closing", "closed"}:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        try:
            alive = client.status == "running" and bool(client.nthreads())
        except (OSError, RuntimeError, ValueError, TimeoutError):
            alive = False
        if alive:
            seen = time.monotonic()
        elif time.monotonic() - seen > patience:
            fail(f"the Dask cluster has had no worker for {patience:g} seconds")
