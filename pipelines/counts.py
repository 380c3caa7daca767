"""What is counted of a dataset: once when it is written, and again by whoever verifies it.

All counts are integers and add up, so that shards, and sites, can be merged.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from colophon.filters import shorter_than
from colophon.pipelines.bias_counts import count_described, count_identity
from colophon.pipelines.rights_summary import count_rights, rights_of_sources
from colophon.schemas import DROPPED, FAILED, FATES, KEPT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "MILLIONTHS",
    "Counts",
    "by_source_and_stage",
    "count_data",
    "count_ledger",
    "files_of",
    "inputs_line",
    "kept_of",
    "less_counts",
    "merge_counts",
    "summed",
]

#: Counts by dotted path of names, for example ``language`` → ``en`` → 12.
Counts = dict[str, dict[str, int]]

MILLIONTHS: Final = 1_000_000
"""Sampling weights are whole numbers of millionths, so that their sums are the same in any order."""
_MOST_WEIGHT: Final = 100  # no recipe may ask for more, and the sums of squares would not fit

_DISTRIBUTIONS = ("source", "language", "license", "spdx", "rights_status", "media_type", "year")
_SUMS = ("n_chars", "n_words", "n_tokens", "duplicates_dropped")


def _by_length(texts: pa.ChunkedArray) -> dict[str, int]:
    """Texts by the greatest power of two that is not above their characters: ``"512"`` holds 512 to 1,023."""
    lengths = pc.utf8_length(texts).to_numpy().astype(np.int64)
    bins, counted = np.unique(np.frexp(np.maximum(lengths, 1))[1] - 1, return_counts=True)
    return {str(2 ** int(one)): int(n) for one, n in zip(bins, counted, strict=True)}


def _by_tenth(scores: pa.ChunkedArray) -> dict[str, int]:
    """Scores from 0 to 1 by tenths: ``"0.3"`` holds .3 to less than .4, ``"0.9"`` 1 too; ``""`` those without."""
    known = scores.drop_null().to_numpy()
    bins, counted = np.unique(np.minimum(np.floor(known * 10), 9).astype(int), return_counts=True)
    told = {f"0.{one}": int(n) for one, n in zip(bins, counted, strict=True)}
    return told | ({"": scores.null_count} if scores.null_count else {})


def _tally(column: pa.ChunkedArray | pa.Array) -> dict[str, int]:
    counted = pc.value_counts(column)
    names = counted.field("values").to_pylist()
    return {
        "" if name is None else str(name): n
        for name, n in zip(names, counted.field("counts").to_pylist(), strict=True)
    }


def _weighted(table: pa.Table) -> Counts:
    """Sums of the sampling weights and of their squares, in millionths, and the sums of the documents with each value."""
    given = np.nan_to_num(table["sampling_weight"].to_numpy().astype(np.float64))
    weights = np.rint(np.clip(given, 0, _MOST_WEIGHT) * MILLIONTHS).astype(np.int64)
    sums: dict[str, int] = {}
    for name in _DISTRIBUTIONS:
        if name in table.column_names:
            pairs = (
                pa.table({"value": table[name], "weight": weights})
                .group_by("value")
                .aggregate([("weight", "sum")])
            )
            for value, total in zip(pairs["value"].to_pylist(), pairs["weight_sum"].to_pylist(), strict=True):
                sums[f"{name}\t{'' if value is None else value}"] = total
    told = {
        "documents": table.num_rows - table["sampling_weight"].null_count,
        "sum": int(weights.sum()),
        "squares": int(((weights * weights + MILLIONTHS // 2) // MILLIONTHS).sum()),
    }
    return {"sampling_weight": told, "weighted": sums}


def count_data(table: pa.Table, shingle_size: int) -> Counts:
    """Count rows of ``data/``: documents by source, language, licence, type, year, length, bias; sizes; who is mentioned.

    Args:
        table: The rows.
        shingle_size: Words in a shingle: shorter documents are duplicates of the very same text only.
    """
    counts: Counts = {name: _tally(table[name]) for name in _DISTRIBUTIONS if name in table.column_names}
    counts["sizes"] = {
        "documents": table.num_rows,
        **{name: pc.sum(table[name]).as_py() or 0 for name in _SUMS if name in table.column_names},
    }
    counts["length"] = _by_length(table["text"])
    if "bias_score" in table.column_names:
        counts["bias_score"] = _by_tenth(table["bias_score"])
    if "sampling_weight" in table.column_names:
        counts |= _weighted(table)
    counts["deduplication"] = {"shorter_than_a_shingle": shorter_than(shingle_size, table["text"])}
    if "benchmark_hits" in table.column_names:
        counts |= _benchmarks(KEPT, table["benchmark_hits"].to_pylist())
    if found := count_rights(table):
        counts["rights"] = found
    if "metadata" in table.column_names:
        counts |= count_described(table["metadata"].to_pylist())
    return counts | count_identity(table)


def count_ledger(table: pa.Table) -> Counts:
    """Count rows of ``ledger/`` by source, fate, stage and reason, joined by tabs in this order."""
    names = ["source", "fate", "stage", "reason"]
    groups = table.select(names).group_by(names, use_threads=False).aggregate([([], "count_all")])
    *keys, times = (groups[name].to_pylist() for name in (*names, "count_all"))
    counted = {"\t".join(key): n for *key, n in zip(*keys, times, strict=True)}
    questions = table["detail"].filter(pc.equal(table["stage"], "contamination")).to_pylist()
    return {"fates": dict(sorted(counted.items()))} | _benchmarks(DROPPED, map(_hits_in, questions))


def _hits_in(detail: str) -> list[dict[str, Any]]:
    """The benchmarks that a ledger row names as ``NAME QUESTIONS, NAME QUESTIONS``."""
    named = (one.rpartition(" ") for one in detail.split(", ") if one)
    return [{"benchmark": name, "questions": int(n)} for name, _, n in named if n.isdecimal()]


def _benchmarks(fate: str, hits: Iterable[list[dict[str, Any]] | None]) -> Counts:
    """Documents that hold questions of each benchmark, and how many, by fate; nothing where none does."""
    documents: Counter[str] = Counter()
    questions: Counter[str] = Counter()
    for found in hits:
        for one in found or ():
            documents[f"{one['benchmark']}\t{fate}"] += 1
            questions[f"{one['benchmark']}\t{fate}"] += one["questions"]
    told = {
        "benchmark_documents": dict(sorted(documents.items())),
        "benchmark_questions": dict(sorted(questions.items())),
    }
    return told if documents else {}


def merge_counts(parts: Iterable[Mapping[str, Mapping[str, int]]]) -> Counts:
    """Add counts up, names sorted."""
    total: dict[str, Counter[str]] = {}
    for part in parts:
        for name, counted in part.items():
            total.setdefault(name, Counter()).update(counted)
    return {name: dict(sorted(total[name].items())) for name in sorted(total)}


def less_counts(
    total: Mapping[str, Mapping[str, int]],
    gone: Mapping[str, Mapping[str, int]],
    none: Mapping[str, Mapping[str, int]],
) -> Counts:
    """What `count_data` counts once rows are gone, without counting the others.

    Args:
        total: Of all rows; counts of other things may stand in it and are left as they are.
        gone: Of the rows that are gone.
        none: Of a table without rows, for what is told at zero.
    """
    told = dict(none)
    if total["sizes"]["documents"] > gone["sizes"]["documents"]:
        # Where there is a document, every axis is told of, and associations are, be there none.
        told |= {name: counted for name, counted in total.items() if name.startswith("identity_")}
        told |= {name: {} for name in total if name.startswith("association_")}
    left: Counts = {}
    for name, counted in total.items():
        less = gone.get(name)
        if less is None:
            left[name] = dict(counted)
            continue
        at_zero = told.get(name, {})
        rest = {key: n - less.get(key, 0) for key, n in counted.items()}
        rest = {key: n for key, n in rest.items() if n or key in at_zero}
        if rest or name in told:
            left[name] = rest
    return left


def by_source_and_stage(fates: Mapping[str, int], stages: Sequence[str]) -> dict[str, Any]:
    r"""The funnel of every source: what came into each stage, what it dropped and why, what failed in it.

    >>> funnel = by_source_and_stage({"a\tkept\t\t": 3, "a\tdropped\tlength\ttoo_few_words": 1}, ["read", "length"])
    >>> funnel["a"]["stages"]["length"]
    {'in': 4, 'kept': 3, 'dropped': 1, 'failed': 0, 'reasons': {'too_few_words': 1}}
    """
    sources: dict[str, list[tuple[str, str, str, int]]] = {}
    for key, n in fates.items():
        source, fate, stage, reason = key.split("\t")
        sources.setdefault(source, []).append((fate, stage, reason, n))
    result: dict[str, Any] = {}
    for source in sorted(sources):
        rows = sources[source]
        left = total = sum(n for *_, n in rows)
        funnel: dict[str, Any] = {}
        for name in stages:
            here = [(fate, reason, n) for fate, stage, reason, n in rows if stage == name]
            lost = {fate: sum(n for f, _, n in here if f == fate) for fate in (DROPPED, FAILED)}
            reasons: Counter[str] = Counter()
            for _, reason, n in here:
                reasons[reason] += n
            kept = left - sum(lost.values())
            funnel[name] = {"in": left, "kept": kept, **lost, "reasons": dict(sorted(reasons.items()))}
            left = kept
        fate_counts = {fate: sum(n for f, *_, n in rows if f == fate) for fate in FATES}
        result[source] = {"documents": total, **fate_counts, "stages": funnel}
    return result


def summed(counts: Counts, stages: Sequence[str], sources: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What a manifest makes of the counts of all shards.

    Args:
        counts: Of all rows, with ``fates``.
        stages: Names of the stages in their order.
        sources: Of the recipe, as the manifest has them.

    Returns:
        ``fates``, ``rights``, ``sources`` and ``counts``.
    """
    fates = counts.get("fates", {})
    return {
        "fates": kept_of(fates),
        "rights": rights_of_sources(sources, counts.get("rights", {})),
        "sources": by_source_and_stage(fates, stages),
        "counts": {name: counted for name, counted in counts.items() if name != "fates"},
    }


