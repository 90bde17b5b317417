"""Chunks of sound as the kernels take them, and what is refused with the way to convert it."""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import DtypeError, NonFiniteError, ShapeError
from streamrnn.frontends.base import describe, how_to_convert, is_array

# What samples are multiplied by, so that full scale is 1; in this machine's order of bytes.
_SCALES = {np.dtype(np.int16): 1.0 / 32_768.0, np.dtype(np.float32): 1.0}

_TAKEN = "np.int16, or np.float32 where full scale is 1: np.asarray(chunk, …)"


def flat_samples(chunk: Any, channels: int) -> tuple[NDArray[Any], int, float]:
    """A chunk `(n,)` or `(n, channels)` as `(n · channels,)`, n, and what scales its samples.

    Raises:
        DtypeError: it is no array of int16 or float32.
        ShapeError: it has another number of channels.
    """
    scale = _SCALES.get(chunk.dtype) if is_array(chunk) else None
    if scale is None:
        raise DtypeError(
            f"chunk: expected an array of int16 or float32, got {describe(chunk)}; "
            f"{_converted(chunk, channels)}"
        )
    shape = chunk.shape
    if len(shape) not in (1, 2) or (shape[1] if len(shape) == 2 else 1) != channels:
        expected = "(n,) or (n, 1)" if channels == 1 else f"(n, {channels})"
        raise ShapeError(
            f"chunk: expected {expected}, as the stream was opened, got {shape}"
            f"{_reshaped(shape, channels)}"
        )
    if type(chunk) is not np.ndarray or not chunk.flags.carray:
        chunk = np.array(chunk)  # numba would compile anew for a read-only or strided array
    return chunk if len(shape) == 1 else chunk.reshape(-1), shape[0], scale


def _converted(chunk: Any, channels: int) -> str:
    """How what came instead of samples becomes some."""
    if isinstance(chunk, memoryview) and chunk.format != "B":
        return "convert with np.asarray(chunk)"
    if isinstance(chunk, bytes | bytearray | memoryview):
        apart = f".reshape(-1, {channels})" if channels > 1 else ""
        return f"of 16 bits, convert with np.frombuffer(chunk, np.int16){apart}"
    if not isinstance(chunk, np.ndarray):
        return f"samples are {_TAKEN}"
    array = cast("NDArray[Any]", chunk)
    kind, size = array.dtype.kind, array.dtype.itemsize
    middle = 1 << (8 * size - 1) if kind == "u" else 0
    if not is_array(array):
        return f"put something where it is masked: chunk.filled({middle})"
    if kind == "u":
        return f"convert with (chunk.astype(np.float32) - {middle}) / {middle}"
    if kind == "i" and size == 2:  # of another order of bytes
        return "convert with chunk.astype(np.int16)"
    if kind == "i":
        return "convert to np.float32, divided by the full scale: 32768 for samples of 16 bits"
    if kind == "f":
        return f"{how_to_convert(array, 'float32')}, where full scale is 1"
    return f"samples are {_TAKEN}"


def _reshaped(shape: tuple[int, ...], channels: int) -> str:
    """How an array of another shape becomes one of samples, if there is one way."""
    if len(shape) == 1:
        return f"; samples in turn become chunk.reshape(-1, {channels})"
    if len(shape) != 2:
        return ""
    if shape[0] == channels and shape[1] > 1:
        return "; channels come last: chunk.T"
    return "; open it with the channels that will come: channels=…"


def not_finite(chunk: NDArray[Any], bad: int) -> NonFiniteError:
    """The error that names a sample that is not finite."""
    return NonFiniteError(
        f"chunk: expected finite samples, got {chunk[bad].tolist()} in sample {bad}; "
        "drop it, or put 0 there"
    )
