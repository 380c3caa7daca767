from __future__ import annotations

import gzip
import io
import random
from typing import Any, ClassVar

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.formats import FORMATS, PlainText
from colophon.filters.formats.reading import read_stream
from colophon.schemas import Document, ReadOptions, Unreadable

_LINES = b"".join(orjson.dumps({"text": f"Ants sleep {number} times."}) + b"\n" for number in range(5000))


class Pipe(io.RawIOBase):
    """A stream that can only be read, a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self.data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        return self.data.readinto(memoryview(buffer)[:1000])


def read(data, name="ants.txt", format=None, isolate=None, **options: Any):  # noqa: A002
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    return list(read_stream(stream, name, ReadOptions(**options), format, isolate))


def zstd(data):
    return zstandard.ZstdCompressor().compress(data)


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstd])
@pytest.mark.parametrize("stream", [io.BytesIO, Pipe])
def test_every_way_to_the_same_documents(compress, stream):
    assert [item.text for item in read(stream(compress(b"Ants sleep.")))] == ["Ants sleep."]
    documents = read(stream(compress(_LINES)), "ants.jsonl")
    assert len(documents) == 5000
    assert documents == list(FORMATS["jsonl"].read(io.BytesIO(_LINES), ReadOptions()))
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["a", "b"]}), sink)
    assert [item.text for item in read(stream(compress(sink.getvalue())), "x")] == ["a", "b"]


def test_parts_of_a_file():
    half = len(_LINES) // 2
    assert read(_LINES, "a.jsonl", end=half) + read(_LINES, "a.jsonl", start=half) == read(_LINES, "a.jsonl")
    # The format of a part is told by the beginning of the file.
    assert read(_LINES, "a.txt", start=half)[0].media_type == "application/jsonl"
    # A part that no line starts in is read, and empty.
    assert read(_LINES, "a.jsonl", start=1, end=2) == []


def test_a_compressed_file_has_no_parts():
    packed = gzip.compress(_LINES)
    assert read(packed, "a.jsonl", start=10) == []
    assert read(packed, "a.jsonl", end=10) == read(_LINES, "a.jsonl")


@pytest.mark.parametrize("compress", [gzip.compress, zstd])
def test_documents_before_the_damage_stay(compress):
    items = read(compress(_LINES)[:-100], "ants.jsonl")
    assert items[-1].reason == "truncated"
    assert items[-1].detail.startswith("the compressed file ends at byte ")
    assert len(items) > 3000
    assert items[:-1] == read(_LINES, "ants.jsonl")[: len(items) - 1]


def test_a_truncated_document_is_not_half_read():
    data = gzip.compress(random.Random(3).randbytes(50_000).hex().encode())[:-1000]
    (fault,) = read(data, "ants.txt")
    assert fault.reason == "truncated"
    (fault,) = read(data, "ants.xml", FORMATS["jats"])
    assert fault.reason == "truncated"


def test_bombs():
    bomb = gzip.compress(bytes(80 * 2**20), 9)
    (fault,) = read(bomb, "ants.txt", max_document_bytes=2**30)
    assert fault.reason == "decompression_bomb"
    (fault,) = read(bomb, "ants.txt", max_document_bytes=2**20)
    assert fault.reason == "too_large"
    assert read(bomb, "ants.jsonl")[-1].reason == "decompression_bomb"


def test_compressed_twice():
    (fault,) = read(gzip.compress(zstd(b"Ants")), "ants.txt.zst.gz")
    assert fault.reason == "nested_compression"


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "ants.txt", "empty_file"),
        (b"", "ants.parquet", "empty_file"),
        (gzip.compress(b"", mtime=0), "ants.txt.gz", "empty_file"),
        (b" \n ", "ants.md", "empty_file"),
        (b"\n\n \n", "ants.jsonl", "no_documents"),
        (b"Ants", "ants.docx", "unknown_format"),
        (b"\0\1\2", "", "unknown_format"),
        (b"\0\1\2" * 99, "ants.txt", "binary_data"),
        (b"%PDF-1.7\n", "ants.txt", "damaged_pdf"),
        (b"\xd0\xff\xd0\xfe" * 30, "ants.txt", None),
        (b"PAR1", "ants.txt", "not_parquet"),
        (b"\x1f\x8b\x08", "ants.txt", "truncated"),
        (b"\x1f\x8b\x08" + bytes([255] * 50), "ants.txt", "corrupt_compression"),
        (b"\x28\xb5\x2f\xfd" + bytes([255] * 50), "ants.txt", "corrupt_compression"),
        (b"<html>" + b"<div>" * 100_000, "ants.html", "too_deeply_nested"),
    ],
)
def test_every_file_answers(data, name, reason):
    items = read(data, name)
    assert len(items) == 1
    if reason:
        assert items[0].reason == reason


class Faulty(PlainText):
    name: ClassVar[str] = "faulty"
    error: ClassVar[Exception] = RuntimeError("went wrong\nin many lines")

    def read(self, stream, options):  # noqa: ARG002 - the protocol's signature
        yield Document("before")
        raise self.error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("went wrong\nin many lines"), Unreadable("reader_failed", "RuntimeError: went wrong")),
        (KeyError(), Unreadable("reader_failed", "KeyError:")),
        (RecursionError("x"), Unreadable("reader_failed", "RecursionError: x")),
        (OSError("Arrow says so"), Unreadable("reader_failed", "OSError: Arrow says so")),
        (
            OSError(5, "Input/output error"),
            Unreadable("input_output_error", "OSError: [Errno 5] Input/output error"),
        ),
    ],
)
def test_a_reader_that_fails(error, expected, monkeypatch):
    monkeypatch.setattr(Faulty, "error", error)
    assert read(b"x", format=Faulty()) == [Document("before"), expected]


def test_isolated_formats_are_handed_over_whole():
    calls = []

    def isolate(form, data, options) -> list[Document | Unreadable]:
        calls.append((form.name, data, options.max_document_bytes))
        return [Document("from the child")]

    page = b"<html>" + b"<p>Ants sleep." * 1000
    assert read(gzip.compress(page), "a", isolate=isolate, max_document_bytes=10**6) == [
        Document("from the child")
    ]
    assert calls == [("html", page, 10**6)]
    assert read(page, "a", isolate=isolate, max_document_bytes=100)[0].reason == "too_large"
    assert read(b"Ants", "a.txt", isolate=isolate)[0].text == "Ants"
    assert len(calls) == 1


@given(
    st.binary(max_size=200),
    st.sampled_from(["a.txt", "a.md", "a.html", "a.xml", "a.jsonl", "a.parquet", "a", "\n\0/.gz"]),
    st.booleans(),
)
def test_any_bytes_under_any_name(data, name, packed):
    items = read(gzip.compress(data) if packed else data, name)
    assert items
    assert all(
        isinstance(item, Document) or (item.reason and item.reason != "reader_failed") for item in items
    )
