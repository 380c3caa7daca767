"""Manifests changed as one who forges would."""

from __future__ import annotations

import hashlib

from colophon.pipelines.canonical import manifest_bytes


def seal(dataset, manifest) -> None:
    """Write a changed manifest, with sums that fit, as one who forges would."""
    for name, entry in manifest["files"].items():
        content = (dataset.folder / name).read_bytes()
        entry |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    content = manifest_bytes(manifest)
    (dataset.folder / "manifest.json").write_bytes(content)
    digests = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    digests["manifest.json"] = hashlib.sha256(content).hexdigest()
    (dataset.folder / "SHA256SUMS").write_text("".join(f"{d}  {n}\n" for n, d in sorted(digests.items())))
