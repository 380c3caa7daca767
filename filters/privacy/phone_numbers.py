r"""Telephone numbers: which rows of digits are some.

A row of digits in a paper is next to never a telephone number, so form alone is believed only where little else looks
like it: ``+`` and a country's code (ITU-T E.164), ``00`` and the same in groups, the North American ``(212) 555-0123``, and
national numbers that begin with a 0, in groups. Any other row needs words: *tel.*, *fax:*, *call me at* before it, or
*office* after it.

>>> from colophon.filters.privacy.text_places import Place
>>> def found(text):
...     digits = re.search(rb"\d[\d ().-]*\d", text)
...     return [text[a:b] for a, b, _ in phone_numbers(Place(text, 0, len(text), *digits.span()))]
>>> found(b"Tel. 5550 1234, please"), found(b"a yield of 5550 1234 kg"), found(b"or +44 20 7946 0958.")
([b'5550 1234'], [], [b'+44 20 7946 0958'])
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colophon.filters.privacy.text_places import Place

__all__ = ["phone_numbers"]

_LEAST, _MOST = 7, 15  # digits; fifteen with the country's code in E.164
_BEFORE, _AFTER = 64, 24  # bytes in which words are looked for

# What may stand before and after a number. A dash of any kind before digits is a minus or a range.
_START = rb"(?<![\w.,/=+&%$#^~*-])(?<!\xe2\x80[\x90-\x94])(?<!\xe2\x88\x92)"
_CLOSED = rb"(?![\w+=%/^]|[.,:-]\d|\xe2\x80[\x90-\x94]\d|\xc2\xb0)"
_EXTENSION = rb"(?:[ ,]{0,2}(?:[xX]|[eE]xt(?:\.|ension)?)[ ]?\d{1,6}|/\d{2,5}(?!\d))?"

_DIGITS = re.compile(rb"\d+")
_BETWEEN = re.compile(rb"\)?(?: - |[ ./-]|\xc2\xa0|\xe2\x80[\x89\x90-\x93\xaf])?\(?")
_TAIL = re.compile(_EXTENSION + _CLOSED)
_LABELLED_START = re.compile(rb"(?<![\w./=+&%$^~*])(?<!\d,)\(?\Z")
_PLUS = re.compile(rb"(?<![\w)\]}^.])(?<!\xe2\x80[\x93\x94])\+ ?\(?\Z")
_FORMS = re.compile(
    _START
    + rb"""(?:
    (?P<north_american>(?:1[-. ])?(?:\([2-9]\d\d\)[ -]?[2-9]\d\d[-. ]|[2-9]\d\d(?P<mark>[-.])[2-9]\d\d(?P=mark))\d{4})
    |(?P<international>00[ -]?(?:1|7|[2-9]\d{1,2})(?:[ -](?:\(0\)[ -]?)?\d{2,5}){2,5})
    |(?P<national>0[1-9](?:(?P<pair>[ .-])\d\d)(?:(?P=pair)\d\d){3}
        |\(?0[1-9]\d{1,3}\)?[ ]\d{3,4}(?:[ ]\d{3,4}|[ ]\d\d[ ]\d\d)
        |0[1-9]\d{3}[ ]\d{6}
        |0[1-9]\d?-\d{3,4}-\d{4})
    )"""
    + _EXTENSION
    + _CLOSED,
    re.VERBOSE,
)

_CATALOGUE = re.compile(
    rb"(?i)(?:\b(?:cat|catalog(?:ue)?|lot|ref|model|part|item|order|accession|grant|award|protocol|kit|is[bs]n|id|article|"
    rb"product|ecli|case|patent|registration|approval)\.?\s?(?:number|no|nr|id)?s?[\s.:#(]{0,4}|#\s?)\Z"
)

# Assigned codes begin so; three digits where a family of them does.
_COUNTRIES = frozenset(
    b"20 21 22 23 24 25 26 27 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 "
    b"59 60 61 62 63 64 65 66 67 68 69 80 81 82 84 85 86 87 88 90 91 92 93 94 95 96 97 98 99".split()
)

# The thing itself; a few words and signs may stand between it and the number.
_THINGS = (
    "phone|phones|telephone|telephones|fax|telefax|tel|tél|téléphone|telefone|telefono|teléfono|telefon|telefoon|"
    "puhelin|telefonnummer|tlf|tfno|rufnummer|hotline|helpline|landline|whatsapp|handynummer|mobilnummer|"
    "тел|телефон|факс|τηλ|τηλέφωνο|טלפון|هاتف|تلفن|फ़ोन"
)
_WITHOUT_SPACES = "電話|电话|手机|手機|傳真|传真|携帯|전화|휴대폰|팩스|โทรศัพท์|โทร"
# Words with other meanings, which need a colon.
_LABELS = "mobile|mob|cellphone|cell phone|handy|office|desk|home|direct|contact|switchboard|móvil|celular|portable|gsm|ph"
_FILLER = (
    r"(?:\W{1,3}(?:numbers?|no|nr|num|is|at|on|us|me|line|home|office|work|direct|or|and|(?:tele)?fax|tel|mobile|cell))"
    r"{0,3}"
)
_SAID = (
    r"(?:call|phone|ring|dial|text|reach|contact|message)\W(?:me|us|him|her|them|back|my|our)\b(?:\W{1,2}[a-z]{1,12}){0,4}"
    r"|dial|answer(?:ing|s|ed)?\W(?:at|on)|messages?\W(?:to|at|on)|call(?:ed|ing)?\W(?:at|on)"
    r"|(?:my|your|his|her|our|their)\W(?:(?:new|current|old|registered|home|office|work|private|own|contact|mobile|cell)\W)"
    r"{0,3}(?:numbers?|registered|mobile|cell)(?:\W{1,2}(?:is|at|no))?"
)
_WIDE_COLON = "\uff1a"
_CUE = re.compile(
    (
        rf"(?:(?<![a-z])(?:(?:{_THINGS}){_FILLER}|{_SAID}|(?:{_LABELS})(?:\W{{1,3}}(?:phone|number|no|nr|line)){{0,2}}\W?[:{_WIDE_COLON}])"
        rf"|{_WITHOUT_SPACES})[\s:{_WIDE_COLON}.,#/(\\-]{{0,8}}\Z"
    ).encode()
)
_GATE = frozenset(re.findall(rb"[a-z]+", f"{_THINGS}|{_LABELS}".encode())) | frozenset(
    b"call called calling ring dial text reach message messages answer answered answering answers".split()
    + b"my your his her our their".split()
)
_OTHER_SCRIPTS = re.compile(rb"[\xce\xcf\xd0-\xe1\xe3-\xed]")
_TRAILED = re.compile(
    rb"(?i)[\s)]{0,2}[-,]?\s?\(?(?:office|fax|mobile|mob|home|phone|tel|landline|desk)\b\)?"
    rb"\s{0,2}(?:\Z|[\n,;\\.)|])"
)
_DATE = re.compile(rb"(?:19|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:[0-2]?\d|3[01])\Z")
_YEARS = re.compile(rb"(?:1[5-9]|20)\d\d(?:\W{1,3}(?:1[5-9]|20)\d\d)+\Z")


def phone_numbers(row: Place) -> list[tuple[int, int, str]]:
    """Telephone numbers in a row of digits.

    Returns:
        Where each begins and ends, and what tells it: ``international``, ``north_american``, ``national`` or ``words``.
    """
    first = _first(row)
    found = [first] if first else []
    at = first[1] if first else max(row.begin, row.start - 1)  # a bracket may stand before the first digit
    last = min(row.end, row.stop + _AFTER)
    while at < row.stop and (form := _FORMS.search(row.data, at, last)) and form.start() < row.stop:
        if not _CATALOGUE.search(row.data, max(row.begin, form.start() - _AFTER), form.start()):
            found.append((form.start(), form.end(), str(form.lastgroup)))
        at = form.end()
    return found


def _first(row: Place) -> tuple[int, int, str] | None:
    """The number at the row's beginning that has a + or words beside it."""
    data, start, end = row.data, row.start, row.end
    if plus := _PLUS.search(data, max(row.begin, start - 6), start):
        groups = _groups(data, start, end)
        if _international(data, groups):
            return _whole(data, plus.start(), groups[-1][1], end, "international")
        return None
    if not _called(row):
        return _trailed(row)
    opening = _LABELLED_START.search(data, max(row.begin, start - 4), start)
    groups = _groups(data, start, end)
    if opening is None or not _plausible(data, groups):
        return None
    return _whole(data, opening.start(), groups[-1][1], end, "words")


