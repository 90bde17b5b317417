"""How every kernel is compiled: strict IEEE arithmetic, and a cache that may be missing.

`fastmath` stays off, so LLVM may neither reorder a sum nor fuse a multiply with an add that
the source does not fuse. `error_model="numpy"` removes the branch on division by zero.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {"fastmath": False, "error_model": "numpy"}
_njit = cast(Any, numba.njit)


@cache
def _sources(folder: Path) -> str:
    """A digest of all that kernels of a folder may be made of: its files, and those beside this.

    numba's cache looks for changes only in the file of the kernel itself, and would serve stale
    code after a change in another file.
    """
    digest = hashlib.sha256()
    for place in (folder, Path(__file__).parent):
        for path in sorted(place.glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _compile(function: Kernel, **options: Any) -> Kernel:
    try:
        kernel = _njit(cache=True, **_OPTIONS, **options)(function)
    except RuntimeError as error:
        if "no locator available" not in str(error):
            raise
        return cast(Kernel, _njit(**_OPTIONS, **options)(function))
    file = kernel._cache._cache_file
    folder = Path(function.__code__.co_filename).parent
    file._source_stamp = (file._source_stamp, _sources(folder))
    return cast(Kernel, kernel)


def jit(function: Kernel) -> Kernel:
    """Compile a kernel at its first call and keep it in the cache where one is writable.

    numba looks for a place to cache when the function is decorated, and raises where neither
    the package's folder nor the user's cache folder can be written. The kernel is then
    compiled anew in each process.
    """
    return _compile(function)


def jit_nogil(function: Kernel) -> Kernel:
    """As `jit`, for a kernel that gives up the GIL while it runs."""
    return _compile(function, nogil=True)


def inline(function: Kernel) -> Kernel:
    """A part of kernels, compiled into each of them."""
    return cast(Kernel, _njit(forceinline=True, **_OPTIONS)(function))
