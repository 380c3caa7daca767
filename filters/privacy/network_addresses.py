r"""E-mail and IP addresses.

Rows of four numbers are versions, sections and enzyme classes (EC 1.14.13.21) more often than addresses in a paper. One is
believed if it has as many digits as only an address has, or if words such as *IP*, *host* or *address* stand before it.

>>> from colophon.filters.privacy.text_places import Place
>>> text = b"Write to kim@mill.example or see 192.0.2.10."
>>> email(Place(text, 0, len(text), 9, 12))
[(9, 25, 'plain')]
>>> ipv4(Place(text, 0, len(text), 33, 43))
[(33, 43, 'ipv4')]
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colophon.filters.privacy.text_places import Place

__all__ = ["email", "ipv4", "ipv6", "spoken_email"]

_NEAR = 48

_LETTER = rb"(?:[A-Za-z0-9]|[\xc3-\xd4][\x80-\xbf])"
_LABEL = _LETTER + rb"(?:" + _LETTER + rb"|-(?=[A-Za-z0-9\xc3-\xd4-])){0,62}"
# The last label is in one case: "SiO2.In" is the end of a sentence.
_TOP = rb"(?:xn--[a-z0-9-]{2,59}|[a-z]{2,24}|[A-Z]{2,24}|(?:[\xd0-\xd1][\x80-\xbf]){2,12})"
_DOMAIN = re.compile(rb"@(?:" + _LABEL + rb"\.){1,8}" + _TOP + rb"(?![A-Za-z0-9_-]|\.[A-Za-z0-9])")
# Where a dot follows that belongs to the next sentence ("…org.The"), the part before it.
_LOOSE = re.compile(rb"@(?:" + _LABEL + rb"\.){1,8}" + _TOP + rb"(?![A-Za-z0-9_-])")
_GROUP = re.compile(rb"\{[A-Za-z0-9._%+, ;|-]{1,200}\}\Z")
_QUOTED = re.compile(rb"\"[^\"@\n]{1,64}\"\Z")
_FIRST = re.compile(rb"[^.]")
_SPOKEN = re.compile(
    rb"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}\s?[\[({]\s?(?:at|AT|@)\s?[\])}]\s?[A-Za-z0-9-]{1,63}"
    rb"(?:(?:\.|\s?[\[({]\s?(?:dot|DOT|\.)\s?[\])}]\s?)[A-Za-z0-9-]{1,63}){1,6}"
)
_NAME_BEFORE = re.compile(rb"[A-Za-z0-9._%+-]{1,64}\s?\Z")

_OCTET = rb"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = re.compile(rb"(?<![\w.,+-])(?:" + _OCTET + rb"\.){3}" + _OCTET + rb"(?![\w-]|\.\w)")
_ADDRESSED = re.compile(
    rb"(?i)(?<![a-z])(?:ip(?:v4)?s?|addr(?:ess(?:es)?)?|hosts?|servers?|clients?|client_ip|ping|dns|gateway|router|ssh|telnet|"
    rb"ftp|https?|tcp|udp|port|subnet|login|logged in|connect(?:ed|ion)?|traffic|firewall|visitors?|localhost|proxy)"
    rb"(?:\W{1,4}(?:is|of|at|to|from|the|was|address(?:es)?|ip|range)){0,3}[\s:=(\[/\"'@]{1,4}\Z"
)
_NOT_ADDRESSED = re.compile(
    rb"(?i)(?:\bE\.?C\.?|\bv(?:er(?:s(?:ion)?)?)?|software|release|build|firmware|section|sec|chapter|table|fig(?:ure)?|"
    rb"eq(?:uation)?|appendix|clade|\xc2\xa7)s?(?:\W{1,2}no)?[\s.:(]{0,4}\Z"
)
# Digits of an address without words, by those of its first number. EC numbers have up to eight and begin with 1 to 7.
_FEWEST = {1: 9, 2: 8, 3: 6}

_HEXADECIMAL = re.compile(
    rb"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}(?![\w:]|\.\w)"
)


def email(place: Place) -> list[tuple[int, int, str]]:
    """The e-mail address around an ``@``.

    Args:
        place: It begins with the characters before the ``@`` that a mailbox may have, and stops at the ``@``.

    Returns:
        Where it begins and ends, and ``plain`` or ``group`` (``{kim, lee}@mill.example``).
    """
    data, begin, at = place.data, place.begin, place.stop
    last = min(place.end, at + 256)
    domain = _DOMAIN.match(data, at, last) or _LOOSE.match(data, at, last)
    if domain is None:
        return []
    if group := _GROUP.search(data, max(begin, at - 202), at):
        return [(group.start(), domain.end(), "group")]
    if quoted := _QUOTED.search(data, max(begin, at - 66), at):
        return [(quoted.start(), domain.end(), "plain")]
    first = _FIRST.search(data, place.start, at)
    if first is None or data[at - 1 : at] == b".":
        return []
    return [(first.start(), domain.end(), "plain")]


def spoken_email(place: Place) -> list[tuple[int, int, str]]:
    """The address whose ``@`` is written ``(at)`` or ``[at]``; the place is that of the bracket."""
    name = _NAME_BEFORE.search(place.data, max(place.begin, place.start - 65), place.start)
    found = _SPOKEN.match(place.data, name.start(), min(place.end, place.start + 256)) if name else None
    return [(found.start(), found.end(), "spoken")] if found else []


def ipv4(row: Place) -> list[tuple[int, int, str]]:
    """Addresses in a row of digits and points: where each begins and ends, and ``ipv4``."""
    found = []
    for one in _IPV4.finditer(row.data, row.start, min(row.end, row.stop + 2)):
        number = one.group()
        near = max(row.begin, one.start() - _NEAR)
        if _NOT_ADDRESSED.search(row.data, near, one.start()):
            continue
        alone = len(number) - 3 >= _FEWEST[number.index(b".")]
        if alone or _ADDRESSED.search(row.data, near, one.start()):
            found.append((one.start(), one.end(), "ipv4"))
    return found


def ipv6(place: Place) -> list[tuple[int, int, str]]:
    """The address that begins at a place, unless it may be a time, a ratio or a name in a program."""
    found = _HEXADECIMAL.match(place.data, place.start, min(place.end, place.start + 64))
    if found is None:
        return []
    groups = found.group().split(b":")
    telling = b"." in found.group() or any(len(one) > 2 and re.search(rb"\d", one) for one in groups)
    try:
        ipaddress.IPv6Address(found.group().decode())
    except ValueError:
        return []
    return [(place.start, found.end(), "ipv6")] if telling else []
