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
from colophon.pipelines.pack import PackIndex, make_key
from colophon.runners.packing import pack_dataset

_FOLDERS = ("jats", "neardup/jats_versions", "pdf_jats", "html_sci")
_ENDINGS = (".xml", ".pdf", ".html", ".jats", ".v1", ".v2", ".v3")


def _work(name: str) -> str:
    """What a file's name says of its work, whatever the form and version."""
    told = Path(name).name
    for ending in _ENDINGS:
        told = told.removesuffix(ending)
    return told


def _nameless(folder: Path, endings: tuple[str, ...] = (".xml", ".pdf", ".html")) -> dict[str, str]:
    """Copy every paper of such forms under a name that tells nothing; what each was called, by its new name."""
    called = {}
    folder.mkdir()
    for path in _FOLDERS:
        for file in sorted((CORPORA / path).rglob("*")):
            if file.suffix in endings:
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


def packs() -> None:
    """What a site with the papers as JATS finds, by packs, in one that has some of them as PDF and HTML."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_key(folder / "key", "benchmark")
        sites = {"jats": (".xml",), "others": (".pdf", ".html")}
        packed, works_of = {}, {}
        for site, endings in sites.items():
            called = _nameless(folder / f"{site}-in", endings)
            curate(folder / f"{site}-in", folder / site, 2, NO_FILTER)
            packed[site] = pack_dataset(folder / site, folder / "key", folder / f"{site}.pack", site, 1)
            uris = [
                uri
                for path in sorted((folder / site / "data").iterdir())
                for uri in pq.read_table(path, columns=["source_uri"])["source_uri"].to_pylist()
            ]
            works_of[site] = np.array([_work(called[uri]) for uri in uris])
    shared = np.isin(works_of["others"], works_of["jats"])
    matches = PackIndex(packed["jats"]).match(packed["others"].exact, packed["others"].bands)
    for least in (1, 2, 3, 5):
        found = matches.found(least)
        print(
            f"packs, {len(shared)} papers as PDF or HTML against {len(works_of['jats'])} as JATS, {least} bands shared: recall "
            f"{(found & shared).sum() / shared.sum():.3f}, precision {(found & shared).sum() / max(1, found.sum()):.3f}"
        )


def main() -> None:
    papers()
    packs()
    records()
