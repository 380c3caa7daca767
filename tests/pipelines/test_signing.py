"""Who signed, and whether it counts."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
import shutil
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from signing import NOW, TODAY, Members, sign
from texts import prose

from colophon.pipelines.signing import (
    PROVENANCE,
    BadEnvelope,
    attestations,
    make_signing_key,
    open_envelope,
    read_keys,
    read_signing_key,
    revoke,
    sign_statement,
)
from colophon.pipelines.signing.statements import read_provenance
from colophon.pipelines.verify import verify
from colophon.schemas import CheckFailed, UsageError


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("in") / "notes"
    folder.mkdir()
    for n in range(3):
        (folder / f"{n}.txt").write_text(prose(n))
    return folder


@pytest.fixture(scope="module")
def made(curate_once, inputs) -> Path:
    return curate_once(inputs).folder


@pytest.fixture
def dataset(made, tmp_path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "dataset"))


@pytest.fixture
def members(tmp_path) -> Members:
    return Members(tmp_path / "members")


@pytest.fixture
def three(members):
    return [members.join(name) for name in ("ada", "ben", "cleo")]


def judged(dataset, members, threshold=2, now=NOW):
    return attestations(dataset, members.public, threshold, now)


def checked(folder: Path) -> list[str]:
    return verify(folder).faults


def test_two_of_three_approve(dataset, members, three):
    sign(dataset, three[0], check=checked, note="All of it was read.")
    found = judged(dataset, members)
    assert found.verdict == "approved by 1 of 3 keys (threshold 2)"
    assert found.faults == ("approved by 1 of 3 keys (threshold 2): too few",)
    sign(dataset, three[1], minute=1)
    found = judged(dataset, members)
    assert found.ok
    assert found.verdict == "approved by 2 of 3 keys (threshold 2)"
    assert found.sentences[1].startswith(
        "Ada, data steward approves: All of it was read. (2026-11-22 12:00 UTC; key "
    )
    assert {each.owner for each in found.approved} == {"Ada, Site of ada", "Ben, Site of ben"}
    assert found.sentences[-1].startswith("no decision by Cleo, Site of cleo (key ")
    assert found.silent == {three[2].public.id}
    assert found.rebuilt == ()
    assert json.loads(json.dumps(found.as_dict()))["approved"] == [each.key_id for each in found.approved]
    assert verify(dataset).faults == []


def test_a_key_counts_once_however_often_it_signs_or_is_listed(dataset, members, three):
    for minute in range(3):
        envelope = sign(dataset, three[0], minute=minute)
    shutil.copy(envelope, envelope.with_name("copy.dsse.json"))
    shutil.copy(members.public / "ada.pub", members.public / "somebody else.pub")
    found = judged(dataset, members)
    assert found.verdict == "approved by 1 of 3 keys (threshold 2)"
    assert [each.status for each in found.attestations].count("superseded") == 3


def test_a_refusal_is_a_fault_and_a_later_decision_counts(dataset, members, three):
    for key in three:
        sign(dataset, key)
    sign(dataset, three[2], "reject", minute=1, note="Two sources have no licence.")
    found = judged(dataset, members)
    assert found.verdict == "REFUSED by 1 of 3 keys; approved by 2 of 3 keys (threshold 2)"
    (fault,) = found.faults
    assert fault.startswith(
        "Cleo, data steward REFUSES: Two sources have no licence. (2026-11-22 12:01 UTC; key "
    )
    assert found.sentences[1] == fault
    sign(dataset, three[2], minute=2)
    found = judged(dataset, members, threshold=3)
    assert found.ok
    (earlier,) = [each for each in found.attestations if each.decision == "reject"]
    assert earlier.status == "superseded"
    assert "decided again, at 2026-11-22 12:02" in earlier.sentence


def test_of_two_decisions_at_one_time_the_refusal_counts(dataset, members, three):
    for decision in ("reject", "approve"):
        sign(dataset, three[0], decision)
    assert judged(dataset, members).verdict.startswith("REFUSED by 1 of 3 keys; approved by 0")


def test_a_refusal_by_a_stranger_stops_nobody_and_is_shown(dataset, members, three):
    for key in three[:2]:
        sign(dataset, key)
    sign(dataset, members.join("mallory", trusted=False), "reject")
    found = judged(dataset, members)
    assert found.ok
    (stranger,) = [each for each in found.attestations if each.status == "unknown key"]
    assert stranger.sentence.startswith("not counted, unknown key: Mallory, data steward REFUSES (")


def test_an_expired_key_counts_for_nothing(dataset, members):
    keys = [members.join("ada", days=10), members.join("ben", days=20)]
    for key in keys:
        sign(dataset, key)
    last = NOW + dt.timedelta(days=10)
    assert judged(dataset, members, now=last).ok
    found = judged(dataset, members, now=last + dt.timedelta(days=1))
    assert found.verdict == "approved by 1 of 2 keys (threshold 2)"
    (expired,) = [each for each in found.attestations if each.status == "expired"]
    assert "(2026-11-22 12:00 UTC; key " in expired.sentence
    assert "the key expired on 2026-12-02" in expired.sentence
    with pytest.raises(UsageError, match="expired on 2026-12-02"):
        sign(dataset, keys[0], minute=60 * 24 * 11)


def test_a_revoked_key_counts_for_nothing_under_any_name(dataset, members, three):
    for key in three:
        sign(dataset, key)
    shutil.copy(members.public / "ada.pub", members.public / "z.pub")
    beside = revoke(members.public / "z.pub", "The laptop was stolen.", TODAY)
    assert beside.name == "z.revoked.json"
    found = judged(dataset, members, threshold=3)
    assert found.faults == ("approved by 2 of 3 keys (threshold 3): too few",)
    assert any("was revoked on 2026-11-22: The laptop was stolen." in line for line in found.sentences)
    with pytest.raises(UsageError, match="nothing is left to revoke"):
        revoke(members.public / "ada.pub", "again", TODAY)
    beside.write_text("{}")
    with pytest.raises(UsageError, match="is no revocation"):
        judged(dataset, members)


def test_without_keys_signatures_are_listed_and_nothing_is_claimed(dataset, three):
    assert attestations(dataset).verdict == "signed by nobody"
    sign(dataset, three[0])
    found = attestations(dataset)
    assert found.verdict == "1 signature not checked: give --keys"
    assert found.approved == ()
    assert found.ok


def test_nobody_signed(dataset, members, three):
    assert judged(dataset, members).faults == ("approved by 0 of 3 keys (threshold 2): too few",)


@pytest.fixture
def again(curate, inputs) -> Path:
    """The same dataset, built once more from its inputs."""
    return curate(inputs, output="again", staging="another").folder


def test_who_rebuilt_it_says_so(dataset, again, members, three, tmp_path):
    sign(dataset, three[0], provenance=True, check=checked)
    sign(dataset, three[1], rebuilt=again, check=checked)
    sign(dataset, three[2])
    found = judged(dataset, members)
    assert found.ok
    assert found.sentences[:2] == ("approved by 3 of 3 keys (threshold 2)", "rebuilt and signed by 2 of 3")
    sign(dataset, three[1], minute=5)
    assert len(judged(dataset, members).rebuilt) == 2  # that it was built stays true
    sign(dataset, three[1], "reject", minute=6)
    assert len(judged(dataset, members).rebuilt) == 1
    for copy in (dataset, shutil.copytree(dataset, tmp_path / "copy")):
        with pytest.raises(UsageError, match="or a copy of it"):
            sign(dataset, three[1], rebuilt=Path(copy))
    with pytest.raises(UsageError, match=r"run\.json: cannot be read"):
        sign(dataset, three[1], rebuilt=tmp_path)
    (again / "more.txt").write_text("x")
    with pytest.raises(CheckFailed, match=r"more\.txt: is not in the manifest"):
        sign(dataset, three[1], rebuilt=again, check=checked)
    (again / "manifest.json").write_text("{}")
    with pytest.raises(CheckFailed, match="its manifest differs"):
        sign(dataset, three[1], rebuilt=again, check=checked)


def test_a_dataset_with_faults_can_only_be_refused(dataset, members, three):
    (dataset / "more.txt").write_text("x")
    with pytest.raises(
        CheckFailed, match=r"cannot be approved: more\.txt: is not in the manifest;.*--decision reject"
    ):
        sign(dataset, three[0], check=checked)
    with pytest.raises(CheckFailed, match="cannot be signed"):
        sign(dataset, three[0], None, provenance=True, check=checked)
    assert not (dataset / "attest").exists()
    envelope = sign(dataset, three[0], "reject", check=checked)
    assert open_envelope(envelope.read_bytes()).statement.predicate["faults"] == 1


def test_a_changed_run_json_is_noted(dataset, members, three):
    sign(dataset, three[0])
    (dataset / "run.json").write_text("{}")
    found = judged(dataset, members, threshold=1)
    assert found.ok
    assert found.notes == ("run.json is not the one that Ada saw: nobody vouches for its times and costs",)
    with pytest.raises(UsageError, match="sign without --provenance"):
        sign(dataset, three[0], None, provenance=True)


def test_no_byte_of_the_manifest_can_change(dataset, members, three):
    for key in three:
        sign(dataset, key)
    path = dataset / "manifest.json"
    content = path.read_bytes()
    for at in range(0, len(content), len(content) // 50):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        found = judged(dataset, members)
        assert found.approved == ()
        assert len([fault for fault in found.faults if "is of another dataset" in fault]) == 3
    path.write_bytes(content)
    assert judged(dataset, members).ok


def test_a_quick_look_is_told(dataset, members, three):
    sign(dataset, three[0], how="quick")
    assert judged(dataset, members, 1).approved[0].sentence.endswith("Site of ada; checked files, not rows)")


def test_strangers_cannot_bury_what_counts(dataset, members, three):
    stranger = members.join("mallory", trusted=False)
    for minute in range(60):
        sign(dataset, stranger, minute=minute)
    sign(dataset, three[0], "reject", minute=99)
    lines = judged(dataset, members).sentences
    assert lines[1].startswith("Ada, data steward REFUSES")
    assert "and 10 more that count for nothing" in lines


def test_nothing_is_written_through_a_link(dataset, three, tmp_path):
    (dataset / "attest").symlink_to(tmp_path / "members")
    with pytest.raises(UsageError, match="is a link"):
        sign(dataset, three[0])
    assert attestations(dataset).faults == ("attest: is a link or no folder",)


def test_an_endless_folder_of_envelopes_is_not_read(dataset, members, three):
    folder = sign(dataset, three[0]).parent
    for n in range(17):
        with (folder / f"{n}.dsse.json").open("wb") as stream:
            stream.truncate(2**22)
    assert (
        judged(dataset, members, 1).faults[-2]
        == "attest: holds more than 67,108,864 bytes, which are not read"
    )
    for n in range(1000):
        (folder / f"{n}.dsse.json").write_bytes(b"")
    assert judged(dataset, members, 1).faults[0] == "attest: holds 1,001 files; at most 1,000 are read"


def test_an_envelope_of_another_dataset_is_a_fault(dataset, made, members, three, tmp_path):
    other = Path(shutil.copytree(made, tmp_path / "other"))
    (other / "manifest.json").write_bytes((other / "manifest.json").read_bytes() + b"\n")
    envelope = sign(other, three[0])
    (dataset / "attest").mkdir()
    shutil.copy(envelope, dataset / "attest")
    (fault, few) = judged(dataset, members).faults
    assert "is of another dataset" in fault
    assert "too few" in few
    assert "is of another dataset" in attestations(dataset).faults[0]


def test_what_is_no_envelope_is_a_fault(dataset, members, three):
    for key in three:
        sign(dataset, key)
    (dataset / "attest" / "notes.txt").write_text("x")
    (dataset / "attest" / "folder.dsse.json").mkdir()
    (dataset / "attest" / "link.dsse.json").symlink_to(dataset / "manifest.json")
    (dataset / "attest" / "long.dsse.json").write_bytes(b" " * (2**22 + 1))
    found = judged(dataset, members)
    assert len(found.approved) == 3
    assert [fault.partition(": ")[0] for fault in found.faults] == [
        f"attest/{name}" for name in ("folder.dsse.json", "link.dsse.json", "long.dsse.json", "notes.txt")
    ]


def opened(content: bytes):
    """What an envelope holds, None if it is none; any other error fails the test."""
    with contextlib.suppress(BadEnvelope):
        return open_envelope(content)


def test_no_flipped_byte_gives_another_meaning(dataset, members, three):
    """Each bit of each byte: what still verifies says what was signed, and names no other signer."""
    content = sign(dataset, three[0], note="Read.").read_bytes()
    keys = read_keys(members.public)
    whole = open_envelope(content)
    changed = still = 0
    for at in range(len(content)):
        for bit in (0, 5):
            flipped = bytearray(content)
            flipped[at] ^= 1 << bit
            sealed = opened(bytes(flipped))
            if sealed is None:
                continue
            key = sealed.signer(0, keys)
            if key is None:
                changed += 1
            else:
                still += 1
                assert (sealed.payload, key.id) == (whole.payload, three[0].public.id)
    assert changed > 50  # payload and signature
    assert still > 40  # the hint which key it is


@given(st.binary(max_size=300) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(
        st.sampled_from(["payload", "payloadType", "signatures", "sig", "keyid", "x"]) | st.text(), below, max_size=5
    ),
    max_leaves=20,
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
@settings(max_examples=50)
def test_any_bytes_and_any_json_are_refused_in_a_sentence(content):
    assert opened(content) is None


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.lists(st.integers(), max_size=2)
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["decision", "by", "note", "time", "faults", "rebuilt_run_sha256", "run_sha256", "dataset"]
        ),
        VALUES
        | st.sampled_from(
            ["approve", "reject", "2026-11-22T08:00:00Z", "0001-01-01T00:00:00+23:00", "\ud800"]
        )
        | st.fixed_dictionaries({"name": VALUES, "role": VALUES}),
    ),
    st.sampled_from(["urn:colophon:decision:v1", PROVENANCE, "\x1b[2J"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_statement_that_is_really_signed_is_judged(dataset, members, predicate, kind):
    """By a key that is trusted, so that nothing stops before the statement."""
    if not (members.private / "eve").exists():
        members.join("eve")
    key = read_signing_key(members.private / "eve")
    sha256 = attestations(dataset).manifest_sha256
    payload = json.dumps({
        "_type": "https://in-toto.io/Statement/v1", "predicateType": kind, "predicate": predicate,
        "subject": [{"name": "manifest.json", "digest": {"sha256": sha256}}],
    }).encode()  # fmt: skip
    (dataset / "attest").mkdir(exist_ok=True)
    (dataset / "attest" / "a.dsse.json").write_bytes(by_hand(payload, key))
    found = judged(dataset, members, threshold=1)
    assert found.faults or found.approved
    assert json.dumps(found.as_dict())
    assert all("\x1b" not in line and "\n" not in line for line in (*found.sentences, *found.faults))


@given(st.dictionaries(
    st.sampled_from(["buildDefinition", "runDetails"]),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda below: st.lists(below, max_size=2) | st.dictionaries(
            st.sampled_from(["resolvedDependencies", "byproducts", "name", "digest", "sha256"]), below, max_size=3
        ),
        max_leaves=12,
    ),
))  # fmt: skip
@settings(max_examples=60)
def test_any_provenance_is_read_or_refused_in_a_sentence(predicate):
    with contextlib.suppress(BadEnvelope):
        names, run = read_provenance(predicate)
        assert all(isinstance(text, str) for text in (*names, *names.values(), run))


def test_provenance_that_contradicts_the_manifest_is_a_fault(dataset, members, three):
    path = sign(dataset, three[0], None, provenance=True)
    sign(dataset, three[0])
    found = judged(dataset, members, 1)
    assert found.ok
    assert len(found.rebuilt) == 1
    predicate = open_envelope(path.read_bytes()).statement.predicate
    for needed in predicate["buildDefinition"]["resolvedDependencies"]:
        if needed["name"] == "inputs":
            needed["digest"]["sha256"] = "0" * 64
    path.write_bytes(sign_statement("manifest.json", found.manifest_sha256, PROVENANCE, predicate, three[0]))
    found = judged(dataset, members, 1)
    assert found.rebuilt == ()
    assert f"built from inputs with sha256 {'0' * 64}, and its manifest says" in found.faults[0]


def by_hand(payload: bytes, key) -> bytes:
    """An envelope of securesystemslib, without any of ours."""
    from securesystemslib.dsse import Envelope

    envelope = Envelope(payload, "application/vnd.in-toto+json", {})
    envelope.sign(key.signer)
    return json.dumps(envelope.to_dict(), indent=1).encode()


def test_theirs_read_ours(dataset, three):
    from google.protobuf import json_format
    from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
    from in_toto_attestation.v1.statement import Statement
    from in_toto_attestation.v1.statement_pb2 import Statement as Message
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import SSlibKey

    sign(dataset, three[0], provenance=True)
    predicates = {}
    for path in (dataset / "attest").iterdir():
        envelope = Envelope.from_dict(json.loads(path.read_bytes()))
        theirs = [SSlibKey.from_crypto(key.signer._private_key.public_key()) for key in three]
        assert list(envelope.verify(theirs, 1)) == [three[0].public.id]
        with pytest.raises(VerificationError):
            envelope.verify(theirs[1:], 1)
        statement = Statement.copy_from_pb(json_format.Parse(envelope.payload, Message()))
        statement.validate()
        assert [subject.name for subject in statement.pb.subject] == ["manifest.json"]
        predicates[statement.pb.predicate_type] = json_format.MessageToDict(statement.pb.predicate)
    built = json_format.ParseDict(predicates[PROVENANCE], Provenance())
    manifest = json.loads((dataset / "manifest.json").read_bytes())
    needed = {one.name: one.digest["sha256"] for one in built.build_definition.resolved_dependencies}
    assert needed["inputs"] == manifest["inputs"]["sha256"]
    assert needed["code"] == manifest["software"]["code_sha256"]
    assert needed["lock"] == manifest["software"]["lock_sha256"]
    assert built.run_details.metadata.started_on.seconds > 0
    assert predicates["urn:colophon:decision:v1"]["decision"] == "approve"


def test_we_read_theirs(dataset, members, three):
    from google.protobuf import json_format
    from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
    from in_toto_attestation.v1.statement import Statement

    digest = {"sha256": attestations(dataset).manifest_sha256}
    predicate = {
        "decision": "approve", "by": {"name": "Ada", "role": "steward"}, "time": "2026-11-22T09:00:00+01:00", "more": 1,
    }  # fmt: skip
    subject = ResourceDescriptor(name="manifest.json", digest=digest)
    statement = Statement([subject.pb], "urn:colophon:decision:v1", predicate)
    (dataset / "attest").mkdir()
    path = dataset / "attest" / "theirs.dsse.json"
    envelope = json.loads(by_hand(json_format.MessageToJson(statement.pb).encode(), three[0]))
    path.write_text(json.dumps(envelope))
    assert judged(dataset, members, threshold=1).approved[0].time == "2026-11-22T08:00:00.000000Z"
    del envelope["signatures"][0]["keyid"]  # which the standard allows
    path.write_text(json.dumps(envelope))
    assert len(judged(dataset, members, threshold=1).approved) == 1


def test_one_envelope_may_hold_two_signatures_and_each_counts_for_its_key(dataset, members, three):
    envelopes = []
    payload = base64.b64decode(json.loads(sign(dataset, three[0]).read_bytes())["payload"])
    shutil.rmtree(dataset / "attest")
    (dataset / "attest").mkdir()
    envelopes = [json.loads(by_hand(payload, key)) for key in three]
    signatures = [one["signatures"][0] for one in envelopes]
    both = {**envelopes[0], "signatures": [signatures[0], signatures[1], signatures[0]]}
    (dataset / "attest" / "both.dsse.json").write_text(json.dumps(both))
    assert len(judged(dataset, members).approved) == 2
    signatures[1]["sig"] = signatures[0]["sig"]  # Ada's, under Ben's name
    (dataset / "attest" / "both.dsse.json").write_text(json.dumps({**both, "signatures": [signatures[1]]}))
    assert len(judged(dataset, members, threshold=1).approved) == 1


def test_a_signature_that_a_trusted_key_did_not_make_is_a_fault(dataset, members, three):
    path = sign(dataset, three[0])
    envelope = json.loads(path.read_bytes())
    payload = base64.b64decode(envelope["payload"]).replace(b'"approve"', b'"reject"')
    envelope["payload"] = base64.b64encode(payload).decode()
    path.write_text(json.dumps(envelope))
    assert "which did not sign it so" in judged(dataset, members).faults[0]


def test_json_with_a_key_twice_is_refused(dataset, three):
    content = sign(dataset, three[0]).read_bytes()
    assert b'"payloadType":' in content
    twice = content.replace(b'{"payload"', b'{"payloadType":"application/vnd.in-toto+json","payload"', 1)
    with pytest.raises(BadEnvelope, match='has the key "payloadType" twice'):
        open_envelope(twice)


def test_hostile_words_are_harmless_in_a_terminal(dataset, members, three):
    predicate = {
        "decision": "reject", "by": {"name": "Ada\x1b[2J", "role": "a\u202eb\n9 of 9"}, "note": "\x9b31m", "time": "2026-11-22T08:00Z",
    }  # fmt: skip
    digest = attestations(dataset).manifest_sha256
    (dataset / "attest").mkdir()
    (dataset / "attest" / "e\x1b.dsse.json").write_bytes(b"{")
    path = dataset / "attest" / "a.dsse.json"
    path.write_bytes(sign_statement("manifest.json", digest, "urn:colophon:decision:v1", predicate, three[0]))
    for found in (judged(dataset, members), attestations(dataset)):
        lines = "".join((*found.sentences, *found.faults))
        assert lines.isprintable()
        assert r"Ada\x1b[2J, a\u202eb\n9 of 9" in lines


# Keys


def test_a_key_is_private_and_never_overwritten(tmp_path):
    path = tmp_path / "ada"
    key = make_signing_key(path, "Ada", TODAY, TODAY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_signing_key(path).public == key
    assert json.loads(path.read_text())["private"] not in (tmp_path / "ada.pub").read_text()
    assert json.loads(path.read_text())["private"] not in repr(read_signing_key(path))
    for there in ("ada", "ada.pub"):
        content = (tmp_path / there).read_bytes()
        with pytest.raises(UsageError, match="never overwritten"):
            make_signing_key(path, "Ada", TODAY, TODAY)
        assert (tmp_path / there).read_bytes() == content
        (tmp_path / "ada").unlink(missing_ok=True)
    for owner in ("", " ", "a\nb", "a\u202eb", "a" * 201):
        with pytest.raises(UsageError, match="--owner"):
            make_signing_key(tmp_path / "x", owner, TODAY, TODAY)
    with pytest.raises(UsageError, match="before it is made"):
        make_signing_key(tmp_path / "x", "Ada", TODAY, TODAY - dt.timedelta(1))
    with pytest.raises(UsageError, match="look like a public key"):
        make_signing_key(tmp_path / "x.pub", "Ada", TODAY, TODAY)
    assert not list(tmp_path.glob("x*"))


@given(
    st.sampled_from(["ada.pub", "a.revoked.json", "../private/ada"]),
    st.dictionaries(
        st.sampled_from(["format", "id", "owner", "expires", "created", "keyval", "proof", "kind", "private", "revoked", "reason"]),
        VALUES
        | st.sampled_from(["colophon public key", "colophon revocation", "2027-01-01", "sign", "0" * 64, "\ud800"])
        | st.dictionaries(st.just("public"), VALUES),
    ) | VALUES,
)  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_json_as_a_key_is_refused_in_a_sentence(members, name, value):
    if not (members.private / "ada").exists():
        members.join("ada")
    path = members.public / name
    before = path.read_bytes() if path.exists() else None
    path.write_text(
        json.dumps({**json.loads(before), **value} if before and isinstance(value, dict) else value)
    )
    with contextlib.suppress(UsageError):
        if name.startswith(".."):
            read_signing_key(path)
        else:
            assert list(read_keys(members.public))
    path.write_bytes(before) if before else path.unlink()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("owner", "Mallory"), ("expires", "2099-01-01"), ("created", "2020-01-01"), ("id", "0" * 64), ("proof", "00"),
        ("proof", None), ("keyval", {"public": "0" * 64}), ("keyval", {"public": 1}), ("more", 1), ("scheme", "rsa"),
        ("owner", "\ud800"), ("expires", "soon"), ("format", "x"),
    ],
)  # fmt: skip
def test_a_changed_public_key_is_refused(members, three, name, value):
    path = members.public / "ada.pub"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    with pytest.raises(UsageError, match=r"ada\.pub: (was changed|is no public key)"):
        read_keys(members.public)


def test_another_s_key_cannot_be_shown_as_one_s_own(members, three):
    """Ben puts Ada's public value under his name: without her private key he cannot prove it."""
    ada, ben = (json.loads((members.public / f"{name}.pub").read_text()) for name in ("ada", "ben"))
    forged = {**ben, "keyval": ada["keyval"], "id": ada["id"]}
    (members.public / "ben.pub").write_text(json.dumps(forged))
    with pytest.raises(UsageError, match="cannot be trusted"):
        read_keys(members.public)


