from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from colophon.filters.formats import detect
from colophon.filters.formats.jats import Jats
from colophon.filters.formats.tei import Tei
from colophon.schemas import Document, ReadOptions, Unreadable

GOLDEN = Path(__file__).parents[2] / "golden" / "tei"


def read(data: bytes | str, **options: bool) -> list[Document | Unreadable]:
    data = data.encode() if isinstance(data, str) else data
    return list(Tei().read(io.BytesIO(data), ReadOptions(**options)))


def text(body: str) -> str:
    (document,) = read(f"<TEI><teiHeader/><text><body>{body}</body></text></TEI>")
    assert isinstance(document, Document), document
    return document.text


@pytest.mark.parametrize("case", ["grobid", "play", "training"])
def test_golden_text(case):
    (document,) = read((GOLDEN / f"{case}.xml").read_bytes())
    assert document.text + "\n" == (GOLDEN / f"{case}.txt").read_text(encoding="utf-8")


def test_golden_metadata():
    (paper,) = read((GOLDEN / "grobid.xml").read_bytes())
    assert (paper.title, paper.doi, paper.year) == ("Sleep in invented ants", "10.5555/ants.1", 2018)
    assert (paper.license, paper.license_evidence) == ("CC-BY-4.0", "licence/@target")
    assert paper.declared_language == "en"
    assert paper.metadata == {
        "authors": ["Ada Quill", "Ben T Oaks"],
        "publisher": "Burrow Press",
        "journal": "Journal of Burrows",
        "keywords": ["ants", "sleep"],
    }
    (play,) = read((GOLDEN / "play.xml").read_bytes())
    assert (play.title, play.year, play.license, play.declared_language) == (
        "Das Nest",
        1801,
        "CC0-1.0",
        "de",
    )


def test_references_are_kept_on_request():
    (document,) = read((GOLDEN / "grobid.xml").read_bytes(), references=True)
    assert document.text.endswith("C Fern. On moss. 2001")


def test_a_corpus():
    one = "<TEI><teiHeader/><text><body><p>{}</p></body></text></TEI>"
    first, second, third = read(
        f"<teiCorpus>{one.format('Ants.')}{one.format('Bees.')}{one.format('')}</teiCorpus>"
    )
    assert [first.locator, second.locator, third.locator] == ["TEI=1", "TEI=2", "TEI=3"]
    assert (first.text, second.text, third.reason) == ("Ants.", "Bees.", "no_text")
    assert first.digest != second.digest
    assert read("<teiCorpus/>")[0].reason == "no_documents"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>one<note>two</note> three</p>", "one three\n\ntwo"),
        ("<p>a<pb n='2'/>b <fw>head</fw>c</p>", "ab c"),
        ("<p>broken Wal<lb break='no'/>nuss</p>", "broken Walnuss"),
        ("<p>x<hi rend='superscript'>2</hi> <hi rend='italic'>y</hi></p>", "x^2 y"),
        ("<lg><l>one</l><l>two</l></lg><lg><l>three</l></lg>", "one\ntwo\n\nthree"),
        ("<sp><speaker>A</speaker><l>x</l><stage>exit</stage><l>y</l></sp>", "A.\nx\n\n(exit)\n\ny"),
        ("<list type='gloss'><label>ant</label><item>an insect</item></list>", "ant: an insect"),
        ("<p>see <formula notation='TeX'>$a$</formula> here</p>", "see $a$ here"),
        (
            "<table><row><cell>a</cell><cell/></row><row><cell>b</cell><cell>c</cell></row></table>",
            "a |\nb | c",
        ),
        ("<quote><p>q</p></quote><div type='references'><p>r</p></div>", "q"),
    ],
)
def test_blocks(body, expected):
    assert text(body) == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("<TEI><text>", "not_well_formed"),
        ("<TEI><text/></TEI>", "no_text"),
        ("<book/>", "not_tei"),
        ('<!DOCTYPE TEI [<!ENTITY x SYSTEM "file:///etc/passwd">]><TEI><text><p>&x;</p></text></TEI>', "entity_expansion"),
        ("<TEI><text>" + "<div>" * 100_000, "too_deeply_nested"),
        ("", "empty_file"),
    ],
)  # fmt: skip
def test_refusals(data, reason):
    assert [item.reason for item in read(data)] == [reason]


def test_identifiers_that_are_none_do_no_harm():
    (document,) = read("<TEI><text><p xml:id='1'>a</p><p xml:id='x'>b</p><p xml:id='x'>c</p></text></TEI>")
    assert document.text == "a\n\nb\n\nc" or document.text.split() == ["a", "b", "c"]


def test_sniff_does_not_clash():
    for path in GOLDEN.glob("*.xml"):
        head = path.read_bytes()
        assert Tei().sniff(head)
        assert not Jats().sniff(head)
        assert detect(head, "x.xml").name == "tei"
    assert not Tei().sniff(b"<article><front/></article>")
    assert not Tei().sniff(b"<tei>not</tei>")


def test_deep_trees_are_read():
    assert text("<div>" * 200 + "<p>ants</p>" + "</div>" * 200) == "ants"
    assert text("<p>" + "<hi>" * 200 + "ants" + "</hi>" * 200 + "</p>") == "ants"


SEEDS = [path.read_text(encoding="utf-8") for path in sorted(GOLDEN.glob("*.xml"))]
PIECES = [
    "",
    "<p>",
    "</p>",
    "<note>",
    "</sp>",
    "<lb/>",
    "&x;",
    "<l>a</l>",
    "-",
    "<formula/>",
    "<head>b</head>",
    "\ufdd4",
]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 3000), st.sampled_from(PIECES)), max_size=6),
    st.booleans(),
)
def test_mutations_are_read_or_refused(source, mutations, whole):
    tags = re.split(r"(<[^>]*>)", source)
    for place, piece in mutations:
        at = place % len(tags)
        tags[at] = piece if whole else tags[at] + piece
    items = read("".join(tags))
    assert items
    for item in items:
        assert isinstance(item, Unreadable) or item.text.encode()


def test_words_are_there(corpora):
    paths = sorted(corpora.glob("tei/**/*.xml"))
    assert paths
    wanted = missing = 0
    for path in paths:
        data = path.read_bytes()
        (document,) = read(data)
        assert isinstance(document, Document), (path, document)
        root = etree.fromstring(data.replace(b'xml:id="0"', b""))
        said: Counter[str] = Counter()
        for element in root.xpath(
            "//*[local-name()='text']//*[local-name()='p' or local-name()='l' or local-name()='speaker']"
            "[not(ancestor::*[local-name()='p'])]"
        ):
            for line in element.xpath(".//*[local-name()='lb']"):
                line.tail = "\ue000" + (line.tail or "")
            joined = re.sub(r"(?<=[^\W\d_])-\ue000(?=[^\W\d_A-Z])", "", "".join(element.itertext()))
            said += Counter(re.findall(r"\w+", joined.replace("\ue000", " ")))
        wanted += said.total()
        missing += (said - Counter(re.findall(r"\w+", document.text))).total()
    assert wanted > 100_000
    assert missing <= 0.01 * wanted
