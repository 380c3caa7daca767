"""The choice of an engine on the command line, and what each refuses before any work."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from colophon.runners import cli
from colophon.runners.engines import ENGINES, dask, settings_of
from colophon.runners.engines import options as engine_options
from colophon.runners.run import Run

RUN = ["run", "--input", "x", "--output", "o"]


def refused(capsys, *words: str) -> str:
    assert cli.main([*RUN, *words]) == 2
    return capsys.readouterr().err


def test_an_option_of_another_engine_is_refused(capsys):
    told = refused(capsys, "--dask-address", "tcp://localhost:1")
    assert "--dask-address is for --runner dask; the engine here is direct" in told


def test_a_missing_extra_is_refused_with_the_command_that_installs_it(capsys, monkeypatch):
    monkeypatch.setattr(engine_options, "find_spec", lambda _: None)
    assert "pip install 'colophon-data[dask]'" in refused(capsys, "--runner", "dask")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--dask-address", "tcp://h:1", "--dask-scheduler-file", "/"], "both name a scheduler"),
        (["--dask-scheduler-file", "absent.json"], "absent.json: there is none"),
        (["--dask-patience", "soon"], "'soon' is not a number of seconds"),
        (["--dask-patience", "nan"], "'nan' is not a number of seconds"),
    ],
)
def test_dask_refuses(capsys, words, expected):
    pytest.importorskip("distributed", reason="Dask is not installed: .ci/slow.lock has it")
    assert expected in refused(capsys, "--runner", "dask", *words)


def test_what_follows_two_dashes_goes_to_beam_as_it_is(papers, tmp_path, monkeypatch):
    seen = {}

    def work(self, order, watcher):
        seen["order"] = order
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "_work", work)
    words = ["run", "--input", str(papers), "--output", str(tmp_path / "out"), "--quiet"]
    assert cli.main([*words, "--", "--job_name", "x", "--verbose"]) == 3
    assert seen["order"].extra == ("--job_name", "x", "--verbose")
    assert seen["order"].runner == "direct"


def test_two_dashes_elsewhere_are_those_of_every_command(capsys):
    assert cli.main(["verify", "--", "--absent"]) == 2
    assert "--absent: there is no such folder" in capsys.readouterr().err


def test_help_groups_the_options_by_engine(capsys):
    with pytest.raises(SystemExit):
        cli.main(["run", "--help"])
    told = capsys.readouterr().out
    for name, one in ENGINES.items():
        assert name in told
        assert not one.OPTIONS or f"with --runner {name}" in told or f" or {name}" in told


def test_partitions_follow_from_the_work_and_the_cluster():
    def partitions(units: int, threads: int) -> int:
        plan = SimpleNamespace(units=range(units), partitions=4)
        return dask._partitions(SimpleNamespace(plan=plan), threads)

    assert [partitions(*pair) for pair in [(1, 2), (100, 2), (100, 8), (100, 90), (10**6, 10**4)]] == [
        4, 16, 32, 100, 1024,
    ]  # fmt: skip


def test_every_engine_gives_its_settings(monkeypatch):
    monkeypatch.setattr(engine_options, "find_spec", lambda _: True)
    given = {option.name: None for one in ENGINES.values() for option in one.OPTIONS}
    assert settings_of(SimpleNamespace(**given, runner="direct")) == {}
    given["dask_address"] = "tcp://h:1"
    assert settings_of(SimpleNamespace(**given, runner="dask")) == {"dask_address": "tcp://h:1"}
