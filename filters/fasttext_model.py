"""Whether bytes are a whole fastText classifier, told without fastText.

fastText's own reader believes what it reads: on a file that was cut short it loops until memory is gone, or goes on
with whatever stood in memory. So the file is walked first. Its layout is that of fastText's ``saveModel`` (version
12, little-endian): magic number, version, arguments, dictionary, input matrix, output matrix, nothing more.

>>> fault(b"not a model")
'it does not begin as a fastText model does'
"""

from __future__ import annotations

import struct

__all__ = ["fault"]

_MAGIC = 793712314
_VERSION = 12
_SUPERVISED = 3
_CENTROIDS = 256


class _Walk:
    """A place in the file; `struct.error` where the file ends too early."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def read(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def skip(self, size: int) -> None:
        if size < 0 or self.at + size > len(self.data):
            raise struct.error
        self.at += size

    def dictionary(self) -> None:
        size, _, _, _, pruned = self.read("iiiqq")
        for _ in range(size):
            end = self.data.find(b"\0", self.at)
            if end < 0:
                raise struct.error
            self.at = end + 1
            self.skip(9)  # how often the word was seen, and whether it is a label
        self.skip(8 * max(0, pruned))

    def matrix(self, *, quantized: bool) -> None:
        if not quantized:
            rows, columns = self.read("qq")
            self.skip(4 * rows * columns)
            return
        normed, rows, _, codes = self.read("?qqi")
        self.skip(codes)
        self.quantizer()
        if normed:
            self.skip(rows)
            self.quantizer()

    def quantizer(self) -> None:
        dimension, _, _, _ = self.read("iiii")
        self.skip(4 * dimension * _CENTROIDS)


def fault(data: bytes) -> str | None:
    """What keeps these bytes from being a whole fastText classifier, as a clause; None if nothing does."""
    walk = _Walk(data)
    try:
        magic, version = walk.read("ii")
        if magic != _MAGIC:
            return "it does not begin as a fastText model does"
        if version != _VERSION:
            return f"it has version {version} of fastText's format, and only {_VERSION} can be read"
        kind = walk.read("iiiiiiiiiiiid")[7]
        if kind != _SUPERVISED:
            return "it is a fastText model of words and not a classifier"
        walk.dictionary()
        (quantized,) = walk.read("?")
        walk.matrix(quantized=bool(quantized))
        (quantized_output,) = walk.read("?")
        walk.matrix(quantized=bool(quantized and quantized_output))
    except struct.error:
        return "it is cut short"
    return None if walk.at == len(data) else "it goes on after its end"
