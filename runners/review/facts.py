"""All that a report is drawn from, gathered first: drawing opens no file and asks no clock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from colophon.pipelines.staged_texts import staged_texts
from colophon.pipelines.storage import sha256_of
from colophon.pipelines.verify import load_manifest
from colophon.runners.review.kept import Survey, find_kept, survey
from colophon.runners.review.samples import Samples, read_samples

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.pipelines.places import AnyPath
    from colophon.pipelines.plan import Plan
    from colophon.runners.review.checks import Checks

__all__ = ["MOST_REASONS", "Facts", "gather", "reasons_of"]

MOST_REASONS: Final = 40
"""Documents are shown of so many reasons, the most frequent ones; the others stand in the table with their numbers."""

_MOST_TEXTS: Final = 16


@dataclass(frozen=True)
class Facts:
    """What is known of a dataset.

    Attributes:
        manifest: As it stands in ``manifest.json``.
        manifest_sha256: Its digest.
        run: ``run.json``; empty if it is not there.
        checks: What was checked, and what came out.
        survey: Which documents stand for most copies.
        samples: Documents by reason, closest pairs.
        kept: Titles and some texts of kept documents that samples name, by id.
        dropped: Texts of dropped copies, by id, where staged units are there.
        staged: Whether staged units are there.
        signatures: Who signed, as `Signatures.as_dict` has it; None if nobody looked.
        difference: What differs from an earlier dataset, as `Difference.as_dict` has it; None if there is none to compare with.
        redact: Whether texts and titles are left out.
        place: The folder's name, for commands.
    """

    manifest: Mapping[str, Any]
    manifest_sha256: str
    run: Mapping[str, Any]
    checks: Checks
    survey: Survey = field(default_factory=Survey)
    samples: Samples = field(default_factory=Samples)
    kept: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    dropped: Mapping[str, str] = field(default_factory=dict)
    staged: bool = False
    signatures: Mapping[str, Any] | None = None
    difference: Mapping[str, Any] | None = None
    redact: bool = False
    place: str = "DIR"


def reasons_of(manifest: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, int]]:
    """Documents by stage and reason and then by source; the most frequent reason first."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for name, source in manifest["sources"].items():
        for stage, one in source["stages"].items():
            for reason, n in one["reasons"].items():
                found.setdefault((stage, reason), {})[name] = n
    return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))


def gather(
    folder: AnyPath,
    checks: Checks,
    *,
    redact: bool = False,
    plan: Plan | None = None,
    staging: AnyPath | None = None,
    signatures: Mapping[str, Any] | None = None,
    difference: Mapping[str, Any] | None = None,
) -> Facts:
    """Read what a report needs.

    Args:
        folder: The dataset.
        checks: What was checked of it.
        redact: Whether texts and titles are to be left out; they are then not even read.
        plan: The staged units that the dataset was made of, if they are here.
        staging: Where they are.
        signatures: Who signed.
        difference: What differs from an earlier dataset.

    Raises:
        UsageError: The folder is no dataset.
    """
    manifest = load_manifest(folder)
    digest = sha256_of(folder / "manifest.json")
    parts = {
        table: [folder / name for name in sorted(manifest["files"]) if name.startswith(f"{table}/")]
        for table in ("data", "ledger")
    }
    looked, picked = Survey(), Samples()
    kept: dict[str, dict[str, Any]] = {}
    dropped: dict[str, str] = {}
    if checks.readable:
        looked = survey(parts["data"])
        shown = list(reasons_of(manifest))[:MOST_REASONS]
        picked = read_samples(parts["ledger"], shown, [one for one, _ in looked.clusters])
        if not redact:
            named, texts = _named(looked, picked)
            kept = find_kept(parts["data"], named, texts)
            if plan and staging:
                wanted = {row["id"]: (row["source"], row["source_uri"]) for row in picked.closest}
                dropped = staged_texts(plan, staging, wanted)
    return Facts(
        manifest,
        digest,
        _run(folder),
        checks,
        looked,
        picked,
        kept,
        dropped,
        staged=plan is not None,
        signatures=signatures,
        difference=difference,
        redact=redact,
        place=folder.resolve().name or "DIR",
    )


def _named(looked: Survey, picked: Samples) -> tuple[set[str], list[str]]:
    """Ids of kept documents whose titles are shown, and of the few whose texts are."""
    rows = [row for rows in picked.by_reason.values() for row in rows]
    named = {row["duplicate_of"] for row in rows if row["duplicate_of"]}
    texts = [one for one, _ in looked.clusters]
    texts += [row["duplicate_of"] for row in picked.closest]
    return named, list(dict.fromkeys(texts))[:_MOST_TEXTS]


def _run(folder: AnyPath) -> dict[str, Any]:
    """What ``run.json`` says; nothing if it is not there, for it stands outside the exact set."""
    try:
        run = json.loads((folder / "run.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return run if isinstance(run, dict) else {}
