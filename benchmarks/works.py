"""Papers in several forms: those known as one work that are joined, and two works that are, which must be none."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.corpora import CORPORA
from benchmarks.dataset import NO_FILTER, curate
from colophon.filters import works
from colophon.pipelines import judging

_FOLDERS = ("jats", "neardup/jats_versions", "pdf_jats", "html_sci")
_ENDINGS = (".xml", ".pdf", ".html", ".jats", ".v1", ".v2", ".v3")


def _work(name: str) -> str:
    """What a file's name says of its work, whatever the form and version."""
    told = Path(name).name
    for ending in _ENDINGS:
        told = told.removesuffix(ending)
    return told


def _nameless(folder: Path) -> dict[str, str]:
    """Copy every paper under a name that tells nothing; what each was called, by its new name."""
    called = {}
    folder.mkdir()
    for path in _FOLDERS:
        for file in sorted((CORPORA / path).rglob("*")):
            if file.suffix in {".xml", ".pdf", ".html"}:
                name = file.relative_to(CORPORA).as_posix()
                copy = hashlib.sha256(name.encode()).hexdigest()[:16] + file.suffix
                shutil.copy(file, folder / copy)
                called[copy] = name
    return called


def papers() -> None:
    """All papers in all their forms, by the command line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        called = _nameless(folder / "papers")
        run = curate(folder / "papers", folder / "out", 2, NO_FILTER)["run"]
        ledger = pq.read_table(folder / "out" / "ledger").to_pylist()
    path = {row["id"]: called[row["source_uri"]] for row in ledger}
    row_of = {path[row["id"]]: row for row in ledger}
    stays = {name: path[row["duplicate_of"] or row["id"]] for name, row in row_of.items()}
    with (CORPORA / "neardup_pairs.tsv").open() as lines:
        pairs = [(pair["a"], pair["b"]) for pair in csv.DictReader(lines, delimiter="\t")]
    read = [(a, b) for a, b in pairs if row_of[a]["fate"] != "failed" != row_of[b]["fate"]]
    joined = sum(stays[a] == stays[b] for a, b in read)
    apart = [(name, other) for name, other in stays.items() if _work(name) != _work(other)]
    articles = sum(name.endswith(".xml") for name in row_of)
    print(
        f"{len(row_of)} files, {articles} articles in JATS, {run['cpu_seconds']:.0f} CPU-seconds; known as one work and joined: {joined} "
        f"of {len(read)} pairs ({joined / len(read):.3f}, goal .95; {len(pairs) - len(read)} pairs with a file that cannot be read); "
        f"different works joined: {len(apart)} (goal 0) {apart or ''}"
    )


def _record(told: dict[str, str]) -> dict[str, Any]:
    """A bibliographic record as a document's own columns."""
    return {
        "title": told.get("title") or "",
        "doi": told.get("doi") or "",
        "year": int(told.get("year") or 0),
        "metadata": {name: told[name] for name in ("author", "journal", "booktitle") if told.get(name)},
        "locator": "row=1",
    }


def _titled(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two records have one title and nothing else says that they are two works."""
    told = judging._one_title(one[None], other[None])  # noqa: SLF001 - measured
    return bool(one["title"] == other["title"] != 0 and told[0])


def records() -> None:
    """Pairs of bibliographic records that people judged: which of them are compared as texts at all."""
    cases = json.loads((CORPORA / "neardup" / "bib_dedupe_test_cases.json").read_bytes())["cases"]
    asked = {True: 0, False: 0}
    numbered = 0
    for case in cases:
        one, other = works([_record(case["record_a"]), _record(case["record_b"])], ["", ""])
        number = bool(np.intersect1d(one["identifiers"][one["identifiers"] > 0], other["identifiers"]).size)
        title = _titled(one, other)
        same = case["expected_duplicate"]
        asked[same] += number or title
        numbered += number and not same
    total = {same: sum(case["expected_duplicate"] == same for case in cases) for same in asked}
    print(
        f"labelled pairs of records: of {total[True]} of one work {asked[True]} are proposed by number or title; of {total[False]} "
        f"of two works {asked[False]}, {numbered} of them by one DOI that both bear, which their texts must decide"
    )


def main() -> None:
    papers()
    records()
