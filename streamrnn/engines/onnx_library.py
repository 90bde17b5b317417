"""onnxruntime's C interface: what a kernel needs to call a graph with no Python in between.

The wheel carries the shared library beside the Python module. Its functions stand in a table,
`OrtApi`, whose order never changes (onnxruntime_c_api.h: "End of Version 1 - DO NOT MODIFY ABOVE");
none that is used here is younger than that.
"""

# pyright: standard
# onnxruntime tells a checker little of its types.

import ctypes
from collections.abc import Callable, Mapping
from ctypes import POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_void_p
from functools import cache
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from streamrnn.errors import ModelFileError
from streamrnn.kernels.graph import STATUS

QUIET = 4
"""Of onnxruntime's log, ORT_LOGGING_LEVEL_FATAL: an error is raised, not printed as well."""
_VERSION = 1  # of the table
# Places in the table.
_MESSAGE, _ENV, _SESSION, _RUN, _OPTIONS = 2, 3, 8, 9, 10
_SEVERITY, _INTRA_THREADS, _INTER_THREADS = 22, 24, 25
_TENSOR, _CPU_MEMORY = 49, 69
_RELEASE_STATUS, _RELEASE_SESSION, _RELEASE_VALUE, _RELEASE_OPTIONS = 93, 95, 96, 100
# ONNXTensorElementDataType.
_KINDS = {
    np.dtype(np.float32): 1,
    np.dtype(np.int32): 6,
    np.dtype(np.int64): 7,
    np.dtype(np.bool_): 9,
    np.dtype(np.float16): 10,
    np.dtype(np.float64): 11,
}
_Array = NDArray[Any]


class Library:
    """The functions of the shared library, and one environment, until the process ends."""

    def __init__(self, path: Path) -> None:
        """Load it.

        Raises:
            OSError, AttributeError, ModelFileError: it is none that this machine can use.
        """
        base = ctypes.CDLL(str(path)).OrtGetApiBase
        base.restype = POINTER(c_void_p)  # of OrtApiBase, whose first member is GetApi
        found = base()
        table = ctypes.CFUNCTYPE(c_void_p, c_uint32)(found[0])(_VERSION) if found else None
        if not table:
            raise OSError(f"{path}: expected OrtApi of version {_VERSION}, got none")
        self._table = ctypes.cast(table, POINTER(c_void_p))
        self.run = int(self._table[_RUN] or 0)
        """The address of `Run`."""
        self._env = self._made(_ENV, c_int(QUIET), c_char_p(b"streamrnn"))
        # OrtDeviceAllocator, OrtMemTypeDefault: memory that somebody else has.
        self._memory = self._made(_CPU_MEMORY, c_int(0), c_int(0))

    def session(self, graph: bytes) -> "Session":
        """Read a graph, to be run by the thread that calls it.

        Raises:
            ModelFileError: it is none.
        """
        options = self._made(_OPTIONS)
        try:
            self._do(_INTRA_THREADS, options, c_int(1))
            self._do(_INTER_THREADS, options, c_int(1))
            self._do(_SEVERITY, options, c_int(QUIET))
            made = self._made(_SESSION, self._env, c_char_p(graph), c_size_t(len(graph)), options)
        finally:
            self._release(_RELEASE_OPTIONS, options)
        return Session(self, made)

    def message(self, status: int) -> str:
        """What a status says, which is not `OK`; it is released."""
        said = ctypes.CFUNCTYPE(c_char_p, c_void_p)(self._table[_MESSAGE] or 0)(status)
        self._release(_RELEASE_STATUS, c_void_p(status))
        return (said or b"").decode(errors="replace")

    def tensor(self, array: _Array) -> c_void_p:
        """A value that is the memory of an array, to be given back by `forget`."""
        shape = (c_int64 * max(1, array.ndim))(*array.shape)
        return self._made(
            _TENSOR,
            *(self._memory, c_void_p(array.ctypes.data), c_size_t(array.nbytes)),
            *(shape, c_size_t(array.ndim), c_int(_KINDS[array.dtype])),
        )

    def forget(self, values: list[c_void_p]) -> None:
        """Release values, but not their memory."""
        for value in values:
            self._release(_RELEASE_VALUE, value)

    def forget_session(self, session: c_void_p) -> None:
        """Release a session."""
        self._release(_RELEASE_SESSION, session)

    def _function(self, place: int, *args: Any, gives: Any) -> Callable[..., Any]:
        kinds = [type(arg) if not isinstance(arg, ctypes.Array) else c_void_p for arg in args]
        return ctypes.CFUNCTYPE(gives, *kinds)(self._table[place] or 0)

    def _do(self, place: int, *args: Any) -> None:
        status = self._function(place, *args, gives=c_void_p)(*args)
        if status:
            raise ModelFileError(self.message(status))

    def _made(self, place: int, *args: Any) -> c_void_p:
        made = c_void_p()
        self._do(place, *args, ctypes.cast(byref(made), c_void_p))
        return made

    def _release(self, place: int, thing: c_void_p) -> None:
        self._function(place, thing, gives=None)(thing)


