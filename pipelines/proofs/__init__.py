"""Proofs: that a document is in a dataset, or is not, without the dataset.

A Merkle tree over the documents, its root in the manifest, and small files that lead from one document to that root.
"""

from colophon.pipelines.proofs.merkle import BUCKETS, TREE_FILE, Buckets, read_leaves, write_tree

__all__ = ["BUCKETS", "TREE_FILE", "Buckets", "read_leaves", "write_tree"]
