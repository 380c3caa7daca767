from __future__ import annotations

import io
import itertools

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colophon.filters.formats import detect
from colophon.filters.formats.arrow import Arrow
from colophon.filters.formats.parquet import Parquet
from colophon.schemas import Document, ReadOptions

_TABLE = pa.table({"text": ["Ants sleep.", None, "Ámeisen"] * 70, "id": list(range(210))})


def as_file(table, **options):
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema, **options) as writer:
        writer.write_table(table, max_chunksize=100)
    return sink.getvalue()


def as_stream(table):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    return sink.getvalue()


def as_feather(table):
    sink = io.BytesIO()
    pyarrow.feather.write_feather(table, sink, compression="zstd")
    return sink.getvalue()


def as_parquet(table, **options):
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def read(data, form=None, **options):
    return list((form or Arrow()).read(io.BytesIO(data), ReadOptions(**options)))


@pytest.mark.parametrize("write", [as_file, as_stream, as_feather])
def test_the_same_rows_as_from_parquet(write):
    items = read(write(_TABLE))
    expected = read(as_parquet(_TABLE), Parquet())
    assert len(items) == 210
    for ours, theirs in zip(items, expected, strict=True):
        if isinstance(ours, Document):
            assert ours.media_type == "application/vnd.apache.arrow.file"
            ours.media_type = theirs.media_type
        assert ours == theirs


def test_detection():
    assert detect(as_file(_TABLE)[:4096], "x").name == "arrow"
    assert detect(as_stream(_TABLE)[:4096], "data-00000-of-00001.arrow").name == "arrow"


def test_faults():
    (fault,) = read(as_file(pa.table({"body": ["a"]})))
    assert fault.reason == "no_text_column"
    (fault,) = read(as_stream(pa.table({"body": pa.array([], pa.string())})))
    assert fault.reason == "no_text_column"
    assert read(as_file(_TABLE.slice(0, 0))) == []
    for data in (b"ARROW1", b"\xff\xff\xff\xff", as_file(_TABLE)[:500], as_stream(_TABLE)[:100]):
        assert [item.reason for item in read(data)][-1] == "not_arrow"
    items = read(as_stream(_TABLE)[:-700])
    assert items[-1].reason == "not_arrow"
    assert len(items) > 100


def test_one_row_that_is_not_utf_8_costs_itself():
    texts = pa.array([b"Ants", b"caf\xe9", b"Bees"]).view(pa.string())
    items = read(as_file(pa.table({"text": texts, "note": texts})))
    assert [getattr(item, "text", None) for item in items] == ["Ants", None, "Bees"]
    assert items[1].reason == "undecodable"


def test_offsets_that_point_elsewhere():
    table = pa.table({"text": ["Ants sleep."] * 4})
    data = bytearray(as_stream(table))
    at = data.find(b"\x0b\0\0\0\x16\0\0\0")
    data[at : at + 4] = (2**30).to_bytes(4, "little")
    (fault,) = read(bytes(data))
    assert fault.reason == "not_arrow"


@given(st.integers(0, 2000), st.integers(0, 255))
def test_any_damage(at, value):
    for write in (as_file, as_stream):
        data = bytearray(write(_TABLE.slice(0, 3)))
        data[at % len(data)] = value
        for item in read(bytes(data)):
            assert isinstance(item, Document) or item.reason


@settings(deadline=None)
@given(st.lists(st.integers(0, 5000), max_size=6), st.integers(1, 80))
def test_parts_of_parquet_are_the_whole(cuts, group):
    data = as_parquet(_TABLE, row_group_size=group)
    cuts = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    parts = [read(data, Parquet(), start=start, end=end) for start, end in itertools.pairwise(cuts)]
    assert [item for part in parts for item in part] == read(data, Parquet())


def test_a_fault_of_a_whole_parquet_file_is_said_once():
    for data in (as_parquet(pa.table({"body": ["a"]})), b"PAR1" + bytes(100)):
        assert len(read(data, Parquet(), end=50)) == 1
        assert read(data, Parquet(), start=50, end=len(data)) == []
