"""The rules of the house: who may import whom, what stands at the top, what the rooms say of themselves."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "schemas": {"schemas"},
    "filters": {"schemas", "filters"},
    "pipelines": {"schemas", "filters", "pipelines"},
    "runners": {"schemas", "filters", "pipelines", "runners"},
}
MODULES = [path for room in MAY_IMPORT for path in sorted((ROOT / room).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides the room"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_point_one_way(path: Path):
    room = path.relative_to(ROOT).parts[0]
    for name in imported(path):
        parts = name.split(".")
        assert parts[0] not in MAY_IMPORT, f"{path} imports {name} by its bare name"
        if parts[0] == "colophon" and len(parts) > 1:
            assert parts[1] in MAY_IMPORT[room], f"{path}: {room} may not import {name}"
        if room in {"schemas", "filters"}:
            assert parts[0] != "apache_beam", f"{path}: only pipelines and runners know Beam"


def test_one_import_would_be_noticed(tmp_path: Path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from colophon.runners.cli import main\n")
    assert imported(wrong) == {"colophon.runners.cli"}


def test_nothing_else_stands_at_the_top():
    out = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if out.returncode:
        pytest.skip("not a git checkout, so what belongs to the project cannot be told from what was made")
    top = {line.split("/")[0] for line in out.stdout.split("\0") if line and not line.startswith(".")}
    folders = {"pipelines", "filters", "schemas", "runners", "tests", "docs", "examples", "benchmarks"}
    assert top <= folders | {"LICENSE", "Makefile", "README.md", "pyproject.toml"}


@pytest.mark.parametrize("room", [*MAY_IMPORT, "filters.formats"])
def test_each_room_names_its_public_names_sorted(room: str):
    module = importlib.import_module(f"colophon.{room}")
    assert module.__doc__
    assert module.__all__ == sorted(
        module.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name)
    )
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_no_room_for_odds_and_ends():
    banned = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [path for path in MODULES if path.stem in banned]


def test_locks_have_hashes_and_no_addresses():
    for name in ("runtime.lock", "dev.lock", "slow.lock", "flink.lock"):
        text = (ROOT / ".ci" / name).read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text


def test_checking_a_dataset_does_not_wait_for_beam():
    code = (
        "import sys, colophon.runners.cli, colophon.pipelines.verify, colophon.pipelines.signing; "
        "sys.exit(bool({'apache_beam', 'securesystemslib', 'in_toto_attestation'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
