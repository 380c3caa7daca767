"""A dataset as arrays: of each document what is compared, about a hundred bytes, and never its text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from colophon.pipelines.dataset import load_manifest
from colophon.pipelines.storage import sha256_of
from colophon.schemas import KEPT, DataRow, UsageError, arrow_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["GROUPS", "Names", "Side", "columns_of", "parts_of", "read_side", "said_in"]

GROUPS: Final = {"language": ("language",), "license": ("spdx", "license"), "media_type": ("media_type",)}
"""By what kept documents are grouped, each with the columns that may hold it; the first that is there counts."""

_ROWS_AT_ONCE: Final = 16_384
_LEDGER: Final = (
    "id", "source", "source_sha256", "fate", "stage", "reason", "value", "threshold", "duplicate_of",
)  # fmt: skip
_STATE: Final = ("fate", "stage", "reason")
_NOT_DESCRIBED: Final = {"id", "text", "text_sha256", "duplicate_cluster", "duplicates_dropped"}
_PLACE: Final = {"source", "source_uri", "source_sha256", "locator"}


class Names:
    """Numbers for names, the same on both sides; 0 is the empty name."""

    def __init__(self) -> None:
        self.names: list[str] = [""]
        self._known = {"": 0}

    def numbers(self, column: pa.Array) -> np.ndarray:
        """uint32[n], the numbers of n names; null is the empty one."""
        encoded = pc.fill_null(column, "").dictionary_encode()
        table = [self._number(name) for name in encoded.dictionary.to_pylist()]
        return np.array(table, np.uint32)[encoded.indices.to_numpy()] if table else np.empty(0, np.uint32)

    def _number(self, name: str) -> int:
        number = self._known.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
        return number


@dataclass
class Side:
    """One of two datasets that are compared: n documents in its ledger, k of them kept.

    Attributes:
        folder: Where it is.
        manifest: Its manifest.
        digest: Sha256 of the manifest, hex.
        ids: S16[n].
        state: uint32[n], number of fate, stage and reason, joined by tabs.
        source: uint32[n], number of its source.
        file: uint64[n], of the source file's digest.
        ground: float64[n, 2], the value that decided and its limit; NaN for none.
        instead: uint64[n], of the id that was kept in its place.
        kept: int64[k], the rows of the ledger that are kept; rows of ``data/`` stand in this order.
        text: uint64[k], of the text's digest.
        described: uint64[k], of what both sides say of it in words beside the text.
        groups: By name, uint32[k]: numbers of `GROUPS`.
        starts: First row of each part of the ledger, by its path.
    """

    folder: Path
    manifest: dict[str, Any]
    digest: str
    ids: np.ndarray
    state: np.ndarray
    source: np.ndarray
    file: np.ndarray
    ground: np.ndarray
    instead: np.ndarray
    kept: np.ndarray
    text: np.ndarray
    described: np.ndarray
    groups: dict[str, np.ndarray]
    starts: dict[str, int]

    @property
    def numeric(self) -> list[str]:
        """Scores that are numbers, ``column`` or ``column.part``, in the order of the columns."""
        own = set(arrow_schema(DataRow).names)
        names = []
        for field in columns_of(self.folder, self.manifest):
            if field.name in own:
                continue
            leaves = [field.type.field(i) for i in range(field.type.num_fields)]
            if not leaves and _is_number(field.type):
                names.append(field.name)
            elif pa.types.is_struct(field.type):
                names += [f"{field.name}.{leaf.name}" for leaf in leaves if _is_number(leaf.type)]
        return names

    def scores(self, names: Sequence[str]) -> Iterator[np.ndarray]:
        """float64[k] for each of some scores, NaN where there is none; read together."""
        parts: list[list[np.ndarray]] = [[] for _ in names]
        columns = list(dict.fromkeys(name.partition(".")[0] for name in names))
        for path in parts_of(self.folder, self.manifest, "data"):
            table = pq.read_table(path, columns=columns)
            for part, name in zip(parts, names, strict=True):
                column, _, leaf = name.partition(".")
                values = table[column].combine_chunks()
                values = pc.struct_field(values, leaf) if leaf else values
                part.append(pc.fill_null(values.cast(pa.float64()), np.nan).to_numpy())
        for part in parts:
            yield np.concatenate(part) if part else np.empty(0)

    def rows(self, wanted: np.ndarray) -> list[dict[str, Any]]:
        """Rows of the ledger by their numbers, in that order."""
        found: dict[int, dict[str, Any]] = {}
        ends = [*list(self.starts.values())[1:], len(self.ids)]
        for (path, start), end in zip(self.starts.items(), ends, strict=True):
            here = np.unique(wanted[(wanted >= start) & (wanted < end)])
            if len(here):
                rows = pq.read_table(self.folder / path).take(pa.array(here - start)).to_pylist()
                found.update(zip(here.tolist(), rows, strict=True))
        return [found[int(number)] for number in wanted]


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def parts_of(folder: Path, manifest: dict[str, Any], table: str) -> list[Path]:
    """The files of ``data/`` or ``ledger/``, in their order."""
    return [folder / name for name in sorted(manifest["files"]) if name.startswith(f"{table}/")]


def columns_of(folder: Path, manifest: dict[str, Any]) -> pa.Schema:
    """The columns of ``data/``; none if it has no file."""
    paths = parts_of(folder, manifest, "data")
    return pq.read_schema(paths[0]) if paths else pa.schema([])


def said_in(columns: pa.Schema) -> set[str]:
    """Names of the columns that say something of a document in words: no text, no place, no score that is a number."""
    return {
        field.name
        for field in columns
        if field.name == "year"
        or not (
            _is_number(field.type) or pa.types.is_struct(field.type) or field.name in _NOT_DESCRIBED | _PLACE
        )
    }


def read_side(folder: Path, names: Names, said: Sequence[str]) -> Side:
    """Read what is compared of a dataset.

    Args:
        folder: The dataset.
        names: Numbers for names; shared by the sides.
        said: The columns that `described` is made of.

    Raises:
        UsageError: It is no dataset, or not a sound one.
    """
    manifest = load_manifest(folder)
    digest = sha256_of(folder / "manifest.json")
    try:
        starts, ledger = _read_ledger(folder, manifest, names)
        kept = np.flatnonzero(np.isin(ledger["state"], _kept_states(names)))
        data = _read_data(folder, manifest, names, said)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{folder}: cannot be compared: {str(error).splitlines()[0]}; `colophon verify {folder}` tells more"
        ) from error
    if len(np.unique(ledger["ids"])) != len(ledger["ids"]) or not np.array_equal(
        data.pop("ids"), ledger["ids"][kept]
    ):
        raise UsageError(
            f"{folder}: its ledger and its data do not name the same documents once each; "
            f"`colophon verify {folder}` tells more"
        )
    described = {name: data.pop(name) for name in ("text", "described")}
    return Side(folder, manifest, digest, **ledger, kept=kept, **described, groups=data, starts=starts)


def _kept_states(names: Names) -> list[int]:
    return [number for number, name in enumerate(names.names) if name.partition("\t")[0] == KEPT]


def _read_ledger(
    folder: Path, manifest: dict[str, Any], names: Names
) -> tuple[dict[str, int], dict[str, np.ndarray]]:
    kinds = {"ids": "S16", "state": "u4", "source": "u4", "file": "u8", "ground": "f8", "instead": "u8"}
    parts: dict[str, list[np.ndarray]] = {
        name: [np.empty((0, 2) if name == "ground" else 0, kind)] for name, kind in kinds.items()
    }
    starts, rows = {}, 0
    for path in parts_of(folder, manifest, "ledger"):
        starts[path.relative_to(folder).as_posix()] = rows
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=list(_LEDGER)):
                state = pc.binary_join_element_wise(*(batch[name] for name in _STATE), "\t")
                parts["ids"].append(_ids(batch["id"]))
                parts["state"].append(names.numbers(state))
                parts["source"].append(names.numbers(batch["source"]))
                parts["file"].append(_digests(batch["source_sha256"]))
                parts["instead"].append(_digests(batch["duplicate_of"]))
                ground = (pc.fill_null(batch[name], np.nan).to_numpy() for name in ("value", "threshold"))
                parts["ground"].append(np.stack(list(ground), axis=1))
                rows += batch.num_rows
    return starts, {name: np.concatenate(part) for name, part in parts.items()}


def _read_data(
    folder: Path, manifest: dict[str, Any], names: Names, said: Sequence[str]
) -> dict[str, np.ndarray]:
    kinds = {"ids": "S16", "text": "u8", "described": "u8", **dict.fromkeys(GROUPS, "u4")}
    parts: dict[str, list[np.ndarray]] = {name: [np.empty(0, kind)] for name, kind in kinds.items()}
    for path in parts_of(folder, manifest, "data"):
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            groups = {
                name: next((column for column in columns if column in schema.names), None)
                for name, columns in GROUPS.items()
            }
            columns = list(dict.fromkeys(["id", "text_sha256", *said, *filter(None, groups.values())]))
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=columns):
                parts["ids"].append(_ids(batch["id"]))
                parts["text"].append(_digests(batch["text_sha256"]))
                parts["described"].append(_described(batch.select(said)))
                for name, column in groups.items():
                    values = batch[column] if column else pa.array([""] * batch.num_rows)
                    parts[name].append(names.numbers(values))
    return {name: np.concatenate(part) for name, part in parts.items()}


def _described(batch: pa.RecordBatch) -> np.ndarray:
    """uint64[n], digests of n rows."""
    if not batch.num_columns:
        return np.zeros(batch.num_rows, np.uint64)
    rows = zip(*map(_texts, batch.columns), strict=True)
    digests = (hashlib.blake2b("\0".join(row).encode(), digest_size=8).digest() for row in rows)
    return np.frombuffer(b"".join(digests), "<u8")


def _texts(column: pa.Array) -> list[str]:
    if pa.types.is_string(column.type):
        return [value or "" for value in column.to_pylist()]
    return [orjson.dumps(value).decode() for value in column.to_pylist()]


def _ids(column: pa.Array) -> np.ndarray:
    """S16[n] of n ids in hex digits."""
    ids = [bytes.fromhex(one) for one in column.to_pylist()]
    if any(len(one) != 16 for one in ids):
        raise ValueError("a document's id is not of 32 hex digits")
    return np.frombuffer(b"".join(ids), "S16")


def _digests(column: pa.Array) -> np.ndarray:
    """uint64[n], the first 64 bits of n digests in hex digits; 0 for none."""
    return np.array([int(one[:16], 16) if one else 0 for one in column.to_pylist()], np.uint64)
