"""Which Creative Commons licence an address or a name means, as an SPDX identifier.

SPDX names the unported licences and a few of those ported to a jurisdiction (list 3.27). Others get a name of their
own in SPDX's way, ``LicenseRef-CC-BY-3.0-BR``: their terms are known and their wording differs. A name without a version
is not given one: ``LicenseRef-CC-BY-unversioned``. CC0 and the Public Domain Mark have had one version only, 1.0.

>>> licence_of_url("https://creativecommons.org/licenses/by-nc/3.0/deed.fr")
'CC-BY-NC-3.0'
>>> [name.licence for name in licence_names("under the Creative Commons Attribution-ShareAlike License")]
['LicenseRef-CC-BY-SA-unversioned']
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DEED", "NAMED_PUBLIC_DOMAIN", "UNVERSIONED", "LicenceName", "licence_names", "licence_of_url"]

UNVERSIONED: Final = "-unversioned"
"""How the name of a licence ends whose version nobody has named."""

NAMED_PUBLIC_DOMAIN: Final = "LicenseRef-PublicDomain"
"""What is said to be in the public domain, by whichever deed."""

DEED: Final = re.compile(
    r"(?:https?:)?(?://)?(?:www\.)?creativecommons\.org/"
    r"(?:(?P<domain>publicdomain)|licen[cs]es)/(?P<terms>[a-z-]{1,20}\+?)"
    r"(?:/(?P<version>\d\.\d)(?:/(?P<port>(?-i:[a-z]{2}|igo|scotland))(?![a-z]))?|(?=/|[^\w/.-]|\.?\Z))",
    re.IGNORECASE,
)
"""The address of a deed, wherever it stands; its version and its port to a jurisdiction may be missing."""

_TERMS = {"by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd"}

# Deeds of version 1.0 and a few later links name the terms in another order than SPDX does.
_REORDERED = {"by-nd-nc": "by-nc-nd", "by-sa-nc": "by-nc-sa"}

# Licences of the first years that did not ask for attribution, or allowed samples only.
_RETIRED = {"devnations", "nc", "nc-sa", "nc-sampling+", "nd", "nd-nc", "sa", "sampling", "sampling+"}

_VERSIONS = {"1.0", "2.0", "2.5", "3.0", "4.0"}
_PORTED_VERSIONS = {"1.0", "2.0", "2.1", "2.5", "3.0"}

# The ports to a jurisdiction that the SPDX licence list names (version 3.27).
_PORTED = {
    "by": {"2.5-au", "3.0-at", "3.0-au", "3.0-de", "3.0-igo", "3.0-nl", "3.0-us"},
    "by-nc": {"3.0-de"},
    "by-nc-nd": {"3.0-de", "3.0-igo"},
    "by-nc-sa": {"2.0-de", "2.0-fr", "2.0-uk", "3.0-de", "3.0-igo"},
    "by-nd": {"3.0-de"},
    "by-sa": {"2.0-uk", "2.1-jp", "3.0-at", "3.0-de", "3.0-igo"},
}


def licence_of_url(url: str) -> str:
    """The licence that the address of a deed names.

    Args:
        url: An address, or a text that begins with one.

    Returns:
        An SPDX identifier, a ``LicenseRef-CC-…`` for a licence that SPDX does not name, or for one without a version;
        empty if the address is not a deed's or names a licence that there has never been.
    """
    found = DEED.match(url.strip())
    return _licence_of_deed(found) if found else ""


def _licence_of_deed(found: re.Match[str]) -> str:
    terms, version, port = found["terms"].lower(), found["version"] or "", found["port"] or ""
    if found["domain"]:
        known = {"zero": "CC0-1.0", "mark": "CC-PDM-1.0"}.get(terms, "")
        return known if version in {"", "1.0"} else ""
    if terms == "publicdomain":  # the dedication before CC0, whose address has no version
        return "" if version else "CC-PDDC"
    return _named(terms, version, port)


def _named(terms: str, version: str, port: str) -> str:
    """The name of a licence by its terms as in an address, its version and its port, either of which may be empty."""
    terms = _REORDERED.get(terms, terms)
    if terms in _RETIRED:
        if (terms, version, port) == ("sa", "1.0", ""):
            return "CC-SA-1.0"
        ending = f"-{version}" if version else UNVERSIONED
        return f"LicenseRef-CC-{terms.upper().replace('+', '-PLUS')}{ending}"
    if terms not in _TERMS or not version:
        return f"LicenseRef-CC-{terms.upper()}{UNVERSIONED}" if terms in _TERMS else ""
    if not port:
        return f"CC-{terms}-{version}".upper() if version in _VERSIONS else ""
    own = "" if f"{version}-{port}" in _PORTED.get(terms, ()) else "LicenseRef-"
    return f"{own}CC-{terms.upper()}-{version}-{port.upper()}" if version in _PORTED_VERSIONS else ""


class LicenceName(NamedTuple):
    """A licence that a text names in words.

    Attributes:
        licence: Its identifier.
        start: The first character of its name in the text.
        end: The character after the last.
    """

    licence: str
    start: int
    end: int


# Where a name begins: "Creative Commons", "CC BY", "CC0"; or, as a field's whole value, "Attribution …".
_BEGINS = re.compile(
    r"(?P<full>creative\s*commons)(?!\.org)|(?<![\w.])CC(?=[\s_-]{0,2}(?:BY(?![a-z])|BYN[CD]|BYSA|0(?!\.?\d)|Zero|PDM|Attribution))"
    r"|\A\s*(?=attribution(?:[\s-]|\Z))",
    re.IGNORECASE,
)

_TOKEN = re.compile(
    r"""
    (?P<by> attribution | namensnennung | paternit[eé] | atribuci[oó]n | reconocimiento | atribui[cç][aã]o | attribuzione )
    | (?P<nc> non[\s-]{0,2}commercial(?:[\s-]use)?(?!\w) | nicht[\s-]{0,2}kommerziell | pas\ d['\u2019]utilisation\ commerciale
        | no[\s-]{0,2}comercial | n[aã]o[\s-]{0,2}comercial | non[\s-]commerciale )
    | (?P<nd> non?[\s-]{0,2}deriv(?:ative|ate)?s?(?:[\s-]works?)?(?!\w) | keine[\s-]bearbeitung(?:en)? | pas\ de\ modification
        | sin[\s-]?(?:obras?[\s-]?)?derivad[ao]s? | sem[\s-]?deriva[cç][oõ]es | non[\s-]opere[\s-]derivate )
    | (?P<sa> share[\s-]{0,2}alike | weitergabe\ unter\ gleichen\ bedingungen | compartir[\s-]?igual
        | partage\ (?:dans\ les\ m[eê]mes\ conditions|[aà]\ l['\u2019]identique) | compartilha[\s-]?igual
        | condividi\ allo\ stesso\ modo )
    | (?P<zero> 0(?!\.?\d) | zero(?!\w) )
    | (?P<mark> PDM(?!\w) | public[\s-]domain[\s-]mark )
    | (?P<domain> public[\s-]domain(?:[\s-]dedication)? )
    | (?P<version> [1-4]\.[015](?!\.?\d) )
    | (?P<short> (?:BY|NC|ND|SA)(?![A-Za-z]) | (?:BY|NC)(?=NC|ND|SA) )
    | (?P<none> international | internacional | unported | generic | universal )(?!\w)
    | (?P<filler> licen[cs]ed? | lizenz | licencia | licen[cç]a | licenza | licence | deed | open\ access | public | version | ver | type )(?!\w)
    | (?P<v> v\.?\s?(?=[1-4]\.) )
    | (?P<mark_between> [\s(\[,:/_\u2010-\u2014&-] | [)\].](?=\s?[(\s\d,:-]) )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MOST_TOKENS = 60
_HYPHENED = re.compile(r"\s?by-(?:nc|nd|sa|\d)")

# Ports by the names that stand behind the version.
_PLACES = {
    "australia": "au", "austria": "at", "österreich": "at", "belgium": "be", "brazil": "br", "brasil": "br",
    "canada": "ca", "chile": "cl", "china mainland": "cn", "colombia": "co", "czech republic": "cz", "denmark": "dk",
    "england & wales": "uk", "england and wales": "uk", "finland": "fi", "france": "fr", "germany": "de",
    "deutschland": "de", "greece": "gr", "hong kong": "hk", "hungary": "hu", "igo": "igo", "india": "in",
    "intergovernmental": "igo", "ireland": "ie", "israel": "il", "italy": "it", "italia": "it", "japan": "jp",
    "luxembourg": "lu", "malaysia": "my", "mexico": "mx", "netherlands": "nl", "nederland": "nl", "new zealand": "nz",
    "norway": "no", "philippines": "ph", "poland": "pl", "portugal": "pt", "romania": "ro", "scotland": "scotland",
    "singapore": "sg", "slovenia": "si", "south africa": "za", "south korea": "kr", "korea": "kr", "spain": "es",
    "españa": "es", "sweden": "se", "switzerland": "ch", "schweiz": "ch", "taiwan": "tw", "thailand": "th",
    "uk": "uk", "united states": "us", "us": "us", "usa": "us",
}  # fmt: skip
_PLACE = re.compile(
    rf"[\s(-]{{1,2}}({'|'.join(sorted(map(re.escape, _PLACES), key=lambda place: (-len(place), place)))}|[a-z]{{2}}(?=\s*(?:\)|\Z)))(?!\w)",
    re.IGNORECASE,
)


def licence_names(text: str) -> Iterator[LicenceName]:
    """The licences that a text names in words, in its order; a name without terms (``Creative Commons licence``) is none.

    >>> [name.licence for name in licence_names("(CC BY-NC-ND 3.0 IGO), not CC0")]
    ['CC-BY-NC-ND-3.0-IGO', 'CC0-1.0']
    """
    at = 0
    while found := _BEGINS.search(text, at):
        # "Creative Commons licence by the author" names no terms; "cc by" does, and so does "creativeCommonsBy".
        any_case = found["full"] in {None, "creativeCommons"} or bool(_HYPHENED.match(text, found.end()))
        name = _name(text, found.end(), any_case=any_case)
        at = max(found.end(), found.start() + 1)
        if name is not None:
            yield LicenceName(name.licence, found.start(), name.end)
            at = max(at, name.end)


def _name(text: str, start: int, *, any_case: bool) -> LicenceName | None:
    """Read the terms, the version and the port of a name whose beginning ends at `start`."""
    terms: set[str] = set()
    version = port = ""
    at = end = start
    for _ in range(_MOST_TOKENS):
        token = _TOKEN.match(text, at)
        if token is None:
            break
        kind = token.lastgroup or ""
        if kind == "short":
            if not (any_case or token[0].isupper()):
                break
            kind = token[0].lower()
        if kind == "version":
            if version:
                break
            version = token[0]
            if place := _PLACE.match(text, token.end()):
                port = _PLACES.get(place[1].lower(), place[1].lower())
                token = place
        if kind in {"by", "nc", "nd", "sa", "zero", "mark", "domain"}:
            terms.add(kind)
        at = token.end()
        if kind not in {"filler", "mark_between", "v"}:
            end = at
    licence = _of_terms(terms, version, port)
    return LicenceName(licence, start, end) if licence else None


def _of_terms(terms: set[str], version: str, port: str) -> str:
    attached = {"by", "nc", "nd", "sa"} & terms
    if not attached:
        if "zero" in terms:
            return "CC0-1.0" if version in {"", "1.0"} else ""
        if "mark" in terms:
            return "CC-PDM-1.0" if version in {"", "1.0"} else ""
        return NAMED_PUBLIC_DOMAIN if "domain" in terms else ""
    if terms - attached or {"nd", "sa"} <= attached:
        return ""  # no such licence
    if "by" not in attached:
        # One of the retired licences, or an attribution that goes without saying: either way not open.
        return f"LicenseRef-CC-{'-'.join(sorted(attached)).upper()}{UNVERSIONED}"
    return _named("-".join(term for term in ("by", "nc", "nd", "sa") if term in attached), version, port)
