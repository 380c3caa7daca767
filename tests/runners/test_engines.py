"""The choice of an engine on the command line, and what each refuses before any work."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from colophon.pipelines import extras
from colophon.runners import cli
from colophon.runners.engines import ENGINES, dask, settings_of
from colophon.runners.run import Run

RUN = ["run", "--input", "x", "--output", "o"]


def refused(capsys, *words: str) -> str:
    assert cli.main([*RUN, *words]) == 2
    return capsys.readouterr().err


def test_an_option_of_another_engine_is_refused(capsys):
    told = refused(capsys, "--dask-address", "tcp://localhost:1")
    assert "--dask-address is for --runner dask; the engine here is direct" in told


def test_a_missing_extra_is_refused_with_the_command_that_installs_it(capsys, monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    assert "pip install 'colophon-data[dask]'" in refused(capsys, "--runner", "dask")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["flink"], "needs --flink-master HOST:PORT"),
        (["flink", "--flink-master", "cluster"], "--flink-master 'cluster' is not HOST:PORT"),
        (
            ["flink", "--flink-master", "h:8081", "--job-server-jar", "absent.jar"],
            "absent.jar: there is no such file",
        ),
        (
            ["flink", "--flink-master", "h:8081", "--environment", "docker"],
            "the name of an image with Colophon in it",
        ),
        (["flink", "--flink-master", "h:8081", "--environment-config", "x"], "give both"),
        (["prism", "--prism-binary", "absent"], "there is no program 'absent'"),
        (["portable"], "needs --job-endpoint"),
        (["portable", "--job-endpoint", "h:1"], "needs --environment"),
        (
            ["portable", "--job-endpoint", "h:1", "--environment", "external", "--environment-config", "h"],
            "--environment-config 'h' is not HOST:PORT",
        ),
        (["direct", "--environment", "docker"], "--environment is for --runner flink or prism or portable"),
        (["dask", "--project", "p"], "--project is for --runner dataflow"),
    ],
)
def test_engines_refuse(capsys, words, expected):
    assert expected in refused(capsys, "--runner", *words)


DATAFLOW = {
    "project": "my-project", "region": "europe-west4", "temp-location": "gs://my-bucket/tmp",
    "image": "europe-docker.pkg.dev/my-project/images/colophon:1",
}  # fmt: skip


@pytest.mark.parametrize("missing", DATAFLOW)
@pytest.mark.slow  # the quick tests do without these engines' packages
def test_dataflow_refuses_what_is_missing_before_any_upload(capsys, missing):
    pytest.importorskip(
        "google.cloud.dataflow", reason="Google's packages are not installed: .ci/slow.lock has them"
    )
    words = [word for name, value in DATAFLOW.items() if name != missing for word in (f"--{name}", value)]
    told = refused(capsys, "--runner", "dataflow", *words)
    assert f"needs --{missing}" in told


@pytest.mark.parametrize(
    ("name", "value"),
    [("project", "My Project"), ("region", "here"), ("temp-location", "folder"), ("temp-location", "gs://"), ("image", "colophon")],
)  # fmt: skip
@pytest.mark.slow  # the quick tests do without these engines' packages
def test_dataflow_refuses_what_cannot_be(capsys, name, value):
    pytest.importorskip(
        "google.cloud.dataflow", reason="Google's packages are not installed: .ci/slow.lock has them"
    )
    words = [word for pair in (DATAFLOW | {name: value}).items() for word in (f"--{pair[0]}", pair[1])]
    assert f"--{name} {value!r} is not" in refused(capsys, "--runner", "dataflow", *words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--dask-address", "tcp://h:1", "--dask-scheduler-file", "/"], "both name a scheduler"),
        (["--dask-scheduler-file", "absent.json"], "absent.json: there is none"),
        (["--dask-patience", "soon"], "'soon' is not a number of seconds"),
        (["--dask-patience", "nan"], "'nan' is not a number of seconds"),
    ],
)
@pytest.mark.slow  # the quick tests do without these engines' packages
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


@pytest.mark.parametrize("key", ["output:\n  path", "plan:\n  staging"])
def test_addresses_that_beam_does_not_know_are_refused(papers, tmp_path, capsys, key):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"name: x\nsources:\n  - path: {papers}\n{key}: nosuch://bucket/x\n")
    assert cli.main(["run", str(recipe), "--dry-run"]) == 2
    assert "Beam knows no file system for nosuch://; it knows s3://" in capsys.readouterr().err


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
    monkeypatch.setattr(extras, "find_spec", lambda _: True)
    given = {option.name: None for one in ENGINES.values() for option in one.OPTIONS}
    assert settings_of(SimpleNamespace(**given, runner="direct")) == {}
    given["dask_address"] = "tcp://h:1"
    assert settings_of(SimpleNamespace(**given, runner="dask")) == {"dask_address": "tcp://h:1"}
