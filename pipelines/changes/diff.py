"""What differs between two datasets: documents and their fates, scores, rules, code, counts.

Documents are told apart by their ids, which say where they stand; so two versions made of the same sources, at one site
or at two, can be compared document by document.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from colophon.pipelines.changes.sides import GROUPS, Names, columns_of, read_side, said_in
from colophon.pipelines.dataset import load_manifest
from colophon.schemas import DROPPED, KEPT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from colophon.pipelines.changes.sides import Side

__all__ = ["CHANGES", "QUANTILES", "Difference", "difference"]

CHANGES: Final = ("fate", "grounds", "text", "file", "scores", "said")
"""In what a document that both datasets have can differ: fate, stage or reason; the value, limit or kept document that
decided; its text; its source file's bytes; its scores; what is said of it in words (title, licence, metadata)."""
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)

_SCORES_AT_ONCE: Final = 8
_MOST_COUNTS: Final = 500
_IDENTITY: Final = ("name", "version", "description", "site", "contact")
#: Groups of counts that are told by nothing but themselves: thousands of words, and strata of the audit.
_NOT_TOLD: Final = {"association_groups", "association_pairs", "audit_documents", "audit_dropped"}


@dataclass(frozen=True)
class Difference:
    """What differs between dataset A and dataset B; in all of it "a" is before and "b" after.

    Attributes:
        a: Of A: ``path``, ``name``, ``version``, ``manifest_sha256`` and ``documents`` by fate.
        b: Of B.
        equal: Whether both have the same manifest, and so the same bytes.
        relation: ``successor`` if B names A as its predecessor, ``predecessor`` the other way, else empty.
        documents: ``same``, ``added``, ``removed`` and ``changed``; they add up to all ids of both.
        kept: Documents kept in ``both``; that ``came`` and ``left``.
        changed: Documents that differ by `CHANGES`; one may in several.
        moves: Changes of fate, most frequent first: ``a`` and ``b`` (``fate``, ``stage``, ``reason``, or None where the
            document is not in the dataset at all), ``documents``, ``samples``.
        samples: Of documents whose fate is the same, by `CHANGES`.
        groups: By ``source``, ``language``, ``license`` and ``media_type``: for each value the documents kept in ``a``
            and ``b``, those that ``came`` and ``left``, most changed first; by source also ``added``, ``removed``, ``changed``.
        limits: For each stage and reason that decides by a limit: least and greatest limit and documents on each side,
            those ``newly_dropped`` by it and those that it ``no_longer`` drops and that are kept now.
        scores: For each numeric score, over kept documents: ``a`` and ``b`` with ``documents``, ``mean`` and ``quantiles``
            (None without any), ``changed``: documents kept in both whose score differs.
        columns: Columns of ``data/`` that only ``a`` or only ``b`` has.
        manifest: For ``identity``, ``recipe``, ``software``, ``materials``, ``inputs`` and ``counts`` the paths at which
            the manifests differ: ``path``, ``a``, ``b`` (None where there is none).
    """

    a: dict[str, Any]
    b: dict[str, Any]
    equal: bool
    relation: str
    documents: dict[str, int]
    kept: dict[str, int]
    changed: dict[str, int]
    moves: list[dict[str, Any]]
    samples: dict[str, list[dict[str, Any]]]
    groups: dict[str, list[dict[str, Any]]]
    limits: list[dict[str, Any]]
    scores: list[dict[str, Any]]
    columns: dict[str, list[str]]
    manifest: dict[str, list[dict[str, Any]]]

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def difference(a: Path, b: Path, samples: int = 20) -> Difference:
    """Compare two datasets, of one site or of two; no text is read.

    Args:
        a: The dataset before.
        b: The dataset after.
        samples: At most so many documents are named for each change.

    Raises:
        UsageError: A folder is no dataset, or no sound one.
    """
    names = Names()
    columns = [columns_of(folder, load_manifest(folder)) for folder in (a, b)]
    said = sorted(said_in(columns[0]) & said_in(columns[1]))
    one, two = (read_side(folder, names, said) for folder in (a, b))
    pairs = _Pairs(one, two)
    compared, scores = _scores(pairs)
    flags = _flags(pairs, compared)
    changed = np.zeros(len(pairs.one), bool)
    for flag in flags.values():
        changed |= flag
    return Difference(
        a=_named(one),
        b=_named(two),
        equal=one.digest == two.digest,
        relation=_relation(one, two),
        documents={
            "same": int((~changed).sum()), "added": len(pairs.added), "removed": len(pairs.removed),
            "changed": int(changed.sum()),
        },
        kept={
            "both": len(pairs.kept_both), "came": len(two.kept) - len(pairs.kept_both),
            "left": len(one.kept) - len(pairs.kept_both),
        },
        changed={name: int(flag.sum()) for name, flag in flags.items()},
        moves=_moves(pairs, names, samples),
        samples={
            name: _samples(pairs, np.flatnonzero(flag & ~flags["fate"]), samples)
            for name, flag in flags.items()
            if name != "fate"
        },
        groups=_groups(pairs, names, changed),
        limits=_limits(pairs, names),
        scores=scores,
        columns={
            "a": [name for name in columns[0].names if name not in columns[1].names],
            "b": [name for name in columns[1].names if name not in columns[0].names],
        },
        manifest=_manifests(one.manifest, two.manifest),
    )  # fmt: skip


