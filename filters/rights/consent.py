"""Lists that people keep of what must not be used, and of what may be used after all.

An **opt-out list** is a text file, one entry a line: a kind and a value. Empty lines and lines that begin with ``#`` are
passed over::

    doi     10.1234/reeds.2020
    url     https://reeds.example/papers/*
    domain  mill.example
    author  Ada Meer
    id      0f3a…32 hexadecimal digits of a document's id

A **release list** is a text file, one decision a line, three columns apart by tabs: the id of a document, who decided, and
why. A **tdmrep.json** is the file that a site keeps for the TDM Reservation Protocol (W3C community group report, 2024), named
``HOST.tdmrep.json`` or, as a crawler leaves it, ``HOST/.well-known/tdmrep.json``.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from colophon.schemas import RecipeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "KINDS",
    "OptOuts",
    "Reservations",
    "Work",
    "author_key",
    "digest_of",
    "opt_outs",
    "releases",
    "site_reservations",
    "url_key",
]

KINDS: Final = ("doi", "url", "domain", "author", "id")

_ID = re.compile(r"[0-9a-f]{32}")
_DOI = re.compile(r"(?:https?://(?:dx\.|www\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}(?:\.\d+)*/\S+)", re.IGNORECASE)
_DOMAIN = re.compile(r"(?:[\w-]{1,63}\.)+[\w-]{2,63}")
_LARGEST = 2**28


@dataclass(frozen=True)
class Work:
    """What a document is known by.

    Attributes:
        id: Its id.
        doi: Its DOI in lower case.
        urls: Its addresses, as `url_key` makes them.
        authors: Its authors' names, as `author_key` makes them.
    """

    id: str
    doi: str = ""
    urls: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


def url_key(url: str) -> str:
    """An address as it is compared: without scheme, ``www.``, port, fragment and last slash, the host in lower case.

    >>> url_key("HTTPS://www.Reeds.example:443/Papers/?a=1#top")
    'reeds.example/Papers/?a=1'
    """
    address = url.strip()
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        host = (parts.hostname or "").removeprefix("www.").rstrip(".")
    except ValueError:
        return ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{host.strip()}{parts.path}{query}".rstrip("/ ") if host.strip() else ""


def author_key(name: str) -> str:
    """A name as it is compared: its letters without marks, in lower case, the family name last.

    >>> author_key("MEER, Ada B.") == author_key("Ada B Meer")
    True
    """
    family, comma, given = name.partition(",")
    name = f"{given} {family}" if comma else name
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\W_]+", " ", plain).casefold().split())


@dataclass(frozen=True)
class OptOuts:
    """What must not be used.

    Attributes:
        doi: DOIs, in lower case.
        url: Addresses, as `url_key` makes them.
        prefix: Beginnings of addresses, likewise.
        domain: Domains; what lies below them is meant too.
        author: Authors' names, as `author_key` makes them.
        id: Ids of documents.
    """

    doi: frozenset[str] = frozenset()
    url: frozenset[str] = frozenset()
    prefix: tuple[str, ...] = ()
    domain: frozenset[str] = frozenset()
    author: frozenset[str] = frozenset()
    id: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return any((self.doi, self.url, self.prefix, self.domain, self.author, self.id))

    def name(self, work: Work) -> bool:
        """Whether any entry names the work."""
        return (
            work.id in self.id
            or (bool(work.doi) and work.doi in self.doi)
            or any(author in self.author for author in work.authors)
            or any(self._names_address(url) for url in work.urls)
        )

    def _names_address(self, url: str) -> bool:
        host = re.split(r"[/?]", url, maxsplit=1)[0]
        labels = host.split(".")
        return (
            url in self.url
            or url.startswith(self.prefix)
            or any(".".join(labels[at:]) in self.domain for at in range(len(labels)))
        )


@dataclass(frozen=True)
class Reservations:
    """What sites reserve in their ``tdmrep.json``.

    Attributes:
        rules: By host, its rules: the pattern of a path, its length and whether mining is reserved.
    """

    rules: dict[str, list[tuple[re.Pattern[str], int, bool]]] = field(default_factory=dict)

    def reserve(self, url: str) -> bool:
        """Whether the longest pattern that fits an address (as `url_key` makes it) reserves it; in doubt it does."""
        host, slash, path = url.partition("/")
        fitting = [
            (length, reserved)
            for pattern, length, reserved in self.rules.get(host, ())
            if pattern.match(slash + path if slash else "/")
        ]
        return max(fitting)[1] if fitting else False


# --- Reading ----------------------------------------------------------------------------------------------------------


def digest_of(path: str, setting: str) -> str:
    """Sha256 of a list, hexadecimal.

    Raises:
        RecipeError: It cannot be read.
    """
    return hashlib.sha256(_bytes(path, setting)).hexdigest()


def opt_outs(paths: Sequence[str], setting: str) -> OptOuts:
    """Read opt-out lists.

    Raises:
        RecipeError: One cannot be read, or a line of it is wrong; the message names file and line.
    """
    return _opt_outs(tuple(paths), setting, _states(paths, setting))


def releases(paths: Sequence[str], setting: str) -> frozenset[str]:
    """Read release lists: the ids of the documents that they release.

    Raises:
        RecipeError: As above.
    """
    return _releases(tuple(paths), setting, _states(paths, setting))


def site_reservations(paths: Sequence[str], setting: str) -> Reservations:
    """Read the ``tdmrep.json`` of sites.

    Raises:
        RecipeError: One cannot be read, is not what the protocol says, or does not tell by its name whose it is.
    """
    return _site_reservations(tuple(paths), setting, _states(paths, setting))


def _states(paths: Sequence[str], setting: str) -> tuple[tuple[int, int], ...]:
    """Sizes and times, so that a list that has changed is read again."""
    states = []
    for path in paths:
        try:
            status = Path(path).stat()
        except OSError as error:
            raise RecipeError(f"{setting}: {path} cannot be read: {error.strerror}") from error
        states.append((status.st_size, status.st_mtime_ns))
    return tuple(states)


def _bytes(path: str, setting: str) -> bytes:
    try:
        if Path(path).stat().st_size > _LARGEST:
            raise RecipeError(f"{setting}: {path} has more than {_LARGEST:,} bytes; divide the list")
        return Path(path).read_bytes()
    except OSError as error:
        raise RecipeError(f"{setting}: {path} cannot be read: {error.strerror}") from error


def _lines(path: str, setting: str) -> Iterable[tuple[int, str]]:
    """The lines that say something, with their numbers."""
    try:
        text = _bytes(path, setting).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = _bytes(path, setting)[: error.start].count(b"\n") + 1
        raise RecipeError(
            f"{setting}: {path} line {at}: a byte that is not UTF-8; save the file as UTF-8"
        ) from error
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.rstrip("\r")


@lru_cache(maxsize=8)
def _opt_outs(paths: tuple[str, ...], setting: str, _: object) -> OptOuts:
    found: dict[str, set[str]] = {kind: set() for kind in (*KINDS, "prefix")}
    for path in paths:
        for number, line in _lines(path, setting):
            kind, _space, value = (
                line.strip().partition(" ") if "\t" not in line else line.strip().partition("\t")
            )
            entry = _entry(kind.lower(), value.strip())
            if entry is None:
                raise RecipeError(
                    f"{setting}: {path} line {number}: given {line.strip()[:80]!r}, allowed is a kind and its value: {_SAMPLES}"
                )
            found[entry[0]].add(entry[1])
    sets = {kind: frozenset(values) for kind, values in found.items() if kind != "prefix"}
    return OptOuts(**sets, prefix=tuple(sorted(found["prefix"])))


_SAMPLES = "doi 10.1234/abc, url https://a.example/x (or ending in * for all that begin so), domain a.example, author Ada Meer, id and 32 hexadecimal digits"


def _entry(kind: str, value: str) -> tuple[str, str] | None:
    """The set that an entry belongs to and the value that it is compared by; None if it is wrong."""
    if kind == "doi":
        doi = _DOI.fullmatch(value)
        return ("doi", doi[1].lower()) if doi else None
    if kind == "url":
        key = url_key(value.removesuffix("*"))
        if value.endswith("/*"):
            key += "/"
        return (("prefix" if value.endswith("*") else "url"), key) if "." in key else None
    if kind == "domain":
        domain = value.lower().removeprefix("*.").removeprefix("www.").rstrip(".")
        return ("domain", domain) if _DOMAIN.fullmatch(domain) else None
    if kind == "author":
        return ("author", author_key(value)) if author_key(value) else None
    if kind == "id":
        return ("id", value.lower()) if _ID.fullmatch(value.lower()) else None
    return None


@lru_cache(maxsize=8)
def _releases(paths: tuple[str, ...], setting: str, _: object) -> frozenset[str]:
    ids = set()
    for path in paths:
        for number, line in _lines(path, setting):
            columns = [column.strip() for column in line.split("\t")]
            if len(columns) != 3 or not all(columns) or not _ID.fullmatch(columns[0].lower()):
                raise RecipeError(
                    f"{setting}: {path} line {number}: given {line.strip()[:80]!r}, allowed is three columns apart by tabs: "
                    "the 32 hexadecimal digits of a document's id, who decided, and why"
                )
            ids.add(columns[0].lower())
    return frozenset(ids)


@lru_cache(maxsize=8)
def _site_reservations(paths: tuple[str, ...], setting: str, _: object) -> Reservations:
    found = Reservations()
    for path in paths:
        host = host_of(path)
        if not host:
            raise RecipeError(
                f"{setting}: {path}: its name does not tell whose it is; name it HOST.tdmrep.json or keep it in HOST/.well-known/"
            )
        try:
            rules = orjson.loads(_bytes(path, setting))
        except orjson.JSONDecodeError as error:
            raise RecipeError(f"{setting}: {path} line {error.lineno}: no JSON: {error.msg}") from error
        if not isinstance(rules, list):
            raise RecipeError(f"{setting}: {path}: given {_kind(rules)}, allowed is a list of rules")
        for number, rule in enumerate(rules, 1):
            found.rules.setdefault(host, []).append(_rule(rule, f"{setting}: {path} rule {number}"))
    return found


def host_of(path: str) -> str:
    """The host whose ``tdmrep.json`` a path names; empty if it names none.

    >>> host_of("crawl/reeds.example/.well-known/tdmrep.json"), host_of("lists/reeds.example.tdmrep.json")
    ('reeds.example', 'reeds.example')
    """
    parts = path.replace("\\", "/").split("/")
    host = parts[-1].removesuffix(".tdmrep.json")
    if host == parts[-1]:
        host = parts[-3] if len(parts) > 2 and parts[-2:] == [".well-known", "tdmrep.json"] else ""
    host = host.lower().removeprefix("www.")
    return host if _DOMAIN.fullmatch(host) else ""


def _rule(rule: Any, place: str) -> tuple[re.Pattern[str], int, bool]:
    if not isinstance(rule, dict):
        raise RecipeError(
            f'{place}: given {_kind(rule)}, allowed is an object with "location" and "tdm-reservation"'
        )
    location, reserved = rule.get("location"), rule.get("tdm-reservation")
    if not isinstance(location, str) or not location.startswith(("/", "*")):
        raise RecipeError(f"{place}: location is {location!r}, allowed is a path that begins with / or *")
    if reserved not in (0, 1, "0", "1"):
        raise RecipeError(f"{place}: tdm-reservation is {reserved!r}, allowed is 0 or 1")
    # As in robots.txt (RFC 9309): * stands for anything, $ for the end.
    pattern = "[^\0]*".join(map(re.escape, re.sub(r"\*+", "*", location.removesuffix("$")).split("*")))
    ending = r"\Z" if location.endswith("$") else ""
    return re.compile(pattern + ending), len(location), reserved in (1, "1")


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "text", type(None): "null"}.get(type(value), "a number")
