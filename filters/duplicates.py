"""From band keys to the documents that go: pairs, their components, and an exact judgement of each component."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from colophon.filters.kernels import compiled

__all__ = ["components", "edges_of_keys", "judge", "similar_pairs", "spanning_forest"]

_Links: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Where each document's links begin, the earlier documents they lead to, and how similar they are."""

_FEW = 8
"""Documents up to which all pairs are compared: 28 at most, and nearly all components have two or three."""


def edges_of_keys(keys: np.ndarray, documents: np.ndarray) -> np.ndarray:
    """Connect the documents that share a key: an edge between neighbours of each group, ordered by document.

    As many edges as a group has documents less one, not one for each pair: what is connected stays so. An edge that
    comes of several keys is there several times; `spanning_forest` leaves one.

    Args:
        keys: uint32 or uint64[m].
        documents: uint64[m], the document that has the key; in any order, also repeated.

    Returns:
        uint64[e, 2], the smaller document first; by key, then by document. Memory: about 20 bytes a key,
        50 where it is shared.
    """
    order = np.argsort(keys)
    ordered = keys[order]
    same = ordered[1:] == ordered[:-1]
    shared = np.zeros(len(keys), np.bool_)
    shared[1:] = same
    shared[:-1] |= same
    ordered, order = ordered[shared], order[shared]
    members = documents[order].astype(np.uint64, copy=False)
    order = np.lexsort((members, ordered))
    ordered, members = ordered[order], members[order]
    joined = (ordered[1:] == ordered[:-1]) & (members[1:] != members[:-1])
    return np.stack([members[:-1][joined], members[1:][joined]], axis=1)


