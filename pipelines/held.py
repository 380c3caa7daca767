"""What is held already: datasets of ours, whose texts are compared, and packs of other sites, which can only be asked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import pyarrow.parquet as pq

from colophon.filters import normalized_key, signatures, tokenize, works
from colophon.pipelines.pack import PackIndex, Parameters, keyed_hashes, read_key, read_pack
from colophon.schemas import RecipeError, RunFailed, UsageError, fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pyarrow as pa

    from colophon.pipelines.pack import Key, Matches, Pack
    from colophon.schemas import Deduplicate

__all__ = [
    "FIRST_HELD", "HeldDataset", "HeldPack", "HeldShard", "Signed", "held_by", "held_materials", "held_shards",
    "match_packs", "sign", "sign_shard",
]  # fmt: skip

FIRST_HELD: Final = 1 << 31
"""Shards of held datasets take part in deduplication as units from this number on."""

_ROWS_AT_ONCE: Final = 1024
_COLUMNS: Final = ("id", "text", "title", "doi", "year", "metadata", "source_uri", "locator", "source_sha256")


@dataclass(frozen=True)
class HeldDataset:
    """A dataset that the recipe names under ``deduplicate.against``.

    Attributes:
        name: Its name and version.
        path: Its folder.
        digest: Sha256 of its manifest, hex.
        shards: Name below the folder, sha256 and rows of each file of ``data/``, sorted.
    """

    name: str
    path: str
    digest: str
    shards: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class HeldPack:
    """A pack that the recipe names there; its digest is that of the file."""

    name: str
    path: str
    digest: str


@dataclass(frozen=True)
class HeldShard:
    """A file of ``data/`` of a held dataset.

    Attributes:
        unit: Its number among the units, from `FIRST_HELD`.
        held: Which of `held_by` it belongs to.
        path: Where it is.
        digest: Its sha256, hex.
    """

    unit: int
    held: int
    path: str
    digest: str


@dataclass(frozen=True)
class Signed:
    """What deduplication and packs need of a batch of n documents.

    Attributes:
        exact: uint8[n, 16].
        signature: uint32[n, permutations].
        work: `WORK` array of n.
    """

    exact: np.ndarray
    signature: np.ndarray
    work: np.ndarray


@lru_cache(maxsize=4)
def held_by(settings: Deduplicate) -> tuple[HeldDataset | HeldPack, ...]:
    """What a recipe says is held already, in its order.

    Raises:
        RecipeError: Something that it names is not there, is damaged, or cannot be compared.
    """
    found: list[HeldDataset | HeldPack] = []
    faults = []
    for index, entry in enumerate(settings.against):
        key = f"deduplicate.against[{index}]"
        path = Path(entry)
        try:
            found.append(_held_dataset(path) if path.is_dir() else _held_pack(path, settings))
        except UsageError as error:
            faults.append(fault(key, entry, "a folder of a dataset, or a pack", str(error)))
    names = [one.name for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    wanted = "entries of different names"
    faults += [fault("deduplicate.against", name, wanted, "two have this one") for name in twice]
    if faults:
        raise RecipeError("\n".join(faults))
    return tuple(found)


def _held_dataset(path: Path) -> HeldDataset:
    try:
        content = (path / "manifest.json").read_bytes()
        manifest = orjson.loads(content)
        files = {name: entry for name, entry in manifest["files"].items() if name.startswith("data/")}
        for name, entry in files.items():
            if (path / name).stat().st_size != entry["bytes"]:
                raise UsageError(
                    f"{path / name} has not the size that its manifest says; `colophon verify` tells more"
                )
        shards = tuple((name, entry["sha256"], entry["rows"]) for name, entry in sorted(files.items()))
        name = f"{manifest['name']} {manifest['version']}"
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}; name the folder with manifest.json") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path / 'manifest.json'} is no manifest") from error
    return HeldDataset(name, str(path), hashlib.sha256(content).hexdigest(), shards)


def _held_pack(path: Path, settings: Deduplicate) -> HeldPack:
    if settings.pack_key is None:
        raise UsageError("a pack needs deduplicate.pack_key, the file of the key that it was made with")
    key = read_key(Path(settings.pack_key))
    pack = read_pack(path)
    own = Parameters.of(settings)
    # A pack of another threshold has other bands, which can be made of the same signatures.
    wanted = Parameters(
        own.format, own.shingle_size, own.permutations, own.seed, pack.parameters.bands, pack.parameters.rows
    )
    pack.refuse_other(wanted, key.id, str(path), "this recipe compares")
    with path.open("rb") as stream:
        return HeldPack(pack.name, str(path), hashlib.file_digest(stream, "sha256").hexdigest())


def held_shards(held: tuple[HeldDataset | HeldPack, ...]) -> list[HeldShard]:
    """All files of ``data/`` of the held datasets, numbered."""
    files = [
        (number, str(Path(one.path) / name), digest)
        for number, one in enumerate(held)
        if isinstance(one, HeldDataset)
        for name, digest, rows in one.shards
        if rows
    ]
    return [HeldShard(FIRST_HELD + i, *file) for i, file in enumerate(files)]


def sign_shard(path: Path, digest: str, settings: Deduplicate) -> Iterator[tuple[pa.RecordBatch, Signed]]:
    """The documents of a dataset's file, with what tells them from others.

    Args:
        path: A file of ``data/``.
        digest: Its sha256 as the manifest says.
        settings: Shingle size, permutations and seed.

    Raises:
        RunFailed: The file is not what the manifest says.
    """
    told = f"{path}: is not what its manifest says; `colophon verify {path.parent.parent}` tells more"
    try:
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != digest:
                raise RunFailed(told)
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=list(_COLUMNS)):
                yield batch, sign(batch, settings)
    except OSError as error:
        raise RunFailed(f"{path}: cannot be read: {error.strerror or error}") from error


def sign(batch: pa.RecordBatch, settings: Deduplicate) -> Signed:
    """Sign documents from their rows of ``data/``."""
    texts = batch.column("text").to_pylist()
    rows = batch.select([name for name in _COLUMNS if name != "text"]).to_pylist()
    about = [row | {"metadata": orjson.loads(row["metadata"] or b"{}")} for row in rows]
    signature = signatures(tokenize(texts), settings.shingle_size, settings.permutations, settings.seed)
    return Signed(normalized_key(texts), signature, works(about, texts))


@lru_cache(maxsize=4)
def _index(path: str, digest: str) -> tuple[Pack, PackIndex]:
    """A pack made ready, once in each process."""
    with Path(path).open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != digest:
            raise RunFailed(f"{path}: changed while the run was going on; start it again")
    pack = read_pack(Path(path))
    return pack, PackIndex(pack)


@lru_cache(maxsize=1)
def _key(path: str) -> Key:
    return read_key(Path(path))


def match_packs(
    held: tuple[HeldDataset | HeldPack, ...], exact: np.ndarray, signature: np.ndarray, settings: Deduplicate
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Ask each pack for documents.

    Args:
        held: As `held_by` gives them.
        exact: uint8[n, 16].
        signature: uint32[n, permutations].
        settings: ``pack_key`` and ``pack_bands``.

    Yields:
        Which of `held`; bool[n], the documents that it seems to hold; float64[n], how similar one there may be.
    """
    known: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for number, one in enumerate(held):
        if isinstance(one, HeldPack):
            pack, index = _index(one.path, one.digest)
            parameters = pack.parameters
            if parameters.digest not in known:
                key = _key(str(settings.pack_key))
                known[parameters.digest] = keyed_hashes(exact, signature, parameters, key)
            matches: Matches = index.match(*known[parameters.digest])
            yield number, matches.found(settings.pack_bands), matches.similarity(parameters)


def held_materials(held: tuple[HeldDataset | HeldPack, ...]) -> dict[str, dict[str, Any]]:
    """What the manifest says of them: no place, but what they are."""
    kinds = {HeldDataset: "dataset", HeldPack: "pack"}
    return {one.name: {"kind": kinds[type(one)], "sha256": one.digest} for one in held}
