"""One run from a recipe to a dataset: plan, start the job, watch it, put the dataset in its place."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import pickle
import platform
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from colophon.pipelines.audit import refusals
from colophon.pipelines.job import Job
from colophon.pipelines.places import locate, reach_with, sizes_below
from colophon.pipelines.plan import Plan, code_digest, make_plan, materials_of
from colophon.pipelines.predecessor import remember
from colophon.pipelines.rules import pairs_that_fit
from colophon.pipelines.storage import clear_asides, explain_os_error, write_whole
from colophon.pipelines.verify import load_manifest, verify
from colophon.runners.copies import Copy, is_only_the_command, may_copy
from colophon.runners.costs import Prices, Rapl, costs
from colophon.runners.job import Order, command, continue_as_job
from colophon.runners.place import Place
from colophon.runners.processes import stop
from colophon.runners.progress import Progress, Watcher
from colophon.runners.remote_place import place_at
from colophon.runners.report import report
from colophon.runners.review import gather, just_made, write_report
from colophon.runners.usage import Usage, processes_of
from colophon.runners.words import size_in_words
from colophon.schemas import RunFailed, UsageError, canonical_digest, canonical_json, public_form

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from colophon.pipelines.places import AnyPath
    from colophon.pipelines.predecessor import Decision
    from colophon.runners.copies import Process
    from colophon.schemas import Recipe

__all__ = ["Preview", "Result", "Run"]

_SECONDS_BETWEEN_LOOKS = 0.2


def _real(path: AnyPath) -> AnyPath:
    """A path without links."""
    return Path(os.path.realpath(path)) if isinstance(path, Path) else path


@dataclass(frozen=True)
class Preview:
    """What a run would do.

    Attributes:
        plan: The units.
        pairs: Candidate pairs that deciding on duplicates holds in the recipe's ``deduplicate.memory``.
        staged: Units that are staged already.
        staged_bytes: Bytes of input in those.
        up_to_date: Whether the output is what this run would make.
    """

    plan: Plan
    pairs: int
    staged: int
    staged_bytes: int
    up_to_date: bool

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "files": self.plan.n_files,
            "bytes": self.plan.size,
            "units": len(self.plan.units),
            "partitions": self.plan.partitions,
            "candidate_pairs_that_fit": self.pairs,
            "hidden_files_passed_over": self.plan.hidden,
            "staged_units": self.staged,
            "staged_bytes": self.staged_bytes,
            "up_to_date": self.up_to_date,
        }


@dataclass(frozen=True)
class Result:
    """What a run made.

    Attributes:
        output: The dataset's folder.
        manifest: Its manifest.
        run: Its ``run.json``.
        made: False if the dataset was there already and nothing had changed.
    """

    output: AnyPath
    manifest: dict[str, Any]
    run: dict[str, Any]
    made: bool


class Run:
    """A recipe, the place of its dataset and of its staged units.

    Args:
        recipe: What to do.
        output: Folder of the dataset; its parent also holds the work in progress.
        staging: Folder of staged units.
        decision: What is decided again, instead of inputs that are read.
        options: Options for Beam as given; addresses are reached with them too.

    Raises:
        UsageError: Output and inputs lie in one another.
        RecipeError: A source has no files.
    """

    def __init__(
        self,
        recipe: Recipe,
        output: AnyPath,
        staging: AnyPath,
        decision: Decision | None = None,
        options: Sequence[str] = (),
    ) -> None:
        reach_with(options)
        # What a process that is more than the command did before was not for this run.
        self._cpu_before = 0.0 if is_only_the_command() else time.process_time()
        self.recipe = recipe
        self.options = tuple(options)
        self.place = place_at(output)
        self.output, self.work = self.place.output, self.place.work
        self.staging = Path(os.path.abspath(staging)) if isinstance(staging, Path) else staging
        self._refuse_place()
        self._refuse_overlap()
        self.plan = decision.plan if decision else make_plan(recipe)
        self.job = Job(recipe, str(self.staging), str(self.work), self.plan.partitions, options=self.options)
        if decision:
            self.job = replace(
                self.job,
                predecessor=decision.predecessor,
                before=decision.folder and os.path.abspath(decision.folder),
                reused=decision.reused,
            )
        # What the output is made of; times of files are in it, so it stays out of the manifest.
        lists = {name: materials_of(one, policy=True) for name, one in recipe.filters.items()}
        self.stamp = canonical_digest(
            [self.plan.digest, public_form(recipe), lists, code_digest(), dict(self.job.predecessor)]
        )

    def _refuse_place(self) -> None:
        if self.output == self.staging or self.output in self.staging.parents:
            raise UsageError(
                f"the staging folder {self.staging} lies in the output {self.output}, which holds the dataset and "
                "nothing else; name one outside"
            )

    def _refuse_overlap(self) -> None:
        for index, source in enumerate(self.recipe.sources):
            root = _real(locate(source.path))
            for what, folder in (("output", self.output), ("staging folder", self.staging)):
                real = _real(folder)
                if real == root or root in real.parents:
                    raise UsageError(
                        f"the {what} {folder} lies in sources[{index}].path {source.path}, so a run would read what it "
                        "writes; name one outside"
                    )
                if real in root.parents:
                    raise UsageError(
                        f"sources[{index}].path {source.path} lies in the {what} {folder}, which the run would fill; "
                        "name another"
                    )

    def preview(self) -> Preview:
        """What the run would do, without doing anything."""
        staged = [unit for unit in self.plan.units if self.job.staged(unit.key).exists()]
        return Preview(
            self.plan,
            pairs_that_fit(self.recipe.deduplicate.memory),
            len(staged),
            sum(unit.size for unit in staged),
            self._up_to_date(),
        )

    def _up_to_date(self, *, whole: bool = False) -> bool:
        """Whether the output was made of the same inputs by the same recipe and code, and is all there.

        Args:
            whole: Whether to verify every byte as well.
        """
        try:
            run = json.loads((self.output / "run.json").read_bytes())
            manifest = load_manifest(self.output)
            there = sizes_below(self.output)
            sizes = {name: there.get(name) for name in manifest["files"]}
        except (OSError, ValueError, KeyError, UsageError):
            return False
        wanted = {name: entry["bytes"] for name, entry in manifest["files"].items()}
        same = bool(run.get("stamp") == self.stamp and sizes == wanted)
        return same and not (whole and verify(self.output).faults)

    def start(
        self,
        *,
        runner: str = "direct",
        workers: int = 1,
        settings: Mapping[str, Any] | None = None,
        replace: bool = False,
        max_failed: float | None = None,
        quiet: bool = False,
        prices: Prices | None = None,
    ) -> Result:
        """Make the dataset, unless it is there.

        Args:
            runner: Engine.
            workers: Processes, where the engine asks.
            settings: The engine's own options.
            replace: Whether what is in the output may be deleted once the new dataset is complete.
            max_failed: Greatest share of documents that may fail.
            quiet: Whether to say nothing on the way.
            prices: What energy and time cost here.

        Raises:
            UsageError: The output is not empty, or another run is writing to it.
            RunFailed: The work could not be completed, or too many documents failed.
            KeyboardInterrupt: After the job was stopped and cleaned up.
        """
        # Who asks for a replacement may have found the dataset damaged.
        if self._up_to_date(whole=replace):
            run = json.loads((self.output / "run.json").read_bytes())
            result = Result(self.output, load_manifest(self.output), run, made=False)
            self._refuse_failures(result.manifest, max_failed, self.output)
            return result
        self.place.refuse_what_is_there(
            replace=replace, made="made from other inputs, another recipe or another version"
        )
        with self.place.alone():
            self._clear(keep_lock=True)
            # No more processes than there are units: each takes seconds to start.
            workers = max(1, min(workers, len(self.plan.units)))
            self._prepare()
            progress = Progress(len(self.plan.units), self.plan.size)
            began, counters = dt.datetime.now(dt.UTC), Rapl()
            with Watcher(progress, self.job.progress, quiet=quiet) as watcher:
                self._work(Order(self.job, self.plan, runner, workers, self.options, settings or {}), watcher)
            manifest = load_manifest(self.job.dataset)
            self._refuse_failures(manifest, max_failed, self.job.dataset)
            if told := refusals(manifest):
                raise RunFailed("\n".join(told))
            usage = Usage(
                time.process_time() - self._cpu_before,
                json.loads((self.place.scratch / "usage.json").read_bytes()),
                processes_of(self.job.progress),
                workers,
            )
            run = self._account(progress, began, runner, usage)
            tokens = manifest["counts"]["sizes"].get("n_tokens", 0)
            used = run["cpu_seconds"], run["wall_seconds"], sum(run["peak_bytes_by_process"])
            run |= costs(
                *used,
                tokens,
                joules=counters.joules() if usage.on_this_machine else None,
                prices=prices or Prices(),
            )
            self._publish(manifest, run)
            for index in progress.again:
                self.job.staged(self.plan.units[index].key).unlink(missing_ok=True)
            if not self.job.before:
                remember(self.staging, (self.output / "manifest.json").read_bytes(), self.plan)
            # Last, for it can be made again at any time: nothing that befalls it costs the dataset.
            plan = None if self.job.before else self.plan
            write_report(self.output, gather(self.output, just_made(), plan=plan, staging=self.staging))
            self._clear(keep_lock=False)
        return Result(self.output, manifest, run, made=True)

    def _prepare(self) -> None:
        """Let filters put down what all processes share, so that each need not make it, and choose where files go."""
        try:
            near = isinstance(self.staging, Path)
            filters = {
                name: one.prepare(self.staging) if near and hasattr(one, "prepare") else one
                for name, one in self.recipe.filters.items()
            }
        except OSError as error:
            raise explain_os_error(error, self.staging) from error
        # A folder of its own: what a worker that an earlier run lost sight of, perhaps on another machine, still writes
        # lands where nobody looks.
        work = str(self.work / uuid.uuid4().hex[:12])
        self.job = replace(self.job, recipe=replace(self.recipe, filters=filters), work=work)

    def _clear(self, *, keep_lock: bool) -> None:
        """Remove what an earlier or this run left in progress."""
        clear_asides(self.staging)
        self.place.clear(keep_lock=keep_lock)

    def _work(self, order: Order, watcher: Watcher) -> None:
        """Run the job in a process group of its own and watch it until it ends."""
        try:
            if isinstance(self.job.progress, Path):
                self.job.progress.mkdir(parents=True, exist_ok=True)
            (self.place.scratch / "job.pickle").write_bytes(pickle.dumps(order))
            log = (self.place.scratch / "log.txt").open("wb")
        except OSError as error:
            raise explain_os_error(error, self.place.scratch) from error
        told, tell = os.pipe()
        with log:
            process = self._start_job(log, told, tell)
            os.close(tell)
            try:
                while process.poll() is None:
                    watcher.look()
                    time.sleep(_SECONDS_BETWEEN_LOOKS)
            except BaseException:
                stop(process)
                self._clear(keep_lock=False)
                raise
            stop(process)
        watcher.look(last=True)
        with open(told, encoding="utf-8", errors="replace") as pipe:  # noqa: PTH123 - a descriptor, not a path
            sentence = pipe.read()
        if code := process.poll():
            raise RunFailed(self._why(code, sentence))

    def _start_job(self, log: BinaryIO, told: int, tell: int) -> Process:
        """Start the job in a session of its own: as a copy of this process, where it may be copied."""
        # The job's workers find this interpreter first, also where the environment is not activated.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        folder, parent = self.place.scratch, os.getpid()
        if isinstance(self.place, Place) and may_copy():
            lock = self.place.lock

            def work() -> None:
                for one in (told, *([lock.fileno()] if lock else [])):
                    os.close(one)
                os.environ["PATH"] = path
                continue_as_job(folder, tell, parent, log.fileno())

            return Copy(work)
        return subprocess.Popen(
            command(folder, tell),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "PATH": path},
            start_new_session=True,
            pass_fds=(tell,),
        )

    def _why(self, code: int, sentence: str) -> str:
        with contextlib.suppress(OSError):  # what is to be told is what came before
            clear_asides(self.staging)
            self.place.empty()
        if not sentence:
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
            sentence = f"the job ended with {how}, perhaps because memory ran out"
        return f"{sentence}\nThe log is {self.place.scratch / 'log.txt'}. What was read is kept: the same command goes on from there."

    def _refuse_failures(self, manifest: dict[str, Any], most: float | None, where: AnyPath) -> None:
        documents, failed = sum(manifest["fates"].values()), manifest["fates"]["failed"]
        if most is not None and failed > most * documents:
            raise RunFailed(
                f"{failed:,} of {documents:,} documents failed ({failed / documents:.2%}), --max-failed allows {most:.2%}; "
                f"`colophon explain {where} WHAT` says why, until the next run"
            )

    def _account(self, progress: Progress, began: dt.datetime, runner: str, usage: Usage) -> dict[str, Any]:
        """What differs from run to run and therefore stands outside the manifest."""
        ended = dt.datetime.now(dt.UTC)
        return {
            "stamp": self.stamp,
            "began": began.isoformat(timespec="seconds"),
            "ended": ended.isoformat(timespec="seconds"),
            "wall_seconds": round((ended - began).total_seconds(), 2),
            **usage.as_dict(),
            "host": platform.node(),
            "platform": platform.platform(),
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "runner": runner,
            "units": len(self.plan.units),
            "input_bytes": progress.bytes,
            "input_bytes_read": progress.bytes_done - progress.bytes_reused,
            "output_bytes_written": sum(sizes_below(self.job.dataset).values()),
            "cpu_seconds_by_stage": {
                name: round(value, 3) for name, value in sorted(progress.seconds.items())
            },
            "staging": "" if self.job.before else size_in_words(self._staged_bytes()),
        }

    def _staged_bytes(self) -> int:
        return sum(self.job.staged(unit.key).stat().st_size for unit in self.plan.units)

    def _publish(self, manifest: dict[str, Any], run: dict[str, Any]) -> None:
        """Put the dataset in its place; what it replaces is deleted."""
        dataset: Any = self.job.dataset  # of the kind that its place is of
        write_whole(dataset / "run.json", canonical_json(run) + b"\n")
        write_whole(dataset / "review" / "report.txt", report(manifest, run).encode())
        try:
            self.place.publish(dataset)
        except OSError as error:
            raise explain_os_error(error, self.output) from error
