"""The report that a reviewer reads: facts are gathered from a dataset, then drawn, section by section, as one HTML file.

`gather` reads, `draw_report` draws. A new section is one file in ``sections`` and one entry there. All HTML is made by
`elements`, which escapes.
"""

from __future__ import annotations

from colophon.runners.review.checks import Checks, check_files, just_made
from colophon.runners.review.facts import Facts, gather
from colophon.runners.review.report import REPORT, draw_report, write_report

__all__ = ["REPORT", "Checks", "Facts", "check_files", "draw_report", "gather", "just_made", "write_report"]
