from __future__ import annotations

import io
import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pdf_pages import Put, column, pdf

from colophon.filters.formats import Jats, detect
from colophon.filters.formats.pdf import Pdf
from colophon.filters.formats.pdf_parts import doi_in, year_in
from colophon.filters.formats.pdf_rights import licence_of, passages
from colophon.pipelines.isolation import Isolated
from colophon.schemas import Document, ReadOptions, Unreadable

LEFT, RIGHT = 50, 310

ONE = [
    "\tThe ants of the northern heath sleep in turns, and the nest",
    "is never quite at rest. Whoever opens one in winter will find",
    "the workers slow, but awake around the brood and the queen,",
    "which is the warmest place.",
    "\tWe have watched eleven nests for two winters. In each of",
    "them we counted the workers that moved at night, and those",
    "which stayed where they were until the morning came back to",
]
TWO = [
    "the heath and to the small stones on which the nests had been",
    "built. No worker was counted twice in any of these nights.",
    "\tThe counts differ from nest to nest but not from one winter",
    "to the next, so that we may speak of a habit of the nest and",
    "not of the weather alone.",
]
TEXT = (
    "The ants of the northern heath sleep in turns, and the nest is never quite at rest. Whoever opens one in winter will "
    "find the workers slow, but awake around the brood and the queen, which is the warmest place.\n\n"
    "We have watched eleven nests for two winters. In each of them we counted the workers that moved at night, and those "
    "which stayed where they were until the morning came back to the heath and to the small stones on which the nests had "
    "been built. No worker was counted twice in any of these nights.\n\n"
    "The counts differ from nest to nest but not from one winter to the next, so that we may speak of a habit of the nest "
    "and not of the weather alone."
)


def columns(size=8.5):
    return column(LEFT, 600, ONE, size), column(RIGHT, 600, TWO, size)


def read(data, **options):
    (item,) = Pdf().read(io.BytesIO(data), ReadOptions(**options))
    return item


def blocks(data, **options):
    item = read(data, **options)
    assert isinstance(item, Document), item
    return item.text.split("\n\n")


def test_two_columns_below_a_title():
    left, right = columns()
    document = read(pdf([Put(120, 700, "Sleep of the ants of the heath", 18, bold=True), *left, *right]))
    assert document.text == "Sleep of the ants of the heath\n\n" + TEXT
    assert document.title == "Sleep of the ants of the heath"
    assert document.media_type == "application/pdf"
    assert document.metadata == {"pages": 1}
    assert not document.structured


def test_two_columns_drawn_row_by_row():
    left, right = columns()
    rows = [put for pair in zip(left, right, strict=False) for put in pair] + left[len(right) :]
    # Rows that go through to the foot, as a scanner's text layer has them.
    more_left = column(
        LEFT, 510, [f"Line {n} of the left side is about as long as the others" for n in "abcdefgh"], 8.5
    )
    more_right = column(
        RIGHT, 510, [f"Line {n} of the right side is about as long as these" for n in "abcdefgh"], 8.5
    )
    rows += [put for pair in zip(more_left, more_right, strict=True) for put in pair]
    text = " ".join(blocks(pdf(rows)))
    assert (
        text.index("warmest place") < text.index("Line h of the left") < text.index("twice in any of these")
    )
    assert text.index("weather alone") < text.index("Line a of the right")


def test_lines_drawn_in_any_order():
    left, right = columns()
    puts = [*left, *right]
    scattered = puts[::-1]
    assert " ".join(blocks(pdf(scattered))) == TEXT.replace("\n\n", " ")


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_turned_pages(rotate):
    # However the page is said to lie, its words are read the way they run.
    left, right = columns()
    assert " ".join(blocks(pdf([*left, *right], rotate=rotate))) == TEXT.replace("\n\n", " ")


