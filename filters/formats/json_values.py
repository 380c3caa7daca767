"""Values of YAML, Parquet and other sources, as JSON can hold them."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any
from uuid import UUID

__all__ = ["json_value"]

_DEPTH = 32
_LEAST, _GREATEST = -(2**63), 2**64 - 1


def json_value(value: object, depth: int = _DEPTH) -> Any:  # noqa: PLR0911 - one return for each kind of value
    """The value as JSON types, or None where JSON has nothing for it.

    Dates become ISO 8601, decimals and whole numbers beyond 64 bits become strings, so no digit is lost. Bytes
    become None: in the datasets at hand they are images and sound. So do NaN, the infinities, and what lies
    deeper than `depth` levels.

    >>> json_value({"on": dt.date(2020, 5, 17), "blob": b"x", 3: (1, float("nan"))})
    {'on': '2020-05-17', 'blob': None, '3': [1, None]}
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        # YAML escapes can make half a surrogate pair, which no UTF-8 file can hold.
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, int):
        return value if _LEAST <= value <= _GREATEST else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID | dt.timedelta):
        return str(value)
    if depth > 0 and isinstance(value, dict):
        return {str(json_value(key, 0)): json_value(each, depth - 1) for key, each in value.items()}
    if depth > 0 and isinstance(value, list | tuple):
        return [json_value(each, depth - 1) for each in value]
    return None
