"""The sections of a report, one file each, in the order in which a reviewer needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from colophon.runners.review.sections import (
    bias,
    changes,
    clusters,
    distributions,
    funnel,
    reasons,
    reproducibility,
    rights,
    sign_off,
    verdict,
    withdrawals,
)

if TYPE_CHECKING:
    from colophon.runners.review.drawing import Section

__all__ = ["SECTIONS"]

SECTIONS: Final[tuple[Section, ...]] = (
    verdict.SECTION,
    funnel.SECTION,
    reasons.SECTION,
    rights.SECTION,
    distributions.SECTION,
    bias.SECTION,
    clusters.SECTION,
    changes.SECTION,
    withdrawals.SECTION,
    reproducibility.SECTION,
    sign_off.SECTION,
)
"""All sections in their order; a new one is a file with a ``SECTION`` and an entry here."""
