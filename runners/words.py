"""Numbers as a person reads them."""

from __future__ import annotations

__all__ = ["cut", "many", "size_in_words", "time_in_words"]


def cut(text: str, most: int) -> str:
    """The beginning of a long text, and how long it is.

    >>> cut("abc", 3), cut("a" * 1_048_576, 5)
    ('abc', 'aaaaa… (1,048,576 characters)')
    """
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def many(n: int, thing: str) -> str:
    """A number of things.

    >>> many(1, "file"), many(1200, "file")
    ('1 file', '1,200 files')
    """
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"


def size_in_words(n: float) -> str:
    """Bytes as a person reads them.

    >>> size_in_words(999), size_in_words(12_345_678)
    ('999 bytes', '12.3 MB')
    """
    if n < 1000:
        return f"{n:,.0f} bytes"
    for unit in ("kB", "MB", "GB", "TB", "PB"):
        n /= 1000
        if n < 999.95 or unit == "PB":
            return f"{n:,.1f} {unit}"
    raise AssertionError


def time_in_words(seconds: float) -> str:
    """A duration as a person reads it.

    >>> time_in_words(7.4), time_in_words(80), time_in_words(7300)
    ('7 s', '1 min 20 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
