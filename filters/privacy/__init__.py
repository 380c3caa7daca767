"""Personal data and keys: found, counted and masked."""

from colophon.filters.privacy.privacy import Privacy

__all__ = ["Privacy"]
