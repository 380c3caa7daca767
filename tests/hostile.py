"""Files that are made to hurt: bombs, depths, loops, names that lead elsewhere. `write` puts them into a folder.

Each bomb is about a megabyte or less and unpacks to a gigabyte or more; all are made in seconds, always the same.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

import zstandard

_BLOCK = 2**24
_GIB = 2**30
_GOOD = b"Ants sleep at noon."


def _repeated(compress, total: int = _GIB, fill: bytes = b"\0") -> bytes:
    """Members of compressed blocks, one after the other, as each of the formats allows."""
    return compress(fill * _BLOCK) * (total // _BLOCK)


def _deflated(total: int) -> tuple[bytes, int]:
    """A single DEFLATE stream of zeros, and the checksum of what is in it."""
    encoder = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = bytes(_BLOCK)
    first = encoder.compress(zeros) + encoder.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(total // _BLOCK):
        checksum = zlib.crc32(zeros, checksum)
    # Behind a full flush nothing refers to what was before it.
    return first * (total // _BLOCK) + encoder.flush(), checksum


def raw_zip(members: list[tuple[str, bytes, int, int, int]], overlap: int = 1) -> bytes:
    """A zip of (name, packed bytes, method, size, checksum); its directory names each of them `overlap` times."""
    body, directory = b"", b""
    for name, packed, method, size, checksum in members:
        fields = struct.pack("<HHHHHIII", 20, 0, method, 0, 33, checksum, len(packed), size)
        encoded = name.encode()
        entry = (
            b"PK\1\2"
            + struct.pack("<H", 20)
            + fields
            + struct.pack("<HHHHHII", len(encoded), 0, 0, 0, 0, 0, len(body))
        )
        directory += (entry + encoded) * overlap
        body += b"PK\3\4" + fields + struct.pack("<HH", len(encoded), 0) + encoded + packed
    count = len(members) * overlap
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + b"PK\5\6" + end


def _good(name: str) -> tuple[str, bytes, int, int, int]:
    return name, _GOOD, 0, len(_GOOD), zlib.crc32(_GOOD)


def _zip_bomb(name: str) -> bytes:
    packed, checksum = _deflated(_GIB)
    return raw_zip([_good("first.txt"), (name, packed, 8, _GIB, checksum), _good("last.txt")])


def _nested(depth: int) -> bytes:
    data = _GOOD
    for level in range(depth):
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w") as archive:
            archive.writestr(f"{level}.zip" if level else "good.txt", data)
            archive.writestr(f"good{level}.txt", _GOOD + b" %d" % level)
        data = sink.getvalue()
    return data


def _tar(*members: tuple[str, bytes, bytes, str]) -> bytes:
    """A tar of (name, type, content, target of the link)."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, kind, content, target in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, target, len(content)
            archive.addfile(info, io.BytesIO(content))
    return sink.getvalue()


def _tar_header(name: str, kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


def _xz_with_a_window_of_4_gib() -> bytes:
    data = bytearray(lzma.compress(_GOOD, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 2**20}]))
    # Behind the stream's 12 bytes: size, flags, filter, size of its properties, the window; then padding, checksum.
    size = (data[12] + 1) * 4
    data[16] = 40
    data[12 + size - 4 : 12 + size] = struct.pack("<I", zlib.crc32(data[12 : 12 + size - 4]))
    return bytes(data)


def _laughs() -> bytes:
    entities = '<!ENTITY a "ants">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">'
        for before, name in zip("abcdefghij", "bcdefghijk", strict=True)
    )
    return (
        f'<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96)" "x" [{entities}]>'
        "<article><front/><body><p>&k;</p></body></article>"
    ).encode()


def _reading_a_file() -> bytes:
    return (
        b'<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96)" "x" [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        b"<article><front/><body><p>Ants &e; sleep.</p></body></article>"
    )


def _deep(tag: str, before: str = "") -> bytes:
    return (before + f"<{tag}>" * 100_000 + "ants" + f"</{tag}>" * 100_000).encode()


