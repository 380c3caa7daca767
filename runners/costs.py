"""What a run used and what that cost: time, bytes, memory, energy, carbon dioxide, money.

None of it is the same twice, so it stands in ``run.json`` and never in the manifest.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["Prices", "Rapl", "costs"]

_RAPL: Final = Path("/sys/class/powercap")
_WATTS_PER_CORE: Final = 3.5
_WATTS_PER_GIGABYTE: Final = 0.392
_JOULES_PER_KWH: Final = 3.6e6


@dataclass(frozen=True)
class Prices:
    """What energy and time cost where the run was made.

    Attributes:
        grid_factor: Grams of CO₂ a kilowatt-hour; None if nobody said.
        core_hour: Price of a core for an hour, in the currency that `currency` names; None if nobody said.
        currency: Its name.
    """

    grid_factor: float | None = None
    core_hour: float | None = None
    currency: str = ""


class Rapl:
    """The energy counters of this machine's processors, where the kernel lets them be read.

    They count everything that runs on the machine, so the figure is an upper bound where other work ran too.

    Args:
        folder: Where the kernel shows them.
    """

    def __init__(self, folder: Path = _RAPL) -> None:
        # Packages alone: their cores are counted in them.
        self._zones = [path for path in sorted(folder.glob("intel-rapl:*")) if path.name.count(":") == 1]
        self._began = self._read()

    def _read(self) -> list[int] | None:
        try:
            return [int((zone / "energy_uj").read_text()) for zone in self._zones] or None
        except (OSError, ValueError):
            return None

    def joules(self) -> float | None:
        """Energy since this object was made; None where the counters cannot be read."""
        ended = self._read()
        if self._began is None or ended is None:
            return None
        total = 0
        for zone, before, after in zip(self._zones, self._began, ended, strict=True):
            around = 0
            if after < before:  # the counter began anew
                with contextlib.suppress(OSError, ValueError):
                    around = int((zone / "max_energy_range_uj").read_text())
            total += after - before + around
        return total / 1e6


def costs(
    cpu_seconds: float,
    wall_seconds: float,
    peak_bytes: int,
    tokens: int,
    *,
    joules: float | None,
    prices: Prices,
) -> dict[str, Any]:
    """Energy, carbon dioxide and cost of a run, and of a billion of the tokens that it kept.

    Where no counter tells the energy it is estimated from CPU time at 3.5 W a busy logical core and from the greatest memory
    at 0.392 W a gigabyte over the whole time: the coefficients that Cloud Carbon Footprint gives for a fully used core and
    for memory (methodology, "Energy Estimate"). Cooling and the power supply are not in it.

    Args:
        cpu_seconds: Of all processes.
        wall_seconds: From begin to end.
        peak_bytes: Greatest memory of all processes together.
        tokens: Tokens kept.
        joules: As measured; None if they were not.
        prices: Where it ran.

    >>> used = costs(3600, 3600, 0, 500_000_000, joules=None, prices=Prices(grid_factor=400))
    >>> used["energy"]["kwh"], used["energy"]["method"], used["energy"]["co2_grams"]
    (0.0035, 'estimate', 1.4)
    >>> used["per_billion_tokens"]["core_hours"]
    2.0
    """
    measured = joules is not None
    if joules is None:
        joules = cpu_seconds * _WATTS_PER_CORE + wall_seconds * peak_bytes / 1e9 * _WATTS_PER_GIGABYTE
    kwh = joules / _JOULES_PER_KWH
    energy = {
        "joules": round(joules, 1),
        "kwh": round(kwh, 6),
        "method": "rapl" if measured else "estimate",
        "says": "counters of the processors, other work on the machine included"
        if measured
        else f"estimated: {_WATTS_PER_CORE} W a busy core, {_WATTS_PER_GIGABYTE} W a gigabyte of memory; no cooling",
        "grid_factor": prices.grid_factor,
        "co2_grams": None if prices.grid_factor is None else round(kwh * prices.grid_factor, 3),
    }
    hours = cpu_seconds / 3600
    price = None if prices.core_hour is None else hours * prices.core_hour
    told: dict[str, Any] = {
        "energy": energy,
        "cost": {
            "core_hours": round(hours, 6),
            "price": None if price is None else round(price, 4),
            "currency": prices.currency,
        },
        "per_billion_tokens": None,
    }
    if tokens:
        scale = 1e9 / tokens
        told["per_billion_tokens"] = {
            "tokens_kept": tokens,
            "core_hours": round(hours * scale, 3),
            "kwh": round(kwh * scale, 4),
            "co2_grams": None if prices.grid_factor is None else round(kwh * prices.grid_factor * scale, 1),
            "price": None if price is None else round(price * scale, 2),
        }
    return told