def files_of(table: pa.Table, before: tuple[str, str]) -> Iterator[tuple[str, str, str]]:
    """Source, name and digest of each input file in rows of ``ledger/``, at the first row of each.

    Args:
        table: The rows.
        before: Source and name of the file that the row before the first one is of.
    """
    n = table.num_rows
    if not n:
        return
    names = [table[column].combine_chunks() for column in ("source", "source_uri")]
    changed = pc.or_(*(pc.not_equal(each.slice(1), each.slice(0, n - 1)) for each in names))
    first = [tuple(each[0].as_py() for each in names) != before]
    at = pa.array(np.flatnonzero(np.concatenate((first, changed.to_numpy(zero_copy_only=False)))))
    columns = (each.take(at).to_pylist() for each in (*names, table["source_sha256"]))
    yield from zip(*columns, strict=True)


def inputs_line(source: str, uri: str, sha256: str) -> bytes:
    """How one input file enters the digest of all inputs: its names and its digest."""
    return hashlib.sha256(f"{source}\0{uri}\0{sha256}".encode()).digest()


def kept_of(fates: Mapping[str, int]) -> dict[str, int]:
    """Documents by fate over all sources."""
    total = dict.fromkeys(FATES, 0)
    for key, n in fates.items():
        fate = key.split("\t")[1]
        total[fate] = total.get(fate, 0) + n
    return total
