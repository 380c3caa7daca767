"""Keys to sign with: a private file for its owner, a public one for everybody else, and a word when one is revoked.

The public file is signed with the key itself. So who compares the key's id with its owner, over the telephone say, has
compared all of the file: nobody can put another name or a later expiry beside a key, or another's key beside his name.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import secrets
import stat
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from colophon.pipelines.storage import explain_os_error
from colophon.schemas import UsageError, canonical_digest, canonical_json, harmless

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from securesystemslib.signer import CryptoSigner, SSlibKey

__all__ = [
    "PublicKey",
    "Revocation",
    "SigningKey",
    "make_signing_key",
    "reached",
    "read_keys",
    "read_signing_key",
    "revoke",
]

_MOST_BYTES: Final = 1 << 16
_MOST_CHARACTERS: Final = 200
_PUBLIC: Final = "colophon public key"
_REVOCATION: Final = "colophon revocation"
_PROOF_TYPE: Final = "application/vnd.colophon.public-key+json"
_PUBLIC_END: Final = ".pub"
_REVOKED_END: Final = ".revoked.json"
_MAKE: Final = "`colophon keygen FILE --kind sign` makes one"


@dataclass(frozen=True)
class Revocation:
    """Since when and why a key counts no more.

    Attributes:
        id: Of the key.
        revoked: The day, UTC.
        reason: In a sentence.
    """

    id: str
    revoked: str
    reason: str


@dataclass(frozen=True)
class PublicKey:
    """What others know of a key.

    Attributes:
        public: Ed25519 public key, 64 hex digits.
        owner: Who holds it, in words.
        created: The day it was made, UTC.
        expires: The last day on which it counts, UTC.
        file: Where it was read; empty for the owner's own.
        revocation: If it was revoked.
    """

    public: str
    owner: str
    created: str
    expires: str
    file: str = ""
    revocation: Revocation | None = None

    @cached_property
    def id(self) -> str:
        """Securesystemslib's name of the key: sha256 over its kind and public value, 64 hex digits."""
        return canonical_digest(_key_value(self.public))

    @cached_property
    def verifier(self) -> SSlibKey:
        """The key as securesystemslib takes it."""
        from securesystemslib.signer import SSlibKey  # noqa: PLC0415 - loads clouds' libraries where there are any

        return SSlibKey.from_dict(self.id, _key_value(self.public))

    def fault(self, now: dt.datetime) -> str:
        """Why the key does not count; empty if it does."""
        if self.revocation:
            reason = harmless(self.revocation.reason)
            return f"was revoked on {self.revocation.revoked}: {reason}"
        if now.astimezone(dt.UTC).date() > dt.date.fromisoformat(self.expires):
            return f"expired on {self.expires}"
        return ""

    def refuse_if_worthless(self, now: dt.datetime) -> None:
        """See that a signature with the key would count.

        Raises:
            UsageError: It would not, and why.
        """
        if fault := self.fault(now):
            raise UsageError(
                f"the key of {self.owner} {fault}; make a new one with `colophon keygen FILE --kind sign`"
            )

    @property
    def told(self) -> dict[str, Any]:
        """What the public file says and its proof covers."""
        return {
            "format": _PUBLIC, "id": self.id, **_key_value(self.public),
            "owner": self.owner, "created": self.created, "expires": self.expires,
        }  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "id": self.id, "owner": self.owner, "created": self.created, "expires": self.expires, "file": self.file,
            "revoked": asdict(self.revocation) if self.revocation else None,
        }  # fmt: skip


