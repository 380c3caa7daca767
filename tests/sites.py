"""A recipe with invented papers on disk, and runs of it as a user starts them."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from texts import prose

if TYPE_CHECKING:
    from collections.abc import Callable

COLOPHON = [sys.executable, "-m", "colophon.runners.cli"]

_RECIPE = """
name: trial
sources:
  - path: texts
plan:
  unit_size: 64 KiB
output:
  shard_size: 1 MiB
filters:
  rights: {unknown: keep}
  quality: false
  scholarly: false
"""


_ROOT = Path(__file__).resolve().parents[1]


def build_wheel(folder: Path) -> Path:
    """Our package as it is installed, from a copy of the sources."""
    source = folder / "source"
    source.mkdir()
    shutil.copytree(
        _ROOT / ".src", source / ".src", symlinks=True, ignore=shutil.ignore_patterns("*.egg-info")
    )
    for room in (".ci", "schemas", "filters", "pipelines", "runners"):
        shutil.copytree(_ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(_ROOT / name, source)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def make_site(folder: Path, papers: int = 320) -> Path:
    """A recipe whose inputs, a twentieth of them copies, make some tens of units and several shards."""
    (folder / "texts").mkdir(parents=True)
    for n in range(papers):
        (folder / "texts" / f"{n:03d}.txt").write_text(prose(n % (papers * 19 // 20), 1500))
    recipe = folder / "recipe.yaml"
    recipe.write_text(_RECIPE)
    return recipe


def start(recipe: Path, output: Path, *options: str) -> subprocess.Popen[str]:
    """Begin a run that stages beside its output."""
    words = ["run", str(recipe), "--output", str(output), "--staging", f"{output}-staging", *options]
    return subprocess.Popen([*COLOPHON, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def content(output: Path) -> dict[str, bytes]:
    """Every byte that must not differ between two runs."""
    names = [*json.loads((output / "manifest.json").read_bytes())["files"], "manifest.json", "SHA256SUMS"]
    return {name: (output / name).read_bytes() for name in names}


def finish(process: subprocess.Popen[str], output: Path) -> dict[str, bytes]:
    """Wait for a run that ends well; what it made."""
    _, error = process.communicate(timeout=600)
    assert process.returncode == 0, error
    assert not list(output.parent.glob(".*.partial"))
    return content(output)


def used(output: Path) -> dict[str, Any]:
    """What a run says that it used."""
    return json.loads((output / "run.json").read_bytes())


def lines(output: Path, kind: str) -> int:
    """How many units or shards of the run that makes `output` have told that they are done."""
    return len(list(output.parent.glob(f".{output.name}.partial/*/progress/{kind}-*.json")))


def wait_until(true: Callable[[], bool], *processes: subprocess.Popen[Any]) -> None:
    """Wait for something that processes bring about while they last."""
    until = time.monotonic() + 300
    while not true():
        for process in processes:
            assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
