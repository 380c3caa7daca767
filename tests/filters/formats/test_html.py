from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.formats.html import Html
from colophon.schemas import Document, ReadOptions, Unreadable

_PROSE = (
    "Ants of the northern heath sleep in turns, some by day and some by night, and no nest is ever quite at rest. "
    "Whoever opens one in winter finds the workers slow but awake around the brood."
)


def read(source, **options: int):
    data = source if isinstance(source, bytes) else source.encode()
    (item,) = Html().read(io.BytesIO(data), ReadOptions(**options))
    return item


def page(body, head="", attributes=""):
    return f"<!DOCTYPE html><html {attributes}><head>{head}</head><body>{body}</body></html>"


def test_text_without_the_rest_of_the_page():
    document = read(
        page(
            "<nav><ul><li><a href=/>Home</a></li><li><a href=/a>About us</a></li></ul></nav>"
            f"<article><h1>On ants</h1><p>{_PROSE}</p><h2>Method</h2><p>We looked\n   at <i>them</i>.</p>"
            "<ul><li>by day</li><li>by night</li></ul>"
            "<table><tr><th>nest</th><th>ants</th></tr><tr><td>A</td><td>12</td></tr></table>"
            "<pre>while true:\n    sleep()</pre></article>"
            "<div class=comments id=comments><p>First comment, says somebody who has not read it at all!</p></div>"
            "<footer>All rights reserved by the heath</footer><script>var x = 'never';</script>",
            head="<title>On ants | Heath</title>",
        )
    )
    assert document.text == (
        f"On ants\n\n{_PROSE}\n\nMethod\n\nWe looked at them.\n\n- by day\n- by night\n\n"
        "nest | ants\nA | 12\n\nwhile true:\n    sleep()"
    )
    assert document.title == "On ants"
    assert document.media_type == "text/html"
    assert not document.structured


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("10<sup>3</sup> ants on 5 m<sup>2</sup>", "10^3 ants on 5 m^2"),
        ("10<sup>\u22126</sup> M of H<sub>2</sub>O", "10^{\u22126} M of H2O"),
        ("Ca<sup>2+</sup> and <i>x</i><sub>i</sub>", "Ca^{2+} and x_i"),
        ("k<sub>cat</sub> is 2<sup>n</sup>", "k_{cat} is 2^n"),
        ("the 4<sup>th</sup>, the XX<sup>e</sup>", "the 4th, the XXe"),
        ("Heath<sup>®</sup> ants<sup>[a note]</sup>", "Heath® ants[a note]"),
        (
            "so they say.<sub>By the way, this is small print</sub>",
            "so they say.By the way, this is small print",
        ),
    ],
)
def test_scripts(markup, text):
    document = read(page(f"<article><p>{_PROSE}</p><p>They were {markup}.</p><p>{_PROSE}</p></article>"))
    assert document.text.split("\n\n")[1] == f"They were {text}."


def test_tables():
    rows = (
        "<tr><td></td><td> </td></tr><tr><th>nest</th><th>|a|</th></tr><tr><td>A</td><td></td><td>12</td></tr>"
        "<tr><td>-</td><td>0</td></tr>"
    )
    document = read(page(f"<article><p>{_PROSE}</p><table>{rows}</table><p>{_PROSE}</p></article>"))
    assert document.text == f"{_PROSE}\n\nnest | |a|\nA | | 12\n- | 0\n\n{_PROSE}"


