"""What is proved is so, what is forged is refused, and another implementation agrees."""

from __future__ import annotations

import copy
import hashlib
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merkle_reference import VECTORS, Reference, documents, holds, written

from colophon.pipelines.canonical import document_id, manifest_bytes
from colophon.pipelines.proofs import Buckets, check_file, check_proof, prove, prove_each, write_tree
from colophon.pipelines.proofs.merkle import bytes_of_hex, in_order, read_leaves
from colophon.runners.cli import main
from colophon.schemas import CheckFailed, UsageError


def dataset(folder, made: list[tuple[str, str]], shards: int = 2):
    """As much of a dataset as proofs are made from; the root."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    names = []
    for number in range(shards):
        part = made[number::shards]
        table = pa.table(
            {
                "id": pa.array([one for one, _ in part], pa.string()),
                "text": pa.array([""] * len(part), pa.string()),
                "text_sha256": pa.array([text for _, text in part], pa.string()),
            }
        )
        names.append(f"data/{number}.parquet")
        pq.write_table(table, folder / names[-1])
    merkle, entry = write_tree(folder, names)
    manifest = {
        "format": 1,
        "merkle": merkle,
        "files": {**{name: {} for name in names}, "merkle/buckets.parquet": entry},
    }
    (folder / "manifest.json").write_bytes(manifest_bytes(manifest))
    return merkle["root"]


@pytest.fixture(scope="module")
def forty(tmp_path_factory):
    """A dataset of forty documents, nine of them in one bucket."""
    folder = tmp_path_factory.mktemp("forty")
    dataset(folder, documents(40))
    return folder


def refuse(proof, root: str) -> str:
    with pytest.raises(CheckFailed) as caught:
        check_proof(proof, root)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_published_vectors_are_what_the_reference_gives():
    assert VECTORS.read_text() == written()


def test_published_trees_and_proofs(tmp_path):
    for number, given_tree in enumerate(json.loads(VECTORS.read_text())["trees"]):
        folder = tmp_path / str(number)
        made = [(one["id"], one["text_sha256"]) for one in given_tree["documents"]]
        assert dataset(folder, made) == given_tree["root"]
        buckets = Buckets.read(folder / "merkle" / "buckets.parquet")
        filled = [row for row in buckets.table().to_pylist() if row["documents"]]
        assert [row | {"root": row["root"].hex()} for row in filled] == given_tree["buckets"]
        assert prove_each(folder, [proof["id"] for proof in given_tree["proofs"]]) == given_tree["proofs"]
        for proof in given_tree["proofs"]:
            assert holds(proof, given_tree["root"])
            check_proof(proof, given_tree["root"])
            check_file(manifest_bytes(proof), given_tree["root"].upper())


@pytest.mark.parametrize(
    "case", json.loads(VECTORS.read_text())["refused"], ids=lambda case: case["why"].replace(" ", "_")
)
def test_published_forgeries(case):
    refuse(case["proof"], case["root"])
    assert not holds(case["proof"], case["root"])


ids = st.integers(0, 2**128 - 1).map(lambda n: f"{n:032x}")
near = st.integers(0, 40).map(lambda n: f"abc{n:029x}")


@settings(max_examples=12)
@given(st.sets(ids | near, max_size=40), st.sets(ids | near, max_size=6))
def test_every_document_proves_in_and_every_other_out(tmp_path_factory, inside, others):
    folder = tmp_path_factory.mktemp("any")
    made = [(one, hashlib.sha256(one.encode()).hexdigest()) for one in sorted(inside)]
    root = dataset(folder, made, shards=1)
    asked = sorted(inside | others)
    reference = Reference(made)
    assert reference.root.hex() == root
    for one, proof in zip(asked, prove_each(folder, asked), strict=True):
        assert proof["claim"] == ("present" if one in inside else "absent")
        assert holds(proof, root)
        check_proof(proof, root)
        refuse(proof, hashlib.sha256(b"another").hexdigest())


def test_every_bit_of_a_proof_counts(forty):
    """Of a presence in a full bucket, and of an absence between two neighbours."""
    place = {"source": "notes", "source_uri": "a.txt", "locator": ""}
    made = [*documents(8), (document_id(*place.values()), "0" * 64)]
    root = dataset(forty.parent / "flips", made)
    inside = prove(forty.parent / "flips", made[-1][0], place)
    outside = prove(forty.parent / "flips", "abc" + "8" * 29)
    assert outside["before"]
    assert outside["after"]
    for proof in (inside, outside):
        content = manifest_bytes(proof)
        assert check_file(content, root) == proof
        for bit in range(len(content) * 8):
            changed = bytearray(content)
            changed[bit // 8] ^= 1 << bit % 8
            assert other_claim(bytes(changed), root) in {None, "absent"}, changed


def other_claim(content: bytes, root: str) -> str | None:
    """None if it is refused; "absent" if it now says, and rightly, that another document is not there."""
    try:
        proof = check_file(content, root)
    except CheckFailed:
        return None
    ids = [proof["before"]["id"], proof["id"], proof["after"]["id"]]
    return proof["claim"] if ids == sorted(set(ids)) and "place" not in proof else "forged"


@pytest.fixture(scope="module")
def proofs(forty):
    made = sorted(one for one, _ in documents(40)[:9])
    return dict(zip(made, prove_each(forty, made), strict=True))


@settings(max_examples=300)
@given(st.data())
def test_forged_absence(proofs, data):
    """Whatever two leaves are said to be neighbours, whatever the count: a document that is there is not proved away."""
    made = list(proofs)
    root = proofs[made[0]]["root"]
    leaves = [None, *({**proofs[one]["leaf"], "id": one} for one in made)]
    hidden = proofs[data.draw(st.sampled_from(made))]
    forged = {key: copy.deepcopy(hidden[key]) for key in ("bucket", "format", "id", "root")}
    forged |= {"claim": "absent"}
    for side in ("before", "after"):
        leaf = copy.deepcopy(data.draw(st.sampled_from(leaves)))
        if leaf and data.draw(st.booleans()):
            leaf["index"] = data.draw(st.integers(-1, 10))
        forged[side] = leaf
    forged["bucket"]["count"] = data.draw(st.just(9) | st.integers(0, 11))
    refuse(forged, root)


def test_each_forgery_is_told_as_what_it_is(forty):
    root = json.loads((forty / "manifest.json").read_bytes())["merkle"]["root"]
    made = sorted(one for one, _ in documents(40)[:9])
    present, absent = prove_each(forty, [made[4], "abc" + "8" * 29])
    assert "another root" in refuse(present, "0" * 64)
    assert "another root" in refuse(present | {"root": "0" * 64}, root)
    assert "belongs into 2748" in refuse(present | {"bucket": present["bucket"] | {"number": 1}}, root)
    assert "leads to the root" in refuse(present | {"bucket": present["bucket"] | {"count": 10}}, root)
    assert "there is room" in refuse(absent | {"after": None}, root)
    assert "cannot be" in refuse(present | {"leaf": present["leaf"] | {"index": 9}}, root)
    assert "place" in refuse(present | {"place": {"source": "a", "source_uri": "b", "locator": ""}}, root)
    assert "not of one bucket" in refuse(
        absent | {"after": absent["after"] | {"text_sha256": "0" * 64}}, root
    )


@pytest.mark.parametrize(
    "proof",
    [
        None,
        [],
        "",
        1,
        {},
        {"claim": "perhaps"},
        {"claim": "present"},
        {"claim": "absent", "id": []},
        {"claim": []},
    ],
)
def test_what_is_no_proof(proof):
    assert "no proof" in refuse(proof, "0" * 64)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2), ("format", True), ("format", 1.0), ("id", "ABC" + "0" * 29), ("id", None), ("id", "abc"), ("root", 7),
        ("bucket", []), ("bucket", {"count": True, "number": 2748, "path": []}), ("place", {"source": 1}), ("more", 1),
        ("bucket", {"count": 2**63, "number": 2748, "path": []}), ("bucket", {"count": 9, "number": 2748.0, "path": []}),
        ("bucket", {"count": 9, "number": 2748, "path": "0" * 64}), ("bucket", {"count": 9, "number": 2748, "path": [None]}),
        ("place", {"source": "\ud800", "source_uri": "", "locator": ""}), ("leaf", None), ("leaf", {"index": 0}),
    ],
)  # fmt: skip
def test_values_of_another_form(forty, key, value):
    root = json.loads((forty / "manifest.json").read_bytes())["merkle"]["root"]
    proof = prove(forty, min(one for one, _ in documents(9)))
    check_proof(proof, root)
    refuse(proof | {key: value}, root)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[" * 60_000, b" " * 70_000, b"1" * 5_000, b'{"claim": "present"} x']
)
def test_files_that_hold_no_proof(content):
    with pytest.raises(CheckFailed):
        check_file(content, "0" * 64)


def test_the_same_bytes_in_whatever_shards(tmp_path):
    made = documents(30)
    for number in range(2):
        dataset(tmp_path / str(number), made[:: 1 - 2 * number], shards=1 + 2 * number)
    one, other = ((tmp_path / n / "merkle" / "buckets.parquet").read_bytes() for n in "01")
    assert one == other


@pytest.mark.parametrize(
    "values", [["ab"], ["zz" * 16], ["AB" * 16], [None], ["a b" * 10 + "ab"], ["é" * 16]]
)
def test_columns_that_hold_no_ids(values):
    with pytest.raises(ValueError, match="digest or id"):
        bytes_of_hex(pa.array(values, pa.string()), 16)


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=20), st.integers(0, 5))
def test_columns_that_do(values, start):
    column = pa.array([one.hex() for one in values], pa.string()).slice(start)
    assert bytes_of_hex(column, 16).tobytes() == b"".join(values[start:])
    assert bytes_of_hex(pa.chunked_array([column, column]), 16).tobytes() == b"".join(values[start:]) * 2


def test_order_is_that_of_the_ids():
    leaves = np.random.default_rng(1).integers(0, 256, (500, 48), dtype=np.uint8)
    leaves[:250, :8] = leaves[0, :8]
    assert [bytes(one) for one in in_order(leaves)] == sorted(bytes(one) for one in leaves)


def test_no_proof_of_a_dataset_that_contradicts_itself(tmp_path):
    made = documents(9)
    dataset(tmp_path, made)
    (one, _), *_ = made
    table = pq.read_table(tmp_path / "data" / "0.parquet")
    pq.write_table(table.slice(1), tmp_path / "data" / "0.parquet")
    with pytest.raises(CheckFailed, match="do not agree; `colophon verify"):
        prove(tmp_path, one)
    (tmp_path / "merkle" / "buckets.parquet").write_bytes(b"PAR1")
    with pytest.raises(CheckFailed, match="colophon verify"):
        prove(tmp_path, one)


def test_ids_and_datasets_that_cannot_be(tmp_path, forty):
    for one in ("", "abc", "A" * 32, "g" * 32):
        with pytest.raises(UsageError, match="no document's id"):
            prove(forty, one)
    (tmp_path / "manifest.json").write_bytes(manifest_bytes({"format": 1, "files": {}}))
    with pytest.raises(UsageError, match=r"names no merkle\.root"):
        prove(tmp_path, "0" * 32)
    assert prove_each(forty, []) == []
    assert len(read_leaves([forty / "data" / "0.parquet"], [])) == 0


def call(capsys, *words) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    out, error = capsys.readouterr()
    assert "Traceback" not in error
    return code, out, error


def test_prove_and_verify_as_a_user(capsys, forty, tmp_path):
    root = json.loads((forty / "manifest.json").read_bytes())["merkle"]["root"]
    one = documents(1)[0][0]
    file = tmp_path / "proof.json"
    code, out, _ = call(capsys, "prove", forty, one)
    assert code == 0
    assert json.loads(out)["claim"] == "present"
    assert call(capsys, "prove", forty, one.upper(), "--output", file)[0] == 0
    assert file.read_text() == out
    assert call(capsys, "verify", "--proof", file, "--root", root.upper()) == (
        0,
        f"{file}: document {one} is in the dataset, with the text of sha256 {documents(1)[0][1]}.\n",
        "",
    )
    assert call(capsys, "verify", "--proof", file, "--manifest", forty / "manifest.json")[0] == 0
    _, out, _ = call(capsys, "verify", "--proof", file, "--root", root, "--json")
    assert json.loads(out) == {
        "ok": True, "claim": "present", "id": one, "root": root, "text_sha256": documents(1)[0][1],
    }  # fmt: skip
    _, out, _ = call(capsys, "prove", forty, "f" * 32, "--output", file, "--json")
    assert json.loads(out)["claim"] == "absent"
    code, out, _ = call(capsys, "verify", "--proof", file, "--root", root)
    assert (code, out) == (0, f"{file}: document {'f' * 32} is not in the dataset.\n")


def test_refusals_as_a_user(capsys, forty, tmp_path):
    file = tmp_path / "proof.json"
    call(capsys, "prove", forty, "f" * 32, "--output", file)
    code, out, error = call(capsys, "verify", "--proof", file, "--root", "0" * 64)
    assert code == 1
    assert out == ""
    assert error.startswith(f"colophon: {file}: the proof is for another root")
    assert error.count("\n") == 1
    for words in (
        ("--proof", file),
        ("--proof", file, "--root", "xyz"),
        ("--proof", file, "--root", "0" * 64, "--manifest", forty / "manifest.json"),
        ("--proof", file, "--manifest", tmp_path / "absent.json"),
        ("--proof", tmp_path / "absent.json", "--root", "0" * 64),
        (forty, "--proof", file, "--root", "0" * 64),
        (forty, "--root", "0" * 64),
        ("--proof", file, "--root", "0" * 64, "--quick"),
        (),
    ):
        assert call(capsys, "verify", *words)[0] == 2


def test_a_place_that_moves_terminals(capsys, tmp_path):
    place = {"source": "notes", "source_uri": "\x1b[2J\u202ea.txt", "locator": "byte=0"}
    one = document_id(*place.values())
    root = dataset(tmp_path, [(one, "0" * 64)])
    (tmp_path / "proof.json").write_bytes(manifest_bytes(prove(tmp_path, one, place)))
    code, out, _ = call(capsys, "verify", "--proof", tmp_path / "proof.json", "--root", root)
    assert code == 0
    assert r"(notes/\x1b[2J\u202ea.txt#byte=0)" in out
