from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import stat
import struct
import tarfile
import zipfile

import pytest
import xxhash
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from colophon.filters.formats import FORMATS, archives, detect, reading
from colophon.filters.formats.reading import read_stream
from colophon.schemas import Document, ReadOptions

_LINES = b'{"text": "Ants sleep."}\n{"text": "Bees do not."}\n'
_PAPERS = {
    "dir/ants.txt": b"Ants sleep.",
    "dir/lines.jsonl": _LINES,
    "dir/page.html": b"<html><body><p>"
    + b"Beetles wander over the field at noon. " * 20
    + b"</p></body></html>",
}


def read(data, name="outer", format=None, isolate=None, **options):  # noqa: A002
    return list(read_stream(io.BytesIO(data), name, ReadOptions(**options), format, isolate))


def zipped(members, method=zipfile.ZIP_DEFLATED):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, data in dict(members).items():
            archive.writestr(name, data)
    return sink.getvalue()


def tarred(members, format=tarfile.PAX_FORMAT):  # noqa: A002
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=format) as archive:
        for name, data in dict(members).items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def zstd(data):
    return zstandard.ZstdCompressor().compress(data)


_PACKERS = {
    "zip": zipped,
    "stored": lambda members: zipped(members, zipfile.ZIP_STORED),
    "zip_bzip2": lambda members: zipped(members, zipfile.ZIP_BZIP2),
    "ustar": lambda members: tarred(members, tarfile.USTAR_FORMAT),
    "gnu": lambda members: tarred(members, tarfile.GNU_FORMAT),
    "pax": tarred,
    "tar.gz": lambda members: gzip.compress(tarred(members)),
    "tar.bz2": lambda members: bz2.compress(tarred(members)),
    "tar.xz": lambda members: lzma.compress(tarred(members)),
    "tar.zst": lambda members: zstd(tarred(members)),
}


@pytest.mark.parametrize("pack", _PACKERS.values(), ids=_PACKERS)
def test_members_are_read_like_files(pack):
    items = read(pack(_PAPERS))
    assert [item.locator for item in items] == [
        "!/dir/ants.txt",
        "!/dir/lines.jsonl#byte=0",
        "!/dir/lines.jsonl#byte=24",
        "!/dir/page.html",
    ]
    alone = [item for name, data in _PAPERS.items() for item in read(data, name)]
    assert [item.text for item in items] == [item.text for item in alone]
    assert [item.media_type for item in items] == [item.media_type for item in alone]
    assert items[0].digest == xxhash.xxh3_128_digest(b"Ants sleep.")
    assert items[1].digest == alone[1].digest


@pytest.mark.parametrize("pack", _PACKERS.values(), ids=_PACKERS)
def test_nested(pack):
    inner = pack({"a.txt": b"Ants sleep.", "lines.jsonl.gz": gzip.compress(_LINES)})
    items = read(zipped({"x/inner": inner, "b.txt.xz": lzma.compress(b"Bees do not.")}))
    assert [(item.locator, item.text) for item in items] == [
        ("!/x/inner!/a.txt", "Ants sleep."),
        ("!/x/inner!/lines.jsonl.gz#byte=0", "Ants sleep."),
        ("!/x/inner!/lines.jsonl.gz#byte=24", "Bees do not."),
        ("!/b.txt.xz", "Bees do not."),
    ]
    assert len({item.digest for item in items}) == 4


def test_isolated_formats_are_isolated_in_archives_too():
    calls = []

    def isolate(form, data, options):
        calls.append((form.name, data))
        return [Document("from the child")]

    items = read(gzip.compress(tarred(_PAPERS)), isolate=isolate)
    assert calls == [("html", _PAPERS["dir/page.html"])]
    assert items[-1].locator == "!/dir/page.html"
    assert items[-1].digest == xxhash.xxh3_128_digest(_PAPERS["dir/page.html"])


