"""From one version of a dataset to another: what differs, and how documents are withdrawn.

Works on ledgers and on the columns beside the texts, as arrays; a withdrawal rewrites only the shards it touches.
"""

from __future__ import annotations

from colophon.pipelines.changes.diff import Difference, difference
from colophon.pipelines.changes.search import Withdrawal, find_withdrawn, held

__all__ = ["Difference", "Withdrawal", "difference", "find_withdrawn", "held"]
