# ruff: noqa: RUF001 - scientific characters
from __future__ import annotations

import io
import json
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from colophon.filters.formats.jats import Jats
from colophon.schemas import Document, ReadOptions, Unreadable

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "jats"
DATA = Path(os.environ.get("COLOPHON_CORPORA", ROOT.parent / "shared" / "data"))
needs_data = pytest.mark.skipif(not (DATA / "jats").is_dir(), reason=f"no real articles at {DATA}/jats")

MATH = "{http://www.w3.org/1998/Math/MathML}math"


def read(data: bytes | str, **options: Any) -> list[Document | Unreadable]:
    data = data.encode() if isinstance(data, str) else data
    return list(Jats().read(io.BytesIO(data), ReadOptions(**options)))


def article(body: str, front: str = "", attributes: str = "") -> str:
    return f"<article {attributes}><front><article-meta>{front}</article-meta></front><body>{body}</body></article>"


def text(body: str, front: str = "") -> str:
    (document,) = read(article(body, front))
    assert isinstance(document, Document), document
    return document.text


def refusal(data: bytes | str, **options: Any) -> Unreadable:
    (unreadable,) = read(data, **options)
    assert isinstance(unreadable, Unreadable), unreadable
    return unreadable


# ------------------------------------------------------------------------------------------------------- golden cases


@pytest.mark.parametrize("case", ["article", "blocks", "mathematics"])
def test_golden_text(case):
    (document,) = read((GOLDEN / f"{case}.xml").read_bytes())
    assert document.text + "\n" == (GOLDEN / f"{case}.txt").read_text(encoding="utf-8")


def test_golden_metadata():
    (document,) = read((GOLDEN / "article.xml").read_bytes())
    expected = json.loads((GOLDEN / "article.json").read_text(encoding="utf-8"))
    assert {name: getattr(document, name) for name in expected} == expected


def test_references_are_kept_on_request():
    (document,) = read((GOLDEN / "article.xml").read_bytes(), references=True)
    references = (GOLDEN / "article.references.txt").read_text(encoding="utf-8")
    without = (GOLDEN / "article.txt").read_text(encoding="utf-8")
    assert document.text + "\n" == without + "\n" + references


def test_a_set_of_articles():
    first, second, third = read((GOLDEN / "set.xml").read_bytes())
    assert (first.locator, second.locator, third.locator) == ("article=1", "article=2", "article=3")
    assert (first.text, first.doi) == ("One\n\nFirst text.", "10.5555/one")
    assert second.reason == "no_text"
    assert third.text == "Três\n\nTerceiro texto: ação α ≠ β & mais."
    assert third.declared_language == "pt-br"
    assert len(first.digest) == len(third.digest) == 16
    assert first.digest != third.digest


# --------------------------------------------------------------------------------------------- what a sentence becomes

