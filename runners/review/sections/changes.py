"""What changed since an earlier version: documents, reasons, limits, scores, rules, code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from colophon.runners.review.drawing import Column, Section, command, folded, note, others, table
from colophon.runners.review.elements import Child, Html, el, group, said
from colophon.runners.review.sections.reasons import place_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from colophon.runners.review.facts import Facts

__all__ = ["SECTION"]

_MOST: Final = 20
_MOST_SAMPLES: Final = 10
_GROUPS: Final = (
    ("source", "source"),
    ("language", "language"),
    ("license", "licence"),
    ("media_type", "media type"),
)
_PARTS: Final = (
    ("recipe", "Rules"),
    ("software", "Code and libraries"),
    ("materials", "Models and lists"),
    ("identity", "Names"),
    ("inputs", "Inputs"),
)
_CHANGES: Final = {
    "fate": "the fate",
    "grounds": "the value, limit or kept document that decided",
    "text": "the text",
    "file": "the source file's bytes",
    "scores": "scores",
    "said": "title, licence or metadata",
}


_HOW = {
    "staged units": "deciding again over all that was read for",
    "kept documents": "deciding again over the kept documents of",
    "withdrawal": "withdrawing documents from",
}


def _draw(facts: Facts) -> Html:
    found = facts.difference
    before = facts.manifest["predecessor"]
    if found is None:
        told = (
            group(
                "This dataset was made by ", _HOW.get(str(before.get("decided")), "another decision over"), " ",
                said(str(before.get("name", "")), 80), " ", said(str(before.get("version", "")), 40), ", manifest ",
                el("code", said(str(before.get("manifest_sha256", "")), 80), class_="digest"), ". ",
            )
            if before
            else "The manifest names no earlier version. "
        )  # fmt: skip
        return group(
            el("p", told, "This report was made without one to compare with; name its folder:"),
            command(f"colophon review {facts.place} --against OLD_DIR"),
        )
    if found["equal"]:
        return el("p", "Both datasets have the same manifest, and so the same bytes.")
    a, b = found["a"], found["b"]
    return group(
        el(
            "p",
            "Compared with ", said(str(a["name"]), 80), " ", said(str(a["version"]), 40), ", manifest ",
            el("code", said(str(a["manifest_sha256"]), 80), class_="digest"), ": ",
            el("strong", f"{found['kept']['came']:,} kept documents came, {found['kept']['left']:,} left"),
            f", {found['kept']['both']:,} are in both.",
        ),
        _counts(found, a, b),
        _moves(found["moves"]),
        _what(found),
        _groups(found["groups"]),
        _limits(found["limits"]),
        _scores(found["scores"]),
        _manifests(found["manifest"]),
    )  # fmt: skip


def _counts(found: Mapping[str, Any], a: Mapping[str, Any], b: Mapping[str, Any]) -> Html:
    rows: list[tuple[Child, ...]] = [
        (
            fate,
            a["documents"].get(fate, 0),
            b["documents"].get(fate, 0),
            f"{b['documents'].get(fate, 0) - a['documents'].get(fate, 0):+,}",
        )
        for fate in ("kept", "dropped", "failed")
    ]
    documents = found["documents"]
    columns = (
        Column("fate"),
        Column("before", number=True),
        Column("now", number=True),
        Column("change", number=True),
    )
    return group(
        table("Documents by fate, before and now", columns, rows),
        note(
            f"Of all documents that either version knows, {documents['same']:,} are the same in every respect, {documents['changed']:,} changed, "
            f"{documents['added']:,} are only in this one and {documents['removed']:,} only in the earlier one."
        ),
    )


def _state(state: Mapping[str, str] | None) -> Html:
    if state is None:
        return el("span", "not there", class_="unsaid")
    if state["fate"] == "kept":
        return el("span", "kept")
    return group(state["fate"], " in ", said(state["stage"], 40), ": ", el("code", said(state["reason"], 80)))


def _moves(moves: Sequence[Mapping[str, Any]]) -> Html | None:
    if not moves:
        return el("p", "No document has another fate than before.")
    columns = Column("before"), Column("now"), Column("documents", number=True)
    rest = moves[_MOST:]
    foot = (f"and {len(rest):,} other changes", "", sum(move["documents"] for move in rest)) if rest else ()
    return group(
        el("h3", "Changes of fate"),
        table(
            "From one fate to another, most frequent first",
            columns,
            [(_state(move["a"]), _state(move["b"]), move["documents"]) for move in moves[:_MOST]],
            foot=foot,
        ),
        [
            _samples(group(_state(move["a"]), " → ", _state(move["b"])), move["samples"], move["documents"])
            for move in moves[:_MOST]
        ],
    )


def _samples(summary: Html, rows: Sequence[Mapping[str, Any]], n: int) -> Html | None:
    """Documents of a change, to look at."""
    if not rows:
        return None
    return folded(
        group(summary, el("span", n, class_="count")),
        el("ul", [el("li", place_of(row)) for row in rows[:_MOST_SAMPLES]], class_="documents"),
        others(n - _MOST_SAMPLES),
    )


def _what(found: Mapping[str, Any]) -> Html:
    """In what documents that both have differ."""
    rows: list[tuple[Child, ...]] = [(_CHANGES.get(name, name), n) for name, n in found["changed"].items()]
    drawn = [
        _samples(
            group("Documents that differ in ", _CHANGES.get(name, name)),
            samples,
            found["changed"].get(name, 0),
        )
        for name, samples in found["samples"].items()
    ]
    return group(
        el("h3", "In what documents differ"),
        table(
            "Documents that both versions know, by what differs",
            (Column("differs in"), Column("documents", number=True)),
            rows,
        ),
        drawn,
    )


def _groups(groups: Mapping[str, Sequence[Mapping[str, Any]]]) -> Html | None:
    drawn = []
    for key, title in _GROUPS:
        moved = [row for row in groups.get(key, []) if row["came"] or row["left"]]
        if not moved:
            continue
        columns = (
            Column(title), Column("before", number=True), Column("now", number=True), Column("came", number=True),
            Column("left", number=True),
        )  # fmt: skip
        rest = moved[_MOST:]
        foot = (
            (
                f"and {len(rest):,} others",
                *(sum(row[side] for row in rest) for side in ("a", "b", "came", "left")),
            )
            if rest
            else ()
        )
        rows = [
            (
                said(row["value"], 80) if row["value"] else "(none)",
                row["a"],
                row["b"],
                row["came"],
                row["left"],
            )
            for row in moved[:_MOST]
        ]
        drawn.append(table(f"Kept documents by {title}, before and now", columns, rows, foot=foot))
    return group(el("h3", "Where kept documents came and left"), drawn) if drawn else None


def _limits(limits: Sequence[Mapping[str, Any]]) -> Html | None:
    changed = [
        one
        for one in limits
        if one["a"]["limits"] != one["b"]["limits"] or one["newly_dropped"] or one["no_longer"]
    ]
    if not changed:
        return None
    columns = (
        Column("stage, reason"), Column("limit before", number=True), Column("limit now", number=True), Column("newly dropped", number=True),
        Column("no longer dropped", number=True),
    )  # fmt: skip
    rows: list[tuple[Child, ...]] = [
        (
            group(said(one["stage"], 40), ", ", el("code", said(one["reason"], 80))),
            _range(one["a"]["limits"]),
            _range(one["b"]["limits"]),
            one["newly_dropped"],
            one["no_longer"],
        )
        for one in changed[:_MOST]
    ]
    drawn = table("Limits and what they did", columns, rows)
    return group(el("h3", "Limits"), drawn, others(len(changed) - _MOST))


def _range(limits: Sequence[float] | None) -> str:
    if not limits:
        return ""
    low, high = limits
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _scores(scores: Sequence[Mapping[str, Any]]) -> Html | None:
    moved = [one for one in scores if one["changed"] or (one["a"] is None) != (one["b"] is None)]
    if not moved:
        return None
    columns = (
        Column("score"),
        Column("mean before", number=True),
        Column("mean now", number=True),
        Column("documents that differ", number=True),
    )
    rows: list[tuple[Child, ...]] = [
        (said(one["score"], 60), _mean(one["a"]), _mean(one["b"]), one["changed"]) for one in moved[:_MOST]
    ]
    drawn = table("Scores that changed", columns, rows)
    return group(el("h3", "Scores"), drawn, others(len(moved) - _MOST))


def _mean(side: Mapping[str, Any] | None) -> str:
    if side is None:
        return "not scored"
    return "" if side["mean"] is None else f"{side['mean']:g}"


def _manifests(parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> Html | None:
    drawn = []
    for key, title in _PARTS:
        changes = parts.get(key, [])
        if not changes:
            continue
        rows = [
            (el("code", said(one["path"], 120)), _value(one["a"]), _value(one["b"]))
            for one in changes[:_MOST]
        ]
        columns = Column("where"), Column("before", wide=True), Column("now", wide=True)
        foot = (f"and {len(changes) - _MOST:,} others", "", "") if len(changes) > _MOST else ()
        drawn.append(table(title, columns, rows, foot=foot))
    return group(el("h3", "Rules, code and inputs"), drawn) if drawn else None


def _value(value: object) -> Html:
    if value is None:
        return el("span", "not there", class_="unsaid")
    told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return said(told, 160) if told else el("span", "empty", class_="unsaid")


SECTION = Section("changes", "Changes since the earlier version", _draw)
