"""What is to be withdrawn, or was: lists of identifiers, and records of removals that name nothing.

A removal record holds keyed hashes of a document's id, DOI and text digest; the salt stands beside it. Whoever holds the
document, or its DOI, can see that it was withdrawn; nobody can list from the records what was. That is not secrecy of
what can be guessed: the DOIs of a field can be tried one by one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import orjson
import pyarrow.parquet as pq

from colophon.filters.works import identifiers
from colophon.pipelines.places import seekable
from colophon.schemas import (
    DROPPED,
    WITHDRAW,
    WITHDRAWN,
    WITHDRAWN_COPY,
    UsageError,
    canonical_digest,
    harmless,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from colophon.pipelines.places import AnyPath

__all__ = [
    "HASHED",
    "MATCHED_BY",
    "NOTICE_FORMAT",
    "RECORDS_FILE",
    "RECORDS_FORMAT",
    "Line",
    "Wanted",
    "keys_of",
    "parse_list",
    "read_rounds",
    "read_wanted",
    "removal_faults",
    "rounds_in",
    "rows_of",
    "salt_of",
    "seal",
    "wanted_in",
]  # fmt: skip

RECORDS_FORMAT: Final = "colophon removal records"
NOTICE_FORMAT: Final = "colophon withdrawal notice"
RECORDS_FILE: Final = "withdrawals/records.json"
"""Where a dataset keeps the records of all withdrawals up to its version."""
HASHED: Final = (
    "HMAC-SHA-256 with the salt (16 bytes) as key, over KIND, a zero byte and VALUE in UTF-8; 64 hex digits"
)
"""How a record is made, in words for who reads the file."""
MATCHED_BY: Final = ("id", "doi", "text_sha256", "url")
"""The kinds of identifiers, as records name them."""

_MOST_BYTES: Final = 2**28
_LONGEST_LINE: Final = 2000
_FAULTS_SHOWN: Final = 20
_ROWS_AT_ONCE: Final = 4096
_COLUMNS: Final = ("id", "text_sha256", "doi", "metadata", "source_uri", "locator")
_ID = re.compile(r"[0-9a-f]{32}\Z", re.IGNORECASE)
_TEXT = re.compile(r"sha256:([0-9a-f]{64})\Z", re.IGNORECASE)
_DOI = re.compile(
    r"(?:(?:https?://)?(?:(?:dx|www)\.)?doi\.org/|doi:\s?|)(10\.\d{4,9}(?:\.\d{1,9}){0,3}/\S+)\Z",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://([^/?#\s\[\]@]+|\[[0-9a-f:.]+\](?::\d+)?)([/?#]\S*)?\Z", re.IGNORECASE)
_ALLOWED = (
    "a document's id (32 hex digits), a DOI, the beginning of an address (https://…) or the digest of a text "
    "(sha256: and 64 hex digits)"
)
_ADDRESS = re.compile(r"(?:url|uri|link)\Z|(?!licen[cs]e).*_ur[li]\Z")


@dataclass(frozen=True)
class Line:
    """One thing that is to be withdrawn.

    Attributes:
        number: Its line in the list, or its place among the records, from 1.
        text: As it was written; of a record empty.
        keys: What it names: kind and value; of a record kind and hash.
    """

    number: int
    text: str
    keys: tuple[tuple[str, str], ...]


@dataclass
class Wanted:
    """All that is to be withdrawn.

    Attributes:
        lines: One for each thing that is named.
        salts: Of records: each salt with the lines, by hash, that were made with it.
        plain: Of a list: the lines by kind and value.
    """

    lines: list[Line]
    salts: list[tuple[bytes, dict[tuple[str, str], list[int]]]] = field(default_factory=list)
    plain: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The same for lists that name the same, in whatever order and spelling."""
        return canonical_digest(sorted({key for line in self.lines for key in line.keys}))

    def find(self, batch: pa.RecordBatch | pa.Table) -> dict[int, list[int]]:
        """Which of n documents are named: places of the lines that name them, by row.

        Args:
            batch: Of ``data/`` or ``ledger/``: ``id``, and what else there is of `rows_of`.
        """
        kinds = {kind for kind, _ in self.plain}
        few = not self.salts and kinds <= {"id", "text_sha256"}
        found: dict[int, list[int]] = {}
        for row, one in enumerate(rows_of(batch, few=few)):
            keys = keys_of(one, with_addresses="url" in kinds)
            lines = [number for key in keys for number in self.plain.get(key, ())]
            for salt, known in self.salts:
                lines += [
                    number
                    for kind, value in keys
                    if kind != "url"
                    for number in known.get((kind, seal(salt, kind, value)), ())
                ]
            if lines:
                found[row] = list(dict.fromkeys(lines))
        return found