def test_metadata():
    document = read(
        page(
            f"<p>{_PROSE}</p>",
            head="""
            <meta name="citation_title" content="Ants  at rest">
            <meta name="citation_author" content="Berg, Ada"><meta name="citation_author" content="Moor, Bo">
            <meta name="citation_doi" content="doi:10.5555/ANTS.7">
            <meta name="citation_publication_date" content="2019/03/01">
            <meta name="citation_journal_title" content="Heath Studies">
            <meta name="DC.Title" content="another"><meta name="dc.date" content="1999">
            <link rel="license" href="https://creativecommons.org/licenses/by/4.0/">
            """,
            attributes='lang="en_GB"',
        )
    )
    assert document == Document(
        f"Ants at rest\n\n{_PROSE}",
        "Ants at rest",
        media_type="text/html",
        doi="10.5555/ants.7",
        license="CC-BY-4.0",
        license_evidence="link[rel=license]/@href",
        rights=[("link[rel=license]/@href", "https://creativecommons.org/licenses/by/4.0/")],
        year=2019,
        declared_language="en-gb",
        metadata={"journal": "Heath Studies", "authors": ["Berg, Ada", "Moor, Bo"]},
    )


def test_dublin_core():
    document = read(
        page(
            f"<p>{_PROSE}</p>",
            head='<meta name="DC.title" content="Ants"><meta name="DC.creator" content="Ada Berg">'
            '<meta name="DC.identifier" content="https://example.org/7"><meta name="DC.identifier" content="10.5555/x">'
            '<meta name="DC.date" content="2018-05"><meta name="DC.language" content="de">'
            '<meta name="DC.rights" content="See https://creativecommons.org/licenses/by-sa/3.0/">',
        )
    )
    assert (document.title, document.doi, document.year, document.declared_language) == (
        "Ants",
        "10.5555/x",
        2018,
        "de",
    )
    assert (document.license, document.license_evidence) == ("CC-BY-SA-3.0", "meta[dc.rights]/@content")
    assert document.metadata == {"authors": ["Ada Berg"]}


_BY = "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize(
    ("markup", "licence"),
    [
        (f'<a rel="license noopener" href="{_BY}">CC</a>', "CC-BY-4.0"),
        (f'<a rel="license" href="https://web.archive.org/web/2013/{_BY}">CC</a>', "CC-BY-4.0"),
        ('<a rel="license" href="https://example.org/terms">terms</a>', "https://example.org/terms"),
        (f'<a rel="license" href="/terms">terms</a><a rel="license" href="{_BY}">CC</a>', "CC-BY-4.0"),
        (f'<p>This article is distributed under the terms of <a href="{_BY}">CC BY</a>.</p>', "CC-BY-4.0"),
        (f"<p>This is an open access article under the CC BY license ({_BY}).</p>", "CC-BY-4.0"),
        (
            (
                f'<p>This work is licensed under <a href="{_BY}">CC BY</a>; its data under '
                '<a href="https://creativecommons.org/publicdomain/zero/1.0/">CC0</a>.</p>'
            ),
            "CC-BY-4.0",
        ),
        # The licence of a picture is not that of the page.
        (f'<p>Photo: Bo Moor, <a href="{_BY}">CC BY</a></p>', ""),
        (f'<p><a href="{_BY}">CC BY</a></p>', ""),
        ("<p>All rights reserved.</p>", ""),
    ],
)
def test_licence(markup, licence):
    document = read(page(f"<article><p>{_PROSE}</p></article><footer>{markup}</footer>"))
    assert document.license == licence
    assert bool(document.license_evidence) == bool(licence)


def test_title_of_the_page_and_not_of_the_site():
    body = f"<h1>The Heath</h1><article><h1>Ants at rest</h1><p>{_PROSE}</p></article>"
    document = read(page(body, head="<title>Ants at rest - The Heath</title>"))
    assert document.title == "Ants at rest"
    assert read(page(f"<p>{_PROSE}</p>", head="<title>Ants</title>")).title == "Ants"
    assert read(page(f"<p>{_PROSE}</p>", head="<title>Ants</title>")).text == _PROSE


