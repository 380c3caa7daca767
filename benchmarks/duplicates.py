"""Near-duplicates beside datasketch, rensa and, where it is installed, datatrove: what they find, how fast, in what memory.

All look for the same thing in the same run: pairs of the sections of papers with a true Jaccard similarity of their
5-word sequences of at least 0.8.
"""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datasketch
import numpy as np
import rensa

from benchmarks.corpora import CORPORA, edited, sections, write_edited
from benchmarks.dataset import curate
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
    from collections.abc import Callable

_THRESHOLD = 0.8
_PEER_DOCUMENTS = 10_000


def _shingled(text: str) -> list[str]:
    words = text.lower().split()
    return [" ".join(words[i : i + 5]) for i in range(max(1, len(words) - 4))]


def ours(texts: list[str]) -> list[int]:
    """The kernels that a run uses, in one process: bands, components, exact judgement. The documents removed."""
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


def with_datasketch(texts: list[str]) -> list[int]:
    index = datasketch.MinHashLSH(_THRESHOLD, 128)
    gone = []
    for number, text in enumerate(texts):
        signature = datasketch.MinHash(128, scheme="affine32")
        signature.update_batch([shingle.encode() for shingle in _shingled(text)])
        if index.query(signature):
            gone.append(number)
        else:
            index.insert(number, signature)
    return gone


def with_rensa(texts: list[str]) -> list[int]:
    bands, _ = choose_bands(128, _THRESHOLD)
    index = rensa.RMinHashLSH(_THRESHOLD, 126, bands)
    gone = []
    for number, text in enumerate(texts):
        signature = rensa.RMinHash(126, 1)
        signature.update(_shingled(text))
        near = index.query(signature)
        if near:
            gone.append(number)
        else:
            index.insert(number, signature)
    return gone


def _measured(call: Callable[[list[str]], list[int]], texts: list[str], answer: Any) -> None:
    """In a process of its own: documents removed, CPU-seconds, and how much memory came on top of the texts."""
    call(texts[:50])  # compiles, and loads what is loaded once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    gone = call(texts)
    seconds = time.process_time() - began
    answer.put((gone, seconds, 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)))


def _alone(call: Callable[[list[str]], list[int]], texts: list[str]) -> tuple[list[int], float, int]:
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=_measured, args=(call, texts, answer))
    process.start()
    told: tuple[list[int], float, int] = answer.get()
    process.join()
    return told


def found_and_removed(gone: set[str]) -> str:
    """Recall over the pairs, and how many of those removed have a true neighbour."""
    with (CORPORA / "dedup" / "pairs.jsonl").open() as lines:
        pairs = [json.loads(row) for row in lines]
    true = [(one, other) for one, other, similarity in pairs if similarity >= _THRESHOLD]
    near = {one for pair in true for one in pair}
    found = sum(one in gone or other in gone for one, other in true)
    right = len(gone & near)
    return (
        f"pairs found {found}/{len(true)} ({found / len(true):.4f}), removed with a true neighbour {right}/{len(gone)} "
        f"({right / max(1, len(gone)):.4f})"
    )


def quality_and_speed() -> None:
    corpus = sections()
    texts, names = [one["text"] for one in corpus], [one["id"] for one in corpus]
    size = sum(len(text.encode()) for text in texts)
    peers = {"colophon": ours, "datasketch": with_datasketch, "rensa": with_rensa}
    for name, call in peers.items():
        gone, seconds, grown = _alone(call, texts)
        print(
            f"{name:<11}{found_and_removed({names[i] for i in gone})}, {size / seconds / 1e6:.1f} MB/s per core, "
            f"{grown / len(texts):,.0f} bytes a document on top of the texts",
            flush=True,
        )
    if importlib.util.find_spec("datatrove") is None:
        print("datatrove is not installed, so it was not measured")


def copies() -> None:
    """Copies that differ in case, white space or Unicode form."""
    texts = [one["text"] for one in sections()]
    changes: dict[str, Callable[[str], str]] = {
        "case": str.swapcase,
        "white space": lambda text: "  \n".join(text.split(" ")),
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


def scale() -> None:
    """Time and memory of the command line over ten times as much, and what crosses the network."""
    seen = []
    for times in (6, 60):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            documents, size = write_edited(folder / "corpus.jsonl", times)
            run = curate(folder / "corpus.jsonl", folder / "out", 1)["run"]
            seen.append((documents, run["cpu_seconds"], run["peak_bytes"]))
            print(
                f"{documents:,} documents, {size / 1e6:.0f} MB: {run['cpu_seconds']:.1f} CPU-seconds, "
                f"{size / 1e6 / run['cpu_seconds']:.1f} MB per CPU-second, peak {run['peak_bytes'] / 1e6:.0f} MB",
                flush=True,
            )
    (few, seconds1, peak1), (many, seconds2, peak2) = seen
    print(f"memory grows by {(peak2 - peak1) / (many - few):.0f} bytes a document")
    print(f"time grows {seconds2 / seconds1 / (many / few):.2f} times as fast as the documents")
    bands, _ = choose_bands(128, _THRESHOLD)
    print(
        f"shuffled: {8 * (bands + 1)} bytes of keys a document, and 8 for each number or title; 16 + 240 a candidate"
    )


def peers_in_memory() -> None:
    """How memory grows with the documents, ours and others', in one process each."""
    texts = [one["text"] for one in edited(_PEER_DOCUMENTS // len(sections()) + 1)][:_PEER_DOCUMENTS]
    for name, call in {"colophon": ours, "datasketch": with_datasketch, "rensa": with_rensa}.items():
        _, few_seconds, few = _alone(call, texts[: _PEER_DOCUMENTS // 4])
        _, seconds, many = _alone(call, texts)
        grown = (many - few) / (_PEER_DOCUMENTS * 0.75)
        print(
            f"{name:<11}{_PEER_DOCUMENTS:,} documents in {seconds:.1f} CPU-seconds "
            f"({seconds / few_seconds / 4:.2f} of linear), memory grows by {grown:,.0f} bytes a document"
        )


def main() -> None:
    quality_and_speed()
    copies()
    packs()
    peers_in_memory()
    scale()
