"""Words of eight bytes that are plain ASCII, against what plain means byte by byte."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.plain import NOT_ASCII, NOT_PLAIN, WIDTH, unlike_plain


def _odd(data: bytes, at: int) -> bool:
    byte, last, last_but_one = data[at], data[at - 1], data[at - 2]
    if byte >= 0x7F or (byte < 0x20 and byte != 10):
        return True
    blanks = byte <= 0x20 and last <= 0x20
    return blanks and not (byte == last == 10 != last_but_one)


def _word(data: bytes, start: int) -> int:
    if start == 0:
        return NOT_PLAIN | NOT_ASCII
    places = range(start, start + WIDTH)
    high = any(data[at] > 0x7F for at in places)
    return (NOT_ASCII if high else 0) | (NOT_PLAIN if any(_odd(data, at) for at in places) else 0)


_LIKELY = st.lists(
    st.sampled_from(b"ab.z~  \n\n\t\x00\x0d\x1f\x20\x21\x7e\x7f\x80\xc3\xff"), max_size=100
).map(bytes)


@given(st.one_of(st.binary(max_size=100), _LIKELY))
def test_words_are_as_their_bytes(data):
    # What a byte above 0x7F says beside white space is left open: its word is not plain anyhow, nor is the next looked at.
    told = unlike_plain(np.frombuffer(data, np.uint8)).tolist()
    expected = [_word(data, start) for start in range(0, len(data) // WIDTH * WIDTH, WIDTH)]
    assert [one & NOT_ASCII for one in told] == [one & NOT_ASCII for one in expected]
    for at, (one, other) in enumerate(zip(told, expected, strict=True)):
        ascii_before = all(byte < 0x80 for byte in data[max(0, at * WIDTH - 2) : at * WIDTH])
        if ascii_before:
            assert bool(one) == bool(other)
        else:
            assert one >= other  # at worst looked at once more


def test_a_short_text_has_no_word():
    assert unlike_plain(np.frombuffer(b"a lathe", np.uint8)).tolist() == []
