"""What statements of rights say: a table of cases, and what must hold of any text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.rights.creative_commons import licence_names, licence_of_url
from colophon.filters.rights.licences import (
    NOTICES,
    agreed,
    findings,
    licensing,
    reservation,
    spdx_expression,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "rights"
STATEMENTS = json.loads((GOLDEN / "statements.json").read_text())


def licences(statement: str) -> set[str]:
    return {found.licence for found in findings(statement) if not found.of_data}


@pytest.mark.parametrize(("statement", "expected"), STATEMENTS, ids=[case[0][:60] for case in STATEMENTS])
def test_what_a_statement_names(statement, expected):
    assert licences(statement) == set(expected)


@pytest.mark.parametrize(("statement", "expected"), STATEMENTS, ids=[case[0][:60] for case in STATEMENTS])
def test_normalising_twice_is_normalising_once(statement, expected):
    for licence in licences(statement):
        assert licences(licence) == {licence}


@pytest.mark.parametrize(("statement", "expected"), STATEMENTS, ids=[case[0][:60] for case in STATEMENTS])
def test_in_other_letters_and_spaces(statement, expected):
    if "." not in statement and " " in statement:
        assert licences(f"  {statement.replace(' ', '  ')}\n") == set(expected)


def test_an_address_and_the_words_beside_it_are_two_pieces_of_evidence():
    link = "http://creativecommons.org/licenses/by/4.0"
    found = findings(
        f"Under the Creative Commons Attribution 4.0 International License ({link}/). CC BY 4.0."
    )
    assert [(each.licence, each.said) for each in found] == [
        ("CC-BY-4.0", link),
        ("CC-BY-4.0", "Creative Commons Attribution 4.0 International"),
    ]


def test_what_is_said_of_data_is_told_apart():
    (found,) = findings("The data are available under CC0.")
    assert (found.licence, found.of_data) == ("CC0-1.0", True)


@pytest.mark.parametrize(
    ("names", "one"),
    [
        (["CC-BY-4.0"], "CC-BY-4.0"),
        (["LicenseRef-CC-BY-unversioned", "CC-BY-4.0", "CC-BY-4.0"], "CC-BY-4.0"),
        (["CC-BY-3.0", "CC-BY-3.0-US"], "CC-BY-3.0-US"),
        (["LicenseRef-CC-BY-unversioned", "LicenseRef-CC-BY-2.0-UK"], "LicenseRef-CC-BY-2.0-UK"),
        (["LicenseRef-CC-NC-unversioned", "CC-BY-NC-4.0"], "CC-BY-NC-4.0"),
        (["LicenseRef-CC-SA-unversioned", "CC-SA-1.0"], "CC-SA-1.0"),
        (["LicenseRef-GPL-3.0", "GPL-3.0-or-later"], "GPL-3.0-or-later"),
        (["LicenseRef-BSD-unversioned", "BSD-3-Clause"], "BSD-3-Clause"),
        (["LicenseRef-PublicDomain", "CC0-1.0"], "CC0-1.0"),
        (["CC-BY-4.0", "CC-BY-NC-4.0"], ""),
        (["LicenseRef-CC-BY-unversioned", "CC-BY-NC-4.0"], ""),
        (["LicenseRef-CC-NC-unversioned", "CC-BY-4.0"], ""),
        (["CC-BY-3.0", "CC-BY-4.0"], ""),
        (["LicenseRef-CC-BY-unversioned", "CC-BY-3.0", "CC-BY-4.0"], ""),
        (["CC-BY-4.0", "LicenseRef-NonCommercial"], ""),
        (["LicenseRef-PublicDomain-US", "CC0-1.0"], ""),
        ([], ""),
    ],
)
def test_agreement(names, one):
    assert agreed(names) == one
    assert agreed(names[::-1]) == one


@pytest.mark.parametrize(
    ("statement", "reserved"),
    [
        (
            "© 2025 Mill Press. All rights are reserved, including those for text and data mining and AI training.",
            True,
        ),
        (
            "All rights reserved, including rights for text and data mining and training of artificial intelligence.",
            True,
        ),
        ("No part of this book may be used for the purpose of training artificial intelligence.", True),
        ("Mill Press reserves all rights, text and data mining among them.", True),
        ("This site may not be used to train large language models without written consent.", True),
        ("© 2025 Mill Press. All rights reserved.", False),
        ("Text and data mining is welcome.", False),
        ("We trained a language model on reeds. All rights reserved.", False),
        ("", False),
    ],
)
def test_reservations_in_words(statement, reserved):
    assert bool(reservation(statement)) is reserved


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("CC-BY-4.0", "CC-BY-4.0"),
        (" mit ", "MIT"),
        ("(MIT OR CC0-1.0) AND CC-BY-4.0", "(MIT OR CC0-1.0) AND CC-BY-4.0"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("LicenseRef-Mill AND MIT", "LicenseRef-Mill AND MIT"),
        ("GPL", ""),  # a nickname in the list that would mean version 1.0 or later
        ("GPL-3.0", ""),
        ("CC-BY", ""),
        ("MIT OR Mill", ""),
        ("MIT OR", ""),
        ("OR", ""),
        ("()", ""),
        ("", ""),
        ("A" * 10_000, ""),
    ],
)
def test_expressions(text, expression):
    assert spdx_expression(text) == expression


def valid(licence: str) -> bool:
    return licence.startswith("LicenseRef-") or not licensing().validate(licence).errors


@given(st.text(max_size=200))
def test_any_text_is_safe(text):
    for found in findings(text):
        assert valid(found.licence)
        assert found.said
    assert isinstance(reservation(text), str)
    list(licence_names(text))
    assert isinstance(licence_of_url(text), str)


WORDS = (
    "Creative Commons", "CC", "BY", "NC", "ND", "SA", "Attribution", "NonCommercial", "NoDerivs", "4.0", "3.0", "International", "licence",
    "(", ")", ".", ",", "-", "zero", "0", "public domain", "https://creativecommons.org/licenses/by/", "4.0/", "GPL", "Apache", "License",
    "MIT", "data", "are available", "all rights reserved", "non-commercial", "Germany", "OR", "AND", "v", "version 2",
)  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_names_are_valid_and_stable(text):
    for found in findings(text):
        assert valid(found.licence), found
        if found.licence not in NOTICES and not found.licence.startswith("LicenseRef-N"):
            assert licences(found.licence) == {found.licence}


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_no_version_is_made_up(text):
    """A Creative Commons identifier with a version needs that version in the text; CC0 and the Mark have one only."""
    for found in findings(text):
        if found.licence.startswith("CC-BY"):
            assert found.licence.split("-")[-1] in text or found.licence.endswith("-DE")


@pytest.mark.parametrize(
    "piece",
    [
        "Creative Commons ",
        "CC BY ",
        "//",
        "http://a",
        "data ",
        "rights ",
        "data a b c ",
        "public ",
        "commercial , ",
        "GNU ",
        ". A",
        "(",
        "A OR ",
        "train ",
    ],
)
def test_of_a_long_statement_the_beginning_is_read(piece):
    long = piece * 100_000
    assert findings(long) == findings(long[:20_000])
    assert reservation(long) == reservation(long[:20_000])
    assert sum(1 for _ in licence_names(long)) >= 0
