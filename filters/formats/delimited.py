"""CSV and TSV: one document a row."""

from __future__ import annotations

import codecs
import csv
import io
import sys
from collections import deque
from typing import TYPE_CHECKING, BinaryIO, ClassVar

import xxhash
from resiliparse.parse.encoding import detect_encoding

from colophon.filters.formats.records import document_of_record
from colophon.filters.formats.whole_file import rejoined, too_large
from colophon.schemas import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from colophon.schemas import Document, ReadOptions

__all__ = ["Csv"]

_SAMPLE = 2**20
_WINDOW = 2**16
# How many bytes may be read a second time, except for the first two records that need it.
_AGAIN = 2**25
_DELIMITERS = (",", ";", "\t")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

# Fields are bounded here with the record they are in; the module's own limit of 128 KiB is for all of a process.
csv.field_size_limit(sys.maxsize)


class Csv:
    r"""Reads tables whose first row names the columns: the text from one, its metadata from the others.

    Separated by commas, semicolons or tabs, whichever finds the column of text in the first row; quoted as in RFC
    4180. Memory is bounded by the largest record allowed.

    >>> import io
    >>> from colophon.schemas import ReadOptions
    >>> stream = io.BytesIO(b'id;text\n7;"Ants ""sleep"";\nsoundly."\n8\n')
    >>> first, second = Csv().read(stream, ReadOptions())
    >>> first.text, first.locator, first.metadata
    ('Ants "sleep";\nsoundly.', 'row=0', {'id': '7'})
    >>> second.reason, second.locator, second.value, second.threshold
    ('wrong_number_of_fields', 'row=1', 1, 2)
    """

    name: ClassVar[str] = "csv"
    media_type: ClassVar[str] = "text/csv"
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv")
    splittable: ClassVar[bool] = False
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = False

    def sniff(self, head: bytes) -> bool:  # noqa: ARG002 - the protocol's signature
        """Never: any text may be a table."""
        return False

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        """Yield a document for each row below the first, in their order; blank lines are none."""
        sample = stream.read(_SAMPLE)
        encoding = _encoding(sample)
        if encoding is None:
            yield Unreadable("undecodable", "neither UTF-8 nor any other charset")
            return
        errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
        with io.TextIOWrapper(rejoined(sample, stream), encoding, errors, newline="") as text:
            yield from self._rows(_Records(text, options.max_document_bytes), options)

    def _rows(self, records: _Records, options: ReadOptions) -> Iterator[Document | Unreadable]:
        columns = records.header(options.text)
        if isinstance(columns, Unreadable):
            yield columns
            return
        try:
            "".join(columns).encode()
        except UnicodeEncodeError:
            yield Unreadable("undecodable", "the names of the columns are not UTF-8")
            return
        place = columns.index(options.text)
        for row, fields in enumerate(records):
            locator = f"row={row}"
            if isinstance(fields, Unreadable):
                fields.locator = locator
                yield fields
                continue
            if len(fields) != len(columns):
                yield Unreadable(
                    "wrong_number_of_fields",
                    f"{len(fields)} fields below {len(columns)} columns",
                    locator,
                    len(fields),
                    len(columns),
                )
                continue
            source = "\x1f".join(fields).encode("utf-8", "surrogateescape")
            try:
                source.decode()
            except UnicodeDecodeError as error:
                yield Unreadable("undecodable", f"{error.reason} in UTF-8", locator)
                continue
            text = fields[place]
            record = {
                name: value for name, value in zip(columns, fields, strict=True) if name != options.text
            }
            document = document_of_record(text, record, options.title)
            document.locator = locator
            document.media_type = self.media_type
            document.digest = xxhash.xxh3_128_digest(source)
            yield document


def _encoding(sample: bytes) -> str | None:
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError as error:
        detected = detect_encoding(sample[max(0, error.start - _WINDOW) : error.start + _WINDOW])
        try:
            return codecs.lookup(detected).name if detected else None
        except LookupError:
            return None
    return "utf-8"


class _TooLong(Exception):  # noqa: N818 - it is no error, it only ends a record
    pass


class _Records:
    """The records of a table, each a list of fields or why there is none."""

    def __init__(self, text: TextIO, limit: int) -> None:
        self._text = text
        self._limit = limit
        self._delimiter = ","
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self._size = 0
        self._again = 0
        self._unclosed_records = 0

    def header(self, wanted: str) -> list[str] | Unreadable:
        """The names of the columns, `wanted` once among them."""
        named: list[list[str]] = []
        line = self._line()
        # An empty line before the header is none.
        while line and not line.strip():
            line = self._line()
        for delimiter in _DELIMITERS:
            self._delimiter = delimiter
            self._waiting.appendleft(line)
            self._taken, self._size = [], 0
            try:
                names = next(csv.reader(iter(self._lines()), delimiter=delimiter), [])
            except (_TooLong, csv.Error):
                names = []
            names = [name.strip() for name in names]
            if names.count(wanted) == 1:
                return names
            named.append(names)
            self._read_again()
        most = max(named, key=len)
        return Unreadable("no_text_column", f"no column {wanted!r}; columns: {', '.join(most)}"[:1000])

    def __iter__(self) -> Iterator[list[str] | Unreadable]:
        while True:
            reader = csv.reader(iter(self._lines()), delimiter=self._delimiter)
            try:
                while True:
                    self._taken, self._size = [], 0
                    fields = next(reader, None)
                    if fields is None:
                        return
                    if self._unclosed:
                        raise _TooLong  # noqa: TRY301 - both ends of a record are met alike
                    if fields:
                        yield fields
            except _TooLong:
                # A quote that never closes takes all that follows: one line is lost, the others are read again,
                # unless it is so with one after the other.
                size = self._size
                self._again += size
                self._read_again()
                self._unclosed_records += 1
                if self._again > _AGAIN and self._unclosed_records > 2:
                    yield Unreadable("unclosed_quote", "here and before; what follows is not read")
                    return
                yield (
                    Unreadable("unclosed_quote", "its quotation mark is never closed")
                    if size <= self._limit
                    else too_large(size, self._limit)
                )
            except csv.Error as error:
                yield Unreadable("not_csv", str(error))

    def _read_again(self) -> None:
        """Put back what the last record took, but for its first line."""
        self._waiting.extendleft(line for line in reversed(self._taken[1:]) if line)
        self._taken = []

    @property
    def _unclosed(self) -> bool:
        """Whether the last record ended with the file and not with its line, several lines after it began."""
        return len(self._taken) > 1 and self._taken[-1] == ""

    def _lines(self) -> Iterator[str]:
        while True:
            line = self._line()
            self._taken.append(line)
            if not line:
                return
            self._size += len(line)
            if self._size > self._limit:
                raise _TooLong
            yield line

    def _line(self) -> str:
        if self._waiting:
            return self._waiting.popleft()
        line = self._text.readline(self._limit + 1)
        if len(line) > self._limit:
            # The rest of a line that is too long is not kept.
            while (more := self._text.readline(_SAMPLE)) and not more.endswith(("\n", "\r")):
                pass
        return line
