"""What `colophon verify --proof` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from colophon.runners.answers import print_json, say
from colophon.schemas import CheckFailed, UsageError, harmless

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["verify_proof"]


def verify_proof(arguments: Namespace) -> int:
    """Check a proof against a root, or the one of a manifest; the exit code.

    Raises:
        CheckFailed: The proof proves nothing.
        UsageError: Not exactly one root was named, or a file cannot be read.
    """
    from colophon.pipelines.dataset import read_manifest  # noqa: PLC0415 - starts in seconds, so only when needed
    from colophon.pipelines.proofs import check_file, root_in  # noqa: PLC0415 - likewise

    file, root, manifest = arguments.proof, arguments.root, arguments.manifest
    if (root is None) == (manifest is None):
        raise UsageError(
            "a proof is checked against one root: add --root HEX, or --manifest FILE of a manifest that you trust"
        )
    if root is None:
        root = root_in(read_manifest(manifest), manifest)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be read: {error.strerror}; name the file of a proof, as `colophon prove` makes them"
        ) from error
    try:
        proof = check_file(content, root)
    except CheckFailed as error:
        raise CheckFailed(f"{file}: {error}") from error
    present = proof["claim"] == "present"
    if arguments.json:
        told = {"ok": True, **{name: proof[name] for name in ("claim", "id", "root")}}
        place = {"place": proof["place"]} if "place" in proof else {}
        print_json(told | place | ({"text_sha256": proof["leaf"]["text_sha256"]} if present else {}))
        return 0
    held = f"is in the dataset, with the text of sha256 {proof['leaf']['text_sha256']}" if present else ""
    say(f"{file}: document {proof['id']}{_named(proof)} {held or 'is not in the dataset'}.")
    return 0


def _named(proof: dict[str, Any]) -> str:
    """Where the document stands, if the proof says so; a stranger wrote it, so nothing that moves a terminal."""
    if "place" not in proof:
        return ""
    place = proof["place"]
    text = f"{place['source']}/{place['source_uri']}" + (f"#{place['locator']}" if place["locator"] else "")
    return f" ({harmless(text)})"
