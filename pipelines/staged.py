"""Staged files: where they are, and reading them: what is damaged is said, and never taken for text."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from colophon.filters import WORK
from colophon.pipelines.places import at_hand, seekable
from colophon.pipelines.storage import explain_os_error
from colophon.schemas import RunFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from colophon.pipelines.places import AnyPath

__all__ = ["about_row", "bytes_of", "is_sound", "open_staged", "staged_file", "works_of"]


def staged_file(staging: AnyPath, key: str) -> AnyPath:
    """Where the unit with this key is staged."""
    return staging / "units" / key[:2] / f"{key}.parquet"


def about_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a staged file, or of ``data/``, as filters see it: without its text, its metadata as values."""
    about = {**row, "metadata": orjson.loads(row["metadata"] or "{}")}
    about.pop("text", None)
    return about


def bytes_of(column: pa.ChunkedArray, each: int) -> np.ndarray:
    """uint8[n, each]: what stands in n rows of binary, none null and each of that many bytes."""
    array = column.combine_chunks().cast(pa.binary(each))
    whole = array.buffers()[1] or b""
    return np.frombuffer(whole, np.uint8, len(array) * each, array.offset * each).reshape(-1, each)


def works_of(column: pa.ChunkedArray) -> np.ndarray:
    """What names the works of n staged documents, as an array of `WORK`; zeros where nothing does."""
    blank = bytes(WORK.itemsize)
    return np.frombuffer(b"".join([one or blank for one in column.to_pylist()]), WORK)


def is_sound(path: AnyPath) -> bool:
    """Whether a staged file is there with its beginning and end; its pages are checked when they are read."""
    try:
        with seekable(path) as file, pq.ParquetFile(file):
            return True
    except (OSError, pa.ArrowException):
        return False


@contextmanager
def open_staged(path: AnyPath) -> Iterator[pq.ParquetFile]:
    """A staged file whose pages are checked against their checksums.

    Raises:
        RunFailed: It is damaged, also while it is read inside the block. It is removed, so that the next run
            makes it anew. Or it is at an address, and cannot be fetched.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(at_hand(path))
        except OSError as error:
            raise explain_os_error(error, path, "read") from error
        try:
            with pq.ParquetFile(file, page_checksum_verification=True) as staged:
                yield staged
        except (OSError, pa.ArrowException) as error:
            path.unlink(missing_ok=True)
            raise RunFailed(
                f"the staged file {path} is damaged and was removed; run again and it is made anew"
            ) from error
