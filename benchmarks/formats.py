"""Readers, each against the bare parser or library below it, turn by turn in a process of its own."""

from __future__ import annotations

import io
import multiprocessing
import resource
import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pypdfium2
import trafilatura
from fastwarc.warc import ArchiveIterator
from lxml import etree

from benchmarks.corpora import CORPORA, sections
from colophon.filters.formats import FORMATS
from colophon.filters.formats.reading import read_stream
from colophon.filters.formats.warc import Warc
from colophon.schemas import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_SECONDS = 20.0
_TURNS = 5


@dataclass
class Case:
    """What is read, and by whom else.

    Attributes:
        files: Below the corpora.
        counted: What is counted beside bytes, for example ``pages``.
        count: How many of them a file has.
        read: Reads a file with Colophon, if not as a run does.
        peer: Name of the other.
        call: Reads a file with it.
        pack: Makes one file of the files, if the format is none that they are in.
    """

    files: str
    counted: str = "files"
    count: Callable[[bytes], int] = lambda _: 1
    read: Callable[[str, bytes], None] | None = None
    peer: str = ""
    call: Callable[[bytes], object] | None = None
    pack: Callable[[list[bytes]], bytes] | None = None


def _read(name: str, content: bytes) -> None:
    for _ in read_stream(io.BytesIO(content), "", ReadOptions(), FORMATS[name]):
        pass


def _lxml(content: bytes) -> None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    "".join(etree.fromstring(content, parser).itertext())


def _pdfium(content: bytes) -> None:
    with pypdfium2.PdfDocument(content) as file:
        for page in file:
            page.get_textpage().get_text_range()


def _pages(content: bytes) -> int:
    with pypdfium2.PdfDocument(content) as file:
        return len(file)


def _trafilatura(content: bytes) -> None:
    trafilatura.extract(content, fast=True, include_comments=False)


def _fastwarc(content: bytes) -> None:
    for record in ArchiveIterator(io.BytesIO(content), parse_http=False):
        record.reader.read()


def _records(content: bytes) -> int:
    return sum(1 for _ in Warc().records(io.BytesIO(content), ReadOptions()))


def _web_archive(pages: list[bytes]) -> bytes:
    """Some pages as an archive that is not compressed, so that its bytes are the records' own."""
    head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://%d.example/\r\nContent-Length: %d\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    return b"".join(
        head % (n, len(answer + page)) + answer + page + b"\r\n\r\n" for n, page in enumerate(pages * 20)
    )


def _orjson(content: bytes) -> None:
    for row in content.splitlines():
        orjson.loads(row)


def _table(_: list[bytes]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(sections()), sink, compression="zstd")
    return sink.getvalue()


def _pyarrow(content: bytes) -> None:
    for batch in pq.ParquetFile(io.BytesIO(content)).iter_batches(64, use_threads=False):
        batch.to_pylist()


def _rows(content: bytes) -> int:
    rows: int = pq.ParquetFile(io.BytesIO(content)).metadata.num_rows
    return rows


CASES = {
    "jats": Case("jats/**/*.xml", "articles", peer="lxml, fromstring and itertext", call=_lxml),
    "tei": Case("tei/**/*.xml", peer="lxml, fromstring and itertext", call=_lxml),
    "latex": Case("latex/**/*.tex"),
    "pdf": Case("pdf_jats/**/*.pdf", "pages", _pages, peer="pypdfium2, get_text_range", call=_pdfium),
    "html": Case("html_web_cc/*.html", "pages", peer="trafilatura, fast", call=_trafilatura),
    "warc": Case(
        "html_web_cc/*.html",
        "records",
        _records,
        lambda _, content: (_records(content), None)[1],
        "fastwarc",
        _fastwarc,
        _web_archive,
    ),
    "jsonl": Case(
        "dedup/corpus.jsonl", "lines", lambda content: content.count(b"\n"), peer="orjson", call=_orjson
    ),
    "parquet": Case(
        "dedup/corpus.jsonl", "rows", _rows, peer="pyarrow, to_pylist", call=_pyarrow, pack=_table
    ),
    "markdown": Case("markdown/**/*.md"),
    "text": Case("langid/udhr/*.txt"),
}


def _least(calls: list[Callable[[], object]]) -> list[float]:
    """The least CPU-seconds of each of some calls, made in turn, so that all meet the same other load."""
    best = [float("inf")] * len(calls)
    end = time.monotonic() + _MOST_SECONDS
    for turn in range(_TURNS):
        if turn and time.monotonic() > end:
            break
        for index, call in enumerate(calls):
            began = time.process_time()
            call()
            best[index] = min(best[index], time.process_time() - began)
    return best


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _measure(name: str) -> str:
    warnings.simplefilter("ignore")
    case = CASES[name]
    files = [path.read_bytes() for path in sorted(CORPORA.glob(case.files))]
    if case.pack is not None:
        files = [case.pack(files)]
    size = sum(map(len, files))
    count = sum(map(case.count, files))
    read = case.read or _read
    # What is imported and cached with the first file is no memory of the others.
    read(name, files[0])
    before = _peak()

    def ours() -> None:
        for content in files:
            read(name, content)

    ours()
    grown = _peak() - before
    calls: list[Callable[[], object]] = [ours]
    call = case.call
    if call is not None:
        calls.append(lambda: [call(content) for content in files])
    seconds = _least(calls)
    ratio = f"{seconds[1] / seconds[0]:6.2f} x {case.peer}" if call is not None else ""
    return (
        f"{name:<9}{size / seconds[0] / 1e6:8.2f} MB/s/core {count / seconds[0]:9.0f} {case.counted}/s"
        f" {_peak() / 1e6:5.0f} MB peak, {grown / 1e6:3.0f} MB of it for {size / 1e6:5.1f} MB {ratio}"
    )


def main() -> None:
    context = multiprocessing.get_context("spawn")
    for name in CASES:
        # A process each, for the peak of memory is the process's.
        with context.Pool(1) as pool:
            print(pool.apply(_measure, (name,)), flush=True)
