"""Each stage behind reading alone, in one process."""

from __future__ import annotations

import io

import datasketch
import ftfy
import pyarrow as pa
import pyarrow.parquet as pq
import rensa

from benchmarks.clock import cpu_seconds, line
from benchmarks.corpora import sections
from colophon.filters import Batch, Clean, all_filters, signatures, tokenize


def main() -> None:
    """Cleaning, tokens, filters and signatures over the sections of papers."""
    texts = [section["text"] for section in sections()]
    size = sum(len(one.encode()) for one in texts)
    clean = Clean()
    config = ftfy.TextFixerConfig(uncurl_quotes=False, unescape_html=False)
    some = texts[:100]
    fixed = cpu_seconds(lambda: [ftfy.fix_text(one, config) for one in some], 1)
    fixed *= size / sum(len(one.encode()) for one in some)
    line("clean", size, cpu_seconds(lambda: [clean(one) for one in texts]), "ftfy alone", fixed)
    line("tokenize", size, cpu_seconds(lambda: tokenize(texts)))
    batch = Batch(texts)
    _ = batch.tokens
    for name, filter_class in all_filters().items():
        one = filter_class()
        line(f"filter {name}", size, cpu_seconds(lambda one=one: batch.scores.update(one.annotate(batch))))
    ours = cpu_seconds(lambda: signatures(tokenize(texts), 5, 128))
    shingled = [
        {" ".join(words[i : i + 5]) for i in range(len(words) - 4)}
        for words in (one.lower().split() for one in texts)
    ]
    part = 60

    def with_datasketch() -> None:
        for shingles in shingled[:part]:
            datasketch.MinHash(128, scheme="affine32").update_batch(
                [shingle.encode() for shingle in shingles]
            )

    def with_rensa() -> None:
        for shingles in shingled:
            rensa.RMinHash(128, 1).update(list(shingles))

    theirs = cpu_seconds(with_datasketch, 1) * size / sum(len(one.encode()) for one in texts[:part])
    line("tokenize and sign, 128", size, ours, "datasketch, shingles given", theirs)
    line("tokenize and sign, 128", size, ours, "rensa, shingles given", cpu_seconds(with_rensa, 1))
    table = pa.table({"text": texts})

    def parquet() -> None:
        pq.write_table(table, io.BytesIO(), compression="zstd")

    line("limit: Parquet, zstd", size, cpu_seconds(parquet))
