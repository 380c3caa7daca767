"""The documented pipeline of one's own, run."""

from __future__ import annotations

import runpy

from texts import prose


def test_own_pipeline(examples, papers):
    (papers / "copy.txt").write_bytes((papers / "paper00.txt").read_bytes())
    words = prose(2).split(" ")
    (papers / "near.txt").write_text(" ".join([*words[:-1], "indeed", words[-1]]))
    counts = runpy.run_path(str(examples / "own_pipeline.py"))["main"](str(papers))
    assert counts == {"exact_bytes": 1, "near_duplicate": 1}
