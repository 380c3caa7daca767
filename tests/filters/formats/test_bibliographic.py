from __future__ import annotations

import pytest

from colophon.filters.formats.bibliographic import doi_of, language_of, year_of


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("10.5555/ABC", "10.5555/abc"),
        (" doi:10.5555/abc ", "10.5555/abc"),
        ("DOI: 10.5555/abc(2020)1:2", "10.5555/abc(2020)1:2"),
        ("https://dx.doi.org/10.1000.10/x", "10.1000.10/x"),
        ("info:doi/10.5555/abc", "10.5555/abc"),
        ("10.5/abc", ""),
        ("see 10.5555/abc", ""),
        ("10.5555/a b", ""),
        ("", ""),
        (None, ""),
        (10.5555, ""),
    ],
)
def test_doi_of(value, expected):
    assert doi_of(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2019, 2019),
        ("2019-05", 2019),
        ("May 1998", 1998),
        (True, None),
        (19.5, None),
        (12, None),
        ("", None),
        (None, None),
        ("120190", None),
    ],
)
def test_year_of(value, expected):
    assert year_of(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("EN", "en"),
        ("zh_Hant_TW", "zh-hant-tw"),
        ("deu", "deu"),
        ("german", ""),
        ("", ""),
        (None, ""),
        (["en"], ""),
    ],
)
def test_language_of(value, expected):
    assert language_of(value) == expected
