from __future__ import annotations

import gzip
import io
import warnings
import zlib
from itertools import pairwise

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.formats import detect
from colophon.filters.formats.http_message import HttpMessage
from colophon.filters.formats.reading import read_stream
from colophon.filters.formats.warc import Warc
from colophon.schemas import Document, ReadOptions, Unreadable

_PAGE = b"<html><body><p>" + b"Ants wander over the field at noon, one by one. " * 20 + b"</p></body></html>"


def http(body, status=200, **headers):
    fields = {"Content-Type": "text/plain"} | {key.replace("_", "-"): value for key, value in headers.items()}
    head = b"".join(f"{key}: {value}\r\n".encode() for key, value in fields.items())
    return b"HTTP/1.1 %d X\r\n%s\r\n%s" % (status, head, body)


def record(block, kind="response", **headers):
    fields = {
        "WARC-Type": kind,
        "WARC-Target-URI": "http://ants.example/a",
        "WARC-Date": "2020-05-17T01:02:03Z",
        "WARC-Record-ID": "<urn:uuid:1>",
        "Content-Length": str(len(block)),
    } | {key.replace("_", "-"): value for key, value in headers.items()}
    head = b"".join(f"{key}: {value}\r\n".encode() for key, value in fields.items())
    return b"WARC/1.0\r\n" + head + b"\r\n" + block + b"\r\n\r\n"


def read(data, name="a.warc", isolate=None, **options):
    return list(read_stream(io.BytesIO(data), name, ReadOptions(**options), isolate=isolate))


def named(items):
    return [getattr(item, "reason", None) or item.text for item in items]


def test_a_response():
    (document,) = read(record(http(b"Ants sleep.")))
    assert document.text == "Ants sleep."
    assert document.metadata == {
        "url": "http://ants.example/a",
        "warc_record_id": "urn:uuid:1",
        "warc_date": "2020-05-17T01:02:03Z",
    }
    assert document.digest == read(record(http(b"Ants sleep.", Server="x")))[0].digest


def test_which_records_are_documents():
    kinds = ("warcinfo", "request", "metadata", "revisit", "response", "conversion", "resource")
    data = b"".join(record(b"Ants sleep.", kind, Content_Type="text/plain") for kind in kinds)
    assert named(read(data)) == ["Ants sleep."] * 3
    (fault,) = read(record(b"x", "request"))
    assert fault.reason == "no_documents"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
def test_each_record_has_its_place(pack):
    parts = [pack(record(http(b"Ants %d" % n))) for n in range(3)]
    items = read(b"".join(parts))
    assert named(items) == ["Ants 0", "Ants 1", "Ants 2"]
    assert len({item.locator for item in items}) == 3
    if pack is not zstandard.ZstdCompressor().compress and parts[0][:4] != b"\x28\xb5\x2f\xfd":
        assert [item.locator for item in items] == [f"byte={sum(map(len, parts[:n]))}" for n in range(3)]


def test_records_in_one_member_and_across_members():
    first, second = record(http(b"Ants 0")), record(http(b"Ants 1"))
    items = read(gzip.compress(first + second))
    assert [item.locator for item in items] == ["byte=0", f"byte=0+{len(first)}"]
    split = gzip.compress(first[:50]) + gzip.compress(first[50:] + second)
    assert named(read(split)) == ["Ants 0", "Ants 1"]


def test_what_was_not_ok():
    (fault,) = read(record(http(b"gone", 404)))
    assert (fault.reason, fault.value, fault.threshold, fault.locator) == (
        "not_ok_status",
        404,
        200,
        "byte=0",
    )
    assert named(read(record(http(b"\x89PNG\r\n\x1a\n", Content_Type="image/png")))) == ["unknown_format"]
    assert named(read(record(http(b"body { }", Content_Type="text/css")))) == ["unknown_format"]
    assert named(read(record(http(b"")))) == ["empty_file"]


