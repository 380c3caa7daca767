"""Run the benchmarks: ``python -m benchmarks [NAME…] [OPTION…]``; a benchmark says which options it takes.

Rates are bytes of input text per CPU-second of one core; memory is the peak of a process.
"""

from __future__ import annotations

import itertools
import sys

from benchmarks import (
    bias,
    dataset,
    duplicates,
    formats,
    language,
    memory,
    overhead,
    privacy,
    proofs,
    quality,
    review,
    scale,
    stages,
    works,
)
from benchmarks.corpora import CORPORA

ALL = {
    "formats": formats.main,
    "stages": stages.main,
    "language": language.main,
    "privacy": privacy.main,
    "quality": quality.main,
    "duplicates": duplicates.main,
    "works": works.main,
    "bias": bias.main,
    "dataset": dataset.main,
    "overhead": overhead.main,
    "memory": memory.main,
    "scale": scale.main,
    "proofs": proofs.main,
    "review": review.main,
}


def main() -> None:
    if not CORPORA.is_dir():
        print(f"no benchmark was run: {CORPORA} is absent; name the corpora in COLOPHON_CORPORA")
        return
    names = list(itertools.takewhile(lambda word: not word.startswith("-"), sys.argv[1:]))
    unknown = [name for name in names if name not in ALL]
    if unknown:
        sys.exit(f"there is no benchmark {unknown[0]!r}; there are {', '.join(ALL)}")
    for name in names or ALL:
        print(f"\n== {name}", flush=True)
        ALL[name]()


if __name__ == "__main__":
    main()
