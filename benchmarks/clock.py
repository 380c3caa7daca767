"""CPU time of a call, and lines of a table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def cpu_seconds(call: Callable[[], Any], times: int = 3) -> float:
    """The least CPU-seconds of a few calls; the first call, which may compile, does not count."""
    call()
    best = float("inf")
    for _ in range(times):
        began = time.process_time()
        call()
        best = min(best, time.process_time() - began)
    return best


def line(what: str, size: int, seconds: float, peer: str = "", peer_seconds: float = 0.0) -> None:
    """Print a rate, and how it stands to a peer's or a limit's on the same bytes."""
    rate = f"{size / seconds / 1e6:9.2f} MB/s/core"
    ratio = f"   {peer_seconds / seconds:7.2f} x {peer} ({size / peer_seconds / 1e6:.2f})" if peer else ""
    print(f"{what:<34}{rate}{ratio}", flush=True)
