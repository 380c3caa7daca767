"""The report that a reviewer reads."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import lxml.html
import pytest
from texts import prose

from colophon.pipelines.changes import difference
from colophon.runners.cli import main
from colophon.runners.review import check_files, draw_report, gather, just_made
from colophon.runners.review.checks import sums_hold
from colophon.runners.review.report import LARGEST
from colophon.runners.review.sections import SECTIONS

HOSTILE = "<script>alert(1)</script>\u202egnp.exe\x1b[2J\x00\u200b"


@pytest.fixture(scope="module")
def dataset(curate_once, tmp_path_factory):
    """Copies, a failure, a text that is too short, and records with hostile titles and names."""
    folder = tmp_path_factory.mktemp("in") / "notes"
    folder.mkdir()
    for n in range(6):
        (folder / f"river{n}.txt").write_text(prose(n))
    (folder / "river copy.txt").write_text(prose(1))
    (folder / "near.txt").write_text(prose(2) + "\n\nOne more line was added to this text afterwards.\n")
    (folder / "empty.txt").write_text("")
    (folder / "<b onclick=x>.txt").write_text("Short.")
    records = [
        {"text": prose(20), "title": HOSTILE, "year": 2019},
        {"text": prose(20), "title": HOSTILE},
        {"text": prose(21), "title": "x" * 2**20, "license": "</style><img src=http://x.invalid>"},
        {"text": prose(22), "title": "\ud800 lone", "year": 2021},
    ]
    (folder / "records.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    return curate_once(folder)


@pytest.fixture(scope="module")
def page(dataset) -> bytes:
    return draw_report(gather(dataset.folder, check_files(dataset.folder)))


@pytest.fixture(scope="module")
def tree(page):
    return lxml.html.document_fromstring(page.decode())


def text_of(element) -> str:
    return " ".join(element.text_content().split())


def test_sections_stand_in_their_order(tree):
    assert [one.get("id") for one in tree.xpath("//main/section")] == [one.key for one in SECTIONS]
    assert [one.text for one in tree.xpath("//main/section/h2")] == [one.title for one in SECTIONS]
    assert SECTIONS[0].key == "verdict"
    assert SECTIONS[-1].key == "sign-off"


def test_headings_descend_one_level_at_a_time(tree):
    levels = [int(one.tag[1]) for one in tree.xpath("//h1|//h2|//h3|//h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_every_tag_is_closed_and_stands_where_it_may(page, tree):
    text = re.sub(r"<(br|hr|meta|col)\b([^>]*)>", r"<\1\2/>", page.decode()).removeprefix("<!DOCTYPE html>")
    strict = lxml.etree.fromstring(text.replace(" open>", ">"))
    paragraphs = strict.xpath("//p|//summary|//h2|//h3|//dt|//caption")
    assert not [
        one
        for each in paragraphs
        for one in each.iter("p", "div", "table", "ul", "pre", "dl", "details")
        if one is not each
    ]
    assert [one.tag for one in strict.iter()] == [one.tag for one in tree.iter()]
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))


def test_links_resolve_and_leave_nowhere(tree):
    ids = set(tree.xpath("//@id"))
    for href in tree.xpath("//@href"):
        assert href.startswith("#")
        assert href[1:] in ids
    assert not tree.xpath("//script|//link|//img|//iframe|//@src|//@onclick|//form")
    (policy,) = tree.xpath("//meta[@http-equiv]/@content")
    assert policy.startswith("default-src 'none'")


def test_tables_have_captions_and_scopes(tree):
    tables = tree.xpath("//table")
    assert len(tables) > 7
    for one in tables:
        assert text_of(one.find("caption"))
        assert one.xpath("./thead//th[@scope='col']")
        assert all(row.xpath("./th[@scope='row']") for row in one.xpath("./tbody/tr"))
        region = one.getparent()
        assert (region.get("role"), region.get("tabindex")) == ("region", "0")
        assert region.get("aria-label")


def test_the_numbers_of_the_funnel_are_the_manifests(dataset, tree):
    (funnel,) = tree.xpath("//section[@id='funnel']//table[starts-with(caption, 'From inputs')]")
    rows = {text_of(row[0]): [text_of(cell) for cell in row[1:5]] for row in funnel.xpath(".//tbody/tr")}
    assert list(rows) == dataset.manifest["stages"]
    (source,) = dataset.manifest["sources"].values()
    for stage, numbers in rows.items():
        one = source["stages"][stage]
        assert numbers == [f"{one[name]:,}" for name in ("in", "kept", "dropped", "failed")]
    assert rows["deduplicate"][2] == "3"


def test_numbers_of_every_chart_stand_in_its_table(tree):
    for figure in tree.xpath("//figure"):
        drawn = [rect for rect in figure.xpath(".//rect") if float(rect.get("height")) > 0]
        numbers = [int(text_of(row[1]).replace(",", "")) for row in figure.xpath(".//tbody/tr")]
        assert len(drawn) == sum(n > 0 for n in numbers) > 0
        tallest = max(numbers)
        seen = [n for n in numbers if n]
        for rect, n in zip(drawn, seen, strict=True):
            assert float(rect.get("height")) == pytest.approx(max(1, 100 * n / tallest), abs=0.06)
    bars = tree.xpath("//th[.//*[@class='bar']]")
    assert len(bars) > 20
    for cell in bars:
        paints = [rect.get("class") for rect in cell.xpath(".//rect")]
        row = [text_of(each) for each in cell.getparent() if each.get("class") == "number"]
        assert len(paints) <= sum(re.fullmatch("[0-9,.]*[1-9][0-9,.]*", number) is not None for number in row)


def hostile(value):
    """The same with every text of others made hostile."""
    if isinstance(value, dict):
        return {key: each if key in {"id", "duplicate_of"} else hostile(each) for key, each in value.items()}
    if isinstance(value, list):
        return [hostile(each) for each in value]
    return HOSTILE if isinstance(value, str) else value


def test_hostile_text_is_harmless(dataset, page):
    facts = gather(dataset.folder, just_made())
    names = ("name", "version", "description", "site", "contact", "rights", "software")
    manifest = facts.manifest | {name: hostile(facts.manifest[name]) for name in names}
    counts = {f"{HOSTILE}{i}": n for i, n in enumerate(range(1, 30))}
    manifest["counts"] = manifest["counts"] | dict.fromkeys(("language", "spdx", "journal", "source"), counts)
    source = next(iter(manifest["sources"].values()))
    source["stages"]["length"]["reasons"] = {HOSTILE: 2}
    manifest["sources"] = {HOSTILE: source}
    by_reason = facts.samples.by_reason
    by_reason = {
        (stage, HOSTILE): hostile(rows) for (stage, _), rows in by_reason.items() if stage == "length"
    }
    samples = replace(facts.samples, by_reason=by_reason)
    changed = replace(
        facts, manifest=manifest, samples=samples, kept=hostile(facts.kept), run=hostile(facts.run)
    )
    for text in (page.decode(), draw_report(changed).decode()):
        assert "<script" not in text
        assert "<b onclick" not in text
        assert "<img" not in text
        assert text.count("<style>") == 1
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", text)
    assert "&lt;b onclick=x&gt;.txt" in page.decode()
    assert text.count("&lt;script&gt;") > 20
    assert text.count("\\u202e") > 20


def test_long_text_is_cut_and_says_so(dataset):
    facts = gather(dataset.folder, just_made())
    long = facts.manifest | {"name": "n" * 2**20, "description": "d" * 2**20}
    page = draw_report(replace(facts, manifest=long))
    assert "… (1,048,576 characters)".encode() in page
    assert len(page) < 200_000


def test_a_sample_tells_score_limit_and_what_was_kept_instead(dataset, tree):
    section = text_of(tree.xpath("//section[@id='reasons']")[0])
    near = next(row for row in dataset.ledger if row["reason"] == "near_duplicate")
    assert near["id"] in section
    assert near["duplicate_of"] in section
    assert f"{near['value']:.4f}".rstrip("0") in section
    assert "too_few_words" in section
    assert "empty_file" in section


def test_redacted_reports_hold_no_title_and_no_text(dataset, page):
    redacted = draw_report(gather(dataset.folder, just_made(), redact=True)).decode()
    words = next(row for row in dataset.data if row["duplicates_dropped"])["text"].split()[:8]
    assert " ".join(words) in page.decode()
    assert " ".join(words) not in redacted
    for row in dataset.data:
        assert not row["title"] or row["title"][:20] not in redacted


def test_the_same_dataset_gives_the_same_bytes(dataset, page, tmp_path):
    other = tmp_path / dataset.folder.name
    shutil.copytree(dataset.folder, other)
    assert draw_report(gather(other, check_files(other))) == page


def test_a_changed_file_is_the_verdict(dataset, tmp_path, capsys):
    other = tmp_path / "changed"
    shutil.copytree(dataset.folder, other)
    name = next(one for one in dataset.manifest["files"] if one.startswith("data/"))
    content = bytearray((other / name).read_bytes())
    content[len(content) // 2] ^= 1
    (other / name).write_bytes(content)
    (other / "data" / "extra.parquet").write_bytes(b"")
    assert main(["review", str(other)]) == 1
    error = capsys.readouterr().err
    assert "Do not rely on this dataset" in error
    page = (other / "review" / "report.html").read_text()
    assert "the manifest says" in page
    assert "data/extra.parquet: is not in the manifest" in page


def test_sums_that_do_not_add_up_are_found(dataset):
    manifest = json.loads((dataset.folder / "manifest.json").read_bytes())
    assert sums_hold(manifest) == []
    next(iter(manifest["sources"].values()))["stages"]["length"]["dropped"] += 1
    assert len(sums_hold(manifest)) == 1


def test_a_run_makes_the_report(dataset):
    page = (dataset.folder / "review" / "report.html").read_text()
    assert "made by the run that wrote the files" in page


def test_json(dataset, tmp_path, capsys):
    other = tmp_path / "again"
    shutil.copytree(dataset.folder, other)
    assert main(["review", str(other), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert Path(told["report"]).stat().st_size == told["bytes"]
    assert {one["name"]: one["outcome"] for one in told["checks"]}["Files"] == "holds"
    assert told["outcome"] == "mind"


@pytest.mark.slow
def test_any_manifest_stays_small(dataset):
    """A hundred thousand of everything."""
    facts = gather(dataset.folder, just_made())
    n = 100_000
    (source,) = facts.manifest["sources"].values()
    (rights,) = facts.manifest["rights"].values()
    stages = source["stages"]
    many = {f"reason_{i}_{'x' * 60}": 1 for i in range(n)}
    first = source | {"stages": stages | {"length": stages["length"] | {"reasons": many}}}
    names = {f"source-{i}-{'ü' * 40}": 1 for i in range(n)}
    manifest = facts.manifest | {
        "sources": {"first": first, **dict.fromkeys(names, source)},
        "rights": {name: rights | {"terms": "t" * 500} for name in names},
        "counts": {
            name: names
            for name in facts.manifest["counts"]
            if "audit" not in name and "association" not in name and name not in {"sizes", "length"}
        }
        | {"year": {str(i): 1 for i in range(n)}},
    }
    row = next(iter(facts.samples.by_reason.values()))[0]
    samples = replace(facts.samples, by_reason={("length", name): [row] * 20 for name in many})
    page = draw_report(replace(facts, manifest=manifest, samples=samples))
    assert len(page) < LARGEST
    assert f"and {n - 12:,} others".encode() in page


@pytest.mark.slow
def test_samples_give_way_where_a_report_would_be_too_large(dataset):
    facts = gather(dataset.folder, just_made())
    (source,) = facts.manifest["sources"].values()
    many = {f"reason_{i}": 1 for i in range(100)}
    source = source | {
        "stages": source["stages"] | {"length": source["stages"]["length"] | {"reasons": many}}
    }
    row = next(iter(facts.samples.by_reason.values()))[0]
    row |= {"detail": "\u202e" * 10_000, "source_uri": "\u202e" * 10_000}
    samples = replace(facts.samples, by_reason={("length", name): [row] * 20 for name in many})
    page = draw_report(
        replace(facts, manifest=facts.manifest | {"sources": {"notes": source}}, samples=samples)
    )
    assert LARGEST / 4 < len(page) < LARGEST


def test_signatures_are_shown_and_a_refusal_is_the_verdict(dataset, tmp_path, capsys):
    folder, keys = tmp_path / "signed", tmp_path / "keys"
    shutil.copytree(dataset.folder, folder)
    keys.mkdir()
    for name in ("ada", "bo"):
        owner = ["--owner", f"{name.title()} of Hollin Ridge"]
        assert main(["keygen", str(tmp_path / name), "--kind", "sign", *owner]) == 0
        shutil.copy(tmp_path / f"{name}.pub", keys)
    sign = ["sign", str(folder), "--key"]
    assert main([*sign, str(tmp_path / "ada"), "--as", "Ada Lind, steward", "--decision", "approve"]) == 0
    assert main(["review", str(folder), "--keys", str(keys)]) == 0
    assert "1 of 2 keys approve" in capsys.readouterr().out
    note = ["--note", "Nobody asked <the authors>."]
    assert main([*sign, str(tmp_path / "bo"), "--as", "Bo Rask, counsel", "--decision", "reject", *note]) == 0
    assert main(["review", str(folder), "--keys", str(keys)]) == 1
    tree = lxml.html.document_fromstring((folder / "review" / "report.html").read_text())
    assert "signatures" in text_of(tree.xpath("//p[contains(@class, 'verdict')]")[0])
    rows = [text_of(row) for row in tree.xpath("//section[@id='sign-off']//tbody/tr")]
    assert any("Ada Lind, steward" in row and "approves" in row for row in rows)
    assert any("refuses" in row and "Nobody asked <the authors>." in row for row in rows)
    assert main(["review", str(folder)]) == 0
    assert "Its signatures are not checked" in capsys.readouterr().out


def test_changes_are_told(dataset, tmp_path, capsys):
    assert main(["review", str(dataset.folder), "--against", str(dataset.folder)]) == 0
    page = (dataset.folder / "review" / "report.html").read_text()
    assert "the same manifest, and so the same bytes" in page


def test_differences_are_drawn(dataset, curate_once, tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    for n in range(4):
        (folder / f"river{n}.txt").write_text(prose(n))
    (folder / "empty.txt").write_text(prose(77))
    other = curate_once(folder, output="other")
    found = difference(dataset.folder, other.folder).as_dict()
    page = draw_report(gather(other.folder, just_made(), difference=found))
    tree = lxml.html.document_fromstring(page.decode())
    section = text_of(tree.xpath("//section[@id='changes']")[0])
    assert f"{found['kept']['came']:,} kept documents came, {found['kept']['left']:,} left" in section
    assert "failed in read: empty_file" in section


def test_passages_stand_side_by_side_where_staged_units_are(dataset):
    page = (dataset.folder / "review" / "report.html").read_text()
    facts = gather(dataset.folder, just_made(), plan=None)
    assert facts.dropped == {}
    assert "the staged units are not here" in draw_report(facts).decode()
    assert main(["review", str(dataset.folder), "--staging", str(dataset.folder.parent / "staging")]) == 0
    page = (dataset.folder / "review" / "report.html").read_text()
    (mark,) = {text_of(one) for one in lxml.html.document_fromstring(page).xpath("//mark")}
    assert "One more line was added to this text afterwards." in mark


def test_withdrawals_are_told(dataset):
    facts = gather(dataset.folder, just_made())
    one = {
        "version": "2.0.0", "reason": "The author <asked>.", "kept": {"withdrawn": 2, "copy_of_a_withdrawn_document": 1},
        "copies": 3, "others": 0, "lines": {"withdrawn": 2, "nothing": 1}, "records": 6, "named": 3,
    }  # fmt: skip
    page = draw_report(replace(facts, manifest=facts.manifest | {"withdrawals": [one]})).decode()
    assert "The author &lt;asked&gt;." in page
    assert "1 named no document" in page


def test_a_broken_manifest_is_said(dataset, tmp_path, capsys):
    folder = tmp_path / "broken"
    shutil.copytree(dataset.folder, folder)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["sources"] = {"notes": 3}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert main(["review", str(folder)]) == 2
    assert "colophon verify" in capsys.readouterr().err
