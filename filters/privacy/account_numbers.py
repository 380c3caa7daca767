r"""Bank accounts (IBAN, ISO 13616) and payment cards (ISO/IEC 7812): prefix, length and check digits together.

Sixteen digits with a card's prefix and a right check digit are believed, and fifteen of American Express; other lengths in
one row, which catalogues and registers have too, only after a word such as *card*.

>>> from colophon.filters.privacy.text_places import Place
>>> iban(Place(b"GB82 WEST 1234 5698 7654 32", 0, 27, 0, 2))
[(0, 27, 'GB')]
>>> cards(Place(b"4111 1111 1111 1111", 0, 19, 0, 19)), cards(Place(b"4111 1111 1111 1112", 0, 19, 0, 19))
([(0, 19, 'visa')], [])
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from colophon.filters.privacy.check_digits import iso7064_mod97, luhn

if TYPE_CHECKING:
    from colophon.filters.privacy.text_places import Place

__all__ = ["IBAN_LENGTHS", "cards", "iban"]

IBAN_LENGTHS = {
    country: int(length)
    for length, countries in (
        one.split(":")
        for one in [
            "15:NO",
            "16:BE",
            "18:DK,FI,FK,FO,GL,NL,SD",
            "19:MK,SI",
            "20:AT,BA,EE,KZ,LT,LU,MN,XK",
            "21:CH,HR,LI,LV",
            "22:BG,BH,CR,DE,GB,GE,IE,ME,RS,VA",
            "23:AE,GI,IL,IQ,OM,SO,TL",
            "24:AD,CZ,ES,MD,PK,RO,SA,SE,SK,TN,VG",
            "25:LY,PT,ST",
            "26:IS,TR",
            "27:BI,DJ,FR,GR,IT,MC,MR,SM",
            "28:AL,AZ,BY,CY,DO,GT,HN,HU,LB,NI,PL,SV",
            "29:BR,EG,PS,QA,UA",
            "30:JO,KW,MU,YE",
            "31:MT,SC",
            "32:LC",
            "33:RU",
        ]
    )
    for country in countries.split(",")
}
"""Characters of an account's number by country, from SWIFT's register of IBAN."""

_ACCOUNT = re.compile(rb"(?<![A-Za-z0-9])[A-Za-z]{2}\d\d(?:(?: |\xc2\xa0)?[A-Za-z0-9]){11,30}")
_GROUPS_OF_FOUR = re.compile(
    rb"[A-Za-z0-9]{4}(?:(?: |\xc2\xa0)[A-Za-z0-9]{4})*(?:(?: |\xc2\xa0)[A-Za-z0-9]{1,4})?\Z"
)

_ROW = re.compile(
    rb"(?<![\w.,/=+&%^~-])(?<!\xe2\x80[\x90-\x94])(?:\d{12,19}|\d{4}(?P<gap>[ -])\d{4}(?P=gap)\d{4}(?P=gap)\d{4}(?:(?P=gap)\d{3})?"
    rb"|3[47]\d\d[ -]\d{6}[ -]\d{5}|3[068]\d\d[ -]\d{6}[ -]\d{4})(?![\w+=%/^]|[.,-]\d|\xe2\x80[\x90-\x94]\d)"
)
# Prefixes and lengths by issuer.
_ISSUERS = (
    ("visa", re.compile(r"4(?:\d{12}|\d{15}|\d{18})")),
    ("mastercard", re.compile(r"(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}")),
    ("american_express", re.compile(r"3[47]\d{13}")),
    ("diners", re.compile(r"3(?:0[0-5]|[689]\d)\d{11}")),
    ("discover", re.compile(r"6(?:011|4[4-9]\d|5\d\d)\d{12}(?:\d{3})?")),
    ("jcb", re.compile(r"35(?:2[89]|[3-8]\d)\d{12}|(?:2131|1800)\d{11}")),
    ("union_pay", re.compile(r"62\d{14,17}")),
    ("maestro", re.compile(r"(?:5018|5020|5038|5[678]\d\d|6304|6390|67\d\d|0604)\d{8,15}")),
)
_CALLED = re.compile(
    rb"(?i)(?:\b(?:cards?|credit|debit|visa|master ?card|maestro|amex|american express|diners(?: club)?|discover|jcb|"
    rb"cc|ccn|tarjeta|karten?(?:nummer)?|kreditkarte|carte)\b|\xe5\x8d\xa1)[^0-9]{0,32}\Z"
)
_NEAR = 48  # bytes in which words are looked for
_SIXTEEN, _SURE = 16, {"american_express"}


def iban(place: Place) -> list[tuple[int, int, str]]:
    """The account's number that begins with letters at a place: where it begins and ends, and its country."""
    data, start, end = place.data, place.start, place.end
    country = data[start : start + 2].decode("ascii", "replace").upper()
    length = IBAN_LENGTHS.get(country)
    found = _ACCOUNT.match(data, start, end) if length else None
    if found is None or length is None:
        return []
    taken, at = 0, start
    while at < found.end():
        if data[at : at + 1].isalnum():
            taken += 1
            if taken == length:
                break
        at += 1
    stop = at + 1
    written = data[start:stop]
    characters = re.sub(rb"[^A-Za-z0-9]", b"", written).decode().upper()
    if len(characters) != length or (stop < end and data[stop : stop + 1].isalnum()):
        return []
    if len(written) > length and not _GROUPS_OF_FOUR.match(written):
        return []
    return [(start, stop, country)] if iso7064_mod97(characters) else []


def cards(row: Place) -> list[tuple[int, int, str]]:
    """Card numbers in a row of digits: where each begins and ends, and its issuer or ``words``."""
    found = []
    for one in _ROW.finditer(row.data, row.start, min(row.end, row.stop + 4)):
        digits = re.sub(r"\D", "", one.group().decode())
        if not luhn(digits):
            continue
        issuer = next((name for name, form in _ISSUERS if form.fullmatch(digits)), "")
        told = issuer and (len(digits) == _SIXTEEN or issuer in _SURE or not one.group().isdigit())
        if told or _CALLED.search(row.data, max(row.begin, one.start() - _NEAR), one.start()):
            found.append((one.start(), one.end(), issuer or "words"))
    return found
