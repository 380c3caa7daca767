"""What the dataset was made of and by, how to make it again, and what making it took."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from colophon.runners.review.drawing import (
    Column,
    Section,
    bar,
    command,
    facts_list,
    folded,
    labelled,
    note,
    others,
    share,
    table,
)
from colophon.runners.review.elements import Child, Html, el, group, said
from colophon.runners.words import many, size_in_words, time_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.runners.review.facts import Facts

__all__ = ["SECTION"]

_MOST = 60


def _draw(facts: Facts) -> Html:
    manifest = facts.manifest
    software, merkle = manifest["software"], manifest.get("merkle") or {}
    place = shlex.quote(facts.place)
    return group(
        el(
            "p",
            "Two sites with the same inputs, recipe and code get the same manifest, byte for byte. These digests say which they are.",
        ),
        facts_list(
            [
                ("manifest", _digest(facts.manifest_sha256)),
                ("Merkle root", _digest(merkle.get("root"))),
                ("documents in the tree", _whole(merkle.get("documents"))),
                ("inputs", _digest(manifest["inputs"].get("sha256"))),
                ("recipe", _digest(manifest["recipe_sha256"])),
                ("code", _digest(software.get("code_sha256"))),
                ("lock file", _digest(software.get("lock_sha256"))),
                ("Colophon", said(str(software["colophon"]), 40)),
            ]
        ),
        folded(
            many(len(software["libraries"]), "library").replace("librarys", "libraries"),
            table(
                "Libraries whose version can change a byte",
                (Column("library"), Column("version")),
                [
                    (said(name, 60), said(str(version), 60))
                    for name, version in sorted(software["libraries"].items())[:_MOST]
                ],
            ),
        ),
        _materials(manifest["materials"]),
        el("h3", "Make it again"),
        el(
            "p",
            "The recipe stands in the manifest; a site that holds the inputs puts their paths into it and runs it. Then:",
        ),
        command(
            f"colophon run RECIPE --output {place}-rebuilt",
            f"sha256sum {place}/manifest.json {place}-rebuilt/manifest.json",
            f'colophon sign {place} --key KEY --as "NAME, ROLE" --decision approve --rebuilt {place}-rebuilt',
        ),
        _work(facts.run),
    )


def _digest(value: object) -> Html | None:
    return el("code", said(value, 80), class_="digest") if isinstance(value, str) and value else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _materials(materials: Mapping[str, Mapping[str, Any]]) -> Html | None:
    """Models and lists that took part."""
    rows: list[tuple[Child, ...]] = [
        (
            group(said(stage, 40), ", ", said(name, 60)),
            said(str(one.get("license") or one.get("kind") or ""), 60),
            _digest(one.get("sha256")),
        )
        for stage, some in sorted(materials.items())
        for name, one in sorted(some.items())
    ]
    if not rows:
        return None
    columns = Column("used by, name"), Column("licence or kind"), Column("sha256", wide=True)
    return folded(
        f"{len(rows):,} models and lists",
        table("Models and lists that took part", columns, rows[:_MOST]),
        others(len(rows) - _MOST),
    )


def _number(run: Mapping[str, Any], *path: str) -> float | None:
    """A number of ``run.json``; None for what is not there, or is none."""
    found: Any = run
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _part(run: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = run.get(name)
    return found if isinstance(found, dict) else {}


def _work(run: Mapping[str, Any]) -> Html:
    """Time, bytes, energy, cost: run.json, which stands outside what is signed."""
    head = el("h3", "What making it took")
    if not run:
        return group(head, el("p", "There is no run.json, which says so; it stands outside the exact set."))
    wall, cpu, workers = _number(run, "wall_seconds"), _number(run, "cpu_seconds"), _number(run, "workers")
    peaks = run.get("peak_bytes_by_process")
    peak = peaks[0] if isinstance(peaks, list) and peaks and isinstance(peaks[0], int) else None
    return group(
        head,
        facts_list(
            [
                (
                    "time",
                    f"{time_in_words(wall)} on {many(int(workers or 1), 'worker')}"
                    if wall is not None
                    else None,
                ),
                ("CPU time", f"{cpu:,.0f} s" if cpu is not None else None),
                ("engine", said(str(run["runner"]), 60) if run.get("runner") else None),
                *((label, _size(_number(run, key))) for key, label in _BYTES),
                ("most memory of a process", _size(peak)),
                ("energy", _energy(_part(run, "energy"))),
                ("carbon dioxide", _grams(_number(run, "energy", "co2_grams"))),
                ("cost", _price(_part(run, "cost"))),
                ("for a billion tokens", _per_tokens(run) or None),
            ]
        ),
        _stages(run.get("cpu_seconds_by_stage")),
        note("From run.json: it differs from run to run and stands outside the manifest."),
    )


_BYTES = (
    ("input_bytes", "inputs"), ("input_bytes_read", "read"), ("output_bytes_written", "written"), ("bytes_shuffled", "between workers"),
)  # fmt: skip


def _size(n: float | None) -> str | None:
    return None if n is None else size_in_words(n)


def _grams(n: float | None) -> str | None:
    if n is None:
        return None
    return f"{n / 1000:,.2f} kg" if n >= 1000 else f"{n:,.3g} g"


def _energy(energy: Mapping[str, Any]) -> Html | None:
    kwh = _number(energy, "kwh")
    if kwh is None:
        return None
    how = energy.get("says") or {"rapl": "measured", "estimate": "estimated"}.get(
        str(energy.get("method")), ""
    )
    return group(f"{kwh:,.4g} kWh", el("br"), el("span", said(str(how), 160), class_="note") if how else None)


def _price(cost: Mapping[str, Any]) -> Child:
    hours, price = _number(cost, "core_hours"), _number(cost, "price")
    if hours is None:
        return None
    told = f"{hours:,.3g} core-hours"
    return (
        told
        if price is None
        else group(told, ", ", f"{price:,.2f} ", said(str(cost.get("currency") or ""), 12))
    )


def _per_tokens(run: Mapping[str, Any]) -> str:
    parts = (
        ("core_hours", "core-hours"),
        ("kwh", "kWh"),
        ("co2_grams", "g CO₂"),
        ("price", "in the currency above"),
    )
    told = ((_number(run, "per_billion_tokens", key), label) for key, label in parts)
    return ", ".join(f"{n:,.4g} {label}" for n, label in told if n is not None)


def _stages(seconds: object) -> Html | None:
    if not isinstance(seconds, dict) or not seconds:
        return None
    known = {str(name): float(n) for name, n in seconds.items() if isinstance(n, int | float)}
    order = sorted(known.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
    total, widest = sum(known.values()), max(known.values(), default=0.0)
    rows: list[tuple[Child, ...]] = [
        (labelled(said(name, 40), bar((("kept", n),), widest)), f"{n:,.3f}", share(n, total))
        for name, n in order
    ]
    columns = (
        Column("stage"),
        Column("seconds", number=True),
        Column("share", number=True),
    )
    return folded("CPU time by stage", table("CPU time by stage", columns, rows))


SECTION = Section("reproducibility", "Reproducibility, energy, cost", _draw)
