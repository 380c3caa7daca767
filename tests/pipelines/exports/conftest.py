"""A dataset that a test may change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def example_copied(example_dataset, tmp_path):
    folder = Path(shutil.copytree(example_dataset.folder, tmp_path / "dataset"))
    return type(example_dataset)(folder, example_dataset.manifest, example_dataset.run)
