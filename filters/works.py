r"""Which work a document is a copy of, by what is written on it: DOI, arXiv, PubMed and PMC numbers, title and authors.

A journal's HTML, its PDF and the copy in an archive are one work, and share too few words for a text threshold to find
them all. What is written on a document may be wrong (a DOI may be that of the proceedings, or of the paper that is
corrected), so it only proposes pairs: the judge compares their texts before it believes that two are one work.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import numpy as np

from colophon.filters.folding import encode, utf8_of
from colophon.filters.kernels import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

__all__ = ["WORK", "identifiers", "title_key", "work_of_doi", "works"]

IDENTIFIERS: Final = 5
"""Identifiers kept of a document: the first that are found, in the order of `identifiers`."""
_NO_NUMBERS: Final = (0,) * IDENTIFIERS

WORK = np.dtype(
    [
        ("identifiers", "<u8", IDENTIFIERS),  # hashes, 0 for none
        (
            "doi",
            "<u8",
        ),  # of a publisher's DOI: two that differ are two works to whom only the title is the same
        ("title", "<u8"),
        ("authors", "<u8"),  # of the first two
        ("venue", "<u8"),
        ("year", "<i4"),  # 0 if unknown
        ("preprint", "u1"),
    ]
)
"""What `works` finds of one document; little-endian, packed. 0 is nothing."""

_HEAD = 3000  # characters: about what stands on a paper's first page
_DOI = re.compile(r"10\.(?<![\w.]10\.)\d{4,9}(?:\.\d{1,9}){0,3}/[^\s\"'<>|,;{}\[\]]{1,200}")
_ARXIV = re.compile(
    r"(?:(?<=arxiv)|(?<=arxiv[:./ ])|(?<=abs/)|(?<=pdf/)|\A)\s?(\d{4}\.\d{4,5}|[a-z]{2,9}(?:-[a-z]{2,9})?(?:\.[a-z]{2})?/\d{7})(?:v\d{1,2})?(?![\d])",
    re.IGNORECASE,
)
_PMC = re.compile(r"\bPMC\s?(\d{3,9})\b", re.IGNORECASE)
_PMID = re.compile(r"\bPMID:?\s?(\d{4,9})\b", re.IGNORECASE)
_PATTERNS: Final = {"doi": _DOI, "arxiv": _ARXIV, "pmc": _PMC, "pmid": _PMID}
# What each has in it on a page; searched first, for that is ten times as fast, and `_may_mention` before it.
_MENTIONED: Final = (
    ("doi", "10."), ("arxiv", "rXiv"), ("arxiv", "rxiv"), ("arxiv", "RXIV"), ("pmc", "PMC"), ("pmid", "PMID"),
)  # fmt: skip

# How publishers and archives number the versions of one work. Sources: their own pages on DOIs, and Crossref's and
# DataCite's public records.
_VERSIONS: Final = tuple(
    (re.compile(pattern), work)
    for pattern, work in (
        # F1000Research and the platforms built like it: article.version
        (r"(10\.12688/[a-z0-9-]+\.\d+)\.\d{1,2}\Z", r"\1"),
        # eLife: versions of reviewed preprints have one or two digits, parts of an article three
        (r"(10\.7554/elife\.\d{5,6})\.\d{1,2}\Z", r"\1"),
        # bioRxiv, medRxiv: also with the tail of the page's address
        (r"(10\.1101/[\d.]+)v\d{1,2}(?:\.(?:full|abstract|article)[a-z.-]*)?\Z", r"\1"),
        (r"(10\.(?:1101|64898)/[\d.]+)\.(?:full|abstract)[a-z.-]*\Z", r"\1"),
        # PeerJ Preprints
        (r"(10\.7287/peerj\.preprints\.\d+)v\d{1,2}\Z", r"\1"),
        # Research Square, Preprints.org, ChemRxiv, TechRxiv, Authorea, figshare, OSF, protocols.io, Qeios
        (
            r"(10\.(?:21203|20944|26434|36227|22541|6084|31234|31219|31235|17504|32388|14293|33774)/.+?)[-./_]?v\d{1,2}\Z",
            r"\1",
        ),
        # ESS Open Archive
        (r"(10\.1002/essoar\.\d+)\.\d{1,2}\Z", r"\1"),
        # Cochrane reviews and their updates
        (r"(10\.1002/14651858\.[a-z]{2}\d+)\.pub\d{1,2}\Z", r"\1"),
    )
)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+?)(?:v\d{1,2})?\Z")
# Registrants of preprint servers and of repositories where anybody leaves a copy: a DOI of theirs and a publisher's
# may name one work.
_PREPRINTS: Final = re.compile(
    r"10\.(?:48550/arxiv|1101/\d|64898/|21203/|20944/|26434/|36227/|22541/|31234/|31219/|31235/|31223/|31730/|32942/|7287/"
    r"|2139/ssrn|5281/zenodo|6084/|32388/|14293/|33774/|1590/scielopreprints|1002/essoar|15139/|17605/|35542/)"
)
_PREPRINT_VENUES: Final = re.compile(
    r"rxiv|preprint|ssrn|research square|zenodo|figshare|authorea|\bosf\b", re.IGNORECASE
)
_ABOUT_ANOTHER: Final = re.compile(
    r"\s*(?:[\w ]{0,30}\b(?:correct(?:ed|ion)|errat(?:um|a)|corrigend(?:um|a)|retract(?:ed|ion)|addendum|withdrawn|withdrawal)\b"
    r"|expression of concern|comment(?:ary)?s? (?:on|to)\b|(?:author'?s? )?(?:reply|response) to\b|reply\b|re:|book review|review of\b"
    r"|supplement(?:ary|al)\b|supporting information|decision letter|author response|peer review|referee)",
    re.IGNORECASE,
)

#: Keys of records, lower case and without separators, by what stands under them.
_KEYS: Final = {
    "doi": "doi",
    "arxiv": "arxiv", "arxivid": "arxiv", "eprint": "arxiv", "id": "arxiv",
    "pmc": "pmc", "pmcid": "pmc", "pubmedcentral": "pmc",
    "pmid": "pmid", "pubmed": "pmid", "pubmedid": "pmid",
}  # fmt: skip
_NESTED: Final = "nested"
_NESTING: Final = frozenset({"externalids", "ids", "identifiers", "articleids"})
_ENDING: Final = re.compile(
    r"\.(?:pdf|n?xml|html?|txt|md|tex|tei|jats|json|epub|gz|zst|bz2|zip|tar|tgz|full|fulltext|training|grobid|v\d{1,2})\Z",
    re.IGNORECASE,
)
_FILE_DOI: Final = re.compile(r"(10\.\d{4,9})(?:_|%2f|/|-)(.{3,180})\Z", re.IGNORECASE)
_FILE_ARXIV: Final = re.compile(r"(?:arxiv[-_.:]?)?(\d{4}\.\d{4,5})(?:v\d{1,2})?\Z", re.IGNORECASE)
_WORDS: Final = re.compile(r"\w+")
_TAG: Final = re.compile(r"<[^<>]{1,40}>")
_FILE_PMC: Final = re.compile(r"(PMC\d{4,9})\Z", re.IGNORECASE)


def _hash(kind: str, value: str) -> int:
    """A key of 64 bits, never 0; an accident of 64 bits would still have to have the same text."""
    digest = hashlib.blake2b(f"{kind}\0{value}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1


def work_of_doi(doi: str) -> str:
    """What a DOI names, whichever version of it: the form that all versions' DOIs share.

    Parts of a work (figures, supplements) stay what they are, and so does all that is not known to be a version.

    Args:
        doi: In any case, without a resolver's address.

    >>> work_of_doi("10.12688/f1000research.19931.2"), work_of_doi("10.1101/2020.02.03.123456v3.full.pdf")
    ('10.12688/f1000research.19931', '10.1101/2020.02.03.123456')
    >>> work_of_doi("10.7554/eLife.00013"), work_of_doi("10.7554/eLife.00013.003")
    ('10.7554/elife.00013', '10.7554/elife.00013.003')
    >>> work_of_doi("10.48550/arXiv.2101.00001v2")
    'arxiv:2101.00001'
    """
    doi = unquote(doi).lower().rstrip(".,;:")
    while doi.endswith(")") and doi.count(")") > doi.count("("):
        doi = doi[:-1].rstrip(".,;:")
    if found := _ARXIV_DOI.match(doi):
        return f"arxiv:{found[1]}"
    for pattern, work in _VERSIONS:
        doi, changed = pattern.subn(work, doi)
        if changed:
            break
    return doi


def _doi_key(doi: str) -> tuple[str, str] | None:
    """Kind and value of a DOI's key: file names write ``_`` for any mark, so marks do not count."""
    work = work_of_doi(doi)
    if work.startswith("arxiv:"):
        return "arxiv", work.removeprefix("arxiv:")
    prefix, _, suffix = work.partition("/")
    plain = re.sub(r"[^a-z0-9]+", "_", suffix).strip("_")
    # A publisher's prefix with next to nothing behind it is a damaged DOI.
    return ("doi", f"{prefix}/{plain}") if any(c.isdigit() for c in plain) and len(plain) > 2 else None


