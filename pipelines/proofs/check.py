"""Checking a proof against a root, without the dataset; ``docs/proofs.md`` has the form.

Every value of a proof leads to the root or is compared with what does, and a proof has one form only. So no bit of one
that is accepted can be changed, save that the neighbours that prove one document absent prove it of every id between them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from colophon.pipelines.canonical import document_id, manifest_bytes
from colophon.pipelines.proofs.merkle import BUCKETS, bucket_leaf, bucket_of
from colophon.pipelines.proofs.rfc6962 import leaf_hash, root_by, root_of
from colophon.schemas import CheckFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ABSENT", "PRESENT", "PROOF_FORMAT", "check_file", "check_proof", "parse_root"]

PROOF_FORMAT: Final = 1
"""Version of the form of proofs."""
PRESENT: Final = "present"
ABSENT: Final = "absent"

_MOST_BYTES = 2**16
_MOST_DOCUMENTS = 2**63
_ALWAYS = ("bucket", "claim", "format", "id", "root")
_BY_CLAIM = {PRESENT: ("leaf",), ABSENT: ("after", "before")}


def parse_root(text: str) -> str:
    """A root as it was given, in lower case.

    Raises:
        UsageError: It is none.
    """
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise UsageError(
            f"{text!r} is not the root of a tree; give the 64 hexadecimal digits of merkle.root in a manifest"
        )
    return text.lower()


def check_file(content: bytes, root: str) -> dict[str, Any]:
    """Check a proof as it stands in its file.

    Args:
        content: The file.
        root: Root of the dataset's tree, 64 hexadecimal digits.

    Returns:
        The proof.

    Raises:
        CheckFailed: It is no proof, or proves nothing of this root.
        UsageError: The root is none.
    """
    if len(content) > _MOST_BYTES:
        raise CheckFailed(f"the file has {len(content):,} bytes; no proof has more than {_MOST_BYTES:,}")
    try:
        proof = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CheckFailed("the file is no proof: it is not JSON") from error
    check_proof(proof, root)
    if manifest_bytes(proof) != content:
        raise CheckFailed("the proof is not in canonical form, so it was changed after it was made")
    return dict(proof)


def check_proof(proof: Any, root: str) -> None:
    """Check a proof.

    Args:
        proof: Its JSON values.
        root: Root of the dataset's tree, 64 hexadecimal digits.

    Raises:
        CheckFailed: It is no proof, or proves nothing of this root.
        UsageError: The root is none.
    """
    root = parse_root(root)
    claim = proof.get("claim") if isinstance(proof, dict) else None
    if claim not in (PRESENT, ABSENT):
        raise CheckFailed(f"the file is no proof: its claim is neither {PRESENT} nor {ABSENT}")
    wanted = {*_ALWAYS, *_BY_CLAIM[claim]}
    _keys(proof, wanted | {"place"} if "place" in proof else wanted, "it")
    if type(proof["format"]) is not int or proof["format"] != PROOF_FORMAT:
        raise CheckFailed(
            f"the proof has format {proof['format']!r}; this version of Colophon reads {PROOF_FORMAT}"
        )
    one = _hex(proof["id"], 16, "id")
    _hex(proof["root"], 32, "root")
    if proof["root"] != root:
        raise CheckFailed(f"the proof is for another root: for {proof['root']}, not for {root}")
    if "place" in proof:
        _check_place(proof["place"], proof["id"])
    bucket = _keys(proof["bucket"], {"count", "number", "path"}, "bucket")
    number, count = _number(bucket["number"], "bucket.number"), _number(bucket["count"], "bucket.count")
    if number != bucket_of(one):
        raise CheckFailed(f"the proof is of bucket {number}, but the document belongs into {bucket_of(one)}")
    own = _present(proof, count) if claim == PRESENT else _absent(proof, count)
    path = [_hex(each, 32, "bucket.path") for each in _list(bucket["path"], "bucket.path")]
    found = _root_by(path, leaf_hash(bucket_leaf(number, count, own)), number, BUCKETS, "the bucket")
    if found.hex() != root:
        raise CheckFailed(
            f"the proof leads to the root {found.hex()}, not to {root}: it is forged, damaged, or of another dataset"
        )


def _check_place(place: Any, one: str) -> None:
    _keys(place, {"locator", "source", "source_uri"}, "place")
    words = [place[key] for key in ("source", "source_uri", "locator")]
    try:
        named = all(isinstance(word, str) for word in words) and document_id(*words)
    except UnicodeEncodeError:
        named = ""
    if named != one:
        raise CheckFailed("the proof names a place that is not the one of its document")


def _present(proof: dict[str, Any], count: int) -> bytes:
    """The root of the bucket to which the document's leaf leads."""
    leaf = _keys(proof["leaf"], {"index", "path", "text_sha256"}, "leaf")
    return _leaf_root(leaf | {"id": proof["id"]}, count, "leaf")


def _absent(proof: dict[str, Any], count: int) -> bytes:
    """The root of the bucket, in which nothing stands where the document would."""
    before, after = proof["before"], proof["after"]
    keys = {"id", "index", "path", "text_sha256"}
    roots = [
        _leaf_root(_keys(each, keys, name), count, name)
        for name, each in (("before", before), ("after", after))
        if each is not None
    ]
    if len(set(roots)) > 1:
        raise CheckFailed("the proof is forged or damaged: its two neighbours are not of one bucket")
    # Lower-case digits stand in the order of what they mean.
    if (before and before["id"] >= proof["id"]) or (after and after["id"] <= proof["id"]):
        raise CheckFailed("the proof is forged: the document would not stand between the neighbours it names")
    last = before["index"] if before else -1
    following = after["index"] if after else count
    if following != last + 1:
        raise CheckFailed(
            "the proof is forged: between the neighbours it names there is room for the document"
        )
    return roots[0] if roots else root_of([])


def _leaf_root(leaf: dict[str, Any], count: int, where: str) -> bytes:
    data = _hex(leaf["id"], 16, f"{where}.id") + _hex(leaf["text_sha256"], 32, f"{where}.text_sha256")
    path = [_hex(each, 32, f"{where}.path") for each in _list(leaf["path"], f"{where}.path")]
    return _root_by(path, leaf_hash(data), _number(leaf["index"], f"{where}.index"), count, where)


def _root_by(path: Iterable[bytes], hashed: bytes, index: int, size: int, where: str) -> bytes:
    try:
        return root_by(path, hashed, index, size)
    except ValueError as error:
        raise CheckFailed(f"the proof is forged or damaged: of {where}, {error}") from error


def _keys(value: Any, wanted: set[str], where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != wanted:
        raise CheckFailed(
            f"the file is no proof: {where} has not exactly the keys {', '.join(sorted(wanted))}"
        )
    return value


def _hex(value: Any, width: int, where: str) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{2 * width}}}", value):
        raise CheckFailed(f"the file is no proof: {where} is not {2 * width} lower-case hexadecimal digits")
    return bytes.fromhex(value)


def _number(value: Any, where: str) -> int:
    if type(value) is not int or not 0 <= value < _MOST_DOCUMENTS:
        raise CheckFailed(f"the file is no proof: {where} is not a number from 0")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise CheckFailed(f"the file is no proof: {where} is not a list")
    return value
