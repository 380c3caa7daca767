from __future__ import annotations

import importlib
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from colophon.filters.formats import Html, PlainText
from colophon.filters.formats.reading import read_stream
from colophon.pipelines.isolation import Isolated, seconds_of_children
from colophon.schemas import Document, ReadOptions, RunFailed, Unreadable

_HOSTILE = '''
import os, re, signal, sys, time
from colophon.schemas import Document

class Hostile:
    """A format whose parser does whatever the file says."""
    name, media_type, suffixes = "hostile", "text/x-hostile", (".hostile",)
    splittable, isolated, seekable = False, True, False

    def sniff(self, head):
        return False

    def read(self, stream, options):
        word = stream.read().decode()
        yield Document(word)
        getattr(self, word)()

    def nothing(self):
        print("to standard output", flush=True)
        print("to standard error", file=sys.stderr, flush=True)
        os.write(1, b"from native code")

    def sleep(self):
        time.sleep(60)

    def native(self):
        re.match("(a*)*$", "a" * 40 + "b")  # holds the interpreter's lock for years

    def segfault(self):
        os.kill(os.getpid(), signal.SIGSEGV)

    def leave(self):
        os._exit(3)

    def fail(self):
        raise KeyError("no such thing")

    def recursion(self):
        self.recursion()

    def memory(self):
        kept = [bytearray(2**20) for _ in range(10**6)]

    def hog(self):
        kept = bytearray(2**40)

    def interrupt(self):
        os.kill(os.getpid(), signal.SIGINT)

def busy():
    ends = time.process_time() + 0.3
    while time.process_time() < ends:
        pass
    return []

def pid():
    return [Document(str(os.getpid()))]

def modules():
    return [Document(" ".join(sorted(sys.modules)))]

def unpicklable():
    return [Document("x", metadata={"f": lambda: 0})]
'''


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The module above, importable here and in the child."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "hostile_format.py").write_text(_HOSTILE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield importlib.import_module("hostile_format")
    sys.modules.pop("hostile_format")


@pytest.fixture(scope="module")
def isolated(hostile):
    """One for all tests that need not choose its limits; it starts when `hostile` can be imported, which takes a second."""
    with Isolated(seconds=20) as each:
        yield each


def child(isolated, hostile):
    (document,) = isolated.run(hostile.pid)
    return int(document.text)


def test_reads_a_page_as_it_is_read_here(isolated):
    page = b"<html lang=en><title>Ants</title><p>Ants of the heath sleep in turns, some by day and some by night."
    documents = isolated(Html(), page, ReadOptions())
    assert documents == list(Html().read(io.BytesIO(page), ReadOptions()))
    assert isinstance(documents[0], Document)
    assert list(read_stream(io.BytesIO(page), "a", ReadOptions(), isolate=isolated)) == documents


def test_one_child_answers_many_calls(isolated, hostile):
    assert child(isolated, hostile) == child(isolated, hostile) != os.getpid()


def test_what_a_child_works_is_counted_while_it_lives_and_afterwards(hostile):
    before = seconds_of_children()
    with Isolated() as isolated:
        child(isolated, hostile)
        began = seconds_of_children()
        assert began > before
        isolated.run(hostile.busy)
        living = seconds_of_children()
        assert living >= began + 0.3
    assert seconds_of_children() >= living


def test_large_files_pass(isolated):
    data = b"Ants sleep. " * 2_000_000
    (document,) = isolated(PlainText(), data, ReadOptions())
    assert document.text.encode() == data


def test_a_hang_is_ended(hostile):
    with Isolated(seconds=1.5) as isolated:
        for word in (b"sleep", b"native"):
            first = child(isolated, hostile)
            begin = time.monotonic()
            (fault,) = isolated(hostile.Hostile(), word, ReadOptions())
            assert fault == Unreadable("timed_out", "stopped after 1.5 seconds", value=1.5, threshold=1.5)
            assert time.monotonic() - begin < 30
            with pytest.raises(ProcessLookupError):
                os.kill(first, 0)
        assert child(isolated, hostile) != first


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("segfault", [Unreadable("parser_crashed", "signal SIGSEGV")]),
        ("leave", [Unreadable("parser_crashed", "exit code 3")]),
        ("fail", [Unreadable("reader_failed", "KeyError: 'no such thing'")]),
        ("interrupt", [Document("interrupt")]),
        ("nothing", [Document("nothing")]),
    ],
)
def test_crashes_and_errors(isolated, hostile, capfd, word, expected):
    assert isolated(hostile.Hostile(), word.encode(), ReadOptions()) == expected
    assert isolated(hostile.Hostile(), b"nothing", ReadOptions()) == [Document("nothing")]
    assert capfd.readouterr() == ("", "")


