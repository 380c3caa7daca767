"""Signature packs: what lets two sites find what both hold without either showing a text, a name or a signature.

Of each document a pack has keyed hashes of its normalised text and of its bands. Whoever has the key, which the
members share and no pack holds, can ask whether a text of theirs is in it; for anybody else the hashes are noise. Plain
signatures would tell much of a short text. The rows are in the order of their hashes, which says nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from colophon.filters import choose_bands
from colophon.pipelines.storage import aside, explain_os_error
from colophon.schemas import UsageError, canonical_digest

if TYPE_CHECKING:
    from pathlib import Path

    from colophon.schemas import Deduplicate

__all__ = [
    "Key", "Matches", "Pack", "PackIndex", "Parameters", "keyed_hashes", "make_key", "read_key", "read_pack", "write_pack",
]  # fmt: skip

_FORMAT: Final = 1
_EXACT_BYTES: Final = 8
_BAND_BYTES: Final = 5
_MOST_BANDS: Final = 23
"""So that a document has at most 8 + 5 x 23 = 123 bytes."""
_PERSON: Final = b"colophon pack 1"
_MOST_OF_A_HASH: Final = 8
"""Documents of a pack that are looked at under one hash: a page that a pack holds a million times costs no more."""
_HEADER: Final = b"colophon.pack"


@dataclass(frozen=True)
class Parameters:
    """All that must be equal for two packs to be compared.

    Attributes:
        format: Version of the way a pack is made, tokens and hashes included.
        shingle_size: Words in a compared sequence.
        permutations: Values in a signature.
        seed: Of the permutations.
        bands: Bands of a signature.
        rows: Values in a band.
    """

    format: int
    shingle_size: int
    permutations: int
    seed: int
    bands: int
    rows: int

    @classmethod
    def of(cls, settings: Deduplicate) -> Parameters:
        """Those that go with a recipe; of more than 23 bands the first 23, which find a little less."""
        bands, rows = choose_bands(settings.permutations, settings.threshold)
        return cls(
            _FORMAT,
            settings.shingle_size,
            settings.permutations,
            settings.seed,
            min(bands, _MOST_BANDS),
            rows,
        )

    @property
    def digest(self) -> str:
        """Sha256 over all of them, hex."""
        return canonical_digest(asdict(self))


@dataclass(frozen=True)
class Key:
    """The secret that the members of a group share, for a time.

    Attributes:
        epoch: What the members call it, for example ``2026-11``.
        secret: 32 bytes.
    """

    epoch: str
    secret: bytes

    @property
    def id(self) -> str:
        """What tells keys apart and nothing of them: 16 hex digits."""
        return hashlib.blake2b(b"id", digest_size=8, key=self.secret, person=_PERSON).hexdigest()


def make_key(path: Path, epoch: str) -> Key:
    """Make a new key in a file that only its owner may read.

    Raises:
        UsageError: The file is there already, for whoever loses a key cannot compare with its packs any more.
        RunFailed: It cannot be written.
    """
    key = Key(epoch, secrets.token_bytes(32))
    content = json.dumps({"kind": "pack", "epoch": epoch, "key": key.secret.hex()}, ensure_ascii=False) + "\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    except FileExistsError as error:
        raise UsageError(
            f"{path}: is there already, and a key is never overwritten; name a new file"
        ) from error
    except OSError as error:
        raise explain_os_error(error, path) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(content)
    return key


def read_key(path: Path) -> Key:
    """The key in a file.

    Raises:
        UsageError: There is none.
    """
    try:
        told = json.loads(path.read_bytes())
        key = Key(str(told["epoch"]), bytes.fromhex(told["key"]))
        sound = told["kind"] == "pack" and len(key.secret) == 32
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {error.strerror}; name a key that `colophon keygen` made"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: is no key; `colophon keygen FILE` makes one") from error
    if not sound:
        raise UsageError(f"{path}: is no key for packs; `colophon keygen FILE --kind pack` makes one")
    return key


def keyed_hashes(
    exact: np.ndarray, signatures: np.ndarray, parameters: Parameters, key: Key
) -> tuple[np.ndarray, np.ndarray]:
    """What a pack holds of documents.

    Args:
        exact: uint8[n, 16], as `normalized_key` gives them.
        signatures: uint32[n, permutations]; all 0xFFFFFFFF where a text is shorter than a shingle.
        parameters: Of the pack.
        key: Of the group.

    Returns:
        exact, uint64[n], and bands, uint64[n, bands] of 40 bits each. A document without shingles shares its bands with
        exact copies alone.
    """
    salt = bytes.fromhex(parameters.digest)[:16]
    fresh = hashlib.blake2b(digest_size=_EXACT_BYTES, key=key.secret, salt=salt, person=_PERSON)
    band_hash = hashlib.blake2b(digest_size=_BAND_BYTES, key=key.secret, salt=salt, person=_PERSON)

    def keyed(state: Any, content: bytes) -> bytes:
        own = state.copy()
        own.update(content)
        digest: bytes = own.digest()
        return digest

    width = 4 * parameters.rows
    exacts, bands = bytearray(), bytearray()
    numbers = [bytes([1, band]) for band in range(parameters.bands)]
    blank = (signatures == 0xFFFFFFFF).all(axis=1)
    values = np.ascontiguousarray(signatures, "<u4")
    for own, signature, short in zip(exact, values, blank, strict=True):
        text = own.tobytes()
        exacts += keyed(fresh, b"\0" + text)
        whole = signature.tobytes()
        for band, number in enumerate(numbers):
            part = b"short" + text if short else whole[band * width : (band + 1) * width]
            bands += keyed(band_hash, number + part) + b"\0\0\0"
    n = len(exact)
    return (
        np.frombuffer(bytes(exacts), "<u8").astype(np.uint64),
        np.frombuffer(bytes(bands), "<u8").reshape(n, parameters.bands).astype(np.uint64),
    )


@dataclass(frozen=True)
class Pack:
    """A pack in memory: about 180 bytes a document.

    Attributes:
        name: What its maker calls it.
        parameters: How it was made.
        key_id: Which key made it.
        epoch: What its makers call that key.
        exact: uint64[n].
        bands: uint64[n, bands].
    """

    name: str
    parameters: Parameters
    key_id: str
    epoch: str
    exact: np.ndarray
    bands: np.ndarray

    def refuse_other(self, parameters: Parameters, key_id: str, where: str, other: str) -> None:
        """See that the pack can be compared with what was made with these.

        Raises:
            UsageError: It cannot, and why.
        """
        for name, wanted in asdict(parameters).items():
            own = getattr(self.parameters, name)
            if own != wanted:
                raise UsageError(
                    f"{where}: was made with {name} {own}, {other} with {wanted}; only packs of equal parameters "
                    "can be compared"
                )
        if self.key_id != key_id:
            raise UsageError(
                f"{where}: was made with the key {self.key_id} of epoch {self.epoch!r}, {other} with the key {key_id}; "
                "no hash of one is a hash of the other, so make both with one key"
            )


def write_pack(path: Path, pack: Pack) -> None:
    """Write a pack; the same documents and key give the same bytes.

    Raises:
        RunFailed: It cannot be written.
    """
    order = np.lexsort([*reversed(pack.bands.T), pack.exact])
    exact, bands = pack.exact[order], pack.bands[order]
    narrow = (
        np.ascontiguousarray(bands.astype("<u8"))
        .view(np.uint8)
        .reshape(len(bands), pack.parameters.bands, 8)[:, :, :_BAND_BYTES]
    )
    width = _BAND_BYTES * pack.parameters.bands
    columns = [
        _fixed(
            np.ascontiguousarray(exact.astype("<u8")).view(np.uint8).reshape(-1, _EXACT_BYTES), _EXACT_BYTES
        ),
        _fixed(np.ascontiguousarray(narrow).reshape(-1, width), width),
    ]
    header = {
        "format": _FORMAT, "name": pack.name, "parameters": asdict(pack.parameters),
        "parameters_sha256": pack.parameters.digest, "key_epoch": pack.epoch, "key_id": pack.key_id,
        "documents": len(exact), "rows_sha256": _digest_of(columns),
    }  # fmt: skip
    schema = pa.schema(
        [
            pa.field("exact", columns[0].type, nullable=False),
            pa.field("bands", columns[1].type, nullable=False),
        ]
    )
    with (
        aside(path) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            compression="none",
            use_dictionary=False,
            write_statistics=False,
            write_page_checksum=True,
            store_schema=False,
        ) as writer,
    ):
        writer.write_table(pa.table(columns, schema), row_group_size=1 << 20)
        writer.add_key_value_metadata({_HEADER: json.dumps(header, sort_keys=True).encode()})


def _fixed(rows: np.ndarray, width: int) -> pa.Array:
    """uint8[n, width] as a column of fixed-size binaries."""
    return pa.Array.from_buffers(
        pa.binary(width), len(rows), [None, pa.py_buffer(np.ascontiguousarray(rows))]
    )


def _digest_of(columns: list[pa.Array]) -> str:
    total = hashlib.sha256()
    for column in columns:
        total.update(_bytes_of(column))
    return total.hexdigest()


def _bytes_of(column: pa.Array) -> memoryview:
    width = column.type.byte_width
    return memoryview(column.buffers()[1])[column.offset * width : (column.offset + len(column)) * width]


def read_pack(path: Path) -> Pack:
    """Read a pack and check it.

    Raises:
        UsageError: It is none, or damaged, or of a form that this version does not read.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            header = json.loads((file.metadata.metadata or {}).get(_HEADER, b"null"))
            table = file.read() if header else None
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such file; name a pack that `colophon pack` made") from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UsageError(f"{path}: is damaged or no pack: {str(error).splitlines()[0]}") from error
    if header is None or table is None:
        raise UsageError(f"{path}: is a Parquet file but no pack; name one that `colophon pack` made")
    try:
        if header["format"] != _FORMAT:
            raise UsageError(
                f"{path}: has format {header['format']}; this version of Colophon reads format {_FORMAT}"
            )
        parameters = Parameters(**header["parameters"])
        columns = [_one_chunk(table[name]) for name in ("exact", "bands")]
        widths = [column.type.byte_width for column in columns]
        sound = (
            parameters.digest == header["parameters_sha256"]
            and widths == [_EXACT_BYTES, _BAND_BYTES * parameters.bands]
            and table.num_rows == header["documents"]
            and _digest_of(columns) == header["rows_sha256"]
        )
        name, key_id, epoch = (str(header[field]) for field in ("name", "key_id", "key_epoch"))
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: is damaged: its header is not that of a pack ({error})") from error
    if not sound:
        raise UsageError(
            f"{path}: is damaged: its rows are not those that its header names; ask for it again"
        )
    exact = np.frombuffer(_bytes_of(columns[0]), "<u8").astype(np.uint64)
    narrow = np.frombuffer(_bytes_of(columns[1]), np.uint8).reshape(-1, parameters.bands, _BAND_BYTES)
    wide = np.zeros((*narrow.shape[:2], 8), np.uint8)
    wide[:, :, :_BAND_BYTES] = narrow
    return Pack(name, parameters, key_id, epoch, exact, wide.view("<u8")[:, :, 0].astype(np.uint64))


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return (
        column.chunk(0)
        if column.num_chunks == 1
        else pa.concat_arrays(column.chunks or [pa.array([], column.type)])
    )