def seal(salt: bytes, kind: str, value: str) -> str:
    """What a record says of an identifier; see `HASHED`."""
    return hmac.digest(salt, f"{kind}\0{value}".encode(), "sha256").hex()


def rows_of(batch: pa.RecordBatch | pa.Table, *, few: bool = False) -> Iterator[dict[str, Any]]:
    """What tells which documents rows are.

    Args:
        batch: Rows of ``data/`` or ``ledger/``.
        few: Whether id and digest of the text are enough.
    """
    names = [name for name in (_COLUMNS[:2] if few else _COLUMNS) if name in batch.schema.names]
    for values in zip(*(batch.column(name).to_pylist() for name in names), strict=True):
        yield dict(zip(names, values, strict=True))


def keys_of(row: Mapping[str, Any], *, with_addresses: bool = False) -> list[tuple[str, str]]:
    """All that names a document: kind and value, in a form that all spellings share.

    The DOI is that of the document's metadata or, where a file is one document, of the file's name; it stands for all
    versions of the work. An address also counts as far as any ``/``, ``?``, ``#``, ``&`` or ``=`` in it.

    Args:
        row: As `rows_of` gives it.
        with_addresses: Whether addresses are looked at.

    >>> keys_of({"id": "0" * 32, "doi": "10.12688/Mills.7.2"})[1]
    ('doi', 'doi:10.12688/mills_7')
    """
    keys = [("id", row["id"])]
    if row.get("text_sha256"):
        keys.append(("text_sha256", row["text_sha256"]))
    if "doi" in row or "source_uri" in row:
        metadata = _metadata(row.get("metadata"))
        keys += [("doi", one) for one in _dois({**row, "metadata": metadata})]
        if with_addresses:
            keys += [("url", one) for one in _beginnings(_addresses(row, metadata))]
    return keys


def _metadata(text: str | None) -> dict[str, Any]:
    try:
        found = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _dois(about: Mapping[str, Any]) -> list[str]:
    found = [f"{kind}:{value}" for kind, value in identifiers(about, "") if kind in {"doi", "arxiv"}]
    plain = (about.get("doi") or "").lower()
    # Deduplication does not trust a DOI that is next to nothing behind its prefix; who names one means it.
    return found or ([f"doi:{plain}"] if plain else [])


