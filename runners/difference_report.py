"""The difference of two datasets as a page of plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from colophon.runners.report import table
from colophon.runners.words import many
from colophon.schemas import harmless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colophon.pipelines.changes import Difference

__all__ = ["difference_lines"]

_CHANGES: Final = {
    "fate": "another fate, stage or reason",
    "grounds": "another value, limit or kept document decided",
    "text": "another text",
    "file": "another source file",
    "scores": "other scores",
    "said": "another title, licence or other words about it",
}
_MANIFEST: Final = {
    "identity": "Name, version, contact",
    "recipe": "Recipe",
    "software": "Software",
    "materials": "Models and lists",
    "inputs": "Inputs",
}
_LONGEST: Final = 60


def difference_lines(found: Difference, most: int) -> list[str]:
    """A page for the person who has to judge what changed.

    Args:
        found: What differs.
        most: No more rows of a table, or documents of a kind, are told.
    """
    lines = [_side("A", found.a), _side("B", found.b)]
    if found.equal:
        return [*lines, "", "The two are the same, byte for byte of their manifests."]
    if found.relation:
        one, two = ("B", "A") if found.relation == "successor" else ("A", "B")
        lines.append(f"{one} was made from {two}: its manifest names it as its predecessor.")
    documents, kept = found.documents, found.kept
    lines += [
        "",
        (
            f"{many(sum(documents.values()), 'document')} in A or B: {documents['same']:,} the same, "
            f"{documents['added']:,} added, {documents['removed']:,} removed, {documents['changed']:,} changed"
        ),
        f"Kept in both {kept['both']:,}; B has {kept['came']:,} that A has not, A {kept['left']:,} that B has not",
    ]
    lines += [f"  {n:,} changed: {_CHANGES[name]}" for name, n in found.changed.items() if n]
    lines += _moves(found, most)
    for name, told in found.samples.items():
        if told and most:
            lines += ["", f"Same fate, {_CHANGES[name]}"]
            lines += [f"  {_place(one)}" for one in told[:most]]
    lines += _limits(found) + _groups(found, most) + _scores(found, most) + _manifest(found, most)
    return lines


def _side(name: str, side: dict[str, Any]) -> str:
    fates = ", ".join(f"{n:,} {fate}" for fate, n in side["documents"].items())
    return (
        f"{name}  {side['name']} {side['version']} ({side['manifest_sha256'][:12]}): {fates}  {side['path']}"
    )


def _fate(one: dict[str, str] | None) -> str:
    if one is None:
        return "not there"
    why = f" by {one['stage']}: {one['reason']}" if one["stage"] else ""
    return harmless(f"{one['fate']}{why}")


def _place(one: dict[str, Any]) -> str:
    where = f"{one['source']}/{one['source_uri']}" + (f"#{one['locator']}" if one["locator"] else "")
    return harmless(f"{one['id']}  {where}")


def _more(n: int, most: int) -> list[str]:
    return [f"  and {n - most:,} more, in --json"] if n > most else []


def _moves(found: Difference, most: int) -> list[str]:
    if not found.moves:
        return []
    rows = [(move["documents"], _fate(move["a"]), _fate(move["b"])) for move in found.moves[: max(most, 1)]]
    lines = ["", "Fates", *table(("documents", "in A", "in B"), rows), *_more(len(found.moves), max(most, 1))]
    for move in found.moves[:most]:
        lines += ["", f"{_fate(move['a'])} → {_fate(move['b'])}"]
        lines += [f"  {_place(one)}" for one in move["samples"][:most]]
        lines += _more(move["documents"], len(move["samples"][:most]))
    return lines


def _limits(found: Difference) -> list[str]:
    rows = [
        (
            f"{one['stage']}: {one['reason']}",
            _span(one["a"]),
            _span(one["b"]),
            one["newly_dropped"],
            one["no_longer"],
        )
        for one in found.limits
        if one["newly_dropped"] or one["no_longer"] or one["a"]["limits"] != one["b"]["limits"]
    ]
    if not rows:
        return []
    head = ("dropped by", "limit in A", "limit in B", "kept in A, dropped in B", "dropped in A, kept in B")
    return ["", "Scores that crossed a limit", *table(head, rows)]


def _span(side: dict[str, Any]) -> str:
    if side["limits"] is None:
        return "(dropped none)"
    low, high = side["limits"]
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _groups(found: Difference, most: int) -> list[str]:
    lines: list[str] = []
    for name, values in found.groups.items():
        changed = [one for one in values if one["came"] or one["left"]]
        if changed:
            rows = [
                (harmless(one["value"])[:_LONGEST] or "(none)", one["a"], one["b"], one["came"], one["left"])
                for one in changed[: max(most, 1)]
            ]
            head = (name.replace("_", " ").replace("license", "licence"), "kept in A", "in B", "came", "left")
            lines += ["", *table(head, rows), *_more(len(changed), max(most, 1))]
    return lines


def _scores(found: Difference, most: int) -> list[str]:
    moved = [one for one in found.scores if one["a"] != one["b"]]
    both = [one for one in moved if one["a"] and one["b"] and one["a"]["quantiles"] and one["b"]["quantiles"]]
    both.sort(key=lambda one: (-_shift(one), one["score"]))
    if not both:
        return []
    rows = [
        (
            one["score"],
            *(
                f"{side[key]:g}" if key == "mean" else f"{side['quantiles'][2]:g}"
                for key in ("mean", "")
                for side in (one["a"], one["b"])
            ),
            one["changed"],
        )
        for one in both[: max(most, 1)]
    ]
    head = ("score, most moved first", "mean in A", "in B", "median in A", "in B", "documents that changed")
    return ["", *table(head, rows), *_more(len(both), max(most, 1))]


def _shift(one: dict[str, Any]) -> float:
    """How far a score's mean moved, in widths of the middle nine tenths."""
    quantiles = one["a"]["quantiles"]
    width = quantiles[-1] - quantiles[0]
    moved = abs(float(one["b"]["mean"]) - float(one["a"]["mean"]))
    return moved / width if width else float(moved > 0) * 1e9


def _manifest(found: Difference, most: int) -> list[str]:
    lines: list[str] = []
    for name, title in _MANIFEST.items():
        lines += _paths(title, found.manifest[name], most)
    if any(found.columns.values()):
        lines += ["", "Columns"]
        lines += [
            f"  only {side.upper()}: {', '.join(names)}" for side, names in found.columns.items() if names
        ]
    return lines + _paths("Counts, most changed first", found.manifest["counts"], most)


def _paths(title: str, differ: Sequence[dict[str, Any]], most: int) -> list[str]:
    if not differ:
        return []
    shown = max(most, 1)
    rows = [f"  {_shown(one['path'])}: {_shown(one['a'])} → {_shown(one['b'])}" for one in differ[:shown]]
    return ["", title, *rows, *_more(len(differ), shown)]


def _shown(value: object) -> str:
    text = "(none)" if value is None else f"{value:,}" if type(value) is int else harmless(str(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