def test_running_heads_feet_and_page_numbers_are_left_out():
    pages = []
    for n in range(4):
        body = [
            f"On page {'abcd'[n]} the text says something of its own, which is",
            "longer than one line and ends with a stop.",
        ]
        head = (
            Put(400, 770, f"Heath Studies {n + 1}")
            if n % 2
            else Put(50, 770, f"{n + 1}   Berg and Moor: Ants")
        )
        pages.append(
            [
                head,
                *column(LEFT, 600, body),
                Put(290, 30, str(n + 11)),
                Put(50, 20, "(c) Heath Society, page 1"),
            ]
        )
    text = "\n".join(blocks(pdf(*pages)))
    assert text.count("says something of its own") == 4
    for gone in ("Studies", "Berg", "Society", "11", "14"):
        assert gone not in text


def test_a_table_under_the_running_head_stays():
    pages = [
        [Put(50, 770, "Heath Studies"), *column(LEFT, 600, ONE, 8.5), Put(50, 40, f"{n} workers")]
        for n in (3, 5)
    ]
    assert "3 workers" not in " ".join(blocks(pdf(*pages)))  # the same words at the same height of both pages
    pages = [
        [Put(50, 770, "Heath Studies"), *column(LEFT, 600, ONE, 8.5), Put(50, 300 - n, "3 workers")]
        for n in (3, 5)
    ]
    assert " ".join(blocks(pdf(*pages))).count("3 workers") == 2


def test_hyphens_at_line_ends():
    lines = [
        "The observation of nests is old. Where a long-lived colo-",
        "ny stands beside another, the inter-",
        "action of workers is a matter of temperature, of food and of long-",
        "lived queens. An interaction was seen twice. A German-",
        "Danish team found well known colonies, some of them well-",
        "known for their size, where no observa-",
        "tion had been made, though colonies are known to do well.",
    ]
    (text,) = blocks(pdf(column(LEFT, 600, lines)))
    for whole in (
        "colony",
        "interaction of",
        "long-lived queens",
        "German-Danish",
        "well-known",
        "observation had",
    ):
        assert whole in text
    assert "- " not in text


def test_ligatures_are_letters():
    fonts = (
        b"/R << /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
        b"/Encoding << /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [64 /fi /fl] >> >>"
    )
    line = "The @rst @eld had a Aow of ants, and the Aoor of the nest was de@ned by them."
    (text,) = blocks(pdf(column(LEFT, 600, [line]), fonts=fonts))
    assert text == "The first field had a flow of ants, and the floor of the nest was defined by them."


def test_scripts():
    page = [
        *column(LEFT, 600, ["Ants were seen to sleep long before that in the north,"]),
        Put(LEFT, 588, "which was shown by others"),
        Put(168, 588, "3,4", 6, rise=4),
        Put(179, 588, "and found again on 25 m"),
        Put(290, 588, "2", 6, rise=4),
        Put(295, 588, " of ground."),
    ]
    (text,) = blocks(pdf(page))
    assert "shown by others[3,4] and" in text
    assert "25 m^2 of ground" in text


def test_headings_are_paragraphs_of_their_own():
    page = [
        Put(LEFT, 640, "1. Introduction", 10, bold=True),
        *column(LEFT, 626, ONE[:4], 8.5),
        Put(LEFT, 560, "Nests", 12),
        *column(LEFT, 546, TWO[2:], 8.5),
        Put(LEFT, 500, "METHODS", 8.5),
        *column(LEFT, 488, ["We looked at them."], 8.5),
    ]
    assert [block for block in blocks(pdf(page)) if len(block) < 30] == [
        "1. Introduction",
        "Nests",
        "METHODS",
        "We looked at them.",
    ]


def test_a_float_does_not_part_a_paragraph():
    first = [
        *column(LEFT, 600, ONE, 8.5),
        Put(LEFT, 480, "Figure 1. Nests", 8, bold=True),
        Put(LEFT + 64, 480, "that were watched in the first of the winters.", 8),
    ]
    drawing = [Put(LEFT + 30 * n, 500, str(10 * n), 6) for n in range(6)]
    text = blocks(pdf([*first[: len(ONE)], *drawing, *first[len(ONE) :]], column(LEFT, 600, TWO, 8.5)))
    assert text == [
        *TEXT.split("\n\n")[:2],
        "Figure 1. Nests that were watched in the first of the winters.",
        TEXT.split("\n\n")[2],
    ]


