"""Questions of benchmarks that stand in a document."""

from colophon.filters.contamination.contamination import Contamination

__all__ = ["Contamination"]
