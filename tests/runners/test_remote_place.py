"""Whole runs over addresses, and who may write there: Beam's local file system, once with folders and once as a store."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from texts import lenient
from trees import Store, Tree

from colophon.pipelines.places import RemotePath, below, locate
from colophon.pipelines.storage import write_whole
from colophon.pipelines.verify import verify
from colophon.runners.job import run_order
from colophon.runners.recipes import sections
from colophon.runners.remote_place import DEAD, Lock, RemotePlace
from colophon.runners.run import Result, Run
from colophon.schemas import RunFailed, UsageError, default_recipe, with_inputs


@pytest.fixture(params=[Tree, Store])
def far(request, tmp_path):
    """An empty place, as an address; the folder that it stands for is ``tmp_path/far``."""
    (tmp_path / "far").mkdir()
    request.param.root = str(tmp_path / "far")
    yield locate(f"{request.param.scheme()}://bucket")
    request.param.root = "/nowhere"


def near(path: RemotePath) -> Path:
    """The file that an address stands for."""
    return Path(Store.root if str(path).startswith("store") else Tree.root, str(path).partition("://")[2])


def content(folder: RemotePath | Path) -> dict[str, bytes]:
    """All files that must not differ between two runs."""
    names = [name for name, kind in below(folder) if kind == "file"]
    return {
        name: (folder / name).read_bytes()
        for name in names
        if name != "run.json" and not name.startswith("review")
    }


def curate(inputs: Any, output: Any, staging: Any, **options: Any) -> Result:
    """A run in this process, where these file systems are known."""

    def work(self, order, watcher):
        run_order(order, self.place.scratch)
        watcher.look(last=True)

    recipe = with_inputs(lenient(default_recipe(sections())), [str(inputs)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "_work", work)
        return Run(recipe, output, staging).start(quiet=True, **options)


def test_a_run_from_an_address_to_an_address_gives_the_bytes_of_one_on_this_machine(far, papers, tmp_path):
    shutil.copy(papers / "paper00.txt", papers / "twin.txt")
    shutil.copytree(papers, near(far) / "papers")
    one = curate(papers, tmp_path / "here" / "out", tmp_path / "here" / "staging")
    made = curate(far / "papers", far / "out", far / "staging")
    assert content(far / "out") == content(tmp_path / "here" / "out")
    assert set(content(far / "out")) >= {"manifest.json", "SHA256SUMS"}
    assert made.manifest == one.manifest
    assert one.manifest["fates"]["dropped"] == 1
    assert verify(far / "out").faults == []
    assert not [name for name, _ in below(far) if ".partial" in name or ".aside" in name]
    assert not curate(far / "papers", far / "out", far / "staging").made
    again = curate(far / "papers", far / "other", far / "staging")
    assert again.run["input_bytes_read"] == 0, "what is staged is not read again"
    with pytest.raises(UsageError, match="holds a dataset made from other inputs"):
        curate(far / "papers" / "twin.txt", far / "out", far / "staging")
    curate(far / "papers" / "twin.txt", far / "out", far / "staging", replace=True)
    assert verify(far / "out").faults == []


def test_a_publication_that_was_broken_off_is_no_dataset_and_the_next_run_goes_on(far):
    place = RemotePlace(far / "out")
    dataset = place.work / "work" / "dataset"
    for name in ("data/a", "SHA256SUMS"):
        write_whole(dataset / name, b"new")
    write_whole(place.output / "data" / "old", b"old")
    with pytest.raises(UsageError, match="is not empty and is no dataset"):
        place.refuse_what_is_there(replace=False, made="")
    with place.alone(), pytest.raises(FileNotFoundError):
        place.publish(dataset)  # there is no manifest
    assert not (place.output / "manifest.json").exists()
    place.refuse_what_is_there(replace=False, made="")
    for name in ("data/a", "SHA256SUMS"):
        write_whole(dataset / name, b"new")
    write_whole(dataset / "manifest.json", b"{}")
    with place.alone():
        place.publish(dataset)
        place.clear(keep_lock=False)
    assert content(place.output) == {"data/a": b"new", "SHA256SUMS": b"new", "manifest.json": b"{}"}
    assert not place.work.exists()


def test_the_second_is_refused_while_the_first_lives(far):
    first, second = (RemotePlace(far / "out") for _ in range(2))
    with first.alone():
        with pytest.raises(
            UsageError, match=rf"another run \(process {os.getpid()}\) is writing to {far}/out"
        ):
            second._lock.take()
        first._lock.check()
    second._lock.take()
    second._lock.release()
    assert not list(second._lock.folder.files())


def test_one_that_gives_no_sign_of_life_is_taken_over(far):
    dead, heir = (Lock(far / "lock", far / "out") for _ in range(2))
    # As one on another machine leaves it: nobody here can see whether its process lives.
    dead.run = f"{'0' * 16}-{'f' * 12}-1"
    dead._sign("holds-0")
    (sign,) = near(far / "lock").iterdir()
    before = time.time() - DEAD / 2
    os.utime(sign, (before, before))
    with pytest.raises(UsageError, match="another run"):
        heir.take()
    before = time.time() - DEAD - 5
    os.utime(sign, (before, before))
    heir.take()
    with pytest.raises(RunFailed, match="took over"):
        dead.check()
    heir.check()
    heir.release()


def test_one_of_this_machine_whose_process_is_gone_is_taken_over_at_once(far):
    dead, heir = (Lock(far / "lock", far / "out") for _ in range(2))
    dead.run = dead.run.rpartition("-")[0] + "-4194999"  # beyond all numbers of processes
    dead._sign("holds-0")
    heir.take()
    heir.release()


def test_of_many_at_once_one_at_most_goes_on(far):
    locks = [Lock(far / "lock", far / "out") for _ in range(6)]
    barrier, taken = threading.Barrier(len(locks)), []

    def take(lock):
        barrier.wait()
        try:
            lock.take()
            taken.append(lock)
        except (UsageError, RunFailed):
            pass

    threads = [threading.Thread(target=take, args=(lock,)) for lock in locks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) <= 1
    for lock in taken:
        lock.check()
        lock.release()
    locks[0] = Lock(far / "lock", far / "out")
    locks[0].take()
    locks[0].release()