SENTENCES = {
    "water": ("H<sub>2</sub>O and C<sub>6</sub>H<sub>12</sub>O<sub>6</sub>", "H2O and C6H12O6"),
    "particles": ("PM<sub>2.5</sub>", "PM2.5"),
    "variable": ("<italic>x</italic><sub>1</sub> + <italic>x<sub>2</sub></italic>", "x_1 + x_2"),
    "named": ("<italic>V</italic><sub>max</sub>", "V_{max}"),
    "exponent": ("10<sup>−3</sup> cm<sup>2</sup> s<sup>− 1</sup>", "10^{−3} cm^2 s^{−1}"),
    "ion": ("SO<sub>4</sub><sup>2−</sup>, Na<sup>+</sup>", "SO4^{2−}, Na^+"),
    "ordinal": ("the 19<sup>th</sup> day", "the 19th day"),
    "marks": ("Brand<sup>®</sup>, Name<sup>TM</sup>, <italic>p</italic><sup>**</sup>", "Brand®, Name™, p**"),
    "citations": (
        'as said [<xref ref-type="bibr">1</xref>–<xref ref-type="bibr">3</xref>].',
        "as said [1–3].",
    ),
    "raised citations": (
        'found<sup><xref ref-type="bibr">1</xref>,<xref ref-type="bibr">2</xref></sup>.',
        "found[1,2].",
    ),
    "citations raised one by one": (
        'found<xref ref-type="bibr"><sup>1</sup></xref><sup>,</sup><xref ref-type="bibr"><sup>2</sup></xref>.',
        "found[1],[2].",
    ),
    "raised brackets": ('found<sup>[<xref ref-type="bibr">1</xref>]</sup>', "found[1]"),
    "doubled brackets": (
        'seen [<xref ref-type="bibr">[5]</xref>, <xref ref-type="bibr">[6]</xref>]',
        "seen [5], [6]",
    ),
    "empty citations": ('so [<xref ref-type="bibr"/>, <xref ref-type="bibr"/>].', "so."),
    "an empty citation among others": (
        'so [<xref ref-type="bibr"/>, <xref ref-type="bibr">2</xref>] and [<xref>1</xref>, <xref/>].',
        "so [2] and [1].",
    ),
    "empty raised citation": ('so<sup><xref ref-type="bibr"/>,<xref ref-type="bibr"/></sup>.', "so."),
    "author and year": ('(<xref ref-type="bibr">Quill, 2019</xref>)', "(Quill, 2019)"),
    "loose punctuation": ("one , two ( three ) four .", "one, two (three) four."),
    "white space": ("one\n      two\u00a0three\tfour", "one two three four"),
    "code": ("call <code>f(x)</code> now", "call f(x) now"),
    "link without text": (
        'see <ext-link xmlns:x="http://www.w3.org/1999/xlink" x:href="http://example.org/a"/>.',
        "see http://example.org/a.",
    ),
    "structured citation": (
        "as <element-citation><name><surname>Q</surname></name></element-citation>said",
        "as said",
    ),
    "printed citation": ("in <mixed-citation>Q, <source>Leaves</source></mixed-citation>", "in Q, Leaves"),
    "inline break": ("one<break/>two", "one two"),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_a_sentence(case):
    marked_up, expected = SENTENCES[case]
    assert text(f"<p>{marked_up}</p>") == expected


def test_alternatives_give_exactly_one():
    formula = "<alternatives>{}<graphic/></alternatives>"
    both = "<tex-math>$$a$$</tex-math><m:math xmlns:m='http://www.w3.org/1998/Math/MathML'><m:mi>b</m:mi></m:math>"
    empty = both.replace("$$a$$", "")
    assert text(f"<p>{formula.format(both)} is</p>") == "$a$ is"
    assert text(f"<p>{formula.format(empty)} is</p>") == "$b$ is"


@pytest.mark.parametrize(
    "source",
    [
        "a < b",
        "$a < b$",
        "$$a < b$$",
        r"\[a < b\]",
        r"\documentclass{minimal}\usepackage{x}\begin{document}}{}$$a < b$$\end{document}",
        r"\begin{equation*} a < b \end{equation*}",
        r"\begin{document}}{}\begin{equation*} a < b \end{equation*}\end{document}",
    ],
)
def test_tex_is_kept_without_its_frame(source):
    assert text(f"<p>if <tex-math><![CDATA[{source}]]></tex-math>.</p>") == "if $a < b$."


def test_a_section_without_a_title_is_kept_and_one_with_nothing_else_is_not():
    assert (
        text("<sec><title/><p>words</p></sec><sec><title>Alone</title></sec><sec><p>more</p></sec>")
        == "words\n\nmore"
    )


def test_spans_keep_columns_apart():
    rows = (
        '<tr><td rowspan="2">a</td><td colspan="2">b</td></tr><tr><td>c</td><td>d</td></tr>'
        "<tr><td>e</td><td></td><td>f</td></tr>"
    )
    assert text(f"<table-wrap><table>{rows}</table></table-wrap>") == "a | b |\n| c | d\ne | | f"


def test_hostile_spans_stay_small():
    cell = '<td colspan="9999" rowspan="9999">x</td>'
    rows = f"<tr>{cell * 30}</tr>" * 30
    assert len(text(f"<table-wrap><table>{rows}</table></table-wrap>")) < 100_000


def test_a_table_in_a_cell_is_read_once():
    inner = "<table><tr><td>inner</td></tr></table>"
    assert text(f"<table-wrap><table><tr><td>outer {inner}</td></tr></table></table-wrap>") == "outer inner"


def test_back_matter_is_left_out():
    back = (
        "<back><ack><p>thanks</p></ack><notes><p>notes</p></notes><sec><title>Competing interests</title><p>none</p></sec>"
        "<sec><title>Proofs</title><p>kept</p></sec><ref-list><ref><mixed-citation>cited</mixed-citation></ref></ref-list>"
        "</back><sub-article><body><p>review</p></body></sub-article>"
    )
    (document,) = read(article("<p>body</p>").replace("</article>", back + "</article>"))
    assert document.text == "body\n\nProofs\n\nkept"


def test_captions_of_supplementary_files_are_kept():
    supplement = (
        "<supplementary-material><label>File 1</label><caption><title>Counts</title><p>Of ants.</p></caption>"
        "<media><caption><p>Click here for additional data file.</p></caption></media></supplementary-material>"
    )
    back = (
        '<back><sec sec-type="supplementary-material"><title>Supplementary Material</title><p>The files are these.</p>'
        f"<p>{supplement}</p></sec></back>"
    )
    (document,) = read(article("<p>body</p>").replace("</article>", back + "</article>"))
    assert document.text == "body\n\nFile 1. Counts. Of ants."


_FAMILY = """<article article-type="research-article" xml:lang="es" xmlns:xlink="http://www.w3.org/1999/xlink"><front>
<journal-meta><journal-title-group><journal-title>Heath</journal-title></journal-title-group></journal-meta>
<article-meta><article-id pub-id-type="doi">10.5555/es</article-id>
<title-group><article-title>Hormigas</article-title></title-group>
<contrib-group><contrib><name><surname>Berg</surname><given-names>Ada</given-names></name></contrib></contrib-group>
<pub-date><year>2019</year></pub-date><permissions><license
xlink:href="https://creativecommons.org/licenses/by/4.0/"/></permissions></article-meta></front>
<body><p>Las hormigas duermen.</p></body>
<sub-article article-type="translation" xml:lang="en"><front-stub><title-group><article-title>Ants</article-title>
</title-group><abstract><p>On ants.</p></abstract></front-stub><body><p>Ants sleep.</p></body></sub-article>
<sub-article article-type="decision-letter"><front-stub><article-id pub-id-type="doi">10.5555/letter</article-id>
<title-group><article-title>Letter</article-title></title-group><pub-date><year>2018</year></pub-date></front-stub>
<body><p>We accept.</p></body></sub-article>
<response response-type="reply"><front-stub/><body><p>We thank you.</p></body></response></article>"""


def test_a_translation_is_a_document_of_its_own():
    original, translation = read(_FAMILY)
    assert (original.text, original.locator, original.digest) == (
        "Hormigas\n\nLas hormigas duermen.",
        "",
        b"",
    )
    assert translation == Document(
        "Ants\n\nOn ants.\n\nAnts sleep.",
        "Ants",
        "sub-article=1",
        "application/jats+xml",
        license="CC-BY-4.0",
        license_evidence="license/@xlink:href",
        rights=[("license/@xlink:href", "https://creativecommons.org/licenses/by/4.0/")],
        year=2019,
        declared_language="en",
        structured=True,
        digest=translation.digest,
        metadata={
            "article_type": "translation",
            "journal": "Heath",
            "authors": ["Ada Berg"],
            "translation_of": "10.5555/es",
        },
    )
    assert len(translation.digest) == 16


def test_letters_and_replies_are_documents_on_request():
    _, _, letter, reply = read(_FAMILY, responses=True)
    assert (letter.text, letter.locator, letter.doi, letter.year) == (
        "Letter\n\nWe accept.",
        "sub-article=2",
        "10.5555/letter",
        2018,
    )
    assert letter.metadata == {"article_type": "decision-letter", "journal": "Heath"}
    assert (reply.text, reply.locator, reply.doi, reply.declared_language) == (
        "We thank you.",
        "sub-article=3",
        "",
        "es",
    )
    assert reply.metadata == {"article_type": "reply", "journal": "Heath"}
    places = [each.locator for each in read(f"<pmc-articleset>{_FAMILY * 2}</pmc-articleset>")]
    assert places == ["article=1", "article=1/sub-article=1", "article=2", "article=2/sub-article=1"]


def test_the_namespaced_articles_of_a_harvest():
    xml = (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><GetRecord><metadata>'
        '<article xmlns="https://jats.nlm.nih.gov/ns/archiving/1.3/"><front/><body><p>Text.</p></body></article>'
        "</metadata></GetRecord></OAI-PMH>"
    )
    assert [(document.text, document.locator) for document in read(xml)] == [("Text.", "")]


# ---------------------------------------------------------------------------------------------------------- metadata

LICENSES = {
    '<license xlink:href="http://creativecommons.org/licenses/by/4.0/"><license-p>x</license-p></license>': (
        "CC-BY-4.0",
        "license/@xlink:href",
    ),
    "<license><ali:license_ref>https://creativecommons.org/publicdomain/zero/1.0/</ali:license_ref></license>": (
        "CC0-1.0",
        "ali:license_ref",
    ),
    '<license><license-p><ext-link xlink:href="https://example.org/journal"/>under <ext-link '
    'xlink:href="https://creativecommons.org/licenses/by-nc/3.0">CC</ext-link></license-p></license>': (
        "CC-BY-NC-3.0",
        "license//ext-link/@xlink:href",
    ),
    "<license><p>See (http://creativecommons.org/licenses/by-sa/4.0/).</p></license>": (
        "CC-BY-SA-4.0",
        "license",
    ),
    # A port that SPDX has no name for.
    '<license><license-p><ext-link xlink:href="https://example.org/"/>under <ext-link '
    'xlink:href="https://creativecommons.org/licenses/by/2.5/dk/">CC</ext-link></license-p></license>': (
        "https://creativecommons.org/licenses/by/2.5/dk/",
        "license//ext-link/@xlink:href",
    ),
    '<license xlink:href="https://example.org/terms"/>': ("https://example.org/terms", "license/@xlink:href"),
    "<license><license-p>All rights  reserved.</license-p></license>": ("All rights reserved.", "license"),
    "<copyright-statement>© someone</copyright-statement>": ("", ""),
}


@pytest.mark.parametrize("permissions", LICENSES)
def test_license(permissions):
    spaces = 'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:ali="http://www.niso.org/schemas/ali/1.0/"'
    (document,) = read(article("<p>a</p>", f"<permissions>{permissions}</permissions>", spaces))
    assert (document.license, document.license_evidence) == LICENSES[permissions]


DATES = {
    '<pub-date pub-type="epub"><year>2019</year></pub-date><pub-date pub-type="ppub"><year>2020</year></pub-date>': 2019,
    '<pub-date date-type="pub" iso-8601-date="2018-05-01"><day>1</day></pub-date>': 2018,
    "<pub-date><string-date>Spring 1987</string-date></pub-date>": 1987,
    '<pub-date pub-type="pmc-release"><year>2001</year></pub-date><pub-date><year>2003</year></pub-date>': 2003,
    '<pub-date pub-type="pmc-release"><year>2001</year></pub-date>': 2001,
    "<pub-date><year>0</year></pub-date>": None,
    "": None,
}


@pytest.mark.parametrize("dates", DATES)
def test_year(dates):
    (document,) = read(article("<p>a</p>", dates))
    assert document.year == DATES[dates]


# --------------------------------------------------------------------------------------------------------- bad input


def test_not_well_formed_says_where():
    unreadable = refusal("<article>\n<body>\n  <p>a</q>\n</body></article>")
    assert unreadable.reason == "not_well_formed"
    assert unreadable.detail.startswith("line 3, column ")
    assert "p" in unreadable.detail.partition(": ")[2]
    assert "\n" not in unreadable.detail


@pytest.mark.parametrize(
    "data",
    [
        b"<article><body><p>a\x00b</p></body></article>",
        b'<?xml version="1.0" encoding="utf-8"?><article><body><p>caf\xe9</p></body></article>',
        b'<?xml version="1.0" encoding="nonsense"?><article><body><p>caf\xe9</p></body></article>',
        b"plain words",
        b"<article>",
    ],
)
def test_broken_bytes(data):
    assert refusal(data).reason == "not_well_formed"


def test_nothing_at_all():
    assert refusal(b"").reason == refusal(b" \n ").reason == "empty_file"


def test_too_large():
    unreadable = refusal(article("<p>a</p>"), max_document_bytes=20)
    assert (unreadable.reason, unreadable.threshold) == ("too_large", 20)


def test_encodings_are_decoded_rightly():
    words = article("<p>Größe</p>")
    utf8 = words.encode()
    latin = words.encode("latin-1")
    assert [document.text for document in read(b'<?xml version="1.0" encoding="ISO-8859-1"?>' + latin)] == [
        "Größe"
    ]
    assert [document.text for document in read(b'<?xml version="1.0" encoding="ISO-8859-1"?>' + utf8)] == [
        "Größe"
    ]
    assert [document.text for document in read(b'<?xml version="1.0" encoding="utf-16"?>' + utf8)] == [
        "Größe"
    ]
    assert [document.text for document in read(words.encode("utf-16"))] == ["Größe"]
    assert [document.text for document in read(b"\xef\xbb\xbf" + utf8)] == ["Größe"]


def test_named_characters_with_and_without_a_dtd():
    body = "<p>&alpha;&minus;&eacute; &lt;&amp;&gt; <![CDATA[&beta;]]></p>"
    doctype = '<!DOCTYPE article PUBLIC "-//NLM//DTD X//EN" "x.dtd">'
    assert read(article(body))[0].text == "α−é <&> &beta;"
    assert read(doctype + article(body))[0].text == "α−é <&> &beta;"


def test_no_external_entity_is_read(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    doctype = f'<!DOCTYPE article [<!ENTITY leak SYSTEM "{secret.as_uri()}"><!ENTITY alpha SYSTEM "{secret.as_uri()}">]>'
    assert refusal(doctype + article("<p>&leak;</p>")).reason == "entity_expansion"
    assert read(doctype + article("<p>&alpha;</p>"))[0].text == "α"
    assert refusal(article("<p>&leak;</p>")).reason == "not_well_formed"
    assert (
        refusal('<!DOCTYPE article SYSTEM "x.dtd">' + article("<p>&leak;</p>")).reason == "undefined_entity"
    )


def test_bombs():
    laughs = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha"}">' for i in range(12))
    doctype = f"<!DOCTYPE article [{laughs}]>"
    assert refusal(doctype + article("<p>&e11;</p>")).reason == "entity_expansion"
    assert refusal(doctype + article('<p id="&e11;">a</p>')).reason == "entity_expansion"
    loop = '<!DOCTYPE article [<!ENTITY a "&b;"><!ENTITY b "&a;">]>'
    assert refusal(loop + article("<p>&a;</p>")).reason in {"entity_expansion", "not_well_formed"}


@pytest.mark.parametrize(
    "hostile",
    [
        "&x;" + "<![CDATA[" * 100_000,
        "&x;" + "<!--" * 100_000,
        "<p><tex-math>" + r"\begin{document}" * 50_000 + "</tex-math></p>",
        "<p>" + "[" * 200_000 + "<xref/>" * 20_000 + "</p>",
        "<p>" + "<sub>1</sub>" * 50_000 + "<fig/>" * 20_000 + "</p>",
        "<m:math xmlns:m='http://www.w3.org/1998/Math/MathML'>"
        + "<m:mfrac>" * 200
        + "</m:mfrac>" * 200
        + "</m:math>",
    ],
    ids=["cdata", "comments", "tex", "brackets", "scripts", "fractions"],
)
def test_what_could_take_forever_does_not(hostile):
    assert len(read(article(hostile + "<p>a</p>"))) == 1


@pytest.mark.parametrize("tag", ["sec", "p", "list", "italic", "sup", "td", "boxed-text"])
def test_depth(tag):
    def nested(depth: int) -> str:
        return article(f"<p>a</p>{f'<{tag}>' * depth}<p>deep words</p>{f'</{tag}>' * depth}")

    assert refusal(nested(100_000)).reason == "too_deeply_nested"
    (document,) = read(nested(200))
    assert "deep words" in document.text


def test_not_jats():
    assert refusal("<TEI><text>a</text></TEI>").reason == "not_jats"
    assert (
        refusal('<article xmlns="http://docbook.org/ns/docbook"><para>a</para></article>').reason
        == "not_jats"
    )
    assert refusal("<html><body><article><p>a</p></article></body></html>").reason == "not_jats"


def test_notices_of_files_that_are_not_here():
    notice = (
        "The online version of this article (10.5555/ants.7) contains supplementary material, which is available to "
        "authorized users."
    )
    (document,) = read(
        article(
            f"<p>Ants.</p><sec><title>Electronic supplementary material</title><p>{notice}</p></sec>"
            "<sec><title>Files</title><p>Below is the link to the electronic supplementary material.</p>"
            "<supplementary-material><caption><p>Supplementary material 1 (DOCX 29 KB)</p></caption>"
            "</supplementary-material><supplementary-material><label>File S2</label><caption><p>Nests by year.</p>"
            "</caption></supplementary-material></sec>"
        )
    )
    assert document.text.split("\n\n")[-3:] == ["Ants.", "Files", "File S2. Nests by year."]


def test_no_text():
    assert refusal("<article><front/></article>").reason == "no_text"
    assert refusal(article("<p> </p><sec><title>Alone</title></sec>", "<title-group/>")).reason == "no_text"


SURE = [
    b'<?xml version="1.0"?>\n<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) v1.2//EN" "JATS.dtd">\n<article>',
    b'<!DOCTYPE article PUBLIC "-//NLM//DTD Journal Publishing DTD v2.3//EN" "x.dtd" [<!ENTITY a "b">]><article>',
    b'\xef\xbb\xbf<article article-type="research-article"><front>',
    b"<!-- made by hand --><article>\n <front><journal-meta>",
    b"<pmc-articleset><article>",
    '<article dtd-version="1.3">'.encode("utf-16"),
]
NOT_SURE = [
    b"",
    b"<",
    b" " * 4096,
    b"<!--" * 1024,
    b"<TEI xmlns='http://www.tei-c.org/ns/1.0'><text>JATS</text></TEI>",
    b"<!DOCTYPE html><html><article class='front'>",
    b'<article xmlns="http://docbook.org/ns/docbook" version="5.0">',
    b'<!DOCTYPE article PUBLIC "-//OASIS//DTD DocBook XML V4.5//EN" "docbookx.dtd"><article>',
    b"<article class='post'><p>a</p></article>",
    b'{"article": "<article><front>"}',
    b"\xff\xfe\x00",
]


@pytest.mark.parametrize("head", SURE)
def test_sniff_knows_its_own(head):
    assert Jats().sniff(head)


@pytest.mark.parametrize("head", NOT_SURE)
def test_sniff_leaves_others_alone(head):
    assert not Jats().sniff(head)


@given(st.binary(max_size=4096))
def test_any_bytes_are_answered(data):
    Jats().sniff(data)
    assert all(isinstance(found, Unreadable) for found in read(data))


SAMPLE = (GOLDEN / "article.xml").read_bytes()


@given(st.integers(0, len(SAMPLE)), st.integers(0, 60), st.binary(max_size=8))
def test_damaged_articles_are_answered(start, length, other):
    found = read(SAMPLE[:start] + other + SAMPLE[start + length :])
    assert found
    for document in found:
        assert document.text if isinstance(document, Document) else document.reason and document.detail


def _split(names: str) -> list[str]:
    return names.split()


WORDS = st.integers(1000, 9999).map(lambda number: f" w{number} ")
NESTING = _split(
    "sec p list list-item italic bold fig caption table-wrap disp-quote boxed-text def-list def-item def term statement "
    "named-content verse-group verse-line disp-formula fn table tr td title label unknown"
)
BODIES = st.recursive(
    WORDS,
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(NESTING),
        st.lists(inner, max_size=5),
    ),
    max_leaves=30,
)


@given(BODIES)
def test_any_nesting_is_deterministic_and_makes_up_nothing(body):
    once, again = read(article(body)), read(article(body))
    assert once == again
    if isinstance(once[0], Document):
        assert not Counter(re.findall(r"w\d+", once[0].text)) - Counter(re.findall(r"w\d+", body))
        assert "\n\n\n" not in once[0].text


INLINE = st.recursive(
    WORDS,
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(
            _split("p italic bold sup sub sc named-content list-item disp-quote boxed-text sec unknown")
        ),
        st.lists(inner, max_size=5),
    ),
    max_leaves=30,
)


