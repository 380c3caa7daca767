from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.formats import delimited
from colophon.filters.formats.delimited import Csv
from colophon.schemas import Document, ReadOptions


def read(data, **options):
    return list(Csv().read(io.BytesIO(data), ReadOptions(**options)))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_dialects(delimiter, encoding):
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, delimiter=delimiter)
    writer.writerows(
        [["id", "title", "body"], ["7", "Ants", 'They, "sleep";\n\tsoundly.'], ["8", "", "Ámeisen"]]
    )
    first, second = read(sink.getvalue().encode(encoding), text="body")
    assert (first.title, first.text, first.metadata) == ("Ants", 'They, "sleep";\n\tsoundly.', {"id": "7"})
    assert (second.text, second.locator, second.media_type) == ("Ámeisen", "row=1", "text/csv")
    assert first.digest != second.digest


def test_legacy_charset():
    rows = "id;text\n" + "".join(
        f"{n};Die Größe der Ameisen ändert sich über die Jahre.\n" for n in range(20)
    )
    items = read(rows.encode("cp1252"))
    assert {item.text for item in items} == {"Die Größe der Ameisen ändert sich über die Jahre."}


def test_one_bad_byte_costs_its_row():
    pad = b"1,Ants sleep.\n" * 100_000
    items = read(b"id,text\n" + pad + b"2,caf\xe9\n3,Bees\n")
    assert len(items) == 100_002
    assert (items[-2].reason, items[-2].locator) == ("undecodable", "row=100000")
    assert items[-1].text == "Bees"


def test_faults():
    (fault,) = read(b"id;body\n1;a\n")
    assert (fault.reason, fault.detail) == ("no_text_column", "no column 'text'; columns: id, body")
    (fault,) = read(b"text,text\na,b\n")
    assert fault.reason == "no_text_column"
    items = read(b"\n\nid,text\n1,a\n\n2,b,c\n3,d\n")
    assert [getattr(item, "text", None) for item in items] == ["a", None, "d"]
    assert (items[1].reason, items[1].value, items[1].threshold) == ("wrong_number_of_fields", 3, 2)


def test_a_quote_that_is_never_closed_costs_its_row(monkeypatch):
    items = read(b'id,text\n1,"a\n2,b\n3,c\n')
    assert [getattr(item, "reason", None) or item.text for item in items] == ["unclosed_quote", "b", "c"]
    items = read(b'id,text\n1,"a\n' + b"2,b\n" * 1000, max_document_bytes=1000)
    assert items[0].reason == "too_large"
    assert [item.text for item in items[1:]] == ["b"] * 1000
    # Each line opens a quote, whether one is open before it or not.
    monkeypatch.setattr(delimited, "_AGAIN", 2000)
    items = read(b"id,text\n" + b'a"b,"\n' * 2000, max_document_bytes=500)
    assert items[-1].reason == "unclosed_quote"
    assert len(items) < 20


def test_huge_fields():
    items = read(
        b"id,text\n1," + b"a" * 10**6 + b"\n2," + b"b" * 3 * 10**6 + b"\n3,c\n", max_document_bytes=2 * 10**6
    )
    assert len(items[0].text) == 10**6
    assert (items[1].reason, items[1].locator) == ("too_large", "row=1")
    assert items[2].text == "c"


_CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@given(st.lists(st.tuples(_CELLS, _CELLS), max_size=8), st.sampled_from(",;\t"))
def test_what_is_written_is_read(rows, delimiter):
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("id", "text"), *rows])
    items = read(sink.getvalue().encode())
    assert [(item.metadata["id"], item.text) for item in items] == rows


@given(st.binary(max_size=200))
def test_any_bytes(data):
    for item in read(b"text,id\n" + data):
        assert isinstance(item, Document) or item.reason


def test_names_of_columns_that_are_not_utf_8():
    # Half a character at the end of a file.
    (fault,) = read(b"text,\xc3")
    assert (fault.reason, fault.locator) == ("undecodable", "")
