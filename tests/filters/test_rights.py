"""Rights: statements weighed against each other, policy, lists, and what readers hand over."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.batch import Batch
from colophon.filters.formats import formats
from colophon.filters.rights.consent import Work, author_key, opt_outs, site_reservations, url_key
from colophon.filters.rights.evidence import NOASSERTION, NONE, STATUSES, statements_of, weigh
from colophon.filters.rights.rights import ALLOWED, Rights
from colophon.pipelines.rights_summary import count_rights, rights_of_sources
from colophon.schemas import Document, ReadOptions, RecipeError, Source, StagedRow, arrow_schema, as_plain

GOLDEN = Path(__file__).parents[1] / "golden" / "rights"
BY = "https://creativecommons.org/licenses/by/4.0/"
ID = "0123456789abcdef" * 2


def scores_of(*about: dict[str, Any]) -> dict[str, pa.Array]:
    """Scores, and the columns that the filter reads, of documents of which something is known."""
    scores = dict(Rights().annotate(Batch(["Reeds."] * len(about), about=about)))
    for name in ("id", "source", "doi"):
        scores[name] = pa.array([each.get(name, "") for each in about])
    scores["metadata"] = pa.array([json.dumps(each.get("metadata", {})) for each in about])
    return scores


def reason(rights: Rights, /, **about: Any) -> str:
    return rights.decide(scores_of(about)).reason.tolist()[0]


def read(form: str, data: str | bytes) -> list[Document]:
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return [each for each in formats()[form].read(stream, ReadOptions()) if isinstance(each, Document)]


def weighed(document: Document, declared: str = ""):
    about = {name: getattr(document, name) for name in ("license", "license_evidence", "rights", "metadata")}
    return weigh(statements_of(about | {"declared_license": declared}))


# --- Weighing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statements", "spdx", "status"),
    [
        ([], NONE, "none"),
        ([("copyright-statement", "© 2020 Ada Meer")], NONE, "none"),
        ([("license/@license-type", "open-access")], NONE, "none"),
        ([("license", "This is an open access article.")], NOASSERTION, "unrecognised"),
        ([("license", BY)], "CC-BY-4.0", "found"),
        ([("license/@xlink:href", BY), ("license", "the Creative Commons Attribution License")], "CC-BY-4.0", "agreeing"),
        ([("license/@xlink:href", BY), ("license", "Creative Commons Attribution-NonCommercial")], NOASSERTION, "disagreeing"),
        ([("license/@xlink:href", BY), ("license", "CC BY 3.0")], NOASSERTION, "disagreeing"),
        ([("license", f"{BY} for non-commercial use only")], NOASSERTION, "disagreeing"),
        ([("license", BY), ("copyright-statement", "© Mill Press. All rights reserved")], "CC-BY-4.0", "found"),
        ([("copyright-statement", "© Mill Press. All rights reserved")], "LicenseRef-AllRightsReserved", "notice"),
        ([("license", f"Under {BY}. The CC0 waiver applies to the data.")], "CC-BY-4.0", "found"),
        ([("a/@href", BY)], NONE, "none"),
        ([("page 4, aside", "The workshop is licensed under CC BY 4.0")], NONE, "none"),
        ([("link[rel=license]/@href", "/terms")], NOASSERTION, "unrecognised"),
        ([("recipe", "CC-BY-4.0")], "CC-BY-4.0", "declared"),
        ([("recipe", "by agreement")], NONE, "none"),
        ([("license", "CC BY-NC 4.0"), ("recipe", "CC-BY-4.0")], "CC-BY-NC-4.0", "found"),
        ([("license", "Terms of the mill"), ("recipe", "CC-BY-4.0")], NOASSERTION, "unrecognised"),
        ([("copyright", "All rights reserved"), ("recipe", "CC-BY-4.0")], NOASSERTION, "disagreeing"),
        ([("copyright-statement", "© 2020 Ada Meer"), ("recipe", "CC-BY-4.0")], "CC-BY-4.0", "declared"),
    ],
)  # fmt: skip
def test_weighing(statements, spdx, status):
    found = weigh(statements)
    assert (found.spdx, found.status) == (spdx, status)
    assert status in STATUSES


def test_each_statement_is_evidence():
    found = weigh(
        [("license/@xlink:href", BY), ("license", "Licence CC BY-NC"), ("a/@href", BY), ("license", "Terms")]
    )
    assert found.evidence == [
        {"where": "license/@xlink:href", "said": BY.rstrip("/"), "spdx": "CC-BY-4.0"},
        {"where": "license", "said": "CC BY-NC", "spdx": "LicenseRef-CC-BY-NC-unversioned"},
        {"where": "a/@href", "said": BY.rstrip("/"), "spdx": "CC-BY-4.0", "counts": False},
        {"where": "license", "said": "Terms", "spdx": ""},
    ]


@pytest.mark.parametrize(
    ("where", "said", "reservations"),
    [
        ("http: x-robots-tag", "noindex, noai", ["noai"]),
        ("http: x-robots-tag", "otherbot: NoAI, noimageai", ["noai", "noimageai"]),
        ("meta[robots]/@content", "index,follow", []),
        ("meta[robots]/@content", "noml", ["noml"]),
        ("meta[robots]/@content", "noaid", []),
        ("http: tdm-reservation", "1", ["tdm-reservation"]),
        ("meta[tdm-reservation]/@content", " 0 ", []),
        ("tdm_reservation", "1", ["tdm-reservation"]),
        ("http: tdm-policy", "https://mill.example/policy.json", []),
        (
            "copyright-statement",
            "All rights are reserved, including those for text and data mining.",
            ["stated"],
        ),
    ],
)
def test_reservations(where, said, reservations):
    assert weigh([(where, said)]).reservations == reservations


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=80)), max_size=4))
def test_any_statements_can_be_weighed(statements):
    found = weigh(statements)
    assert found.status in STATUSES
    assert found == weigh(statements)
    (spdx,) = Rights().annotate(Batch([""], about=[{"rights": statements}]))["spdx"].to_pylist()
    assert spdx == found.spdx


# --- What readers hand over ---------------------------------------------------------------------------------------------

PAPER = """<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:ali="http://www.niso.org/schemas/ali/1.0/"><front><article-meta>
<permissions><copyright-statement>© 2020 Ada Meer</copyright-statement>{}</permissions></article-meta></front>
<body><p>Reeds grow.</p></body></article>"""


@pytest.mark.parametrize(
    ("permissions", "spdx", "status"),
    [
        ("", NONE, "none"),
        (f'<license xlink:href="{BY}"/>', "CC-BY-4.0", "found"),
        (f"<license><ali:license_ref>{BY}</ali:license_ref></license>", "CC-BY-4.0", "agreeing"),
        (f'<license license-type="cc-by" xlink:href="{BY}"/>', "CC-BY-4.0", "agreeing"),
        (f'<license license-type="cc-by-nc" xlink:href="{BY}"/>', NOASSERTION, "disagreeing"),
        (f'<license><license-p>Under <ext-link xlink:href="{BY}">these terms</ext-link>.</license-p></license>', "CC-BY-4.0", "found"),
        (f'<license xlink:href="{BY}"><license-p>Under the CC BY-NC licence.</license-p></license>', NOASSERTION, "disagreeing"),
        (
            (
                f'<license><license-p>Under <ext-link xlink:href="{BY}">this</ext-link>. The Public Domain Dedication waiver (<ext-link '
                'xlink:href="http://creativecommons.org/publicdomain/zero/1.0/">CC0</ext-link>) applies to the data.</license-p></license>'
            ),
            "CC-BY-4.0", "found",
        ),
        (f'<license xlink:href="{BY}"/><license><license-p>Creative Commons BY-ND 4.0</license-p></license>', NOASSERTION, "disagreeing"),
        ("<license><license-p>Open access.</license-p></license>", NOASSERTION, "unrecognised"),
    ],
)  # fmt: skip
def test_jats(permissions, spdx, status):
    (document,) = read("jats", PAPER.format(permissions))
    found = weighed(document)
    assert (found.spdx, found.status) == (spdx, status)
    assert document.text == "Reeds grow."


def test_jats_before_permissions():
    front = f'<copyright-statement>© Bo Reed</copyright-statement><license xlink:href="{BY}"/><permissions>'
    (document,) = read("jats", PAPER.format("").replace("<permissions>", front))
    assert document.rights == [
        ("license/@xlink:href", BY),
        ("copyright-statement", "© 2020 Ada Meer"),
        ("copyright-statement", "© Bo Reed"),
    ]
    assert weighed(document).spdx == "CC-BY-4.0"


PAGE = "<html><head>{}</head><body><article><p>Reeds grow in the wet, and mills stand dry beside them for all the year.</p></article>{}</body></html>"


@pytest.mark.parametrize(
    ("head", "body", "spdx", "reservations"),
    [
        ("", "", NONE, []),
        (f'<link rel="license" href="{BY}">', "", "CC-BY-4.0", []),
        (f'<link rel="license" href="{BY}"><meta name="DC.rights" content="CC BY-NC 4.0">', "", NOASSERTION, []),
        ('<meta name="dc.rights" content="Creative Commons Attribution 4.0 International">', "", "CC-BY-4.0", []),
        ("", f'<footer><a href="{BY}">CC</a></footer>', NONE, []),
        ("", "<p>This article is licensed under the Creative Commons Attribution License.</p>", "LicenseRef-CC-BY-unversioned", []),
        ("", f'<p>This article is licensed under <a href="{BY}">CC BY</a>; its data under CC0.</p>', "CC-BY-4.0", []),
        (f'<script type="application/ld+json">{{"@type": "ScholarlyArticle", "license": "{BY}"}}</script>', "", "CC-BY-4.0", []),
        (f'<script type="application/ld+json">{{"@type": "ImageObject", "license": "{BY}"}}</script>', "", NONE, []),
        ('<script type="application/ld+json">{"license": [</script>', "", NONE, []),
        ('<meta name="robots" content="noai, noimageai">', "", NONE, ["noai", "noimageai"]),
        ('<meta name="tdm-reservation" content="1"><meta name="tdm-policy" content="/p.json">', "", NONE, ["tdm-reservation"]),
        ("", "<p>© Mill. All rights are reserved, including those for text and data mining.</p>", "LicenseRef-AllRightsReserved", ["stated"]),
    ],
)  # fmt: skip
def test_html(head, body, spdx, reservations):
    (document,) = read("html", PAGE.format(head, body))
    found = weighed(document)
    assert (found.spdx, found.reservations) == (spdx, reservations)


def test_tei():
    header = '<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><publicationStmt><availability>{}</availability></publicationStmt></fileDesc></teiHeader><text><body><p>Reeds grow.</p></body></text></TEI>'
    (one,) = read(
        "tei", header.format(f'<licence target="{BY}"><p>See <ref target="{BY}">there</ref>.</p></licence>')
    )
    assert (weighed(one).spdx, weighed(one).status) == ("CC-BY-4.0", "agreeing")
    (two,) = read("tei", header.format(f'<licence target="{BY}">CC BY-NC-SA 4.0</licence>'))
    assert weighed(two).status == "disagreeing"
    (three,) = read("tei", header.format("<p>All rights reserved</p>"))
    assert weighed(three).spdx == "LicenseRef-AllRightsReserved"


@pytest.mark.parametrize(
    ("record", "spdx", "reservations"),
    [
        ({"license": "cc-by-4.0"}, "CC-BY-4.0", []),
        ({"license": "cc-by", "license_url": BY}, "CC-BY-4.0", []),
        ({"licence": "CC BY", "rights": "CC BY-NC"}, NOASSERTION, []),
        ({"license": {"name": "CC BY", "url": BY}}, "CC-BY-4.0", []),
        (
            {"license": [{"URL": "https://www.elsevier.com/tdm/userlicense/1.0/"}]},
            "LicenseRef-Elsevier-TDM-1.0",
            [],
        ),
        (
            {"copyright": "All rights reserved, text and data mining included."},
            "LicenseRef-AllRightsReserved",
            ["stated"],
        ),
        ({"tdm_reservation": 1}, NONE, ["tdm-reservation"]),
        ({"license": None, "rights": [None, 7.5, {}]}, NONE, []),
    ],
)
def test_records(record, spdx, reservations):
    (document,) = read("jsonl", json.dumps({"text": "Reeds grow."} | record))
    found = weighed(document)
    assert (found.spdx, found.reservations) == (spdx, reservations)


def test_markdown():
    (document,) = read("markdown", "---\nlicense: CC-BY-4.0\nrights: CC BY-NC 4.0\n---\nReeds grow.\n")
    assert weighed(document).status == "disagreeing"


def test_web_archive():
    block = (
        f'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Robots-Tag: noindex\r\nX-Robots-Tag: noai\r\ntdm-reservation: 1\r\n'
        f'Link: </a.css>; rel=preload, <{BY}>; rel="license"\r\n\r\nReeds grow.'
    )  # fmt: skip
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://reeds.example/\r\nContent-Length: {len(block)}\r\n\r\n"
    (document,) = read("warc", head + block + "\r\n\r\n")
    found = weighed(document)
    assert (found.spdx, found.reservations) == ("CC-BY-4.0", ["noai", "tdm-reservation"])
    assert [each["where"] for each in found.evidence] == [
        "http: link",
        "http: tdm-reservation",
        "http: x-robots-tag",
    ]


@pytest.mark.parametrize(
    ("text", "spdx"),
    [
        ("This article is licensed under CC BY 4.0.", "CC-BY-4.0"),
        ("Copyright 2020 Mill Press. All rights reserved.", "LicenseRef-AllRightsReserved"),
        ("We used photographs that others released under CC BY-NC 2.0.", NONE),
        ("The public domain has many reeds.", NONE),
        ("x" * 5_000 + ". This article is under CC BY 4.0. " + "x" * 5_000, NONE),
        ("", NONE),
    ],
)
def test_what_a_text_says_of_itself(text, spdx):
    batch = Batch([text])
    assert Rights().annotate(batch)["spdx"].to_pylist() == [spdx]
    spans = Rights().spans(batch)[0]
    assert [span.label for span in spans] == ([spdx] if spdx != NONE else [])


# --- Policy ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("license_", "expected"),
    [
        ("CC-BY-4.0", ""),
        ("CC BY", ""),
        ("https://creativecommons.org/licenses/by-sa/2.0/fr/", ""),
        ("CC0", ""),
        ("MIT OR GPL-3.0-only", ""),
        ("MIT AND GPL-3.0-only", "license_not_allowed"),
        ("Apache-2.0 WITH LLVM-exception", ""),
        ("CC-BY-NC-4.0", "license_not_allowed"),
        ("CC BY-ND", "license_not_allowed"),
        ("In the public domain in the United States.", "license_not_allowed"),
        ("All rights reserved", "license_not_allowed"),
        ("terms of the mill", "license_unknown"),
        ("", "license_unknown"),
    ],
)
def test_what_is_allowed_by_default(license_, expected):
    assert reason(Rights(), license=license_) == expected


def test_other_rules_need_no_text():
    scores = scores_of(
        {"license": "CC-BY-NC-4.0"},
        {"license": "CC-BY-4.0"},
        {},
        {"rights": [("license", "CC BY"), ("license", "CC BY-NC")]},
    )

    def reasons(**settings: Any) -> list[str]:
        return Rights(**settings).decide(scores).reason.tolist()

    assert reasons() == ["license_not_allowed", "", "license_unknown", "license_evidence_disagrees"]
    assert reasons(allowed=(*ALLOWED, "CC-BY-NC-*")) == [
        "",
        "",
        "license_unknown",
        "license_evidence_disagrees",
    ]
    assert reasons(allowed=("*",), denied=("CC-BY-*",)) == [
        "",
        "license_denied",
        "license_unknown",
        "license_evidence_disagrees",
    ]
    assert reasons(unknown="keep") == ["license_not_allowed", "", "", "license_evidence_disagrees"]
    assert reasons(allowed=()) == [
        "license_not_allowed",
        "license_not_allowed",
        "license_unknown",
        "license_evidence_disagrees",
    ]


def test_reservations_drop_unless_the_recipe_says_otherwise():
    about = {"license": BY, "metadata": {"http_rights": {"tdm-reservation": "1"}}}
    assert reason(Rights(), **about) == "mining_reserved"
    assert reason(Rights(reservations=("noai",)), **about) == ""
    pictures = {"license": BY, "metadata": {"http_rights": {"x-robots-tag": "noimageai"}}}
    assert reason(Rights(), **pictures) == ""
    assert reason(Rights(reservations=("noimageai",)), **pictures) == "mining_reserved"


def test_an_agreement_covers_a_source(tmp_path):
    about = {
        "license": "All rights reserved, text and data mining included.",
        "source": "mill",
        "doi": "10.5555/a",
    }
    assert reason(Rights(), **about) == "mining_reserved"
    assert reason(Rights(agreed_sources=("mill",)), **about) == ""
    opted = tmp_path / "out.txt"
    opted.write_text("doi 10.5555/A\n")
    assert reason(Rights(agreed_sources=("mill",), opted_out=(str(opted),)), **about) == "opted_out"


def test_release_lifts_the_quarantine_and_no_more(tmp_path):
    file = tmp_path / "released.tsv"
    file.write_text(f"# decisions of May\n\n{ID}\tAda Meer, legal\tthe author wrote to us\r\n")
    rights = Rights(released=(str(file),), denied=("GPL-3.0-only",))
    assert reason(rights, id=ID) == ""
    assert reason(rights, id=ID, rights=[("license", "CC BY"), ("license", "CC BY-NC")]) == ""
    assert reason(rights, id=ID, license="CC-BY-NC-4.0") == "license_not_allowed"
    assert reason(rights, id=ID, license="GPL-3.0-only") == "license_denied"
    assert (
        reason(rights, id=ID, license=BY, metadata={"http_rights": {"x-robots-tag": "noai"}})
        == "mining_reserved"
    )
    assert reason(rights, id="f" * 32) == "license_unknown"


def test_opt_outs(tmp_path):
    file = tmp_path / "out.txt"
    file.write_text(
        "# who asked\n\ndoi https://doi.org/10.5555/ABC\nurl https://www.reeds.example/a/\nURL\thttps://mill.example/papers/*\n"
        f"domain shut.example\nauthor Meer, Ada B.\nid {ID.upper()}\n",
        encoding="utf-8-sig",
    )
    rights = Rights(opted_out=(str(file),))

    def out(**about: Any) -> bool:
        return reason(rights, license=BY, **about) == "opted_out"

    assert out(doi="10.5555/abc")
    assert not out(doi="10.5555/abcd")
    assert out(metadata={"url": "http://reeds.example/a#top"})
    assert not out(metadata={"url": "http://reeds.example/ab"})
    assert out(metadata={"url": "https://mill.example/papers/7.html"})
    assert not out(metadata={"url": "https://mill.example/papersmore"})
    assert out(metadata={"url": "https://www.blog.shut.example:8080/x"})
    assert out(metadata={"canonical_url": "https://shut.example"})
    assert not out(metadata={"url": "https://notshut.example"})
    assert out(metadata={"authors": ["Bo Reed", "Áda B Meer"]})
    assert out(metadata={"authors": [{"given": "Ada B.", "family": "Meer"}]})
    assert out(metadata={"author": "Bo Reed; Ada B. Meer"})
    assert not out(metadata={"authors": ["Ada Meer", 7, None]})
    assert out(id=ID)
    assert not out(metadata={"url": 5, "authors": 5})


@pytest.mark.parametrize(
    ("setting", "name", "content", "message"),
    [
        ("opted_out", "a.txt", b"doi 10.5555/a\nbook 7\n", r"rights\.opted_out: .*a\.txt line 2: given 'book 7', allowed is a kind and its value: doi"),
        ("opted_out", "a.txt", b"doi reeds\n", "line 1: given 'doi reeds'"),
        ("opted_out", "a.txt", b"url reeds\n", "line 1"),
        ("opted_out", "a.txt", b"domain https://a.example\n", "line 1"),
        ("opted_out", "a.txt", b"author ---\n", "line 1"),
        ("opted_out", "a.txt", b"id 12\n", "line 1"),
        ("opted_out", "a.txt", b"doi 10.5555/a\n\xff\n", "line 2: a byte that is not UTF-8"),
        ("released", "r.tsv", f"{ID}\tAda Meer\n".encode(), "line 1: .*allowed is three columns apart by tabs"),
        ("released", "r.tsv", b"abc\tAda Meer\twhy\n", "line 1: "),
        ("tdmrep", "tdmrep.json", b"[]", "name does not tell whose it is"),
        ("tdmrep", "a.example.tdmrep.json", b"[{", "line 1: no JSON"),
        ("tdmrep", "a.example.tdmrep.json", b"{}", "given an object, allowed is a list of rules"),
        ("tdmrep", "a.example.tdmrep.json", b'[{"location": "/", "tdm-reservation": 2}]', "rule 1: tdm-reservation is 2, allowed is 0 or 1"),
        ("tdmrep", "a.example.tdmrep.json", b'[{"location": 7, "tdm-reservation": 1}]', "rule 1: location is 7"),
        ("tdmrep", "a.example.tdmrep.json", b"[1]", "rule 1: given a number"),
    ],
)  # fmt: skip
def test_wrong_lists_are_refused_before_the_work(tmp_path, setting, name, content, message):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(RecipeError, match=message):
        Rights(**{setting: (str(file),)}).policy_materials()


@pytest.mark.parametrize("setting", ["opted_out", "released", "tdmrep"])
def test_an_absent_list_is_refused(tmp_path, setting):
    with pytest.raises(RecipeError, match=rf"rights\.{setting}: .*absent cannot be read: No such file"):
        Rights(**{setting: (str(tmp_path / "absent"),)}).policy_materials()


def test_a_list_that_changes_is_read_again(tmp_path):
    file = tmp_path / "out.txt"
    file.write_text("doi 10.5555/a\n")
    rights = Rights(opted_out=(str(file),))
    before = rights.policy_materials()
    assert reason(rights, license=BY, doi="10.5555/bb") == ""
    file.write_text("doi 10.5555/bb\n")
    assert reason(rights, license=BY, doi="10.5555/bb") == "opted_out"
    assert rights.policy_materials() != before


def test_site_reservations(tmp_path):
    folder = tmp_path / "mill.example" / ".well-known"
    folder.mkdir(parents=True)
    file = folder / "tdmrep.json"
    file.write_text(
        json.dumps([
            {"location": "/*", "tdm-reservation": 1, "tdm-policy": "https://mill.example/policy.json"},
            {"location": "/open/*", "tdm-reservation": 0},
            {"location": "/open/*.pdf$", "tdm-reservation": 1},
        ])
    )  # fmt: skip
    rights = Rights(tdmrep=(str(file),))

    def reserved(url: str) -> bool:
        return reason(rights, license=BY, metadata={"url": url}) == "mining_reserved"

    assert reserved("https://www.mill.example/a")
    assert reserved("https://mill.example")
    assert not reserved("https://mill.example/open/a")
    assert reserved("https://mill.example/open/a.pdf")
    assert not reserved("https://mill.example/open/a.pdfx")
    assert not reserved("https://reeds.example/a")
    assert rights.policy_materials()["tdmrep[0]"]["host"] == "mill.example"


@given(st.text(max_size=60))
def test_addresses_and_names_are_safe(text):
    assert url_key(url_key(text)) in {url_key(text), ""}
    assert author_key(author_key(text)) == author_key(text)
    opt_outs((), "x").name(Work(text, text, (text,), (text,)))
    assert not site_reservations((), "x").reserve(text)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"allowed": ("CC-BY",)},
            r"allowed has 'CC-BY', which is no SPDX identifier; CC-BY-\* is all its versions",
        ),
        ({"allowed": ("Mill-1.0",)}, "allowed has 'Mill-1.0', which is no SPDX identifier"),
        ({"denied": ("CC*",)}, r"denied has 'CC\*', which fits no SPDX identifier"),
        ({"denied": ("MIT OR ISC",)}, "denied has 'MIT OR ISC'"),
        ({"unknown": "drop"}, "unknown is 'drop'"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Rights(**settings)


def test_settings_of_a_recipe_are_lists():
    assert Rights(allowed=["*", "LicenseRef-Mill"], denied=["GPL-3.0-or-later"]).allowed == (
        "*",
        "LicenseRef-Mill",
    )  # type: ignore[arg-type]
    assert hash(Rights(allowed=["MIT"])) == hash(Rights(allowed=("MIT",)))  # type: ignore[arg-type]


def test_columns_are_as_declared():
    for texts in ([], ["Reeds."]):
        columns = Rights().annotate(Batch(texts))
        declared = arrow_schema(Rights.scores)
        assert {name: column.type for name, column in columns.items()} == {f.name: f.type for f in declared}
        assert all(len(column) == len(texts) for column in columns.values())
    assert set(Rights.reads) <= set(arrow_schema(StagedRow).names)


def test_reasons_are_explained():
    assert set(Rights.quarantine) <= set(Rights.reasons)
    assert pickle.loads(pickle.dumps(Rights(unknown="keep"))) == Rights(unknown="keep")  # noqa: S301  # our own bytes


# --- Sums -----------------------------------------------------------------------------------------------------------------


def test_sources_are_summed():
    table = pa.table({"source": ["b", "a", "b"], "spdx": ["CC-BY-4.0", "NONE", "CC-BY-4.0"]})
    sources = [
        Source("/b", "b", owner="Mill", terms="agreement 7", consent="asked", license="CC-BY-4.0"),
        Source("/a", "a"),
        Source("/c", "c"),
    ]
    public = [as_plain(source, lambda setting: not setting.local) for source in sources]
    empty = {"license": "", "owner": "", "terms": "", "consent": ""}
    assert rights_of_sources(public, count_rights(table)) == {
        "a": {**empty, "documents": 1, "spdx": {"NONE": 1}},
        "b": {
            "license": "CC-BY-4.0",
            "owner": "Mill",
            "terms": "agreement 7",
            "consent": "asked",
            "documents": 2,
            "spdx": {"CC-BY-4.0": 2},
        },
        "c": {**empty, "documents": 0, "spdx": {}},
    }
    assert count_rights(pa.table({"source": ["a"]})) == {}


# --- Real articles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["articles.json", "hard_articles.json"])
def test_real_articles_checked_by_hand(corpora, table):
    """100 drawn at random, whose permissions were read and compared by hand; and those that are out of the usual."""
    expected = json.loads((GOLDEN / table).read_text())
    found = {}
    for name in expected:
        (document, *_) = read("html" if name.endswith(".html") else "jats", (corpora / name).read_bytes())
        found[name] = weighed(document).spdx
    right = sum(found[name] == spdx for name, spdx in expected.items())
    assert right >= 0.97 * len(expected), {
        name: found[name] for name in expected if found[name] != expected[name]
    }
    wrong = {name: spdx for name, spdx in found.items() if spdx != expected[name]}
    assert not [name for name, spdx in wrong.items() if spdx not in (NONE, NOASSERTION)], (
        "an unknown was called known"
    )


def test_the_page_on_rights_names_all_reasons_columns_and_settings():
    page = (Path(__file__).parents[2] / "docs" / "rights.md").read_text()
    names = [
        *Rights.reasons,
        *arrow_schema(Rights.scores).names,
        *STATUSES,
        "allowed",
        "denied",
        "unknown",
        "agreed_sources",
    ]
    assert [name for name in names if f"`{name}`" not in page and f"{name}:" not in page] == []


def test_the_lists_on_the_page_are_lists(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "rights.md").read_text()
    opted, released = (block.split("```")[0] for block in page.split("```text\n")[1:3])
    (tmp_path / "opted").write_text(opted)
    (tmp_path / "released").write_text(released)
    rights = Rights(opted_out=(str(tmp_path / "opted"),), released=(str(tmp_path / "released"),))
    assert set(rights.policy_materials()) == {"opted_out[0]", "released[0]"}