@given(INLINE)
def test_no_word_is_lost(body):
    body = f"<p>first</p>{body}"
    assert Counter(re.findall(r"w\d+", text(body))) == Counter(re.findall(r"w\d+", body))


# ----------------------------------------------------------------------------------------------------- real articles


@cache
def corpus() -> list[tuple[str, bytes]]:
    paths = sorted(
        [
            *DATA.glob("jats/**/*.xml"),
            *DATA.glob("neardup/jats_versions/**/*.xml"),
            *DATA.glob("pdf_jats/**/*.jats.xml"),
            *DATA.glob("html_sci/*.jats.xml"),
        ]
    )
    return [(str(path.relative_to(DATA)), path.read_bytes()) for path in paths]


@cache
def outputs() -> list[tuple[str, bytes, Document | Unreadable]]:
    return [(name, data, *read(data)) for name, data in corpus()]


@cache
def pairs() -> list[tuple[etree._Element, Document]]:
    """Every well-formed article as plain lxml sees it, and what was read."""
    return [(etree.fromstring(data), found) for _, data, found in outputs() if isinstance(found, Document)]


@needs_data
def test_exactly_one_real_file_is_refused_and_rightly():
    refused = [(data, found) for _, data, found in outputs() if isinstance(found, Unreadable)]
    assert len(outputs()) == 371
    assert len(refused) == 1
    data, found = refused[0]
    with pytest.raises(etree.XMLSyntaxError) as error:
        etree.fromstring(data)
    line, column = error.value.position
    assert found.reason == "not_well_formed"
    assert found.detail.startswith(f"line {line}, column {column}: ")
    assert line > 1


