"""Which language a document is in, and what share of it is in which."""

from colophon.filters.language.language import Language

__all__ = ["Language"]
