from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from colophon.runners import lean


def told_by(code: str) -> str:
    """What a new interpreter prints."""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_what_is_unseen_is_there_again_afterwards():
    code = """
from colophon.runners.lean import unseen
import json
try:
    with unseen("colorsys", "json"):
        import json
        import colorsys
except ModuleNotFoundError as error:
    print(error.name)
import colorsys
"""
    assert told_by(code) == "colorsys"


def test_beam_has_its_file_systems_once_an_address_asks_for_them():
    code = """
import sys
from colophon.runners.lean import load_beam, _OPTIONAL
load_beam()
print("-", *(name for name in _OPTIONAL if name in sys.modules))
from colophon.pipelines.places import _system
for scheme, options in (("s3", ()), ("gs", ("--no_auth",))):
    try:
        print(_system(scheme, options).scheme())
    except Exception as error:
        print(scheme, type(error).__name__, error)
"""
    loaded, *schemes = told_by(code).split("\n")
    assert loaded == "-"
    for scheme, package, line in zip(("s3", "gs"), ("boto3", "apitools"), schemes, strict=True):
        assert line == scheme if find_spec(package) else f"{scheme} UsageError" in line


def test_a_list_becomes_an_array_without_pandas_which_is_there_all_the_same():
    pytest.importorskip("pandas")
    code = """
import sys
from colophon.runners.lean import spare_pandas
spare_pandas()
import pyarrow
pyarrow.array(["a"])
print("pandas" in sys.modules)
import pandas
"""
    assert told_by(code) == "False"


def test_a_users_filter_may_count_on_pandas(monkeypatch):
    pytest.importorskip("pandas")
    hidden: list[str] = []
    monkeypatch.setattr(lean, "unseen", lambda *names: hidden.extend(names))
    monkeypatch.setattr(lean, "entry_points", lambda group: [object()] if group == "colophon.filters" else [])
    lean.spare_pandas()
    assert hidden == []