@needs_data
def test_real_files_are_known_by_their_head():
    assert all(Jats().sniff(data[:4096]) for _, data in corpus())
    others = [
        path for folder in ("tei", "html_web_cc", "markdown") for path in sorted((DATA / folder).rglob("*"))
    ]
    assert [path for path in others if path.is_file() and Jats().sniff(path.read_bytes()[:4096])] == []


# Mark-up in the middle of a word; every other tag stands between words.
WITHIN_WORDS = {
    "italic",
    "bold",
    "sc",
    "named-content",
    "styled-content",
    "underline",
    "monospace",
    "ext-link",
    "uri",
}
NOT_READ = (
    "ancestor::*[local-name()='math' or self::tex-math or self::element-citation or self::mixed-citation or "
    "self::permissions or self::object-id or self::alt-text or self::ref-list or self::inline-graphic]"
)
CLASSES = {
    "tables": "ancestor::table",
    "captions": "ancestor::caption and not(ancestor::table)",
    "paragraphs": "ancestor::p and not(ancestor::table or ancestor::caption)",
}


def words(string: str) -> Counter[str]:
    return Counter(re.findall(r"[^\W\d_]+|\d+", string))


def plain(root: etree._Element, which: str) -> str:
    parts = []
    for part in ("body", "floats-group", "front/article-meta/abstract"):
        for node in root.xpath(f"{part}//text()[{CLASSES[which]}][not({NOT_READ})]"):
            parts += [node] if node.getparent().tag in WITHIN_WORDS else [" ", node]
    return "".join(parts)


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize("which", CLASSES)
def test_words_of_real_articles_are_there(which):
    expected = found = 0
    for root, document in pairs():
        wanted = words(plain(root, which))
        expected += wanted.total()
        found += (wanted & words(document.text)).total()
    assert expected > 10_000
    assert found / expected >= 0.99


