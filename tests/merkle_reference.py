"""The tree and its proofs once more, from docs/proofs.md alone and by recursion: slow, short, and sharing no line with ours.

``python tests/merkle_reference.py`` writes docs/merkle_vectors.json.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).resolve().parents[1] / "docs" / "merkle_vectors.json"


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def cut(n: int) -> int:
    """The greatest power of two below n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def tree(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    k = cut(len(leaves))
    return sha256(b"\x01" + tree(leaves[:k]) + tree(leaves[k:]))


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962."""
    if len(leaves) == 1:
        return []
    k = cut(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), tree(leaves[k:])]
    return [*path(m - k, leaves[k:]), tree(leaves[:k])]


def lead(steps: list[bytes], hashed: bytes, m: int, n: int) -> bytes:
    """Where a path leads, by the recursion of PATH turned around."""
    if (n == 1) != (not steps):
        raise ValueError("a path too short or too long")
    if n == 1:
        return hashed
    k = cut(n)
    if m < k:
        return sha256(b"\x01" + lead(steps[:-1], hashed, m, k) + steps[-1])
    return sha256(b"\x01" + steps[-1] + lead(steps[:-1], hashed, m - k, n - k))


class Reference:
    """The tree over documents, given as id and sha256 of the text, both hex."""

    def __init__(self, documents: list[tuple[str, str]]) -> None:
        self.buckets: list[list[bytes]] = [[] for _ in range(4096)]
        for one, text in sorted(documents):
            self.buckets[int(one[:3], 16)].append(bytes.fromhex(one + text))
        self.top = [
            number.to_bytes(2, "big") + len(leaves).to_bytes(8, "big") + tree(leaves)
            for number, leaves in enumerate(self.buckets)
        ]
        self.root = tree(self.top)

    def prove(self, one: str) -> dict[str, Any]:
        number = int(one[:3], 16)
        leaves = self.buckets[number]
        ids = [leaf[:16].hex() for leaf in leaves]

        def leaf(index: int) -> dict[str, Any]:
            steps = [step.hex() for step in path(index, leaves)]
            return {"id": ids[index], "index": index, "path": steps, "text_sha256": leaves[index][16:].hex()}

        steps = [step.hex() for step in path(number, self.top)]
        bucket = {"count": len(leaves), "number": number, "path": steps}
        proof = {"bucket": bucket, "format": 1, "id": one, "root": self.root.hex()}
        if one in ids:
            own = leaf(ids.index(one))
            del own["id"]
            return proof | {"claim": "present", "leaf": own}
        at = sum(other < one for other in ids)
        return proof | {
            "claim": "absent",
            "before": leaf(at - 1) if at else None,
            "after": leaf(at) if at < len(ids) else None,
        }


def holds(proof: dict[str, Any], root: str) -> bool:
    """Whether a proof proves its claim."""
    try:
        return _holds(proof, root)
    except ValueError:
        return False


def _holds(proof: dict[str, Any], root: str) -> bool:
    one, bucket = proof["id"], proof["bucket"]
    number, count = bucket["number"], bucket["count"]
    if proof["claim"] == "present":
        leaves = [proof["leaf"] | {"id": one}]
    else:
        leaves = [each for each in (proof["before"], proof["after"]) if each]
    if any(not 0 <= each["index"] < count for each in leaves):
        return False
    found = {
        lead(
            [bytes.fromhex(step) for step in each["path"]],
            sha256(b"\x00" + bytes.fromhex(each["id"] + each["text_sha256"])),
            each["index"],
            count,
        )
        for each in leaves
    } or {tree([])}
    if proof["claim"] == "absent":
        before, after = proof["before"], proof["after"]
        start, end = before["index"] + 1 if before else 0, after["index"] if after else count
        if start != end or (before and before["id"] >= one) or (after and after["id"] <= one):
            return False
    if len(found) != 1 or number != int(one[:3], 16):
        return False
    data = number.to_bytes(2, "big") + count.to_bytes(8, "big") + found.pop()
    top = lead([bytes.fromhex(step) for step in bucket["path"]], sha256(b"\x00" + data), number, 4096)
    return top.hex() == root == proof["root"]


def documents(n: int) -> list[tuple[str, str]]:
    """Invented ids and digests; the first nine ids begin alike, so that a bucket has many."""
    made = []
    for i in range(n):
        one = sha256(f"document {i}".encode()).hex()[:32]
        made.append(("abc" + one[3:] if i < 9 else one, sha256(f"text {i}".encode()).hex()))
    return made


def vectors() -> dict[str, Any]:
    """What docs/merkle_vectors.json holds."""
    hashes = [bytes(range(n)) for n in range(9)]
    small = [
        {"leaves": [leaf.hex() for leaf in hashes[:n]], "root": tree(hashes[:n]).hex()} for n in range(9)
    ]
    trees = []
    for n in (0, 1, 9, 40):
        made = documents(n)
        reference = Reference(made)
        absent = ["0" * 32, "f" * 32, "abc" + "0" * 29, "abc" + "f" * 29, "abc" + "8" * 29]
        asked = sorted({*(one for one, _ in made[:9]), *absent})
        trees.append(
            {
                "documents": [{"id": one, "text_sha256": text} for one, text in made],
                "buckets": [
                    {"bucket": number, "documents": len(leaves), "root": tree(leaves).hex()}
                    for number, leaves in enumerate(reference.buckets)
                    if leaves
                ],
                "root": reference.root.hex(),
                "proofs": [reference.prove(one) for one in asked],
            }
        )
    return {"format": 1, "rfc6962": small, "trees": trees, "refused": refused()}


def refused() -> list[dict[str, Any]]:
    """Proofs that must not be accepted, each with the reason."""
    made = documents(40)
    reference, root = Reference(made), Reference(made).root.hex()
    ids = sorted(one for one, _ in made[:9])
    present, between = reference.prove(ids[4]), reference.prove("abc" + "8" * 29)
    leaves = {one: reference.prove(one)["leaf"] | {"id": one} for one in ids}
    hidden = {key: present[key] for key in ("bucket", "format", "id", "root")} | {"claim": "absent"}
    empty = {"before": None, "after": None}
    bucket = present["bucket"]
    cases = {
        "a neighbour is passed over": hidden | {"before": leaves[ids[3]], "after": leaves[ids[5]]},
        "the last is said to be the one before": hidden | {"before": leaves[ids[3]], "after": None},
        "the first is said to be the one after": hidden | {"before": None, "after": leaves[ids[5]]},
        "the count is lowered to hide the last": hidden
        | {"before": leaves[ids[3]], "after": None, "bucket": bucket | {"count": 4}},
        "the bucket is said to be empty": hidden | empty | {"bucket": bucket | {"count": 0}},
        "the document is its own neighbour": hidden | {"before": leaves[ids[4]], "after": leaves[ids[5]]},
        "another bucket, which is empty": hidden | empty | {"bucket": reference.prove("0" * 32)["bucket"]},
        "neighbours in the wrong order": between | {"before": between["after"], "after": between["before"]},
        "the text of another document": present
        | {"leaf": present["leaf"] | {"text_sha256": leaves[ids[5]]["text_sha256"]}},
        "another id with the leaf of a document": present | {"id": ids[5]},
        "another index": present | {"leaf": present["leaf"] | {"index": 5}},
        "a step left out": present | {"leaf": present["leaf"] | {"path": present["leaf"]["path"][1:]}},
        "a step too many": present | {"leaf": present["leaf"] | {"path": [*present["leaf"]["path"], root]}},
        "another root": present | {"root": Reference(made[:-1]).root.hex()},
        "the proof of another tree": Reference(made[:-1]).prove(ids[4]) | {"root": root},
    }
    return [{"why": why, "root": root, "proof": proof} for why, proof in cases.items()]


def written() -> str:
    return json.dumps(vectors(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    VECTORS.write_text(written())
