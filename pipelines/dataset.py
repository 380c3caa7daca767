"""Opening a finished dataset."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from colophon.schemas import MANIFEST_FORMAT, UsageError

if TYPE_CHECKING:
    from colophon.pipelines.places import AnyPath

__all__ = ["load_manifest", "manifest_path", "read_manifest"]


def load_manifest(folder: AnyPath) -> dict[str, Any]:
    """The manifest of a dataset.

    Raises:
        UsageError: The folder is no dataset.
    """
    return read_manifest(manifest_path(folder))


def manifest_path(folder: AnyPath) -> AnyPath:
    """The file that makes a folder a finished dataset.

    Raises:
        UsageError: There is none.
    """
    path = folder / "manifest.json"
    if not folder.is_dir():
        raise UsageError(
            f"{folder}: there is no such folder; name the folder of a dataset, the one with manifest.json"
        )
    if not path.is_file():
        raise UsageError(
            f"{folder}: has no manifest.json, so it is no finished dataset; a run writes it last"
        )
    return path


def read_manifest(path: AnyPath) -> dict[str, Any]:
    """A manifest by the name of its file.

    Raises:
        UsageError: The file holds none.
    """
    try:
        manifest = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError) as error:
        raise UsageError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != MANIFEST_FORMAT:
        given = manifest.get("format") if isinstance(manifest, dict) else type(manifest).__name__
        raise UsageError(
            f"{path}: has format {given!r}; this version of Colophon reads format {MANIFEST_FORMAT}"
        )
    return manifest
