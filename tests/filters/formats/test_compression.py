from __future__ import annotations

import gzip
import io
import random
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.formats.compression import Corrupt, decompressed, is_compressed

_CONTENT = b"".join(b"line %d of a file\n" % number for number in range(20_000))


def zstd(data):
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def read_to_the_end(data):
    """What can be read line by line, and the reason for which it ends."""
    stream = decompressed(io.BytesIO(data))
    got = b""
    try:
        for line in stream:
            got += line
    except Corrupt as fault:
        return got, fault.reason
    return got, ""


def exhaust(stream):
    while stream.read(2**20):
        pass


@pytest.mark.parametrize("compress", [gzip.compress, zstd])
def test_round_trip(compress):
    assert is_compressed(compress(_CONTENT)[:4])
    assert decompressed(io.BytesIO(compress(_CONTENT))).read() == _CONTENT
    assert decompressed(io.BytesIO(compress(b""))).read() == b""


def test_members_and_frames():
    skippable = b"\x5a\x2a\x4d\x18" + (70_000).to_bytes(4, "little") + bytes(70_000)
    data = (
        skippable
        + zstd(b"a")
        + zstd(b"")
        + skippable
        + gzip.compress(b"b")
        + zstd(b"c")
        + gzip.compress(b"d")
        + bytes(999)
    )
    assert is_compressed(data[:4])
    assert decompressed(io.BytesIO(data)).read() == b"abcd"


def test_head_that_was_read_already():
    stream = io.BytesIO(gzip.compress(_CONTENT) + gzip.compress(b"more"))
    assert decompressed(stream, stream.read(4096)).read() == _CONTENT + b"more"


def test_streams_without_seek_or_full_reads():
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 7))

        def seekable(self) -> bool:
            return False

    for data in (gzip.compress(_CONTENT) * 2, zstd(_CONTENT) * 2):
        assert decompressed(Slow(data)).read() == _CONTENT * 2


@pytest.mark.parametrize("compress", [gzip.compress, zstd])
@pytest.mark.parametrize("lost", [1, 5, 9, 1000])
def test_truncated(compress, lost):
    got, reason = read_to_the_end(compress(_CONTENT)[:-lost])
    assert reason == "truncated"
    assert _CONTENT.startswith(got)
    if lost < 1000:
        assert len(got) > 0.5 * len(_CONTENT)


def test_truncated_in_the_magic_of_a_later_member():
    assert read_to_the_end(gzip.compress(b"a\n") + b"\x1f\x8b") == (b"a\n", "truncated")
    assert read_to_the_end(zstd(b"a\n") + b"\x28") == (b"a\n", "truncated")


def test_what_is_before_the_damage_stays():
    data = bytearray(gzip.compress(random.Random(1).randbytes(300_000).hex().encode()))
    data[200_000] ^= 0xFF
    got, reason = read_to_the_end(gzip.compress(b"good\n") + bytes(data))
    assert got.startswith(b"good\n")
    assert reason == "corrupt_compression"


def test_checksum():
    data = bytearray(gzip.compress(b"Ants sleep.\n"))
    data[-6] ^= 1
    got, reason = read_to_the_end(bytes(data))
    assert reason == "corrupt_compression"
    assert got in {b"", b"Ants sleep.\n"}


def test_what_follows_is_not_compressed():
    got, reason = read_to_the_end(gzip.compress(b"Ants\n") + b"plain text")
    assert (got, reason) == (b"Ants\n", "corrupt_compression")


def test_a_damaged_stream_does_not_end_well_when_asked_again():
    stream = decompressed(io.BytesIO(gzip.compress(_CONTENT)[:-20]))
    for _ in range(3):
        with pytest.raises(Corrupt):
            stream.read()


def test_gzip_bomb():
    bomb = gzip.compress(bytes(80 * 2**20), 9)
    stream = decompressed(io.BytesIO(bomb))
    with pytest.raises(Corrupt, match="decompression_bomb"):
        exhaust(stream)


def test_zstd_bomb():
    stream = decompressed(io.BytesIO(zstd(bytes(100 * 2**20))))
    with pytest.raises(Corrupt, match="decompression_bomb"):
        exhaust(stream)


def test_zeros_below_64_mib_are_no_bomb():
    assert len(decompressed(io.BytesIO(zstd(bytes(2**20)))).read()) == 2**20


def test_zstd_window_beyond_the_usual():
    parameters = zstandard.ZstdCompressionParameters(window_log=28)
    big = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = big.compress(b"Ants sleep.\n" * 10) + big.flush()
    assert read_to_the_end(data) == (b"", "corrupt_compression")


def test_not_compressed():
    with pytest.raises(ValueError, match="not compressed"):
        decompressed(io.BytesIO(b"Ants sleep."))
    assert not is_compressed(b"\x1f\x8b")
    assert not is_compressed(b"")


@given(st.binary(max_size=200), st.sampled_from([b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18"]))
def test_never_another_exception(data, magic):
    if is_compressed(magic + data):
        read_to_the_end(magic + data)


@given(st.lists(st.tuples(st.binary(max_size=50), st.booleans()), min_size=1, max_size=8))
def test_any_concatenation(parts):
    data = b"".join(zlib.compress(part, wbits=31) if gz else zstd(part) for part, gz in parts)
    assert decompressed(io.BytesIO(data)).read() == b"".join(part for part, _ in parts)
