"""What a statement of rights says: licences as SPDX identifiers, notices, and reservations against mining.

A statement is what a document says of its rights in one place: an address, a name, or the words of a paragraph. What is
found in it is an SPDX licence expression, checked against the list of licences (SPDX specification 2.3, annexes D and
E), or a name in SPDX's form for what is not on that list:

- ``LicenseRef-CC-BY-unversioned``: a licence whose version nobody has named, for no version may be guessed;
- ``LicenseRef-CC-BY-3.0-BR``, ``LicenseRef-GPL-3.0`` (whether "or later" is not said), ``LicenseRef-PublicDomain``;
- ``LicenseRef-AllRightsReserved``, ``LicenseRef-ExclusiveLicense``: notices, which say that rights are held and not
  that a licence is given. Beside a licence they mean nothing;
- ``LicenseRef-NonCommercial``, ``LicenseRef-NoDerivatives``: limits in words that the licence beside them does not have.

Anything else is not known, and nothing is made of it.

>>> for found in findings("Distributed under the Creative Commons Attribution License (http://creativecommons.org/licenses/by/4.0)."):
...     print(found.licence, "<-", found.said)
CC-BY-4.0 <- http://creativecommons.org/licenses/by/4.0
LicenseRef-CC-BY-unversioned <- Creative Commons Attribution
>>> findings("This is an open access article.")
()
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

from colophon.filters.rights.creative_commons import (
    DEED,
    NAMED_PUBLIC_DOMAIN,
    UNVERSIONED,
    licence_names,
    licence_of_url,
)

__all__ = ["NOTICES", "Finding", "agreed", "findings", "licensing", "reservation", "spdx_expression"]

NOTICES: Final = ("LicenseRef-AllRightsReserved", "LicenseRef-ExclusiveLicense")
"""What says that rights are held; beside a licence it means nothing."""

_LONGEST = 20_000
_LONGEST_EXPRESSION = 200
_LONGEST_SAID = 300


class Finding(NamedTuple):
    """A licence or notice that a statement names.

    Attributes:
        licence: An SPDX expression, or a ``LicenseRef-…`` as above.
        said: The words or the address that say so.
        of_data: Whether it is said of the data or code that belong to a document, and not of the document.
    """

    licence: str
    said: str
    of_data: bool = False


@cache
def licensing() -> Any:
    """The parser of expressions with the SPDX list, loaded once (a tenth of a second)."""
    from license_expression import get_spdx_licensing  # noqa: PLC0415  # not needed to read a recipe

    return get_spdx_licensing()


_REFERENCE = re.compile(r"LicenseRef-[A-Za-z0-9.-]{1,100}")
_WORD = re.compile(r"[A-Za-z0-9.+-]+")
_EXPRESSION = re.compile(r"[A-Za-z0-9.+-]+|(?=.*\b(?:AND|OR|WITH)\b)[A-Za-z0-9.+() -]+")


@lru_cache(maxsize=4096)
def spdx_expression(text: str) -> str:
    """The SPDX expression that a text is, in SPDX's spelling; empty if it is none.

    Only identifiers of the SPDX list and ``LicenseRef-…`` are taken: ``validate`` tells, for ``parse`` lets everything pass.

    >>> spdx_expression("cc-by-4.0 or mit"), spdx_expression("CC-BY-4.0 OR MIT"), spdx_expression("CC-BY")
    ('', 'CC-BY-4.0 OR MIT', '')
    """
    text = text.strip()
    if len(text) > _LONGEST_EXPRESSION or not _EXPRESSION.fullmatch(text):
        return ""
    if _REFERENCE.fullmatch(text):
        return text
    known = licensing()
    try:
        # Those that are not on the list are names of one's own; any one that is may stand in for them in the check.
        checked = known.validate(_REFERENCE.sub("MIT", text))
        if checked.errors:
            return ""
        parsed = known.parse(text)
        said = {word.lower() for word in _WORD.findall(text)}
        # The list has nicknames too, by which a bare "GPL" becomes version 1.0 or later.
        return str(parsed) if all(key.lower() in said for key in known.license_keys(parsed)) else ""
    except Exception:  # noqa: BLE001  # of half an expression it raises AttributeError, among others
        return ""


# --- Addresses of licences that are not Creative Commons' ----------------------------------------------------------

_URL = re.compile(
    r"(?:https?:)?//[^\s<>\"'\])}]{1,300}|(?<![\w./])(?:www\.)?creativecommons\.org/[^\s<>\"'\])}]{1,100}",
    re.IGNORECASE,
)
_ARCHIVED = re.compile(r"https?://web\.archive\.org/web/\w+/")
_ON_LIST = re.compile(
    r"(?:spdx|opensource)\.org/licen[cs]es?/([A-Za-z0-9.+-]+?)(?:-license)?(?:\.html|\.php)?/?\Z",
    re.IGNORECASE,
)
_GNU = re.compile(
    r"gnu\.org/(?:licen[cs]es|copyleft)/(?:old-licenses/)?(a|l)?(gpl|fdl)(?:-(\d\.\d))?(?:[-.](?:en|html|txt|standalone).*)?/?\Z",
    re.IGNORECASE,
)
_RIGHTS_STATEMENT = re.compile(r"rightsstatements\.org/(?:vocab|page)/([A-Za-z-]{1,20})/1\.0", re.IGNORECASE)
_ADDRESSES: Final = (
    (r"apache\.org/licenses/LICENSE-2\.0", "Apache-2.0"),
    (r"opendatacommons\.org/licenses/by(?:/|\Z)", "ODC-By-1.0"),
    (r"opendatacommons\.org/licenses/odbl(?:/|\Z)", "ODbL-1.0"),
    (r"opendatacommons\.org/licenses/pddl(?:/|\Z)", "PDDL-1.0"),
    (r"mozilla\.org/(?:[a-zA-Z-]+/)?MPL/2\.0", "MPL-2.0"),
    (r"nationalarchives\.gov\.uk/doc/open-government-licen[cs]e/version/1\b", "OGL-UK-1.0"),
    (r"nationalarchives\.gov\.uk/doc/open-government-licen[cs]e/version/2\b", "OGL-UK-2.0"),
    (r"nationalarchives\.gov\.uk/doc/open-government-licen[cs]e/version/3\b", "OGL-UK-3.0"),
    (r"arxiv\.org/licenses/nonexclusive-distrib/1\.0", "LicenseRef-arXiv-nonexclusive-distrib-1.0"),
    (r"arxiv\.org/licenses/assumed-1991-2003", "LicenseRef-arXiv-assumed-1991-2003"),
    (r"elsevier\.com/open-access/userlicense/1\.0", "LicenseRef-Elsevier-user-1.0"),
    (r"elsevier\.com/tdm/userlicense/1\.0", "LicenseRef-Elsevier-TDM-1.0"),
    (r"doi\.wiley\.com/10\.1002/tdm_license_1\.1", "LicenseRef-Wiley-TDM-1.1"),
    (r"doi\.wiley\.com/10\.1002/tdm_license_1(?:\.0)?/?\Z", "LicenseRef-Wiley-TDM-1.0"),
    (r"springer(?:nature)?\.com/(?:tdm|gp/researchers/text-and-data-mining)", "LicenseRef-Springer-TDM"),
)  # fmt: skip
_ADDRESS = tuple(
    (re.compile(rf"//(?:www\.|dx\.)?{pattern}", re.IGNORECASE), licence) for pattern, licence in _ADDRESSES
)


def _licence_of_address(url: str) -> str:
    url = _ARCHIVED.sub("", url).rstrip(".,;:")
    if licence := licence_of_url(url):
        return licence
    if found := _ON_LIST.search(url):
        return spdx_expression(found[1].upper() if found[1].lower() == "mit" else found[1])
    if found := _GNU.search(url):
        return _gnu(found[1] or "", found[2], found[3] or "", "")
    if found := _RIGHTS_STATEMENT.search(url):
        return f"LicenseRef-RightsStatements-{found[1]}-1.0"
    return next((licence for pattern, licence in _ADDRESS if pattern.search(url)), "")


def _gnu(kind: str, family: str, version: str, choice: str) -> str:
    """``GPL-3.0-or-later`` where the choice of versions is told, else a name that leaves it open."""
    name = f"{kind}{family}".upper().replace("FDL", "GFDL")
    if not version:
        return f"LicenseRef-{name}{UNVERSIONED}"
    ending = {"only": "-only", "later": "-or-later"}.get(choice)
    return spdx_expression(f"{name}-{version}{ending}") if ending else f"LicenseRef-{name}-{version}"


# --- Names in words -------------------------------------------------------------------------------------------------

_NAMES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), licence)
    for pattern, licence in (
        (r"\bapache(?:\s+software)?(?:\s+public)?[\s-]licen[cs]e,?(?:\s+|-)(?:\(?version\s+|v\.?\s?)?2(?:\.0)?(?!\d)|\bapache[\s-]2(?:\.0)?(?:\s+licen[cs]e)?(?![\d.])", "Apache-2.0"),
        (r"\bapache(?:\s+software)?\s+licen[cs]e\b(?!,?(?:\s+|-)(?:\(?version|v?\.?\s?\d))", f"LicenseRef-Apache{UNVERSIONED}"),
        (r"\b(?:MIT|Expat)[\s-]licen[cs]e\b|\blicen[cs]e:?\s+MIT\b", "MIT"),
        (r"\b(?:3|three)[\s-]clause[\s-]BSD\b|\b(?:new|modified|revised)\s+BSD\b|\bBSD[\s-](?:licen[cs]e\s+)?\(?(?:3|three)[\s-]clause\b", "BSD-3-Clause"),
        (r"\b(?:2|two)[\s-]clause[\s-]BSD\b|\bsimplified\s+BSD\b|\bFreeBSD\s+licen[cs]e\b|\bBSD[\s-](?:licen[cs]e\s+)?\(?(?:2|two)[\s-]clause\b", "BSD-2-Clause"),
        (r"(?<!clause )(?<!clause-)(?<!new )(?<!modified )(?<!revised )(?<!simplified )\bBSD\s+licen[cs]e\b(?!\s+\(?(?:2|3|two|three))|\A\s*BSD\s*\Z", f"LicenseRef-BSD{UNVERSIONED}"),
        (r"\bmozilla\s+public\s+licen[cs]e,?\s+(?:version\s+|v\.?\s?)?2(?:\.0)?(?!\d)", "MPL-2.0"),
        (r"\bopen\s+data\s+commons\s+attribution\b|\A\s*ODC-BY\s*\Z", "ODC-By-1.0"),
        (r"\bopen\s+database\s+licen[cs]e\b|\A\s*ODbL\s*\Z", "ODbL-1.0"),
        (r"\bpublic\s+domain\s+dedication\s+and\s+licen[cs]e\b|\A\s*PDDL\s*\Z", "PDDL-1.0"),
        (r"\bopen\s+government\s+licen[cs]e,?\s+(?:\(?version\s+|v\.?\s?)?3(?:\.0)?(?!\d)", "OGL-UK-3.0"),
        (r"\bopen\s+government\s+licen[cs]e\b(?!,?\s+(?:\(?version|v?\.?\s?\d))", f"LicenseRef-OGL{UNVERSIONED}"),
        (r"\bPMC\s+open\s+access\s+subset\s+for\s+unrestricted\s+research\s+re-?use\b", "LicenseRef-PMC-COVID-19"),
    )
)  # fmt: skip
_GNU_NAME = re.compile(
    r"\b(?:GNU\s+)?(?:(?P<kind>affero|lesser|library)\s+)?(?:general\s+public\s+licen[cs]e|(?P<free>free\s+documentation\s+licen[cs]e))"
    r"(?:\s+\((?:[AL]?GPL|GFDL)\))?(?:,?\s+(?:\(?version\s+|v\.?\s?)?(?P<version>[1-3](?:\.\d)?)(?!\d))?"
    r"(?P<later>[\s,]+(?:\(?at\s+your\s+option\)?,?\s+)?or\s+(?:\(?at\s+your\s+option\)?,?\s+)?(?:any\s+)?(?:later|newer))?"
    r"|(?<![\w-])(?P<short>[AL]?GPL|GFDL)[\s-]?(?:v\.?\s?|version\s+)?(?P<short_version>[1-3](?:\.\d)?)?(?P<plus>\+)?(?![\w.-]*\w)",
    re.IGNORECASE,
)
# "It is not licensed under the …".
_DENIED = re.compile(
    r"\b(?:not|never|no\s+longer)\s+(?:[\w-]+\s+){0,3}?(?:under|by|in|to)\s+(?:an?\s+|the\s+|any\s+)?(?:terms\s+of\s+(?:the\s+)?)?\Z",
    re.IGNORECASE,
)
_KIND = {"affero": "a", "lesser": "l", "library": "l"}

_PUBLIC_DOMAIN = re.compile(
    r"\b(?P<no>not\s+(?:yet\s+)?)?(?:(?:in|into|to|within)\s+the\s+public[\s-]domain\b|public[\s-]domain\s+(?:work|article|text|book)\b)|\A\s*public[\s-]domain\.?\s*\Z",
    re.IGNORECASE,
)
_IN_ONE_COUNTRY = re.compile(r"\bU\.?\s?S\.?A?\b|\bUnited\s+States\b|\bforeign\b", re.IGNORECASE)
_NOTICE = (
    (re.compile(r"\ball\s+(?:other\s+)?rights\s+(?:are\s+)?reserved\b|\bno\s+part\s+of\s+this\s+\w+\s+may\s+be\s+(?:reproduced|used|copied)\b|\balle\s+rechte\s+vorbehalten\b|\btous\s+droits\s+r[eé]serv[eé]s\b|\btodos\s+(?:los\s+derechos|os\s+direitos)\s+reservados\b", re.IGNORECASE), NOTICES[0]),
    (re.compile(r"\bexclusive\s+licen[cs](?:e|ee)\b|\bexclusive\s+rights\b", re.IGNORECASE), NOTICES[1]),
)  # fmt: skip

# Limits in words. That a licence allows commercial use too, or that it can be bought, is none.
_NON_COMMERCIAL = re.compile(
    r"\bnon[\s-]?commercial(?:ly)?\b|\bnot\s+(?:be\s+)?used?\s+for\s+commercial\b|\bno\s+commercial\s+(?:use|re-?use)\b",
    re.IGNORECASE,
)
_EITHER = re.compile(
    r"commercial(?:ly)?(?:\s+purposes)?\s*(?:,|and|or|and/or|/|as\s+well\s+as)+\s*(?:for\s+)?non[\s-]?commercial"
    r"|non[\s-]?commercial(?:ly)?(?:\s+purposes)?\s*(?:,|and|or|and/or|/|as\s+well\s+as)+\s*(?:for\s+)?commercial",
    re.IGNORECASE,
)
_NO_DERIVATIVES = re.compile(
    r"\bno\s+(?:modifications|derivatives|adaptations|changes)\b|\bnot\s+(?:be\s+)?(?:altered|modified|transformed|changed)\b"
    r"|\bwithout\s+(?:modification|alteration|adaptation)",
    re.IGNORECASE,
)  # fmt: skip

# What is said of data, code or metadata beside a document is not said of the document.
_OF_DATA = re.compile(
    r"\bappl(?:y|ies|ied)\s+to\s+(?:the\s+|all\s+|any\s+)?(?:\w+\s+)?(?:meta)?data\b"
    r"|\b(?:data(?:sets?)?|metadata|code|software|scripts?|source\s+code)\s+(?:\w+\s+){0,6}?(?:is|are|was|were)\s+(?:\w+\s+){0,3}?(?:available|released|licen[cs]ed|published|distributed|deposited|dedicated|shared|provided)\b"
    r"|\b(?:its|the|their|all)\s+(?:\w+\s+)?(?:data|datasets?|code|software|metadata)\s+under\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r";\s+|(?<=[.!?])\s+(?=[A-Z\u00c0-\u00de\u00a9(])|\n\s*\n")


def findings(statement: str) -> tuple[Finding, ...]:
    """The licences and notices that a statement names, each once, addresses first.

    Args:
        statement: What is said in one place; of more than 20,000 characters the first.
    """
    # A place more or less is no other statement, and most papers of a journal say the same.
    return _findings(" ".join(statement[:_LONGEST].split()))


@lru_cache(maxsize=4096)
def _findings(statement: str) -> tuple[Finding, ...]:
    if expression := spdx_expression(statement):
        return (Finding(expression, statement),)
    by_address: list[Finding] = []
    in_words: list[Finding] = []
    for sentence in _SENTENCE_END.split(statement):
        of_data = bool(_OF_DATA.search(sentence))
        words = sentence
        for url in _URL.finditer(sentence):
            if licence := _licence_of_address(url[0]):
                deed = DEED.search(url[0])
                by_address.append(Finding(licence, (deed or url)[0].rstrip(".,;:"), of_data))
        words = _URL.sub(" ", sentence)
        in_words += [Finding(licence, said, of_data) for licence, said in _named(words)]
    found = [*by_address, *in_words]
    granted = [each.licence for each in found if not each.of_data and each.licence not in NOTICES]
    if granted:
        found += _limits(statement, granted)
    # An address and the words beside it are two pieces of evidence; a name that is said twice is one.
    kinds = [(each.licence, each.of_data, each in by_address) for each in found]
    return tuple(
        each._replace(said=each.said[:_LONGEST_SAID])
        for number, (each, kind) in enumerate(zip(found, kinds, strict=True))
        if kinds.index(kind) == number
    )


def _named(words: str) -> list[tuple[str, str]]:
    """Licences that a sentence without addresses names, and the words that do."""
    found = []
    creative = [
        name
        for name in licence_names(words)
        if not _DENIED.search(words[max(0, name.start - 60) : name.start])
    ]
    found += [(name.licence, words[name.start : name.end].strip()) for name in creative]
    for pattern, licence in _NAMES:
        if (named := pattern.search(words)) and not _DENIED.search(
            words[max(0, named.start() - 60) : named.start()]
        ):
            found.append((licence, named[0].strip()))
    for named in _GNU_NAME.finditer(words):
        found.append((_gnu_named(named), named[0].strip()))
    for named in _PUBLIC_DOMAIN.finditer(words):
        if named["no"] or any(name.start <= named.start() < name.end for name in creative):
            continue
        country = "-US" if _IN_ONE_COUNTRY.search(words) else ""
        found.append((NAMED_PUBLIC_DOMAIN + country, named[0].strip()))
    for pattern, licence in _NOTICE:
        if named := pattern.search(words):
            found.append((licence, named[0]))
    return [(licence, said) for licence, said in found if licence]


def _gnu_named(named: re.Match[str]) -> str:
    if named["short"]:
        kind, family = named["short"][:-3].lower().replace("g", ""), named["short"][-3:]
        version, later = named["short_version"] or "", named["plus"]
    else:
        kind = _KIND.get((named["kind"] or "").lower(), "")
        family, version, later = "fdl" if named["free"] else "gpl", named["version"] or "", named["later"]
    version = version if "." in version or not version else f"{version}.0"
    return _gnu(kind, family, version, "later" if later else "")


def _limits(statement: str, granted: list[str]) -> list[Finding]:
    """Limits in words that no licence named beside them has: they contradict it."""
    words = _URL.sub(" ", statement)
    for name in reversed(list(licence_names(words))):
        words = words[: name.start] + words[name.end :]
    limits = []
    for mark, pattern, licence in (
        ("NC", _NON_COMMERCIAL, "LicenseRef-NonCommercial"),
        ("ND", _NO_DERIVATIVES, "LicenseRef-NoDerivatives"),
    ):
        # Of software "with or without modification" is a phrase of the most open licences.
        concerned = [each for each in granted if mark == "NC" or "CC" in each.split("-")]
        if not concerned or any(mark in each.split("-") for each in granted):
            continue
        if (found := pattern.search(words)) and not _EITHER.search(words):
            limits.append(Finding(licence, found[0]))
    return limits


# --- Do statements agree? -------------------------------------------------------------------------------------------


def _family(licence: str) -> str:
    return licence.removeprefix("LicenseRef-").removesuffix(UNVERSIONED)


def _covers(general: str, special: str) -> bool:
    """Whether one name says less than another and nothing against it: no version, no port, or only "public domain"."""
    if general == special:
        return True
    if general == NAMED_PUBLIC_DOMAIN:
        return special in {"CC0-1.0", "CC-PDM-1.0", "CC-PDDC", "PDDL-1.0"}
    short, long = _family(general), _family(special)
    if general.endswith(UNVERSIONED) and long.startswith("CC-BY-") and not short.startswith("CC-BY"):
        # "Creative Commons NonCommercial": that attribution is asked for goes without saying.
        short = short.replace("CC-", "CC-BY-", 1)
    if short == long:
        return True
    rest = long.removeprefix(f"{short}-")
    return rest != long and (short[-1:].isdigit() or (general.endswith(UNVERSIONED) and rest[:1].isdigit()))


def agreed(licences: list[str]) -> str:
    """The one licence that all of some names mean, by the name that says most; empty if they disagree.

    >>> agreed(["LicenseRef-CC-BY-unversioned", "CC-BY-4.0"]), agreed(["CC-BY-4.0", "CC-BY-NC-4.0"])
    ('CC-BY-4.0', '')
    """
    return next((one for one in licences if all(_covers(other, one) for other in licences)), "")


# --- Reservations in words ------------------------------------------------------------------------------------------

_MINING = re.compile(
    r"\btext[\s-]and[\s-]data[\s-]mining\b|\bdata[\s-]mining\b|\b(?:train(?:ing)?|develop(?:ment|ing)?)\b.{0,60}?\b(?:AI\b|artificial\s+intelligence|machine[\s-]learning|(?:large\s+)?language\s+models?)"
    r"|\b(?:AI|artificial\s+intelligence|machine[\s-]learning)\s+(?:model\s+)?training\b",
    re.IGNORECASE,
)
_RESERVED = re.compile(
    r"\b(?:rights?\b.{0,80}?\breserved|are\s+(?:expressly\s+)?reserved|reserves?\s+(?:all\s+|the\s+)?rights?|prohibit(?:ed|s)|forbidden|not\s+(?:be\s+)?(?:permitted|allowed|authori[sz]ed|used?)"
    r"|no\s+part\s+of|without\s+(?:\w+\s+){0,3}(?:permission|consent|authori[sz]ation)|opt(?:s|ed)?[\s-]out)\b",
    re.IGNORECASE,
)


def reservation(statement: str) -> str:
    """The sentence in which a statement reserves mining or the training of models; empty if it has none.

    >>> reservation("Reeds. All rights are reserved, including those for text and data mining and AI training.")
    'All rights are reserved, including those for text and data mining and AI training.'
    >>> reservation("Text and data mining of this article is welcome.")
    ''
    """
    words = " ".join(statement[:_LONGEST].split())
    if not _MINING.search(words):
        return ""
    for sentence in _SENTENCE_END.split(words):
        if _MINING.search(sentence) and _RESERVED.search(sentence):
            return sentence[:_LONGEST_SAID]
    return ""
