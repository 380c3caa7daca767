from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colophon.filters import duplicates

unhurried = settings(deadline=None)  # the first call compiles
documents_of = st.one_of(st.integers(0, 9), st.sampled_from([2**32, 2**63, 2**64 - 1]))
edges_of = st.lists(st.tuples(documents_of, documents_of), max_size=30).map(
    lambda pairs: np.array(pairs, np.uint64).reshape(-1, 2)
)


def connected(pairs: list[tuple[int, int]]) -> dict[int, int]:
    """The smallest document that each is connected with, the slow way."""
    label = {document: document for pair in pairs for document in pair}
    changed = True
    while changed:
        changed = False
        for a, b in pairs:
            least = min(label[a], label[b])
            changed |= label[a] != least or label[b] != least
            label[a] = label[b] = least
    return label


def pairs_in(edges: np.ndarray) -> list[tuple[int, int]]:
    return [(a, b) for a, b in edges.tolist()]


@pytest.mark.parametrize("kind", [np.uint32, np.uint64])
@unhurried
@given(rows=st.lists(st.tuples(st.integers(0, 5), documents_of), max_size=40), order=st.randoms())
def test_edges_connect_neighbours_of_each_group(kind, rows, order):
    order.shuffle(rows)
    edges = duplicates.edges_of_keys(
        np.array([key for key, _ in rows], kind), np.array([document for _, document in rows], np.uint64)
    )
    expected = []
    for _, group in itertools.groupby(sorted(set(rows)), key=lambda row: row[0]):
        expected += itertools.pairwise(document for _, document in group)
    assert edges.dtype == np.uint64
    assert edges.shape == (len(expected), 2)
    assert pairs_in(edges) == expected


@unhurried
@given(edges_of)
def test_components_are_labelled_with_their_smallest_document(edges: np.ndarray):
    documents, component = duplicates.components(edges)
    expected = connected(pairs_in(edges))
    assert documents.tolist() == sorted(expected)
    assert component.tolist() == [expected[document] for document in sorted(expected)]


@unhurried
@given(edges_of)
def test_a_forest_connects_the_same_with_the_fewest_edges(edges: np.ndarray):
    forest = duplicates.spanning_forest(edges)
    whole = connected(pairs_in(edges))
    without_loops = connected([(a, b) for a, b in pairs_in(edges) if a != b])
    assert connected(pairs_in(forest)) == without_loops
    assert len(forest) == len(whole) - len(set(whole.values()))
    assert {tuple(sorted(pair)) for pair in pairs_in(edges)} >= set(pairs_in(forest))


@unhurried
@given(edges_of, st.integers(0, 30), st.randoms())
def test_forests_merge_to_the_same_bytes_however_edges_are_split(edges: np.ndarray, cut: int, order):
    whole = duplicates.spanning_forest(edges)
    rows = pairs_in(edges)
    order.shuffle(rows)
    shuffled = np.array(rows, np.uint64).reshape(-1, 2)
    parts = [duplicates.spanning_forest(part) for part in (shuffled[:cut], shuffled[cut:])]
    assert duplicates.spanning_forest(np.concatenate(parts)).tobytes() == whole.tobytes()
    assert duplicates.spanning_forest(whole).tobytes() == whole.tobytes()


def test_a_long_chain_is_one_component():
    ends = np.arange(200_000, dtype=np.uint64)[::-1]
    edges = np.stack([ends[:-1], ends[1:]], axis=1)
    _, component = duplicates.components(edges)
    assert not component.any()
    assert len(duplicates.spanning_forest(edges)) == 199_999


