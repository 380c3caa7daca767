from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

from colophon.filters.kernels import mix64

TWICE = """\
from colophon.filters.kernels import compiled, mix64

@compiled
def twice(x):
    return mix64(mix64(x))
"""
CALL = """\
import sys
import numpy as np
from twice import twice
assert "numba" not in sys.modules
print(twice(np.uint64(7)), len(twice._compiled.stats.cache_hits), "numba.np.linalg" in sys.modules)
print(twice(np.float32(1)) if sys.argv[1:] else "")
"""


def test_a_kernel_calls_another_and_is_found_on_disk_before_what_compiles_it_is_loaded(tmp_path):
    (tmp_path / "twice.py").write_text(TWICE)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(tmp_path)}

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", CALL, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    twice = int(mix64(mix64(np.uint64(7))))
    assert call().stdout.split() == [str(twice), "0", "True"]
    assert call().stdout.split() == [str(twice), "1", "False"]
    refused = call("a number that no kernel takes")
    assert "TypingError" in refused.stderr  # what compiles is loaded after all
    assert refused.stdout.split() == [str(twice), "1", "False"]
