from __future__ import annotations

import io
from pathlib import Path

import pytest

from colophon.filters.formats.plain_text import PlainText
from colophon.schemas import Document, ReadOptions, Unreadable

BOOK = (Path(__file__).parents[2] / "golden" / "text" / "book.txt").read_text(encoding="utf-8")


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


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_book_of_project_gutenberg(newline):
    document = read(BOOK.replace("\n", newline).encode(), 10_000)
    assert document.text.replace("\r", "") == (
        "THE HEATH IN WINTER\n\n*** This line begins with stars and is no mark.\n\nThe ants sleep in turns.\n\n"
        "Author: this line is the book's own."
    )
    assert document == Document(
        document.text,
        "The Heath in Winter Being an Account of Its Ants",
        media_type="text/plain",
        year=1894,
        declared_language="en",
        metadata={"authors": ["Ada Berg", "Bo Moor"], "release_year": 2009},
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("***START OF THE PROJECT GUTENBERG EBOOK ANTS***", "***END OF THE PROJECT GUTENBERG EBOOK ANTS***"),
        (
            "*** START OF THIS PROJECT GUTENBERG EBOOK ANTS ***",
            "*** END OF THIS PROJECT GUTENBERG EBOOK ANTS ***",
        ),
        ("Title: Ants\n\n*** START OF THE TEXT ANTS ***", "*** END OF THE TEXT ANTS ***"),
        ("*** START OF THE PROJECT GUTENBERG EBOOK ANTS ***", ""),
    ],
)
def test_marks_vary(before, after):
    assert read(f"Terms.\n{before}\n\nAnts sleep.\n\n{after}\n".encode()).text == "Ants sleep."


@pytest.mark.parametrize(
    "text",
    [
        "Ants.\n*** START OF CHAPTER TWO ***\nThey sleep.",
        "Title: Ants\n*** END OF THE PROJECT GUTENBERG EBOOK ANTS ***\nThey sleep.",
        "Who writes of *** START OF THE PROJECT GUTENBERG EBOOK X *** in a sentence.",
        "Ants.\n" * 10_000 + "*** START OF THE PROJECT GUTENBERG EBOOK ANTS ***\nThey sleep.",
    ],
)
def test_other_text_stays_as_it_is(text):
    assert read(text.encode(), 100_000) == Document(text, media_type="text/plain")


def test_an_empty_book():
    assert read(b"*** START OF THE PROJECT GUTENBERG EBOOK ANTS ***\n\n").reason == "no_text"
