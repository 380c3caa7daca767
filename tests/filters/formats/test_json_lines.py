from __future__ import annotations

import io
import tracemalloc
from itertools import pairwise
from typing import Any

import orjson
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.formats.json_lines import JsonLines
from colophon.schemas import Document, ReadOptions, Unreadable


def read(data, **options: Any):
    return list(JsonLines().read(io.BytesIO(data), ReadOptions(**options)))


def test_lines():
    data = b'\xef\xbb\xbf{"text": "a"}\r\n\n  \n{"text": "b"}\n{"text": "c"}'
    documents = read(data)
    assert [(d.text, d.locator) for d in documents] == [("a", "byte=0"), ("b", "byte=22"), ("c", "byte=36")]
    assert documents[1].digest == xxhash.xxh3_128_digest(b'{"text": "b"}')
    assert documents[1].media_type == "application/jsonl"


def test_line_ends_do_not_change_the_digest():
    unix, windows, last = (read(b'{"text":"a"}' + end)[0].digest for end in (b"\n", b"\r\n", b""))
    assert unix == windows == last
    assert len(unix) == 16


def test_lifted_values_and_metadata():
    record = {
        "text": "Ants sleep.",
        "id": 17,
        "title": "Ants",
        "doi": "https://doi.org/10.5555/ANTS",
        "license": "CC-BY-4.0",
        "year": "2019",
        "lang": "EN",
        "meta": {"nested": [1, None, {"x": 2.5}]},
        "url": "https://example.org",
    }
    (document,) = read(orjson.dumps(record))
    assert document == Document(
        "Ants sleep.",
        "Ants",
        locator="byte=0",
        media_type="application/jsonl",
        doi="10.5555/ants",
        license="CC-BY-4.0",
        license_evidence="license",
        rights=[("license", "CC-BY-4.0")],
        year=2019,
        declared_language="en",
        digest=document.digest,
        metadata={"id": 17, "meta": {"nested": [1, None, {"x": 2.5}]}, "url": "https://example.org"},
    )


def test_values_of_another_type_stay_in_the_metadata():
    record = {
        "text": "a",
        "title": 3,
        "doi": "none",
        "license": ["x"],
        "year": True,
        "language": "English",
        "lang": None,
    }
    (document,) = read(orjson.dumps(record))
    assert (document.title, document.doi, document.license, document.year, document.declared_language) == (
        "",
        "",
        "",
        None,
        "",
    )
    assert document.metadata == {key: value for key, value in record.items() if key != "text"}


def test_other_keys_for_text_and_title():
    (document,) = read(b'{"body": "a", "name": "b", "text": "c"}', text="body", title="name")
    assert (document.text, document.title, document.metadata) == ("a", "b", {"text": "c"})


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b'{"text": "a"', "not_json", "line at byte 14: unexpected end"),
        (b'{"text": "\xff"}', "not_json", "line at byte 14: str is not valid UTF-8"),
        (b'{"text": NaN}', "not_json", "line at byte 14: "),
        (b"[" * 5000, "not_json", "line at byte 14: depth limit"),
        (b'\x00{"text": "a"}', "not_json", "line at byte 14: "),
        (b'["text"]', "not_an_object", "line at byte 14: a list"),
        (b"null", "not_an_object", "line at byte 14: a NoneType"),
        (b'{"b": 1, "a": 2}', "no_text_field", "no key 'text'; keys: a, b"),
        (b"{}", "no_text_field", "no key 'text'; keys: none"),
        (b'{"text": 7}', "text_not_a_string", "'text' is a int"),
        (b'{"text": null}', "text_not_a_string", "'text' is null"),
    ],
)
def test_a_bad_line_between_good_ones(line, reason, detail):
    first, fault, last = read(b'{"text": "a"}\n' + line + b'\n{"text": "z"}\n')
    assert (first.text, last.text) == ("a", "z")
    assert isinstance(fault, Unreadable)
    assert (fault.reason, fault.locator) == (reason, "byte=14")
    assert fault.detail.startswith(detail)


def test_length_limit_is_of_the_line_without_its_end():
    line = orjson.dumps({"text": "a" * 89})
    assert len(line) == 100
    for end in (b"\n", b"\r\n", b""):
        assert isinstance(read(line + end, max_document_bytes=100)[0], Document)
        fault, after = read(b" " + line + end + b"\n" + b'{"text":"z"}', max_document_bytes=100)
        # A carriage return is known for a part of the line's end only if it was read together with the line feed.
        assert fault.value == 101 + (end == b"\r\n")
        assert (fault.reason, fault.threshold, fault.locator) == ("too_large", 100, "byte=0")
        assert after.text == "z"
        assert after.locator == f"byte={102 + len(end)}"


class Endless(io.RawIOBase):
    """A file of one long line of so many bytes, and a short one after it, made as they are read."""

    def __init__(self, size: int) -> None:
        self.rest = size
        self.end = io.BytesIO(b'\n{"text": "after"}\n')

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        size = min(len(buffer), self.rest)
        if size == 0:
            return self.end.readinto(buffer)
        buffer[:size] = b"x" * size
        self.rest -= size
        return size


def test_a_line_of_200_mb_is_not_held():
    tracemalloc.start()
    try:
        stream = io.BufferedReader(Endless(200 * 2**20))
        fault, after = JsonLines().read(stream, ReadOptions(max_document_bytes=2**20))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (fault.reason, fault.value, fault.threshold) == ("too_large", 200 * 2**20, 2**20)
    assert after.text == "after"
    assert peak < 8 * 2**20


_LINES = st.lists(
    st.sampled_from(
        [
            b'{"text": "a"}',
            b'{"text": "bb", "id": 1}',
            b"",
            b" ",
            b"{",
            b"[]",
            b'{"text": "' + b"c" * 30 + b'"}',
        ]
    ),
    max_size=12,
)


@given(
    _LINES,
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
    st.lists(st.integers(0, 300), max_size=6),
    st.booleans(),
)
def test_parts_make_the_whole(lines, end, mark, cuts, ended):
    data = (b"\xef\xbb\xbf" if mark else b"") + end.join(lines) + (end if ended else b"")
    whole = read(data, max_document_bytes=40)
    bounds = [0, *sorted(cuts), None]
    parts = [
        item
        for start, stop in pairwise(bounds)
        for item in read(data, max_document_bytes=40, start=start, end=stop)
    ]
    assert parts == whole
    starts = {sum(len(line) + len(end) for line in lines[:i]) + 3 * mark * (i > 0) for i in range(len(lines))}
    assert {int(item.locator.removeprefix("byte=")) for item in whole} <= starts


def test_a_part_that_starts_in_a_long_line():
    data = b'{"text": "' + b"a" * 5000 + b'"}\n{"text": "b"}\n'
    assert [d.text for d in read(data, start=100)] == ["b"]
    assert read(data, start=1, end=2) == []
    assert read(data, start=len(data) + 10) == []


@pytest.mark.parametrize(
    ("head", "sure"),
    [
        (b'{"text": "a"}\n{"text": "b"}\n{"te', True),
        (b'\n{"a": 1}\n', True),
        (b'\xef\xbb\xbf{"a": 1}', True),
        (b'{"a": "' + b"x" * 4089, True),
        (b'{"a": 1}\nAnts sleep.\n', False),
        (b'{\n  "a": 1\n}\n', False),
        (b"[1, 2]\n", False),
        (b'{"a": ', False),
        (b"{" + b"x" * 4095, False),
        (b"Ants", False),
        (b"", False),
        (b"\n\n", False),
    ],
)
def test_sniff(head, sure):
    assert JsonLines().sniff(head) is sure
