from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sites import finish, make_site, start, used, wait_until

from colophon.runners.copies import Copy, may_copy
from colophon.runners.job import JOB
from colophon.runners.processes import stop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux copies processes")


def sleep() -> None:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # as the job does: a command may have run in this process
    time.sleep(60)


def test_a_copy_ends_with_the_code_or_signal_of_its_work(capfd):
    assert Copy(lambda: os._exit(7)).wait() == 7
    assert Copy(lambda: os.kill(os.getpid(), signal.SIGKILL)).wait(20) == -signal.SIGKILL
    assert Copy(lambda: None).wait() == 1  # its work has to end it

    def fail() -> None:
        raise ValueError("as it must")

    assert Copy(fail).wait() == 1
    assert "ValueError: as it must" in capfd.readouterr().err


def test_a_copy_can_be_waited_for_in_vain_and_stopped():
    copy = Copy(sleep)
    with pytest.raises(subprocess.TimeoutExpired):
        copy.wait(0.05)
    assert copy.poll() is None
    stop(copy)
    assert copy.poll() == -signal.SIGTERM
    copy.terminate()  # which has ended: nothing happens


def test_only_the_command_is_copied():
    assert not may_copy()


def jobs_of(process: subprocess.Popen[str]) -> list[bytes]:
    """The command lines of a command's children that are jobs."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == process.pid and (path / "comm").read_text().strip() == JOB:
                found.append((path / "cmdline").read_bytes())
        except OSError:
            continue
    return found


def test_the_commands_job_is_a_copy_of_it_and_both_are_counted(tmp_path):
    recipe, output = make_site(tmp_path / "site", 2), tmp_path / "out"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = start(recipe, output, "--workers", "1", "--quiet")
    wait_until(lambda: bool(jobs_of(process)), process)
    (command,) = jobs_of(process)
    finish(process, output)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert b"colophon.runners.cli" in command
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = used(output)["cpu_seconds"]
    assert 0.8 * took < told < took + 0.02  # what comes after it is written is not in it
