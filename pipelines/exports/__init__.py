"""A dataset's manifest in the forms of others: one file for each standard.

Each is a pure function of the manifest (and of the run, where the standard is about runs). What is not in there is not
invented: it is left out, or marked for people to fill in. A new one is one file, one name in `EXPORTS`, one test file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from colophon.pipelines.exports.card import CARD
from colophon.pipelines.exports.croissant import CROISSANT
from colophon.pipelines.exports.eu_summary import EU_SUMMARY
from colophon.pipelines.exports.export import Export, Given, Subject
from colophon.pipelines.exports.openlineage import OPENLINEAGE
from colophon.pipelines.exports.ro_crate import RO_CRATE
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.pipelines.places import AnyPath

__all__ = ["BESIDE", "EXPORTS", "Export", "Given", "Subject", "check_beside"]

EXPORTS: Final = {one.name: one for one in (CROISSANT, RO_CRATE, CARD, EU_SUMMARY, OPENLINEAGE)}
"""The exports by name."""
BESIDE: Final = {one.file: one for one in EXPORTS.values() if one.given}
"""Those that lie beside ``data/`` and are checked there, by file."""


def check_beside(folder: AnyPath, manifest: Mapping[str, Any]) -> list[str]:
    """A fault for each export beside the data that is not what the manifest gives.

    Args:
        folder: The dataset.
        manifest: As it stands in ``manifest.json``.
    """
    faults = []
    for name, export in BESIDE.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        try:
            sound = content == export.write(
                Subject(manifest, export.given(content) if export.given else Given())
            )
        except (UsageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            sound = False
        if not sound:
            faults.append(
                f"{name}: is not what this manifest gives: it was changed, or made from another manifest or by another "
                f"version of Colophon; `colophon export {folder} --to {export.name}` makes it again"
            )
    return faults
