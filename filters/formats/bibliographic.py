"""Identifiers, years and language tags, taken from values that a file states in one of many spellings."""

from __future__ import annotations

import re

__all__ = ["REFERENCE_HEADINGS", "doi_of", "language_of", "year_of"]

# The resolver's address or the scheme that often precedes a DOI; the DOI itself as the handbook of the DOI
# system has it: a directory of digits and dots after "10.", a slash, and any characters but spaces.
_DOI = re.compile(
    r"(?:https?://(?:dx\.|www\.)?doi\.org/|doi\.org/|info:doi/|urn:doi:|doi:)?\s*(10\.\d{4,9}(?:\.\d+)*/\S+)\Z",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*\Z")

REFERENCE_HEADINGS = (
    r"(?:(?:list of |cited )?references?(?: and notes| cited| list)?|(?:foot)?notes and references"
    r"|literature(?: cited)?|cited literature|works cited|cited works|citations|(?:selected )?bibliography"
    r"|literatur(?:verzeichnis|angaben)?|quellen(?:verzeichnis)?|einzelnachweise|referenzen"
    r"|r[eé]f[eé]rences(?: bibliographiques)?|bibliographie"
    r"|referencias(?: bibliogr[aá]ficas)?|bibliograf[ií]a|refer[eê]ncias(?: bibliogr[aá]ficas)?"
    r"|riferimenti(?: bibliografici)?|referenser|litteratur|literatuur|spis literatury|kaynaklar"
    r"|список литературы|литература|参考文献(?:一覧)?|文献)"
)
"""How a list of what is cited is headed, as a regular expression whatever the case."""


def doi_of(value: object) -> str:
    """A DOI in lower case without scheme or resolver; empty if the value is none.

    >>> doi_of("https://doi.org/10.5555/ABC.1")
    '10.5555/abc.1'
    """
    found = _DOI.match(value.strip()) if isinstance(value, str) else None
    return found[1].lower() if found else ""


def year_of(value: object) -> int | None:
    """The first year from 1500 to 2099 that a whole number or a date names.

    >>> year_of("12 March 2017"), year_of(1998), year_of("120345")
    (2017, 1998, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    found = _YEAR.search(str(value)[:100])
    return int(found[1]) if found else None


def language_of(value: object) -> str:
    """A BCP 47 tag in lower case; empty if the value has not the form of one.

    >>> language_of("pt_BR"), language_of("English")
    ('pt-br', '')
    """
    tag = value.strip().lower().replace("_", "-") if isinstance(value, str) else ""
    return tag if _LANGUAGE.match(tag) else ""