@dataclass(frozen=True)
class SigningKey:
    """A key with its private part.

    Attributes:
        public: What others know of it.
        secret: Ed25519 private key, 32 bytes.
    """

    public: PublicKey
    secret: bytes = field(repr=False)

    @cached_property
    def signer(self) -> CryptoSigner:
        """The key as securesystemslib takes it."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - see above
        from securesystemslib.signer import CryptoSigner  # noqa: PLC0415 - likewise

        return CryptoSigner(Ed25519PrivateKey.from_private_bytes(self.secret), self.public.verifier)


def make_signing_key(path: Path, owner: str, created: dt.date, expires: dt.date) -> PublicKey:
    """Make a key: a file that only its owner may read, and ``.pub`` beside it for everybody.

    Args:
        path: Of the private file.
        owner: Who holds the key, for example ``"Ada Lind, Alpha Site"``.
        created: Today, UTC.
        expires: The last day on which the key counts, UTC.

    Raises:
        UsageError: One of the files is there already, for a key is never overwritten; or a value cannot be.
        RunFailed: They cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - see above

    _sound_text("--owner", owner)
    if path.name.endswith(_PUBLIC_END):
        raise UsageError(
            f"{path}: would look like a public key; name the private file, and {_PUBLIC_END} is written beside it"
        )
    if expires < created:
        raise UsageError(f"the key would expire on {expires}, before it is made; name a later day")
    secret = secrets.token_bytes(32)
    value = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw().hex()
    public = PublicKey(value, owner, created.isoformat(), expires.isoformat())
    key = SigningKey(public, secret)
    beside = path.with_name(path.name + _PUBLIC_END)
    for each in (path, beside):
        if os.path.lexists(each):
            raise UsageError(f"{each}: is there already, and a key is never overwritten; name a new file")
    private = {
        "kind": "sign", "id": public.id, "private": secret.hex(),
        "owner": owner, "created": public.created, "expires": public.expires,
    }  # fmt: skip
    _write_new(path, private, stat.S_IRUSR | stat.S_IWUSR)
    try:
        _write_new(beside, {**public.told, "proof": _proof(key)}, 0o644)
    except BaseException:
        path.unlink()  # a private key without its public part is of no use
        raise
    return public


def read_signing_key(path: Path) -> SigningKey:
    """The private key in a file.

    Raises:
        UsageError: There is none.
    """
    told = _read_object(path, _MAKE)
    if told.get("format") == _PUBLIC:
        raise UsageError(
            f"{path}: is a public key, with which nothing can be signed; name the private file beside it"
        )
    if told.get("kind") == "pack":
        raise UsageError(f"{path}: is a key for packs, not one to sign with; {_MAKE}")
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - see above

        secret = bytes.fromhex(told["private"])
        value = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw().hex()
        public = PublicKey(value, *_described(told))
        sound = told["kind"] == "sign" and public.id == told["id"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: is no key to sign with; {_MAKE}") from error
    if not sound:
        raise UsageError(f"{path}: is no key to sign with, or was changed; {_MAKE}")
    return SigningKey(public, secret)


def read_keys(place: Path) -> dict[str, PublicKey]:
    """The public keys that somebody trusts, by id.

    Args:
        place: A folder of ``*.pub`` files and of the ``*.revoked.json`` beside them, or one ``.pub`` file.

    Returns:
        Each key once, even if several files hold it.

    Raises:
        UsageError: There are none, or a file is none. Nothing is passed over, so that no revocation gets lost.
    """
    files, folder = [place], place.parent
    if place.is_dir():
        folder = place
        files = _files(place, _PUBLIC_END)
        if not files:
            raise UsageError(
                f"{place}: has no public key; put the .pub files of those whom you trust in it "
                "(`colophon keygen FILE --kind sign` makes FILE.pub)"
            )
    revoked = _revocations(folder)
    keys: dict[str, PublicKey] = {}
    for path in files:
        key = _read_public(path, revoked)
        other = keys.setdefault(key.id, key)
        if (key.owner, key.expires) != (other.owner, other.expires):
            raise UsageError(
                f"{other.file} and {path}: say different things of one key; keep the one that you trust"
            )
    return keys


def reached(threshold: int | None, trusted: Mapping[str, PublicKey], place: Path) -> int:
    """A threshold that the trusted keys can reach: 1 if none is given.

    Raises:
        UsageError: They cannot.
    """
    least = 1 if threshold is None else threshold
    if not 1 <= least <= len(trusted):
        keys = f"{len(trusted)} key{'s' * (len(trusted) != 1)}"
        raise UsageError(
            f"{place}: holds {keys}; given is a threshold of {least}, allowed is 1 to {len(trusted)}"
        )
    return least


def revoke(path: Path, reason: str, day: dt.date) -> Path:
    """Write beside a public key that it counts no more. The private one, which may be lost, is not needed.

    Returns:
        The new file.

    Raises:
        UsageError: It was revoked before, or the file is no public key.
        RunFailed: It cannot be written.
    """
    _sound_text("--reason", reason)
    key = _read_public(path, _revocations(path.parent))
    if key.revocation:
        raise UsageError(f"{path}: {key.fault(dt.datetime.now(dt.UTC))}; nothing is left to revoke")
    beside = path.with_name(path.name.removesuffix(_PUBLIC_END) + _REVOKED_END)
    _write_new(
        beside, {"format": _REVOCATION, "id": key.id, "revoked": day.isoformat(), "reason": reason}, 0o644
    )
    return beside


def _read_public(path: Path, revoked: dict[str, Revocation]) -> PublicKey:
    told = _read_object(path, "name a public key or a folder of them")
    if "private" in told or told.get("kind") in ("sign", "pack"):
        raise UsageError(
            f"{path}: is a private key, which nobody else may see; name the .pub file beside it, or a folder of such"
        )
    try:
        value = told["keyval"]["public"]
        key = PublicKey(value, *_described(told), file=str(path))
        sound = re.fullmatch("[0-9a-f]{64}", value) is not None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path}: is no public key; `colophon keygen FILE --kind sign` makes FILE.pub"
        ) from error
    if not sound or {**key.told, "proof": told.get("proof")} != told or not _proven(key, told["proof"]):
        raise UsageError(
            f"{path}: was changed after its owner made it, so it cannot be trusted; ask for it again"
        )
    return PublicKey(value, key.owner, key.created, key.expires, key.file, revoked.get(key.id))