def test_a_named_format_is_that_of_the_members():
    items = read(zipped({"a": b"Ants sleep.", "b.html": b"Bees"}), format=FORMATS["text"])
    assert [(item.text, item.media_type) for item in items] == [
        ("Ants sleep.", "text/plain"),
        ("Bees", "text/plain"),
    ]
    # And the name of an archive's own format says nothing of them.
    assert read(zipped(_PAPERS), format=FORMATS["zip"]) == read(zipped(_PAPERS))


def test_nesting_has_an_end():
    data = b"Ants sleep."
    for level in range(3):
        data = zipped({f"{level}": data}) if level else zipped({"a.txt": data})
    assert read(data)[0].locator == "!/2!/1!/a.txt"
    (fault,) = read(tarred({"deep": data, "b.txt": b"Bees"}))[:-1]
    assert (fault.reason, fault.locator, fault.value, fault.threshold) == (
        "nested_too_deeply",
        "!/deep!/2!/1",
        4,
        3,
    )


@pytest.mark.parametrize("pack", [zipped, tarred, _PACKERS["gnu"]])
def test_names_are_only_shown(pack):
    long = "d/" * 200 + "a.txt"
    names = ["../../evil.txt", "/etc/evil.txt", "100% naïve.txt", "a#1.txt", "b!/c.txt", long]
    items = read(pack(dict.fromkeys(names, b"Ants sleep.")))
    assert [item.locator for item in items] == [
        "!/../../evil.txt",
        "!//etc/evil.txt",
        "!/100%25 naïve.txt",
        "!/a%231.txt",
        "!/b%21/c.txt",
        f"!/{long}",
    ]


def test_no_two_locators_are_alike():
    twice = tarred({"a.txt": b"Ants"})[:1024] + tarred({"a.txt": b"Bees", "n" * 5000 + ".txt": b"Cats"})
    items = read(twice)
    assert [item.locator for item in items] == ["!/a.txt", "!/a.txt#member=2", f"!/{'n' * 1024}#member=3"]
    assert [item.text for item in items] == ["Ants", "Bees", "Cats"]


def test_names_that_are_not_utf_8():
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo(os.fsdecode(b"caf\xe9.txt")))
    assert read(sink.getvalue())[0].locator == "!/caf%E9.txt"


def test_what_is_no_file():
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name, kind, target in [
            ("dir", tarfile.DIRTYPE, ""),
            ("link.txt", tarfile.SYMTYPE, "/etc/passwd"),
            ("hard.txt", tarfile.LNKTYPE, "a.txt"),
            ("device", tarfile.CHRTYPE, ""),
            ("pipe", tarfile.FIFOTYPE, ""),
            ("._a.txt", tarfile.REGTYPE, ""),
        ]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
        info = tarfile.TarInfo("a.txt")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"Ants"))
    *faults, document = read(sink.getvalue())
    assert [(fault.reason, fault.locator) for fault in faults] == [
        ("not_a_regular_file", f"!/{name}") for name in ("link.txt", "hard.txt", "device", "pipe")
    ]
    assert faults[0].detail == "a symbolic link to /etc/passwd"
    assert document.text == "Ants"


def test_links_and_other_systems_files_in_zips():
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        for name in ("dir/", "__MACOSX/._a.txt", "dir/.DS_Store"):
            archive.writestr(name, b"")
        archive.writestr(".hidden.txt", b"Ants")
    fault, document = read(sink.getvalue())
    assert (fault.reason, fault.locator) == ("not_a_regular_file", "!/link.txt")
    assert document.locator == "!/.hidden.txt"


@pytest.mark.parametrize("marker", ["[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"])
def test_documents_and_programs_packed_as_zips(marker):
    (fault,) = read(zipped({marker: b"x", "word/document.xml": b"<w/>", "a.txt": b"Ants"}), "paper.docx")
    assert fault.reason == "unknown_format"


def test_encrypted_and_unsupported_members():
    data = bytearray(zipped(_PAPERS))
    first, second, _ = (at for at in range(len(data)) if data.startswith(b"PK\1\2", at))
    data[first + 8] |= 1
    data[second + 10] = 9
    items = read(bytes(data))
    assert [getattr(item, "reason", "") for item in items] == ["encrypted", "unsupported_compression", ""]


