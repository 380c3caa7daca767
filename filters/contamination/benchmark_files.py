r"""The questions of a benchmark, from its file as it is published: JSON Lines, JSON, CSV, TSV or text, plain or gzipped.

A record is a JSON object or a row of a table. Its question is the first of the named fields that it has; a record with none
of them is all its strings. In a text a question is a paragraph, or a line if no line is blank.

>>> questions(b'{"id": 7, "Question": "Why is oak hard?", "answer": "It grows slowly."}', "a.jsonl", ("question",))
[['Why is oak hard?']]
>>> questions(b"Why is oak hard?\nHow old is it?\n", "a.txt", ("question",))
[['Why is oak hard?'], ['How old is it?']]
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["FIELDS", "benchmark_name", "questions"]

FIELDS = ("question", "prompt", "input", "problem", "query", "stem", "goal", "sentence", "source", "text")
"""What the question of a record is called, the first that it has."""

_MAX_BYTES = 2**31
_JSON, _LINES, _TABLES = {".json"}, {".jsonl", ".ndjson"}, {".csv": ",", ".tsv": "\t"}


def benchmark_name(path: str) -> str:
    """The name of a benchmark: its file's, without ``.gz`` and the last suffix.

    >>> benchmark_name("bench/grade.school.jsonl.gz")
    'grade.school'
    """
    name = PurePath(path).name.removesuffix(".gz")
    return PurePath(name).stem or name


def questions(data: bytes, name: str, fields: Sequence[str] = FIELDS) -> list[list[str]]:
    """The questions of a file, each as the passages it consists of.

    Args:
        data: The file's bytes.
        name: Its name, whose suffix tells what it is.
        fields: What a question may be called, in lower case.

    Raises:
        ValueError: It cannot be read, or there is no text in it; the message is a clause that tells why.
    """
    if data[:2] == b"\x1f\x8b":
        data = _unpacked(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 at byte {error.start}") from None
    suffix = PurePath(name.removesuffix(".gz")).suffix.lower()
    if suffix in _TABLES:
        found = list(_of_table(text, _TABLES[suffix], fields))
    elif suffix in _JSON | _LINES:
        found = [one for value in _values(text, lines=suffix in _LINES) for one in _of_value(value, fields)]
    else:
        parts = text.split("\n\n") if "\n\n" in text.strip() else text.split("\n")
        found = [[part] for part in parts]
    found = [kept for one in found if (kept := [passage for passage in one if passage.strip()])]
    if not found:
        raise ValueError("there is no text in it")
    return found


def _unpacked(data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            plain = stream.read(_MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"it cannot be unpacked: {error}") from None
    if len(plain) > _MAX_BYTES:
        raise ValueError("it has more than 2 GiB when unpacked")
    return plain


def _values(text: str, *, lines: bool) -> Iterator[Any]:
    """The JSON values of a file: each line's, or the whole one's."""
    if not lines:
        try:
            yield json.loads(text)
        except (ValueError, RecursionError) as error:
            # Some call JSON Lines .json.
            if len(text.splitlines()) < 2 or not text.lstrip().startswith("{"):
                raise ValueError(f"it is not JSON: {error}") from None
        else:
            return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"line {number} is not JSON: {error}") from None


def _of_value(value: Any, fields: Sequence[str]) -> Iterator[list[str]]:
    """The questions in a JSON value."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield [one]
        elif isinstance(one, list):
            waiting += reversed(one)
        elif isinstance(one, dict):
            named = _named(one, fields)
            if named:
                yield [named]
                continue
            if own := [text for each in one.values() if (text := _joined(each))]:
                yield own
            waiting += [each for each in reversed(one.values()) if not _joined(each)]


def _named(record: dict[str, Any], fields: Sequence[str]) -> str:
    """The question of a record; empty if none of the fields is text."""
    folded = {key.lower(): each for key, each in reversed(record.items())}
    return next((text for field in fields if (text := _joined(folded.get(field.lower())))), "")


def _joined(value: Any) -> str:
    """A string, or strings of a list in a row; empty if it is neither."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return " ".join(value)
    return ""


def _of_table(text: str, delimiter: str, fields: Sequence[str]) -> Iterator[list[str]]:
    """The questions in a table: the column with a name that is looked for, else the first column of every row."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error as error:
        raise ValueError(f"it is no table: {error}") from None
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = next((header.index(field) for field in fields if field in header), None)
    for row in rows if column is None else rows[1:]:
        if len(row) > (column or 0):
            yield [row[column or 0]]
