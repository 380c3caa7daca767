"""The dataset card: its head is read by `datasets`, its body by people."""

from __future__ import annotations

import re

import pytest
import yaml

from colophon.pipelines.exports import EXPORTS, Subject, check_beside


@pytest.fixture
def card(example_copied) -> str:
    path = example_copied.folder / "README.md"
    path.write_bytes(EXPORTS["card"].write(Subject(example_copied.manifest)))
    return path.read_text()


def head(card: str) -> dict:
    return yaml.safe_load(re.match(r"---\n(.*?)\n---\n", card, re.DOTALL)[1])


def test_hubs_can_read_its_head(card):
    told = head(card)
    assert told["license"] == ["cc-by-4.0", "cc0-1.0"]
    assert told["language"] == ["en"]
    assert told["size_categories"] == ["n<1K"]
    assert told["pretty_name"] == "colophon-example 1.0.0"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of datasets' own imports
def test_datasets_loads_both_tables_by_it(card, example_copied, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    import datasets

    for name, rows in (("default", example_copied.data), ("ledger", example_copied.ledger)):
        loaded = datasets.load_dataset(
            str(example_copied.folder), name, split="train", cache_dir=str(tmp_path / "cache")
        )
        assert loaded.to_list() == rows


def test_people_find_every_fate_licence_and_column(card, example_dataset):
    manifest = example_dataset.manifest
    assert "43 documents = 23 kept + 13 dropped + 7 failed" in card
    for stage in manifest["stages"]:
        assert f"| `{stage}` |" in card
    for spdx, n in manifest["counts"]["spdx"].items():
        assert f"| [`{spdx}`](https://spdx.org/licenses/{spdx}) | {n} |" in card
    for column in manifest["schemas"]["data"]:
        assert f"| `{column['name']}` |" in card
    assert Subject(manifest).digest in card
    assert "Lantern Yard Press" in card


def test_beside_the_data_it_must_be_what_the_manifest_gives(card, example_copied):
    assert check_beside(example_copied.folder, example_copied.manifest) == []
    (example_copied.folder / "README.md").write_text(card.replace("CC-BY-4.0", "CC-BY-NC-4.0"))
    assert len(check_beside(example_copied.folder, example_copied.manifest)) == 1
