"""Which paragraphs of an article are its text, and what the others say of it: title, DOI, year."""
# ruff: noqa: RUF001 - dashes and quotation marks of every kind are what authors write

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from colophon.filters.formats.bibliographic import REFERENCE_HEADINGS, doi_of, year_of
from colophon.filters.formats.pdf_layout import CAPTION, HEADING, TABLE, TEXT, Paragraph

if TYPE_CHECKING:
    from collections.abc import Sequence


__all__ = ["doi_in", "keywords_in", "text_parts", "title_in", "without_references", "year_in"]

_REFERENCES = re.compile(rf"(?:\d{{1,2}}\.?\s+|[IVX]+\.\s+)?{REFERENCE_HEADINGS}\s*[:.]?\Z", re.IGNORECASE)
# Headings after which the text goes on behind a reference list.
_AFTER_REFERENCES = re.compile(
    r"(?:appendi(?:x|ces)|anhang|annexe?|ap[eé]ndice|anexo|appendice|supplement|supporting information|acknowledg|funding|conflicts? of interest"
    r"|competing interest|declaration|author contribution|authors[’'] contribution|data availability|abbreviations|about the authors?"
    r"|figure legends?|figure captions?|tables?\Z|biograph)",
    re.IGNORECASE,
)
_STATEMENT = re.compile(
    r"(?:conflicts? of interest|competing interests?|copyright|how to cite|cite this article|publisher[’']s note|disclaimer|open access)\b",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\b(?:1[6-9]|20)\d\d[a-z]?\b|\A\[?\d{1,3}[\].]\s|doi|https?:|\bet al\b")

_OPENING = re.compile(
    r"\W*(?:\d{1,2}\.?\s+|I\.\s+)?(?:a\s?b\s?s\s?t\s?r\s?a\s?c\s?t|summary|introduction|background|synopsis|zusammenfassung|r[eé]sum[eé]|resumen|resumo"
    r"|riassunto|sammanfattning|samenvatting|einleitung|introducci[oó]n|introdu[cç][aã]o|aims?|objectives?(?:\(s\))?|purpose)\s*(?:\Z|[:.–—-])",
    re.IGNORECASE,
)
_ABSTRACT_HEADING = re.compile(r"a\s?b\s?s\s?t\s?r\s?a\s?c\s?t\s*[:.]?\Z", re.IGNORECASE)
# What journals print on a first page beside the article.
_NOTICE = re.compile(
    r"\W*(?:(?:received|accepted|revised|submitted|published|available online)\b[^.\n]{0,30}?\d{2}|publication (?:date|history|types?)\b"
    r"|article (?:history|info|type)\b|edited by\b|reviewed by\b|(?:academic |handling )?editors?\s*:|reviewers?\s*:|correspond(?:ing|ence)\b"
    r"|address(?: for)? correspond|e-?mail\b|tel\b|phone\b|fax\b|copyright\b|©|\(c\) ?\d{4}|doi\b|https?://|www\.|(?:how )?to cite\b|cite this\b"
    r"|how to cite|citation\s*:|source of support|conflicts? of interest\s*: none|specialty section|issn\b|open access\Z"
    r"|this (?:is an open.access|article is (?:an open|published|distributed|licen)|work is licen|article was submitted)|licen[sc]e\s*:?\s*(?:\Z|authors|cc)"
    r"|key ?-?words?\b|index terms\b|access this article|quick response|journal (?:homepage|section)|author details|full list of author"
    r"|these authors\b|equal contribut|[†‡]|software\b.{0,60}repository|please cite)",
    re.IGNORECASE,
)
_KEYWORDS = re.compile(
    r"\W*(?:key ?-?\s?words?(?: and phrases)?|index terms|schl[üu]sselw[öo]rter|mots[- ]cl[ée]s|palabras clave|palavras[- ]chave)\s*[:.—–-]?\s*",
    re.IGNORECASE,
)
_AFFILIATION = re.compile(
    r"\b(?:universit|departe?ment|institut|facult|school of|college|hospital|laborator|centre|center|clinic|academy|division of|ph\.?d|professor|@)",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"\S+@\S+\.\w+")
# Words that sentences have and addresses have not, in the languages of most papers.
_SENTENCE_WORDS = frozenset(
    {
        "the",
        "a",
        "an",
        "is",
        "are",
        "was",
        "were",
        "has",
        "have",
        "been",
        "that",
        "which",
        "this",
        "these",
        "we",
        "it",
        "its",
        "by",
        "with",
        "from",
        "to",
        "as",
        "in",
        "for",
        "on",
        "not",
        "can",
        "may",
        "der",
        "die",
        "das",
        "und",
        "ist",
        "sind",
        "von",
        "mit",
        "ein",
        "eine",
        "le",
        "la",
        "les",
        "des",
        "est",
        "sont",
        "et",
        "une",
        "un",
        "que",
        "el",
        "los",
        "las",
        "es",
        "son",
        "en",
        "por",
        "con",
        "para",
        "o",
        "os",
        "e",
        "uma",
        "um",
    }
)

_DOI = re.compile(
    r"(?P<said>doi(?:\.org/|\s*[:.]?\s*)|/)?\s*(?P<doi>10\.\d{4,9}(?:\.\d+)*/[^\s\"'<>|,;{}\[\]]+)",
    re.IGNORECASE,
)
_PUBLISHED = (
    re.compile(r"published(?: online| on)?\s*:?[^.\n]{0,25}?\b((?:19|20)\d\d)\b", re.IGNORECASE),
    re.compile(r"(?:©|\(c\)|copyright)[^\n]{0,30}?\b((?:19|20)\d\d)\b", re.IGNORECASE),
    re.compile(r"\b(?:vol(?:ume|\.)?|article id)[^\n]{0,20}?\b((?:19|20)\d\d)\b", re.IGNORECASE),
    re.compile(r"\(((?:19|20)\d\d)\)"),
    re.compile(r"\b((?:19|20)\d\d)\s*[;,]\s*\d+\s*[(:]"),
    re.compile(r"accepted\s*:?[^.\n]{0,25}?\b((?:19|20)\d\d)\b", re.IGNORECASE),
    re.compile(r"\b((?:19|20)\d\d)\b"),
)
_NO_TITLE = re.compile(
    r"microsoft|untitled|\.(?:docx?|tex|dvi|indd|qxd|pdf|ps|rtf|fm)\b|^\W*\d|^(?:article|paper|doi|pii|layout|print)\b",
    re.IGNORECASE,
)


_MASTHEAD = re.compile(
    r"\b(?:journal|annals|archives?|proceedings|transactions|bulletin|letters|acta|bmc|plos|frontiers in|reports|international|zeitschrift|revista|revue)\b",
    re.IGNORECASE,
)


def without_references(paragraphs: Sequence[Paragraph]) -> tuple[list[Paragraph], list[Paragraph]]:
    """Part an article's text from its reference lists.

    A list begins at a heading that names it and ends where an appendix or a statement begins.

    Returns:
        (text, references with their heading).
    """
    kept: list[Paragraph] = []
    references: list[Paragraph] = []
    inside = below_caption = False
    for number, each in enumerate(paragraphs):
        if not inside:
            inside = _opens_references(paragraphs, number)
        elif (each.kind == HEADING and _AFTER_REFERENCES.match(each.text)) or _STATEMENT.match(each.text):
            inside = False
        floats = each.kind == CAPTION or (each.kind == TABLE and below_caption)
        below_caption = floats
        (references if inside and not floats else kept).append(each)
    return kept, references


def _opens_references(paragraphs: Sequence[Paragraph], number: int) -> bool:
    if not _REFERENCES.match(paragraphs[number].text):
        return False
    after = [each for each in paragraphs[number + 1 : number + 9] if each.kind in {TEXT, HEADING}]
    return sum(_REFERENCE.search(each.text) is not None for each in after) >= 0.5 * len(after)


def text_parts(
    paragraphs: Sequence[Paragraph], title: str, body: float
) -> tuple[list[Paragraph], list[Paragraph]]:
    """Part an article's text from what stands around it on its first pages: names, addresses, dates, notices.

    Returns:
        (text without title, the rest of the first page).
    """
    key = _key(title)
    first = min((each.page for each in paragraphs), default=0)
    opening = _opening(paragraphs, first)
    kept: list[Paragraph] = []
    rest: list[Paragraph] = []
    for number, each in enumerate(paragraphs):
        is_title = each.page <= first + 1 and bool(key) and _key(each.text) == key
        notice = each.page == first and each.kind != CAPTION and _is_beside(each, body)
        if is_title or notice or (number < opening and each.kind != CAPTION):
            rest.append(each)
        elif not (each.kind == HEADING and _ABSTRACT_HEADING.match(each.text)):
            kept.append(each)
    return kept, rest


def _key(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _opening(paragraphs: Sequence[Paragraph], first: int) -> int:
    """Where the text begins: at its abstract or introduction, else at the first paragraph of sentences; 0 if in doubt."""
    for number, each in enumerate(paragraphs):
        if each.page > first + 1:
            break
        if _OPENING.match(each.text) or _is_prose(each):
            return number
    return 0


def _is_prose(each: Paragraph) -> bool:
    words = each.text.lower().split()
    if each.kind != TEXT or len(words) < 30 or _NOTICE.match(each.text) or _is_address(each.text):
        return False
    return sum(word in _SENTENCE_WORDS for word in words) > 0.15 * len(words)


def _is_address(text: str) -> bool:
    words = text.split()
    signs = len(_AFFILIATION.findall(text)) + 2 * len(_EMAIL.findall(text))
    return signs >= max(1, len(words) / 25) and sum(
        word.lower() in _SENTENCE_WORDS for word in words
    ) < 0.15 * len(words)


def _is_beside(each: Paragraph, body: float) -> bool:
    """Whether a paragraph of the first page is a notice, an address or an imprint; long ones only in small letters."""
    small = each.size < 0.97 * body
    if _NOTICE.match(each.text):
        return small or len(each.text.split()) <= 60
    return small and (_is_address(each.text) or _is_imprint(each.text))


def _is_imprint(text: str) -> bool:
    """Whether a line in small letters is what a journal prints of itself on a first page."""
    return (
        len(text.split()) <= 40
        and re.search(r"https?://|doi|\bissn\b|©|\bvol(?:ume|\.)", text, re.IGNORECASE) is not None
    )


def title_in(paragraphs: Sequence[Paragraph], declared: str, body: float) -> str:
    """The title: as the metadata declare it if the first page says so too, else what is largest there."""
    first = min((each.page for each in paragraphs), default=0)
    page = [each for each in paragraphs if each.page == first and each.kind in {TEXT, HEADING}]
    declared = " ".join(declared.split())
    key = _key(declared)
    if len(declared.split()) >= 3 and not _NO_TITLE.search(declared):
        for each in page:
            if key == _key(each.text):
                return each.text
        if key in _key("".join(each.text for each in page)):
            return declared
    large = [
        each
        for each in page
        if each.size > 1.1 * body
        and 3 <= len(each.text.split()) <= 60
        and not _NOTICE.match(each.text)
        and not _OPENING.match(each.text)
    ]
    # A masthead is often larger than the title.
    large = [each for each in large if len(each.text.split()) > 8 or not _MASTHEAD.search(each.text)] or large
    if large:
        return max(
            large, key=lambda each: (round(each.size), len(each.text.split()) > 3, -page.index(each))
        ).text
    return "" if _NO_TITLE.search(declared) or len(declared.split()) < 3 else declared


def doi_in(texts: Sequence[str]) -> str:
    """The DOI that a page states as its own: one with its name or resolver before it, else any; the most frequent."""
    found: dict[str, float] = {}
    for text in texts:
        for each in _DOI.finditer(re.sub(r"(?<=[/.:])\s(?=\S*/|//)", "", text)):
            doi = doi_of(_trimmed(each["doi"]))
            if doi:
                found[doi] = found.get(doi, 0) + (10 if each["said"] else 1)
    return max(found, key=lambda doi: found[doi], default="")


def _trimmed(doi: str) -> str:
    doi = doi.rstrip(".:*†)" if doi.count("(") < doi.count(")") else ".:*†")
    return re.sub(r"(?i)(?:received|accepted|published|www\.|https?:|copyright).*\Z", "", doi)


def year_in(text: str) -> int | None:
    """The year in which an article says that it was published, from the surest phrase that names one."""
    for phrase in _PUBLISHED:
        if found := phrase.search(text):
            return year_of(found[1])
    return None


def keywords_in(paragraphs: Sequence[Paragraph]) -> list[str]:
    """The keywords that a first page lists."""
    for each in paragraphs:
        if (found := _KEYWORDS.match(each.text)) and len(each.text) < 1000:
            words = re.split(r"\s*[,;•·|]\s*", each.text[found.end() :].strip(" ."))
            return [word for word in words if word]
    return []
