"""Workers that are copied from a process that has all loaded, and those that are started anew."""

from __future__ import annotations

import os
import shlex
import subprocess
import threading

import pytest
from sites import make_site

from colophon.runners.nursery import can_fork, nursery
from colophon.runners.recipes import read_recipe

pytestmark = pytest.mark.slow  # in a process that has one thread


def words(command: str) -> list[str]:
    """As a shell starts it, which `exec` asks to give way."""
    first, *rest = shlex.split(command)
    assert first == "exec"
    return rest


def test_what_a_worker_does_is_done_with_the_callers_environment(tmp_path):
    def work() -> None:
        (tmp_path / os.environ["MARK"]).write_text(f"{len(loaded)}")

    loaded: list[str] = []
    with nursery(lambda: loaded.append("all"), work) as command:
        for mark in ("one", "two"):
            subprocess.run(words(command), check=True, env={"MARK": mark})
    assert [(tmp_path / mark).read_text() for mark in ("one", "two")] == ["1", "1"]
    assert not loaded  # that was in the copy


def test_a_worker_that_fails_ends_its_caller():
    def work() -> None:
        os.kill(os.getpid(), 9)

    with nursery(lambda: None, work) as command:
        assert subprocess.run(words(command), check=False).returncode == 1


def test_a_nursery_that_cannot_load_leaves_no_caller_waiting():
    def load() -> None:
        raise ValueError("no memory, say")

    with nursery(load, lambda: None) as command:
        assert subprocess.run(words(command), check=False, capture_output=True).returncode == 1


def test_workers_of_a_process_that_cannot_be_copied(tmp_path, curate):
    recipe = read_recipe(make_site(tmp_path / "site", 80))
    alone = curate(recipe=recipe, output="a", staging="s1")
    going_on = threading.Event()
    other = threading.Thread(target=going_on.wait)
    other.start()
    try:
        assert not can_fork()
        two = curate(recipe=recipe, output="b", staging="s2", workers=2)
    finally:
        going_on.set()
        other.join()
    assert two.bytes() == alone.bytes()
    assert two.run["workers"] == 2
