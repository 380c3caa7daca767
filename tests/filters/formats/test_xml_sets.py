from __future__ import annotations

import gzip
import io
import itertools
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.formats import xml_sets
from colophon.filters.formats.jats import Jats
from colophon.filters.formats.reading import read_stream
from colophon.filters.formats.tei import Tei
from colophon.filters.formats.xml_sets import XmlSet
from colophon.schemas import Document, ReadOptions


def article(text, attributes=""):
    return f"<article{attributes}><front/><body><p>{text}</p></body></article>"


def articles(*members, root="pmc-articleset", before="", **options):
    data = f"{before}<{root}>{''.join(members)}</{root.split()[0]}>"
    return list(Jats().read(io.BytesIO(data.encode()), ReadOptions(**options)))


def named(items):
    return [item.text if isinstance(item, Document) else item.reason for item in items]


def test_each_article_has_its_place():
    items = articles(article("Ants."), "\n", article("Bees."))
    assert [(item.text, item.locator) for item in items] == [("Ants.", "article=1"), ("Bees.", "article=2")]
    assert len({item.digest for item in items}) == 2
    assert [item.locator for item in articles(article("Ants."))] == [""]


def test_a_large_article_costs_itself():
    large = article("Wasps. " * 1000)
    items = articles(article("Ants."), large, article("Bees."), max_document_bytes=1000)
    assert named(items) == ["Ants.", "too_large", "Bees."]
    assert (items[1].locator, items[1].value, items[1].threshold) == ("article=2", len(large), 1000)


def test_the_size_of_the_file_is_no_limit():
    assert named(articles(*[article("Ants.")] * 50, max_document_bytes=200)) == ["Ants."] * 50


@pytest.mark.parametrize(
    "broken",
    [
        "<article><front/><body><p>Wasps & </p></body></article>",
        "<article><front/><body><p>Wasps.</body></article>",
        "<article><front/><body><p>Wasps.",
        "<article><front/><body><p>Wasps. <!-- no end </p></body></article>",
        "<article><front/><body><p>Wasps. <![CDATA[ no end </p></body></article>",
        "<article><front/><body><p>Wasps.</p></body></articles>",
        "<article><front/><body><p>Wasps. &nothing;</p></body></article>",
    ],
)
def test_a_broken_article_costs_itself(broken):
    items = articles(article("Ants."), broken, "<!-- -->", article("Bees."))
    assert named(items) == ["Ants.", "not_well_formed", "Bees."]
    assert items[1].locator == "article=2"
    assert items[1].detail.startswith("of what begins at byte ")


def test_a_set_that_ends_too_soon():
    data = f"<pmc-articleset>{article('Ants.')}<article><front/><body><p>Wasps".encode()
    assert named(Jats().read(io.BytesIO(data), ReadOptions())) == ["Ants.", "not_well_formed"]


def test_what_is_no_article():
    items = articles(
        f"<!-- {article('Wasps.')} -->",
        f"<note><![CDATA[{article('Wasps.')}]]></note>",
        "<article/><article-note/><related-article/>",
        article("<![CDATA[</article>]]><!-- </article> -->"),
        "<article xmlns='http://docbook.org/ns/docbook'><front/><para>Wasps.</para></article>",
    )
    assert [(item.text, item.locator) for item in items] == [("</article>", "")]
    (fault,) = articles("<note/>")
    assert fault.reason == "not_jats"


def test_what_the_set_declares_holds_for_all():
    linked = article("Ants.").replace(
        "<front/>",
        '<front><article-meta><permissions><license x:href="u"/></permissions></article-meta></front>',
    )
    items = articles(linked, linked, root='set xmlns:x="http://www.w3.org/1999/xlink"', before="\n")
    assert [(item.text, item.license) for item in items] == [("Ants.", "u")] * 2
    data = f'<?xml version="1.0" encoding="iso-8859-1"?><set>{article("Größe")}</set>'
    assert named(Jats().read(io.BytesIO(data.encode("latin-1")), ReadOptions())) == ["Größe"]
    data = f"<set>{article('Größe')}</set>"
    assert named(Jats().read(io.BytesIO(data.encode("utf-16")), ReadOptions())) == ["Größe"]
    data = f'<!DOCTYPE set [<!ENTITY a "Ants">]><set>{article("&a;")}{article("Ants.")}</set>'
    assert named(Jats().read(io.BytesIO(data.encode()), ReadOptions())) == ["undefined_entity", "Ants."]


