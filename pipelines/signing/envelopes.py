"""in-toto statements in DSSE envelopes: made by securesystemslib, read with suspicion.

An envelope (https://github.com/secure-systems-lab/dsse) is JSON around the bytes that were signed; those are a statement
(https://github.com/in-toto/attestation), which says something of a file that it names by its sha256.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from colophon.schemas import UsageError, canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from colophon.pipelines.signing.keys import PublicKey, SigningKey

__all__ = ["MOST_BYTES", "STATEMENT", "BadEnvelope", "Sealed", "Statement", "open_envelope", "sign_statement"]

MOST_BYTES: Final = 1 << 22
"""Of an envelope; a longer one is not read."""
STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
_MOST_SIGNATURES: Final = 20
_SHA256: Final = re.compile("[0-9a-f]{64}")


class BadEnvelope(ValueError):  # noqa: N818 - says what it is
    """An envelope or statement that cannot be understood; the message says why, without the file's name."""


@dataclass(frozen=True)
class Statement:
    """What somebody says of a file.

    Attributes:
        subject: Name of the file.
        sha256: Of its bytes, hex.
        predicate_type: What kind of thing is said.
        predicate: What is said.
    """

    subject: str
    sha256: str
    predicate_type: str
    predicate: dict[str, Any]


@dataclass(frozen=True)
class Sealed:
    """An opened envelope. Its statement is anybody's word until a key has been found that signed it.

    Attributes:
        statement: What was signed.
        payload: The very bytes.
        signatures: Of each the id of the key that it names, which is a hint and no proof, and 64 bytes.
    """

    statement: Statement
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]

    def signer(self, number: int, keys: Mapping[str, PublicKey]) -> PublicKey | None:
        """Which of the keys made a signature: the one that it names, else any; None if none did."""
        hint, signature = self.signatures[number]
        named = [keys[hint]] if hint in keys else []
        others = (key for key in keys.values() if key.id != hint)
        return next((key for key in (*named, *others) if self._made_by(key, signature)), None)

    def _made_by(self, key: PublicKey, signature: bytes) -> bool:
        from securesystemslib.dsse import Envelope  # noqa: PLC0415 - loads clouds' libraries where there are any
        from securesystemslib.exceptions import UnverifiedSignatureError  # noqa: PLC0415 - likewise
        from securesystemslib.signer import Signature  # noqa: PLC0415 - likewise

        try:
            key.verifier.verify_signature(
                Signature(key.id, signature.hex()), Envelope(self.payload, _PAYLOAD_TYPE, {}).pae()
            )
        except UnverifiedSignatureError:
            return False
        return True


def sign_statement(
    subject: str, sha256: str, predicate_type: str, predicate: dict[str, Any], key: SigningKey
) -> bytes:
    """An in-toto statement of a file in a DSSE envelope.

    Args:
        subject: Name of the file, for example ``manifest.json``.
        sha256: Of its bytes, hex.
        predicate_type: A URI that says what kind of thing is said.
        predicate: What is said, as JSON values.
        key: Whose.

    Returns:
        The envelope's file; the same arguments give the same bytes.

    Raises:
        UsageError: It would be longer than `MOST_BYTES`.
    """
    from securesystemslib.dsse import Envelope  # noqa: PLC0415 - see above

    payload = canonical_json(
        {
            "_type": STATEMENT,
            "subject": [{"name": subject, "digest": {"sha256": sha256}}],
            "predicateType": predicate_type,
            "predicate": predicate,
        }
    )
    _check_with_in_toto(payload)
    envelope = Envelope(payload, _PAYLOAD_TYPE, {})
    envelope.sign(key.signer)
    content = canonical_json(envelope.to_dict()) + b"\n"
    if len(content) > MOST_BYTES:
        raise UsageError(
            f"what is to be signed has {len(content):,} bytes; envelopes have at most {MOST_BYTES:,}"
        )
    return content


