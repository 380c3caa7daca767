from __future__ import annotations

from typing import TYPE_CHECKING

import datasketch
import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colophon.filters import duplicates, minhash
from colophon.filters.folding import encode
from colophon.filters.tokens import Tokens, normalized_key, tokenize

if TYPE_CHECKING:
    from pathlib import Path

unhurried = settings(deadline=None)  # the first call compiles
words_of = st.lists(
    st.lists(st.sampled_from(["chisel", "gouge", "rasp", "adze", "awl", "bevel", "burr"]), max_size=40),
    max_size=5,
)


def tokens_of(documents: list[list[str]]) -> Tokens:
    return tokenize([" ".join(document) for document in documents])


def datasketch_of(hashes: np.ndarray, permutations: int, seed: int) -> datasketch.MinHash:
    sketch = datasketch.MinHash(num_perm=permutations, seed=seed, scheme="affine32", hashfunc=int)
    for value in hashes.tolist():
        sketch.update(value)
    return sketch


@unhurried
@given(words_of, st.integers(1, 7))
def test_shingles_stand_for_runs_of_words(documents: list[list[str]], size: int):
    hashes, offsets = minhash.shingles(tokens_of(documents), size)
    runs = [tuple(d[i : i + size]) for d in documents for i in range(len(d) - size + 1)]
    assert hashes.dtype == np.uint32
    assert np.diff(offsets).tolist() == [max(len(d) - size + 1, 0) for d in documents]
    pairs = set(zip(runs, hashes.tolist(), strict=True))
    assert len(pairs) == len(set(runs)) == len(set(hashes.tolist()))


@unhurried
@given(words_of, st.integers(1, 7))
def test_unique_shingles_are_the_sorted_set(documents: list[list[str]], size: int):
    tokens = tokens_of(documents)
    hashes, offsets = minhash.shingles(tokens, size)
    unique, begins = minhash.unique_shingles(tokens, size)
    assert unique.dtype == np.uint32
    assert len(begins) == len(documents) + 1
    for i in range(len(documents)):
        expected = sorted(set(hashes[offsets[i] : offsets[i + 1]].tolist()))
        assert unique[begins[i] : begins[i + 1]].tolist() == expected


@unhurried
@given(words_of, st.integers(1, 5), st.integers(1, 140), st.integers(0, 2**32 - 1))
def test_signatures_are_datasketchs(documents: list[list[str]], size: int, permutations: int, seed: int):
    tokens = tokens_of(documents)
    hashes, offsets = minhash.shingles(tokens, size)
    ours = minhash.signatures(tokens, size, permutations, seed)
    assert ours.dtype == np.uint32
    assert ours.shape == (len(documents), permutations)
    for i, signature in enumerate(ours):
        theirs = datasketch_of(hashes[offsets[i] : offsets[i + 1]], permutations, seed)
        assert signature.tolist() == theirs.hashvalues.tolist()
        loaded = datasketch.MinHash(num_perm=permutations, seed=seed, scheme="affine32", hashvalues=signature)
        assert loaded.jaccard(theirs) == 1.0
        theirs.update(7)
        loaded.hashfunc = int
        loaded.update(7)
        assert (loaded.hashvalues == theirs.hashvalues).all()


def test_a_long_text_has_datasketchs_signature():
    rng = np.random.default_rng(3)
    tokens = tokenize([" ".join(map(str, rng.integers(0, 10_000, 5_003)))])
    hashes, _ = minhash.shingles(tokens, 5)
    theirs = datasketch.MinHash(num_perm=128, scheme="affine32", hashfunc=int)
    theirs.update_batch(hashes.tolist())
    assert (minhash.signatures(tokens, 5, 128)[0] == theirs.hashvalues).all()


def test_texts_without_shingles():
    tokens = tokenize(["", "one two three four", "one two three four five"])
    found = minhash.signatures(tokens, 5, 16)
    assert ((found == 0xFFFFFFFF).all(axis=1) == (np.diff(tokens.offsets) < 5)).all()
    assert minhash.signatures(tokenize([]), 5, 16).shape == (0, 16)
    assert minhash.unique_shingles(tokenize([]), 5)[1].tolist() == [0]


@unhurried
@given(
    st.lists(
        st.text("ab İß\u0301\u0338\u0345≠= _1旋ก\u0e33\u1100\u1161\u11a8\ud800", max_size=90), max_size=4
    )
)
def test_a_beginning_tells_the_texts_with_a_shingle(texts: list[str]):
    offsets = tokenize(texts).offsets
    arrow = pa.chunked_array([encode(texts), encode(texts)])
    for size in (1, 2, 5):
        short = int((np.diff(offsets) < size).sum())
        assert minhash.shorter_than(size, arrow.chunk(0)) == short
        assert minhash.shorter_than(size, arrow) == 2 * short


def test_a_text_that_begins_with_no_word_is_read_on():
    texts = pa.array(["." * 10_000 + " one two three", "." * 10_000 + " one two", "one " * 40])
    assert minhash.shorter_than(3, texts) == 1
    assert minhash.shorter_than(3, pa.chunked_array([], pa.string())) == 0


def test_signatures_estimate_similarity():
    rng = np.random.default_rng(5)
    common, one, other = (rng.integers(0, 10**9, k).astype(str).tolist() for k in (3000, 1000, 1000))
    tokens = tokenize([" ".join(common + one), " ".join(common + other)])
    a, b = minhash.signatures(tokens, 1, 2048)
    assert abs((a == b).mean() - 0.6) < 4 * (0.6 * 0.4 / 2048) ** 0.5


