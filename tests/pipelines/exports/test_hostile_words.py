"""What people write into recipes, and documents into titles and journals, comes out as words and does nothing."""

from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser

import mlcroissant as mlc
import pytest
import yaml

from colophon.pipelines.exports import EXPORTS, Given, Subject
from colophon.pipelines.exports.plain_text import HIDDEN

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "quote \" and ' and `code` and ``` fence",
    "a | table | cell \\| with \\ strokes",
    "two\nlines\n\n# a heading\n---\nlicense: mit\n---\n",
    "1. a list\r\n- another",
    "[a link](javascript:alert(1)) ![image](http://mill.example/x.png) <http://mill.example>",
    "turned \u202eright to left\u202c, \u2066isolated\u2069, zero\u200bwidth, \ufeffmark, line\u2028end",
    "terminal \x1b[2J\x1b]0;title\x07 \x9b31m bell",
    "yaml: {a: *b, <<: !!python/object:os.system x}\n- - ? |",
    "}{\\end{document}%$&#_^~ bibtex",
    "naïve café, 水文学, مجلة",
    "x" * 100_000,
]


def spoiled(manifest: dict, words: str) -> dict:
    """The manifest with such words wherever a person or a document can put any."""
    changed = copy.deepcopy(manifest)
    changed |= {"description": words, "site": words, "contact": words}
    first = next(iter(changed["rights"]))
    changed["rights"][first] |= {"owner": words, "terms": words, "consent": words, "spdx": {words: 3}}
    for name in ("license", "spdx", "journal", "media_type", "discipline", "country"):
        changed["counts"][name] = {words: 2, "CC-BY-4.0": 1}
    changed["materials"]["contamination"] = {words: {"sha256": "0" * 64, "license": words}}
    for name in ("rights", "sources"):
        changed[name] = {words if key == first else key: one for key, one in changed[name].items()}
    return changed


@pytest.fixture(params=range(len(HOSTILE)), ids=lambda i: repr(HOSTILE[i][:12]))
def words(request) -> str:
    return HOSTILE[request.param]


@pytest.fixture
def subject(example_dataset, words) -> Subject:
    return Subject(spoiled(example_dataset.manifest, words), Given("2026-11-22"), example_dataset.run)


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_nothing_hides_in_any_export(subject, name):
    text = EXPORTS[name].write(subject).decode()
    assert not HIDDEN.search(text)
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)


def test_json_gives_the_words_back(subject, words):
    told = json.loads(EXPORTS["croissant"].write(subject))
    assert told["description"] == words
    assert told["creator"]["name"] == words
    crate = {one["@id"]: one for one in json.loads(EXPORTS["ro-crate"].write(subject))["@graph"]}
    assert crate["./"]["description"] == words
    for line in EXPORTS["openlineage"].write(subject).decode().split("\n")[:-1]:
        assert (
            words in json.dumps(json.loads(line), ensure_ascii=False)
            or words in json.loads(line)["job"]["facets"]["documentation"]["description"]
        )


def test_mlcroissant_still_finds_no_fault(subject, tmp_path):
    (tmp_path / "croissant.json").write_bytes(EXPORTS["croissant"].write(subject))
    issues = mlc.Dataset(jsonld=tmp_path / "croissant.json").metadata.ctx.issues
    assert (issues.errors, issues.warnings) == (set(), set())


def test_the_head_of_a_card_ends_where_it_should(subject, example_dataset):
    text = EXPORTS["card"].write(subject).decode()
    head = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    told = yaml.safe_load(head[1])
    assert told["pretty_name"] == "colophon-example 1.0.0"
    assert set(told) == {"pretty_name", "license", "language", "size_categories", "configs"}
    assert "mit" not in told["license"]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's own form
        self.seen.append(tag)


@pytest.mark.parametrize("name", ["card", "eu-summary"])
def test_markdown_keeps_its_form(subject, example_dataset, name):
    wanted = EXPORTS[name].write(Subject(example_dataset.manifest, Given(), example_dataset.run)).decode()
    text = EXPORTS[name].write(subject).decode()

    def form(markdown: str) -> tuple:
        headings = re.findall(r"^#+ .*$", markdown, re.MULTILINE)
        fences = markdown.count("\n```")
        widths = {
            len(re.findall(r"(?<!\\)\|", line))
            for line in markdown.split("\n")
            if line.startswith(("|", "\\|"))
        }
        return headings, fences, widths

    assert form(text) == form(wanted)
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)  # code shows what it holds
    unescaped = re.sub(r"\\[<>\\`*_\[\]&|~$#]", "", outside)
    tags = _Tags()
    tags.feed(unescaped)
    assert tags.seen == []
    assert not re.search(r"\]\((?!https://spdx\.org/)", unescaped), "a link that is none of ours"
    assert len(text) < 200_000
