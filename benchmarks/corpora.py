"""Where the text comes from, and more of it by seeded edits."""

from __future__ import annotations

import json
import os
import random
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CORPORA = Path(os.environ.get("COLOPHON_CORPORA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def sections() -> list[dict[str, str]]:
    """The real sections of papers with their known edited copies."""
    with (CORPORA / "dedup" / "corpus.jsonl").open() as lines:
        return [json.loads(line) for line in lines]


def edited(times: int, share: float = 0.35, copies: float = 0.1, seed: int = 7) -> Iterator[dict[str, str]]:
    """The corpus `times` over.

    In every round after the first each section has `share` of its words replaced by others of the corpus, so
    that it is a document of its own; except that `copies` of them have one word in a hundred replaced, so
    that they are near-duplicates.
    """
    base = sections()
    vocabulary = sorted({word for section in base[:200] for word in section["text"].split()})
    rng = random.Random(seed)
    for turn in range(times):
        for section in base:
            words = section["text"].split(" ")
            if turn:
                part = 0.01 if rng.random() < copies else share
                for at in rng.sample(range(len(words)), int(len(words) * part)):
                    words[at] = rng.choice(vocabulary)
            yield {"id": f"{section['id']}-{turn}", "text": " ".join(words)}


def write_edited(path: Path, times: int) -> tuple[int, int]:
    """Write `edited` as JSON Lines; documents and bytes."""
    return write_lines(path, edited(times))


@cache
def _common_words() -> tuple[list[str], np.ndarray]:
    """Invented words, and a long row of their numbers in which a word stands as often as its rank says (Zipf)."""
    rng = np.random.default_rng(11)
    syllables = [a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "er", "ol")]
    words = ["".join(rng.choice(syllables, int(rng.integers(1, 5)))) for _ in range(30_000)]
    weights = 1 / np.arange(10, len(words) + 10)
    return words, rng.choice(len(words), 1 << 22, p=weights / weights.sum())


def _mixed(number: int, use: int) -> int:
    """A number in which every bit of both has a part (splitmix64); seeding a generator takes ten times as long."""
    x = (number * 0x9E3779B97F4A7C15 + use * 0xD6E8FEB86659FD93) & 0xFFFFFFFFFFFFFFFF
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return x ^ (x >> 31)


def invented(documents: int, copies: int = 10) -> Iterator[dict[str, str]]:
    """Documents of invented words, about 2 kB each; the first n are the same however many are asked for.

    The last of every row of `copies` is an earlier one with one word in a hundred replaced; every third ends in a
    sentence that many have.
    """
    words, row = _common_words()
    ends = [" ".join(words[at] for at in row[20 * n : 20 * n + 20]) for n in range(50)]
    for number in range(documents):
        original = number
        if number % copies == copies - 1:
            original = _mixed(number, 0) % number
            original -= original % copies == copies - 1  # no copies of copies
        # A walk along the row in even steps, so that no two documents share five words but by chance.
        length = 210 + _mixed(original, 1) % 150
        step = _mixed(original, 2) | 1
        at = (_mixed(original, 3) + step * np.arange(length, dtype=np.uint64)) % np.uint64(len(row))
        chosen = [words[one] for one in row[at].tolist()]
        if original != number:
            for turn in range(length // 100):
                chosen[_mixed(number, 4 + turn) % length] = words[_mixed(number, 8 + turn) % len(words)]
        if original % 3 == 0:
            chosen.append(f"and {ends[original % len(ends)]}.")
        yield {"id": str(number), "text": " ".join(chosen)}


def write_lines(path: Path, documents: Iterable[dict[str, str]]) -> tuple[int, int]:
    """Write documents as JSON Lines; how many, and their bytes."""
    n = 0
    with path.open("wb") as stream:
        for document in documents:
            stream.write(orjson.dumps(document) + b"\n")
            n += 1
    return n, path.stat().st_size
