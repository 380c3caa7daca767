"""croissant.json: mlcroissant has nothing to say against it and loads the documents by it, without a network."""

from __future__ import annotations

import json
import socket

import mlcroissant as mlc
import pytest

from colophon.pipelines.exports import EXPORTS, Given, Subject, check_beside
from colophon.schemas import UsageError

# What mlcroissant reads with warns of itself: rdflib for JSON-LD, pandas for Parquet.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
]

SAID = Given("2026-11-22", "https://data.example/reeds")


@pytest.fixture
def offline(monkeypatch):
    """Whoever looks for the network fails."""

    def refuse(*_: object) -> None:
        raise OSError("a test looked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def croissant(example_copied):
    (example_copied.folder / "croissant.json").write_bytes(
        EXPORTS["croissant"].write(Subject(example_copied.manifest, SAID))
    )
    return example_copied.folder / "croissant.json"


def test_mlcroissant_finds_no_fault(croissant, offline, caplog):
    issues = mlc.Dataset(jsonld=croissant).metadata.ctx.issues
    assert (issues.errors, issues.warnings) == (set(), set())
    assert not caplog.records


def plainly(value):
    """A value as mlcroissant gives it, as Arrow gives it: text is bytes there, names are paths."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {name.rpartition("/")[2]: plainly(one) for name, one in value.items()}
    return [plainly(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("table", ["data", "ledger"])
def test_mlcroissant_loads_every_column_of_every_row(croissant, offline, example_copied, table):
    rows = [plainly(dict(row)) for row in mlc.Dataset(jsonld=croissant).records(table)]
    wanted = getattr(example_copied, table)
    for row in wanted:  # a list of structures that is null comes as one of nothing
        if "benchmark_hits" in row and row["benchmark_hits"] is None:
            row["benchmark_hits"] = [{"benchmark": None, "questions": None}]
    by_id = {row["id"]: row for row in rows}
    assert len(rows) == len(wanted) == len(by_id)
    for row in wanted:
        assert by_id[row["id"]] == row


def test_every_file_and_column_is_told(example_dataset):
    told = json.loads(EXPORTS["croissant"].write(Subject(example_dataset.manifest, SAID)))
    assert told["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    files = {one["@id"]: one for one in told["distribution"] if one["@type"] == "cr:FileObject"}
    for name, entry in example_dataset.manifest["files"].items():
        assert files[name]["sha256"] == entry["sha256"]
        assert files[name]["contentSize"] == f"{entry['bytes']} B"
    for records in told["recordSet"]:
        columns = example_dataset.manifest["schemas"][records["@id"]]
        assert [one["name"] for one in records["field"]] == [one["name"] for one in columns]
        for field, column in zip(records["field"], columns, strict=True):
            assert field["description"].startswith(column["description"])
            assert column.get("unit", "") in field["description"]


def test_responsible_terms_are_the_manifests(example_dataset):
    told = json.loads(EXPORTS["croissant"].write(Subject(example_dataset.manifest, SAID)))
    assert "43 existing documents" in told["rai:dataCollection"]
    assert "7 of 43 documents could not be read" in told["rai:dataCollectionMissingData"]
    protocol = told["rai:dataPreprocessingProtocol"]
    assert [line.partition(":")[0] for line in protocol] == example_dataset.manifest["stages"]
    assert "3 dropped (too_few_words 3)" in protocol[example_dataset.manifest["stages"].index("length")]
    assert any("[EMAIL]" in line for line in told["rai:personalSensitiveInformation"])
    assert "Lantern Yard Press" in told["rai:dataCollectionRawData"]
    assert set(told["license"]) == {
        "https://spdx.org/licenses/CC-BY-4.0",
        "https://spdx.org/licenses/CC0-1.0",
    }


def test_equal_manifests_give_equal_bytes(example_dataset):
    shuffled = json.loads(json.dumps(example_dataset.manifest, sort_keys=True))
    unshuffled = dict(reversed(shuffled.items()))
    write = EXPORTS["croissant"].write
    assert write(Subject(shuffled, SAID)) == write(Subject(unshuffled, SAID))


def test_the_day_must_be_known(example_dataset):
    with pytest.raises(UsageError, match="--published"):
        EXPORTS["croissant"].write(Subject(example_dataset.manifest))


@pytest.mark.parametrize(
    "said", [("yesterday", ""), ("20261122", ""), ("", "ftp://x"), ("", "https://a b"), ("", "x")]
)
def test_what_is_no_day_or_address_is_refused(said):
    with pytest.raises(UsageError, match="is no"):
        Given(*said)


def test_beside_the_data_it_must_be_what_the_manifest_gives(croissant, example_copied):
    folder, manifest = example_copied.folder, example_copied.manifest
    assert check_beside(folder, manifest) == []
    told = json.loads(croissant.read_bytes())
    for change in (
        {"license": ["https://spdx.org/licenses/MIT"]},
        {"datePublished": "soon"},
        {"url": "javascript:alert(1)"},
        {"rai:dataBiases": []},
        {"datePublished": None},
    ):
        croissant.write_text(json.dumps(told | change, ensure_ascii=False, indent=2) + "\n")
        assert len(check_beside(folder, manifest)) == 1, change
    for broken in (b"", b"[]", b"\xff", b"{" * 10_000):
        croissant.write_bytes(broken)
        assert len(check_beside(folder, manifest)) == 1
