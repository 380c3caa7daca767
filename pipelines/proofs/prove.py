"""Making proofs: that documents are in a dataset, or are not."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from colophon.pipelines.dataset import load_manifest
from colophon.pipelines.proofs.check import ABSENT, PRESENT, PROOF_FORMAT, check_proof
from colophon.pipelines.proofs.merkle import (
    ID_BYTES,
    TREE_FILE,
    Buckets,
    bucket_numbers,
    bucket_of,
    read_leaves,
    split,
)
from colophon.pipelines.proofs.rfc6962 import leaf_hashes, levels_of, path_of
from colophon.schemas import CheckFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pyarrow as pa

__all__ = ["place_of", "prove", "prove_each", "root_in"]

_PLACE = ("source", "source_uri", "locator")


def root_in(manifest: dict[str, Any], where: Path) -> str:
    """The root that a manifest names.

    Raises:
        UsageError: It names none.
    """
    try:
        return str(manifest["merkle"]["root"])
    except (KeyError, TypeError) as error:
        raise UsageError(
            f"{where}: names no merkle.root, so nothing can be proved of this dataset; run again with this version"
        ) from error


def prove(folder: Path, one: str, place: dict[str, str] | None = None) -> dict[str, Any]:
    """A proof that a document is in a dataset, or that it is not.

    Args:
        folder: The dataset.
        one: The document's id, 32 hexadecimal digits, whether the dataset knows it or not.
        place: Its ``source``, ``source_uri`` and ``locator``, to stand in the proof for the person who reads it.

    Returns:
        The proof as JSON values; ``claim`` says which it is.

    Raises:
        UsageError: The folder is no dataset, or this is no id.
        CheckFailed: The dataset's rows and its tree disagree.
    """
    (proof,) = prove_each(folder, [one])
    if place is not None:
        proof["place"] = {key: place[key] for key in _PLACE}
        check_proof(proof, proof["root"])
    return proof


def prove_each(folder: Path, ids: Iterable[str]) -> list[dict[str, Any]]:
    """As `prove`, for many documents, reading the dataset once."""
    ids = list(ids)
    for one in ids:
        if not re.fullmatch("[0-9a-f]{32}", one):
            raise UsageError(f"{one!r} is no document's id; give all of its 32 digits, 0-9 and a-f")
    manifest = load_manifest(folder)
    root = root_in(manifest, folder / "manifest.json")
    numbers = {bucket_of(bytes.fromhex(one)) for one in ids}
    try:
        buckets = Buckets.read(folder / TREE_FILE)
        names = sorted(name for name in manifest["files"] if name.startswith("data/"))
        leaves = read_leaves((folder / name for name in names), numbers)
    except (ValueError, OSError) as error:  # of Arrow too
        raise CheckFailed(f"{folder}: {error}; `colophon verify {folder}` tells more") from error
    places = bucket_numbers(leaves)
    parts = {number: split(leaves[places == number]) for number in sorted(numbers)}
    proofs = []
    for one in ids:
        number = bucket_of(bytes.fromhex(one))
        proof = _proof(bytes.fromhex(one), parts[number], number, buckets) | {"root": root}
        try:
            check_proof(proof, root)
        except CheckFailed as error:
            raise CheckFailed(
                f"{folder}: its documents and its tree do not agree; `colophon verify {folder}` tells more"
            ) from error
        proofs.append(proof)
    return proofs


def _proof(one: bytes, leaves: list[bytes], number: int, buckets: Buckets) -> dict[str, Any]:
    levels = levels_of(leaf_hashes(leaves))

    def leaf(index: int) -> dict[str, Any]:
        path = [each.hex() for each in path_of(levels, index)]
        own = leaves[index]
        return {
            "id": own[:ID_BYTES].hex(),
            "index": index,
            "path": path,
            "text_sha256": own[ID_BYTES:].hex(),
        }

    path = [each.hex() for each in buckets.path(number)]
    proof: dict[str, Any] = {
        "bucket": {"count": buckets.counts[number], "number": number, "path": path},
        "format": PROOF_FORMAT,
        "id": one.hex(),
    }
    at = bisect_left(leaves, one)  # a leaf begins with its id and is longer, so it comes after it
    if at < len(leaves) and leaves[at].startswith(one):
        found = leaf(at)
        del found["id"]
        return proof | {"claim": PRESENT, "leaf": found}
    return proof | {
        "claim": ABSENT,
        "before": leaf(at - 1) if at else None,
        "after": leaf(at) if at < len(leaves) else None,
    }


def place_of(folder: Path, one: str) -> dict[str, str] | None:
    """Where a document stands by the ledger of a dataset; None if the dataset does not know it."""
    for name in sorted(load_manifest(folder)["files"]):
        if name.startswith("ledger/"):
            with pq.ParquetFile(folder / name) as file:
                table: pa.Table = file.read(["id", *_PLACE])
            for row in table.filter(pc.equal(table["id"], one)).to_pylist():
                return {key: row[key] for key in _PLACE}
    return None
