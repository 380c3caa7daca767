from __future__ import annotations

import codecs
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.formats.charset import decode
from colophon.schemas import Unreadable

_RUSSIAN = "Муравьи спят днём и ночью, но очень недолго и по очереди. " * 4
_JAPANESE = "アリは昼も夜も短い時間だけ眠ります。働きアリは交代で休みます。" * 4
_GERMAN = "Ameisen schlafen häufig, aber kurz; die Königin schläft länger und müßig. " * 4


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (_RUSSIAN, "cp1251"),
        (_RUSSIAN, "koi8-r"),
        (_JAPANESE, "shift_jis"),
        (_JAPANESE, "euc_jp"),
        (_JAPANESE, "iso2022_jp"),
        (_GERMAN, "cp1252"),
        (_GERMAN, "utf-8"),
        (_RUSSIAN, "utf-8-sig"),
    ],
)
def test_charsets(text, encoding):
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_byte_order_marks(mark, encoding):
    assert decode(mark + _RUSSIAN.encode(encoding)) == _RUSSIAN


def test_legacy_charset_that_starts_late():
    # Beyond the 128 KiB that the detector would read from the beginning.
    assert decode(b"Ants sleep. " * 50_000 + _RUSSIAN.encode("cp1251")) == "Ants sleep. " * 50_000 + _RUSSIAN


def test_declared_charset_comes_before_the_detector():
    source = "na\xefve caf\xe9 \xa4".encode("iso8859-15", "replace").replace(b"?", b"\xa4")
    assert decode(source, "iso-8859-15") == "naïve café €"


def test_declared_charset_is_not_believed_against_the_bytes():
    assert decode(_GERMAN.encode(), "iso-8859-1") == _GERMAN
    assert decode(_RUSSIAN.encode("koi8-r"), "no-such-charset") == _RUSSIAN
    assert decode(_RUSSIAN.encode("koi8-r"), "utf-8") == _RUSSIAN


def test_broken_utf8():
    head, tail = "Муравьи спят днём. ", _RUSSIAN
    broken = head.encode() + b"\xff" + tail.encode()
    fault = decode(broken)
    assert isinstance(fault, Unreadable)
    assert fault.reason == "undecodable"
    assert fault.detail.startswith(f"byte {len(head.encode())}: ")
    assert decode(broken, tolerance=0.01) == head + "\ufffd" + tail
    # Also where the page claims another charset, in which it would be mojibake.
    assert decode(broken, "windows-1251", tolerance=0.01) == head + "\ufffd" + tail
    assert isinstance(decode(head.encode() + b"\xff" * 50 + tail.encode(), tolerance=0.01), Unreadable)


def test_nuls_in_prose_are_left_to_cleaning():
    assert (
        decode(b"Ants sleep in short naps, by day\0 and by night, in turns and mostly in the nest.")
        is not None
    )
    assert "\0" in decode(b"Ants sleep.\0 " + b"They nap by day and by night. " * 5)


@pytest.mark.parametrize(
    "data",
    [
        random.Random(7).randbytes(5000),
        b"\0" * 100,
        b"a\0b\0c\0",
        b"%PDF-1.4\nall of this is ASCII",
        b"PK\x03\x04rest",
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_binary(data):
    fault = decode(data)
    assert isinstance(fault, Unreadable)
    assert fault.reason == "binary_data"
    assert fault.detail


@pytest.mark.parametrize("data", [codecs.BOM_UTF8, codecs.BOM_UTF8 + b" \n", "\u2003\xa0".encode(), b""])
def test_empty(data):
    fault = decode(data)
    assert isinstance(fault, Unreadable)
    assert fault.reason == "empty_file"


def test_odd_utf16():
    fault = decode(codecs.BOM_UTF16_LE + b"a\0b")
    assert isinstance(fault, Unreadable)
    assert fault.reason == "undecodable"
    assert fault.detail.startswith("byte 4")


@given(
    st.binary(max_size=300),
    st.sampled_from(["", "utf-8", "latin1", "utf-16", "x"]),
    st.sampled_from([0.0, 0.01]),
)
def test_never_raises(data, declared, tolerance):
    text = decode(data, declared, tolerance)
    assert isinstance(text, Unreadable) or text.encode()


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1))
def test_utf8_is_kept(text):
    if not text.isspace() and not text.startswith(("\ufeff", "%PDF-", "BZh", "Rar!", "GIF8")):
        assert decode(text.encode()) == text
