"""The rules of quality: speed beside a slow implementation and datatrove's, peak memory, and what they keep and drop."""

from __future__ import annotations

import importlib.util
import json
import resource
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from benchmarks.clock import cpu_seconds, line
from benchmarks.corpora import CORPORA, sections
from colophon.filters import Batch, tokenize
from colophon.filters.quality.counts import count
from colophon.filters.quality.lexicon import find
from colophon.filters.quality.quality import Quality
from colophon.filters.quality.repetition import repeats

if TYPE_CHECKING:
    from collections.abc import Callable

_AT_ONCE = 256
_FEW = 40  # texts for what is slow


def _slow() -> Callable[[str], Any]:
    """The implementation that the tests compare with."""
    path = Path(__file__).resolve().parents[1] / "tests" / "slow_quality.py"
    spec = importlib.util.spec_from_file_location("slow_quality", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    measure: Callable[[str], Any] = module.measure
    return measure


def _annotate(texts: list[str]) -> None:
    for start in range(0, len(texts), _AT_ONCE):
        Quality().annotate(Batch(texts[start : start + _AT_ONCE]))


def speed(texts: list[str]) -> None:
    size = sum(len(text.encode()) for text in texts)
    tokens, counts = tokenize(texts), count(texts)
    parts = {
        "tokenising (shared)": lambda: tokenize(texts),
        "counts of characters, words, lines": lambda: count(texts),
        "words and phrases": lambda: find(tokens, counts),
        "repetition": lambda: repeats(tokens, counts),
    }
    seconds = {name: cpu_seconds(part, 5) for name, part in parts.items()}
    whole = cpu_seconds(lambda: _annotate(texts), 5)
    few = texts[:: len(texts) // _FEW][:_FEW]
    few_size = sum(len(text.encode()) for text in few)
    measure = _slow()
    slow = cpu_seconds(lambda: [measure(text) for text in few], 1) * size / few_size
    line("quality, all rules", size, whole, "slow implementation", slow)
    for name, part in seconds.items():
        print(
            f"  {name:<36}{size / part / 1e6:8.1f} MB/s/core, {part / sum(seconds.values()):4.0%} of the time"
        )
    try:
        datatrove(few, few_size, few_size * whole / size)
    except ImportError as error:
        print(f"datatrove was not compared: {error.name or error} is not installed")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


def datatrove(texts: list[str], size: int, ours: float) -> None:
    """The same families of rules in datatrove, with its defaults."""
    from datatrove.data import Document  # type: ignore[import-not-found]  # noqa: PLC0415  # a peer, rarely installed
    from datatrove.pipeline import filters  # type: ignore[import-not-found]  # noqa: PLC0415  # likewise

    peers = (
        filters.GopherRepetitionFilter(),
        filters.GopherQualityFilter(),
        filters.C4QualityFilter(),
        filters.FineWebQualityFilter(),
    )
    documents = [Document(text, str(number)) for number, text in enumerate(texts)]
    for peer in peers:
        peer.filter(Document(texts[0], ""))
    began = time.process_time()
    for document in documents:
        for peer in peers:
            peer.filter(document)
    theirs = time.process_time() - began
    print(f"datatrove: {size / theirs / 1e6:.2f} MB/s/core, ours {theirs / ours:.0f} times as fast")


def fates(texts: list[str], **settings: Any) -> Counter[str]:
    scores = {"language": pa.array(["en"] * len(texts)), **Quality().annotate(Batch(texts))}
    return Counter(Quality(**settings).decide(scores).reason.tolist())


def kept() -> None:
    pages = [
        json.loads(row) for row in (CORPORA / "quality/dclm_agreement_data.jsonl").read_bytes().splitlines()
    ]
    corpora = {
        "sections of papers": [one["text"] for one in sections() if not one["id"].startswith("dup")],
        "pages judged good": [page["text"] for page in pages if page["label"] == 1],
        "pages judged bad": [page["text"] for page in pages if page["label"] == 0],
    }
    for preset in ("science", "web"):
        for name, texts in corpora.items():
            found = fates(texts, preset=preset)
            reasons = ", ".join(f"{reason} {n}" for reason, n in found.most_common() if reason)
            print(f"{preset:<8}{name:<19}{len(texts):>5} texts, {found[''] / len(texts):.4f} kept; {reasons}")


def main() -> None:
    kept()
    speed([one["text"] for one in sections()])
