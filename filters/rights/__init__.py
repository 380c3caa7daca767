"""Under which licence a document may be used, by what it says itself, and whether anyone has objected."""

from colophon.filters.rights.rights import Rights

__all__ = ["Rights"]
