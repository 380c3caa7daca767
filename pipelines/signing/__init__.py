"""Keys, statements, envelopes, and what the signatures of a dataset come to. `docs/signing.md` tells it in plain words.

What `securesystemslib` needs loads when something is signed or checked with a key, and not before.
"""

from colophon.pipelines.signing.acknowledging import NOTICE, Answer, Answers, acknowledge, acknowledgements
from colophon.pipelines.signing.deciding import Signed, sign_dataset
from colophon.pipelines.signing.envelopes import (
    STATEMENT,
    BadEnvelope,
    Sealed,
    Statement,
    open_envelope,
    sign_statement,
)
from colophon.pipelines.signing.judging import ATTEST, Attestation, Signatures, attestations
from colophon.pipelines.signing.keys import (
    PublicKey,
    Revocation,
    SigningKey,
    make_signing_key,
    read_keys,
    read_signing_key,
    revoke,
)
from colophon.pipelines.signing.statements import (
    ACKNOWLEDGEMENT,
    APPROVE,
    DECISION,
    DECISIONS,
    PROVENANCE,
    REJECT,
    SUBJECT,
    Acknowledgement,
    Decision,
    Signatory,
    build_provenance,
)

__all__ = [
    "ACKNOWLEDGEMENT",
    "APPROVE",
    "ATTEST",
    "DECISION",
    "DECISIONS",
    "NOTICE",
    "PROVENANCE",
    "REJECT",
    "STATEMENT",
    "SUBJECT",
    "Acknowledgement",
    "Answer",
    "Answers",
    "Attestation",
    "BadEnvelope",
    "Decision",
    "PublicKey",
    "Revocation",
    "Sealed",
    "Signatory",
    "Signatures",
    "Signed",
    "SigningKey",
    "Statement",
    "acknowledge",
    "acknowledgements",
    "attestations",
    "build_provenance",
    "make_signing_key",
    "open_envelope",
    "read_keys",
    "read_signing_key",
    "revoke",
    "sign_dataset",
    "sign_statement",
]