def packed(sets: list[set[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.concatenate(([0], np.cumsum([len(members) for members in sets]))).astype(np.int64)
    return offsets, np.array([v for members in sets for v in sorted(members)], np.uint32)


def judged_slowly(sets: list[set[int]], threshold: float) -> tuple[list[int], list[float]]:
    kept: list[int] = []
    kept_by, similarity = [], []
    for i, own in enumerate(sets):
        best, found = -1, 0.0
        for other in kept:
            union = len(own | sets[other])
            jaccard = len(own & sets[other]) / union if union else 0.0
            if jaccard >= threshold and jaccard > found:
                best, found = other, jaccard
        if best < 0:
            kept.append(i)
        kept_by.append(best)
        similarity.append(found)
    return kept_by, similarity


@st.composite
def families(draw: st.DrawFn) -> list[set[int]]:
    """Sets of which many are edited copies of earlier ones."""
    universe = draw(st.sampled_from([5, 12, 40, 2**32]))
    member = st.integers(0, universe - 1)
    sets: list[set[int]] = []
    for _ in range(draw(st.integers(0, 12))):  # more and fewer than are compared pair by pair
        base = (
            draw(st.sampled_from(sets))
            if sets and draw(st.booleans())
            else draw(st.sets(member, max_size=20))
        )
        sets.append(base ^ draw(st.sets(member, max_size=3)))
    return sets


# Fractions that sets can just reach, where one rounding the wrong way shows.
thresholds = st.one_of(
    st.builds(lambda a, b: min(a, b) / max(a, b), st.integers(1, 20), st.integers(1, 20)),
    st.floats(0.01, 1),
    st.sampled_from([0.1 + 0.2, 0.7, 0.8, np.nextafter(0.8, 0), np.nextafter(0.8, 1), 5e-324, 1.0]),
)


@unhurried
@given(families(), thresholds)
def test_judgements_are_those_of_the_obvious_way(sets: list[set[int]], threshold: float):
    kept_by, similarity, _ = duplicates.judge(*packed(sets), float(threshold))
    expected = judged_slowly(sets, float(threshold))
    assert (kept_by.tolist(), similarity.tolist()) == expected


@unhurried
@given(families(), thresholds, st.integers(0, 4), st.data())
def test_few_documents_are_judged_as_many_are(
    sets: list[set[int]], threshold: float, held: int, data: st.DataObject
):
    offsets, shingles = packed(sets)
    n, held = len(sets), min(held, len(sets))
    earlier = [(x, y) for x in range(n) for y in range(x)]
    chosen = data.draw(st.lists(st.sampled_from(earlier), max_size=6)) if earlier else []
    pairs = np.array(chosen, np.int64).reshape(-1, 2)
    links = duplicates.similar_pairs(offsets, shingles, pairs, np.full(len(pairs), 0.05))
    few = duplicates._judge_few(offsets, shingles, float(threshold), links, held)
    ranked = (offsets, *duplicates._rarest_first(offsets, shingles))
    many = duplicates._judge(ranked, float(threshold), links, held)
    assert [one.tolist() for one in few] == [one.tolist() for one in many[:3]]


@pytest.mark.parametrize("threshold", [0.1, 0.5, 2 / 3, 0.7, 0.8, 0.9, 1.0])
def test_judgements_at_every_small_overlap(threshold: float):
    for a, b in itertools.product(range(1, 25), repeat=2):
        for common in range(min(a, b) + 1):
            sets = [set(range(a)), set(range(a - common, a - common + b))]
            assert duplicates.judge(*packed(sets), threshold)[0][1] == (
                0 if common / (a + b - common) >= threshold else -1
            )


def test_a_chain_removes_only_what_is_like_a_kept_document():
    sets = [
        set(range(i * 10, i * 10 + 100)) for i in range(1000)
    ]  # neighbours 90 / 110, the next but one 80 / 120
    kept_by, similarity, _ = duplicates.judge(*packed(sets), 0.8)
    assert kept_by.tolist() == [-1 if i % 2 == 0 else i - 1 for i in range(1000)]
    assert similarity[1::2].tolist() == [90 / 110] * 500


def test_the_most_similar_kept_document_is_named_and_of_several_the_first():
    base = set(range(100))
    first = base | set(range(200, 210))
    second = base | set(range(300, 310))
    near_second = second - {0}
    kept_by, _, _ = duplicates.judge(*packed([first, second, near_second, base]), 0.85)
    assert kept_by.tolist() == [-1, -1, 1, 0]


def test_documents_without_shingles_stay():
    kept_by, similarity, _ = duplicates.judge(*packed([set(), set(), {1}, set(), {1}]), 0.5)
    assert kept_by.tolist() == [-1, -1, -1, -1, 2]
    assert similarity.tolist() == [0, 0, 0, 0, 1]
    assert duplicates.judge(*packed([]), 0.5)[0].shape == (0,)


def pairs_compared(offsets: np.ndarray, shingles: np.ndarray, threshold: float) -> tuple[int, np.ndarray]:
    ranks, frequencies = duplicates._rarest_first(offsets, shingles)
    kept_by, _, _, pairs = duplicates._judge(
        (offsets, ranks, frequencies), threshold, duplicates._no_links(len(offsets) - 1), 0
    )
    return pairs, kept_by


def with_common_part(documents: int, common: int, own: int) -> tuple[np.ndarray, np.ndarray]:
    """Documents that have `common` shingles together and `own` of their own each."""
    rng = np.random.default_rng(1)
    values = rng.permutation(2**22)[: common + documents * own].astype(np.uint32)
    rows = np.concatenate(
        (np.broadcast_to(values[:common], (documents, common)), values[common:].reshape(documents, own)),
        axis=1,
    )
    return np.arange(documents + 1, dtype=np.int64) * (common + own), np.sort(rows, axis=1).ravel()


@pytest.mark.parametrize("documents", [1000, 4000])
def test_pages_of_one_template_are_not_compared(documents: int):
    """Three quarters in common: too little to be copies, and enough that each meets each in the template's shingles."""
    pairs, kept_by = pairs_compared(*with_common_part(documents, 255, 45), 0.8)
    assert (kept_by == -1).all()
    assert pairs == 0
    # The bare template has room for all of them, and all of them are looked at beside it alone.
    offsets, shingles = with_common_part(documents, 255, 45)
    template = np.intersect1d(shingles[:300], shingles[300:600])
    assert len(template) == 255
    pairs, kept_by = pairs_compared(np.r_[0, offsets + 255], np.r_[template, shingles], 0.8)
    assert (kept_by[1:] == 0).all()
    assert pairs == documents


def test_many_near_copies_are_each_compared_once():
    pairs, kept_by = pairs_compared(*with_common_part(20_000, 97, 3), 0.8)
    assert pairs == 19_999
    assert (kept_by[1:] == 0).all()


def test_boilerplate_that_all_share_makes_no_pairs():
    pairs, kept_by = pairs_compared(*with_common_part(20_000, 67, 33), 0.8)  # J = 67 / 133
    assert pairs == 0
    assert (kept_by == -1).all()


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.1, float("nan")])
def test_impossible_thresholds_are_refused(threshold: float):
    with pytest.raises(ValueError, match="threshold"):
        duplicates.judge(*packed([{1}]), threshold)