def _called(row: Place) -> bool:
    """Whether what stands before the row says that a telephone number follows."""
    # To look for the expression costs more than to see that none of its words is there.
    if _GATE.isdisjoint(row.words) and not _OTHER_SCRIPTS.search(row.before(_BEFORE)):
        return False
    return _CUE.search(row.before(_BEFORE).lower()) is not None


def _trailed(row: Place) -> tuple[int, int, str] | None:
    """The row if a word such as *office* ends the line after it."""
    data, start, stop = row.data, row.start, row.stop
    follows = _TRAILED.match(data, stop, min(row.end, stop + _AFTER))
    opening = _LABELLED_START.search(data, max(row.begin, start - 4), start) if follows else None
    groups = _groups(data, start, row.end) if opening else []
    whole = len(groups) > 1 and groups[-1][1] == stop and _plausible(data, groups)
    return (opening.start(), stop, "words") if opening and whole else None


def _whole(data: bytes, start: int, last: int, end: int, rule: str) -> tuple[int, int, str] | None:
    """The number with its extension, if nothing follows that makes it part of something else."""
    tail = _TAIL.match(data, last, end)
    return (start, tail.end(), rule) if tail else None


def _groups(data: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """The groups of digits from a place on that may be one number: no more digits than a number has."""
    groups: list[tuple[int, int]] = []
    digits = 0
    for run in _DIGITS.finditer(data, start, end):
        digits += run.end() - run.start()
        if digits > _MOST or (groups and not _BETWEEN.fullmatch(data, groups[-1][1], run.start())):
            break
        groups.append(run.span())
    return groups


def _international(data: bytes, groups: list[tuple[int, int]]) -> bool:
    """Whether groups after a + are a number with a country's code, and no sum or decimals."""
    digits = b"".join(data[a:b] for a, b in groups)
    known = digits[:1] in {b"1", b"7"} or digits[:2] in _COUNTRIES
    american = digits[:1] != b"1" or len(digits) == 11
    return known and american and len(digits) > _LEAST and not _decimal(data, groups)


def _plausible(data: bytes, groups: list[tuple[int, int]]) -> bool:
    """Whether a row of digits beside words for a telephone can be one: no date, years, decimals or single digits."""
    if not groups:
        return False
    number = data[groups[0][0] : groups[-1][1]]
    long = sum(b - a for a, b in groups) >= _LEAST and max(b - a for a, b in groups) > 1
    return long and not (_DATE.match(number) or _YEARS.match(number) or _decimal(data, groups))


def _decimal(data: bytes, groups: list[tuple[int, int]]) -> bool:
    """Whether a point stands between some groups but not between all, or between the only two."""
    points = sum(data[a : a + 1] == b"." for _, a in groups[:-1])
    return points not in {0, len(groups) - 1} or (points == 1 and len(groups) == 2)