def _of_value(kind: str, value: Any) -> tuple[str, str] | None:
    """Kind and value of the key of one identifier that a record states under a name of its own."""
    said = str(value).strip()[:300] if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if kind == "doi":
        found = _DOI.search(said)
        return _doi_key(found[0]) if found else None
    if kind == "arxiv":
        found = _ARXIV.search(said)
        return ("arxiv", found[1].lower()) if found and isinstance(value, str) else None
    digits = re.search(r"(?<!\d)(?:PMC\s?)?(\d{3,9})(?:\.\d{1,2})?\Z", said, re.IGNORECASE)
    return (kind, digits[1].lstrip("0")) if digits else None


@lru_cache(maxsize=1024)
def _kind_of(name: str) -> str:
    """What stands under a key of a record: an identifier of a kind, a mapping of several, or nothing of interest."""
    plain = re.sub(r"[^a-z]", "", name[:100].lower())
    return _NESTED if plain in _NESTING else _KEYS.get(plain, "")


def _of_metadata(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in metadata.items():
        kind = _kind_of(name)
        if kind == _NESTED and isinstance(value, dict):
            yield from _of_metadata(value)
        elif kind and kind != _NESTED and (found := _of_value(kind, value)):
            yield found


def _of_file(uri: str) -> Iterator[tuple[str, str]]:
    """Of a file that is one document and is named by its identifier, as archives do."""
    name = uri.rpartition("/")[2][:250]
    while (shorter := _ENDING.sub("", name)) != name:
        name = shorter
    if found := _FILE_DOI.match(unquote(name)):
        key = _doi_key(f"{found[1]}/{found[2]}")
        if key:
            yield key
    elif found := _FILE_ARXIV.match(name):
        yield "arxiv", found[1]
    elif found := _FILE_PMC.match(name):
        yield "pmc", found[1][3:]


def _of_head(title: str, text: str) -> Iterator[tuple[str, str]]:
    """Of a first page, where it is the document's own: the only one there, and not on a notice about another work."""
    head = text[:_HEAD]
    marked = dict.fromkeys(kind for kind, mark in _MENTIONED if mark in head)
    if not marked or _ABOUT_ANOTHER.match(title[:100]) or _ABOUT_ANOTHER.match(head[:100]):
        return
    for kind in marked:
        values = _PATTERNS[kind].findall(head)
        keys = map(_doi_key, values) if kind == "doi" else ((kind, value.lower()) for value in values)
        named = dict.fromkeys(filter(None, keys))
        if len(named) == 1:
            yield from named


def identifiers(about: Mapping[str, Any], text: str) -> list[tuple[str, str]]:
    """What a document says it is, as (kind, value) in a form that all versions and spellings share.

    From its metadata; else from its first page, if that names just one and the document is no correction, reply or
    review of another; and from its file's name where the file is one document. Lists of references and related
    articles are never looked at.

    Args:
        about: ``doi``, ``title``, ``source_uri``, ``locator`` and ``metadata`` (a mapping), where known.
        text: Its text.

    >>> identifiers({"metadata": {"arxiv_id": "2101.00001v3"}, "source_uri": "a/10.5555_x.7.v2.pdf"}, "")
    [('arxiv', '2101.00001'), ('doi', '10.5555/x_7')]
    >>> identifiers({}, "On lathes. https://doi.org/10.5555/Lathe.9. We turn wood.")
    [('doi', '10.5555/lathe_9')]
    """
    found: list[tuple[str, str]] = []
    if about.get("doi") and (key := _doi_key(about["doi"])):
        found.append(key)
    found += _of_metadata(about.get("metadata") or {})
    if not found and text:
        found += _of_head(about.get("title") or "", text)
    if not about.get("locator"):
        found += _of_file(about.get("source_uri") or "")
    return list(dict.fromkeys(found)) if len(found) > 1 else found


def _plain(words: str) -> str:
    """Letters and digits alone, without accents and case."""
    apart = words.casefold()
    if not apart.isascii():
        apart = "".join(c for c in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(c))
    return " ".join(_WORDS.findall(apart))


def title_key(title: str) -> str:
    """A title so that spellings of it are equal; empty if it is too short to name one work.

    >>> title_key("On the Drying of <i>Fagus</i>: A Naïve View"), title_key("Book review")
    ('on the drying of fagus a naive view', '')
    """
    key = _plain(_TAG.sub(" ", title[:1000]))
    if len(key) >= 20 and key.count(" ") >= 3:
        return key
    dense = (
        not key.isascii() and sum(ord(c) > 0x2E80 for c in key) >= 10
    )  # Han, kana, hangul: words without spaces, or few
    return key if dense else ""


def _surname(name: str) -> str:
    """The family name of a name in one of its usual orders: ``Ito, K.``, ``K. Ito``, ``Ito K``."""
    before, comma, _ = name.partition(",")
    if comma:
        return _plain(before)
    parts = [part for part in name.replace(".", ". ").split() if part]
    initials = [part for part in parts if re.fullmatch(r"[A-Z]{1,3}\.?|(?:[A-Z]\.)+", part)]
    if parts and len(parts) > len(initials) and parts[-1] in initials:
        return _plain(" ".join(part for part in parts if part not in initials))
    return _plain(parts[-1]) if parts else ""


def _authors(value: Any) -> list[str]:
    """Family names of authors, given as a list or as one string."""
    names: Sequence[Any] = value if isinstance(value, list | tuple) else []
    if isinstance(value, str):
        for mark in (";", " and ", "\n"):
            if mark in value:
                names = value.split(mark)
                break
        else:
            parts = value.split(",")
            # "Ito, Ken" is one name, "Ken Ito, Ann Wren" are two.
            names = parts if len(parts) > 2 or all(" " in part.strip() for part in parts) else [value]
    said = []
    for each in names:
        name = each.get("name") or each.get("family") or each.get("last") if isinstance(each, dict) else each
        if isinstance(name, str) and (surname := _surname(name.strip())):
            said.append(surname)
    return said


_LAST_OF_MARKS: Final = np.zeros(256, np.bool_)
_LAST_OF_MARKS[[*b".MvV"]] = True


@compiled
def _head_ends(data: np.ndarray, begin: int, end: int) -> int:
    """A byte behind the first `_HEAD` characters of a text, or its end."""
    most = min(begin + _HEAD, end)
    more = 0  # bytes that begin no character: as many characters stand behind, of four bytes at most
    for i in range(begin, most):
        more += (data[np.uint64(i)] & 0xC0) == 0x80
    return min(most + 4 * more, end)


@compiled
def _may_mention(data: np.ndarray, offsets: np.ndarray, last_of_marks: np.ndarray) -> np.ndarray:
    """bool[n], whether the first `_HEAD` characters of each text may have something of `_MENTIONED` in them."""
    found = np.zeros(len(offsets) - 1, np.bool_)
    for text in range(len(found)):
        end = _head_ends(data, offsets[text], offsets[text + 1])
        for i in range(offsets[text] + 1, end):
            if not last_of_marks[data[np.uint64(i)]]:
                continue
            byte, one, two = data[i], data[i - 1], data[i - 2] if i - 2 >= offsets[text] else np.uint8(0)
            if (
                # 10. and two digits, which may be of any script
                (byte == 0x2E and one == 0x30 and two == 0x31 and i + 2 < end
                 and data[i + 1] > 0x2F and data[i + 2] > 0x2F)
                or (byte == 0x4D and one == 0x50)  # PM
                or (byte | 0x20 == 0x76 and one | 0x20 == 0x69 and two | 0x20 == 0x78)  # xiv
            ):  # fmt: skip
                found[text] = True
                break
    return found


def works(
    about: Sequence[Mapping[str, Any]], texts: Sequence[str], encoded: pa.LargeStringArray | None = None
) -> np.ndarray:
    """What can tell that documents are one work.

    Args:
        about: Of each of n documents what `identifiers` reads and ``year``.
        texts: Their texts.
        encoded: The same in UTF-8, where that is known.

    Returns:
        `WORK` array of n.
    """
    if not len(texts):
        return np.zeros(0, WORK)
    utf8 = utf8_of(encode(texts) if encoded is None else encoded)
    may_mention = _may_mention(*utf8, _LAST_OF_MARKS).tolist()
    pages = (texts[i] if may else "" for i, may in enumerate(may_mention))
    return np.array([_work(known, page) for known, page in zip(about, pages, strict=True)], WORK)


def _work(known: Mapping[str, Any], text: str) -> tuple[tuple[int, ...], int, int, int, int, int, int]:
    """The values of `WORK` for one document."""
    found = identifiers(known, text)
    numbers = (*(_hash(*key) for key in found[:IDENTIFIERS]), *_NO_NUMBERS[len(found) :])
    doi, title = known.get("doi") or "", known.get("title") or ""
    metadata = known.get("metadata") or {}
    if not (doi or title or metadata or found):
        return numbers, 0, 0, 0, 0, 0, False
    venue = metadata.get("journal") or metadata.get("booktitle") or metadata.get("venue") or ""
    venue = venue if isinstance(venue, str) else ""
    preprint = bool(venue and _PREPRINT_VENUES.search(venue))
    if doi:
        preprint |= _PREPRINTS.match(doi.lower()) is not None
    elif found:
        preprint |= found[0][0] == "arxiv"
    own = _hash(*key) if doi and not preprint and (key := _doi_key(doi)) else 0
    name = title_key(title) if title else ""
    if not name:
        return numbers, own, 0, 0, 0, 0, preprint
    surnames = _authors(metadata.get("authors") or metadata.get("author"))
    authors = _hash("authors", "\n".join(surnames[:2])) if surnames else 0
    where = _hash("venue", _plain(venue)) if venue and not preprint else 0
    return numbers, own, _hash("title", name), authors, where, known.get("year") or 0, preprint