def test_tables_keep_their_rows():
    rows = [("Nest", "Workers", "Queens"), ("A", "120", "1"), ("B", "85", "2")]
    page = [
        *column(LEFT, 600, ONE[:4], 8.5),
        Put(LEFT, 530, "Table 1. Counts of the first winter", 8, bold=True),
    ]
    page += [
        Put(LEFT + 90 * n, 515 - 12 * row, cell, 8)
        for row, cells in enumerate(rows)
        for n, cell in enumerate(cells)
    ]
    assert blocks(pdf(page))[-2:] == [
        "Table 1. Counts of the first winter",
        "Nest | Workers | Queens\nA | 120 | 1\nB | 85 | 2",
    ]


@pytest.mark.parametrize(
    "heading", ["References", "REFERENCES", "5. Literature cited", "Bibliografía", "Literaturverzeichnis"]
)
def test_references_are_left_out_unless_asked_for(heading):
    page = [
        *column(LEFT, 600, ONE[:4], 8.5),
        Put(LEFT, 520, heading, 10, bold=True),
        *column(
            LEFT,
            500,
            [
                "[1] Berg A. Ants. Heath Studies 2001; 3: 1-9.",
                "[2] Moor B. More ants. Heath Studies 2004; 6: 2-7.",
            ],
            8,
        ),
        Put(LEFT, 450, "Appendix A", 10, bold=True),
        *column(LEFT, 436, ["How the nests were opened is told in this appendix."], 8.5),
    ]
    text = blocks(pdf(page))
    assert text == [
        TEXT.split("\n\n", maxsplit=1)[0],
        "Appendix A",
        "How the nests were opened is told in this appendix.",
    ]
    kept = blocks(pdf(page), references=True)
    assert heading in kept
    assert "[2] Moor B. More ants. Heath Studies 2004; 6: 2-7." in kept


def front():
    return [
        Put(80, 700, "Sleep of the ants of the heath", 18, bold=True),
        Put(80, 680, "Ada Berg and Bo Moor", 11),
        Put(80, 668, "Department of Ants, University of the Heath, ada@example.org", 8),
        Put(80, 650, "Received 3 May 2011; accepted 9 June 2012. Published: 1 July 2013", 8),
        Put(80, 636, "https://doi.org/10.5555/ANTS.7", 8),
        Put(80, 620, "Abstract", 10, bold=True),
    ]


def test_what_the_first_page_says_of_the_article():
    end = [Put(LEFT, 60, "This article is licensed under https://creativecommons.org/licenses/by/4.0/", 7)]
    info = {
        "Author": "Ada Berg; Bo Moor",
        "Title": "Microsoft Word - ants_final.docx",
        "Subject": "10.5555/other.1",
    }
    document = read(pdf([*front(), *column(LEFT, 600, ONE[:4], 8.5), *end], info=info))
    assert document == Document(
        "Sleep of the ants of the heath\n\n" + TEXT.split("\n\n", maxsplit=1)[0],
        "Sleep of the ants of the heath",
        media_type="application/pdf",
        doi="10.5555/ants.7",
        license="CC-BY-4.0",
        license_evidence="page 1",
        rights=[("page 1", "This article is licensed under https://creativecommons.org/licenses/by/4.0/")],
        year=2013,
        metadata={"pages": 1, "authors": ["Ada Berg", "Bo Moor"]},
    )


def test_metadata_that_are_no_text():
    # UTF-16 of half a character.
    info = {"Title": "þÿØ\x00\x00A", "Author": "Ada Berg", "Subject": "þÿØ\x00"}
    document = read(pdf([*front(), *column(LEFT, 600, ONE[:4], 8.5)], info=info))
    assert document.title == "Sleep of the ants of the heath"
    assert document.metadata["authors"] == ["Ada Berg"]