def test_a_compressed_set():
    data = gzip.compress(f"<pmc-articleset>{article('Ants.') * 3}</pmc-articleset>".encode())
    assert (
        named(read_stream(io.BytesIO(data), "a.xml.gz", ReadOptions(max_document_bytes=100))) == ["Ants."] * 3
    )


_TEI = "<TEI><teiHeader/><text><body><p>{}</p></body></text></TEI>"


def test_a_corpus_of_tei():
    header = (
        "<teiHeader><fileDesc><publicationStmt><availability>"
        "<licence target='https://creativecommons.org/licenses/by/4.0/'/></availability></publicationStmt></fileDesc></teiHeader>"
    )
    members = [_TEI.format("Ants."), _TEI.format("Wasps. " * 200), _TEI.format("& "), _TEI.format("Bees.")]
    data = f'<teiCorpus xmlns="http://www.tei-c.org/ns/1.0">{header}{"".join(members)}</teiCorpus>'.encode()
    items = list(Tei().read(io.BytesIO(data), ReadOptions(max_document_bytes=500)))
    assert named(items) == ["Ants.", "too_large", "not_well_formed", "Bees."]
    assert [item.locator for item in items] == ["TEI=1", "TEI=2", "TEI=3", "TEI=4"]
    assert {item.license for item in items if isinstance(item, Document)} == {"CC-BY-4.0"}


class Slowly(io.RawIOBase):
    """A file that is read in pieces of any size."""

    def __init__(self, data, sizes):
        self._data = io.BytesIO(data)
        self._sizes = itertools.cycle(sizes)

    def read(self, size=-1):
        return self._data.read(min(size, next(self._sizes)))


_PARTS = st.lists(
    st.sampled_from(
        [
            b"<a>", b"</a>", b"<x:a b='c'>", b"</x:a >", b"<a/>", b"<ab>", b"<!--", b"-->", b"--", b"->", b">",
            b"<![CDATA[", b"]]>", b"]", b"<", b"text", b" ",
        ]
    ),
    max_size=30,
)  # fmt: skip


@given(_PARTS, st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(1, 40))
def test_how_it_is_read_makes_no_difference(parts, sizes, limit):
    data = b"".join(parts)
    whole = XmlSet(io.BytesIO(data), ("a",), limit)
    slow = XmlSet(Slowly(data, sizes), ("a",), limit)
    pieces = list(whole.pieces())
    assert list(slow.pieces()) == pieces
    assert slow.before == whole.before
    ends = [0]
    for piece in pieces:
        assert piece.offset >= ends[-1]
        assert piece.data == (data[piece.offset : piece.offset + piece.size] if piece.size <= limit else None)
        ends.append(piece.offset + piece.size)


@pytest.mark.parametrize("text", [b"a" * 100, b"<!--", b"<![CDATA[", b"<a ", b"</a", b"<!-- -- "])
def test_memory_is_bounded(text, monkeypatch):
    monkeypatch.setattr(xml_sets, "_LONGEST_SECTION", 2**12)
    monkeypatch.setattr(xml_sets, "_CHUNK", 2**12)
    monkeypatch.setattr(xml_sets, "_LONGEST_BEFORE", 2**12)
    size = 2**17
    stream = io.BytesIO(text * (size // len(text)))
    tracemalloc.start()
    try:
        for _ in XmlSet(stream, ("a",), 2**12).pieces():
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert stream.tell() > size - len(text)
    assert peak < size // 4


@pytest.mark.parametrize(
    "text", [b"<!--", b"<![CDATA[", b"<article ", b"</article", b"<!-- -- ", b"&a;<article>"]
)
def test_hostile_sets_end(text):
    data = b"<set>" + text * (10**5 // len(text))
    assert list(Jats().read(io.BytesIO(data), ReadOptions(max_document_bytes=1000)))
