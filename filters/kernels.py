"""What all compiled kernels share: how they are compiled, and the mixing step of their hashes.

numba keeps compiled code beside the module and makes it anew when that module's file changes, not when a function
that was inlined from here does. So what stands here is settled: hashes are part of the data format anyway.
"""

from __future__ import annotations

from functools import cached_property, update_wrapper
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compiled", "mix64"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


class _Kernel(Generic[_P, _R]):
    """A function that numba compiles, where it has not before, when it is first called, from Python or by another kernel."""

    def __init__(self, function: Callable[_P, _R]) -> None:
        self._function = function
        update_wrapper(self, function)

    @cached_property
    def _compiled(self) -> Any:
        # 0.3 CPU-seconds, which processes that call no kernel need not spend.
        import numba  # noqa: PLC0415

        return _found_first(numba.njit(cache=True, nogil=True)(self._function))

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        result: _R = self._compiled(*args, **kwargs)
        return result

    @property
    def _numba_type_(self) -> Any:
        """What numba asks a global name for that a kernel calls."""
        return self._compiled._numba_type_


def _found_first(dispatcher: Any) -> Any:
    """Let numba look for compiled code on disk before it loads all that it needs to compile, and scipy if there is any.

    That takes 0.6 CPU-seconds of each process, the code alone 0.05; where there is none, numba loads all that as ever. Where
    numba is made differently from what is expected here, it does as it would.
    """
    from numba.core.runtime.nrt import rtsys  # noqa: PLC0415 - as numba itself

    cache = getattr(dispatcher, "_cache", None)
    find, guard = (
        getattr(cache, f"_{name}", None) for name in ("load_overload", "guard_against_spurious_io_errors")
    )
    if find is None or guard is None:
        return dispatcher

    def load(signature: Any, context: Any) -> Any:
        rtsys.initialize(context)  # the one thing that compiled code needs of what is not loaded
        with guard():
            return find(signature, context)

    cache.load_overload = load  # type: ignore[union-attr]
    return dispatcher


def compiled(kernel: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile a kernel on its first call, keep the code on disk, and run it without the interpreter's lock.

    There is no other way to run a kernel: what does not compile raises.
    """
    return _Kernel(kernel)


@compiled
def mix64(x: np.uint64) -> np.uint64:
    """Spread every bit over all 64, bijectively: the finaliser of MurmurHash3 (Appleby 2011, public domain)."""
    x ^= x >> np.uint64(33)
    x *= np.uint64(0xFF51AFD7ED558CCD)
    x ^= x >> np.uint64(33)
    x *= np.uint64(0xC4CEB9FE1A85EC53)
    x ^= x >> np.uint64(33)
    return x
