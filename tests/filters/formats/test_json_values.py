from __future__ import annotations

import datetime as dt
import json
import uuid
from decimal import Decimal

import orjson
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.formats.json_values import json_value


def test_what_json_lacks():
    assert json_value(dt.datetime(2020, 5, 17, 1, 2, 3, tzinfo=dt.UTC)) == "2020-05-17T01:02:03+00:00"
    assert json_value(Decimal("1.10")) == "1.10"
    assert json_value(uuid.UUID(int=1)) == "00000000-0000-0000-0000-000000000001"
    assert json_value(2**70) == str(2**70)
    assert json_value(float("inf")) is None
    assert json_value(b"\xff") is None
    assert json_value({1, 2}) is None
    assert json_value("a\ud800b") == "a?b"


def test_depth_is_capped():
    deep: list[object] = []
    for _ in range(10_000):
        deep = [deep]
    assert len(json.dumps(json_value(deep))) < 200


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.dates()
    | st.text(st.characters(categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers() | st.dates(), inner),
)


@given(_VALUES)
def test_always_serialises(value):
    converted = json_value(value)
    assert orjson.loads(orjson.dumps(converted)) == converted
