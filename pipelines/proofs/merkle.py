"""The Merkle tree over the documents of a dataset.

A leaf is a document's id and the digest of its text, 16 and 32 bytes. An id is itself a digest of source, path and locator,
so a leaf says: the document from this place, with this text. Documents stand in the order of their ids, cut into 4,096
buckets by the first 12 bits; each bucket is a tree as RFC 6962 has it. The leaves of the tree above are the buckets, each
with its number, how many documents it has, and its root: so that nothing can stand before the first or after the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from colophon.pipelines.places import at_hand, seekable
from colophon.pipelines.proofs.rfc6962 import leaf_hashes, levels_of, path_of, root_of
from colophon.pipelines.storage import aside, sha256_of
from colophon.schemas import BucketRow, arrow_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from colophon.pipelines.places import AnyPath

__all__ = [
    "BUCKETS",
    "ID_BYTES",
    "LEAF_BYTES",
    "TREE_FILE",
    "Buckets",
    "bucket_leaf",
    "bucket_numbers",
    "bucket_of",
    "bucket_schema",
    "bytes_of_hex",
    "in_order",
    "leaves_of",
    "read_leaves",
    "split",
    "write_tree",
]

BUCKETS: Final = 4096
"""Buckets of every tree, whatever its size."""
TREE_FILE: Final = "merkle/buckets.parquet"
"""Where the buckets stand in a dataset."""
ID_BYTES: Final = 16
ROOT_BYTES: Final = 32
LEAF_BYTES: Final = ID_BYTES + 32

_ROWS_AT_ONCE = 2**16
_COLUMNS = (("id", ID_BYTES), ("text_sha256", LEAF_BYTES - ID_BYTES))


def _digits() -> np.ndarray:
    """uint8[256]: the value of each lower-case hexadecimal digit, 255 for any other character."""
    values = np.full(256, 255, np.uint8)
    values[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
    return values


_DIGITS: Final = _digits()


def bytes_of_hex(column: pa.Array | pa.ChunkedArray, width: int) -> np.ndarray:
    """uint8[n, width]: what n strings of lower-case hexadecimal digits stand for.

    Raises:
        ValueError: One is null, or not `width` bytes in such digits.
    """
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    n, digits = len(array), 2 * width
    if not n:
        return np.empty((0, width), np.uint8)
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, np.int32)[array.offset : array.offset + n + 1]
    if array.null_count or not (np.diff(ends) == digits).all():
        raise ValueError(f"a digest or id that has not {digits} digits")
    values = _DIGITS[np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]].reshape(n, width, 2)
    if values.max() > 15:
        raise ValueError("a digest or id that has other characters than 0-9 and a-f")
    return np.asarray(values[:, :, 0] << 4 | values[:, :, 1])


def leaves_of(table: pa.Table | pa.RecordBatch) -> np.ndarray:
    """uint8[n, 48]: the leaves of n rows of ``data/``, in their order.

    Raises:
        ValueError: As `bytes_of_hex`.
    """
    return np.hstack([bytes_of_hex(table.column(name), width) for name, width in _COLUMNS])


def read_leaves(paths: Iterable[AnyPath], buckets: Iterable[int] | None = None) -> np.ndarray:
    """uint8[n, 48]: the leaves of files of ``data/``, in the order of their ids; only the two columns are read.

    Args:
        paths: The files.
        buckets: Numbers of the buckets that are wanted; by default all.

    Raises:
        ValueError: As `leaves_of`.
    """
    names = [name for name, _ in _COLUMNS]
    wanted = None if buckets is None else np.array(sorted(set(buckets)), np.int64)
    parts = [np.empty((0, LEAF_BYTES), np.uint8)]
    for path in paths:
        with seekable(path) as source, pq.ParquetFile(source, page_checksum_verification=True) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=names):
                leaves = leaves_of(batch)
                parts.append(leaves if wanted is None else leaves[np.isin(bucket_numbers(leaves), wanted)])
    return in_order(np.concatenate(parts))


def in_order(leaves: np.ndarray) -> np.ndarray:
    """Leaves in the order of their ids."""
    keys = np.ascontiguousarray(leaves[:, :ID_BYTES]).view(">u8").astype(np.uint64)
    return np.ascontiguousarray(leaves[np.lexsort((keys[:, 1], keys[:, 0]))])


def bucket_numbers(leaves: np.ndarray) -> np.ndarray:
    """int64[n]: the number of each leaf's bucket."""
    return leaves[:, 0].astype(np.int64) << 4 | leaves[:, 1] >> 4


