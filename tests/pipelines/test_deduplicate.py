"""Duplicates, works, and what is held already, on datasets that were really made; filters are off, for they are not meant."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from copies import edited, plain, reasons, written
from texts import prose

from colophon.filters import Rights
from colophon.pipelines.verify import verify
from colophon.schemas import RunFailed, Source

LATHE = prose(1, 1200)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"doi": "10.5555/Lathe.1"}, {"doi": "10.5555/lathe.1"}),
        ({"doi": "10.12688/f1000research.123.1"}, {"doi": "10.12688/f1000research.123.2"}),
        ({"doi": "10.48550/arXiv.2101.00001"}, {"arxiv": "2101.00001v3"}),
        ({"pmcid": "PMC1234567"}, {"pmcid": "1234567"}),
        ({"externalIds": {"PubMed": "7654321"}}, {"pmid": 7654321}),
        (
            {"title": "On the slow drying of beech", "authors": ["Ann Wren", "K. Ito"], "doi": "10.1101/2020.01.02.333444v2"},
            {"title": "On the Slow Drying of Beech", "authors": ["Wren, Ann", "Ito, K."], "doi": "10.5555/beech.7", "year": 2023},
        ),
        ({"title": "On the slow drying of beech"}, {"title": "On the slow drying of beech", "year": 2020}),
    ],
)  # fmt: skip
def test_one_work_in_two_forms(curate, tmp_path, one, other):
    first = written(tmp_path / "a.jsonl", {"text": LATHE, **one})
    second = written(tmp_path / "b.jsonl", {"text": edited(LATHE, 0.04), **other})
    dataset = curate(first, second, recipe=plain())
    assert reasons(dataset) == {"same_work": 1}
    (row,) = (row for row in dataset.ledger if row["fate"] == "dropped")
    assert 0.5 < row["similarity"] < 0.8
    assert row["threshold"] == (0.5 if "title" in one else 0.3)
    assert row["value"] == row["similarity"]
    assert verify(dataset.folder).faults == []
    assert reasons(curate(first, second, recipe=plain(same_work=False), output="off")) == {}


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        # A correction, a supplement or a chapter that bears the DOI of the whole.
        ({"doi": "10.5555/lathe.1"}, {"doi": "10.5555/lathe.1"}, 0.4),
        # Two that are alike, of one title, and say that they are two.
        ({"title": "Annual report of the river board", "year": 2019}, {"title": "Annual report of the river board", "year": 2021}, 0.05),
        ({"title": "Annual report of the river board", "doi": "10.5555/report.1"}, {"title": "Annual report of the river board", "doi": "10.5555/report.2"}, 0.05),
        ({"title": "Annual report of the river board", "journal": "Banks"}, {"title": "Annual report of the river board", "journal": "Beds"}, 0.05),
        ({"title": "Annual report of the river board", "authors": ["A. Wren"]}, {"title": "Annual report of the river board", "authors": ["B. Ito"]}, 0.05),
        # Too short to name a work.
        ({"title": "Editorial"}, {"title": "Editorial"}, 0.05),
        # The original's DOI in the words of a correction.
        ({"doi": "10.5555/lathe.1"}, {"text": "Correction to: On lathes. https://doi.org/10.5555/lathe.1 " + prose(3, 400)}, 0),
    ],
)  # fmt: skip
def test_two_works(curate, tmp_path, one, other, share):
    first = written(tmp_path / "a.jsonl", {"text": LATHE, **one})
    second = written(tmp_path / "b.jsonl", {"text": edited(LATHE, share), **other})
    assert reasons(curate(first, second, recipe=plain())) == {}


def test_a_number_of_a_copy_is_a_number_of_all(curate, tmp_path):
    """A text without a number, its exact copy with one, and another form of it with the same number."""
    documents = [
        {"text": LATHE, "year": 2024},
        {"text": LATHE.upper(), "doi": "10.5555/lathe.1"},
        {"text": edited(LATHE, 0.05), "doi": "10.5555/lathe.1"},
    ]
    dataset = curate(written(tmp_path / "a.jsonl", *documents), recipe=plain())
    assert reasons(dataset) == {"exact_text": 1, "same_work": 1}
    assert [row["duplicates_dropped"] for row in dataset.data] == [2]


def test_a_number_that_a_thousand_bear_is_none(curate, tmp_path):
    documents = [
        {"text": prose(n, 60), "doi": "10.5555/all.1", "title": "Notes of the river board"}
        for n in range(1100)
    ]
    documents += [{"text": edited(documents[0]["text"], 0.05), "doi": "10.5555/all.1"}]
    assert reasons(curate(written(tmp_path / "a.jsonl", *documents), recipe=plain())) == {}


def test_papers_in_all_their_forms(curate, corpora, tmp_path):
    """Every pair that is known as one work is joined, and no two works are; what files are called tells nothing."""
    called: dict[str, str] = {}
    sources = []
    for path in ("jats", "neardup/jats_versions", "pdf_jats", "html_sci"):
        source = Source(path=str(tmp_path / path), name=path.replace("/", "-"))
        sources.append(source)
        Path(source.path).mkdir(parents=True)
        for file in sorted((corpora / path).rglob("*")):
            if file.suffix in {".xml", ".pdf", ".html"}:
                name = file.relative_to(corpora).as_posix()
                nameless = hashlib.sha256(name.encode()).hexdigest()[:16] + file.suffix
                shutil.copy(file, Path(source.path) / nameless)
                called[f"{source.name}/{nameless}"] = name
    dataset = curate(recipe=replace(plain(), sources=tuple(sources)))
    assert verify(dataset.folder).faults == []
    path = {row["id"]: called[f"{row['source']}/{row['source_uri']}"] for row in dataset.ledger}
    row_of = {path[row["id"]]: row for row in dataset.ledger}

    def stays(name: str) -> str:
        return path[row_of[name]["duplicate_of"] or row_of[name]["id"]]

    with (corpora / "neardup_pairs.tsv").open() as lines:
        pairs = [
            (pair["a"], pair["b"])
            for pair in csv.DictReader(lines, delimiter="\t")
            if all(row_of[pair[side]]["fate"] != "failed" for side in "ab")
        ]
    assert len(pairs) >= 50
    joined = [stays(a) == stays(b) for a, b in pairs]
    assert sum(joined) / len(joined) >= 0.95

    def work(name: str) -> str:
        plain_name = Path(name).name
        for ending in (".xml", ".pdf", ".html", ".jats", ".v1", ".v2", ".v3"):
            plain_name = plain_name.removesuffix(ending)
        return plain_name

    apart = [(name, stays(name)) for name in row_of if work(name) != work(stays(name))]
    assert apart == []


def test_a_chain_keeps_every_second(curate, tmp_path):
    """A thousand documents of which each is like its neighbours only."""
    words = [f"word{at:05d}" for at in range(10_105)]
    documents = [{"text": " ".join(words[n * 10 : n * 10 + 105]) + "." * n} for n in range(1000)]
    chain = written(tmp_path / "a.jsonl", *documents)
    along = curate(chain, recipe=plain(prefer=("longer",)))
    assert along.manifest["fates"]["kept"] == 500
    # In an order that leaps about, a document that stays takes its two neighbours along, and no more.
    leaping = curate(chain, recipe=plain(prefer=()), output="leaping")
    assert leaping.manifest["fates"]["kept"] >= 334


@pytest.mark.parametrize("rights", [True, False])
def test_the_better_known_licence_stays(curate, tmp_path, rights):
    """One that SPDX knows, then one that is merely named, then none; without the filter, named or not."""
    said = {"none": {}, "named": {"license": "free for scholars"}, "known": {"license": "CC BY 4.0"}}
    chosen = said if rights else {name: said[name] for name in ("none", "named")}
    for number, names in enumerate(itertools.permutations(chosen)):
        documents = [{"text": LATHE + " " * 9 + name, "name": name, **said[name]} for name in names]
        recipe = plain(prefer=("license",))
        if rights:
            recipe = replace(recipe, filters={"rights": Rights(unknown="keep")})
        dataset = curate(
            written(tmp_path / f"{number}.jsonl", *documents), recipe=recipe, output=f"out{number}"
        )
        (kept,) = dataset.data
        assert json.loads(kept["metadata"])["name"] == ("known" if rights else "named")


def test_short_documents_and_empty_ones(curate, tmp_path):
    texts = [
        "One two three four",
        "one  two three FOUR",
        "One two three five",
        "",
        "Six words are enough for one shingle",
    ]
    dataset = curate(written(tmp_path / "a.jsonl", *({"text": text} for text in texts)), recipe=plain())
    assert reasons(dataset)["exact_text"] == 1
    assert dataset.manifest["fates"] == {"kept": 3, "dropped": 1, "failed": 1}
    assert dataset.manifest["counts"]["deduplication"]["shorter_than_a_shingle"] == 2


def test_one_file_listed_twice(curate, papers):
    sources = (Source(path=str(papers), name="one"), Source(path=str(papers), name="two"))
    dataset = curate(recipe=replace(plain(), sources=sources))
    assert reasons(dataset) == {"exact_bytes": 12}


def test_more_candidates_than_fit_are_refused(curate, tmp_path, monkeypatch):
    from colophon.pipelines import candidates

    monkeypatch.setattr(candidates, "pairs_that_fit", lambda _: 3)
    documents = [{"text": f"{prose(n // 2)} {n % 2}"} for n in range(20)]
    with pytest.raises(RunFailed, match="more than 3 candidate pairs"):
        curate(written(tmp_path / "a.jsonl", *documents), recipe=plain())


def test_more_that_hang_together_than_fit_are_refused():
    from colophon.pipelines.candidates import Connect

    chain = np.arange(1000, dtype=np.uint64)
    edges = np.stack([chain[:-1], chain[1:]], axis=1).tobytes()
    (whole,) = Connect(2**21).process((0, edges))
    assert whole[0] == 0
    with pytest.raises(RunFailed, match="1,000 documents that may be alike hang together, and 953 is what"):
        list(Connect(2**20).process((0, edges)))


def test_more_shingles_than_fit_are_refused(curate, tmp_path):
    text = " ".join(f"word{n}" for n in range(600_000))
    documents = [{"text": text}, {"text": text + " more"}]
    with pytest.raises(RunFailed, match="2 texts that may be alike"):
        curate(written(tmp_path / "a.jsonl", *documents), recipe=plain(memory=2**26))


@pytest.mark.slow
def test_a_page_two_hundred_thousand_times(curate, tmp_path):
    """All of one text, number and title: no bucket is quadratic, neither of bands nor of works."""
    line = json.dumps({"text": prose(7, 40), "doi": "10.5555/page.1", "title": "The page that everybody has"})
    (tmp_path / "a.jsonl").write_text(f"{line}\n" * 200_000)
    dataset = curate(tmp_path / "a.jsonl", recipe=plain())
    assert dataset.manifest["fates"] == {"kept": 1, "dropped": 199_999, "failed": 0}
    assert dataset.data[0]["duplicates_dropped"] == 199_999