def _warc(block: bytes, pack=gzip.compress) -> bytes:
    head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://ants.example/\r\nContent-Length: %d\r\n\r\n"
    return pack(head % len(block) + block + b"\r\n\r\n")


def _http(body: bytes, headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + headers + b"\r\n" + body


_ZIP_LINES = "lines.jsonl"

FILES = {
    # One compressed file of one gigabyte each.
    "bomb.txt.gz": lambda: _repeated(gzip.compress),
    "bomb.txt.bz2": lambda: _repeated(bz2.compress),
    "bomb.txt.xz": lambda: _repeated(lzma.compress),
    "bomb.txt.zst": lambda: _repeated(zstandard.ZstdCompressor().compress),
    "bomb.jsonl.gz": lambda: _repeated(gzip.compress),
    "bomb.json.gz": lambda: gzip.compress(b"[") + _repeated(gzip.compress, fill=b" "),
    "bomb.csv.gz": lambda: gzip.compress(b"id,text\n1,") + _repeated(gzip.compress, fill=b'"'),
    "bomb.parquet.gz": lambda: gzip.compress(b"PAR1") + _repeated(gzip.compress),
    "window.txt.xz": _xz_with_a_window_of_4_gib,
    # Archives.
    "bomb.zip": lambda: _zip_bomb("bomb.txt"),
    "lines.zip": lambda: _zip_bomb(_ZIP_LINES),
    "overlap.zip": lambda: raw_zip([("bomb.txt", *_shared())], overlap=20_000),
    "nested.zip": lambda: _nested(12),
    "bomb.tar.gz": lambda: (
        gzip.compress(
            _tar(("first.txt", tarfile.REGTYPE, _GOOD, ""))[:1024] + _tar_header("bomb.txt", b"0", _GIB)
        )
        + _repeated(gzip.compress)
    ),
    "name.tar.gz": lambda: gzip.compress(_tar_header("long", b"L", 8**11 - 1)) + _repeated(gzip.compress),
    "members.tar.zst": lambda: zstandard.ZstdCompressor().compress(
        b"".join(_tar_header(f"{number}.txt", b"0", 0) for number in range(100_050)) + bytes(1024)
    ),
    "names.tar": lambda: _tar(
        ("../../../../tmp/evil.txt", tarfile.REGTYPE, _GOOD, ""),
        ("/etc/evil.txt", tarfile.REGTYPE, _GOOD, ""),
        ("link.txt", tarfile.SYMTYPE, b"", "/etc/passwd"),
        ("device.txt", tarfile.BLKTYPE, b"", ""),
        ("two\nlines.txt", tarfile.REGTYPE, _GOOD, ""),
    ),
    # Web archives.
    "bomb.warc.gz": lambda: (
        _warc(_http(_GOOD))
        + gzip.compress(b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: %d\r\n\r\n" % _GIB)
        + _repeated(gzip.compress)
        + _warc(_http(_GOOD))
    ),
    "encoded.warc": lambda: (
        _warc(_http(_repeated(gzip.compress), b"Content-Encoding: gzip\r\n"), bytes)
        + _warc(_http(_GOOD), bytes)
    ),
    # Markup.
    "laughs.xml": _laughs,
    "file.xml": _reading_a_file,
    "deep.xml": lambda: _deep("sec", '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96)" "x"><article>'),
    "deep.html": lambda: _deep("div", "<html><body>"),
    "deep.json": lambda: b'[{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
    "deep.jsonl": lambda: b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n" + b'{"text": "Ants"}\n',
    "quotes.csv": lambda: b"id,text\n" + b'a"b,"\n' * 1_000_000,
}
"""How each file is made, by its name."""


def _shared() -> tuple[bytes, int, int, int]:
    packed, checksum = _deflated(2 * _BLOCK)
    return packed, 8, 2 * _BLOCK, checksum


def write(folder: Path) -> None:
    """Write the whole set."""
    for name, make in FILES.items():
        (folder / name).write_bytes(make())


if __name__ == "__main__":
    write(Path(sys.argv[1]))
