"""Check digits: what tells a card, an account or a national number from any other row of digits.

Each function takes the number's characters without separators and says whether they agree. A number drawn at random
passes the weaker ones one time in ten, so none of them is evidence alone.
"""

from __future__ import annotations

from itertools import cycle

__all__ = ["iso7064_mod11_10", "iso7064_mod97", "luhn", "verhoeff", "weighted"]

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)

# The multiplication table of the dihedral group of order ten and the powers of one permutation (Verhoeff 1969).
_DIHEDRAL = (
    *("0123456789", "1234067895", "2340178956", "3401289567", "4012395678"),
    *("5987604321", "6598710432", "7659821043", "8765932104", "9876543210"),
)
_PERMUTED = (
    *("0123456789", "1576283094", "5803796142", "8916043527"),
    *("9453126870", "4286573901", "2793806415", "7046913258"),
)


def luhn(digits: str) -> bool:
    """Whether digits pass the formula of ISO/IEC 7812-1 annex B: payment cards, Canadian and Swedish numbers.

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    total = sum(map(int, digits[-1::-2])) + sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])
    return total % 10 == 0


def iso7064_mod97(characters: str) -> bool:
    """Whether letters and digits pass ISO 7064 MOD 97-10 as ISO 13616 uses it for IBAN: the first four go to the end.

    >>> iso7064_mod97("GB82WEST12345698765432")
    True
    """
    return int("".join(str(int(one, 36)) for one in characters[4:] + characters[:4])) % 97 == 1


def iso7064_mod11_10(digits: str) -> bool:
    """Whether digits pass ISO 7064 MOD 11,10: the German tax number.

    >>> iso7064_mod11_10("86095742719")
    True
    """
    product = 10
    for digit in digits[:-1]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[-1])


def verhoeff(digits: str) -> bool:
    """Whether digits pass Verhoeff's scheme: the Indian Aadhaar number.

    >>> verhoeff("2363"), verhoeff("2364")
    (True, False)
    """
    state = 0
    for place, digit in enumerate(reversed(digits)):
        state = int(_DIHEDRAL[state][int(_PERMUTED[place % 8][int(digit)])])
    return state == 0


def weighted(digits: str, weights: tuple[int, ...]) -> int:
    """The sum of the digits, each times its weight; the weights begin anew where there are fewer.

    >>> weighted("123", (1, 3))
    10
    """
    return sum(int(digit) * weight for digit, weight in zip(digits, cycle(weights), strict=False))