class Session:
    """A graph that is ready to be called."""

    def __init__(self, library: Library, session: c_void_p) -> None:
        self._library, self._session = library, session
        _at_the_end_of(self, library.forget_session, session)

    def call(self, inputs: Mapping[str, _Array], outputs: Mapping[str, _Array]) -> "Call":
        """A call of the graph with all its inputs and outputs bound to memory.

        Args:
            inputs: by name; contiguous.
            outputs: by name; contiguous, as large as what the graph will tell.
        """
        return Call(self._library, self._session, self, inputs, outputs)


class Call:
    """A call that is ready to be made, by its own address and arguments."""

    def __init__(
        self,
        library: Library,
        address: c_void_p,
        session: Session,
        inputs: Mapping[str, _Array],
        outputs: Mapping[str, _Array],
    ) -> None:
        bound = [*inputs.values(), *outputs.values()]
        assert all(array.flags.c_contiguous for array in bound)
        tensors = [library.tensor(array) for array in bound]
        _at_the_end_of(self, library.forget, tensors)
        names = (c_char_p * len(bound))(*(name.encode() for name in (*inputs, *outputs)))
        values = (c_void_p * len(bound))(*tensors)
        self._kept = session, bound, names, values  # which the call reads
        step, after = ctypes.sizeof(c_void_p), len(inputs)
        first, given = ctypes.addressof(names), ctypes.addressof(values)
        # OrtStatus* Run(session, options, input_names, inputs, count, output_names, count, outputs)
        self.words = np.array(
            [
                *(library.run, address.value, 0, first, given, after),
                *(first + step * after, len(outputs), given + step * after, 0),
            ],
            np.int64,
        )
        """`Run`, its eight arguments, and a place for the status that it gives."""
        assert len(self.words) == STATUS + 1
        self._library = library

    def failure(self) -> str:
        """What the graph said when it refused; its status is released."""
        status, self.words[STATUS] = int(self.words[STATUS]), 0
        return self._library.message(status)


def _at_the_end_of(thing: object, forget: Callable[[Any], None], what: Any) -> None:
    """Forget something once nobody holds the thing any more.

    Not when the process ends: its memory goes with it, and a thread may still be within `Run`.
    """
    finalize(thing, forget, what).atexit = False


@cache
def library() -> Library | None:
    """The shared library of the installed onnxruntime; None where its wheel carries none."""
    folder = Path(onnxruntime.__file__).parent / "capi"
    found = (
        path
        for pattern in ("libonnxruntime.so.*", "libonnxruntime.*dylib", "onnxruntime.dll")
        for path in sorted(folder.glob(pattern))
    )
    for path in found:
        try:
            return Library(path)
        except (OSError, AttributeError, ModelFileError):
            continue
    return None
