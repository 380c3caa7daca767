"""What is checked of a dataset before it is shown: its files, its sums, its policy, its promises."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from colophon.pipelines.audit import refusals
from colophon.pipelines.verify import verify
from colophon.runners.words import many, size_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["Check", "Checks", "Outcome", "check_files", "just_made", "policy_checks", "sums_hold"]


class Outcome(Enum):
    """What came out of a check: a sign and a word, so that nothing hangs on a colour."""

    HOLDS = ("✓", "holds")
    MIND = ("!", "mind")
    FAILS = ("✕", "fails")
    OPEN = ("○", "open")

    @property
    def sign(self) -> str:
        """One character."""
        return self.value[0]

    @property
    def word(self) -> str:
        """One word or two."""
        return self.value[1]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What was asked, a few words.
        outcome: What came out.
        told: A sentence or two.
        faults: One line each.
    """

    name: str
    outcome: Outcome
    told: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checks:
    """What was found of the files.

    Attributes:
        files: The check of the files.
        readable: Whether the files can be read at all.
    """

    files: Check
    readable: bool = True


def just_made() -> Checks:
    """Of a dataset that the run that makes this report has just written."""
    told = "This report was made by the run that wrote the files. `colophon review` or `colophon verify` rehashes them."
    return Checks(Check("Files", Outcome.OPEN, told))


def check_files(folder: Path, watch: Callable[[int, int], None] | None = None) -> Checks:
    """Whether the files are exactly those that the manifest lists, byte for byte.

    Rows are not recounted: that is what ``colophon verify`` does.

    Args:
        folder: The dataset.
        watch: Called now and then with bytes done and bytes in all.

    Raises:
        UsageError: The folder is no dataset.
    """
    found = verify(folder, watch, quick=True)
    if found.faults:
        told = "What is here is not what the manifest says."
        damaged = {fault.partition(":")[0].split("/")[0] for fault in found.faults}
        readable = not damaged & {"data", "ledger", "manifest.json"}
        if not readable:
            told += " Nothing below can be relied upon."
        return Checks(Check("Files", Outcome.FAILS, told, tuple(found.faults)), readable)
    told = (
        f"All {many(found.files, 'file')}, {size_in_words(found.bytes)}, were rehashed: each is the one that the manifest lists, and "
        "there is no other. Rows were not recounted; `colophon verify` does that."
    )
    return Checks(Check("Files", Outcome.HOLDS, told))


def sums_hold(manifest: Mapping[str, Any]) -> list[str]:
    """Where in is not kept + dropped + failed, or a stage does not begin with what the one before kept."""
    faults = []
    for name, source in manifest["sources"].items():
        left = source["documents"]
        for stage in manifest["stages"]:
            one = source["stages"][stage]
            if one["in"] != left or one["in"] != one["kept"] + one["dropped"] + one["failed"]:
                faults.append(f"{name}, {stage}: {one['in']:,} in is not what came and what became of it")
            left = one["kept"]
        if left != source["kept"]:
            faults.append(f"{name}: {source['kept']:,} kept, the last stage kept {left:,}")
    for fate, n in manifest["fates"].items():
        summed = sum(source[fate] for source in manifest["sources"].values())
        if n != summed:
            faults.append(f"{fate}: {n:,} in all, the sources sum to {summed:,}")
    return faults


def policy_checks(manifest: Mapping[str, Any]) -> list[Check]:
    """What the recipe asks, and whether what was kept is so; what it does not ask stands out too."""
    filters = manifest["recipe"]["filters"]
    return [
        check
        for check in (
            _rights(manifest, filters.get("rights")),
            _language(filters.get("language")),
            _privacy(filters.get("privacy")),
            _benchmarks(manifest, filters.get("contamination")),
            _audit(manifest, filters.get("bias")),
        )
        if check
    ]


def _rights(manifest: Mapping[str, Any], settings: Mapping[str, Any] | None) -> Check:
    if not settings:
        return Check(
            "Rights", Outcome.MIND, "The recipe does not ask under which licence a document may be used."
        )
    spdx = manifest["counts"].get("spdx", {})
    unknown = sum(n for name, n in spdx.items() if name in {"", "NONE", "NOASSERTION"})
    agreed = settings.get("agreed_sources") or []
    if unknown:
        share = unknown / max(1, manifest["fates"]["kept"])
        told = f"{unknown:,} kept documents ({share:.1%}) have no known licence, and the recipe lets them in."
        return Check("Rights", Outcome.MIND, told)
    told = "Every kept document has a known licence that the recipe allows"
    if agreed:
        return Check(
            "Rights", Outcome.HOLDS, f"{told}, or is covered by an agreement ({len(agreed):,} sources)."
        )
    return Check("Rights", Outcome.HOLDS, f"{told}.")


def _language(settings: Mapping[str, Any] | None) -> Check:
    if not settings:
        return Check("Language", Outcome.MIND, "The recipe does not ask for a language.")
    keep = [str(one) for one in settings.get("keep", [])]
    if keep == ["any"]:
        return Check("Language", Outcome.HOLDS, "Documents in any language are kept.")
    return Check("Language", Outcome.HOLDS, f"Only documents in these languages are kept: {', '.join(keep)}.")


def _privacy(settings: Mapping[str, Any] | None) -> Check:
    if not settings:
        return Check("Personal data", Outcome.MIND, "Personal data were not looked for.")
    kinds = ", ".join(str(kind).replace("_", " ") for kind in settings.get("kinds", []))
    if settings.get("mask"):
        return Check("Personal data", Outcome.HOLDS, f"What was found of these kinds is masked: {kinds}.")
    return Check("Personal data", Outcome.MIND, f"Personal data were counted and not masked: {kinds}.")


def _benchmarks(manifest: Mapping[str, Any], settings: Mapping[str, Any] | None) -> Check:
    named = sorted(manifest["materials"].get("contamination", {}))
    if not settings or not named:
        return Check(
            "Benchmarks", Outcome.MIND, "The recipe names no benchmark, so questions of none were looked for."
        )
    left = {
        name.partition("\t")[0]: n
        for name, n in manifest["counts"].get("benchmark_documents", {}).items()
        if name.endswith("\tkept")
    }
    names = ", ".join(named)
    if left and not settings.get("cut"):
        told = f"{sum(left.values()):,} kept documents hold questions of {', '.join(left)}."
        return Check("Benchmarks", Outcome.MIND, told)
    return Check(
        "Benchmarks", Outcome.HOLDS, f"No kept document holds more questions than allowed of {names}."
    )


def _audit(manifest: Mapping[str, Any], settings: Mapping[str, Any] | None) -> Check:
    if not settings:
        return Check(
            "Our own filters",
            Outcome.MIND,
            "Mentions of people were not counted, so the filters were not audited.",
        )
    if faults := refusals(manifest):
        return Check(
            "Our own filters",
            Outcome.FAILS,
            "A filter drops texts that mention a group too often.",
            tuple(faults),
        )
    limit = settings.get("fail_above")
    if limit is None:
        told = "The filters are audited below; the recipe sets no limit on how unevenly they may drop."
        return Check("Our own filters", Outcome.MIND, told)
    told = (
        f"No filter is told to drop texts that mention a group more than {limit:g} times as often as others."
    )
    return Check("Our own filters", Outcome.HOLDS, told)
