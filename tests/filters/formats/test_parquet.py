from __future__ import annotations

import datetime as dt
import io
import random
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from colophon.filters.formats.parquet import Parquet
from colophon.schemas import Document, ReadOptions, Unreadable


def read(table, **options: Any):
    if isinstance(table, pa.Table):
        table = written(table)
    return list(Parquet().read(io.BytesIO(table), ReadOptions(**options)))


def written(table, **settings: Any):
    sink = io.BytesIO()
    pq.write_table(table, sink, **settings)
    return sink.getvalue()


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.string_view()],
    ids=str,
)
def test_text_types(kind):
    texts = ["Ants sleep.", None, "Ámeisen", ""] * 50
    items = read(pa.table({"text": pa.array(texts).cast(kind)}))
    assert [item.text if isinstance(item, Document) else None for item in items] == texts
    assert [item.locator for item in items] == [f"row={row}" for row in range(200)]
    assert items[1] == Unreadable("text_is_null", "'text' is null", "row=1")
    assert items[0].digest == items[4].digest != items[2].digest


def test_metadata():
    table = pa.table(
        {
            "text": ["Ants sleep."],
            "id": [7],
            "title": ["Ants"],
            "doi": ["10.5555/ANTS"],
            "year": [2019],
            "when": pa.array([dt.datetime(2020, 1, 2)], pa.timestamp("ns")),  # noqa: DTZ001 - files have such
            "zoned": pa.array([dt.datetime(2020, 1, 2, tzinfo=dt.UTC)], pa.timestamp("us", "UTC")),
            "day": [dt.date(2020, 1, 2)],
            "cost": [Decimal("1.50")],
            "nan": [float("nan")],
            "image": [b"\x89PNG"],
            "nested": [{"a": [1, None], "on": dt.date(2020, 1, 2)}],
        }
    )
    (document,) = read(table)
    assert (document.title, document.doi, document.year) == ("Ants", "10.5555/ants", 2019)
    assert document.metadata == {
        "id": 7,
        "when": "2020-01-02T00:00:00",
        "zoned": "2020-01-02T00:00:00+00:00",
        "day": "2020-01-02",
        "cost": "1.50",
        "nan": None,
        "image": None,
        "nested": {"a": [1, None], "on": "2020-01-02"},
    }


def test_no_text_column_is_said_once():
    table = pa.table({"body": ["a", "b"], "id": [1, 2]})
    assert read(table) == [
        Unreadable("no_text_column", "no column 'text'; columns: body (string), id (int64)")
    ]
    assert [document.text for document in read(table, text="body")] == ["a", "b"]
    assert read(table, text="id")[0].detail.startswith("column 'id' is no text; ")


def test_too_large():
    fault, document = read(pa.table({"text": ["a" * 101, "a" * 100]}), max_document_bytes=100)
    assert (fault.reason, fault.value, fault.threshold, fault.locator) == ("too_large", 101, 100, "row=0")
    assert document.locator == "row=1"


def test_text_that_is_not_utf8():
    texts = pa.array([b"fine", b"bad\xff", b"fine"]).view(pa.string())
    first, fault, last = read(pa.table({"text": texts, "other": texts}))
    assert (first.text, last.text) == ("fine", "fine")
    assert fault == Unreadable("undecodable", "byte 3: invalid start byte in UTF-8", "row=1")


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1" + bytes(100), b"PAR1" + bytes(100) + b"PAR1", b"nonsense"])
def test_not_parquet(data):
    (fault,) = read(data)
    assert fault.reason == "not_parquet"
    assert fault.detail


def test_damage_costs_the_rest_of_its_row_group():
    texts = [random.Random(row).randbytes(200).hex() for row in range(2000)]
    data = bytearray(
        written(pa.table({"text": texts}), row_group_size=500, compression="zstd", use_dictionary=False)
    )
    # Within the second of four.
    data[3 * len(data) // 8 : 3 * len(data) // 8 + 3000] = bytes(3000)
    items = read(bytes(data))
    assert [item.text for item in items[:500]] == texts[:500]
    assert [item.text for item in items[-1000:]] == texts[1000:]
    assert [item.locator for item in items[-1000:]] == [f"row={row}" for row in range(1000, 2000)]
    faults = {item.reason for item in items[500:-1000] if isinstance(item, Unreadable)}
    assert faults
    assert faults <= {"not_parquet", "undecodable"}
    cut = 2 * len(data) // 5
    assert read(bytes(data), end=cut) + read(bytes(data), start=cut) == items


def test_no_rows():
    assert read(pa.table({"text": pa.array([], pa.string())})) == []


def test_errors_of_the_system_are_not_the_files_fault():
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:  # noqa: ARG002
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        list(Parquet().read(Broken(written(pa.table({"text": ["a"]}))), ReadOptions()))
