from __future__ import annotations

import io

from colophon.filters.formats.plain_text import PlainText
from colophon.schemas import Document, ReadOptions, Unreadable


def read(data, limit=1000):
    (item,) = PlainText().read(io.BytesIO(data), ReadOptions(max_document_bytes=limit))
    return item


def test_text_stays_as_it_is():
    assert read(b"  Ants\r\n\r\nsleep.\n") == Document("  Ants\r\n\r\nsleep.\n", media_type="text/plain")


def test_limit():
    assert isinstance(read(b"a" * 1000), Document)
    fault = read(b"a" * 1001)
    assert isinstance(fault, Unreadable)
    assert (fault.reason, fault.value, fault.threshold) == ("too_large", 1001, 1000)


def test_reads_no_more_than_the_limit():
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0
            self.given += size
            return b"a" * size

    stream = Endless()
    (fault,) = PlainText().read(stream, ReadOptions(max_document_bytes=3_000_000))
    assert fault.reason == "too_large"
    assert stream.given == 3_000_001


def test_short_reads_are_not_the_end():
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            return super().read(min(size, 3))

    (item,) = PlainText().read(Slow(b"Ants sleep in turns."), ReadOptions())
    assert item.text == "Ants sleep in turns."


def test_empty_and_binary():
    assert read(b"").reason == "empty_file"
    assert read(b" \n\t ").reason == "empty_file"
    assert read(b"\x7fELF" + bytes(50)).reason == "binary_data"
