from __future__ import annotations

import gzip
from importlib.metadata import EntryPoint
from typing import ClassVar

import pytest

from colophon.filters import extensions as module
from colophon.filters.formats import FORMATS, PlainText, detect, formats
from colophon.schemas import UsageError


class Invoice(PlainText):
    name: ClassVar[str] = "invoice"
    suffixes: ClassVar[tuple[str, ...]] = (".inv",)

    def sniff(self, head: bytes) -> bool:
        return head.startswith(b'{"invoice"')


@pytest.fixture
def installed(monkeypatch):
    """Pretend that packages with these entry points are installed."""

    def install(*points: EntryPoint) -> None:
        formats.cache_clear()
        monkeypatch.setattr(
            module, "entry_points", lambda group: [point for point in points if point.group == group]
        )

    yield install
    formats.cache_clear()


def test_formats_are_sorted_and_named_as_they_are_registered():
    assert list(FORMATS) == sorted(FORMATS)
    assert {"arrow", "csv", "html", "jats", "json", "jsonl", "parquet", "tar", "text", "warc", "zip"} <= set(
        FORMATS
    )
    for name, each in FORMATS.items():
        assert each.name == name
        assert "/" in each.media_type
        assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in each.suffixes)


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"<html><p>x", "page.xml", "html"),
        (b"<html><p>x", "page.txt", "html"),
        (b'{"text": "a"}\n', "data.txt", "jsonl"),
        (b'{"text": "a"}\n', "no suffix", "jsonl"),
        (b"PAR1\x15\x04", "data.bin", "parquet"),
        (
            b'<?xml version="1.0"?><!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96)" "x"><article>',
            "a.html",
            "jats",
        ),
        (b"Ants", "ants.md", "markdown"),
        (b"Ants", "ants.txt", "text"),
        (b"Ants", "ANTS.TXT", "text"),
        (b"Ants", "folder.md/ants.txt", "text"),
        (b"Ants", "ants.txt.gz", "text"),
        (b"Ants", "ants.markdown.zst", "markdown"),
        (b"<p>Ants", "ants.html", "html"),
        (b"<p>Ants", "ants.md", "markdown"),
        (b"{broken", "ants.jsonl", "jsonl"),
        (b"nonsense", "ants.parquet", "parquet"),
        (b"Ants", "ants\n\udcff 'x' \u202e.txt", "text"),
        (b"Ants", "ants", None),
        (b"Ants", "txt", None),
        (b"Ants", ".gz", None),
        (b"\0\1\2", "ants.bin", None),
        (b"", "", None),
    ],
)
def test_detect(head, name, expected):
    found = detect(head, name)
    assert (found and found.name) == expected


def test_a_users_format(installed):
    installed(
        EntryPoint("invoice", f"{__name__}:Invoice", "colophon.formats"),
        EntryPoint("x", "nowhere:X", "other.group"),
    )
    assert list(formats()) == sorted([*FORMATS, "invoice"])
    assert detect(b"x", "a.inv").name == "invoice"
    # It is asked before JSON Lines, of which it may be made.
    assert detect(b'{"invoice": 1}\n', "a.jsonl").name == "invoice"
    assert {"arrow", "csv", "html", "jats", "json", "jsonl", "parquet", "tar", "text", "warc", "zip"} <= set(
        FORMATS
    )


def test_a_name_that_is_taken(installed):
    installed(EntryPoint("html", "mine.formats:Html", "colophon.formats"))
    with pytest.raises(UsageError, match=r"two formats are named 'html': Colophon and mine\.formats:Html"):
        formats()


def test_a_format_that_cannot_be_loaded(installed):
    installed(EntryPoint("mine", "no_such_module:Mine", "colophon.formats"))
    with pytest.raises(UsageError, match=r"'mine' .* cannot be loaded: No module named 'no_such_module'"):
        formats()


def test_compressed_content_is_no_format():
    assert detect(gzip.compress(b"Ants"), "ants") is None


@pytest.mark.parametrize("name", ["list.txt", "list.md", ""])
def test_xml_that_nobody_knows_is_no_text(name):
    assert detect(b'<?xml version="1.0"?>\n<playlist><title>Ants</title></playlist>', name) is None
    assert detect(b"<playlist>\n<title>Ants</title>", "list.txt").name == "text"
