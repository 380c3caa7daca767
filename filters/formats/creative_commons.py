"""Which licence the address of a Creative Commons deed means."""

from __future__ import annotations

import re

__all__ = ["spdx_of_url"]

_DEED = re.compile(
    r"(?:https?:)?(?://)?(?:www\.)?creativecommons\.org/"
    r"(?:(?P<domain>publicdomain)|licen[cs]es)/(?P<terms>[a-z-]+)/(?P<version>\d\.\d)(?:/(?P<port>[a-z]+)\b)?",
    re.IGNORECASE,
)

_TERMS = {"by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd"}

# Deeds of version 1.0 and a few later links name the terms in another order than SPDX does.
_REORDERED = {"by-nd-nc": "by-nc-nd", "by-sa-nc": "by-nc-sa"}

_VERSIONS = {"1.0", "2.0", "2.5", "3.0", "4.0"}

# The ports to a jurisdiction that the SPDX licence list names (version 3.27); others differ in their
# wording from the unported licence, so they must not be given its name.
_PORTED = {
    "by": {"2.5-au", "3.0-at", "3.0-au", "3.0-de", "3.0-igo", "3.0-nl", "3.0-us"},
    "by-nc": {"3.0-de"},
    "by-nc-nd": {"3.0-de", "3.0-igo"},
    "by-nc-sa": {"2.0-de", "2.0-fr", "2.0-uk", "3.0-de", "3.0-igo"},
    "by-nd": {"3.0-de"},
    "by-sa": {"2.0-uk", "2.1-jp", "3.0-at", "3.0-de", "3.0-igo"},
}

# What may stand where a port would, in links to the text of an unported licence.
_PAGES = {"deed", "legalcode", "rdf"}


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
    found = _DEED.match(url.strip())
    if found is None:
        return ""
    terms, version, port = found["terms"].lower(), found["version"], (found["port"] or "").lower()
    if found["domain"]:
        return {"zero": "CC0-1.0", "mark": "CC-PDM-1.0"}.get(terms, "") if version == "1.0" else ""
    terms = _REORDERED.get(terms, terms)
    if port and port not in _PAGES:
        ported = f"{version}-{port}" in _PORTED.get(terms, ())
        return f"CC-{terms}-{version}-{port}".upper() if ported else ""
    return f"CC-{terms.upper()}-{version}" if terms in _TERMS and version in _VERSIONS else ""
