"""What every step of one run is told; a small value that travels to each worker."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from colophon.filters.minhash import choose_bands
from colophon.pipelines.places import locate, reach_with
from colophon.pipelines.staged import staged_file
from colophon.pipelines.storage import write_whole
from colophon.pipelines.usage import account_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.filters import Filter
    from colophon.pipelines.places import AnyPath
    from colophon.schemas import Recipe

__all__ = ["Job"]

_MOST_PASSES = 4


@dataclass(frozen=True)
class Job:
    """One run: its recipe and where its files go.

    Attributes:
        recipe: What to do.
        staging: Folder of the staged units, shared by all runs that stage alike.
        work: Folder of this run alone; ``work/dataset`` becomes the dataset.
        partitions: See `Plan.partitions`.
        predecessor: What the manifest says of the dataset that is decided again; empty if none is.
        before: Folder of that dataset, if its kept documents are decided on and not staged units.
        reused: Names of the filters whose scores stand in that dataset.
        options: Options for Beam, with which addresses are reached.
    """

    recipe: Recipe
    staging: str
    work: str
    partitions: int
    predecessor: Mapping[str, str] = field(default_factory=dict)
    before: str = ""
    reused: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A process that is told of a run works for it from now on, and reaches addresses as it does."""
        self.__dict__.update(state)
        # Not every engine brings the options to its workers.
        reach_with(self.options)
        account_of(self.work)

    @cached_property
    def filters(self) -> Mapping[str, Filter]:
        """The filters that run, by name, in their order."""
        return self.recipe.filters

    @cached_property
    def bands(self) -> tuple[int, int]:
        """Bands and rows of the MinHash signatures."""
        settings = self.recipe.deduplicate
        return choose_bands(settings.permutations, settings.threshold)

    @property
    def passes(self) -> int:
        """In how many turns the bands are shuffled, so that an engine that shuffles in memory holds one turn's.

        From the partitions, and so from the inputs: one for a small corpus, four for a large one.
        """
        return max(1, min(_MOST_PASSES, self.partitions // 4))

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the stages that can decide a fate, in their order."""
        last = ("deduplicate",) if self.recipe.deduplicate.enabled else ()
        return ("read", "clean", *self.filters, *last)

    @property
    def dataset(self) -> AnyPath:
        """The dataset while it is being made."""
        return locate(self.work) / "dataset"

    @property
    def progress(self) -> AnyPath:
        """Where each finished unit and shard leaves a line for whoever watches."""
        return locate(self.work) / "progress"

    def is_seen(self) -> bool:
        """Whether the folder of the run can be seen from here."""
        work = locate(self.work)
        # At an address there are files first, and the first is the run's sign of life beside.
        return work.is_dir() if isinstance(work, Path) else work.parent.is_dir()

    def tell(self, name: str, done: Mapping[str, Any]) -> None:
        """Leave a line for whoever watches: what a finished unit or shard says, or a process of itself."""
        write_whole(self.progress / f"{name}.json", orjson.dumps(done), lasting=False)

    def count(self, shuffled: int) -> None:
        """Add bytes that go to be grouped to the account of this process."""
        account_of(self.work).add(shuffled, self.tell)

    def staged(self, key: str) -> AnyPath:
        """The staged file of the unit with this key."""
        return staged_file(locate(self.staging), key)

    def fates(self, unit: int) -> AnyPath:
        """Where the new fates of the documents of a shard that is decided again lie until its ledger is written."""
        return locate(self.work) / "fates" / f"{unit:08d}.parquet"

    def pool(self, unit: int) -> AnyPath:
        """Where a unit's candidates leave their shingles for the judge."""
        return locate(self.work) / "shingles" / f"{unit:08d}.bin"
