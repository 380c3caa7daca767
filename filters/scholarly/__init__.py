"""Whether English text is written as papers are: a small linear model."""

from colophon.filters.scholarly.scholarly import Scholarly

__all__ = ["Scholarly"]