def test_formats_by_content_then_type_then_address():
    assert read(record(http(_PAGE)))[0].media_type == "text/html"
    plain = b"Ants sleep, and nobody marks it up at all, though a browser shows it. " * 8
    assert read(record(http(plain, Content_Type="Text/HTML; charset=utf-8")))[0].media_type == "text/html"
    headers = {"Content_Type": "application/octet-stream"}
    items = read(
        record(http(b"# Ants\n\nThey sleep.", **headers), WARC_Target_URI="http://ants.example/a.md?x=1")
    )
    assert items[0].media_type == "text/markdown"


def test_pages_are_isolated():
    calls = []

    def isolate(form, data, options):
        calls.append((form.name, data))
        return [Document("from the child")]

    (document,) = read(gzip.compress(record(http(_PAGE, Content_Type="text/html"))), isolate=isolate)
    assert calls == [("html", _PAGE)]
    assert (document.locator, document.metadata["url"]) == ("byte=0", "http://ants.example/a")


def test_the_declared_charset():
    body = "Die Größe der Ameisen".encode("iso-8859-15") + b" \xa4 "
    (document,) = read(record(http(body, Content_Type="text/plain; charset=ISO-8859-15")))
    assert document.text.split()[-1] == "€"


_BODY = b"Ants sleep. " * 100


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(_BODY, mtime=0), {"content-encoding": "gzip"}),
        (zlib.compress(_BODY), {"content-encoding": "deflate"}),
        (zlib.compress(_BODY, wbits=-15), {"content-encoding": "deflate"}),
        (brotli.compress(_BODY), {"content-encoding": "br"}),
        (zstandard.ZstdCompressor().compress(_BODY), {"content-encoding": "zstd"}),
        (_BODY, {"content-encoding": "gzip"}),
        (_BODY, {"content-encoding": "br"}),
        (_BODY, {"content-encoding": "deflate"}),
        (_BODY, {"content-encoding": "identity"}),
        (_BODY, {"transfer-encoding": "chunked"}),
        (b"4b0;x=y\r\n" + _BODY + b"\r\n0\r\n\r\n", {"transfer-encoding": "chunked"}),
        (b"64\r\n" + _BODY[:100] + b"\r\n44c\n" + _BODY[100:] + b"\n", {"transfer-encoding": "Chunked"}),
    ],
)
def test_encodings(body, headers):
    assert HttpMessage(200, headers, body).decoded(2000) == _BODY


def test_chunks_of_gzip():
    packed = gzip.compress(_BODY)
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    headers = {"transfer-encoding": "chunked", "content-encoding": "gzip"}
    assert HttpMessage(200, headers, chunks).decoded(2000) == _BODY


@pytest.mark.parametrize("encode", [gzip.compress, brotli.compress, zlib.compress])
def test_encodings_are_bounded(encode):
    name = {gzip.compress: "gzip", brotli.compress: "br", zlib.compress: "deflate"}[encode]
    body = encode(bytes(10**7))
    fault = HttpMessage(200, {"content-encoding": name}, body).decoded(10**6)
    assert isinstance(fault, Unreadable)
    assert fault.reason == "too_large"
    cut = HttpMessage(200, {"content-encoding": name}, encode(_BODY)[:-5]).decoded(10**6)
    assert isinstance(cut, Unreadable) or cut == encode(_BODY)[:-5]
    assert HttpMessage(200, {"transfer-encoding": "chunked"}, b"4\r\nAnts\r\n9\r\nBees").decoded(99).reason


def test_reading_goes_on_behind_a_damaged_member():
    members = [gzip.compress(record(http(b"Ants %d " % n * 50))) for n in range(5)]
    for at in (3, 20, 60, -3):
        damaged = bytearray(members[2])
        damaged[at] ^= 0x55
        items = read(b"".join([*members[:2], bytes(damaged), *members[3:]]))
        assert [name[:6] for name in named(items)] == ["Ants 0", "Ants 1", "damage", "Ants 3", "Ants 4"], at
        assert items[2].reason == "damaged_record"
        assert items[2].locator == f"byte={len(members[0]) + len(members[1])}"
    cut = members[2][:-40]
    items = read(b"".join([*members[:2], cut, *members[3:]]))
    assert [name[:6] for name in named(items)] == ["Ants 0", "Ants 1", "damage", "Ants 3", "Ants 4"]
    assert named(read(b"".join(members)[:-30]))[-1] == "damaged_record"


