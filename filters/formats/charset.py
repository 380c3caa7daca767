"""From bytes to text, where a file does not say for sure how its characters are encoded.

Strict UTF-8 comes first: text in another encoding is next to never valid UTF-8 by chance. Only then is a declared
encoding believed, and last a detector asked.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, BinaryIO

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

from colophon.filters.formats.whole_file import read_whole
from colophon.schemas import Unreadable

if TYPE_CHECKING:
    from colophon.schemas import ReadOptions

__all__ = ["decode", "read_text"]

# UTF-32's little-endian mark begins with UTF-16's, so it is asked for first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_SIGNATURES = (
    (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "ZIP (also Word, EPUB, OpenDocument)"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x7fELF", "ELF"),
    (b"\xd0\xcf\x11\xe0", "old Microsoft Office"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
)

# C0 and DEL without the white space and without ESC, which ISO 2022 encodings use.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"

# One control character in fifty: stray NULs and backspaces in prose stay below, and cleaning removes them; uniformly
# random or compressed bytes have one in ten.
_CONTROL_SHARE = 0.02

_WINDOW = 2**16


def decode(data: bytes, declared: str = "", tolerance: float = 0.0) -> str | Unreadable:
    r"""Decode a document's bytes.

    Args:
        data: The bytes.
        declared: The encoding that the document itself names, if it does.
        tolerance: The share of characters that may be U+FFFD, put where broken UTF-8 cannot be read; 0 where a
            document with one such byte is unreadable.

    Returns:
        The text without a byte order mark, or why not: ``binary_data``, ``undecodable`` or ``empty_file``.

    >>> decode("Größe".encode())
    'Größe'
    >>> decode(b"PK\x03\x04").reason
    'binary_data'
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding, len(mark))
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return Unreadable("binary_data", f"begins like a file of the kind {kind}")
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if controls > _CONTROL_SHARE * len(data):
        return Unreadable(
            "binary_data",
            f"{controls} of {len(data)} bytes are control characters",
            value=controls / len(data),
            threshold=_CONTROL_SHARE,
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return _legacy(data, declared, tolerance, error)
    if "\x1b$" in text and (detect_encoding(data) or "").startswith("iso2022"):
        return _strict(data, "iso2022_jp")
    return _not_empty(text)


def read_text(stream: BinaryIO, options: ReadOptions) -> str | Unreadable:
    """Read and decode a file that is one document of plain characters."""
    data = read_whole(stream, options.max_document_bytes)
    return data if isinstance(data, Unreadable) else decode(data)


def _legacy(data: bytes, declared: str, tolerance: float, error: UnicodeDecodeError) -> str | Unreadable:
    """Decode what is not valid UTF-8; `error` says from where on."""
    # The detector reads a limited window: it must hold what is not ASCII.
    window = data[max(0, error.start - _WINDOW) : error.start + _WINDOW]
    detected = detect_encoding(window)
    # What the detector takes for UTF-8 is broken UTF-8; decoding it as declared would give mojibake.
    if detected == "utf-8":
        if tolerance > 0:
            text = data.decode(errors="replace")
            if text.count("\ufffd") <= tolerance * len(text):
                return _not_empty(text)
        return Unreadable("undecodable", f"byte {error.start}: {error.reason} in UTF-8")
    # By the names of the WHATWG Encoding Standard: "latin1" on the web means Windows-1252.
    for name in (map_encoding_to_html5(declared, fallback_utf8=False) if declared else None, detected):
        if name and name != "utf-8" and not isinstance(text_or_not := _strict(data, name), Unreadable):
            return text_or_not
    return Unreadable(
        "undecodable",
        f"byte {error.start}: {error.reason} in UTF-8, nor is it {detected or 'any other charset'}",
    )


def _strict(data: bytes, encoding: str, offset: int = 0) -> str | Unreadable:
    try:
        return _not_empty(data.decode(encoding))
    except UnicodeDecodeError as error:
        return Unreadable("undecodable", f"byte {offset + error.start}: {error.reason} in {encoding}")
    except LookupError:
        return Unreadable("undecodable", f"charset {encoding} is unknown")


def _not_empty(text: str) -> str | Unreadable:
    return Unreadable("empty_file", "nothing but white space") if not text or text.isspace() else text