def test_a_doi_of_the_references_is_not_the_articles():
    page = [*column(LEFT, 600, ONE[:4], 8.5), Put(LEFT, 520, "References", 10, bold=True)]
    page += column(
        LEFT,
        500,
        ["[1] Berg A. Ants. 2001. doi:10.5555/other.2", "[2] Moor B. Ants. 2004. doi:10.5555/other.3"],
        8,
    )
    assert read(pdf(page)).doi == ""
    assert read(pdf(page, info={"Subject": "doi:10.5555/ants.8"})).doi == "10.5555/ants.8"


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("doi: 10.5555/ab.12. Heath", "10.5555/ab.12"),
        ("https://doi.org/10.5555/ab(12)3-x; and", "10.5555/ab(12)3-x"),
        ("(doi:10.5555/ab.12)", "10.5555/ab.12"),
        ("https: //doi.org/10.5555/ab.12", "10.5555/ab.12"),
        ("version 10.1 of 5/6", ""),
    ],
)
def test_doi(text, doi):
    assert doi_in([text]) == doi


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("Received: 3 May 2011 Accepted: 4 May 2012 Published: 5 June 2013", 2013),
        ("Copyright (c) 1998 Heath Society", 1998),
        ("Heath Studies 2016;8(3):1-5", 2016),
        ("no year at all", None),
    ],
)
def test_year(text, year):
    assert year_in(text) == year


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("under http://creativecommons.org/licenses/by-nc/3.0/ which", "CC-BY-NC-3.0"),
        ("under (http://creativecommons. org/licenses/by/4.0), which", "CC-BY-4.0"),
        ("Creative Commons Attribution 4.0 International License (CC BY 4.0)", "CC-BY-4.0"),
        ("the Creative Commons Attribution-NonCommercial-ShareAlike 4.0 licence", "CC-BY-NC-SA-4.0"),
        ("under CC BY-NC-ND 4.0", "CC-BY-NC-ND-4.0"),
        ("the Creative Commons Attribution License, which permits", "LicenseRef-CC-BY-unversioned"),
        ("All rights reserved", ""),
    ],
)
def test_licence(text, licence):
    assert licence_of([("page 1", said) for said in passages(text)])[0] == licence


def test_no_text_layer():
    item = read(pdf([], [Put(50, 20, "scan 1")]))
    assert (item.reason, item.threshold) == ("no_text_layer", 20)
    # A stamp on each page of a scan is not its text.
    stamp = [Put(50, 20, "Downloaded from the library of the heath on 3 May 2011, for private use only")]
    item = read(pdf(stamp, stamp, stamp))
    assert (item.reason, item.value) == ("no_text_layer", 0)


def test_fonts_that_do_not_say_what_their_characters_mean():
    glyphs = b" ".join(b"/u%04X" % (0xE000 + n) for n in range(26))
    fonts = (
        b"/R << /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
        b"/Encoding << /Type /Encoding /Differences [97 %s] >> /ToUnicode 5 0 R >>" % glyphs
    )
    cmap = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def
