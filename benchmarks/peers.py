"""Other programs that look for near-duplicates, each as its own documentation says, in a process of its own.

Run by `benchmarks.duplicates` as ``PYTHON peers.py NAME CORPUS``, so it needs nothing of ours: the interpreter may be that of another
environment. CORPUS is JSON Lines with ``id`` and ``text``. The answer is a line of JSON: ids removed, CPU-seconds, bytes of peak memory
on top of what was taken before the first text was looked at.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

THRESHOLD = 0.8
PERMUTATIONS = 128


def shingled(text: str) -> set[str]:
    """Sequences of five words in lower case, by which the similarity of two texts is defined here; of fewer words all of them."""
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[i : i + 5]) for i in range(max(1, len(words) - 4))}


def documents(corpus: Path) -> tuple[list[str], list[str]]:
    """Ids and texts."""
    with corpus.open() as lines:
        rows = [json.loads(line) for line in lines]
    return [row["id"] for row in rows], [row["text"] for row in rows]


def datasketch(corpus: Path) -> list[str]:
    """`MinHashLSH`, a document at a time; who has a neighbour in the index goes."""
    import datasketch

    names, texts = documents(corpus)
    index = datasketch.MinHashLSH(THRESHOLD, PERMUTATIONS)
    gone = []
    for name, text in zip(names, texts, strict=True):
        signature = datasketch.MinHash(PERMUTATIONS, scheme="affine32")
        signature.update_batch([shingle.encode() for shingle in shingled(text)])
        if index.query(signature):
            gone.append(name)
        else:
            index.insert(name, signature)
    return gone


def rensa(corpus: Path) -> list[str]:
    """`RMinHashLSH` of 16 bands, likewise; a candidate counts if its signature says so too."""
    import rensa

    names, texts = documents(corpus)
    index = rensa.RMinHashLSH(THRESHOLD, PERMUTATIONS, 16)
    kept, gone = {}, []
    for number, text in enumerate(texts):
        signature = rensa.RMinHash(PERMUTATIONS, 1)
        signature.update(list(shingled(text)))
        if any(signature.jaccard(kept[other]) >= THRESHOLD for other in index.query(signature)):
            gone.append(names[number])
        else:
            index.insert(number, signature)
            kept[number] = signature
    return gone


def datatrove(corpus: Path) -> list[str]:
    """Its four steps, 14 buckets of 8, in this process."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    config = MinhashConfig()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        shutil.copy(corpus, folder / "in")

        def reader() -> JsonlReader:
            return JsonlReader(str(folder / "in"))

        removed = JsonlWriter(str(folder / "removed"), compression=None)
        steps = [
            [reader(), MinhashDedupSignature(str(folder / "signatures"), config=config)],
            [MinhashDedupBuckets(str(folder / "signatures"), str(folder / "buckets"), config=config)],
            [MinhashDedupCluster(str(folder / "buckets"), str(folder / "gone"), config=config)],
            [
                reader(),
                MinhashDedupFilter(str(folder / "gone"), exclusion_writer=removed),
                JsonlWriter(str(folder / "kept"), compression=None),
            ],
        ]
        for number, pipeline in enumerate(steps):
            LocalPipelineExecutor(
                pipeline,
                tasks=config.num_buckets if number == 1 else 1,
                workers=1,
                logging_dir=str(folder / f"logs{number}"),
            ).run()
        return [name for path in (folder / "removed").iterdir() for name in documents(path)[0]]


PEERS: dict[str, Callable[[Path], list[str]]] = {
    "datasketch": datasketch,
    "rensa": rensa,
    "datatrove": datatrove,
}


def _cpu_seconds() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _peak_bytes() -> int:
    # What getrusage tells begins with the memory of the process that started this one.
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])


def measured(call: Callable[[Path], list[str]], corpus: Path) -> dict[str, object]:
    """What it removes, and what it uses once it has compiled and loaded what it does once."""
    with tempfile.TemporaryDirectory() as name:
        few = Path(name) / "few.jsonl"
        with corpus.open() as lines:
            few.write_text("".join(line for line, _ in zip(lines, range(50), strict=False)))
        call(few)
    before, began = _peak_bytes(), _cpu_seconds()
    gone = call(corpus)
    return {"gone": gone, "cpu_seconds": _cpu_seconds() - began, "grown_bytes": _peak_bytes() - before}


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file, in which a name may stand for another's
    answer = os.dup(1)
    os.dup2(2, 1)  # what a peer prints is no answer
    told = json.dumps(measured(PEERS[sys.argv[1]], Path(sys.argv[2])))
    os.write(answer, told.encode())
