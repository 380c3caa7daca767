"""The verdict: signatures, files, policy, promises; what came out of each, in words before colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.runners.review.checks import Check, Outcome, policy_checks, sums_hold
from colophon.runners.review.drawing import Section, folded, note, outcome_sign, prose
from colophon.runners.review.elements import Html, el, group, said
from colophon.runners.words import many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colophon.runners.review.facts import Facts

__all__ = ["SECTION", "checks_of", "summary"]

_MOST_FAULTS = 40


def signature_check(facts: Facts) -> Check:
    """Who signed, in a sentence."""
    found = facts.signatures
    if not found or not (found["attestations"] or found["faults"]):
        return Check("Signatures", Outcome.OPEN, "Nobody has approved or refused this dataset.")
    if found["faults"]:
        return Check("Signatures", Outcome.FAILS, f"{found['verdict']}.", tuple(found["faults"]))
    if not found["checked"]:
        return Check("Signatures", Outcome.OPEN, f"{found['verdict']}.")
    built = (
        f"; rebuilt and signed by {len(found['rebuilt'])} of {len(found['keys'])}" if found["rebuilt"] else ""
    )
    return Check("Signatures", Outcome.HOLDS, f"{found['verdict']}{built}.")


def promises(facts: Facts) -> list[Check]:
    """The four promises, each with what this dataset can show for it."""
    manifest, samples = facts.manifest, facts.samples
    faults = tuple(sums_hold(manifest))
    total = sum(manifest["fates"].values())
    counted = facts.checks.readable and samples.rows
    if counted and samples.rows != total:
        faults += (f"the ledger has {samples.rows:,} rows, the manifest counts {total:,} documents",)
    fate = (
        Check("Every document has a fate", Outcome.FAILS, "The sums do not add up.", faults)
        if faults
        else Check(
            "Every document has a fate",
            Outcome.HOLDS,
            f"{many(total, 'document')} in = kept + dropped + failed, in every source and stage"
            + (f"; the ledger has {samples.rows:,} rows." if counted else "."),
        )
    )
    rebuilt = len(facts.signatures["rebuilt"]) if facts.signatures else 0
    same = (
        Check(
            "Same inputs, same bytes",
            Outcome.HOLDS,
            f"{many(rebuilt, 'signer')} built the same digest from the inputs.",
        )
        if rebuilt
        else Check(
            "Same inputs, same bytes",
            Outcome.OPEN,
            "One copy cannot show it. Another site that holds the inputs rebuilds the dataset and signs the same digest.",
        )
    )
    if not facts.checks.readable:
        compared = Check("Copies were compared", Outcome.OPEN, "The ledger could not be relied upon.")
    elif samples.unproven:
        compared = Check(
            "Copies were compared",
            Outcome.FAILS,
            f"{samples.unproven:,} of {samples.copies_dropped:,} dropped copies name no document that they were compared with, "
            "or a similarity below the limit.",
        )
    else:
        compared = Check(
            "Copies were compared",
            Outcome.HOLDS,
            f"Each of {samples.copies_dropped:,} dropped copies names the one document that it was compared with, and a "
            "similarity at or above the limit.",
        )
    shuffled = facts.run.get("bytes_shuffled")
    texts = Check(
        "Text was not shuffled",
        Outcome.OPEN,
        "A property of the program that a dataset cannot show."
        + (
            f" {shuffled:,} bytes of signatures and counts went between workers."
            if isinstance(shuffled, int)
            else ""
        ),
    )
    return [fate, same, compared, texts]


def checks_of(facts: Facts) -> list[Check]:
    """All checks, in the order in which they are shown."""
    return [signature_check(facts), facts.checks.files, *policy_checks(facts.manifest), *promises(facts)]


def summary(facts: Facts, checks: Sequence[Check]) -> tuple[Outcome, str]:
    """The verdict in a sentence.

    Args:
        facts: What is known.
        checks: As `checks_of` gives them.
    """
    failing = [check for check in checks if check.outcome is Outcome.FAILS]
    if failing:
        names = ", ".join(check.name.lower() for check in failing)
        return Outcome.FAILS, f"Do not rely on this dataset: {many(len(failing), 'check')} failed ({names})."
    mind = sum(check.outcome is Outcome.MIND for check in checks)
    weigh = f" {many(mind, 'point')} to weigh before you sign." if mind else ""
    if facts.checks.files.outcome is Outcome.OPEN:
        return Outcome.OPEN, f"Nothing was found wrong; the files have not been rehashed since.{weigh}"
    signatures = facts.signatures or {}
    if not signatures.get("attestations"):
        signed = " Nobody has signed it."
    elif signatures["checked"]:
        signed = f" {len(signatures['approved']):,} of {many(len(signatures['keys']), 'key')} approve."
    else:
        signed = " Its signatures are not checked."
    return (Outcome.MIND if mind else Outcome.HOLDS), f"The files are what the manifest says.{signed}{weigh}"


def _faults(faults: Sequence[str]) -> Html | None:
    if not faults:
        return None
    more = len(faults) - _MOST_FAULTS
    return folded(
        many(len(faults), "fault"),
        el("ul", [el("li", said(fault, 400)) for fault in faults[:_MOST_FAULTS]], class_="faults"),
        note(prose(f"and {more:,} others; `colophon verify` names all")) if more > 0 else None,
    )


def _draw(facts: Facts) -> Html:
    checks = checks_of(facts)
    outcome, sentence = summary(facts, checks)
    return group(
        el(
            "p",
            el("span", outcome.sign, class_="sign", aria_hidden="true"),
            el("span", sentence),
            class_=f"verdict {outcome.name.lower()}",
        ),
        el("ul", [_check(check) for check in checks], class_="checks"),
    )


def _check(check: Check) -> Html:
    return el(
        "li",
        el("strong", check.name),
        outcome_sign(check.outcome),
        el("div", el("span", prose(check.told)), _faults(check.faults)),
    )


SECTION = Section("verdict", "Verdict", _draw)