def _addresses(row: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[str]:
    for name, value in metadata.items():
        if isinstance(value, str) and _ADDRESS.match(name.lower()):
            yield value
    if row.get("source_uri"):
        yield row["source_uri"]  # a mirror of a site has its addresses for paths


def _plain_address(address: str) -> str:
    """An address without its scheme, its host in lower case, unescaped."""
    rest = re.sub(r"\Ahttps?://", "", unquote(address.strip()), flags=re.IGNORECASE)
    host = re.match(r"[^/?#]*", rest)
    return (host[0].lower() + rest[host.end() :]) if host else rest


def _beginnings(addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        plain = _plain_address(address)
        yield from dict.fromkeys(
            plain[: cut.start()].rstrip("/") for cut in re.finditer(r"[/?#&=]|\Z", plain)
        )
        yield from dict.fromkeys(plain[: cut.end()] for cut in re.finditer(r"[?#&=]", plain))


def _key_of(text: str) -> tuple[str, str] | None:
    """What a line of a list names; None if nothing."""
    if _ID.match(text):
        return "id", text.lower()
    if found := _TEXT.match(text):
        return "text_sha256", found[1].lower()
    if found := _DOI.match(unquote(text)):
        return "doi", _dois({"doi": found[1].lower().rstrip(".,;")})[0]
    if _URL.match(text):
        return "url", _plain_address(text).rstrip("/")
    return None


def parse_list(content: bytes, where: str) -> Wanted:
    """A list: one thing a line, ``#`` before a comment.

    Raises:
        UsageError: A line names nothing that can be withdrawn, or no line names anything.

    >>> wanted = parse_list(b"https://doi.org/10.5555/MILLS.7  # by its author", "list.txt")
    >>> wanted.lines[0].keys
    (('doi', 'doi:10.5555/mills_7'),)
    """
    wanted, faults = Wanted([]), []
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            line = raw.decode().strip(" \t\r")
        except UnicodeDecodeError as error:
            faults.append(f"line {number} is not UTF-8 at its byte {error.start + 1}")
            continue
        text = re.sub(r"(?:\A|[ \t])#.*", "", line).strip()
        if not text:
            continue
        key = _key_of(text) if len(text) <= _LONGEST_LINE and text.isprintable() else None
        if key is None:
            faults.append(
                f"line {number}: {harmless(text[:80])!r} is no {_ALLOWED}".replace("is no a ", "is not ")
            )
            continue
        wanted.plain.setdefault(key, []).append(len(wanted.lines))
        wanted.lines.append(Line(number, text, (key,)))
    if faults:
        more = [f"and {len(faults) - _FAULTS_SHOWN:,} more lines"] if len(faults) > _FAULTS_SHOWN else []
        raise UsageError("\n".join(f"{where}: {each}" for each in [*faults[:_FAULTS_SHOWN], *more]))
    if not wanted.lines:
        raise UsageError(f"{where}: names nothing; write one thing a line: {_ALLOWED}")
    return wanted


def wanted_in(rounds: Sequence[Mapping[str, Any]], where: str) -> Wanted:
    """What removal records name: of each round ``salt``, ``records`` and ``named``.

    Raises:
        UsageError: They do not have the form of records.
    """
    wanted = Wanted([])
    try:
        for each in rounds:
            salt = bytes.fromhex(each["salt"])
            known: dict[tuple[str, str], list[int]] = {}
            for record in [*each["records"], *each["named"]]:
                keys = tuple((kind, record[kind]) for kind in MATCHED_BY if kind in record)
                if keys and keys[0][0] == "url":
                    continue  # what an address begins with cannot be told from hashes
                bytes.fromhex("".join(value for _, value in keys))
                for key in keys:
                    known.setdefault(key, []).append(len(wanted.lines))
                wanted.lines.append(Line(len(wanted.lines) + 1, "", keys))
            wanted.salts.append((salt, known))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"{where}: is damaged or no removal records: {type(error).__name__} {error}"
        ) from error
    return wanted


def rounds_in(told: Any, where: str) -> list[dict[str, Any]]:
    """The rounds of withdrawal in the JSON of a file of records, or of a notice.

    Raises:
        UsageError: It is neither.
    """
    form = told.get("format") if isinstance(told, dict) else None
    rounds = told.get("withdrawals") if form == RECORDS_FORMAT else [told] if form == NOTICE_FORMAT else None
    if not isinstance(rounds, list) or not all(isinstance(each, dict) for each in rounds):
        raise UsageError(
            f"{where}: is no file of removal records ({RECORDS_FORMAT!r}) and no notice ({NOTICE_FORMAT!r})"
        )
    return rounds


def read_rounds(path: AnyPath) -> list[dict[str, Any]]:
    """The rounds in a file; see `rounds_in`.

    Raises:
        UsageError: It cannot be read, or is none.
    """
    try:
        told = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read as JSON: {error}") from error
    return rounds_in(told, str(path))


def _read(path: AnyPath) -> bytes:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path}: has more than {_MOST_BYTES:,} bytes; a list has one thing a line")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {error.strerror}; name a list, records or a notice"
        ) from error


