"""What all compiled kernels share: how they are compiled, and the mixing step of their hashes.

numba keeps compiled code beside the module and makes it anew when that module's file changes, not when a function
that was inlined from here does. So what stands here is settled: hashes are part of the data format anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compiled", "mix64"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def compiled(kernel: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile a kernel on its first call, keep the code on disk, and run it without the interpreter's lock.

    There is no other way to run a kernel: what does not compile raises.
    """
    return cast("Callable[_P, _R]", numba.njit(cache=True, nogil=True)(kernel))


@compiled
def mix64(x: np.uint64) -> np.uint64:
    """Spread every bit over all 64, bijectively: the finaliser of MurmurHash3 (Appleby 2011, public domain)."""
    x ^= x >> np.uint64(33)
    x *= np.uint64(0xFF51AFD7ED558CCD)
    x ^= x >> np.uint64(33)
    x *= np.uint64(0xC4CEB9FE1A85EC53)
    x ^= x >> np.uint64(33)
    return x
