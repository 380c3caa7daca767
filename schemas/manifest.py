"""What ``manifest.json`` holds: nothing that differs between two runs of the same recipe on the same inputs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["MANIFEST_FORMAT", "Manifest"]

#: Version of the manifest's own form.
MANIFEST_FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """The account of a dataset.

    Attributes:
        format: `MANIFEST_FORMAT`.
        name: Name of the dataset.
        version: Version of the dataset.
        description: What it is.
        site: Who made it.
        contact: Whom to ask.
        predecessor: Digest of the manifest, name and version of the dataset that was decided again, and on what
            (``staged units``, ``kept documents``); empty if there is none.
        software: Version and digest of Colophon, digest of the lock file it was tested with, versions of the libraries
            that can change a byte.
        recipe: The recipe without anything that says where the work was done.
        recipe_sha256: Digest of its canonical JSON.
        materials: Models and lists that took part, each with its sha256 and licence.
        inputs: Sha256 over the names and digests of the input files, shard by shard.
        schemas: Columns of ``data/``, ``ledger/`` and ``merkle/``: names, types, meanings.
        stages: Names of the stages in their order.
        fates: Documents by fate.
        rights: Of each source licence, owner, terms and consent as declared, documents kept, and those by SPDX expression.
        sources: Funnel of each source: what came into each stage, what left it and why.
        counts: Integer counts over ``data/``: distributions, sizes, mentions of identity terms.
        merkle: Root of the Merkle tree over the documents of ``data/``, how many there are, in how many buckets.
        files: Every file of ``data/``, ``ledger/`` and ``merkle/`` with bytes, rows and sha256; the exact set.
    """

    format: int
    name: str
    version: str
    description: str
    site: str
    contact: str
    predecessor: dict[str, str]
    software: dict[str, Any]
    recipe: dict[str, Any]
    recipe_sha256: str
    materials: dict[str, Any]
    inputs: dict[str, Any]
    schemas: dict[str, Any]
    stages: list[str]
    fates: dict[str, int]
    rights: dict[str, dict[str, Any]]
    sources: dict[str, Any]
    counts: dict[str, dict[str, int]]
    merkle: dict[str, Any]
    files: dict[str, dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """The manifest as JSON values, keys in the order of declaration."""
        return asdict(self)
