"""What tests share: the real text where it is, and runs in this process, where Beam is imported once."""

from __future__ import annotations

import json
import os
import shutil
import signal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings
from texts import lenient, prose

from colophon.runners.job import run_order
from colophon.runners.recipes import read_recipe, sections
from colophon.runners.run import Run
from colophon.schemas import Recipe, default_recipe, with_inputs

if TYPE_CHECKING:
    from colophon.pipelines.predecessor import Decision

# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Who runs the tests in the background makes them, and all that they start, deaf to Ctrl-C; users at a terminal are not.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[1]


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name long bytes by their length: packed bytes may hold the time, and processes must agree on the names."""
    return f"{len(val)}_bytes" if isinstance(val, bytes) and len(val) > 20 else None


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real text; the test is skipped where it is absent."""
    folder = Path(os.environ.get("COLOPHON_CORPORA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: this test reads real text from COLOPHON_CORPORA")
    return folder


@pytest.fixture(scope="session")
def examples() -> Path:
    return ROOT / "examples"


class Dataset:
    """A finished dataset, with its tables at hand."""

    def __init__(self, folder: Path, manifest: dict[str, Any], run: dict[str, Any]) -> None:
        self.folder, self.manifest, self.run = folder, manifest, run

    def _table(self, name: str) -> pa.Table:
        return pa.concat_tables([pq.read_table(path) for path in sorted((self.folder / name).iterdir())])

    @property
    def data(self) -> list[dict[str, Any]]:
        return self._table("data").to_pylist()

    @property
    def ledger(self) -> list[dict[str, Any]]:
        return self._table("ledger").to_pylist()

    def copy(self, folder: Path) -> Dataset:
        """A copy that a test may spoil."""
        manifest = json.loads((self.folder / "manifest.json").read_bytes())
        return Dataset(Path(shutil.copytree(self.folder, folder)), manifest, self.run)

    def bytes(self) -> dict[str, bytes]:
        """Every byte that must not differ between two runs."""
        names = [*self.manifest["files"], "manifest.json", "SHA256SUMS"]
        return {name: (self.folder / name).read_bytes() for name in names}


@cache
def _quicken_beam() -> None:
    """Let Beam remember what it asks again and again of the same classes: half of what a small run costs.

    Hundreds of runs are made in one process here. Elsewhere a process makes one, and tests that start processes
    have Beam as it is.
    """
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.transforms import userstate

    specs_of, view_as = userstate.get_dofn_specs, PipelineOptions.view_as
    known: dict[type, Any] = {}
    views: dict[tuple[int, type], Any] = {}

    def known_specs(dofn: Any) -> Any:
        kind = type(dofn)
        if not kind.__module__.startswith("colophon."):  # Beam's own may stand for any function
            return specs_of(dofn)
        if kind not in known:
            known[kind] = specs_of(dofn)
        return known[kind]

    def known_view(self: Any, kind: Any) -> Any:
        key = id(self._all_options), kind  # all views of options share these values, and keep them
        if key not in views:
            views[key] = view_as(self, kind)
        return views[key]

    userstate.get_dofn_specs, PipelineOptions.view_as = known_specs, known_view


def _work_here(self: Run, order: Any, watcher: Any) -> None:
    _quicken_beam()
    self.job.progress.mkdir(parents=True, exist_ok=True)
    run_order(order, self.place.scratch)
    watcher.look()


class Curator:
    """Makes datasets below a folder, working in this process instead of one of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        *inputs: Path,
        recipe: Recipe | None = None,
        output: str = "out",
        staging: str = "staging",
        decision: Decision | None = None,
        **options: Any,
    ) -> Dataset:
        recipe = recipe or lenient(default_recipe(sections()))
        if inputs:
            recipe = with_inputs(recipe, inputs)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Run, "_work", _work_here)
            result = Run(recipe, self.folder / output, self.folder / staging, decision).start(
                quiet=True, **options
            )
        return Dataset(result.output, result.manifest, result.run)


@pytest.fixture
def curate(tmp_path: Path) -> Curator:
    """Make a dataset of some inputs, or of a recipe."""
    return Curator(tmp_path / "made")


@pytest.fixture(scope="module")
def curate_once(tmp_path_factory: pytest.TempPathFactory) -> Curator:
    """Likewise, once for all tests of a file."""
    return Curator(tmp_path_factory.mktemp("made"))


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """A folder of texts, each of its own, long enough to be kept."""
    folder = tmp_path / "papers"
    folder.mkdir()
    for n in range(12):
        (folder / f"paper{n:02d}.txt").write_text(prose(n))
    return folder


@pytest.fixture
def example_copy(examples: Path, tmp_path: Path) -> Path:
    """The examples where a test may change them."""
    return Path(shutil.copytree(examples, tmp_path / "examples"))


@pytest.fixture(scope="session")
def example_dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The examples, curated by their recipe, once for all; a test that changes it copies its folder first."""
    curator = Curator(tmp_path_factory.mktemp("example"))
    return curator(recipe=read_recipe(ROOT / "examples" / "recipe.yaml"))
