"""Where the text comes from, and more of it by seeded edits."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    n = 0
    with path.open("w") as stream:
        for document in edited(times):
            stream.write(json.dumps(document, ensure_ascii=False) + "\n")
            n += 1
    return n, path.stat().st_size