@dataclass(frozen=True)
class Matches:
    """What n documents share with a pack.

    Attributes:
        exact: bool[n], whether the pack has the same text, but for case, white space and Unicode form.
        bands: int64[n], the most bands that one document of the pack shares.
    """

    exact: np.ndarray
    bands: np.ndarray

    def found(self, bands: int) -> np.ndarray:
        """bool[n]: the same text, or at least that many bands of one document."""
        return np.asarray(self.exact | (self.bands >= bands))

    def similarity(self, parameters: Parameters) -> np.ndarray:
        """float64[n], an estimate: J of which so many bands are expected, J**rows * bands; 1 where exact."""
        estimate = (self.bands / parameters.bands) ** (1 / parameters.rows)
        return np.where(self.exact, 1.0, np.round(estimate, 3))


class PackIndex:
    """A pack made ready to be asked; 16 bytes a band and document."""

    def __init__(self, pack: Pack) -> None:
        self.exact = np.sort(pack.exact)
        flat = pack.bands.ravel()
        order = np.argsort(flat, kind="stable")  # so that the documents of one hash are in the pack's order
        self.hashes = flat[order]
        self.documents = (order // max(1, pack.parameters.bands)).astype(np.uint32)

    def match(self, exact: np.ndarray, bands: np.ndarray) -> Matches:
        """Look documents up, given their `keyed_hashes`; linear, whatever is how often in the pack."""
        n = len(exact)
        most = np.zeros(n, np.int64)
        places = np.searchsorted(self.exact, exact)
        same = np.zeros(n, np.bool_)
        inside = places < len(self.exact)
        same[inside] = self.exact[places[inside]] == exact[inside]
        if n and len(self.hashes):
            flat = bands.ravel()
            first = np.searchsorted(self.hashes, flat, "left")
            count = np.minimum(np.searchsorted(self.hashes, flat, "right") - first, _MOST_OF_A_HASH)
            who = np.repeat(np.arange(len(flat)) // bands.shape[1], count)
            begin = np.repeat(first - np.concatenate(([0], np.cumsum(count)[:-1])), count)
            other = self.documents[begin + np.arange(len(who))]
            pairs, shared = np.unique(
                (who.astype(np.uint64) << np.uint64(32)) | other.astype(np.uint64), return_counts=True
            )
            np.maximum.at(most, (pairs >> np.uint64(32)).astype(np.int64), shared)
        return Matches(same, most)