@needs_data
@pytest.mark.slow
def test_all_words_together_are_there_and_little_else():
    expected = found = given_ = 0
    for root, document in pairs():
        wanted = words(" ".join(plain(root, which) for which in CLASSES))
        output = words(re.sub(r"\$[^$]+\$", " ", document.text))
        expected += wanted.total()
        found += (wanted & output).total()
        given_ += output.total()
    assert found / expected >= 0.99
    # Titles, labels, list numbers and appendices are the rest.
    assert found / given_ >= 0.95


@needs_data
@pytest.mark.slow
def test_word_order_of_paragraphs_is_kept():
    expected = found = 0
    for root, document in pairs():
        output = re.findall(r"[^\W\d_]+|\d+", document.text)
        trigrams = set(zip(output, output[1:], output[2:], strict=False))
        for paragraph in root.iterfind("body//p"):
            if len(paragraph) == 0 and not (paragraph.text or "").startswith("Click here for"):
                run = re.findall(r"[^\W\d_]+|\d+", paragraph.text or "")
                wanted = list(zip(run, run[1:], run[2:], strict=False))
                expected += len(wanted)
                found += sum(trigram in trigrams for trigram in wanted)
    assert expected > 10_000
    assert found / expected >= 0.999


@needs_data
@pytest.mark.slow
def test_mathematics_of_real_articles_is_there():
    expected = found = formulas = kept = tex = tex_kept = 0
    for root, document in pairs():
        segments = re.findall(r"\$[^$]+\$", document.text)
        leaves = root.xpath(
            "(body|floats-group|front/article-meta/abstract)//*[local-name()='math'][not(ancestor::ref-list)]"
            "[not(parent::alternatives/tex-math)][normalize-space()]"
        )
        wanted = Counter(
            character for math in leaves for character in "".join(math.itertext()) if character.isalnum()
        )
        expected += wanted.total()
        found += (wanted & Counter("".join(segments))).total()
        sources = [
            re.sub(
                r"(?s).*\\begin\{document\}(.*)\\end\{document\}.*|\\(begin|end)\{equation\*\}",
                r"\1",
                source.text,
            )
            for source in root.xpath("(body|floats-group|front/article-meta/abstract)//tex-math")
        ]
        sources = ["".join(source.split()).replace("$", "").removeprefix("}{}") for source in sources]
        written = "".join("".join(segments).split())
        tex += len(sources)
        tex_kept += sum(source in written for source in sources)
        formulas += len(leaves) + len(sources)
        kept += min(len(segments), len(leaves) + len(sources))
    assert formulas > 1000
    assert found / expected >= 0.95
    assert kept / formulas >= 0.95
    assert tex_kept / tex >= 0.95


