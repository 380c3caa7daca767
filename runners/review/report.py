"""Making a report and putting it in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from colophon.pipelines.storage import write_whole
from colophon.runners.review.page import draw_page

if TYPE_CHECKING:
    from colophon.pipelines.places import AnyPath
    from colophon.runners.review.facts import Facts

__all__ = ["LARGEST", "REPORT", "draw_report", "write_report"]

REPORT: Final = "review/report.html"
LARGEST: Final = 2_000_000
"""No report has more bytes."""


def draw_report(facts: Facts) -> bytes:
    """A report, with fewer documents to each reason if it would be too large."""
    for most in (None, 10, 5, 2, 0):
        some = facts
        if most is not None:
            fewer = {place: rows[:most] for place, rows in facts.samples.by_reason.items()}
            some = replace(facts, samples=replace(facts.samples, by_reason=fewer))
        content = draw_page(some).encode()
        if len(content) < LARGEST:
            return content
    raise AssertionError("every list of a report has an end")


def write_report(folder: AnyPath, facts: Facts) -> AnyPath:
    """Draw a report and put it into its dataset.

    Raises:
        RunFailed: It cannot be written.
    """
    path = folder / REPORT
    write_whole(path, draw_report(facts))
    return path