def test_recursion(isolated, hostile):
    (fault,) = isolated(hostile.Hostile(), b"recursion", ReadOptions())
    assert fault.reason == "reader_failed"
    assert fault.detail.startswith("RecursionError: ")


def test_memory(hostile):
    limit = 2**30
    with Isolated(seconds=20, memory_bytes=limit) as isolated:
        for word in (b"memory", b"hog", b"nothing"):
            found = isolated(hostile.Hostile(), word, ReadOptions())
            fault = Unreadable("memory_exceeded", f"needs more than {limit:,} bytes", threshold=limit)
            assert found == ([Document("nothing")] if word == b"nothing" else [fault])


def test_what_cannot_be_sent_back(isolated, hostile):
    (fault,) = isolated.run(hostile.unpicklable)
    assert fault.reason == "reader_failed"


def test_the_child_has_what_it_needs_and_no_beam(isolated, hostile):
    (document,) = isolated.run(hostile.modules)
    loaded = document.text.split()
    assert {"colophon.filters.formats.html", "trafilatura"} <= set(loaded)
    assert not [name for name in loaded if name.split(".")[0] == "apache_beam"]


def test_a_child_that_was_killed_between_calls_is_replaced(isolated, hostile):
    first = child(isolated, hostile)
    os.kill(first, signal.SIGKILL)
    assert child(isolated, hostile) != first


def test_a_child_whose_death_does_not_show_yet_costs_no_document(isolated, hostile, monkeypatch):
    first = child(isolated, hostile)
    os.kill(first, signal.SIGKILL)
    # As while one of its threads still ends.
    monkeypatch.setattr(isolated._child, "alive", lambda: True)
    data = b"Ants sleep. " * 100_000
    (document,) = isolated(PlainText(), data, ReadOptions())
    assert document.text.encode() == data
    assert child(isolated, hostile) != first


def test_from_many_threads(isolated, hostile):
    results = []
    threads = [threading.Thread(target=lambda: results.append(child(isolated, hostile))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert len(set(results)) == 1


def test_a_pickled_copy_has_a_child_of_its_own_and_closing_ends_it(isolated, hostile):
    first = child(isolated, hostile)
    with pickle.loads(pickle.dumps(isolated)) as copy:  # noqa: S301 - made here
        assert (copy.seconds, copy.memory_bytes) == (isolated.seconds, isolated.memory_bytes)
        second = child(copy, hostile)
        assert second != first
    with pytest.raises(ProcessLookupError):  # its end closes it
        os.kill(second, 0)
    copy.close()
    assert child(copy, hostile) != second
    copy.close()


@pytest.mark.parametrize("executable", ["/bin/false", "/no/such/python"])
def test_a_child_that_cannot_start(executable, monkeypatch):
    monkeypatch.setattr(sys, "executable", executable)
    with (
        Isolated() as isolated,
        pytest.raises(RunFailed, match="the child process for parsers does not start"),
    ):
        isolated.run(len, "x")


@pytest.mark.parametrize("word", ["nothing", "native"])
def test_the_child_does_not_outlive_its_parent(hostile, word):
    script = (
        "import sys, hostile_format as h\n"
        "from colophon.pipelines.isolation import Isolated\n"
        "from colophon.schemas import ReadOptions\n"
        "isolated = Isolated(seconds=2)\n"
        "print(isolated.run(h.pid)[0].text, flush=True)\n"
        f"isolated(h.Hostile(), b{word!r}, ReadOptions())\n"
        "sys.stdin.read()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(hostile.__file__).parent)}
    with subprocess.Popen(
        [sys.executable, "-P", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        orphan = Path(f"/proc/{int(parent.stdout.readline())}")
        assert orphan.exists()
        parent.kill()
    deadline = time.monotonic() + 60
    while orphan.exists() and " Z " not in (orphan / "stat").read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not orphan.exists() or " Z " in (orphan / "stat").read_text()