def _files(folder: Path, end: str) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(end))
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be read: {error.strerror}; name a folder of public keys, or one"
        ) from error


def _described(told: dict[str, Any]) -> tuple[str, str, str]:
    """Owner, first and last day, as a file tells them."""
    owner, created, expires = told["owner"], told["created"], told["expires"]
    if not isinstance(owner, str) or not owner:
        raise ValueError("owner")
    for day in (created, expires):
        if dt.date.fromisoformat(day).isoformat() != day:
            raise ValueError("day")
    return owner, created, expires


def _revocations(folder: Path) -> dict[str, Revocation]:
    """By the id of the key; of several the first by day."""
    found: list[Revocation] = []
    for path in _files(folder, _REVOKED_END):
        told = _read_object(path, "`colophon revoke` writes one")
        try:
            day = dt.date.fromisoformat(told["revoked"]).isoformat()
            one = Revocation(str(told["id"]), day, str(told["reason"]))
            sound = told["format"] == _REVOCATION and re.fullmatch("[0-9a-f]{64}", one.id) is not None
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{path}: is no revocation; `colophon revoke` writes one") from error
        if not sound:
            raise UsageError(f"{path}: is no revocation; `colophon revoke` writes one")
        found.append(one)
    return {one.id: one for one in sorted(found, key=lambda one: one.revoked, reverse=True)}


def _key_value(public: str) -> dict[str, Any]:
    return {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": public}}


def _proof(key: SigningKey) -> str:
    """The owner's signature over the public file, so that owner and days cannot be changed."""
    from securesystemslib.dsse import Envelope  # noqa: PLC0415 - see above

    return Envelope(canonical_json(key.public.told), _PROOF_TYPE, {}).sign(key.signer).signature


def _proven(key: PublicKey, proof: Any) -> bool:
    from securesystemslib.dsse import Envelope  # noqa: PLC0415 - see above
    from securesystemslib.exceptions import UnverifiedSignatureError  # noqa: PLC0415 - likewise
    from securesystemslib.signer import Signature  # noqa: PLC0415 - likewise

    if not isinstance(proof, str):
        return False
    try:
        signed = Envelope(canonical_json(key.told), _PROOF_TYPE, {})
        key.verifier.verify_signature(Signature(key.id, proof), signed.pae())
    except (UnverifiedSignatureError, ValueError):
        return False
    return True


def _read_object(path: Path, hint: str) -> dict[str, Any]:
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path}: is no file; {hint}")
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
        told = json.loads(content)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; {hint}") from error
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise UsageError(f"{path}: is none of Colophon's keys; {hint}")
    return told


def _write_new(path: Path, value: dict[str, Any], mode: int) -> None:
    content = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise UsageError(f"{path}: is there already and is never overwritten; name a new file") from error
    except OSError as error:
        raise explain_os_error(error, path) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(content)


def _sound_text(option: str, text: str) -> None:
    if not text.strip() or len(text) > _MOST_CHARACTERS or harmless(text) != text:
        raise UsageError(
            f"{option} {harmless(text[:_MOST_CHARACTERS])!r}: write 1 to {_MOST_CHARACTERS} visible characters"
        )