def _check_with_in_toto(payload: bytes) -> None:
    """See that in-toto's own classes take what is about to be signed. Theirs would write 3 as 3.0."""
    from google.protobuf import json_format  # noqa: PLC0415 - needed to sign alone
    from in_toto_attestation.v1.statement import Statement as Theirs  # noqa: PLC0415 - likewise
    from in_toto_attestation.v1.statement_pb2 import Statement as Message  # noqa: PLC0415 - likewise

    Theirs.copy_from_pb(json_format.Parse(payload, Message())).validate()


def open_envelope(content: bytes) -> Sealed:
    """Open an envelope, without a look at who signed it.

    Args:
        content: Of its file: any bytes.

    Raises:
        BadEnvelope: It is none, or holds no statement about one file.
    """
    if len(content) > MOST_BYTES:
        raise BadEnvelope(f"is longer than {MOST_BYTES:,} bytes, so it is no envelope that is read here")
    told = _object(content, "it")
    payload_type = told.get("payloadType")
    if payload_type != _PAYLOAD_TYPE:
        raise BadEnvelope(f"its payloadType is {_shown(payload_type)}, not {_PAYLOAD_TYPE}")
    payload = _decoded(told.get("payload"), "its payload")
    given = told.get("signatures")
    if not isinstance(given, list) or not 0 < len(given) <= _MOST_SIGNATURES:
        raise BadEnvelope(f"it has no list of 1 to {_MOST_SIGNATURES} signatures")
    signatures = []
    for one in given:
        if not isinstance(one, dict):
            raise BadEnvelope("a signature of it is no object")
        hint = one.get("keyid") or ""
        if not isinstance(hint, str):
            raise BadEnvelope("the keyid of a signature is no text")
        signatures.append((hint, _decoded(one.get("sig"), "a signature of it")))
    return Sealed(_statement(payload), payload, tuple(signatures))


def _statement(payload: bytes) -> Statement:
    told = _object(payload, "what was signed")
    if told.get("_type") != STATEMENT:
        raise BadEnvelope(f"what was signed has _type {_shown(told.get('_type'))}, not {STATEMENT}")
    subjects = told.get("subject")
    if not isinstance(subjects, list) or len(subjects) != 1 or not isinstance(subjects[0], dict):
        raise BadEnvelope("what was signed does not speak of exactly one subject")
    name, digests = subjects[0].get("name"), subjects[0].get("digest")
    sha256 = digests.get("sha256") if isinstance(digests, dict) else None
    if not isinstance(name, str) or not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise BadEnvelope("what was signed does not name its subject by name and sha256")
    kind, predicate = told.get("predicateType"), told.get("predicate")
    if not isinstance(kind, str) or not kind or not isinstance(predicate, dict):
        raise BadEnvelope("what was signed has no predicate, or no type of it")
    return Statement(name, sha256, kind, predicate)


def _object(content: bytes, what: str) -> dict[str, Any]:
    """A JSON object in which no key stands twice, for readers differ in which of the two they take."""
    try:
        told = json.loads(content.decode(), object_pairs_hook=_once, parse_constant=_no_number)
        canonical_json(told)  # refuses halves of characters, which no file could be written with
    except BadEnvelope as error:
        raise BadEnvelope(f"{what} {error}") from None
    except (ValueError, RecursionError) as error:
        raise BadEnvelope(f"{what} is not JSON") from error
    if not isinstance(told, dict):
        raise BadEnvelope(f"{what} is no JSON object")
    return told


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadEnvelope(f"has the key {_shown(key)} twice")
        found[key] = value
    return found


def _no_number(name: str) -> None:
    raise BadEnvelope(f"holds {name}, which is not JSON")


def _decoded(text: Any, what: str) -> bytes:
    """Base64 of either alphabet, in the one form that these bytes have."""
    if not isinstance(text, str):
        raise BadEnvelope(f"{what} is missing")
    plain = text.replace("-", "+").replace("_", "/")
    try:
        content = base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadEnvelope(f"{what} is not base64") from error
    if base64.b64encode(content).decode() != plain:
        raise BadEnvelope(f"{what} is not base64 as it should be written")
    return content


def _shown(value: Any) -> str:
    if not isinstance(value, str):
        return "nothing" if value is None else "no text"
    return json.dumps(value if len(value) <= 80 else f"{value[:79]}…")
