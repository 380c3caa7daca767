"""keygen, sign, revoke, verify and acknowledge as a user meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from terminal import call
from texts import prose

from colophon.pipelines.changes.withdraw import NOTICE_FILE, withdraw
from colophon.pipelines.removals import read_wanted


@pytest.fixture(scope="module")
def made(curate_once, tmp_path_factory):
    folder = tmp_path_factory.mktemp("in") / "notes"
    folder.mkdir()
    for n, name in enumerate(("river", "lake")):
        (folder / f"{name}.txt").write_text(prose(n))
    return curate_once(folder).folder


@pytest.fixture
def dataset(made, tmp_path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "dataset"))


@pytest.fixture
def key(capsys, tmp_path) -> Path:
    code, out, error = call(
        capsys,
        "keygen",
        tmp_path / "ada.key",
        "--kind",
        "sign",
        "--owner",
        "Ada Lind, Alpha Site",
        "--days",
        "9000",
    )
    assert code == 0, error
    assert json.loads((tmp_path / "ada.key.pub").read_text())["id"] in out
    return tmp_path / "ada.key"


def signed(capsys, dataset, key, *more):
    return call(capsys, "sign", dataset, "--key", key, "--as", "Ada Lind, data steward", *more)


def test_sign_verify_revoke(capsys, dataset, key):
    code, out, _ = signed(
        capsys, dataset, key, "--decision", "approve", "--note", "All is well.", "--provenance"
    )
    assert code == 0
    assert out.count(".dsse.json") == 2
    code, out, _ = call(capsys, "verify", dataset)
    assert code == 0
    assert out.startswith(
        "2 signatures not checked: give --keys\nnot checked: Ada Lind, data steward approves: All is well. ("
    )
    code, out, _ = call(capsys, "verify", dataset, "--keys", f"{key}.pub", "--threshold", 1)
    assert code == 0
    assert out.startswith(
        "approved by 1 of 1 key (threshold 1)\nrebuilt and signed by 1 of 1\nAda Lind, data steward approves"
    )
    code, out, _ = call(capsys, "revoke", f"{key}.pub", "--reason", "Left the site.")
    assert code == 0
    assert (key.parent / "ada.key.revoked.json").is_file()
    code, out, _ = call(capsys, "verify", dataset, "--keys", f"{key}.pub", "--json")
    assert code == 1
    answer = json.loads(out)
    assert answer["faults"] == ["approved by 0 of 1 key (threshold 1): too few"]
    assert answer["signatures"]["attestations"][0]["status"] == "revoked"


def test_refuse(capsys, dataset, key):
    (dataset / "more.txt").write_text("x")
    code, _, error = signed(capsys, dataset, key, "--decision", "approve")
    assert code == 1
    assert "cannot be approved: more.txt: is not in the manifest" in error
    code, out, _ = signed(capsys, dataset, key, "--decision", "reject", "--note", "Too much.", "--json")
    assert code == 0
    assert json.loads(out)["faults"] == ["more.txt: is not in the manifest"]
    code, out, error = call(capsys, "verify", dataset, "--keys", f"{key}.pub")
    assert code == 1
    lines = out.splitlines()
    assert lines[0] == "REFUSED by 1 of 1 key; approved by 0 of 1 key (threshold 1)"
    assert lines[1].startswith("Ada Lind, data steward REFUSES: Too much. (")
    assert lines[-1] == "more.txt: is not in the manifest"
    assert "3 faults" in error


def test_acknowledge(capsys, key, tmp_path):
    (tmp_path / "notice.json").write_text('{"format": "colophon withdrawal notice"}')
    words = ["acknowledge", tmp_path / "notice.json", "--key", key, "--as", "Ada Lind, data steward"]
    code, out, _ = call(capsys, *words, "--held", 3, "--output", tmp_path / "a.dsse.json")
    assert code == 0
    assert "held 3 records, not yet removed" in out
    check = [
        "acknowledge",
        tmp_path / "notice.json",
        "--keys",
        f"{key}.pub",
        "--check",
        tmp_path / "a.dsse.json",
    ]
    code, out, _ = call(capsys, *check)
    assert code == 1
    assert "held 3 records, NOT YET REMOVED" in out
    code, out, _ = call(
        capsys, *words, "--held", 3, "--removed", "--output", tmp_path / "b.dsse.json", "--json"
    )
    assert json.loads(out)["removed"] is True
    code, out, _ = call(capsys, *check, tmp_path / "b.dsse.json", "--json")
    assert code == 0
    assert [each["status"] for each in json.loads(out)["answers"]] == ["superseded", "counts"]


def test_a_site_finds_what_a_real_notice_means(capsys, made, key, tmp_path):
    (tmp_path / "list.txt").write_text(
        pq.read_table(next((made / "data").iterdir()))["id"].to_pylist()[0] + "\n"
    )
    found = withdraw(made, read_wanted(tmp_path / "list.txt"), tmp_path / "next")
    assert len(found.kept) == 1
    notice = tmp_path / "next" / NOTICE_FILE
    ours = ["acknowledge", notice, "--dataset", made]
    code, out, _ = call(capsys, *ours)
    assert code == 0
    assert f"{next(iter(found.kept))} kept: notes/" in out
    assert "1 document held" in out
    assert json.loads(call(capsys, *ours, "--json")[1])["held"] == 1
    assert "0 documents held" in call(capsys, "acknowledge", notice, "--dataset", tmp_path / "next")[1]
    answer = tmp_path / "ours.dsse.json"
    code, out, _ = call(
        capsys, *ours, "--key", key, "--as", "Ada Lind, data steward", "--removed", "--output", answer
    )
    assert code == 0
    assert "held 1 record, removed" in out
    assert call(capsys, "acknowledge", notice, "--keys", f"{key}.pub", "--check", answer)[0] == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["keygen", "x", "--kind", "sign"], "--owner"),
        (["keygen", "x", "--owner", "Ada"], "--owner goes with --kind sign"),
        (
            ["keygen", "x", "--kind", "sign", "--owner", "Ada", "--epoch", "e"],
            "--epoch goes with --kind pack",
        ),
        (["keygen", "x", "--kind", "sign", "--owner", "Ada", "--expires", "soon"], "'soon' is no day"),
        (["keygen", "x", "--kind", "sign", "--owner", "Ada", "--days", "9" * 8], "year 9999"),
        (["keygen", "x", "--kind", "sign", "--owner", "Ada", "--expires", "2020-01-01"], "before it is made"),
        (["sign", "absent", "--key", "KEY", "--as", "Ada, steward"], "--decision approve"),
        (
            ["sign", "absent", "--key", "KEY", "--as", "Ada, steward", "--decision", "approve"],
            "cannot be read",
        ),
        (
            ["sign", "absent", "--key", "KEY.pub", "--as", "Ada, steward", "--decision", "approve"],
            "is a public key",
        ),
        (["sign", "absent", "--key", "KEY", "--as", "Ada", "--decision", "approve"], "name, role"),
        (
            ["sign", "absent", "--key", "KEY", "--as", "Ada, b", "--rebuilt", "x", "--provenance"],
            "goes with a decision",
        ),
        (["verify", "absent", "--keys", "KEY.pub"], "no such folder"),
        (["verify", "absent", "--threshold", "2"], "--keys"),
        (["verify", "absent", "--keys", "KEY"], "is a private key"),
        (["revoke", "KEY", "--reason", "lost"], "is a private key"),
        (["revoke", "KEY.pub", "--reason", " "], "--reason"),
        (["acknowledge", "absent"], "--key, --as, --held, --output"),
        (["acknowledge", "absent", "--check", "x"], "--keys DIR"),
        (["acknowledge", "absent", "--check", "x", "--keys", "KEY.pub", "--held", "1"], "leave out --held"),
        (["acknowledge", "absent", "--held", "-1"], "0 or more"),
    ],
)
def test_wrong_usage(capsys, key, words, expected):
    code, _, error = call(capsys, *(word.replace("KEY", str(key)) for word in words))
    assert code == 2
    assert expected in error


def test_what_strangers_wrote_is_harmless(capsys, dataset, key):
    """Owners of keys are looked at when keys are made; those of others are made by others."""
    evil = "\x1b]0;owned\x07\u202e"
    folder = dataset / "attest"
    folder.mkdir()
    (folder / f"{evil}.dsse.json").write_text("{}")
    for options in ((), ("--json",), ("--keys", f"{key}.pub")):
        _, out, error = call(capsys, "verify", dataset, *options)
        assert "owned" in out
        assert "\x1b" not in out + error
        assert "\u202e" not in out + error
    assert json.loads(call(capsys, "verify", dataset, "--json")[1])["faults"]