def test_shingle_hashes_are_spread():
    hashes, _ = minhash.shingles(tokenize([" ".join(map(str, range(60_000)))]), 2)
    bits = np.unpackbits(hashes.view(np.uint8)).reshape(-1, 32).mean(axis=0)
    assert abs(bits - 0.5).max() < 0.02
    assert len(hashes) - len(np.unique(hashes)) < 5  # 0.4 expected of random values


@pytest.mark.parametrize("arguments", [(0, 8), (1, 0), (-1, 8)])
def test_impossible_sizes_are_refused(arguments: tuple[int, int]):
    with pytest.raises(ValueError, match="at least one"):
        minhash.signatures(tokenize(["a"]), *arguments)
    with pytest.raises(ValueError, match="at least one token"):
        minhash.shingles(tokenize(["a"]), 0)


@pytest.mark.parametrize(
    ("permutations", "threshold", "expected"),
    [(128, 0.8, (21, 6)), (128, 1.0, (1, 128)), (1, 1.0, (1, 1)), (256, 0.8, (32, 8))],
)
def test_bands(permutations: int, threshold: float, expected: tuple[int, int]):
    assert minhash.choose_bands(permutations, threshold) == expected


@unhurried
@given(st.integers(1, 512), st.floats(0.05, 1), st.floats(0.01, 0.999))
def test_bands_keep_the_recall_and_cannot_have_more_rows(permutations: int, threshold: float, recall: float):
    def reached(rows: int) -> bool:
        return 1 - (1 - threshold**rows) ** (permutations // rows) >= recall

    try:
        bands, rows = minhash.choose_bands(permutations, threshold, recall)
    except ValueError:
        assert not any(map(reached, range(1, permutations + 1)))
    else:
        assert bands == permutations // rows
        assert reached(rows)
        assert not any(map(reached, range(rows + 1, permutations + 1)))


@pytest.mark.parametrize("arguments", [(4, 0.3), (0, 0.8), (128, 0.0), (128, 1.1), (128, 0.8, 1.0)])
def test_impossible_bands_are_refused(arguments: tuple[int, float]):
    with pytest.raises(ValueError, match="permutation"):
        minhash.choose_bands(*arguments)


@unhurried
@given(st.integers(1, 6), st.integers(1, 5), st.data())
def test_band_keys_are_equal_just_where_bands_are(bands: int, rows: int, data: st.DataObject):
    values = data.draw(
        st.lists(st.lists(st.integers(0, 2), min_size=30, max_size=30), min_size=1, max_size=5)
    )
    keys = minhash.band_keys(np.array(values, np.uint32), bands, rows)
    contents = {
        (band, tuple(value[band * rows : (band + 1) * rows])): int(keys[i, band])
        for i, value in enumerate(values)
        for band in range(bands)
    }
    assert keys.dtype == np.uint64
    for i, value in enumerate(values):
        for band in range(bands):
            assert contents[band, tuple(value[band * rows : (band + 1) * rows])] == keys[i, band]
    assert len(set(contents.values())) == len(contents)


def test_bands_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        minhash.band_keys(np.zeros((1, 10), np.uint32), 3, 4)


def test_near_duplicates_among_real_sections(corpora: Path):
    """Every pair with a true Jaccard similarity of at least .8 is found, and nothing else goes."""
    folder = corpora / "dedup"
    rows = [orjson.loads(line) for line in (folder / "corpus.jsonl").read_bytes().splitlines()]
    place = {row["id"]: i for i, row in enumerate(rows)}
    true = {
        tuple(sorted((place[a], place[b]))): similarity
        for a, b, similarity in map(orjson.loads, (folder / "pairs.jsonl").read_bytes().splitlines())
    }
    texts = [row["text"] for row in rows]
    tokens = tokenize(texts)
    bands, width = minhash.choose_bands(128, 0.8)
    long_enough = np.flatnonzero(np.diff(tokens.offsets) >= 5).astype(np.uint64)
    keys = minhash.band_keys(minhash.signatures(tokens, 5, 128)[long_enough], bands, width)
    edges = duplicates.edges_of_keys(keys.ravel(), np.repeat(long_enough, bands))
    documents, component = duplicates.components(duplicates.spanning_forest(edges))
    shingles, begins = minhash.unique_shingles(tokens, 5)

    removed: dict[int, tuple[int, float]] = {}
    for label in np.unique(component):
        members = documents[component == label].astype(np.int64)
        parts = [shingles[begins[i] : begins[i + 1]] for i in members]
        offsets = np.concatenate(([0], np.cumsum([len(part) for part in parts])))
        kept_by, similarity, _ = duplicates.judge(offsets, np.concatenate(parts), 0.8)
        for i, keeper, found in zip(members, kept_by, similarity, strict=True):
            if keeper >= 0:
                removed[int(i)] = int(members[keeper]), float(found)

    similar = [pair for pair, found in true.items() if found >= 0.8]
    assert len(similar) > 100
    assert all(a in removed or b in removed for a, b in similar)
    for i, (keeper, found) in removed.items():
        assert keeper not in removed
        assert found == pytest.approx(true[min(i, keeper), max(i, keeper)], abs=1e-4)

    edited = map(orjson.loads, (folder / "injected.jsonl").read_bytes().splitlines())
    same = [(row["dup"], row["src"]) for row in edited if row["level"] in {"exact", "case_ws"}]
    whole = normalized_key(texts)
    assert same
    assert all((whole[place[a]] == whole[place[b]]).all() for a, b in same)
