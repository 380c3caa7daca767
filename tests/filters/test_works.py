from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.works import IDENTIFIERS, identifiers, title_key, work_of_doi, works


@pytest.mark.parametrize(
    ("doi", "work"),
    [
        ("10.12688/wellcomeopenres.15191.2", "10.12688/wellcomeopenres.15191"),
        ("10.7554/eLife.85550.1", "10.7554/elife.85550"),
        ("10.7554/elife.00013.003", "10.7554/elife.00013.003"),  # a part of the article
        ("10.1101/2021.03.04.433919v1.full.pdf", "10.1101/2021.03.04.433919"),
        ("10.1101/gr.123456.111", "10.1101/gr.123456.111"),  # a journal of the same press
        ("10.7287/peerj.preprints.27295v1", "10.7287/peerj.preprints.27295"),
        ("10.21203/rs.3.rs-1234/v2", "10.21203/rs.3.rs-1234"),
        ("10.20944/preprints202001.0001.v3", "10.20944/preprints202001.0001"),
        ("10.26434/chemrxiv-2021-abcde-v2", "10.26434/chemrxiv-2021-abcde"),
        ("10.31234/osf.io/abc12_v1", "10.31234/osf.io/abc12"),
        ("10.6084/m9.figshare.123.v4", "10.6084/m9.figshare.123"),
        ("10.1002/14651858.CD000001.pub3", "10.1002/14651858.cd000001"),
        ("10.5281/zenodo.1234567", "10.5281/zenodo.1234567"),
        ("10.1371/journal.pone.0123456.s001", "10.1371/journal.pone.0123456.s001"),
        ("10.48550/ARXIV.hep-th/9901001", "arxiv:hep-th/9901001"),
        ("10.1016/S0140-6736(05)12345-6).", "10.1016/s0140-6736(05)12345-6"),
    ],
)
def test_versions_of_one_work_have_one_name(doi, work):
    assert work_of_doi(doi) == work
    assert work_of_doi(work) == work


@pytest.mark.parametrize(
    ("about", "text", "found"),
    [
        ({"doi": "10.5555/a.12"}, "doi:10.5555/b.34", [("doi", "10.5555/a_12")]),
        ({}, "arXiv:2101.00001v2 [cs.CL] 3 Jan 2021\n\nOn lathes", [("arxiv", "2101.00001")]),
        ({}, "PMCID: PMC1234567 PMID: 7654321 On lathes", [("pmc", "1234567"), ("pmid", "7654321")]),
        # Two are named, so neither is known to be its own.
        ({}, "as in doi:10.5555/a.12 and doi:10.5555/b.34", []),
        ({}, "Erratum to: On lathes, doi:10.5555/a.12", []),
        ({"title": "Reply to Wren"}, "doi:10.5555/a.12", []),
        ({}, "x " * 2000 + "doi:10.5555/a.12", []),  # too far down to be a first page
        ({"metadata": {"translation_of": "10.5555/a.12", "related": "10.5555/b.34"}}, "", []),
        ({"source_uri": "dump/PMC1234567.nxml"}, "", [("pmc", "1234567")]),
        ({"source_uri": "2101.00001v2.pdf"}, "", [("arxiv", "2101.00001")]),
        ({"source_uri": "10.5555%2Fa.12.pdf"}, "", [("doi", "10.5555/a_12")]),
        ({"source_uri": "10.5555_a.12.jsonl", "locator": "byte=0"}, "", []),  # a file of many
        ({"metadata": {"pmid": True, "doi": "none", "arxiv": 3.5, "ids": ["x"]}}, "", []),
        ({"doi": "10.17705/1."}, "", []) ,
    ],
)  # fmt: skip
def test_what_a_document_says_it_is(about, text, found):
    assert identifiers(about, text) == found


@given(
    st.dictionaries(st.sampled_from(["doi", "PMID", "arxiv_id", "externalIds", "authors", "author", "journal"]),
                    st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20),
                                 lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=4), one, max_size=3)), max_size=4),
    st.text(max_size=200), st.text(max_size=60),
)  # fmt: skip
def test_whatever_a_record_says(metadata, text, title):
    about = {"metadata": metadata, "title": title, "source_uri": title, "doi": ""}
    first, again = works([about], [text]), works([about], [text])
    assert first.tobytes() == again.tobytes()


_PIECES = st.sampled_from(["10.5555/ab.1", "arXiv:2101.00001", "ARXIV 2101.00002", "PMC1234", "pmc 77 1", "PMID: 5678", "p",
                          "1", "0", ".", "é", "旋" * 700, "word " * 300, "\n"])  # fmt: skip


@given(st.lists(st.lists(_PIECES, max_size=8).map(" ".join), max_size=4))
def test_no_page_that_names_a_work_is_passed_over(texts):
    found = works([{} for _ in texts], texts)["identifiers"]
    assert [int((one != 0).sum()) for one in found] == [len(identifiers({}, text)) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "10.5555/" * 400,
        "10.1234." * 400,
        "Correction " * 300,
        "arXiv:" * 500,
        "PMC " * 800,
        " " * 3000 + "10.",
        "a.a/" * 900,
    ],
)
def test_hostile_pages_end(text):
    about = {
        "title": text,
        "source_uri": text,
        "metadata": {"doi": text, "id": text, "pmid": text, "author": text},
    }
    one = works([about] * 20, [text] * 20)
    assert (one == one[0]).all()
    assert len(title_key(text)) <= len(text)


def _record(told: dict[str, str | None]) -> dict[str, object]:
    metadata = {name: told[name] for name in ("author", "journal", "booktitle") if told.get(name)}
    doi = told.get("doi") or ""
    year = told.get("year") or "0"
    return {
        "title": told.get("title") or "",
        "doi": doi,
        "year": int(year),
        "metadata": metadata,
        "locator": "row=1",
    }


def test_labelled_records(corpora: Path):
    """Of pairs of bibliographic records that people judged, no two works share a number or an undisputed title."""
    from colophon.pipelines.judging import _one_title

    cases = json.loads((corpora / "neardup" / "bib_dedupe_test_cases.json").read_bytes())["cases"]
    joined = {True: 0, False: 0}
    disputed = 0
    for case in cases:
        one, other = works([_record(case["record_a"]), _record(case["record_b"])], ["", ""])
        numbers = np.intersect1d(one["identifiers"][one["identifiers"] > 0], other["identifiers"])
        titles = one["title"] == other["title"] != 0 and bool(_one_title(one[None], other[None])[0])
        together = bool(len(numbers)) or titles
        if together and not case["expected_duplicate"]:
            # One number on two works: only their texts can tell, and do.
            assert one["title"] != other["title"], case["id"]
            disputed += 1
            continue
        joined[case["expected_duplicate"]] += together
    assert joined[False] == 0
    assert disputed <= 1
    assert joined[True] >= 0.8 * sum(case["expected_duplicate"] for case in cases)


def test_as_many_identifiers_as_there_is_room():
    metadata = {
        "doi": "10.5555/a.1",
        "pmid": "1234567",
        "pmcid": "PMC1234567",
        "arxiv": "2101.00001",
        "eprint": "2101.00002",
        "id": "2101.00003",
    }
    one = works([{"metadata": metadata}], [""])
    assert (one["identifiers"] > 0).sum() == IDENTIFIERS