def _named(side: Side) -> dict[str, Any]:
    named = {key: side.manifest[key] for key in ("name", "version")}
    return {
        "path": str(side.folder), **named, "manifest_sha256": side.digest, "documents": side.manifest["fates"],
    }  # fmt: skip


def _relation(one: Side, two: Side) -> str:
    if two.manifest["predecessor"].get("manifest_sha256") == one.digest:
        return "successor"
    return "predecessor" if one.manifest["predecessor"].get("manifest_sha256") == two.digest else ""


class _Pairs:
    """Which documents of two sides are the same by their id.

    Attributes:
        one, two: int64[m], rows of the ledgers of documents that both have, in the order of A.
        removed, added: int64, rows of documents that only A, and only B, has.
        place_one, place_two: int64[n], for each ledger row the row of ``data/``; -1 if it is not kept.
        kept_both: int64, which of the m documents are kept on both sides.
    """

    def __init__(self, a: Side, b: Side) -> None:
        self.a, self.b = a, b
        order = np.argsort(b.ids, kind="stable")
        at = np.searchsorted(b.ids, a.ids, sorter=order)
        candidate = order[np.minimum(at, len(order) - 1)] if len(order) else np.zeros(len(a.ids), np.int64)
        found = b.ids[candidate] == a.ids if len(order) else np.zeros(len(a.ids), bool)
        self.one, self.two = np.flatnonzero(found), candidate[found]
        self.removed = np.flatnonzero(~found)
        alone = np.ones(len(b.ids), bool)
        alone[self.two] = False
        self.added = np.flatnonzero(alone)
        self.place_one, self.place_two = (_places(side) for side in (a, b))
        kept = (self.place_one[self.one] >= 0) & (self.place_two[self.two] >= 0)
        self.kept_both = np.flatnonzero(kept)


def _places(side: Side) -> np.ndarray:
    places = np.full(len(side.ids), -1)
    places[side.kept] = np.arange(len(side.kept))
    return places


def _scores(pairs: _Pairs) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """bool[m], which documents have a score that differs; and the scores' distributions."""
    a, b = pairs.a, pairs.b
    differs = np.zeros(len(pairs.one), bool)
    rows = pairs.place_one[pairs.one[pairs.kept_both]], pairs.place_two[pairs.two[pairs.kept_both]]
    names = list(dict.fromkeys([*a.numeric, *b.numeric]))
    found = []
    for start in range(0, len(names), _SCORES_AT_ONCE):
        chosen = names[start : start + _SCORES_AT_ONCE]
        values = [
            dict(zip(here, side.scores(here), strict=True))
            for side in (a, b)
            for here in [[name for name in chosen if name in side.numeric]]
        ]
        for name in chosen:
            one, two = (side.get(name) for side in values)
            changed = 0
            if one is not None and two is not None:
                other = ~((one[rows[0]] == two[rows[1]]) | (np.isnan(one[rows[0]]) & np.isnan(two[rows[1]])))
                differs[pairs.kept_both[other]] = True
                changed = int(other.sum())
            found.append(
                {"score": name, "a": _distribution(one), "b": _distribution(two), "changed": changed}
            )
    return differs, found


