"""Who is mentioned, and how they are spoken of."""

from colophon.filters.bias.bias import Bias

__all__ = ["Bias"]