def read_wanted(path: Path) -> Wanted:
    """What a list, a file of removal records or a notice names.

    Raises:
        UsageError: It cannot be read, or a line is malformed.
    """
    content = _read(path)
    if content.lstrip()[:1] == b"{":
        return wanted_in(read_rounds(path), str(path))
    return parse_list(content, str(path))


def removal_faults(folder: AnyPath, manifest: Mapping[str, Any], fates: Mapping[str, int]) -> list[str]:
    """What a dataset says of its withdrawals and is not so; a document that is kept and recorded as withdrawn above all.

    Args:
        folder: The dataset.
        manifest: Its manifest.
        fates: Documents by source, fate, stage and reason, as its ledger has them.

    Returns:
        A sentence for each fault.
    """
    said = manifest["withdrawals"]
    here = Counter(dict.fromkeys((WITHDRAWN, WITHDRAWN_COPY), 0))
    for key, n in fates.items():
        _, fate, stage, reason = key.split("\t")
        if stage == WITHDRAW or reason == WITHDRAWN:
            here[reason] += n
            if (fate, stage) != (DROPPED, WITHDRAW) or reason not in {WITHDRAWN, WITHDRAWN_COPY}:
                return [
                    f"ledger: has documents that are {fate} in {stage or 'no stage'} as {reason or 'nothing'}"
                ]
    faults = [
        f"manifest.json: withdrawals say that {told} documents are {reason}, recounted they are {here[reason]}"
        for reason in (WITHDRAWN, WITHDRAWN_COPY)
        if (told := sum(each["kept"][reason] for each in said)) != here[reason]
    ]
    if bool(said) != (RECORDS_FILE in manifest["files"]):
        return [*faults, f"{RECORDS_FILE}: stands in a dataset exactly if its manifest tells of a withdrawal"]
    if not said:
        return faults
    try:
        rounds = read_rounds(folder / RECORDS_FILE)
        wanted = wanted_in(rounds, RECORDS_FILE)
        given = [
            (each["version"], each["reason"], len(each["records"]), len(each["named"])) for each in rounds
        ]
    except (UsageError, KeyError) as error:
        return [*faults, str(error)]
    if given != [(each["version"], each["reason"], each["records"], each["named"]) for each in said]:
        faults.append(f"{RECORDS_FILE}: has not the withdrawals that the manifest tells of")
    if sum(each[2] for each in given) != manifest["files"][RECORDS_FILE]["rows"]:
        faults.append(f"{RECORDS_FILE}: has not as many records as the manifest says")
    names = sorted(name for name in manifest["files"] if name.startswith("data/"))
    return faults + [
        f"document {one}: is kept, but the records of withdrawals name it"
        for one in _still_there((folder / name for name in names), wanted)
    ]


def _still_there(paths: Iterable[AnyPath], wanted: Wanted) -> Iterator[str]:
    """Ids of the rows of some files of ``data/`` that are named."""
    for path in paths:
        with seekable(path) as source, pq.ParquetFile(source) as file:
            columns = [name for name in _COLUMNS if name in file.schema_arrow.names]
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=columns):
                yield from (batch["id"][row].as_py() for row in wanted.find(batch))


def salt_of(predecessor: str, wanted: Wanted) -> bytes:
    """The salt of a withdrawal: the same wherever the same list is applied to the same dataset, 16 bytes."""
    return hashlib.sha256(f"colophon withdrawal\0{predecessor}\0{wanted.digest}".encode()).digest()[:16]
