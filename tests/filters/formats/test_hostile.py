"""Every hostile file is answered with rows, within limits, and what else is in it is read."""

from __future__ import annotations

import json
import subprocess
import sys

import hostile
import pytest

_READ = """
import json, resource, sys
from colophon.filters.formats.reading import read_stream
from colophon.pipelines.isolation import Isolated
from colophon.schemas import ReadOptions

with open(sys.argv[1], "rb") as stream, Isolated(20) as isolated:
    rows = []
    for item in read_stream(stream, sys.argv[1], ReadOptions(), isolate=isolated):
        if len(rows) < 200_000:
            rows.append([getattr(item, "reason", ""), item.locator, getattr(item, "text", "")[:100],
                         getattr(item, "value", None), getattr(item, "threshold", None)])
peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps([peak * 1024, rows]))
"""

_GOOD = "Ants sleep at noon."

# What each file is answered with: reasons and locators in order; where it is "*" the rows are looked at below.
_EXPECTED = {
    "bomb.txt.gz": [("too_large", "")],
    "bomb.txt.bz2": [("decompression_bomb", "")],
    "bomb.txt.xz": [("decompression_bomb", "")],
    "bomb.txt.zst": [("decompression_bomb", "")],
    "bomb.jsonl.gz": [("decompression_bomb", "")],
    "bomb.json.gz": [("decompression_bomb", "")],
    "bomb.csv.gz": [("decompression_bomb", "")],
    "bomb.parquet.gz": [("decompression_bomb", "")],
    "window.txt.xz": [("memory_exceeded", "")],
    "bomb.zip": [("", "!/first.txt"), ("too_large", "!/bomb.txt"), ("", "!/last.txt")],
    "lines.zip": [("", "!/first.txt"), ("decompression_bomb", "!/lines.jsonl"), ("", "!/last.txt")],
    "overlap.zip": [("overlapping_members", "")],
    "bomb.tar.gz": [("", "!/first.txt"), ("too_large", "!/bomb.txt"), ("decompression_bomb", "")],
    "name.tar.gz": [("decompression_bomb", "")],
    "bomb.warc.gz": [("", "byte=0"), ("decompression_bomb", "")],
    "laughs.xml": "*",
    "file.xml": "*",
    "deep.json": [("too_deeply_nested", "item=0")],
    "deep.html": [("too_deeply_nested", "")],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    hostile.write(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", hostile.FILES)
def test_hostile_files(name, folder):
    run = subprocess.run(
        [sys.executable, "-c", _READ, str(folder / name)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    peak, rows = json.loads(run.stdout)
    assert rows
    assert peak < 2**30
    assert all(text.startswith("Ants") for reason, _, text, _, _ in rows if not reason)
    assert not any("root:" in text for _, _, text, _, _ in rows)
    for reason, _, _, value, threshold in rows:
        if reason in {"too_large", "decompression_bomb", "too_many_members", "overlapping_members"}:
            assert value > threshold
    expected = _EXPECTED.get(name, "*")
    if expected != "*":
        # Which of two limits a bomb breaks first depends on its ratio alone.
        alike = {"too_large": "decompression_bomb"}
        found = [(alike.get(reason, reason), locator) for reason, locator, *_ in rows]
        assert found == [(alike.get(reason, reason), locator) for reason, locator in expected]