def test_reading_goes_on_behind_a_damaged_header():
    good = record(http(b"Ants"))
    for bad in (
        b"junk\r\n" * 9,
        good.replace(b"Content-Length: ", b"Content-Length: x"),
        good.replace(b"Content-Length: ", b"Content-Length: -"),
        good[:-30] + b"\r\n",
    ):
        items = read(good + bad + good)
        names = named(items)
        assert names[0] == "Ants"
        assert "damaged_record" in names or len(items) == 2
    assert named(read(good + b"junk\r\n" * 9 + good)) == ["Ants", "damaged_record", "Ants"]
    assert named(read(good + good[:-30])) == ["Ants", "damaged_record"]


def test_too_large():
    items = read(record(http(b"a" * 10**6)) + record(http(b"Bees")), max_document_bytes=1000)
    assert named(items) == ["too_large", "Bees"]
    assert (items[0].locator, items[0].threshold) == ("byte=0", 1000)


def test_bomb():
    bomb = gzip.compress(record(http(bytes(150 * 10**6)), "request"), 9)
    assert named(read(gzip.compress(record(http(b"Ants"))) + bomb)) == ["Ants", "decompression_bomb"]


def test_arc():
    block = http(b"Ants sleep.")
    description = b"1 0 Ants\nURL IP-address Archive-date Content-type Archive-length\n"
    data = b"filedesc://ants.arc 0.0.0.0 20200517010203 text/plain %d\n%s\n" % (len(description), description)
    data += b"http://ants.example/a b 10.0.0.1 20200517010203 text/html %d\n%s\n" % (len(block), block)
    data += b"dns:ants.example 10.0.0.1 20200517010203 text/plain 4\nAnts\n"
    for packed in (data, gzip.compress(data)):
        first, second = read(packed, "a.arc")
        assert first.text == "Ants sleep."
        assert first.metadata == {"url": "http://ants.example/a b", "warc_date": "2020-05-17T01:02:03Z"}
        assert second.text == "Ants"


def test_a_description_of_arc_without_its_names():
    block = http(b"Ants sleep.")
    data = b"filedesc:\n\nurl\nhttp://ants.example/a 10.0.0.1 20200517010203 text/html %d\n%s\n" % (
        len(block),
        block,
    )
    assert named(read(data, "a.arc")) == ["Ants sleep."]


def test_detection():
    assert detect(record(b"x")[:40], "x").name == detect(b"", "CC-MAIN.warc.wet.gz").name == "warc"


def _fastwarc(path):
    from fastwarc.warc import ArchiveIterator

    count = 0
    with path.open("rb") as stream:
        try:
            for _ in ArchiveIterator(stream):
                count += 1
        except OSError:
            pass
    return count


def _warcio(path):
    archiveiterator = pytest.importorskip("warcio.archiveiterator")
    from warcio.exceptions import ArchiveLoadFailed

    count = 0
    with path.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for _ in archiveiterator.ArchiveIterator(stream):
                count += 1
        except ArchiveLoadFailed:
            pass
    return count


def test_as_many_records_as_the_better_of_others(corpora):
    paths = sorted(corpora.glob("warc/**/*.*arc*"))
    assert len(paths) > 15
    for path in paths:
        with path.open("rb") as stream:
            ours = sum(bool(record.kind) for record in Warc().records(stream, ReadOptions()))
        assert ours >= max(_fastwarc(path), _warcio(path)), path


def test_real_archives(corpora):
    for folder, least in (("dolma", 20), ("resiliparse", 40), ("warcio", 9)):
        items = []
        for path in sorted((corpora / "warc" / folder).iterdir()):
            with path.open("rb") as stream:
                items += read_stream(stream, path.name, ReadOptions())
        assert sum(isinstance(item, Document) for item in items) >= least
        reasons = {item.reason for item in items if isinstance(item, Unreadable)}
        assert reasons <= {
            "damaged_record", "empty_file", "no_documents", "no_text_field", "not_ok_status", "unknown_format", "no_text",
        }  # fmt: skip


