from __future__ import annotations

import io
import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.formats import detect, json_array
from colophon.filters.formats.json_array import Json
from colophon.schemas import Document, ReadOptions


def read(data, **options):
    return list(Json().read(io.BytesIO(data), ReadOptions(**options)))


_JSON = st.recursive(
    st.none() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(st.fixed_dictionaries({"text": st.text()}, optional={"more": _JSON, 'q"\\': _JSON}), max_size=6),
    st.integers(1, 40),
    st.sampled_from([None, 2]),
    st.booleans(),
)
def test_arrays_in_chunks_of_any_size(records, chunk, indent, escaped):
    data = json.dumps(records, indent=indent, ensure_ascii=escaped).encode("utf-8", "replace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_array, "_CHUNK", chunk)
        items = read(data)
    expected = [record["text"] for record in orjson.loads(data)]
    assert [item.text for item in items] == expected
    assert [item.locator for item in items] == [f"item={n}" for n in range(len(records))]


def test_one_object_is_one_document():
    (document,) = read(b'{\n "text": "Ants sleep.",\n "title": "Ants"\n}')
    assert (document.text, document.title, document.locator) == ("Ants sleep.", "Ants", "")


def test_an_object_that_holds_the_array():
    items = read(b'{"version": 1, "rows": [{"text": "a"}, {"text": 2}], "tags": ["x"]}')
    assert items[0].text == "a"
    assert (items[1].reason, items[1].locator) == ("text_not_a_string", "item=1")
    (fault,) = read(b'{"a": [{"text": "a"}], "b": [{"text": "b"}]}')
    assert fault.reason == "no_text_field"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'\xef\xbb\xbf [{"text": "a"}]\n', ["a"]),
        (b"[]", []),
        (b'[{"text": "a"},]', ["a", "not_json"]),
        (b'[{"text": "a"}, {"text": "b"', ["a", "truncated"]),
        (b'[{"text": "a"}', ["a", "truncated"][1:]),
        (b'[{"text": "a"}]]', ["a", "not_json"]),
        (b'[{"text": "a"}}', ["a", "not_json"]),
        (b'[{"text": "a"} {"text": "b"}, {"text": "c"}]', ["not_json", "c"]),
        (b'[1, {"body": 1}, {"text": "c"}]', ["not_an_object", "no_text_field", "c"]),
        (b'{"text"', ["not_json"]),
        (b"[" * 100_000, ["too_deeply_nested"]),
        (b'[{"text": "a", "x": ' + b"[" * 2000 + b"]" * 2000 + b"}]", ["too_deeply_nested"]),
    ],
)
def test_faults(data, expected):
    assert [getattr(item, "reason", None) or item.text for item in read(data)] == expected


def test_large_items_are_passed_over():
    items = read(
        b'[{"text": "a"}, {"text": "' + b"b," * 3_000_000 + b'"}, {"text": "c"}]', max_document_bytes=10**6
    )
    assert [getattr(item, "reason", None) or item.text for item in items] == ["a", "too_large", "c"]
    assert (items[1].locator, items[1].threshold) == ("item=1", 10**6)


def test_detection():
    assert detect(b'[\n {"text": "a"}', "x.txt").name == "json"
    assert detect(b'{\n "text": "a"\n}', "x.json").name == "json"
    assert detect(b'{"text": "a"}\n{"text": "b"}\n', "x.json").name == "jsonl"
    assert detect(b"[1] A reference", "x.txt").name == "text"


@given(st.text(st.sampled_from('[]{}",:\\ a1')), st.integers(1, 8))
def test_anything_has_an_end(text, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_array, "_CHUNK", chunk)
        for item in read(text.encode()):
            assert isinstance(item, Document) or item.reason