@pytest.mark.parametrize(
    "formula",
    [
        r'<math alttext="{\displaystyle a^{2}}"><mi>a</mi></math>',
        '<math><semantics><mi>a</mi><annotation encoding="application/x-tex">a^{2}</annotation></semantics></math>',
        '<script type="math/tex">a^{2}</script>',
        '<span class="mwe-math-element"><span style="display:none"><math alttext="a^{2}"><mi>a</mi></math></span><img alt="a^{2}"></span>',
        (
            '<span class="katex"><span class="katex-mathml"><math><annotation encoding="application/x-tex">a^{2}</annotation></math></span>'
            '<span class="katex-html">a2</span></span>'
        ),
        "<math><msup><mi>a</mi><mn>2</mn></msup></math>",
    ],
)
def test_formulae(formula):
    text = read(page(f"<p>{_PROSE} The area is {formula} of them.</p>")).text
    assert text.startswith(_PROSE)
    assert "The area is $a^" in text
    assert text.replace("{2}", "2").endswith("is $a^2$ of them.")


@pytest.mark.parametrize(
    ("marks", "text"),
    [
        ("rest <sup> <a href='#r1'>1</a> </sup>. They", "rest [1]. They"),
        (
            "rest<sup><a href='#r1'>1</a>, <a href='#r2'>2</a>-<a href='#r4'>4</a></sup>. They",
            "rest[1,2-4]. They",
        ),
        ("rest.<sup id='c'><a href='/p#n7'>[7]</a></sup> They", "rest.[7] They"),
        ("10 cm<sup>2</sup>, they", "10 cm^2, they"),
        ("Berg<sup><a href='#aff1'>1</a></sup>, they", "Berg1, they"),
    ],
)
def test_raised_citations(marks, text):
    assert read(page(f"<p>{_PROSE} At {marks} sleep.</p>")).text == f"{_PROSE} At {text} sleep."


@pytest.mark.parametrize(
    "heading", ["References", "5. Literature cited", "Bibliography [edit]", "Einzelnachweise"]
)
def test_reference_lists_are_left_out_unless_asked_for(heading):
    cited = "<ul><li>Berg A. (1999) On ants of the northern heath.</li><li>Moor B. (2001) Again.</li></ul>"
    source = page(
        f"<article><h1>On ants</h1><p>{_PROSE}</p><h2>{heading}</h2>{cited}<h3>Further</h3><p>Berg B. (1998) Bees.</p>"
        f"<h2>Method</h2><p>We looked at them.</p></article>",
        head="<title>On ants</title>",
    )
    assert read(source).text == f"On ants\n\n{_PROSE}\n\nMethod\n\nWe looked at them."
    assert "Moor B. (2001) Again." in read(source, references=True).text
    assert "Bees" in read(source, references=True).text


def test_a_bibliography_is_not_left_out():
    source = page(
        f"<article><h1>Bibliography</h1><p>{_PROSE}</p></article>", head="<title>Bibliography</title>"
    )
    assert read(source).text == f"Bibliography\n\n{_PROSE}"


@pytest.mark.parametrize(
    ("encoding", "declaration"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("iso-8859-15", '<meta charset="iso-8859-15">'),
        ("cp1252", '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">'),
        ("cp1252", ""),
    ],
)
def test_charsets(encoding, declaration):
    text = "Die Ameisen der nördlichen Heide schlafen abwechselnd, einige tagsüber, andere nachts, nie für länger."
    assert read(page(f"<p>{text}</p>", head=declaration).encode(encoding)).text == text


def test_a_few_broken_bytes_do_not_cost_the_page():
    data = (
        page(f"<p>{_PROSE} Größe{f' {_PROSE}' * 5}</p>")
        .encode()
        .replace("ö".encode(), "ö".encode() + b"\xc3")
    )
    assert "Grö\ufffdße" in read(data).text


@pytest.mark.parametrize("tag", ["div", "span", "b", "blockquote", "ul><li", "table><tr><td"])
@pytest.mark.parametrize("depth", [300, 100_000])
def test_too_deep(tag, depth):
    fault = read("<html><body>" + f"<{tag}>" * depth + _PROSE)
    assert isinstance(fault, Unreadable)
    assert (fault.reason, fault.threshold) == ("too_deeply_nested", 256)


