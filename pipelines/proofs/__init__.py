"""Proofs: that a document is in a dataset, or is not, without the dataset.

A Merkle tree over the documents, its root in the manifest, and small files that lead from one document to that root.
"""

from colophon.pipelines.proofs.check import check_file, check_proof, parse_root
from colophon.pipelines.proofs.merkle import BUCKETS, TREE_FILE, Buckets, read_leaves, write_tree
from colophon.pipelines.proofs.prove import place_of, prove, prove_each, root_in

__all__ = [
    "BUCKETS",
    "TREE_FILE",
    "Buckets",
    "check_file",
    "check_proof",
    "parse_root",
    "place_of",
    "prove",
    "prove_each",
    "read_leaves",
    "root_in",
    "write_tree",
]
