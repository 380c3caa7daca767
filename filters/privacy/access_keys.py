"""Keys and tokens: by the prefixes that their issuers give them, and values that are called a secret and look random."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colophon.filters.privacy.text_places import Place

__all__ = ["assigned_secret", "known_key", "login"]

_HEADER = re.compile(rb"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_LINES = re.compile(
    rb"(?:\s{1,4}[A-Za-z0-9+/=]{40,80}(?![A-Za-z0-9+/=]))*(?:\s{1,4}[A-Za-z0-9+/=]{1,80}(?=\s*-----END))?"
)
_LONGEST_PEM = 2**14
_NEAR = 40
_LOGIN = re.compile(rb"://[^\s/@:]{1,64}:[^\s/@]{1,64}\Z")

# Issuers' own documentation of what their keys look like.
_KNOWN = re.compile(
    rb"""(?:
    (?P<aws>(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})
    |(?P<github>gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})
    |(?P<gitlab>glpat-[A-Za-z0-9_-]{20,60})
    |(?P<slack>xox[abeoprs]-[A-Za-z0-9-]{10,250}|xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]+)
    |(?P<google>AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{28}|ya29\.[A-Za-z0-9_-]{20,512})
    |(?P<stripe>[rs]k_(?:live|test)_[A-Za-z0-9]{16,250})
    |(?P<hugging_face>hf_[A-Za-z0-9]{34})
    |(?P<openai>sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,250})
    |(?P<npm>npm_[A-Za-z0-9]{36})
    |(?P<pypi>pypi-[A-Za-z0-9_-]{50,512})
    |(?P<jwt>eyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{0,1024})
    )(?![A-Za-z0-9_])""",
    re.VERBOSE,
)
_CALLED = re.compile(
    rb"""(?ix) (?: (?:api|access|secret|private|auth|account|client|encryption|signing)[_.\ -]?key
    | (?:api|access|auth|bearer|refresh|session|secret)?[_.\ -]?token | secret | passw(?:or)?d | pwd )
    ["']? [ \t]{0,4} \Z"""
)
_VALUE = re.compile(rb"""[:=]>?[ \t]{0,4}["'`]?([A-Za-z0-9_+/=.~-]{16,512})""")
# Entropy a character. A row of 16 random letters and digits has 3.5 to 4 bits, one of hexadecimal digits 3 to 3.7.
_BITS, _BITS_HEXADECIMAL = 3.5, 2.75


def known_key(place: Place) -> list[tuple[int, int, str]]:
    """The key with a prefix of its own, or private key as RFC 7468 writes it, that begins at a place.

    Returns:
        Where it begins and ends, and whose it is.
    """
    data, start, end = place.data, place.start, place.end
    if found := _KNOWN.match(data, start, end):
        # A random value has digits; words that are joined by hyphens have none.
        words = found.lastgroup in {"openai", "slack"} and not re.search(rb"\d", found.group())
        return [] if words else [(start, found.end(), str(found.lastgroup))]
    header = _HEADER.match(data, start, end)
    return [(start, _pem_end(data, header.end(), end), "pem")] if header else []


def _pem_end(data: bytes, start: int, end: int) -> int:
    """Where the private key ends whose header ends at `start`; after its lines if its own end is missing."""
    last = data.find(b"-----END ", start, min(end, start + _LONGEST_PEM))
    if last < 0 or data.find(b"-----BEGIN ", start, last) >= 0:
        lines = _LINES.match(data, start, end)
        return lines.end() if lines else start
    close = data.find(b"-----", last + 9, min(end, last + 80))
    return close + 5 if close >= 0 else last + 8


def login(place: Place) -> list[tuple[int, int, str]]:
    """The name and password before the ``@`` of an address of the web."""
    found = _LOGIN.search(place.data, max(place.begin, place.stop - 136), place.stop)
    return [(found.start() + 3, place.stop, "login")] if found else []


def assigned_secret(place: Place) -> list[tuple[int, int, str]]:
    """The value after a sign that looks random and is called a key, token, secret or password."""
    if not _CALLED.search(place.before(_NEAR)):
        return []
    found = _VALUE.match(place.data, place.start, place.end)
    if found is None:
        return []
    value = found.group(1).rstrip(b".")
    if value.startswith((b"10.", b"http")) or not (
        re.search(rb"[0-9]", value) and re.search(rb"[A-Za-z]", value)
    ):
        return []
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())
    enough = _BITS_HEXADECIMAL if re.fullmatch(rb"[0-9A-Fa-f]{24,}", value) else _BITS
    start = found.start(1)
    return [(start, start + len(value), "assigned")] if bits >= enough else []
