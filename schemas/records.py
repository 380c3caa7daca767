"""The rows of ``data/`` and ``ledger/`` and what lies between: one declaration each.

The columns that filters add (``language``, ``n_words``, ``bias_score``, …) are declared by the filters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import pyarrow as pa

from colophon.schemas.fields import Column

__all__ = [
    "DATA_ORDER",
    "DROPPED",
    "FAILED",
    "FATES",
    "KEPT",
    "ORPHANED",
    "WITHDRAW",
    "WITHDRAWN",
    "WITHDRAWN_COPY",
    "BucketRow",
    "DataRow",
    "HeldRow",
    "LedgerRow",
    "StagedRow",
    "WeightRow",
]

KEPT: Final = "kept"
DROPPED: Final = "dropped"
FAILED: Final = "failed"
FATES: Final = (KEPT, DROPPED, FAILED)
ORPHANED: Final = "copy_of_a_dropped_document"
"""The reason of a copy once the document that was kept in its place is dropped by a later decision."""
WITHDRAW: Final = "withdraw"
"""The stage at which documents are withdrawn."""
WITHDRAWN: Final = "withdrawn"
"""The reason of a document that was named in a withdrawal."""
WITHDRAWN_COPY: Final = "copy_of_a_withdrawn_document"
"""The reason of a document, kept or a copy before, that is the same as one named in a withdrawal."""

_Id = Annotated[str, Column("first 32 hex digits of sha256 over source, source_uri and locator")]
_Source = Annotated[str, Column("name of the source in the recipe")]
_Uri = Annotated[
    str,
    Column(
        "path below the source's root; %, control characters and bytes that are not UTF-8 are percent-encoded"
    ),
]
_Sha = Annotated[
    str, Column("sha256 of the source file as it stands on disk, hex; empty if it could not be read")
]
_Locator = Annotated[
    str, Column("where in the file: empty for the whole file, byte=N for a line, row=N for a row of a table")
]


@dataclass
class StagedRow:
    """A document, or a failure to read one, as the worker that read it wrote it down.

    Scores of all filters follow these columns, then ``signature`` (MinHash, little-endian uint32).
    """

    id: _Id
    source: _Source
    source_uri: _Uri
    source_sha256: _Sha
    locator: _Locator
    media_type: Annotated[str, Column("what it was read as")]
    title: Annotated[str, Column("title as found in the document")]
    text: Annotated[str, Column("text after cleaning; empty if the document failed")]
    doi: Annotated[str, Column("DOI, lower case, without a resolver's address; empty if none")]
    license: Annotated[str, Column("SPDX expression where recognised, else as found; empty if none")]
    license_evidence: Annotated[str, Column("where the licence was found")]
    year: Annotated[int | None, Column("year of publication", type=pa.int32())]
    metadata: Annotated[str, Column("everything else the reader found, a JSON object with sorted keys")]
    structured: Annotated[bool, Column("whether structure was marked up, not guessed")]
    text_sha256: Annotated[str, Column("sha256 of text in UTF-8, hex; empty if the document failed")]
    exact_key: Annotated[
        bytes, Column("equal for texts that differ in white space, case or Unicode form only")
    ]
    record_key: Annotated[bytes, Column("equal for documents whose source bytes are equal")]
    work: Annotated[
        bytes,
        Column(
            "hashes of what tells that two documents are one work: numbers, title, authors; empty if none"
        ),
    ]
    failed_stage: Annotated[str, Column("stage that could not go on; empty if none")]
    failed_reason: Annotated[str, Column("why it could not")]
    failed_value: Annotated[float | None, Column("the number that broke a limit")]
    failed_threshold: Annotated[float | None, Column("that limit")]
    failed_detail: Annotated[str, Column("one line for the person who wonders")]


@dataclass
class DataRow:
    """A document that is kept; the scores of all filters stand among and after these columns."""

    id: _Id
    text: Annotated[str, Column("the text: paragraphs apart by a blank line, mathematics as $…$")]
    title: Annotated[str, Column("title as found in the document")]
    source: _Source
    source_uri: _Uri
    source_sha256: _Sha
    locator: _Locator
    media_type: Annotated[str, Column("what it was read as")]
    doi: Annotated[str, Column("DOI, lower case, without a resolver's address; empty if none")]
    license: Annotated[str, Column("SPDX expression where recognised, else as found; empty if none")]
    license_evidence: Annotated[str, Column("where the licence was found")]
    year: Annotated[int | None, Column("year of publication", type=pa.int32())]
    text_sha256: Annotated[str, Column("sha256 of text in UTF-8, hex")]
    duplicate_cluster: Annotated[
        str | None, Column("own id if documents were dropped as copies of this one, else null")
    ]
    duplicates_dropped: Annotated[int, Column("documents dropped as copies of this one", type=pa.int32())]
    metadata: Annotated[str, Column("everything else the reader found, a JSON object with sorted keys")]


@dataclass
class HeldRow:
    """What ``data/`` has besides if the recipe says what is held already."""

    already_in: Annotated[
        str | None, Column("dataset, or pack of another site, that holds the document already; null if none")
    ]
    already_in_similarity: Annotated[
        float | None,
        Column(
            "Jaccard similarity with the document there; of a pack an estimate, for texts were not compared"
        ),
    ]


@dataclass
class WeightRow:
    """What ``data/`` has besides if the recipe asks for sampling weights."""

    sampling_weight: Annotated[
        float | None,
        Column(
            "how much oftener than others to draw the document, for the shares that the recipe wants; 1 is as often"
        ),
    ]


@dataclass
class LedgerRow:
    """The fate of one document, or of one file that yielded none."""

    id: _Id
    source: _Source
    source_uri: _Uri
    source_sha256: _Sha
    locator: _Locator
    fate: Annotated[str, Column("kept, dropped or failed")]
    stage: Annotated[str, Column("stage that decided; empty if kept")]
    reason: Annotated[str, Column("why, as a name that reads true; empty if kept")]
    value: Annotated[float | None, Column("the score that decided")]
    threshold: Annotated[float | None, Column("the limit that it broke")]
    duplicate_of: Annotated[str | None, Column("id of the kept document that this one was compared with")]
    similarity: Annotated[
        float | None, Column("Jaccard similarity of the two documents' sets of shingles; 1 for exact copies")
    ]
    detail: Annotated[str, Column("one line for the person who wonders")]


@dataclass
class BucketRow:
    """A bucket of the Merkle tree over the documents."""

    bucket: Annotated[int, Column("number: the first 12 bits of its documents' ids", type=pa.uint16())]
    documents: Annotated[int, Column("how many there are")]
    root: Annotated[
        bytes, Column("root of the tree over them (RFC 6962, SHA-256); of none the sha256 of nothing")
    ]


#: Order of the columns of ``data/``; scores that are not named here follow in the filters' order.
DATA_ORDER: Final = (
    "id", "text", "title", "source", "source_uri", "source_sha256", "locator", "media_type", "doi",
    "license", "license_evidence", "spdx", "rights_status", "rights_evidence", "reservations", "language",
    "language_score", "language_shares", "year", "n_chars", "n_words", "n_tokens",
    "text_sha256", "duplicate_cluster", "duplicates_dropped", "identity_rates", "identity_groups",
    "hostility", "loaded_language", "slur_rate", "bias_score", "bias_status", "sampling_weight", "metadata",
)  # fmt: skip
