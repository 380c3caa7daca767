"""Near-duplicates beside datasketch, rensa and, where it is installed, datatrove: what they find, how fast, in what memory.

All look for the same thing in the same corpus and run: pairs of the sections of papers whose sequences of five words have a
true Jaccard similarity of at least 0.8. `COLOPHON_BENCH_PEERS` names the Python of an environment in which datatrove is.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.sparse

from benchmarks import peers
from benchmarks.clock import cpu_seconds
from benchmarks.corpora import CORPORA, edited, sections, write_lines
from benchmarks.dataset import NO_FILTER, curate
from colophon.filters import (
    band_keys,
    choose_bands,
    components,
    edges_of_keys,
    judge,
    normalized_key,
    signatures,
    tokenize,
    unique_shingles,
)
from colophon.pipelines.pack import Key, Pack, PackIndex, Parameters, keyed_hashes
from colophon.schemas import Deduplicate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_THRESHOLD = peers.THRESHOLD
_PEER_DOCUMENTS = 10_000


@dataclass(frozen=True)
class Truth:
    """The similarity of each two documents that have a sequence of five words in common.

    Attributes:
        one: int[p], places of documents.
        other: int[p], later places.
        similarity: float[p], their exact Jaccard similarity.
    """

    one: np.ndarray
    other: np.ndarray
    similarity: np.ndarray

    @classmethod
    def of(cls, texts: Sequence[str]) -> Truth:
        """Every pair, by way of who has which sequence: no hash, no estimate."""
        numbers: dict[str, int] = {}
        sets = [
            sorted({numbers.setdefault(one, len(numbers)) for one in peers.shingled(text)}) for text in texts
        ]
        begins = np.cumsum([0, *map(len, sets)])
        has = np.ones(begins[-1], np.int32)
        table = scipy.sparse.csr_matrix((has, np.concatenate(sets), begins), (len(texts), len(numbers)))
        common = scipy.sparse.triu(table @ table.T, 1).tocoo()
        sizes = np.diff(begins)
        union = sizes[common.row] + sizes[common.col] - common.data
        return cls(common.row, common.col, common.data / union)

    def found(self, gone: np.ndarray, least: float, below: float = 2.0) -> tuple[int, int]:
        """Of the pairs of such a similarity those of which one document is gone, and all of them."""
        chosen = (self.similarity >= least) & (self.similarity < below)
        return int((gone[self.one] | gone[self.other])[chosen].sum()), int(chosen.sum())

    def with_neighbour(self, gone: np.ndarray, least: float) -> int:
        """Documents gone that have a neighbour at least so similar."""
        near = np.zeros(len(gone), np.bool_)
        chosen = self.similarity >= least
        near[self.one[chosen]] = near[self.other[chosen]] = True
        return int((gone & near).sum())


def kernels(corpus: Path) -> list[str]:
    """The kernels that a run uses, in one process: bands, components, exact judgement."""
    names, texts = peers.documents(corpus)
    return [names[place] for place in _removed(texts)]


def _removed(texts: list[str]) -> list[int]:
    tokens = tokenize(texts)
    signature = signatures(tokens, 5, 128)
    long_enough = np.flatnonzero((signature != 0xFFFFFFFF).any(axis=1))
    keys = band_keys(signature[long_enough], *choose_bands(128, _THRESHOLD))
    edges = edges_of_keys(keys.ravel(), np.repeat(long_enough.astype(np.uint64), keys.shape[1]))
    documents, labels = components(edges)
    shingles, offsets = unique_shingles(tokenize([texts[i] for i in documents]), 5)
    gone: list[int] = []
    order = np.argsort(labels, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        sets = [shingles[offsets[i] : offsets[i + 1]] for i in group]
        bounds = np.concatenate(([0], np.cumsum([len(one) for one in sets]))).astype(np.int64)
        kept_by, _, _ = judge(bounds, np.concatenate(sets), _THRESHOLD)
        gone += documents[group[kept_by >= 0]].tolist()
    exact = normalized_key(texts).view("V16")[:, 0]
    _, first = np.unique(exact, return_index=True)
    return sorted({*gone, *(set(range(len(texts))) - set(first.tolist()))})


def _answer(call: Callable[[Path], list[str]], corpus: Path, answer: Any) -> None:
    answer.put(peers.measured(call, corpus))


def _ours(corpus: Path) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=_answer, args=(kernels, corpus, answer))
    process.start()
    told: dict[str, Any] = answer.get()
    process.join()
    return told


def _command(corpus: Path) -> dict[str, Any]:
    """The whole of a run, start and report included: read, staged, decided, written."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = curate(corpus, folder / "out", 1, NO_FILTER)["run"]
        ledger = pq.read_table(folder / "out" / "ledger", columns=["locator", "stage"]).to_pylist()
    places, at = {}, 0
    for row in corpus.read_bytes().splitlines(keepends=True):
        places[f"byte={at}"] = json.loads(row)["id"]
        at += len(row)
    gone = [places[row["locator"]] for row in ledger if row["stage"] == "deduplicate"]
    return {"gone": gone, "cpu_seconds": run["cpu_seconds"], "grown_bytes": run["peak_bytes"]}


