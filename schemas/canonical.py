"""One form of JSON, so that equal values have equal digests."""

from __future__ import annotations

import hashlib
import json
from typing import Any

__all__ = ["canonical_digest", "canonical_json"]


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no white space.

    >>> canonical_json({"b": 1, "a": ["é"]}).decode()
    '{"a":["é"],"b":1}'
    """
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def canonical_digest(value: Any) -> str:
    """Sha256 hex of the canonical JSON of a value."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
