r"""Numbers that states give to their people, told by form, check digits and, where those are weak, the words before.

The forms are the issuing authorities'. A form without separators or letters of its own needs a word such as *BSN* or
*passport* before it, for one row of digits in ten has a right check digit.

>>> from colophon.filters.privacy.text_places import Place
>>> national_numbers(Place(b"219-09-9999", 0, 11, 0, 11))
[(0, 11, 'us_ssn')]
>>> national_numbers(Place(b"000-12-3456", 0, 11, 0, 11))
[]
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from colophon.filters.privacy.check_digits import iso7064_mod11_10, luhn, verhoeff, weighted

if TYPE_CHECKING:
    from collections.abc import Callable

    from colophon.filters.privacy.text_places import Place

__all__ = ["lettered_numbers", "national_numbers"]

_OUTSIDE = rb"(?<![\w.,/+=-])(?<!\xe2\x80[\x90-\x94])"
_END = rb"(?![\w+=/])(?![.,-]\d)"
_MONTHS = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}


def _anything(_number: str) -> bool:
    return True


def _day(year: str, month: str, day: str) -> bool:
    """Whether there is such a day; the year only has to be one that somebody alive may be born in."""
    in_time = len(year) != 4 or 1880 <= int(year) <= 2100
    return in_time and 1 <= int(day) <= _MONTHS.get(int(month), 0)


def _us_ssn(number: str) -> bool:
    return (
        number[:3] not in {"000", "666"} and number[0] != "9" and number[3:5] != "00" and number[5:] != "0000"
    )


def _es_dni(number: str) -> bool:
    digits = str("XYZ".find(number[0])) + number[1:-1] if number[0] in "XYZ" else number[:-1]
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23] == number[-1]


def _it_codice_fiscale(number: str) -> bool:
    odd = [
        "1",
        "0",
        "5",
        "7",
        "9",
        "13",
        "15",
        "17",
        "19",
        "21",
        "2",
        "4",
        "18",
        "20",
        "11",
        "3",
        "6",
        "8",
        "12",
        "14",
        "16",
        "10",
        "22",
        "25",
        "24",
        "23",
    ]
    total = 0
    for place, one in enumerate(number[:-1]):
        value = int(one) if one.isdigit() else ord(one) - ord("A")
        total += int(odd[value]) if place % 2 == 0 else value
    return chr(ord("A") + total % 26) == number[-1]


def _fr_nir(number: str) -> bool:
    digits = number.replace("2A", "19").replace("2B", "18")
    return digits.isdigit() and 97 - int(digits[:13]) % 97 == int(digits[13:])


def _be_national(number: str) -> bool:
    day = _day(number[:2], number[2:4], number[4:6])
    return day and any(97 - int(century + number[:9]) % 97 == int(number[9:]) for century in ("", "2"))


def _br_cpf(number: str) -> bool:
    first = weighted(number[:9], tuple(range(10, 1, -1))) * 10 % 11 % 10
    second = weighted(number[:10], tuple(range(11, 1, -1))) * 10 % 11 % 10
    return len(set(number)) > 1 and number[9:] == f"{first}{second}"


def _cl_rut(number: str) -> bool:
    rest = -weighted(number[-2::-1], (2, 3, 4, 5, 6, 7)) % 11
    return number[-1] == "0123456789K"[rest]


def _ch_ahv(number: str) -> bool:
    return -weighted(number[:12], (1, 3)) % 10 == int(number[12])


def _fi_hetu(number: str) -> bool:
    digits = number[:6] + number[-4:-1]
    return _day(number[4:6], number[2:4], number[:2]) and (
        "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(digits) % 31] == number[-1]
    )


def _se_personnummer(number: str) -> bool:
    short = number[-10:]
    return _day(short[:2], short[2:4], short[4:6]) and luhn(short)


def _cn_identity(number: str) -> bool:
    weights = tuple(pow(2, 17 - place, 11) for place in range(17))
    return _day(number[6:10], number[10:12], number[12:14]) and (
        "10X98765432"[weighted(number[:17], weights) % 11] == number[17]
    )


def _kr_resident(number: str) -> bool:
    check = (11 - weighted(number[:12], (2, 3, 4, 5, 6, 7, 8, 9)) % 11) % 10
    return _day(number[:2], number[2:4], number[4:6]) and check == int(number[12])


def _pl_pesel(number: str) -> bool:
    return -weighted(number[:10], (1, 3, 7, 9)) % 10 == int(number[10])


def _nl_bsn(number: str) -> bool:
    return (weighted(number[:8], tuple(range(9, 1, -1))) - int(number[8])) % 11 == 0


def _uk_nhs(number: str) -> bool:
    return (11 - weighted(number[:9], tuple(range(10, 1, -1))) % 11) % 11 == int(number[9])


@dataclass(frozen=True)
class _Number:
    """One kind of number: its name, its form over UTF-8, and whether its letters and digits agree with each other."""

    rule: str
    form: bytes
    valid: Callable[[str], bool] = _anything


def _expression(numbers: tuple[_Number, ...]) -> re.Pattern[bytes]:
    """The forms of numbers as one expression whose last group tells which."""
    forms = b"|".join(b"(?P<%s>%s)" % (one.rule.encode(), one.form) for one in numbers)
    return re.compile(_OUTSIDE + b"(?:" + forms + b")" + _END)


_TOLD = (
    _Number("us_ssn", rb"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}"),
    _Number("br_cpf", rb"\d{3}\.\d{3}\.\d{3}-\d{2}", _br_cpf),
    _Number("be_national", rb"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", _be_national),
    _Number("cl_rut", rb"\d{1,2}\.\d{3}\.\d{3}-[\dKk]", _cl_rut),
    _Number("ch_ahv", rb"756\.\d{4}\.\d{4}\.\d{2}", _ch_ahv),
    _Number("kr_resident", rb"\d{6}-[1-4]\d{6}", _kr_resident),
    _Number("fi_hetu", rb"\d{6}[-+A]\d{3}[0-9A-Y]", _fi_hetu),
    _Number("cn_identity", rb"[1-9]\d{16}[\dXx]", _cn_identity),
    _Number(
        "fr_nir",
        rb"[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}",
        _fr_nir,
    ),
)
_TOLD_FORMS = _expression(_TOLD)
_VALID = {one.rule: one.valid for one in _TOLD}

_CALLED: dict[bytes, tuple[_Number, ...]] = {}
for _words, _one in (
    ("ssn social", _Number("us_ssn", rb"\d{3}[ -]?\d{2}[ -]?\d{4}", _us_ssn)),
    ("cpf", _Number("br_cpf", rb"\d{11}", _br_cpf)),
    (
        "personnummer pnr personal",
        _Number("se_personnummer", rb"(?:\d{2})?\d{6}[-+]?\d{4}", _se_personnummer),
    ),
    ("pesel", _Number("pl_pesel", rb"\d{11}", _pl_pesel)),
    (
        "steuer steuerid idnr steueridentifikationsnummer",
        _Number("de_tax", rb"\d{2} ?\d{3} ?\d{3} ?\d{3}", iso7064_mod11_10),
    ),
    ("bsn burgerservicenummer", _Number("nl_bsn", rb"\d{4}[. ]?\d{2}[. ]?\d{3}", _nl_bsn)),
    ("sin social", _Number("ca_sin", rb"\d{3}[- ]?\d{3}[- ]?\d{3}", luhn)),
    ("aadhaar aadhar", _Number("in_aadhaar", rb"[2-9]\d{3}[- ]?\d{4}[- ]?\d{4}", verhoeff)),
    ("nhs", _Number("uk_nhs", rb"\d{3}[- ]?\d{3}[- ]?\d{4}", _uk_nhs)),
    ("dni nif", _Number("es_dni", rb"\d{8}-?[A-Za-z]", _es_dni)),
):
    for _word in _words.encode().split():
        _CALLED[_word] = (*_CALLED.get(_word, ()), _one)
_CALLED_FORMS = {one: _expression((one,)) for numbers in _CALLED.values() for one in numbers}
_FREE = re.compile(rb"(?<![0-9])[^0-9]{0,32}\Z|\A[^0-9]*\Z")
_NEAR = 33

_NINO = rb"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
_LETTERED = re.compile(
    _OUTSIDE
    + rb"(?:(?P<uk_nino>"
    + _NINO
    + rb" \d{2} \d{2} \d{2} [A-D])|(?P<it_codice_fiscale>[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z])"
    + rb"|(?P<compact>[A-Za-z]{2}\d{6} ?[A-Da-d])|(?P<es_dni>[XYZxyz]\d{7}-?[A-Za-z]))"
    + _END
)
_LETTERED_CUE = {
    "compact": re.compile(rb"(?i)\b(?:nino|ni|insurance)\b[^0-9]{0,32}\Z"),
    "es_dni": re.compile(rb"(?i)\b(?:nie|nif|dni)\b[^0-9]{0,24}\Z"),
}
_LETTERED_VALID = {"it_codice_fiscale": _it_codice_fiscale, "es_dni": _es_dni}


def national_numbers(row: Place) -> list[tuple[int, int, str]]:
    """National numbers in a row of digits: where each begins and ends, and its name, country first."""
    last = min(row.end, row.stop + 2)  # a letter may be the check digit
    found = [
        (one.start(), one.end(), str(one.lastgroup))
        for one in _TOLD_FORMS.finditer(row.data, row.start, last)
        if _VALID[str(one.lastgroup)](_characters(one))
    ]
    for number in dict.fromkeys(number for word in row.words for number in _CALLED.get(word, ())):
        called = _CALLED_FORMS[number].match(row.data, row.start, last)
        if called and _FREE.search(row.before(_NEAR)) and number.valid(_characters(called)):
            found.append((called.start(), called.end(), number.rule))
    return found


def lettered_numbers(place: Place) -> list[tuple[int, int, str]]:
    """The national number that begins with a letter at a place, as `national_numbers` gives them."""
    data, start = place.data, place.start
    one = _LETTERED.match(data, start, min(place.end, start + 20))
    if one is None:
        return []
    rule = str(one.lastgroup)
    cue = _LETTERED_CUE.get(rule)
    called = cue is None or cue.search(place.before(48))
    if not called or not _LETTERED_VALID.get(rule, _anything)(_characters(one)):
        return []
    return [(start, one.end(), "uk_nino" if rule == "compact" else rule)]


def _characters(found: re.Match[bytes]) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", found.group().decode("ascii", "replace")).upper()
