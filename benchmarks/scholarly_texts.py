"""The texts that the model of scholarly prose is trained and judged on, by source, and which of them it never sees.

A text belongs to a work (an article by its DOI, a chapter, a page), and the whole work is on one side: works whose hash
is divisible by four are held out, and so are all texts of a source that is not in `TRAINED`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from colophon.filters import Batch, Clean, Language
from colophon.filters.formats.reading import read_stream
from colophon.schemas import Document, ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FOLDS", "SCHOLARLY", "TRAINED", "WEB", "Text", "sources"]

FOLDS = 4

SCHOLARLY = (
    *("jats", "sections", "openlogic", "deep_review", "jose"),
    *("html_articles", "tei_articles", "pdf_articles", "medical_abstracts", "computing_abstracts"),
)
"""Sources of scholarly prose."""

WEB = ("web_bad", "web_good", "web_pages", "archive_pages")
"""Sources of web text. Others, such as encyclopaedias and home pages of researchers, lie between."""

TRAINED = ("jats", "openlogic", "deep_review", "jose", "web_bad", "web_good", "web_pages")
"""Sources that the model is trained on, but for their held-out works.

Kept out though they are there: texts under share-alike licences (Wikipedia) or of unstated licence (TEI), benchmark
questions (so that nothing that keeps or drops a text was made from them), and pages of one archive alone.
"""

_MEDIA = (
    *(("jats", f"jats/{part}", "*.xml") for part in ("elife", "pmc", "other")),
    ("openlogic", "latex/openlogic", "*.tex"),
    ("deep_review", "markdown/deep-review", "*.md"),
    ("jose", "pdf_jats/jose", "*.xml"),
    ("html_articles", "html_sci", "*.html"),
    ("tei_articles", "tei/grobid_fulltext", "*.xml"),
    ("pdf_articles", "pdf_jats/epmc", "*.pdf"),
    ("archive_pages", "warc/aut", "*.gz"),
    ("researchers_pages", "warc/dolma", "*.gz"),
    ("encyclopaedia", "html_web_cc", "dclm_wikipedia_*.html"),
    ("technical_blogs", "html_web_cc", "readability__*[0-9g].html"),
)

# Two of the web pages that people judged good are scientific abstracts, as reading them shows.
_ABSTRACTS_AMONG_WEB_PAGES = ("JAIN, Sumat Chand", "In this population-based study")

_FEWEST_CHARS = 200


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a source.

    Attributes:
        source: Its source's name.
        work: The work that it is from or a copy of.
        origin: The journal, or the source itself: what a word must not be peculiar to.
        text: Itself, cleaned.
    """

    source: str
    work: str
    origin: str
    text: str

    @property
    def fold(self) -> int:
        """0 if it is held out, else which part of the training set it is in."""
        return int(hashlib.sha256(self.work.encode()).hexdigest(), 16) % FOLDS

    @property
    def held_out(self) -> bool:
        """Whether the shipped model has not seen it."""
        return self.source not in TRAINED or self.fold == 0


def _work(source: str, path: Path, document: Document) -> str:
    if document.doi:
        return document.doi.replace("/", "_")
    if source == "openlogic":
        return "__".join(path.name.split("__")[:3])  # a chapter
    if source == "deep_review":
        return source
    return path.name + document.locator


def _read(folder: Path) -> Iterator[Text]:
    for source, below, pattern in _MEDIA:
        for path in sorted((folder / below).glob(pattern)):
            with path.open("rb") as stream:
                for item in read_stream(stream, path.name, ReadOptions()):
                    if isinstance(item, Document):
                        origin = str(item.metadata.get("journal") or source)
                        yield Text(source, _work(source, path, item), origin, item.text)


def _lines(folder: Path) -> Iterator[Text]:
    rows = (folder / "quality" / "dclm_agreement_data.jsonl").read_text("utf-8").splitlines()
    for number, row in enumerate(map(json.loads, rows)):
        if not row["text"].startswith(_ABSTRACTS_AMONG_WEB_PAGES):
            source = "web_good" if row["label"] else "web_bad"
            yield Text(source, f"quality {number}", source, row["text"])
    for path in sorted((folder / "webtext").glob("*.gz")):
        for row in map(json.loads, gzip.decompress(path.read_bytes()).decode().splitlines()):
            yield Text("web_pages", row["id"], "web_pages", row["text"])
    copies = map(json.loads, (folder / "dedup" / "injected.jsonl").read_text("utf-8").splitlines())
    originals = {row["dup"]: row["src"] for row in copies}
    for row in map(json.loads, (folder / "dedup" / "corpus.jsonl").read_text("utf-8").splitlines()):
        name = originals.get(row["id"], row["id"])
        yield Text("sections", name.rsplit("-s", 1)[0], "sections", row["text"])
    for name, row in json.loads((folder / "bench" / "pubmedqa_ori_pqal.json").read_text("utf-8")).items():
        text = " ".join([*row["CONTEXTS"], row["LONG_ANSWER"]])
        yield Text("medical_abstracts", name, "medical_abstracts", text)
    rows = (folder / "bench" / "scitldr_a_test.first_half.jsonl").read_text("utf-8").splitlines()
    for number, row in enumerate(map(json.loads, rows)):
        yield Text("computing_abstracts", f"scitldr {number}", "computing_abstracts", " ".join(row["source"]))


def sources(folder: Path) -> list[Text]:
    """All English texts of at least 200 characters, cleaned, in a fixed order.

    Args:
        folder: The corpora.
    """
    clean = Clean()
    texts = [
        Text(one.source, one.work, one.origin, clean(one.text)) for one in (*_read(folder), *_lines(folder))
    ]
    texts = [one for one in texts if len(one.text) >= _FEWEST_CHARS]
    languages = Language().annotate(Batch([one.text for one in texts]))["language"].to_pylist()
    return [one for one, language in zip(texts, languages, strict=True) if language == "en"]