def test_a_damaged_member_costs_itself():
    members = {f"{n}.txt": random.Random(n).randbytes(3000).hex().encode() for n in range(5)}
    data = bytearray(zipped(members))
    at = data.find(b"2.txt") + 500
    data[at : at + 9] = b"corrupted"
    items = read(bytes(data))
    assert [item.locator for item in items] == [f"!/{n}.txt" for n in range(5)]
    assert items[2].reason in {"corrupt_compression", "damaged_member"}
    assert all(isinstance(item, Document) for item in items[:2] + items[3:])
    stored = bytearray(zipped(members, zipfile.ZIP_STORED))
    stored[stored.find(b"2.txt") + 500] ^= 1
    assert [getattr(item, "reason", "") for item in read(bytes(stored))] == ["", "", "damaged_member", "", ""]
    moved = bytearray(zipped(members))
    moved[moved.find(b"PK\1\2") + 42] = 7
    assert [getattr(item, "reason", "") for item in read(bytes(moved))] == ["damaged_member", "", "", "", ""]


def test_a_tar_is_read_behind_a_damage():
    data = bytearray(tarred({f"{n}.txt": b"Ants %d" % n for n in range(4)}, tarfile.USTAR_FORMAT))
    data[1024:1100] = bytes(76)
    items = read(bytes(data))
    assert [(item.locator, getattr(item, "reason", "")) for item in items] == [
        ("!/0.txt", ""),
        ("", "damaged_archive"),
        ("!/2.txt", ""),
        ("!/3.txt", ""),
    ]
    assert items[1].detail == "no member begins at byte 1024"


@pytest.mark.parametrize("cut", [512, 700, 1024 + 100, 1024, 2048])
def test_truncated_tars(cut):
    data = tarred({"a.txt": b"Ants", "b.txt": b"Bees", "c.txt": b"Cats"}, tarfile.USTAR_FORMAT)
    items = read(data[:cut], "a.tar")
    assert items[-1].reason == "truncated"
    assert [item.text for item in items if isinstance(item, Document)] == ["Ants", "Bees"][
        : (cut + 511) // 1024
    ]
    packed = read(gzip.compress(data)[:-30])
    assert packed[-1].reason == "truncated"


@pytest.mark.parametrize("cut", [10, 60, 200, -10])
def test_truncated_zips(cut):
    (fault,) = read(zipped(_PAPERS)[:cut], "a.zip")
    assert fault.reason == "damaged_archive"


def test_empty_archives():
    assert [item.reason for item in read(zipped({}))] == ["no_documents"]
    assert [item.reason for item in read(tarred({}), "a.tar")] == ["no_documents"]
    items = read(zipped({"a.zip": zipped({}), "b.txt": b""}))
    assert [(item.reason, item.locator) for item in items] == [
        ("no_documents", "!/a.zip"),
        ("empty_file", "!/b.txt"),
    ]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_too_many_members(pack, monkeypatch):
    for container in (archives.Zip, archives.Tar):
        monkeypatch.setattr(container, "most_members", 5)
    inner = pack({f"{n}.txt": b"Ants" for n in range(3)})
    items = read(pack({"1": inner, "2": inner, "3.txt": b"Ants"}))
    assert [(item.locator, getattr(item, "reason", "")) for item in items] == [
        ("!/1!/0.txt", ""),
        ("!/1!/1.txt", ""),
        ("!/1", "too_many_members"),
        ("!/2", "too_many_members"),
        ("!/3.txt", ""),
    ]
    assert (items[2].value, items[2].threshold) == (6, 5)


def test_a_huge_directory_is_not_parsed(monkeypatch):
    monkeypatch.setattr(archives, "_DIRECTORY_BYTES", 1000)
    (fault,) = read(zipped({f"{n}.txt": b"" for n in range(50)}))
    assert (fault.reason, fault.threshold) == ("too_many_members", 1000)


