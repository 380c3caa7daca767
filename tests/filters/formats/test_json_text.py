"""The short cut through a JSON record gives what a parser gives, or leaves the record to it."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from colophon.filters.formats.json_lines import JsonLines
from colophon.filters.formats.json_text import text_apart
from colophon.schemas import Document, ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_TEXTS = st.text(
    st.one_of(st.sampled_from('ab"\\\n\t\x00\x1fé√旋🙂\u2028\U0010ffff/'), st.characters(codec="utf-8"))
)
_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), _TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXTS, inner, max_size=3)),
    max_leaves=6,
)


def _as_utf8(record: Any) -> str:
    return json.dumps(record, ensure_ascii=False)


def both(line: bytes, name: str = "text") -> list[Any]:
    """What is read of a line as UTF-8, and as strings."""
    answers: list[Any] = []
    for utf8 in (True, False):
        (found,) = JsonLines().read(io.BytesIO(line), ReadOptions(text=name, utf8=utf8))
        if isinstance(found, Document) and isinstance(found.text, bytes):
            found.text = found.text.decode()
        answers.append(found)
    return answers


@given(
    _TEXTS,
    st.dictionaries(_TEXTS, _VALUES, max_size=4),
    st.sampled_from([json.dumps, _as_utf8]),
    st.sampled_from(["text", 'a"b', "é"]),
)
def test_what_is_cut_out_is_what_a_parser_reads(
    text: str, others: dict[str, Any], dumps: Callable[[Any], str], name: str
) -> None:
    record = others | {name: text}
    line = dumps(record).encode()
    found = text_apart(line, name)
    if found is not None:
        assert found[1].decode() == text
        assert found[0] == {key: value for key, value in record.items() if key != name}
    # A key that is written as JSON's own parser would not write it is left to the parser.
    elif name != "é" and not any(name in str(value) for value in others.values()):
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(line)


@given(st.binary(max_size=40), st.integers(0, 60))
@example(b'"', 10)
def test_a_damaged_record_is_read_as_the_parser_reads_it(noise: bytes, at: int) -> None:
    line = b'{"id": 7, "text": "The la\\u0074he \\ud83d\\ude42 \xc3\xa9", "n": 1}'
    line = (line[:at] + noise + line[at + len(noise) // 2 :]).replace(b"\n", b" ")
    if line.strip():
        one, other = both(line)
        assert one == other


@pytest.mark.parametrize(
    "line",
    [
        b'{"text": "a", "text": "b"}',
        b'{"text": "a", "te\\u0078t": "b"}',
        b'{"text": "a", "text": 7310642089553714286}',
        b'{"in": {"text": "a"}, "text": "b"}',
        b'{"kind": "text", "text": "b"}',
        b'["text", "b"]',
        b'{"text": "\\ud800"}',
        b'{"text": "\\udc00\\ud800"}',
        b'{"text": "\\u12"}',
        b'{"text": "\\x"}',
        b'{"text": "a\x01"}',
        b'{"text": "\xc0\x80"}',
        b'{"text": "\xed\xa0\x80"}',
        b'{"text": "\xf4\x90\x80\x80"}',
        b'{"text": "\xe2\x88"}',
        b'{"text": "a',
        b'{"text": "a\\',
        b'{"text": "a"',
        b'{"text": "a"} x',
        b'{"text": ""}',
        b'{"text" : \t"a"}',
        b'{"text":: "a"}',
        b'{"n": 1e999, "text": "a"}',
    ],
)
def test_odd_records(line: bytes) -> None:
    one, other = both(line)
    assert one == other


def test_real_records_are_all_cut(corpora: Path) -> None:
    lines = (corpora / "dedup" / "corpus.jsonl").read_bytes().splitlines()
    for line in lines:
        record = orjson.loads(line)
        text = record.pop("text")
        assert text_apart(line, "text") == (record, text.encode())
