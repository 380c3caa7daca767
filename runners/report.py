"""The account of a dataset as plain text: what went in, what became of it, and why."""

from __future__ import annotations

from typing import Any

from colophon.filters import all_filters
from colophon.runners.bias_report import bias_lines
from colophon.runners.words import many, size_in_words, time_in_words

__all__ = ["funnel_rows", "report", "table"]


def funnel_rows(manifest: dict[str, Any]) -> list[tuple[str, str, int, int, int, int, str]]:
    """The funnel as rows: source, stage, in, kept, dropped, failed, reasons with their counts."""
    rows = []
    for name, source in manifest["sources"].items():
        for stage in manifest["stages"]:
            one = source["stages"][stage]
            reasons = ", ".join(
                f"{reason} {n:,}"
                for reason, n in sorted(one["reasons"].items(), key=lambda item: (-item[1], item[0]))
            )
            rows.append((name, stage, one["in"], one["kept"], one["dropped"], one["failed"], reasons))
    return rows


def table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    """Lines of a table; columns whose first row is a number stand to the right."""
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    numeric = [bool(rows) and isinstance(rows[0][i], int) for i in range(len(head))]
    lines = []
    for row in cells:
        padded = [
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, numeric, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return lines


def _reasons(manifest: dict[str, Any]) -> list[str]:
    """What filters have to say of the reasons for which they dropped something."""
    told: dict[str, None] = {}
    for source in manifest["sources"].values():
        for stage, one in all_filters().items():
            meanings: dict[str, str] = getattr(one, "reasons", {})
            for reason in source["stages"].get(stage, {"reasons": {}})["reasons"]:
                if reason in meanings:
                    told[f"  {reason}: {meanings[reason]}"] = None
    return ["", *told] if told else []


def report(manifest: dict[str, Any], run: dict[str, Any]) -> str:
    """A page of plain text for the person who has to judge a dataset."""
    fates = manifest["fates"]
    total = sum(fates.values())
    lines = [f"{manifest['name']} {manifest['version']}"]
    lines += [manifest[key] for key in ("description", "site", "contact") if manifest[key]]
    lines += [
        "",
        f"{many(total, 'document')} = {fates['kept']:,} kept + {fates['dropped']:,} dropped + {fates['failed']:,} failed",
        "",
    ]
    rows: list[tuple[Any, ...]] = []
    before = ""
    for source, stage, *numbers, reasons in funnel_rows(manifest):
        rows.append((source if source != before else "", stage, *numbers, reasons))
        before = source
    lines += table(("source", "stage", "in", "kept", "dropped", "failed", "why"), rows)
    lines += _reasons(manifest)
    sizes = manifest["counts"]["sizes"]
    lines += ["", "Kept"]
    told = ("n_words", "words"), ("n_tokens", "tokens (estimated)"), ("n_chars", "characters")
    lines += [f"  {sizes[key]:,} {label}" for key, label in told if key in sizes]
    for name in ("language", "license", "media_type"):
        found = sorted(manifest["counts"].get(name, {}).items(), key=lambda item: (-item[1], item[0]))
        if found:
            most = ", ".join(f"{value or '(none)'} {n:,}" for value, n in found[:8])
            rest = f", {len(found) - 8:,} others" if len(found) > 8 else ""
            lines.append(f"  {name.replace('_', ' ')}: {most}{rest}")
    lines += _identity(manifest)
    lines += bias_lines(manifest)
    lines += [
        "",
        "Work",
        f"  {time_in_words(run['wall_seconds'])} on {many(run['workers'], 'worker')}, {run['cpu_seconds']:,} CPU-seconds",
    ]
    peaks = run["peak_bytes_by_process"]
    if peaks:
        lines.append(f"  most memory of a worker process: {size_in_words(peaks[0])}")
    before = manifest["predecessor"]
    if before:
        digest = before["manifest_sha256"]
        done = (
            "withdrawn from"
            if before["decided"] == "withdrawal"
            else f"decided again over the {before['decided']} of"
        )
        lines.append(f"  {done} {before['name']} {before['version']} ({digest[:12]})")
    if run["staging"]:
        lines.append(f"  staged units: {run['staging']}, kept for the next run")
    lines += ["", "Check it with `colophon verify`, ask about a document with `colophon explain`.", ""]
    return "\n".join(lines)


def _identity(manifest: dict[str, Any]) -> list[str]:
    mentions = manifest["counts"].get("identity_mentions")
    words = manifest["counts"].get("identity_base", {}).get("words", 0)
    if not mentions or not words:
        return []
    lines = ["", f"Mentions of identity, for each 10,000 of {words:,} words (counted, never judged)"]
    lines += table(
        ("axis", "mentions", "rate"),
        [
            (axis, n, f"{n / words * 1e4:.2f}")
            for axis, n in sorted(mentions.items(), key=lambda item: -item[1])
        ],
    )
    return lines