def test_overlapping_members():
    # Two entries of the directory for the same bytes, as in a zip bomb without nesting.
    data = zipped({"a.txt": random.Random(1).randbytes(2000).hex().encode()})
    at = data.index(b"PK\1\2")
    end = data.index(b"PK\5\6")
    entry = data[at:end]
    sink = data[:at] + entry * 3 + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 3, 3, 3 * len(entry), at, 0)
    (fault,) = read(sink)
    assert fault.reason == "overlapping_members"
    assert fault.value > fault.threshold


def test_formats_by_suffix():
    assert detect(b"", "a.tar.gz").name == detect(b"", "a.tgz").name == "tar"
    assert detect(b"PK\3\4", "a.xml").name == "zip"
    (fault,) = read(b"no archive", "a.zip")
    assert fault.reason == "damaged_archive"


_NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0/\\:"), min_size=1, max_size=120)


@settings(max_examples=50)
@given(
    st.dictionaries(_NAMES, st.binary(max_size=1500), max_size=5),
    st.sampled_from([zipped, *(_PACKERS[k] for k in ("gnu", "pax", "tar.gz"))]),
)
def test_all_members_are_found(members, pack):
    members = {f"{name}.txt": data for name, data in members.items() if not name.startswith("._")}
    container = archives.Zip() if pack is zipped else archives.Tar()
    data = pack(members)
    stream = io.BytesIO(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    contents = [(member.name, member.stream.read()) for member in container.members(stream, ReadOptions())]
    assert contents == list(members.items())


@settings(max_examples=100)
@given(st.data())
def test_any_damage_is_a_row(data):
    pack = data.draw(st.sampled_from([zipped, tarred, _PACKERS["gnu"], _PACKERS["tar.xz"]]))
    content = bytearray(pack(_PAPERS))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    items = read(bytes(content), "a.tar")
    assert items
    assert all(isinstance(item, Document) or item.reason != "reader_failed" for item in items)
    assert len({item.locator for item in items if isinstance(item, Document)}) == sum(
        isinstance(item, Document) for item in items
    )


_PAPER = {
    "ms.tex": b"\\documentclass{article}\\begin{document}Ants sleep. \\input{bees}\\end{document}",
    "bees.tex": b"Bees do not.",
    "ms.bbl": b"",
    "figure.png": b"\x89PNG",
}


@pytest.mark.parametrize("pack", _PACKERS.values(), ids=_PACKERS)
def test_sources_of_one_paper_are_one_document(pack):
    data = pack(_PAPER)
    (document,) = read(data, "2001.00001.tar.gz")
    assert (document.locator, document.digest) == ("", b"")
    assert document.text == "Ants sleep. Bees do not."
    assert document.metadata["main_file"] == "ms.tex"
    items = read(tarred({"2001/1.gz": data, "2001/2.gz": gzip.compress(_PAPER["bees.tex"])}))
    assert (items[0].locator, items[0].digest) == ("!/2001/1.gz", xxhash.xxh3_128_digest(data))
    assert items[1].locator == "!/2001/2.gz"


def test_a_damaged_paper_is_no_document():
    (fault,) = read(gzip.compress(tarred(_PAPER))[:-50])
    assert (fault.reason, fault.locator) == ("truncated", "")
    data = bytearray(zipped(_PAPER, zipfile.ZIP_STORED))
    data[data.index(b"Bees")] ^= 1
    (fault,) = read(bytes(data))
    assert (fault.reason, fault.locator) == ("damaged_member", "")


@pytest.mark.parametrize("limit", [None, 10])
def test_what_is_held_is_not_lost(limit, monkeypatch):
    if limit:
        monkeypatch.setattr(reading, "_BUNDLE_BYTES", limit)
    members = {"1.txt": b"Ants sleep.", "2.txt": b"Bees do not.", "3.txt": b"Cats do.", "last.xml": b"<x/>"}
    items = read(gzip.compress(tarred(members)))
    assert [getattr(item, "text", None) for item in items[:3]] == ["Ants sleep.", "Bees do not.", "Cats do."]
    assert [item.digest for item in items[:3]] == [
        xxhash.xxh3_128_digest(data) for data in list(members.values())[:3]
    ]
