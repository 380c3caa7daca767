"""Manifests changed as one who forges would."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from colophon.pipelines.canonical import manifest_bytes

if TYPE_CHECKING:
    from pathlib import Path


def seal(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a changed manifest, with all digests of a dataset brought up to date."""
    for name, entry in manifest["files"].items():
        content = (folder / name).read_bytes()
        entry |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    digests = {name: entry["sha256"] for name, entry in manifest["files"].items()} | {"manifest.json": "-"}
    (folder / "SHA256SUMS").write_text("".join(f"{d}  {n}\n" for n, d in sorted(digests.items())))
    put_manifest(folder, manifest_bytes(manifest))


def put_manifest(folder: Path, content: bytes) -> None:
    """Write a manifest of any bytes, and its line of the sums."""
    (folder / "manifest.json").write_bytes(content)
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    own = f"{hashlib.sha256(content).hexdigest()}  manifest.json"
    kept = [own if line.endswith("  manifest.json") else line for line in lines]
    (folder / "SHA256SUMS").write_text("\n".join(kept) + "\n")
