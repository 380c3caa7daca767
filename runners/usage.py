"""What a run used, summed over its processes, wherever they are."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from colophon.pipelines.places import AnyPath

__all__ = ["Usage", "processes_of"]

_HERE: Final = "of this command and all processes that it started"
_ELSEWHERE: Final = (
    "of this command and all processes that it started, and of each worker elsewhere from its first to its last step; "
    "not of the engine's own processes"
)


def processes_of(folder: AnyPath) -> list[dict[str, Any]]:
    """What the processes of a run have told of themselves in the folder of its progress; see `pipelines/usage.py`."""
    found: list[AnyPath] = list(folder.glob("process-*.json"))
    return [json.loads(path.read_bytes()) for path in sorted(found, key=str)]


@dataclass(frozen=True)
class Usage:
    """What the processes of a run used.

    Attributes:
        command: CPU-seconds of this process, which plans and reports, so far.
        job: What the process that ran the pipeline told, with its children.
        processes: What each process told that did a step of it.
        workers: How many were asked for, where the engine asks.

    >>> job = {"host": "a", "session": 1, "cpu_seconds": 4.0, "peak_bytes": 9}
    >>> at = {"cpu_seconds_of_children": 0.5, "peak_bytes": 7, "bytes_shuffled": 10}
    >>> child = {"host": "a", "session": 1, "cpu_seconds": 3.0, **at}
    >>> Usage(1.0, job, [child], 1).as_dict()["cpu_seconds"]  # the job's own figure has it, but for its parser's
    5.5
    >>> far = Usage(1.0, job, [child | {"host": "b"}, child | {"host": "c"}], 1).as_dict()
    >>> far["cpu_seconds"], far["workers"], far["bytes_shuffled"]
    (11.0, 2, 20)
    """

    command: float
    job: Mapping[str, Any]
    processes: Sequence[Mapping[str, Any]]
    workers: int

    @property
    def on_this_machine(self) -> bool:
        """Whether all of it ran on this machine, so that its counters tell of all."""
        return {one["host"] for one in self.processes} <= {platform.node()}

    def as_dict(self) -> dict[str, Any]:
        """For ``run.json``."""
        own = self.job["host"], self.job["session"]
        here = [one for one in self.processes if (one["host"], one["session"]) == own]
        elsewhere = [one for one in self.processes if (one["host"], one["session"]) != own]
        seconds = (
            self.command
            + self.job["cpu_seconds"]
            + sum(one["cpu_seconds_of_children"] for one in here)
            + sum(one["cpu_seconds"] for one in elsewhere)
        )
        return {
            "cpu_seconds": round(seconds, 2),
            "cpu_seconds_are": _ELSEWHERE if elsewhere else _HERE,
            "peak_bytes": self.job["peak_bytes"],
            "peak_bytes_by_process": sorted((one["peak_bytes"] for one in self.processes), reverse=True),
            "bytes_shuffled": sum(one["bytes_shuffled"] for one in self.processes),
            # Of a cluster nobody said beforehand how many would come.
            "workers": len(elsewhere) or self.workers,
        }
