"""What ``manifest.json`` holds: nothing that differs between two runs of the same recipe on the same inputs.

Each field says what it means, and what a value that is made elsewhere looks like; the published JSON Schema is made from that
(`manifest_json_schema`). What is not described here is no part of a manifest.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final, NotRequired, TypedDict

__all__ = ["MANIFEST_FORMAT", "Manifest", "Meaning"]

#: Version of the manifest's own form.
MANIFEST_FORMAT: Final = 1

_SHA256: Final = "^[0-9a-f]{64}$"


@dataclass(frozen=True)
class Meaning:
    """What a value of a manifest means; stands in ``Annotated[type, Meaning(…)]``.

    Attributes:
        doc: One or two sentences for whoever reads a manifest.
        shape: The type of the value where the annotated one does not tell it; None if it does.
        pattern: A regular expression that a string matches.
        minimum: Least number, inclusive.
    """

    doc: str
    shape: Any = None
    pattern: str = ""
    minimum: int | None = None


_Numbers = dict[str, Annotated[int, Meaning("A number of things.", minimum=0)]]


class _Predecessor(TypedDict, total=False):
    manifest_sha256: Annotated[str, Meaning("Digest of its manifest.", pattern=_SHA256)]
    name: Annotated[str, Meaning("Its name.")]
    version: Annotated[str, Meaning("Its version.")]
    decided: Annotated[
        str,
        Meaning(
            "What was decided again: `staged units` (all that was read) or `kept documents`; `withdrawal` if documents "
            "were withdrawn."
        ),
    ]


class _Software(TypedDict):
    colophon: Annotated[str, Meaning("Version of Colophon.")]
    code_sha256: Annotated[str, Meaning("sha256 of its code.", pattern=_SHA256)]
    lock_sha256: Annotated[
        str,
        Meaning(
            "sha256 of the lock file that it was tested with: every library, pinned by the hashes of its files.",
            pattern=_SHA256,
        ),
    ]
    libraries: Annotated[
        dict[str, str], Meaning("Versions of the libraries, and of Unicode, that can change a byte.")
    ]


class _Material(TypedDict):
    sha256: Annotated[str, Meaning("sha256 of the model or list.", pattern=_SHA256)]
    license: NotRequired[
        Annotated[str | None, Meaning("Its licence, an SPDX expression; null if none is known.")]
    ]
    version: NotRequired[Annotated[str, Meaning("Its version.")]]
    kind: NotRequired[Annotated[str, Meaning("Of what is held already: `dataset` or `pack`.")]]
    host: NotRequired[Annotated[str, Meaning("Of a site's reservations: the site.")]]
    questions: NotRequired[
        Annotated[int, Meaning("Of a benchmark: questions that were looked for.", minimum=0)]
    ]
    too_short: NotRequired[
        Annotated[int, Meaning("Of a benchmark: questions too short for that.", minimum=0)]
    ]


class _Inputs(TypedDict):
    sha256: Annotated[
        str, Meaning("sha256 over names and digests of all input files, shard by shard.", pattern=_SHA256)
    ]


class _Column(TypedDict):
    name: Annotated[str, Meaning("Its name.")]
    type: Annotated[str, Meaning("Its Arrow type, as Arrow writes it.")]
    description: NotRequired[Annotated[str, Meaning("What it means.")]]
    unit: NotRequired[Annotated[str, Meaning("The unit of its numbers.")]]


class _Tables(TypedDict):
    data: Annotated[list[_Column], Meaning("Columns of `data/`, in their order.")]
    ledger: Annotated[list[_Column], Meaning("Columns of `ledger/`, in their order.")]
    merkle: Annotated[list[_Column], Meaning("Columns of `merkle/`, in their order.")]


class _Fates(TypedDict):
    kept: Annotated[int, Meaning("Documents in `data/`.", minimum=0)]
    dropped: Annotated[int, Meaning("Documents that a stage left out.", minimum=0)]
    failed: Annotated[int, Meaning("Documents, or files, that could not be read.", minimum=0)]


class _Rights(TypedDict):
    license: Annotated[
        str, Meaning("The licence that the recipe declares for documents that name none; empty if none.")
    ]
    owner: Annotated[str, Meaning("Who holds the rights, as declared; empty if not.")]
    terms: Annotated[str, Meaning("Terms of use, as declared; empty if not.")]
    consent: Annotated[str, Meaning("Consent, as declared; empty if not.")]
    documents: Annotated[int, Meaning("Documents kept of the source.", minimum=0)]
    spdx: Annotated[_Numbers, Meaning("Of them, by SPDX expression of the licence.")]


# `in` is a word of Python.
_Stage = TypedDict(
    "_Stage",
    {
        "in": Annotated[int, Meaning("Documents that came into the stage.", minimum=0)],
        "kept": Annotated[int, Meaning("Those that went on.", minimum=0)],
        "dropped": Annotated[int, Meaning("Those that it dropped.", minimum=0)],
        "failed": Annotated[int, Meaning("Those that failed in it.", minimum=0)],
        "reasons": Annotated[_Numbers, Meaning("Those dropped or failed, by reason.")],
    },
)


class _Source(_Fates):
    documents: Annotated[int, Meaning("Documents of the source: kept, dropped and failed.", minimum=0)]
    stages: Annotated[
        dict[str, _Stage], Meaning("What came into each stage and what became of it, by the stage's name.")
    ]


class _Counts(TypedDict, total=False):
    association_groups: Annotated[_Numbers, Meaning("Documents that name a group, by `axis/group`.")]
    association_pairs: Annotated[
        _Numbers, Meaning("Documents with a word of a set near the name of a group, by `axis/group` and set.")
    ]
    audit_documents: Annotated[
        _Numbers,
        Meaning(
            "All documents by axis of identity mentioned (empty: all), source and first length in words of the stratum."
        ),
    ]
    audit_dropped: Annotated[
        _Numbers, Meaning("Of those, dropped ones, by stage, axis, source and first length of the stratum.")
    ]
    benchmark_documents: Annotated[
        _Numbers, Meaning("Documents that hold questions of a benchmark, by benchmark and fate.")
    ]
    benchmark_questions: Annotated[_Numbers, Meaning("Those questions, by benchmark and fate.")]
    bias_score: Annotated[
        _Numbers,
        Meaning(
            "Documents by tenth of `bias_score`: `0.3` is .3 to less than .4, `0.9` also 1; empty: not scored."
        ),
    ]
    country: Annotated[_Numbers, Meaning("Documents by country of authors, where readers found one.")]
    deduplication: Annotated[
        _Numbers,
        Meaning("`shorter_than_a_shingle`: documents compared for the very same text only."),
    ]
    discipline: Annotated[_Numbers, Meaning("Documents by subject, where readers found one.")]
    identity_base: Annotated[
        _Numbers, Meaning("`documents` and `words` in which mentions of identity were sought.")
    ]
    identity_mentions: Annotated[_Numbers, Meaning("Mentions of identity, by axis.")]
    journal: Annotated[_Numbers, Meaning("Documents by journal, where readers found one.")]
    language: Annotated[_Numbers, Meaning("Documents by language, ISO 639; `und` has no letters.")]
    length: Annotated[
        _Numbers,
        Meaning(
            "Documents by the greatest power of two that is not above their characters: `512` is 512 to 1,023."
        ),
    ]
    license: Annotated[_Numbers, Meaning("Documents by licence as found; empty for none.")]
    media_type: Annotated[_Numbers, Meaning("Documents by what they were read as.")]
    rights: Annotated[_Numbers, Meaning("Documents by source and SPDX expression.")]
    rights_status: Annotated[_Numbers, Meaning("Documents by how their licence is known.")]
    sampling_weight: Annotated[
        _Numbers,
        Meaning(
            "Where the recipe asks for weights: `documents` that have one, `sum` of the weights w and `squares`, the sum of "
            "w², both in millionths. Kish's effective size is (Σw)² / Σw²."
        ),
    ]
    sizes: Annotated[
        _Numbers,
        Meaning("Sums: `documents`, `n_chars`, `n_words`, `n_tokens` (estimated), `duplicates_dropped`."),
    ]
    source: Annotated[_Numbers, Meaning("Documents by source.")]
    spdx: Annotated[
        _Numbers,
        Meaning("Documents by SPDX expression; NONE: nothing is said; NOASSERTION: not to be told."),
    ]
    weighted: Annotated[
        _Numbers,
        Meaning("Sums of sampling weights in millionths, by column and value, as documents are counted."),
    ]
    year: Annotated[_Numbers, Meaning("Documents by year of publication; empty where none is known.")]


class _Merkle(TypedDict):
    root: Annotated[str, Meaning("Its root, sha256 as RFC 6962 hashes.", pattern=_SHA256)]
    documents: Annotated[int, Meaning("Leaves of all buckets: documents in `data/`.", minimum=0)]
    buckets: Annotated[int, Meaning("Buckets.", minimum=1)]


class _Withdrawn(TypedDict):
    withdrawn: Annotated[int, Meaning("Those that the list named.", minimum=0)]
    copy_of_a_withdrawn_document: Annotated[
        int, Meaning("Those whose text is the same as, or a copy of, one that the list named.", minimum=0)
    ]


class _Withdrawal(TypedDict):
    version: Annotated[str, Meaning("The version that it made.")]
    reason: Annotated[str, Meaning("Why, in the words of who did it; empty if not said.")]
    kept: Annotated[_Withdrawn, Meaning("Documents that were kept before, by reason.")]
    copies: Annotated[int, Meaning("Documents that had been dropped as copies of these.", minimum=0)]
    others: Annotated[
        int, Meaning("Documents that the list named and that had been dropped or had failed.", minimum=0)
    ]
    lines: Annotated[
        _Numbers,
        Meaning(
            "Lines of the list: `withdrawn`, `already_withdrawn`, `held_elsewhere` (a copy of what another dataset "
            "holds), `not_kept` (had been dropped or had failed) or `nothing` (names no document)."
        ),
    ]
    records: Annotated[int, Meaning("Salted records of documents.", minimum=0)]
    named: Annotated[int, Meaning("Salted records of the lines.", minimum=0)]


class _File(TypedDict):
    bytes: Annotated[int, Meaning("Its size in bytes.", minimum=0)]
    rows: Annotated[int, Meaning("Its rows.", minimum=0)]
    sha256: Annotated[str, Meaning("Its sha256.", pattern=_SHA256)]


@dataclass(frozen=True)
class Manifest:
    """The account of a dataset."""

    format: Annotated[int, Meaning("Version of the manifest's own form.", minimum=MANIFEST_FORMAT)]
    name: Annotated[str, Meaning("Name of the dataset.", pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    version: Annotated[str, Meaning("Version of the dataset, as in Semantic Versioning.")]
    description: Annotated[str, Meaning("What it is.")]
    site: Annotated[str, Meaning("Who made it.")]
    contact: Annotated[str, Meaning("Whom to ask.")]
    predecessor: Annotated[
        dict[str, str], Meaning("The dataset that was decided again; empty if there is none.", _Predecessor)
    ]
    software: Annotated[dict[str, Any], Meaning("What it was made with.", _Software)]
    recipe: Annotated[
        dict[str, Any],
        Meaning(
            "The recipe with all its keys, as recipe.schema.json describes them, without those that say where the work "
            "was done."
        ),
    ]
    recipe_sha256: Annotated[str, Meaning("sha256 of the recipe's canonical JSON.", pattern=_SHA256)]
    materials: Annotated[
        dict[str, Any],
        Meaning("Models and lists that took part, by stage and name.", dict[str, dict[str, _Material]]),
    ]
    inputs: Annotated[dict[str, Any], Meaning("What was read.", _Inputs)]
    schemas: Annotated[dict[str, Any], Meaning("Columns of the tables.", _Tables)]
    stages: Annotated[list[str], Meaning("Names of the stages in their order.")]
    fates: Annotated[dict[str, int], Meaning("Documents by fate.", _Fates)]
    rights: Annotated[
        dict[str, dict[str, Any]],
        Meaning("Of each source what is declared of its rights, and the licences found.", dict[str, _Rights]),
    ]
    sources: Annotated[dict[str, Any], Meaning("The funnel of each source, by its name.", dict[str, _Source])]
    counts: Annotated[
        dict[str, dict[str, int]],
        Meaning(
            "Integer counts that add up over shards and sites, over `data/` where nothing else is said. Where they are "
            "by several things, tabs stand between them.",
            _Counts,
        ),
    ]
    merkle: Annotated[dict[str, Any], Meaning("The Merkle tree over the documents of `data/`.", _Merkle)]
    withdrawals: Annotated[
        list[dict[str, Any]],
        Meaning("What was withdrawn up to this version, the latest last.", list[_Withdrawal]),
    ]
    files: Annotated[
        dict[str, dict[str, Any]],
        Meaning(
            "Every file of `data/`, `ledger/`, `merkle/` and `withdrawals/` that is not made around the manifest; the "
            "exact set.",
            dict[str, _File],
        ),
    ]

    def as_dict(self) -> dict[str, Any]:
        """The manifest as JSON values, keys in the order of declaration."""
        return asdict(self)