def test_one_key_in_capitals_is_not_two(members, three):
    path = members.public / "again.pub"
    told = json.loads((members.public / "ada.pub").read_text())
    path.write_text(json.dumps({**told, "keyval": {"public": told["keyval"]["public"].upper()}}))
    with pytest.raises(UsageError, match=r"again\.pub"):
        read_keys(members.public)


def test_two_stories_of_one_key_are_refused(members, three):
    from colophon.pipelines.signing.keys import PublicKey, SigningKey, _proof

    later = PublicKey(three[0].public.public, three[0].public.owner, TODAY.isoformat(), "2099-01-01")
    proof = _proof(SigningKey(later, three[0].secret))
    (members.public / "longer.pub").write_text(json.dumps({**later.told, "proof": proof}))
    with pytest.raises(UsageError, match="different things of one key"):
        read_keys(members.public)


def test_keys_that_cannot_be_used(dataset, members, three, tmp_path):
    from colophon.pipelines.pack import make_key

    make_key(tmp_path / "pack", "2026-11")
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "readme").write_text("x")
    for keys, told in (
        (members.private / "ada", "is a private key"),
        (tmp_path / "pack", "is a private key"),
        (empty, "has no public key"),
        (tmp_path / "absent", "cannot be read"),
        (tmp_path / "absent" / "ada.pub", "cannot be read"),
        (dataset / "manifest.json" / "keys", "cannot be read"),
        (dataset / "manifest.json", "is no public key"),
        (dataset / "SHA256SUMS", "none of Colophon's keys"),
    ):
        with pytest.raises(UsageError, match=told):
            attestations(dataset, keys)
    shutil.copy(members.private / "ada", members.public / "wrong.pub")
    with pytest.raises(UsageError, match=r"wrong\.pub: is a private key"):
        judged(dataset, members)
    for path, told in (
        (members.public / "ben.pub", "is a public key"),
        (tmp_path / "pack", "is a key for packs"),
        (dataset / "manifest.json", "is no key to sign with"),
        (tmp_path, "is no file"),
    ):
        with pytest.raises(UsageError, match=told):
            read_signing_key(path)
    (members.public / "wrong.pub").unlink()
    for threshold in (0, 4):
        with pytest.raises(UsageError, match="1 to 3"):
            judged(dataset, members, threshold)
    with pytest.raises(UsageError, match="name them with --keys"):
        attestations(dataset, None, 2)


def test_one_public_key_can_stand_for_a_folder(dataset, members, three):
    sign(dataset, three[0])
    assert (
        attestations(dataset, members.public / "ada.pub", 1, NOW).verdict
        == "approved by 1 of 1 key (threshold 1)"
    )


@pytest.mark.parametrize("who", ["", "Ada", "Ada,", ", steward", "Ada\x1b, steward", "A" * 300 + ", b"])
def test_who_signs_says_name_and_role(dataset, three, who):
    with pytest.raises(UsageError, match="--as"):
        sign(dataset, three[0], who=who)
