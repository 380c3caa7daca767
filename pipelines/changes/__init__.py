"""From one version of a dataset to another: what differs, and how documents are withdrawn.

Works on ledgers and on the columns beside the texts, as arrays; nothing here needs Beam.
"""

from colophon.pipelines.changes.diff import Difference, difference

__all__ = ["Difference", "difference"]