@needs_data
def test_metadata_of_real_articles_is_there():
    wrong: Counter[str] = Counter()
    asked: Counter[str] = Counter()

    def compare(name: str, expected: object, value: object) -> None:
        if expected:
            asked[name] += 1
            wrong[name] += expected != value

    for root, document in pairs():
        meta = "front/article-meta"
        compare("doi", root.xpath(f"string({meta}/article-id[@pub-id-type='doi'])").lower(), document.doi)
        title = root.find(f"{meta}/title-group/article-title")
        for note in title.xpath(".//xref|.//fn"):
            tail = note.tail
            note.clear()
            note.tail = tail
        compare("title", not words("".join(title.itertext())) - words(document.title), True)
        compare(
            "year", min(map(int, root.xpath(f"{meta}/pub-date/year/text()")), default=None), document.year
        )
        hrefs = root.xpath(f"{meta}/permissions//@*[contains(., 'creativecommons.org')]")
        hrefs += root.xpath(f"{meta}/permissions//*[local-name()='license_ref']/text()")
        deed = re.search(r"(licenses|publicdomain)/([a-z-]+)/(\d\.\d)", hrefs[0]) if hrefs else None
        if deed:
            spdx = f"CC0-{deed[3]}" if deed[2] == "zero" else f"CC-{deed[2].upper()}-{deed[3]}"
            compare("license", spdx, document.license)
        compare("license", bool(root.xpath(f"{meta}/permissions/license")), bool(document.license_evidence))
        compare("language", root.xpath("string(@xml:lang)").lower(), document.declared_language)
        compare(
            "journal", root.xpath("normalize-space(front//journal-title)"), document.metadata.get("journal")
        )
        compare(
            "authors",
            bool(root.xpath(f"{meta}/contrib-group/contrib")),
            bool(document.metadata.get("authors")),
        )
        compare("type", root.get("article-type"), document.metadata.get("article_type"))
    assert {name for name, count in asked.items() if count > 5} >= {
        "doi",
        "title",
        "year",
        "license",
        "language",
        "authors",
    }
    assert {name: count for name, count in wrong.items() if count > 0.01 * asked[name]} == {}


@needs_data
def test_real_output_has_no_debris():
    lines = 0
    bad = []
    for _, document in pairs():
        # A formula may end in any mark, and an R script may index a matrix with ``[,``.
        prose = re.sub(r"\$[^$\n]+\$", "formula", document.text)
        bad += re.findall(r"\S {2,}|\[[\s,;]*\]|\[[;,]| [,;)\]]|\( |\ufdd0|\n{3}|\S \n|\[\[\d+\]\]", prose)
        lines += prose.count("\n")
    assert len(bad) < lines / 1000
