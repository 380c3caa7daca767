"""Feeds damaged files to the readers, which must answer: ``python tests/fuzz.py FORMAT --seconds N --seed S``.

Real files (those of COLOPHON_CORPORA where it is set or present, and our own) are damaged in their bytes and in what
stands in them (tags, quotes, numbers, lines), and read in a child process. A finding is an answer that no file may
get: an exception, a crash, more than ten seconds or two gigabytes, nothing at all, or a document that could not be
written. It is made smaller and, if it comes from our own files, kept in ``tests/golden/fuzz``.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import random
import re
import sys
import tarfile
import tempfile
import time
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from pdf_pages import Put, column, pdf

from colophon.filters.formats import formats
from colophon.filters.formats.reading import read_stream
from colophon.pipelines.isolation import Isolated
from colophon.schemas import Document, ReadOptions, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from colophon.filters.formats.registry import Format

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "tests" / "golden" / "fuzz"
CORPORA = Path(os.environ.get("COLOPHON_CORPORA", ROOT.parent / "shared" / "data"))

SECONDS = 10.0
"""How long one input may take."""

# No file may be answered so.
_FAILURES = frozenset(
    {"reader_failed", "parser_crashed", "timed_out", "memory_exceeded", "input_output_error"}
)

# Larger seeds would cost time and show nothing else.
_LARGEST = 2**18
_MOST_FILES = 120

_OWN = {
    "html": ("examples/corpus/web/*.html",),
    "jats": ("tests/golden/jats/*.xml", "examples/corpus/papers/*.xml"),
    "jsonl": ("examples/corpus/records/*.jsonl*",),
    "latex": ("tests/golden/latex/*.tex",),
    "markdown": ("examples/corpus/notes/*.md", "docs/*.md", "README.md"),
    "parquet": ("examples/corpus/records/*.parquet",),
    "tei": ("tests/golden/tei/*.xml",),
    "text": ("examples/corpus/notes/*.txt", "tests/golden/text/*.txt", "examples/corpus/records/*.txt.*"),
}
_REAL = {
    "csv": ("bias/*.csv", "**/*.csv"),
    "html": ("html_sci/*.html", "html_web_cc/*.html"),
    "jats": ("jats/**/*.xml",),
    "json": ("bias/**/*.json", "pii/*.json"),
    "jsonl": ("bench/*.jsonl*", "webtext/*.jsonl.gz", "quality/*.jsonl"),
    "latex": ("latex/**/*.tex",),
    "markdown": ("markdown/**/*.md",),
    "pdf": ("pdf_jats/**/*.pdf",),
    "tei": ("tei/**/*.xml",),
    "text": ("langid/udhr/*.txt",),
    "warc": ("warc/**/*arc*",),
}

# What a file of each kind is made of: pieces that can be left out, doubled, exchanged, and nested.
_PIECES = {
    "markup": re.compile(rb"<[^<>]{0,500}>|&[#\w]{1,20};|[^<&]+|."),
    "json": re.compile(rb'"(?:\\.|[^"\\]){0,2000}"|[-+.\w]+|\s+|.', re.DOTALL),
    "tex": re.compile(rb"\\(?:[A-Za-z]+\*?|.)|[{}$%&#^_~]|[^\\{}$%&#^_~]+", re.DOTALL),
    "pdf": re.compile(rb"\d+ \d+ obj\b|endobj|stream\r?\n|endstream|/\w+|<<|>>|\d+|\s+|.", re.DOTALL),
    "lines": re.compile(rb"[^\n]*\n?"),
    "words": re.compile(rb"\w+|\W"),
}
_MADE_OF = {
    "csv": ("lines", "words"),
    "html": ("markup", "lines"),
    "jats": ("markup",),
    "json": ("json",),
    "jsonl": ("lines", "json"),
    "latex": ("tex", "lines"),
    "markdown": ("lines", "words", "markup"),
    "pdf": ("pdf", "lines"),
    "tei": ("markup",),
    "text": ("lines", "words"),
    "warc": ("lines", "words"),
}
_TELLING = (
    *(
        b"",
        b"\0",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b'"',
        b"'",
        b"<",
        b">",
        b"&",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b"$",
    ),
    *(
        b"-1",
        b"0",
        b"1",
        b"255",
        b"65536",
        b"2147483648",
        b"4294967295",
        b"99999999999999999999",
        b"1e999",
        b"NaN",
    ),
    *(
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xc0\x80",
        b"\xe2\x80\xae",
    ),
    *(
        b"\\ud800",
        b"&#xD800;",
        b"&#0;",
        b"&#x110000;",
        b"]]>",
        b"<![CDATA[",
        b"<!--",
        b"-->",
        b"<?",
        b"<!DOCTYPE",
    ),
    *(
        b"$$",
        b"\\begin{",
        b"\\end{",
        b"\\input{a}",
        b"\\def\\a{\\a}",
        b"---\n",
        b"```\n",
        b"\x1b$B",
        b"\xff" * 8,
    ),
)


class Finding(NamedTuple):
    """An input that was not answered as it should be."""

    fault: str
    data: bytes
    own: bool


def _example(number: int = 0) -> dict[str, object]:
    return {
        "id": f"n{number}",
        "text": "Ants of the heath sleep in turns.\nNo nest is ever at rest. " * (1 + number % 3),
        "title": f"Ants {number}",
        "year": 1990 + number,
        "tags": ["heath", "sleep"],
    }


def _warc() -> bytes:
    records = b""
    for path in sorted(ROOT.glob(_OWN["html"][0])):
        body = path.read_bytes()
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (
            len(body),
            body,
        )
        head = (
            b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://ants.example/%s\r\n"
            b"WARC-Date: 2020-05-17T01:02:03Z\r\nWARC-Record-ID: <urn:uuid:1>\r\nContent-Length: %d\r\n\r\n"
        ) % (path.name.encode(), len(block))
        records += head + block + b"\r\n\r\n"
    return records


def _members() -> list[Path]:
    return [
        path for patterns in _OWN.values() for pattern in patterns for path in sorted(ROOT.glob(pattern))[:2]
    ]


def _zip() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _members():
            info = zipfile.ZipInfo(path.name)
            archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def _tar() -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in _members():
            info = tarfile.TarInfo(f"{'long/' * 40}{path.name}")
            info.size = path.stat().st_size
            archive.addfile(info, io.BytesIO(path.read_bytes()))
    return sink.getvalue()


def _table() -> pa.Table:
    return pa.Table.from_pylist([_example(number) for number in range(20)])


def _written(write: Callable[[io.BytesIO], object]) -> bytes:
    sink = io.BytesIO()
    write(sink)
    return sink.getvalue()


def _arrow(new: Callable[..., pa.RecordBatchWriter]) -> bytes:
    def write(sink: io.BytesIO) -> None:
        with new(sink, _table().schema) as writer:
            writer.write_table(_table(), max_chunksize=7)

    return _written(write)


def _pages() -> bytes:
    lines = [
        "Ants of the heath sleep in turns, some by day and some",
        "by night, and no nest is ever at rest.",
    ] * 8
    page = [Put(60, 740, "On ants", 18, bold=True), *column(60, 700, lines), Put(300, 20, "1")]
    return pdf(page, column(60, 700, ["References", "1. Berg A. Ants. 1999."]), info={"Title": "On ants"})


_MADE: dict[str, Callable[[], list[bytes]]] = {
    "arrow": lambda: [_arrow(pa.ipc.new_file), _arrow(pa.ipc.new_stream)],
    "csv": lambda: [_written(lambda sink: pyarrow.csv.write_csv(_table().drop_columns(["tags"]), sink))],
    "json": lambda: [json.dumps([_example(number) for number in range(9)], indent=1).encode()],
    "parquet": lambda: [_written(lambda sink: pq.write_table(_table(), sink, row_group_size=7))],
    "pdf": lambda: [_pages()],
    "tar": lambda: [_tar(), gzip.compress(_tar(), mtime=0)],
    "warc": lambda: [_warc(), gzip.compress(_warc(), mtime=0)],
    "zip": lambda: [_zip()],
}


@cache
def own_seeds(name: str) -> tuple[bytes, ...]:
    """Files of our own in one format."""
    paths = [path for pattern in _OWN.get(name, ()) for path in sorted(ROOT.glob(pattern))]
    made = _MADE[name]() if name in _MADE else []
    return (*(path.read_bytes() for path in paths), *made)


@cache
def real_seeds(name: str) -> tuple[bytes, ...]:
    """Real files in one format, none if there are none."""
    paths = {path for pattern in _REAL.get(name, ()) for path in CORPORA.glob(pattern) if path.is_file()}
    return tuple(
        path.read_bytes()[:_LARGEST] if name in {"jsonl", "text"} else path.read_bytes()
        for path in sorted(paths)[:: max(1, len(paths) // _MOST_FILES)]
        if path.stat().st_size <= _LARGEST * (4 if name == "pdf" else 1)
    )


def _cut(chance: random.Random, size: int) -> tuple[int, int]:
    start = chance.randrange(size + 1)
    return start, min(size, start + int(chance.expovariate(1 / 20)) + 1)


def _number(chance: random.Random) -> bytes:
    """A number as binary formats write it."""
    width = chance.choice((1, 2, 4, 8))
    value = chance.choice((0, 1, 2**7, 2**15, 2**31, 2**32, 2**63)) - chance.randrange(2)
    return (value % 2 ** (8 * width)).to_bytes(width, chance.choice(("little", "big")))


def _bytewise(data: bytes, other: bytes, chance: random.Random) -> bytes:
    start, end = _cut(chance, len(data))
    begin, finish = _cut(chance, len(other))
    piece = data[start:end]
    match chance.randrange(8):
        case 0:
            piece = bytes(c ^ (1 << chance.randrange(8)) for c in piece)
        case 1:
            piece = b""
        case 2:
            piece = chance.randbytes(len(piece))
        case 3:
            piece *= chance.choice((2, 3, 100))
        case 4:
            piece, end = b"", len(data)
        case 5:
            piece = _number(chance)
            end = start + len(piece)
        case 6:
            piece = other[begin : finish + 200]
        case _:
            piece = chance.choice(_TELLING)
    return data[:start] + piece + data[end:]


def _structural(data: bytes, other: bytes, pieces: re.Pattern[bytes], chance: random.Random) -> bytes:
    parts = [part for part in pieces.findall(data) if part]
    if not parts:
        return data
    at, to = sorted(chance.randrange(len(parts)) for _ in range(2))
    near = min(len(parts), at + chance.randrange(1, 6))
    match chance.randrange(8):
        case 0:
            del parts[at:near]
        case 1:
            parts[at:near] = parts[at:near] * chance.choice((2, 3, 50, 1000))
        case 2:
            parts[at], parts[to] = parts[to], parts[at]
        case 3:
            parts[at:at] = parts[to : to + 5]
        case 4:
            parts[at] = chance.choice(_TELLING)
        case 5:
            parts[at] = re.sub(rb"\d+", chance.choice(_TELLING).replace(b"\\", rb"\\"), parts[at])
        case 6:
            foreign = [part for part in pieces.findall(other[:20_000]) if part]
            begin = chance.randrange(len(foreign)) if foreign else 0
            parts[at:at] = foreign[begin : begin + chance.randrange(1, 30)]
        case _:
            # One within the other, as often as files of this size allow.
            parts[at:to] = [parts[at]] * chance.choice((5, 80, 300)) + parts[at:to]
    return b"".join(parts)


def damaged(name: str, seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """A damaged copy of one of the seeds."""
    data, other = chance.choice(seeds), chance.choice(seeds)
    packed = data.startswith(b"\x1f\x8b") and chance.random() < 0.7
    if packed:
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError):
            packed = False
    kinds = _MADE_OF.get(name, ())
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        if kinds and chance.random() < 0.6:
            data = _structural(data, other, _PIECES[chance.choice(kinds)], chance)
        else:
            data = _bytewise(data, other, chance)
        data = data[: 8 * _LARGEST]
    return gzip.compress(data, 1, mtime=0) if packed else data


def fault(items: list[Document | Unreadable]) -> str:
    """What is wrong with an answer; empty if nothing is."""
    if not items:
        return "nothing"
    for item in items:
        if isinstance(item, Unreadable):
            if item.reason in _FAILURES:
                return f"{item.reason}: {item.detail}"
            if not item.reason or "\n" in item.detail:
                return f"a reason that is none: {item.reason!r} {item.detail!r}"
        try:
            orjson.dumps(replace(item, digest=None) if isinstance(item, Document) else item)  # type: ignore[arg-type]
        except TypeError as error:
            return f"not JSON: {error}"
    return ""


def answer(child: Isolated, name: str, data: bytes, known: Format | None) -> str:
    """Read an input in a child; what is wrong with the answer, empty if nothing is."""
    suffix = formats()[name].suffixes[0]
    return fault(child.run(read_stream, io.BytesIO(data), f"damaged{suffix}", ReadOptions(), known))


def answers(child: Isolated, name: str, data: bytes) -> str:
    """Likewise, as the format that it was, and as that which it is taken for."""
    return answer(child, name, data, formats()[name]) or answer(child, name, data, None)


def _kind(found: str) -> str:
    """The part of a fault that stays while an input becomes smaller."""
    return re.sub(r"[\d.]+|'.*|\".*", "", found)[:40]


def smaller(child: Isolated, name: str, data: bytes, found: str, seconds: float = 20.0) -> bytes:
    """As much of an input as still has the fault, as far as that is found in some time."""
    end = time.monotonic() + seconds
    size = len(data) // 2
    while size and time.monotonic() < end:
        at = 0
        while at < len(data) and time.monotonic() < end:
            shorter = data[:at] + data[at + size :]
            if _kind(answers(child, name, shorter)) == _kind(found):
                data = shorter
            else:
                at += size
        size //= 2
    return data


def fuzz(name: str, seconds: float, seed: int, *, real: bool = True) -> tuple[int, list[Finding]]:
    """Damage and read files of a format for some time.

    Returns:
        How many inputs were read, and those that were not answered as they should be, one for each kind of fault.
    """
    chance = random.Random(f"{name} {seed}")
    own = own_seeds(name)
    others = real_seeds(name) if real else ()
    findings: dict[str, Finding] = {}
    count = 0
    with Isolated(SECONDS) as child:
        # Who starts the child and imports what it needs is not on the clock.
        child.run(fault, [])
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ours = not others or chance.random() < 0.3
            data = damaged(name, own if ours else others, chance)
            known = formats()[name] if count % 2 else None
            count += 1
            found = answer(child, name, data, known)
            if found and _kind(found) not in findings:
                findings[_kind(found)] = Finding(found, smaller(child, name, data, found), ours)
    return count, list(findings.values())


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("format", choices=sorted(formats()))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    count, findings = fuzz(options.format, options.seconds, options.seed)
    for found in findings:
        folder = KEPT if found.own else Path(tempfile.mkdtemp(prefix="colophon-fuzz-"))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{options.format}-{hashlib.sha256(found.data).hexdigest()[:8]}.bin"
        path.write_bytes(found.data)
        sys.stdout.write(f"{options.format}: {found.fault}\n    {len(found.data):,} bytes in {path}\n")
    sys.stdout.write(f"{options.format}: {count:,} inputs, {len(findings)} kinds of fault\n")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
