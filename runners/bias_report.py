"""The part of the text report on bias: what our filters do to texts that mention a group, spread, associations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from colophon.pipelines.association import associations
from colophon.pipelines.audit import drop_ratios
from colophon.pipelines.figures import concentration, divergence
from colophon.pipelines.weights import effective_documents, weighted_shares

if TYPE_CHECKING:
    from colophon.pipelines.figures import Figure

__all__ = ["audit_rows", "bias_lines", "spread_rows"]

_SPREADS = ("source", "country", "language", "discipline", "journal", "year")
_MOST = 12


def audit_rows(manifest: dict[str, Any]) -> list[tuple[str, str, str, str, str, str]]:
    """Stage, axis mentioned, ratio of drop rates, its interval, dropped with and without a mention; worst first."""
    return [
        (
            one.stage,
            one.group,
            "too few" if one.too_few else f"{one.ratio:.2f}{' *' if one.significant else ''}",
            "" if one.too_few else f"{one.lower:.2f} to {one.upper:.2f}",
            f"{one.mentioning_dropped:,} of {one.mentioning:,}",
            f"{one.others_dropped:,} of {one.others:,}",
        )
        for one in drop_ratios(manifest["counts"], manifest["stages"])
    ]


def spread_rows(manifest: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Dimension, Gini coefficient, normalised entropy, documents; then distances from declared shares."""
    counts = manifest["counts"]
    rows = []
    for name in _SPREADS:
        found = concentration(counts.get(name, {}))
        if found:
            rows.append((name, _told(found["gini"]), _told(found["entropy"]), f"{found['gini'].n:,}"))
    return rows


def _told(figure: Figure) -> str:
    return "too few" if figure.too_few else f"{figure.value:.2f} ({figure.lower:.2f} to {figure.upper:.2f})"


def _declared(manifest: dict[str, Any]) -> list[str]:
    """Distances from the shares that the recipe declares."""
    settings = manifest["recipe"]["filters"].get("bias") or {}
    shares: dict[str, dict[str, float]] = {}
    for one in settings.get("reference", []):
        place, _, share = one.rpartition("=")
        dimension, _, value = place.partition("/")
        shares.setdefault(dimension, {})[value] = float(share)
    lines = []
    for dimension, reference in sorted(shares.items()):
        counts = manifest["counts"].get(dimension) or {
            group.partition("/")[2]: n
            for group, n in manifest["counts"].get("association_groups", {}).items()
            if group.partition("/")[0] == dimension
        }
        found = divergence(counts, reference)
        lines.append(
            f"  {dimension}: distance from the declared shares {_told(found)}, {found.n:,} documents"
        )
    return lines


def _weights(manifest: dict[str, Any]) -> list[str]:
    """What the sampling weights come to; nothing where there are none."""
    shares = weighted_shares(manifest)
    if not shares:
        return []
    told, cap = manifest["counts"]["sampling_weight"], manifest["recipe"]["weights"]["cap"]
    head = ("column", "value", "documents", "share", "weighted", "wanted")
    rows = [
        (
            one.column,
            one.value,
            f"{one.documents:,}",
            *(f"{n:.1%}" for n in (one.share, one.weighted, one.wanted)),
        )
        for one in shares
    ]
    effective = f"{effective_documents(manifest['counts']):,.0f} of one weight (Kish)"
    title = f"Sampling weights, at most {cap:g}: {told['documents']:,} documents tell as much as {effective}"
    return ["", title, *_columns([head, *rows])]


def bias_lines(manifest: dict[str, Any]) -> list[str]:
    """The lines of the section; none where nothing was counted."""
    lines: list[str] = []
    rows = audit_rows(manifest)
    if rows:
        head = ("stage", "mentions", "ratio", "95% interval", "dropped with it", "dropped without")
        lines += [
            "",
            "Documents that mention people, dropped how many times as often as others (* told from 1)",
        ]
        lines += _columns([head, *rows[:_MOST]])
        if len(rows) > _MOST:
            lines.append(f"  and {len(rows) - _MOST:,} others, in the manifest's counts")
    spread = spread_rows(manifest)
    if spread:
        lines += ["", "Spread (95% intervals): Gini 0 is even, entropy 1 is even"]
        lines += _columns([("over", "Gini", "entropy", "documents"), *spread])
    declared = _declared(manifest)
    if declared:
        lines += ["", "Jensen-Shannon distance from declared shares, 0 to 1", *declared]
    lines += _weights(manifest)
    told = [one for one in associations(manifest["counts"]) if one.significant]
    if told:
        told.sort(key=lambda one: -max(one.lower, -one.upper))
        lines += [
            "",
            f"Words near groups oftener or rarer than near others of the axis: {len(told):,} told from chance",
        ]
        lines += [
            f"  {one.group} and {one.attributes}: log-odds {one.log_odds:.2f} ({one.lower:.2f} to {one.upper:.2f}), "
            f"{one.together:,} of {one.n:,} documents"
            for one in told[:_MOST]
        ]
    return lines


def _columns(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
