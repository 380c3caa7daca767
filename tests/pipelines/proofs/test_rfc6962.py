"""The hashing of RFC 6962, against its recursive definition and the vectors that implementations share."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.pipelines.proofs.rfc6962 import leaf_hash, leaf_hashes, levels_of, path_of, root_by, root_of

# Of the public test data of Certificate Transparency's logs.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH of the RFC, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + by_definition(leaves[:k]) + by_definition(leaves[k:])).digest()


def path_by_definition(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of the RFC, word for word."""
    if len(leaves) == 1:
        return []
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m < k:
        return [*path_by_definition(m, leaves[:k]), by_definition(leaves[k:])]
    return [*path_by_definition(m - k, leaves[k:]), by_definition(leaves[:k])]


@pytest.mark.parametrize("n", range(9))
def test_well_known_roots(n):
    leaves = [bytes.fromhex(one) for one in LEAVES[:n]]
    assert root_of(leaf_hashes(leaves)).hex() == ROOTS[n] == by_definition(leaves).hex()


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=70), st.data())
def test_as_the_definition_has_it(leaves, data):
    hashes = leaf_hashes(leaves)
    root = root_of(hashes)
    assert root == by_definition(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = path_of(levels_of(hashes), index)
    assert path == path_by_definition(index, leaves)
    assert root_by(path, leaf_hash(leaves[index]), index, len(leaves)) == root


@pytest.mark.parametrize("size", range(1, 18))
def test_no_other_place_leads_to_the_root(size):
    leaves = [bytes([n]) for n in range(size)]
    hashes = leaf_hashes(leaves)
    root = root_of(hashes)
    for index in range(size):
        path = path_of(levels_of(hashes), index)
        for other in set(range(size)) - {index}:
            assert leads_elsewhere(path, hashes[index], other, size, root)
        assert leads_elsewhere([*path, root], hashes[index], index, size, root)
        if path:
            assert leads_elsewhere(path[:-1], hashes[index], index, size, root)
            assert leads_elsewhere(path[1:], hashes[index], index, size, root)


def leads_elsewhere(path, hashed, index, size, root) -> bool:
    try:
        return root_by(path, hashed, index, size) != root
    except ValueError:
        return True


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_places_that_cannot_be(index, size):
    with pytest.raises(ValueError, match="cannot be"):
        root_by([], b"", index, size)
