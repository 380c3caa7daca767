"""Answers to a withdrawal notice."""

from __future__ import annotations

import datetime as dt
import json
import shutil

import pytest
from signing import NOW, Members

from colophon.pipelines.removals import NOTICE_FORMAT
from colophon.pipelines.signing import NOTICE, acknowledge, acknowledgements, revoke
from colophon.schemas import UsageError


@pytest.fixture
def members(tmp_path) -> Members:
    return Members(tmp_path / "members")


@pytest.fixture
def notice(tmp_path):
    path = tmp_path / "notice.json"
    path.write_text(json.dumps({"format": "colophon withdrawal notice", "records": [1, 2]}))
    return path


@pytest.fixture
def answer(members, notice, tmp_path):
    """Somebody's answer, in a file."""

    def written(key, held, *, removed, minute=0, of=None):
        now = NOW + dt.timedelta(minutes=minute)
        path = tmp_path / f"{key.public.id[:8]}-{minute}.dsse.json"
        path.write_bytes(acknowledge(of or notice, key, "Ben, data steward", held, removed=removed, now=now))
        return path

    return written


def judged(notice, files, members, threshold=1):
    return acknowledgements(notice, files, members.public, threshold, NOW)


def test_the_format_is_that_of_notices():
    assert NOTICE == NOTICE_FORMAT


def test_sites_answer(members, notice, answer):
    ada, ben, _ = (members.join(name) for name in ("ada", "ben", "cleo"))
    files = [answer(ada, 0, removed=False), answer(ben, 2, removed=True)]
    found = judged(notice, files, members, 2)
    assert found.faults == ()
    assert found.verdict == "answered by 2 of 3 keys"
    assert found.sentences[1].startswith("Ben, data steward held 0 records (2026-11-22 12:00 UTC; key ")
    assert found.sentences[2].startswith("Ben, data steward held 2 records, removed (")
    assert found.sentences[3].startswith("no answer from Cleo, Site of cleo")
    assert json.loads(json.dumps(found.as_dict()))["ok"] is True
    assert judged(notice, files, members, 3).faults == (
        "answered by 2 of 3 keys, the threshold is 3: too few",
    )


def test_what_is_not_yet_removed_is_a_fault_until_the_site_answers_again(members, notice, answer):
    ben = members.join("ben")
    files = [answer(ben, 2, removed=False)]
    (fault,) = judged(notice, files, members).faults
    assert "held 2 records, NOT YET REMOVED" in fault
    files.append(answer(ben, 2, removed=True, minute=1))
    found = judged(notice, files, members)
    assert found.faults == ()
    assert found.sentences[1].startswith("not counted, superseded: ")


def test_answers_that_count_for_nothing(members, notice, answer, tmp_path):
    ada, ben = members.join("ada"), members.join("ben")
    stranger = members.join("mallory", trusted=False)
    revoke(members.public / "ben.pub", "lost", NOW.date())
    other = tmp_path / "other.json"
    other.write_text(notice.read_text() + "\n")
    files = [
        answer(stranger, 0, removed=True),
        answer(ben, 0, removed=True),
        answer(ada, 0, removed=True, of=other),
    ]
    spoiled = tmp_path / "spoiled.dsse.json"
    spoiled.write_bytes(files[0].read_bytes().replace(b"payloadType", b"payloadtype"))
    found = judged(notice, [*files, spoiled, tmp_path / "absent", tmp_path], members)
    assert [each.status for each in found.answers] == ["unknown key", "revoked"]
    told = [fault.partition(".dsse.json: ")[2] or fault for fault in found.faults]
    assert told[0].startswith("answers another notice")
    assert told[1] == "its payloadType is nothing, not application/vnd.in-toto+json"
    assert told[2].endswith("absent: cannot be read: No such file or directory")
    assert told[3].endswith("is a link or no ordinary file")
    assert told[4] == "answered by 0 of 2 keys, the threshold is 1: too few"


def test_what_is_no_notice_is_not_answered(members, notice, tmp_path):
    ada = members.join("ada")
    for content in (b"", b"{}", b"[]", b"\xff", b"[" * 100_000):
        notice.write_bytes(content)
        with pytest.raises(UsageError, match="is no withdrawal notice"):
            acknowledge(notice, ada, "Ada, steward", 0, removed=True)
    with pytest.raises(UsageError, match="cannot be read"):
        acknowledge(tmp_path / "absent", ada, "Ada, steward", 0, removed=True)
    with pytest.raises(UsageError, match="1 to 1"):
        judged(notice, [], members, 2)


def test_an_approval_is_no_answer(members, notice, tmp_path):
    """Of a dataset whose manifest has the notice's digest, which nobody could make."""
    from colophon.pipelines.signing import sign_statement

    ada = members.join("ada")
    path = tmp_path / "a.dsse.json"
    path.write_bytes(
        sign_statement("manifest.json", "0" * 64, "urn:colophon:decision:v1", {"decision": "approve"}, ada)
    )
    shutil.copy(path, tmp_path / "b.dsse.json")
    assert "is no answer to a notice" in judged(notice, [path], members).faults[0]