1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfrange <61> <7a> <e000> endbfrange endcmap end end"""
    stream = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(cmap), cmap)
    item = read(pdf(column(LEFT, 600, ONE), fonts=fonts, more=(stream,)))
    assert isinstance(item, Unreadable)
    assert item.reason == "unmapped_fonts"


def test_encrypted():
    encrypt = (
        b"<< /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O <%s> /U <%s> >>" % (b"5a" * 32, b"a5" * 32),
    )
    trailer = b"/Encrypt 5 0 R /ID [<%s> <%s>]" % (b"11" * 16, b"11" * 16)
    assert read(pdf(column(LEFT, 600, ONE), trailer=trailer, more=encrypt)).reason == "encrypted"


def test_damaged_and_other_files():
    whole = pdf(column(LEFT, 600, ONE))
    assert read(b"%PDF-1.7\n" + bytes(range(256)) * 20).reason == "damaged_pdf"
    assert read(b"an essay about ants and their sleep").reason == "not_pdf"
    assert read(b"").reason == "empty_file"
    assert read(whole, max_document_bytes=100).reason == "too_large"
    # A table of objects that points anywhere is made anew.
    assert (
        "never quite at rest"
        in read(whole.replace(b"00000 n", b"00007 n").replace(b"startxref\n", b"startxref\n9")).text
    )


def test_too_many_pages(monkeypatch):
    monkeypatch.setattr("colophon.filters.formats.pdf._MAX_PAGES", 2)
    page = column(LEFT, 600, ONE)
    assert isinstance(read(pdf(page, page)), Document)
    item = read(pdf(page, page, page))
    assert (item.reason, item.value, item.threshold) == ("too_many_pages", 3, 2)


def test_detected_by_content():
    data = pdf(column(LEFT, 600, ONE))
    assert detect(data[:4096], "ants.txt").name == "pdf"
    assert detect(b"\n" * 1000 + data[:3000], "ants").name == "pdf"
    assert detect(b"", "Ants.PDF").name == "pdf"
    assert not Pdf().sniff(b" " * 2000 + data[:1000])


def test_loops_end():
    page = pdf(column(LEFT, 600, ONE))
    kids = page.replace(b"/Kids [5 0 R]", b"/Kids [2 0 R]")
    parent = page.replace(b"/Contents 6 0 R", b"/Contents 5 0 R")
    form = pdf(
        [],
        more=(
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >> /Length 5 >>\nstream\n/X Do\nendstream",
        ),
    )
    with Isolated(seconds=20) as isolated:
        for data in (kids, parent, form):
            assert len(isolated(Pdf(), data, ReadOptions())) == 1


@pytest.fixture(scope="module")
def isolated():
    with Isolated(seconds=20) as child:
        yield child


_WHOLE = pdf(
    [*front(), *column(LEFT, 600, ONE, 8.5), *column(RIGHT, 600, TWO, 8.5)],
    [*column(LEFT, 600, TWO, 8.5), Put(LEFT, 500, "References", 10, bold=True)],
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, len(_WHOLE)),
            st.integers(0, 40),
            st.one_of(
                st.binary(max_size=12),
                st.sampled_from([b"9999999", b"-1", b"2 0 R", b"<<", b"1e39", b"ET", b"endstream"]),
            ),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_mutated_files_always_answer(isolated, edits):
    data = bytearray(_WHOLE)
    for at, length, new in edits:
        data[at : at + length] = new
    items = isolated(Pdf(), bytes(data), ReadOptions())
    assert len(items) == 1
    assert isinstance(items[0], Document | Unreadable)
    # A killed or failed child would mean that our own code hangs or raises.
    assert getattr(items[0], "reason", "") not in {"reader_failed", "timed_out", "memory_exceeded"}


_WORDS = re.compile(r"\w+")


def _agreement(text, truth):
    ours, theirs = Counter(_WORDS.findall(text.lower())), Counter(_WORDS.findall(truth.lower()))
    return 2 * sum((ours & theirs).values()) / (ours.total() + theirs.total())


def _shingles(text):
    words = _WORDS.findall(text.lower())
    return Counter(tuple(words[n : n + 5]) for n in range(len(words) - 4))


def test_against_the_jats_of_the_same_paper(corpora):
    agreement, order, dois, titles = [], [], [], []
    for path in sorted(corpora.glob("pdf_jats/*/*.pdf")):
        item = read(path.read_bytes())
        (truth,) = Jats().read(
            io.BytesIO(path.with_name(f"{path.stem}.jats.xml").read_bytes()), ReadOptions()
        )
        assert isinstance(item, Document), path.name
        agreement.append(_agreement(item.text, truth.text))
        shingles = _shingles(truth.text)
        order.append((shingles & _shingles(item.text)).total() / shingles.total())
        dois.append(item.doi == truth.doi)
        titles.append(_WORDS.findall(item.title.lower()) == _WORDS.findall(truth.title.lower()))
    assert len(agreement) >= 30
    assert sum(agreement) / len(agreement) >= 0.988
    assert min(agreement) >= 0.94
    assert sum(order) / len(order) >= 0.975
    assert sum(dois) >= len(dois) - 2
    assert sum(titles) >= len(titles) - 2
