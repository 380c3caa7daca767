"""Which licence of the SPDX list the address of a Creative Commons deed means."""

from __future__ import annotations

from colophon.filters.rights.creative_commons import licence_of_url

__all__ = ["spdx_of_url"]


def spdx_of_url(url: str) -> str:
    """The SPDX identifier of the licence that a Creative Commons address names.

    Args:
        url: An address, or a text that begins with one.

    Returns:
        For example ``CC-BY-4.0``; empty if the address is not Creative Commons', names no version, or
        names a port to a jurisdiction that SPDX has no identifier for.

    >>> spdx_of_url("http://creativecommons.org/licenses/by-nc/3.0/deed.fr")
    'CC-BY-NC-3.0'
    >>> spdx_of_url("https://creativecommons.org/publicdomain/zero/1.0/")
    'CC0-1.0'
    >>> spdx_of_url("https://example.org/licenses/by/4.0/")
    ''
    """
    licence = licence_of_url(url)
    return "" if licence.startswith("LicenseRef-") else licence