@compiled
def _root(parent: np.ndarray, node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@compiled
def _unite(edges: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """Which edges join two trees, bool[e]; a tree's root is its smallest node."""
    joins = np.zeros(len(edges), np.bool_)
    for edge in range(len(edges)):
        a, b = _root(parent, edges[edge, 0]), _root(parent, edges[edge, 1])
        if a != b:
            parent[max(a, b)] = min(a, b)
            joins[edge] = True
    return joins


@compiled
def _flatten(parent: np.ndarray) -> None:
    for node in range(len(parent)):
        parent[node] = parent[parent[node]]  # parents are smaller, so theirs is a root already


def _compacted(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The documents, sorted, and the distinct edges between their numbers, int64, in the documents' order."""
    documents, numbers = np.unique(edges.ravel(), return_inverse=True)
    if len(documents) >= 1 << 32:
        raise ValueError(f"at most {1 << 32} documents can be connected at once, not {len(documents)}")
    ends = numbers.reshape(-1, 2).astype(np.uint64)
    packed = np.unique((ends.min(axis=1) << np.uint64(32)) | ends.max(axis=1))
    numbered = np.stack([packed >> np.uint64(32), packed & np.uint64(0xFFFFFFFF)], axis=1)
    return documents, numbered.astype(np.int64)


def spanning_forest(edges: np.ndarray) -> np.ndarray:
    """The fewest of the edges that connect the same documents.

    The edges are taken in their order (smaller document, larger document), as in Kruskal's algorithm (1956). In a
    strict order of the edges the least forest is unique, so ``spanning_forest(A + B)`` is, to the byte,
    ``spanning_forest(spanning_forest(A) + spanning_forest(B))``: edges can be merged bit by bit, in any order.

    Args:
        edges: uint64[e, 2] in any order, also repeated; e ≥ 0. An edge from a document to itself says nothing.

    Returns:
        uint64[f, 2], f below the number of documents; sorted, the smaller document first. Memory: about 100 bytes
        an edge while it runs.

    >>> spanning_forest(np.array([[7, 5], [5, 3], [3, 7], [5, 7]], np.uint64)).tolist()
    [[3, 5], [3, 7]]
    """
    documents, numbered = _compacted(edges)
    joins = _unite(numbered, np.arange(len(documents)))
    forest: np.ndarray = documents[numbered[joins]]
    return forest


def components(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is connected with what.

    Args:
        edges: uint64[e, 2] in any order, also repeated.

    Returns:
        The documents that have an edge, uint64[k], sorted; and the component of each, uint64[k]: its smallest
        document. Memory: about 100 bytes an edge while it runs; give it a spanning forest.

    >>> documents, component = components(np.array([[4, 9], [6, 2], [9, 5]], np.uint64))
    >>> documents.tolist(), component.tolist()
    ([2, 4, 5, 6, 9], [2, 4, 4, 2, 4])
    """
    documents, numbered = _compacted(edges)
    parent = np.arange(len(documents))
    _unite(numbered, parent)
    _flatten(parent)
    return documents, documents[parent]


@compiled
def _count_groups(packed: np.ndarray) -> np.ndarray:
    """The lengths of the runs of equal upper halves, int64[g]."""
    counts = np.empty(len(packed), np.int64)
    groups = 0
    for i in range(len(packed)):
        if i == 0 or packed[i] >> np.uint64(32) != packed[i - 1] >> np.uint64(32):
            counts[groups] = 0
            groups += 1
        counts[groups - 1] += 1
    return counts[:groups].copy()


@compiled
def _spread(packed: np.ndarray, counts: np.ndarray, rank_of_group: np.ndarray, ranks: np.ndarray) -> None:
    """Give each shingle, at the position that the lower half holds, the rank of its group."""
    i = 0
    for group in range(len(counts)):
        for _ in range(counts[group]):
            ranks[packed[i] & np.uint64(0xFFFFFFFF)] = rank_of_group[group]
            i += 1


def _rarest_first(offsets: np.ndarray, shingles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the shingles by rising document frequency, then value; each document's numbers in rising order.

    Returns:
        The numbers, uint32[s], and how many documents have each, int64[distinct shingles].
    """
    packed = np.sort(
        (shingles.astype(np.uint64) << np.uint64(32)) | np.arange(len(shingles), dtype=np.uint64)
    )
    counts = _count_groups(packed)
    by_frequency = np.argsort(counts, kind="stable")
    rank_of_group = np.empty(len(counts), np.uint32)
    rank_of_group[by_frequency] = np.arange(len(counts), dtype=np.uint32)
    ranks = np.empty(len(shingles), np.uint32)
    _spread(packed, counts, rank_of_group, ranks)
    texts = np.repeat(np.arange(len(offsets) - 1, dtype=np.uint64), np.diff(offsets))
    return np.sort((texts << np.uint64(32)) | ranks).astype(np.uint32), counts[by_frequency]


@compiled
def _least_overlap(total: int, threshold: float) -> int:
    """The least number of common members at which two sets of `total` members together reach the threshold.

    The formula is t / (1 + t) * total rounded up; the loops undo what rounding did to it.
    """
    overlap = int(threshold / (1.0 + threshold) * total)
    while overlap > 0 and (overlap - 1) / (total - overlap + 1) >= threshold:
        overlap -= 1
    while overlap / (total - overlap) < threshold:
        overlap += 1
    return overlap


@compiled
def _prefix_length(size: int, threshold: float) -> int:
    """How many of a set's rarest members hold one that is in every set similar to it."""
    if size == 0:
        return 0
    least = int(threshold * size)
    while least > 0 and (least - 1) / size >= threshold:
        least -= 1
    while least / size < threshold:
        least += 1
    return size - least + 1


@compiled
def _common_members(x: np.ndarray, y: np.ndarray, i: int, j: int, need: int) -> int:
    """How many members from x[i:] and y[j:] on are common, or -1 as soon as they cannot be `need`."""
    common = 0
    while i < len(x) and j < len(y):
        if common + min(len(x) - i, len(y) - j) < need:
            return -1
        if x[i] == y[j]:
            common += 1
            i += 1
            j += 1
        elif x[i] < y[j]:
            i += 1
        else:
            j += 1
    return common if common >= need else -1


@compiled
def _jaccard(x: np.ndarray, y: np.ndarray, i: int, j: int, least: float) -> float:
    """The similarity of two sets whose rarest common member is x[i] == y[j], or 0 where it is below `least`."""
    total = len(x) + len(y)
    common = _common_members(x, y, i, j, _least_overlap(total, least))
    return common / (total - common) if common > 0 else 0.0


@compiled
def _prefix_starts(
    offsets: np.ndarray, ranks: np.ndarray, frequencies: np.ndarray, threshold: float
) -> np.ndarray:
    """Where each shingle's list of documents begins if each document's prefix is listed, int64[shingles + 1]."""
    starts = np.zeros(len(frequencies) + 1, np.int64)
    for x in range(len(offsets) - 1):
        begin = offsets[x]
        for i in range(begin, begin + _prefix_length(offsets[x + 1] - begin, threshold)):
            if frequencies[ranks[i]] > 1:
                starts[ranks[i] + 1] += 1
    for rank in range(len(frequencies)):
        starts[rank + 1] += starts[rank]
    return starts


@compiled
def _best_link(x: int, links: _Links, kept_by: np.ndarray, held: int) -> tuple[int, float]:
    """The most similar of the kept documents that x has a link to, the earliest of several; -1 and 0 for none."""
    begins, others, similarities = links
    best, most = -1, 0.0
    for link in range(begins[x], begins[x + 1]):
        y = others[link]
        stays = y < held or (held == 0 and kept_by[y] < 0)
        if stays and similarities[link] > most:
            best, most = y, similarities[link]
    return best, most


@compiled
def _room(size: int, place: int, threshold: float) -> int:
    """What `_need` of another set must not exceed for the two to be similar, if what they share begins at this place.

    Of y only size - place members can be common, and t / (1 + t) * (|x| + |y|) have to be: size / (1 + t) - place is at
    least t / (1 + t) * |x|. Rounded so that no pair is lost.
    """
    return int(size / (1.0 + threshold)) + 1 - place


@compiled
def _need(size: int, threshold: float) -> int:
    return int(threshold / (1.0 + threshold) * size) - 1


@compiled
def _list(
    x: int,
    prefix: np.ndarray,
    rooms: tuple[int, float],
    frequencies: np.ndarray,
    lists: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Enter a kept document under those shingles of its prefix that another has too; each list is a heap, most room first."""
    size, threshold = rooms
    starts, ends, holders, places, room = lists
    for i in range(len(prefix)):
        rank = prefix[i]
        if frequencies[rank] > 1:
            start, node, own = starts[rank], ends[rank] - starts[rank], _room(size, i, threshold)
            while node > 0 and room[start + (node - 1) // 2] < own:
                above = start + (node - 1) // 2
                holders[start + node], places[start + node], room[start + node] = (
                    holders[above],
                    places[above],
                    room[above],
                )
                node = (node - 1) // 2
            holders[start + node], places[start + node], room[start + node] = x, i, own
            ends[rank] += 1


@compiled
def _judge(
    sets: tuple[np.ndarray, np.ndarray, np.ndarray],
    threshold: float,
    links: _Links,
    held: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """The verdicts as `judge` returns them, and how many pairs were looked at."""
    offsets, ranks, frequencies = sets
    kept_by = np.full(len(offsets) - 1, -1, np.int64)
    similarity = np.zeros(len(kept_by), np.float64)
    linked = np.zeros(len(kept_by), np.bool_)
    # Of each shingle, the kept documents in whose prefix it is, its place there, and the room that this leaves.
    starts = _prefix_starts(offsets, ranks, frequencies, threshold)
    ends = starts[:-1].copy()
    holders = np.empty(starts[-1], np.int32)
    places = np.empty(starts[-1], np.int32)
    room = np.empty(starts[-1], np.int32)
    waiting = np.empty(64, np.int64)
    seen_by = np.full(len(kept_by), -1, np.int32)
    pairs, listed = 0, 0
    for x in range(len(kept_by)):
        unseen = listed if x >= held else 0
        own = ranks[offsets[x] : offsets[x + 1]]
        prefix = own[: _prefix_length(len(own), threshold)]
        need = _need(len(own), threshold)
        if x >= held:
            kept_by[x], similarity[x] = _best_link(x, links, kept_by, held)
            linked[x] = kept_by[x] >= 0
        i = -1
        while (
            i + 1 < len(prefix) and unseen > 0
        ):  # a template's shingles lead to the same documents again and again
            i += 1
            # Down the heap as far as there is room, so that pages of one template that are not similar are never met.
            start, length = starts[prefix[i]], ends[prefix[i]] - starts[prefix[i]]
            waiting[0], left = 0, 1
            while left > 0:
                left -= 1
                node = waiting[left]
                entry = start + node
                if node >= length or room[entry] < need:
                    continue
                waiting[left], waiting[left + 1] = 2 * node + 1, 2 * node + 2
                left += 2
                y = holders[entry]
                if seen_by[y] == x:
                    continue
                # Met for the first time, so this is the rarest member that the two have in common.
                seen_by[y] = x
                unseen -= 1
                least = max(threshold, similarity[x])
                most = min(len(own) - i, offsets[y + 1] - offsets[y] - places[entry])
                if most / (len(own) + offsets[y + 1] - offsets[y] - most) < least:
                    continue
                found = _jaccard(own, ranks[offsets[y] : offsets[y + 1]], i, places[entry], least)
                if found > similarity[x] or (found == similarity[x] and y < kept_by[x]):
                    kept_by[x], similarity[x], linked[x] = y, found, False
        pairs += listed - unseen if x >= held else 0
        if x < held or (held == 0 and kept_by[x] < 0):
            listed += 1
            _list(x, prefix, (len(own), threshold), frequencies, (starts, ends, holders, places, room))
    return kept_by, similarity, linked, pairs


@compiled
def _judge_few(
    offsets: np.ndarray, shingles: np.ndarray, threshold: float, links: _Links, held: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `_judge`, by looking at every pair: quicker than ranking the shingles where documents are few."""
    n = len(offsets) - 1
    kept_by = np.full(n, -1, np.int64)
    similarity = np.zeros(n, np.float64)
    linked = np.zeros(n, np.bool_)
    for x in range(held, n):
        own = shingles[offsets[x] : offsets[x + 1]]
        kept_by[x], similarity[x] = _best_link(x, links, kept_by, held)
        linked[x] = kept_by[x] >= 0
        for y in range(held or x):
            other = shingles[offsets[y] : offsets[y + 1]]
            shorter, longer = min(len(own), len(other)), max(len(own), len(other))
            least = max(threshold, similarity[x])
            if shorter == 0 or shorter / longer < least or (held == 0 and kept_by[y] >= 0):
                continue
            found = _jaccard(own, other, 0, 0, least)
            if found > similarity[x] or (found == similarity[x] and y < kept_by[x]):
                kept_by[x], similarity[x], linked[x] = y, found, False
    return kept_by, similarity, linked


def _no_links(n: int) -> _Links:
    return np.zeros(n + 1, np.int64), np.empty(0, np.int64), np.empty(0, np.float64)


def judge(
    offsets: np.ndarray,
    shingles: np.ndarray,
    threshold: float,
    links: _Links | None = None,
    held: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Decide, exactly and one after the other, which documents of a component stay.

    A document stays unless one that stays already has a Jaccard similarity of at least `threshold` with it, or a
    link to it. It is compared with kept ones alone, so no chain of similar documents removes one that is like none of
    the kept. A document without shingles is like no other.

    Pairs are found by their rarest shingles: of two sets with J ≥ t, the n - ceil(t n) + 1 rarest of the one and of
    the other have a member in common (prefix filter: Bayardo, Ma and Srikant 2007, "Scaling up all pairs similarity
    search"), whose place bounds the overlap (positional filter: Xiao et al. 2008, "Efficient similarity joins for
    near duplicate detection"). J ≥ t is decided as ``common / union >= threshold`` in 64-bit floating point.

    Args:
        offsets: int64[n + 1], where each document's shingles begin, the preferred document first.
        shingles: uint32[s], sorted and distinct in each document.
        threshold: Least similarity of duplicates, above 0 and at most 1.
        links: Pairs that count as duplicates at a lower similarity, as `similar_pairs` gives them.
        held: That many documents, the first, stay whatever they are like, and all others are compared with those
            alone: what of a set is in another.

    Returns:
        kept_by, int64[n]: -1 where the document stays, otherwise the place of the most similar kept one, the
        earliest of several; similarity, float64[n]: that pair's, 0 where the document stays; and linked, bool[n]:
        whether that pair is one of `links`.
        Memory: about 55 bytes a shingle while it runs. Time is linear where kept documents share rare shingles with
        few others, which is so in all but made-up text; at worst it is quadratic in the kept documents.

    Raises:
        ValueError: The threshold is out of its range, or there are 2**32 shingles or more.

    >>> found = judge(np.array([0, 4, 9]), np.array([1, 2, 3, 4, 1, 2, 3, 4, 5], np.uint32), 0.8)
    >>> [one.tolist() for one in found]
    [[-1, 0], [0.0, 0.8], [False, False]]
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"a threshold is above 0 and at most 1, not {threshold}")
    if len(shingles) >= 1 << 32:
        raise ValueError(f"a component has fewer than {1 << 32} shingles, not {len(shingles)}")
    links = _no_links(len(offsets) - 1) if links is None else links
    if len(offsets) - 1 <= _FEW:
        return _judge_few(offsets, shingles, float(threshold), links, held)
    ranks, frequencies = _rarest_first(offsets, shingles)
    kept_by, similarity, linked, _ = _judge((offsets, ranks, frequencies), float(threshold), links, held)
    return kept_by, similarity, linked


@compiled
def _similarities(
    offsets: np.ndarray, shingles: np.ndarray, pairs: np.ndarray, least: np.ndarray
) -> np.ndarray:
    found = np.zeros(len(pairs), np.float64)
    for pair in range(len(pairs)):
        x, y = pairs[pair, 0], pairs[pair, 1]
        one, other = shingles[offsets[x] : offsets[x + 1]], shingles[offsets[y] : offsets[y + 1]]
        if len(one) > 0 and len(other) > 0:
            found[pair] = _jaccard(one, other, 0, 0, least[pair])
    return found


def similar_pairs(
    offsets: np.ndarray, shingles: np.ndarray, pairs: np.ndarray, least: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Those of given pairs whose similarity reaches a limit of their own.

    Args:
        offsets: int64[n + 1], where each document's shingles begin.
        shingles: uint32[s], sorted and distinct in each document.
        pairs: int64[p, 2], a document and an earlier one.
        least: float64[p], the Jaccard similarity that each pair must reach, above 0 and at most 1.

    Returns:
        begins, int64[n + 1]; others, int64[m]; and their similarities, float64[m]: document x goes with the earlier
        ``others[begins[x]:begins[x + 1]]``, in rising order.

    >>> offsets, shingles = np.array([0, 4, 8]), np.array([1, 2, 3, 4, 3, 4, 5, 6], np.uint32)
    >>> [part.tolist() for part in similar_pairs(offsets, shingles, np.array([[1, 0]]), np.array([0.3]))]
    [[0, 0, 1], [0], [0.3333333333333333]]
    """
    order = np.lexsort((least, pairs[:, 1], pairs[:, 0]))
    pairs, least = pairs[order], least[order]
    # Of one pair with several limits the lowest counts.
    once = np.ones(len(pairs), np.bool_)
    once[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    pairs, least = pairs[once].astype(np.int64), least[once].astype(np.float64)
    found = _similarities(offsets, shingles, pairs, least)
    reached = found > 0
    begins = np.searchsorted(pairs[reached, 0], np.arange(len(offsets)))
    return begins.astype(np.int64), pairs[reached, 1].copy(), found[reached]