def _peer(name: str, corpus: Path) -> dict[str, Any] | None:
    """What a peer says, in this environment or the one that `COLOPHON_BENCH_PEERS` names; None where it is in neither."""
    for python in (sys.executable, os.environ.get("COLOPHON_BENCH_PEERS")):
        if (
            python
            and not subprocess.run(
                [python, "-c", f"import {name}"], capture_output=True, check=False
            ).returncode
        ):
            command = [python, str(Path(peers.__file__)), name, str(corpus)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            told: dict[str, Any] = json.loads(done.stdout)
            return told
    return None


def side_by_side() -> None:
    """What each finds in the sections of papers, and at what cost."""
    corpus = CORPORA / "dedup" / "corpus.jsonl"
    names, texts = peers.documents(corpus)
    truth, size = Truth.of(texts), sum(len(text.encode()) for text in texts)
    print(
        f"{len(texts):,} documents, {size / 1e6:.1f} MB; MB/s per core; memory on top of what loading takes, of the run all of it"
    )
    print("| | MB/s | memory, MB | pairs J >= .8 found | .7-.8 | removed that have a true neighbour >= .8 |")
    print("|---|---|---|---|---|---|")
    for name in ("colophon, kernels", "colophon, a whole run", *peers.PEERS):
        told = {"colophon, kernels": _ours, "colophon, a whole run": _command}.get(
            name, lambda one, name=name: _peer(name, one)
        )(corpus)
        if told is None:
            print(
                f"| {name} | not installed: name the Python of an environment that has it in COLOPHON_BENCH_PEERS |"
            )
            continue
        gone = np.isin(names, told["gone"])
        found, near = truth.found(gone, _THRESHOLD), truth.found(gone, 0.7, _THRESHOLD)
        right, all_ = truth.with_neighbour(gone, _THRESHOLD), int(gone.sum())
        print(
            f"| {name} | {size / told['cpu_seconds'] / 1e6:.2f} | {told['grown_bytes'] / 1e6:.0f} | {found[0]}/{found[1]} "
            f"({found[0] / found[1]:.4f}) | {near[0]}/{near[1]} | {right}/{all_} ({right / max(1, all_):.4f}) |",
            flush=True,
        )


def signature_speed() -> None:
    """From bytes in memory to signatures."""
    texts = [one["text"] for one in sections()]
    size = sum(len(text.encode()) for text in texts)
    for what, given in (("Arrow", pa.array(texts, pa.string())), ("Python strings", texts)):
        seconds = cpu_seconds(lambda given=given: signatures(tokenize(given), 5, 128))
        print(
            f"bytes in memory ({what}) to signatures of 128 values: {size / seconds / 1e6:.0f} MB/s per core (goal 60)"
        )


def copies() -> None:
    """Copies that differ in case, white space or Unicode form."""
    texts = [one["text"] for one in sections()]
    changes: dict[str, Callable[[str], str]] = {
        "case": str.swapcase,
        "white space": lambda text: "  \n".join(text.split(" ")),
        "Unicode form": lambda text: unicodedata.normalize("NFD", text),
        "all three": lambda text: unicodedata.normalize("NFD", "\t".join(text.swapcase().split(" "))),
    }
    keys = normalized_key(texts)
    for name, change in changes.items():
        same = (normalized_key([change(text) for text in texts]) == keys).all(axis=1)
        print(f"copies that differ in {name}: {same.sum():,} of {len(texts):,} have one key")


def packs() -> None:
    """What a pack finds of true neighbours, by how many bands have to be shared."""
    corpus = sections()
    names = [one["id"] for one in corpus]
    texts = [one["text"] for one in corpus]
    parameters, key = Parameters.of(Deduplicate()), Key("benchmark", bytes(32))
    signatures(tokenize(texts[:9]), 5, 128)
    began = time.process_time()
    exact, bands = keyed_hashes(normalized_key(texts), signatures(tokenize(texts), 5, 128), parameters, key)
    seconds = time.process_time() - began
    size = sum(len(text.encode()) for text in texts)
    print(f"pack: {size / seconds / 1e6:.1f} MB/s per core, {8 + 5 * parameters.bands} bytes a document")
    with (CORPORA / "dedup" / "pairs.jsonl").open() as lines:
        pairs = [json.loads(row) for row in lines]
    copied = {json.loads(row)["dup"] for row in (CORPORA / "dedup" / "injected.jsonl").open()}
    near: dict[str, float] = {}
    for one, other, similarity in pairs:
        for own, beside in ((one, other), (other, one)):
            if own in copied and beside not in copied:
                near[own] = max(near.get(own, 0.0), similarity)
    there = np.array([name not in copied for name in names])
    index = PackIndex(Pack("site", parameters, key.id, key.epoch, exact[there], bands[there]))
    asked = np.flatnonzero(~there)
    matches = index.match(exact[asked], bands[asked])
    true = np.array([near.get(names[i], 0.0) >= _THRESHOLD for i in asked])
    for least in range(1, 8):
        found = matches.found(least)
        print(
            f"   {least} bands shared: recall {(found & true).sum() / true.sum():.4f}, "
            f"precision {(found & true).sum() / max(1, found.sum()):.4f} ({found.sum()} of {len(asked)} found)"
        )


def peers_in_memory() -> None:
    """How memory and time grow with the documents, of the kernels and of others."""
    texts = list(itertools.islice(edited(_PEER_DOCUMENTS // len(sections()) + 1), _PEER_DOCUMENTS))
    with tempfile.TemporaryDirectory() as name:
        few, many = Path(name) / "few.jsonl", Path(name) / "many.jsonl"
        write_lines(few, texts[: _PEER_DOCUMENTS // 4])
        write_lines(many, texts)
        for who in ("colophon, kernels", "datasketch", "rensa"):
            one, other = (
                _ours(corpus) if who.startswith("colophon") else _peer(who, corpus) or {}
                for corpus in (few, many)
            )
            grown = (other["grown_bytes"] - one["grown_bytes"]) / (_PEER_DOCUMENTS * 0.75)
            print(
                f"{who}: {_PEER_DOCUMENTS:,} documents in {other['cpu_seconds']:.1f} CPU-seconds "
                f"({other['cpu_seconds'] / one['cpu_seconds'] / 4:.2f} of linear), memory grows by {grown:,.0f} bytes a document, "
                "texts included",
                flush=True,
            )


def main() -> None:
    side_by_side()
    signature_speed()
    copies()
    packs()
    peers_in_memory()