def _distribution(values: np.ndarray | None) -> dict[str, Any] | None:
    if values is None:
        return None
    known = values[~np.isnan(values)]
    if not len(known):
        return {"documents": 0, "mean": None, "quantiles": None}
    quantiles = [float(f"{each:.6g}") for each in np.quantile(known, QUANTILES)]
    return {"documents": len(known), "mean": float(f"{known.mean():.6g}"), "quantiles": quantiles}


def _flags(pairs: _Pairs, scored: np.ndarray) -> dict[str, np.ndarray]:
    """bool[m] for each of `CHANGES`."""
    a, b, one, two = pairs.a, pairs.b, pairs.one, pairs.two
    both = pairs.kept_both
    rows = pairs.place_one[one[both]], pairs.place_two[two[both]]

    def of_kept(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        flag = np.zeros(len(one), bool)
        flag[both] = x[rows[0]] != y[rows[1]]
        return flag

    grounds = ~((a.ground[one] == b.ground[two]) | (np.isnan(a.ground[one]) & np.isnan(b.ground[two])))
    return {
        "fate": a.state[one] != b.state[two],
        "grounds": grounds.any(axis=1) | (a.instead[one] != b.instead[two]),
        "text": of_kept(a.text, b.text),
        "file": a.file[one] != b.file[two],
        "scores": scored,
        "said": of_kept(a.described, b.described),
    }


def _state(names: Names, number: int) -> dict[str, str] | None:
    """A fate as a mapping; the empty name is that of a document that is not there."""
    return (
        dict(zip(("fate", "stage", "reason"), names.names[number].split("\t", 2), strict=True))
        if number
        else None
    )


def _moves(pairs: _Pairs, names: Names, most: int) -> list[dict[str, Any]]:
    a, b = pairs.a, pairs.b
    rows = np.concatenate(
        [
            np.stack([pairs.one, pairs.two], axis=1),
            np.stack([pairs.removed, np.full(len(pairs.removed), -1)], axis=1),
            np.stack([np.full(len(pairs.added), -1), pairs.added], axis=1),
        ]
    )
    states = np.stack(
        [
            np.where(column >= 0, side.state[column] if len(side.state) else 0, 0).astype(np.uint64)
            for column, side in zip(rows.T, (a, b), strict=True)
        ],
        axis=1,
    )
    moved = np.flatnonzero(states[:, 0] != states[:, 1])
    key = states[moved, 0] << np.uint64(32) | states[moved, 1]
    found = []
    for each, n in zip(*np.unique(key, return_counts=True), strict=True):
        here = rows[moved[key == each]]
        found.append(
            {
                "a": _state(names, int(each) >> 32), "b": _state(names, int(each) & 0xFFFFFFFF), "documents": int(n),
                "samples": _rows(pairs, here[_first(pairs, here, most)]),
            }
        )  # fmt: skip
    return sorted(found, key=lambda move: (-move["documents"], str(move["a"]), str(move["b"])))


def _first(pairs: _Pairs, rows: np.ndarray, most: int) -> np.ndarray:
    """Which of some pairs of rows come first by their id."""
    ids = np.empty(len(rows), "S16")
    for column, side in ((0, pairs.a), (1, pairs.b)):
        here = rows[:, column] >= 0
        ids[here] = side.ids[rows[here, column]]
    return np.argsort(ids, kind="stable")[:most]


def _samples(pairs: _Pairs, chosen: np.ndarray, most: int) -> list[dict[str, Any]]:
    rows = np.stack([pairs.one[chosen], pairs.two[chosen]], axis=1)
    return _rows(pairs, rows[_first(pairs, rows, most)])


def _rows(pairs: _Pairs, rows: np.ndarray) -> list[dict[str, Any]]:
    """Documents by their rows in both ledgers, -1 for none: where each stands, and what decided on either side."""
    told: list[dict[str, Any]] = [{} for _ in range(len(rows))]
    decided = ("fate", "stage", "reason", "value", "threshold", "duplicate_of", "detail")
    for name, column, side in (("a", 0, pairs.a), ("b", 1, pairs.b)):
        here = np.flatnonzero(rows[:, column] >= 0)
        for at, row in zip(here, side.rows(rows[here, column]), strict=True):
            told[at] |= {key: row[key] for key in ("id", "source", "source_uri", "locator")}
            told[at][name] = {key: row[key] for key in decided if row[key] not in (None, "")}
    return [{"a": None, "b": None, **each} for each in told]


def _groups(pairs: _Pairs, names: Names, changed: np.ndarray) -> dict[str, list[dict[str, Any]]]:
    a, b, size = pairs.a, pairs.b, len(names.names)

    def count(numbers: np.ndarray) -> np.ndarray:
        return np.bincount(numbers, minlength=size)

    came, left = np.ones(len(b.kept), bool), np.ones(len(a.kept), bool)
    left[pairs.place_one[pairs.one[pairs.kept_both]]] = False
    came[pairs.place_two[pairs.two[pairs.kept_both]]] = False
    found = {}
    for name in ("source", *GROUPS):
        one, two = (
            (a.source[a.kept], b.source[b.kept]) if name == "source" else (a.groups[name], b.groups[name])
        )
        told = {"a": count(one), "b": count(two), "came": count(two[came]), "left": count(one[left])}
        there = told["a"] + told["b"]
        if name == "source":
            told |= {
                "added": count(b.source[pairs.added]), "removed": count(a.source[pairs.removed]),
                "changed": count(a.source[pairs.one[changed]]),
            }  # fmt: skip
            there = count(a.source) + count(b.source)
        rows: list[dict[str, Any]] = [
            {"value": names.names[number], **{key: int(each[number]) for key, each in told.items()}}
            for number in np.flatnonzero(there)
        ]
        found[name] = sorted(
            rows,
            key=lambda row: (-(row["came"] + row["left"]), -max(row["a"], row["b"]), row["value"]),
        )
    return found


def _limits(pairs: _Pairs, names: Names) -> list[dict[str, Any]]:
    a, b = pairs.a, pairs.b
    found = []
    kept = [number for number, name in enumerate(names.names) if name.partition("\t")[0] == KEPT]
    was_kept, is_kept = (np.isin(states, kept) for states in (a.state[pairs.one], b.state[pairs.two]))
    for number, name in enumerate(names.names):
        if name.partition("\t")[0] != DROPPED or name.count("\t") < 2:
            continue
        told = {}
        for key, side in (("a", a), ("b", b)):
            limits = side.ground[side.state == number, 1]
            known = limits[~np.isnan(limits)]
            told[key] = {
                "documents": len(limits), "limits": [float(known.min()), float(known.max())] if len(known) else None,
            }  # fmt: skip
        if told["a"]["limits"] is None and told["b"]["limits"] is None:
            continue
        _, stage, reason = name.split("\t", 2)
        found.append(
            {
                "stage": stage, "reason": reason, **told,
                "newly_dropped": int((was_kept & (b.state[pairs.two] == number)).sum()),
                "no_longer": int((is_kept & (a.state[pairs.one] == number)).sum()),
            }
        )  # fmt: skip
    return sorted(found, key=lambda one: (one["stage"], one["reason"]))


def _manifests(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    sides = [
        {
            "identity": {key: each[key] for key in _IDENTITY},
            **{key: each[key] for key in ("recipe", "software", "materials", "inputs")},
            "counts": {key: value for key, value in each["counts"].items() if key not in _NOT_TOLD},
        }
        for each in (one, two)
    ]
    found = {name: _paths(sides[0][name], sides[1][name]) for name in sides[0]}
    found["counts"] = sorted(
        found["counts"], key=lambda each: (-abs((each["b"] or 0) - (each["a"] or 0)), each["path"])
    )[:_MOST_COUNTS]
    return found


def _paths(one: Any, two: Any) -> list[dict[str, Any]]:
    """The paths at which two values of JSON differ, sorted."""
    was, now = (dict(_flat(each)) for each in (one, two))
    return [
        {"path": path, "a": was.get(path), "b": now.get(path)}
        for path in sorted(was.keys() | now.keys())
        if was.get(path) != now.get(path)
    ]


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves by their paths; members of a list that have names, such as sources, go by these."""
    if isinstance(value, list) and value and all(isinstance(each, dict) and "name" in each for each in value):
        value = {str(each["name"]): each for each in value}
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _flat(each, f"{path}.{key}" if path else str(key))
    else:
        yield path, value
