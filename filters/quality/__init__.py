"""Rules of thumb for text that is worth learning from: Gopher's, C4's, FineWeb's and our own."""

from colophon.filters.quality.quality import Quality

__all__ = ["Quality"]
