"""Check a dataset against its manifest: recount and rehash everything, trust nothing that can be recounted."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from threading import Lock
from typing import TYPE_CHECKING, Any

from colophon.pipelines.canonical import manifest_bytes
from colophon.pipelines.dataset import load_manifest
from colophon.pipelines.exports import BESIDE, check_beside
from colophon.pipelines.places import below
from colophon.pipelines.recount import recount
from colophon.pipelines.storage import sha256_of
from colophon.schemas import Manifest, UsageError, canonical_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from colophon.pipelines.places import AnyPath

__all__ = ["Verification", "load_manifest", "verify"]

#: Made around the manifest, not named by it.
_AROUND = {"manifest.json", "SHA256SUMS", "run.json"}
_AROUND_WITHDRAWALS = ("withdrawals/notice.json", "withdrawals/proofs")
_FILES_AT_ONCE = 4  # hashlib lets go of the interpreter
_AROUND_FOLDERS = {"review", "attest"}


@dataclass
class Verification:
    """What was checked and what is wrong.

    Attributes:
        faults: One sentence each; empty if all is well.
        notes: What could not be checked because of them.
        files: Files rehashed.
        bytes: Bytes rehashed.
        documents: Ledger rows recounted.
    """

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: int = 0
    bytes: int = 0
    documents: int = 0


def verify(
    folder: AnyPath, watch: Callable[[int, int], None] | None = None, *, quick: bool = False
) -> Verification:
    """Check everything that a manifest says.

    Args:
        folder: The dataset.
        watch: Called now and then with bytes done and bytes in all.
        quick: Whether to leave out the rows: the manifest, the exact set of files and their digests alone.

    Returns:
        What was checked and every fault found.

    Raises:
        UsageError: The folder is no dataset.
    """
    result = Verification()
    try:
        manifest = load_manifest(folder)
    except UsageError as error:
        if not (folder / "manifest.json").is_file():
            raise
        result.faults.append(str(error))
        return result
    try:
        _verify(folder, manifest, result, watch or _nobody, quick=quick)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        result.faults.append(f"manifest.json: its form is broken: {type(error).__name__} {error}")
    return result


def _nobody(_done: int, _total: int) -> None:
    """Whom progress is told if nobody asked."""


def _verify(
    folder: AnyPath,
    manifest: dict[str, Any],
    result: Verification,
    watch: Callable[[int, int], None],
    *,
    quick: bool,
) -> None:
    faults = result.faults
    content = (folder / "manifest.json").read_bytes()
    if content != manifest_bytes(manifest):
        faults.append("manifest.json: is not in canonical form, so it was changed after it was written")
    if manifest["recipe_sha256"] != canonical_digest(manifest["recipe"]):
        faults.append("manifest.json: recipe_sha256 is not the digest of the recipe in it")
    unknown = set(manifest) ^ {each.name for each in fields(Manifest)}
    if unknown:
        faults.append(f"manifest.json: has not exactly the keys of a manifest: {', '.join(sorted(unknown))}")
    _check_set(folder, manifest, result)
    faults += check_beside(folder, manifest)
    _check_sums(folder, manifest, hashlib.sha256(content).hexdigest(), result)
    total = sum(entry["bytes"] for entry in manifest["files"].values()) * (1 if quick else 2)
    sound = _check_files(folder, manifest, result, lambda done: watch(done, total))
    if quick:
        result.notes.append("rows were not recounted")
    elif sound:
        done = result.bytes
        result.documents = recount(folder, manifest, faults, lambda read: watch(done + read, total))
    else:
        result.notes.append("rows were not recounted, because files are missing or changed")


def _check_files(
    folder: AnyPath, manifest: dict[str, Any], result: Verification, watch: Callable[[int], None]
) -> bool:
    """Whether each file has the bytes and the digest that the manifest says; several are read at once."""
    lock = Lock()

    def seen(size: int) -> None:
        with lock:
            result.bytes += size
            watch(result.bytes)

    def look(name: str) -> tuple[str, int] | str:
        path = folder / name
        try:
            return sha256_of(path, seen), path.stat().st_size
        except OSError as error:
            return f"{name}: cannot be read: {error.strerror}"

    names = [name for name in manifest["files"] if (folder / name).is_file()]
    before = len(result.faults)
    with ThreadPoolExecutor(_FILES_AT_ONCE) as pool:
        for name, found in zip(names, pool.map(look, names), strict=True):
            entry = manifest["files"][name]
            if isinstance(found, str):
                result.faults.append(found)
                continue
            digest, size = found
            result.files += 1
            if size != entry["bytes"]:
                result.faults.append(f"{name}: has {size:,} bytes, the manifest says {entry['bytes']:,}")
            if digest != entry["sha256"]:
                result.faults.append(f"{name}: has sha256 {digest}, the manifest says {entry['sha256']}")
    return len(names) == len(manifest["files"]) and len(result.faults) == before


def _check_set(folder: AnyPath, manifest: dict[str, Any], result: Verification) -> None:
    """The files that are there are exactly those that the manifest lists."""
    listed = set(manifest["files"]) | _AROUND | set(BESIDE)
    folders = {name.rpartition("/")[0] for name in manifest["files"]}
    found = set()
    for name, kind in below(folder):
        if name.split("/")[0] in _AROUND_FOLDERS or _is_below(name, _AROUND_WITHDRAWALS, manifest):
            continue
        if kind == "folder":
            if name not in folders:
                result.faults.append(f"{name}/: is a folder that is not in the manifest")
            continue
        found.add(name)
        if name in listed and kind != "file":
            result.faults.append(f"{name}: is a link or no ordinary file")
    result.faults += [f"{name}: is missing" for name in sorted(listed - found - {"run.json", *BESIDE})]
    result.faults += [f"{name}: is not in the manifest" for name in sorted(found - listed)]


def _is_below(name: str, places: tuple[str, ...], manifest: dict[str, Any]) -> bool:
    """Whether a name is one of some places, or below it, where the dataset has a withdrawal to tell of."""
    return bool(manifest["withdrawals"]) and any(
        name == place or name.startswith(f"{place}/") for place in places
    )


def _check_sums(
    folder: AnyPath, manifest: dict[str, Any], manifest_digest: str, result: Verification
) -> None:
    expected = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    expected["manifest.json"] = manifest_digest
    path = folder / "SHA256SUMS"
    if not path.is_file():
        return  # already told as missing
    lines = path.read_bytes().decode("utf-8", "replace").splitlines()
    given = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in sorted(expected.keys() | given.keys()):
        if expected.get(name) != given.get(name):
            said = given.get(name, "nothing")
            result.faults.append(
                f"SHA256SUMS: says {said} of {name}, it should say {expected.get(name, 'nothing')}"
            )
    if len(lines) != len(given):
        result.faults.append("SHA256SUMS: names a file twice")
