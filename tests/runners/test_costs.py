"""What a run cost: measured where counters can be read, estimated and called so where not."""

from __future__ import annotations

import pytest

from colophon.runners.costs import Prices, Rapl, costs


def zone(folder, name, value, most=1_000_000):
    path = folder / name
    path.mkdir(parents=True, exist_ok=True)
    (path / "energy_uj").write_text(f"{value}\n")
    (path / "max_energy_range_uj").write_text(f"{most}\n")


def test_energy_is_summed_over_packages_alone(tmp_path):
    zone(tmp_path, "intel-rapl:0", 100)
    zone(tmp_path, "intel-rapl:0:0", 90)  # its cores, which the package holds
    zone(tmp_path, "intel-rapl:1", 500)
    counters = Rapl(tmp_path)
    zone(tmp_path, "intel-rapl:0", 2_000_100)
    zone(tmp_path, "intel-rapl:0:0", 1_500_000)
    zone(tmp_path, "intel-rapl:1", 1_000_500)
    assert counters.joules() == 3.0


def test_a_counter_that_began_anew_is_carried_on(tmp_path):
    zone(tmp_path, "intel-rapl:0", 900_000)
    counters = Rapl(tmp_path)
    zone(tmp_path, "intel-rapl:0", 100_000)
    assert counters.joules() == pytest.approx(0.2)


def test_without_counters_it_is_an_estimate_and_says_so(tmp_path):
    assert Rapl(tmp_path / "none").joules() is None
    told = costs(7200, 3600, 10**9, 0, joules=None, prices=Prices())
    assert told["energy"]["method"] == "estimate"
    assert told["energy"]["joules"] == pytest.approx(7200 * 3.5 + 3600 * 0.392, abs=0.1)
    assert told["energy"]["co2_grams"] is None
    assert told["per_billion_tokens"] is None


def test_prices_and_grid_are_as_given():
    told = costs(3600, 60, 0, 10**9, joules=3.6e6, prices=Prices(350, 0.04, "EUR"))
    assert told["energy"]["method"] == "rapl"
    assert told["energy"]["co2_grams"] == 350
    assert told["cost"] == {"core_hours": 1.0, "price": 0.04, "currency": "EUR"}
    assert told["per_billion_tokens"] == {
        "tokens_kept": 10**9, "core_hours": 1.0, "kwh": 1.0, "co2_grams": 350.0, "price": 0.04,
    }  # fmt: skip
