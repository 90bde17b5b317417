"""The front end of moving things: rows of time and position → frames."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import DtypeError, NonFiniteError, ShapeError, TimeOrderError
from streamrnn.frontends.base import (
    Frames,
    Holding,
    Option,
    describe,
    how_to_convert,
    is_array,
    no_options,
)
from streamrnn.kernels.motion import CONTEXT_SIZE, FRAME_SIZE, motion_frames
from streamrnn.kernels.motion_filters import DIMS, LAST_TIME, ROWS, STATE_SIZE
from streamrnn.workers import Workers

LARGEST = 1e100  # in any unit; the squares of steps stay finite


class MotionFrontend:
    """Chunks are rows of time in seconds and position in any unit, one frame a row.

    A row is `(time, x, y)` or `(time, x, y, z)`, float64 or float32. A position with a NaN is a
    missing fix: its frame says so, and the model predicts through the gap. Two dimensions are
    taken for a picture, in pixels of any size, best counted from a corner; three for metres with z
    up. Times may be uneven and equal, never earlier than what came before.
    """

    delay = 0
    frame_size = FRAME_SIZE
    context_size = CONTEXT_SIZE
    state_size = STATE_SIZE

    def stream(self, **options: Option) -> "MotionState":
        """The fresh front end of a new stream.

        Raises:
            ConfigError: there are no options.
        """
        no_options(options)
        return MotionState(np.zeros(STATE_SIZE))

    def arena(self, capacity: int, workers: Workers) -> "MotionArena":
        """The front ends of `capacity` streams."""
        return MotionArena(capacity)

    def example(self, generator: np.random.Generator, samples: int) -> NDArray[np.float64]:
        """A ball thrown about in the plane, with uneven times and missing fixes."""
        rows = np.empty((samples, 3))
        rows[:, 0] = np.cumsum(generator.uniform(0.5, 1.5, samples)) / 60.0
        push = generator.standard_normal((samples, 2))
        rows[:, 1:] = np.cumsum(np.cumsum(push, axis=0) * 0.1 + push, axis=0)
        rows[generator.random(samples) < 0.1, 1:] = np.nan
        return rows


class MotionArena:
    """The front ends of many streams, rows of one block of memory."""

    def __init__(self, capacity: int) -> None:
        self._states = np.zeros((capacity, STATE_SIZE))

    def stream(self, slot: int, **options: Option) -> "MotionState":
        """The front end of a stream in a slot that was left fresh; there are no options."""
        no_options(options)
        return MotionState(self._states[slot])

    def release(self, slot: int) -> None:
        """A slot keeps its row."""


class MotionState(Holding):
    """The front end of one stream of rows, whose state lies in `memory`, (STATE_SIZE,)."""

    options: Mapping[str, Option] = {}
    unknown = 0

    def __init__(self, memory: NDArray[np.float64]) -> None:
        self._state = memory

    def feed(self, chunk: Any) -> Frames:
        """Take rows, give a frame for each.

        Args:
            chunk: `(n, 3)` or `(n, 4)` float64 or float32; the same width all along the stream.
                Not kept, not changed.

        Raises:
            DtypeError: the chunk is no array of float64 or float32.
            ShapeError: the chunk has another shape, or another width than the stream's.
            NonFiniteError: a time that is not finite, or a position beyond ±1e100.
            TimeOrderError: a time earlier than the one before it.
        """
        rows = self._checked(chunk)
        count, dims = len(rows), rows.shape[1] - 1
        values = np.empty((count, FRAME_SIZE), np.float32)
        context = np.empty((count, CONTEXT_SIZE))
        if count:
            self._state[DIMS] = dims
            motion_frames(rows, self._state, values, context)
        return Frames(values, count, times=rows[:, 0].copy(), context=context, dims=dims)

    def flush(self) -> Frames:
        """Nothing is retained."""
        dims = int(self._state[DIMS])
        empty = np.empty((0, FRAME_SIZE), np.float32)
        return Frames(
            empty, 0, times=np.empty(0), context=np.empty((0, CONTEXT_SIZE)), dims=dims or 2
        )

    def reset(self) -> None:
        """Forget everything, the number of dimensions too."""
        self._state[:] = 0.0

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the state."""
        return {"motion": self._state.copy()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `arrays` gave."""
        self._state[:] = arrays["motion"]

    def _checked(self, chunk: Any) -> NDArray[np.float64]:
        if not is_array(chunk) or chunk.dtype.char not in "df":
            raise DtypeError(
                "chunk: expected an array of float64 or float32, rows of time and position, got "
                f"{describe(chunk)}; {how_to_convert(chunk, 'float64', 'np.nan')}"
            )
        if chunk.ndim != 2 or chunk.shape[1] not in (3, 4):
            raise ShapeError(
                "chunk: expected (n, 3) or (n, 4), rows of time, x, y and perhaps z, got "
                f"{chunk.shape}; a single fix is (1, 3)"
            )
        dims = int(self._state[DIMS])
        if dims and chunk.shape[1] != dims + 1:
            raise ShapeError(
                f"chunk: expected {dims + 1} columns as the stream began with, got "
                f"{chunk.shape[1]}; open another stream for it"
            )
        rows: NDArray[np.float64] = np.ascontiguousarray(chunk, np.float64)
        if not rows.flags.carray:
            rows = rows.copy()  # numba would compile anew for a read-only or unaligned array
        if not len(rows):
            return rows
        bad = ~(np.abs(rows[:, 0]) <= LARGEST)
        if bad.any():
            row = int(np.argmax(bad))
            raise NonFiniteError(
                f"chunk: expected finite times, got {rows[row, 0]} in row {row}; times "
                f"lie within ±{LARGEST:g} s: drop the row, or give it the time at which the fix "
                "was due"
            )
        bad = (np.abs(rows[:, 1:]) > LARGEST).any(axis=1)
        if bad.any():
            row = int(np.argmax(bad))
            raise NonFiniteError(
                f"chunk: expected finite positions within ±{LARGEST:g}, or NaN for a missing fix, "
                f"got {rows[row, 1:].tolist()} in row {row}; put NaN there"
            )
        before = self._state[LAST_TIME] if self._state[ROWS] > 0.0 else rows[0, 0]
        earlier = np.concatenate(([before], rows[:-1, 0]))
        bad = rows[:, 0] < earlier
        if bad.any():
            row = int(np.argmax(bad))
            raise TimeOrderError(
                f"chunk: expected times that never run backwards, got {rows[row, 0]} s in row "
                f"{row} after {earlier[row]} s; sort the rows, or reset the stream"
            )
        return rows