def test_deep_but_not_too_deep():
    assert _PROSE in read("<html><body>" + "<div>" * 200 + f"<p>{_PROSE}</p>" + "</div>" * 200).text


def test_ten_thousand_paragraphs_without_end_tags_are_not_deep():
    assert isinstance(read("<html><body>" + "<p>Ants sleep." * 10_000), Document)


@pytest.mark.parametrize(
    "source",
    [
        "<html></html>",
        "<html><body><script>x</script></body></html>",
        "<!-- x -->",
        "<html><body><img src=x></body></html>",
    ],
)
def test_no_text(source):
    fault = read(source)
    assert isinstance(fault, Unreadable)
    assert fault.reason == "no_text"


def test_one_piece_of_more_than_libxml2_takes():
    fault = read(page(f"<p>{_PROSE}</p><script>{'x' * 11_000_000}</script><p>{_PROSE}</p>"))
    assert isinstance(fault, Unreadable)
    assert fault.reason == "not_well_formed"


def test_empty_binary_large():
    assert read(b"").reason == "empty_file"
    assert read(b"\0\1\2\3" * 100).reason == "binary_data"
    assert read(page("x" * 200), max_document_bytes=200).reason == "too_large"


def test_fragments_and_broken_markup():
    assert read(f"<p>{_PROSE}").text == _PROSE
    assert read(f"<div><p>{_PROSE}</b></i></div></td>").text == _PROSE
    assert _PROSE in read(f"<html><body><p>{_PROSE}\0\1</p><p>R&ouml;ssel &#0; &#xFFFFFF; &unknown;</p>").text


def test_nothing_is_printed(capfd):
    read("<html><body><p></p></body></html>")
    read("<html><body>" + "<div>" * 5000)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("head", "sure"),
    [
        (b"<!DOCTYPE html>", True),
        (b"\xef\xbb\xbf \n<!doctype HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'>", True),
        (b"<html lang=en>", True),
        (b"<!-- saved --><HTML>", True),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x">', True),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">', True),
        ("<html>".encode("utf-16"), True),
        (b"<head>", True),
        (b"<htmlx>", False),
        (b"<p align=center>A readme", False),
        (b"<!-- x -->\n# A readme", False),
        (b'<?xml version="1.0"?><article>', False),
        (b'<!DOCTYPE article PUBLIC "-//NLM//DTD JATS"><article>', False),
        (b"html", False),
        (b"", False),
    ],
)
def test_sniff(head, sure):
    assert Html().sniff(head) is sure


@given(st.binary(max_size=400))
def test_never_raises(data):
    assert isinstance(read(b"<html><body><p>" + data), Document | Unreadable)


HEAD = "<h1>Tides</h1><p>{}</p><h2>Abstract</h2><p>{}</p>"
PROSE = (
    "The tide was measured at the harbour wall each hour for a year, and the record was compared with the moon. "
    * 5
)


@pytest.mark.parametrize(
    ("head", "body", "doi"),
    [
        ('<a href="https://doi.org/10.5555/Tide.1">doi</a>', "", "10.5555/tide.1"),
        (
            '<a href="https://dx.doi.org/10.5555/tide.1">10.5555/tide.1</a>',
            '<a href="https://doi.org/10.5555/x">x</a>',
            "10.5555/tide.1",
        ),
        ("", '<a href="https://doi.org/10.5555/cited">cited</a>', ""),
        (
            '<a href="https://doi.org/10.5555/a">a</a> corrects <a href="https://doi.org/10.5555/b">b</a>',
            "",
            "",
        ),
        ('<a href="https://example.org/10.5555/a">a</a>', "", ""),
    ],
)
def test_a_doi_that_only_the_head_links_to(head, body, doi):
    page = f"<html><body><article>{HEAD.format(head, PROSE + body)}</article></body></html>"
    assert read(page).doi == doi