def bucket_of(one: bytes) -> int:
    """The number of the bucket for an id: its first 12 bits.

    >>> bucket_of(bytes.fromhex("90dcbd79942eeaa1bdc8f2f81f25bad0")) == 0x90d
    True
    """
    return one[0] << 4 | one[1] >> 4


def split(leaves: np.ndarray) -> list[bytes]:
    """Each leaf for itself."""
    whole = leaves.tobytes()
    return [whole[at : at + LEAF_BYTES] for at in range(0, len(whole), LEAF_BYTES)]


def bucket_leaf(number: int, count: int, root: bytes) -> bytes:
    """What the tree above says of a bucket: number and count, big-endian, in 2 and 8 bytes, and the root."""
    return number.to_bytes(2, "big") + count.to_bytes(8, "big") + root


def bucket_schema() -> pa.Schema:
    """Columns of ``merkle/buckets.parquet``."""
    meaning = "merkle: one row for each bucket of the tree over the documents of data/, in order"
    return arrow_schema(BucketRow).with_metadata({"colophon.table": meaning})


@dataclass(frozen=True)
class Buckets:
    """The tree above the buckets.

    Attributes:
        counts: How many documents each bucket has.
        roots: The root of each bucket.
    """

    counts: tuple[int, ...]
    roots: tuple[bytes, ...]

    @classmethod
    def over(cls, leaves: np.ndarray) -> Buckets:
        """The buckets of leaves that stand in the order of their ids."""
        starts = np.searchsorted(bucket_numbers(leaves), np.arange(BUCKETS + 1))
        parts = (leaves[start:end] for start, end in pairwise(starts))
        return cls(
            tuple(int(n) for n in np.diff(starts)),
            tuple(root_of(leaf_hashes(split(part))) for part in parts),
        )

    @classmethod
    def read(cls, path: AnyPath) -> Buckets:
        """The buckets as they stand in a dataset.

        Raises:
            ValueError: The file holds no buckets.
        """
        try:
            with at_hand(path) as copy, pq.ParquetFile(copy, page_checksum_verification=True) as file:
                table = file.read()
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"cannot be read: {str(error).splitlines()[0]}") from error
        if not table.schema.equals(bucket_schema(), check_metadata=True):
            raise ValueError("has not the columns of buckets")
        if table["bucket"].to_pylist() != list(range(BUCKETS)) or table["documents"].null_count:
            raise ValueError(f"has not the buckets 0 to {BUCKETS - 1} in order")
        roots = table["root"].to_pylist()
        if any(one is None or len(one) != ROOT_BYTES for one in roots):
            raise ValueError(f"has a root that is not {ROOT_BYTES} bytes")
        return cls(tuple(table["documents"].to_pylist()), tuple(roots))

    @property
    def documents(self) -> int:
        """Documents in all buckets."""
        return sum(self.counts)

    @cached_property
    def _levels(self) -> list[Sequence[bytes]]:
        rows = zip(range(BUCKETS), self.counts, self.roots, strict=True)
        return levels_of(leaf_hashes(bucket_leaf(*row) for row in rows))

    @property
    def root(self) -> bytes:
        """The root of all."""
        return self._levels[-1][0]

    def path(self, number: int) -> list[bytes]:
        """The hashes that lead from a bucket to the root."""
        return path_of(self._levels, number)

    def summary(self) -> dict[str, Any]:
        """What the manifest says of the tree."""
        return {"buckets": BUCKETS, "documents": self.documents, "root": self.root.hex()}

    def table(self) -> pa.Table:
        """One row for each bucket."""
        return pa.table([range(BUCKETS), self.counts, self.roots], bucket_schema())


def write_tree(folder: AnyPath, files: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the buckets of a dataset.

    Args:
        folder: The dataset.
        files: Names of its files; those of ``data/`` are read.

    Returns:
        What the manifest says of the tree, and of its file.
    """
    names = sorted(name for name in files if name.startswith("data/"))
    buckets = Buckets.over(read_leaves(folder / name for name in names))
    path = folder / TREE_FILE
    with aside(path) as temporary:
        pq.write_table(
            buckets.table(), temporary, compression="zstd", use_dictionary=False, write_page_checksum=True
        )
    return buckets.summary(), {"bytes": path.stat().st_size, "rows": BUCKETS, "sha256": sha256_of(path)}
