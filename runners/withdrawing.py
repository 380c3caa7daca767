"""A withdrawal from a list to a dataset in its place."""

from __future__ import annotations

import datetime as dt
import os
import platform
import resource
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from colophon.pipelines.changes import difference
from colophon.pipelines.changes.withdraw import withdraw
from colophon.pipelines.dataset import load_manifest
from colophon.pipelines.manifest import made_by
from colophon.pipelines.removals import RECORDS_FILE, read_rounds, read_wanted, salt_of
from colophon.pipelines.storage import explain_os_error, sha256_of
from colophon.runners.place import Place
from colophon.runners.report import report
from colophon.runners.review import gather, just_made, write_report
from colophon.schemas import UsageError, canonical_json

if TYPE_CHECKING:
    from pathlib import Path

    from colophon.pipelines.changes import Withdrawal
    from colophon.pipelines.removals import Wanted

__all__ = ["Outcome", "as_dict", "withdraw_to"]


@dataclass(frozen=True)
class Outcome:
    """What came of a withdrawal.

    Attributes:
        output: The folder of the new version.
        manifest: Its manifest; of the old version if nothing was withdrawn.
        wanted: The list.
        found: What it found; None if the new version was there already.
        made: Whether a new version was made.
    """

    output: Path
    manifest: dict[str, Any]
    wanted: Wanted
    found: Withdrawal | None
    made: bool


def withdraw_to(folder: Path, listed: Path, output: Path, *, why: str = "", replace: bool = False) -> Outcome:
    """Make the next version of a dataset, unless it is there or nothing is withdrawn.

    Args:
        folder: The dataset.
        listed: A list, a file of removal records, or a notice of another site.
        output: The new version's folder.
        why: A sentence for those who read the manifest or the notice.
        replace: Whether what is in the output may be deleted once the new version is complete.

    Raises:
        UsageError: The list is malformed, or the output is not fit.
        RunFailed: The dataset is damaged, or the new version cannot be written.
    """
    wanted = read_wanted(listed)
    before = load_manifest(folder)
    place = Place(output)
    real = folder.resolve()
    if place.output == real or place.output in real.parents or real in place.output.parents:
        raise UsageError(
            f"the output {output} and the dataset {folder} are one folder, or lie in one another; the old version stays as "
            "it is, so name another folder"
        )
    if _is_there(folder, wanted, place.output, why):
        return Outcome(place.output, load_manifest(place.output), wanted, None, made=False)
    place.refuse_what_is_there(
        replace=replace, made="made from another dataset or list, or by another version"
    )
    began, clock = dt.datetime.now(dt.UTC), time.perf_counter()
    with place.alone():
        place.clear(keep_lock=True)
        try:
            found = withdraw(folder, wanted, place.work / "dataset", why=why)
            if found.kept:
                _publish(folder, place, began, clock)
        finally:
            place.clear(keep_lock=False)
    manifest = load_manifest(place.output) if found.kept else before
    return Outcome(place.output, manifest, wanted, found, made=bool(found.kept))


def _is_there(folder: Path, wanted: Wanted, output: Path, why: str) -> bool:
    """Whether the output is what this list makes of this dataset, and is all there."""
    try:
        manifest = load_manifest(output)
        digest = sha256_of(folder / "manifest.json")
        last = read_rounds(output / RECORDS_FILE)[-1]
        sizes = {name: (output / name).stat().st_size for name in manifest["files"]}
    except (OSError, UsageError, IndexError):
        return False
    return (
        manifest["predecessor"].get("manifest_sha256") == digest
        and last.get("salt") == salt_of(digest, wanted).hex()
        and last.get("reason") == why
        and manifest["software"] == made_by()
        and sizes == {name: entry["bytes"] for name, entry in manifest["files"].items()}
    )


def _publish(folder: Path, place: Place, began: dt.datetime, clock: float) -> None:
    """Write what stands around the manifest, then put the dataset in its place."""
    dataset = place.work / "dataset"
    manifest = load_manifest(dataset)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    run = {
        "stamp": "",
        "began": began.isoformat(timespec="seconds"),
        "ended": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "wall_seconds": round(time.perf_counter() - clock, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "host": platform.node(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "runner": "withdraw",
        "workers": 1,
        "peak_bytes_by_process": [usage.ru_maxrss * 1024],
        "staging": "",
    }
    try:
        (dataset / "run.json").write_bytes(canonical_json(run) + b"\n")
        (dataset / "review").mkdir(exist_ok=True)
        (dataset / "review" / "report.txt").write_text(report(manifest, run), encoding="utf-8")
        place.publish(dataset)
    except OSError as error:
        raise explain_os_error(error, place.output) from error
    # Staged units hold texts that were withdrawn; the report looks at none.
    differs = difference(folder, place.output).as_dict()
    write_report(place.output, gather(place.output, just_made(), difference=differs))


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """What came of a withdrawal, as JSON values."""
    found = outcome.found
    told: dict[str, Any] = {
        "output": str(outcome.output),
        "made": outcome.made,
        "version": outcome.manifest["version"],
        "withdrawal": outcome.manifest["withdrawals"][-1] if outcome.manifest["withdrawals"] else None,
    }
    if found is None:
        return told
    lines = zip(outcome.wanted.lines, found.outcome, found.lines, strict=True)
    return told | {
        "lines": [
            {"line": line.number, "text": line.text, "outcome": what, "documents": n}
            for line, what, n in lines
        ],
        "kept": dict(sorted(found.kept.items())),
        "copies": sorted(found.copies),
        "others": sorted(found.others),
    }
