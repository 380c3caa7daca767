"""A dataset into a pack, shard by shard on all cores."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from colophon.pipelines.held import HeldDataset, held_by, sign_shard
from colophon.pipelines.pack import Pack, Parameters, keyed_hashes, read_key, write_pack
from colophon.pipelines.verify import load_manifest
from colophon.schemas import Deduplicate, UsageError

if TYPE_CHECKING:
    from colophon.pipelines.pack import Key

__all__ = ["pack_dataset"]


def _hashes(
    shard: tuple[str, str], settings: Deduplicate, parameters: Parameters, key: Key
) -> tuple[np.ndarray, np.ndarray]:
    """The keyed hashes of one file of ``data/``, given its path and digest."""
    found = [
        keyed_hashes(signed.exact, signed.signature, parameters, key)
        for _, signed in sign_shard(Path(shard[0]), shard[1], settings)
    ]
    exact = np.concatenate([np.empty(0, np.uint64), *(part for part, _ in found)])
    return exact, np.concatenate([np.empty((0, parameters.bands), np.uint64), *(part for _, part in found)])


def pack_dataset(folder: Path, key_file: Path, output: Path, name: str | None, workers: int) -> Pack:
    """Make the pack of a dataset.

    Args:
        folder: The dataset.
        key_file: The group's key.
        output: The pack's file.
        name: What the pack is called; as the dataset if None.
        workers: Processes.

    Raises:
        UsageError: The dataset or the key is not there, or is no such thing, or the output lies in the dataset.
        RunFailed: A file is not what its manifest says, or the pack cannot be written.
    """
    key = read_key(key_file)
    manifest = load_manifest(folder)
    if folder.resolve() in output.resolve().parents:
        raise UsageError(
            f"{output}: lies in the dataset {folder}, which holds its own files and no other; name a file outside"
        )
    if output.is_dir():
        raise UsageError(f"{output}: is a folder; name a file")
    told = manifest["recipe"]["deduplicate"]
    names = ("threshold", "shingle_size", "permutations", "seed")
    settings = Deduplicate(**{each: told[each] for each in names}, against=(str(folder),))
    (held,) = held_by(settings)
    assert isinstance(held, HeldDataset)  # noqa: S101 - it is a folder
    shards = [(str(folder / each), digest) for each, digest, _ in held.shards]
    parameters = Parameters.of(settings)
    work = partial(_hashes, settings=settings, parameters=parameters, key=key)
    if workers > 1 and len(shards) > 1:
        with ProcessPoolExecutor(min(workers, len(shards)), get_context("spawn")) as pool:
            parts = list(pool.map(work, shards))
    else:
        parts = [work(shard) for shard in shards]
    exact = np.concatenate([np.empty(0, np.uint64), *(part for part, _ in parts)])
    bands = np.concatenate([np.empty((0, parameters.bands), np.uint64), *(part for _, part in parts)])
    pack = Pack(name or held.name, parameters, key.id, key.epoch, exact, bands)
    write_pack(output, pack)
    return pack
