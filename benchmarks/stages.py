"""Each stage alone, in one process."""

from __future__ import annotations

import functools
import io
import json

import datasketch
import ftfy
import pyarrow as pa
import pyarrow.parquet as pq
import rensa
from lxml import etree

from benchmarks.clock import cpu_seconds, line
from benchmarks.corpora import CORPORA, sections
from colophon.filters import Batch, Clean, all_filters, signatures, tokenize
from colophon.filters.formats import FORMATS
from colophon.filters.formats.reading import read_stream
from colophon.schemas import ReadOptions


def _read_all(name: str, files: list[bytes]) -> None:
    for content in files:
        for _ in read_stream(io.BytesIO(content), "", ReadOptions(), FORMATS[name]):
            pass


def _bare_lxml(files: list[bytes]) -> None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    for content in files:
        "".join(etree.fromstring(content, parser).itertext())


def _json_module(files: list[bytes]) -> None:
    for row in files[0].splitlines():
        json.loads(row)


def reading() -> None:
    """Readers, each against the bare parser or library below it."""
    limits = {"jats": ("bare lxml", _bare_lxml), "jsonl": ("json", _json_module)}
    for name, folder, pattern in (
        ("jats", "jats", "*.xml"),
        ("html", "html_web_cc", "*.html"),
        ("markdown", "markdown", "*.md"),
        ("text", "langid/udhr", "*.txt"),
        ("jsonl", "dedup", "corpus.jsonl"),
    ):
        files = [path.read_bytes() for path in sorted((CORPORA / folder).rglob(pattern))]
        size = sum(map(len, files))
        times = 1 if name == "html" else 3
        ours = cpu_seconds(functools.partial(_read_all, name, files), times)
        if name in limits:
            peer, call = limits[name]
            line(
                f"read {name}, {len(files)} files",
                size,
                ours,
                peer,
                cpu_seconds(functools.partial(call, files)),
            )
        else:
            line(f"read {name}, {len(files)} files", size, ours)


def text() -> None:
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


def main() -> None:
    reading()
    text()