@given(st.binary(max_size=100), st.integers(0, 400), st.booleans())
def test_any_damage(junk, at, packed):
    data = record(http(b"Ants")) + record(http(_PAGE[:40]))
    data = gzip.compress(data) if packed else data
    items = read(data[:at] + junk + data[at + 5 :])
    assert items
    assert "reader_failed" not in named(items)


def _arc(*blocks):
    description = b"1 0 Ants\nURL IP-address Archive-date Content-type Archive-length\n"
    data = b"filedesc://ants.arc 0.0.0.0 20200517010203 text/plain %d\n%s\n" % (len(description), description)
    for block in blocks:
        data += b"http://ants.example/a 10.0.0.1 20200517010203 text/html %d\n%s\n" % (len(block), block)
    return data


_RECORDS = st.lists(
    st.sampled_from(
        [
            record(http(b"Ants")),
            record(http(b"Ants " * 40_000)),
            record(b"x" * 3000, "request"),
            # An archive in a page is no record of this one.
            record(http(record(http(b"Bees")) * 2)),
            record(http(b"WARC/1.0\r\nContent-Length: 90000\r\n\r\n")),
            record(b"a", Content_Length="many"),
            record(http(b"Gone"), Content_Length="70000"),
            b"junk\r\n" * 3,
            b"\r\n",
            b"WARC/1.0\r\n",
        ]
    ),
    max_size=8,
)


@given(_RECORDS, st.lists(st.floats(0, 1), max_size=5), st.integers(-3, 3), st.booleans())
def test_parts_make_the_whole(records, shares, shift, older):
    data = _arc(*records) if older else b"".join(records)
    # Cuts fall anywhere, and just beside the beginnings of records.
    places = [sum(map(len, records[:n])) for n in range(len(records) + 1)]
    cuts = [round(share * len(data)) for share in shares]
    cuts += [max(0, places[round(share * len(records))] + shift) for share in shares]
    whole = list(Warc().records(io.BytesIO(data), ReadOptions()))
    bounds = [0, *sorted(cuts), None]
    parts = [
        item
        for start, end in pairwise(bounds)
        for item in Warc().records(io.BytesIO(data), ReadOptions(start=start, end=end))
    ]
    assert parts == whole


def test_documents_of_parts():
    records = [record(http(b"Ants %d" % n)) for n in range(4)]
    records.insert(2, record(b"x", "request"))
    data = b"".join(records)
    middle = len(records[0]) + 5
    first, rest = read(data, end=middle), read(data, start=middle)
    assert named(first) == ["Ants 0", "Ants 1"]
    assert named(rest) == ["Ants 2", "Ants 3"]
    assert first + rest == read(data)
    starts = [sum(map(len, records[:n])) for n in (0, 1, 3, 4)]
    assert [item.locator for item in first + rest] == [f"byte={start}" for start in starts]


def test_parts_without_documents():
    nothing = record(b"x" * 50, "request") * 4
    assert named(read(nothing, end=100)) == ["no_documents"]
    assert read(nothing, start=100) == []
    # Another part has one.
    assert read(nothing + record(http(b"Ants")), end=100) == []
    assert named(read(nothing + b"junk\r\n", start=100)) == ["damaged_record"]


def test_what_lies_before_a_part_is_not_read():
    class Counted(io.BytesIO):
        taken = 0

        def read(self, size=-1):
            data = super().read(size)
            self.taken += len(data)
            return data

    data = record(http(b"Ants " * 200_000)) * 20
    stream = Counted(data)
    (last,) = Warc().records(stream, ReadOptions(start=len(data) - len(data) // 20))
    assert last.locator == f"byte={len(data) // 20 * 19}"
    assert stream.taken < len(data) // 10
