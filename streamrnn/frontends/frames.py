"""The front end without work: samples are frames already."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import DtypeError, ShapeError
from streamrnn.frontends.base import (
    Frames,
    LoneFrontends,
    Option,
    describe,
    how_to_convert,
    is_array,
    no_options,
)
from streamrnn.state import Stateless
from streamrnn.workers import Workers

_FLOAT32 = np.dtype(np.float32)


class FramesFrontend(Stateless):
    """Chunks are `(n, input_size)` float32, each row a frame.

    Args:
        input_size: elements of a frame.
        vocabulary_size: above 0, frames are tokens' numbers below it.
    """

    delay = 0
    options: Mapping[str, Option] = {}
    unknown = 0

    def __init__(self, input_size: int, vocabulary_size: int = 0) -> None:
        self.input_size = input_size
        self.vocabulary_size = vocabulary_size

    def stream(self, **options: Option) -> "FramesFrontend":
        """The front end itself: it has no state.

        Raises:
            ConfigError: there are no options.
        """
        no_options(options)
        return self

    def arena(self, capacity: int, workers: Workers) -> LoneFrontends:
        """The front end itself, for every stream."""
        return LoneFrontends(self)

    remembers = True

    def hold(self) -> None:
        """There is no state."""

    undo = hold

    def feed(self, chunk: Any) -> Frames:
        """Take `(n, input_size)` float32; the engine refuses what is not finite.

        Raises:
            DtypeError: the chunk is no array of float32.
            ShapeError: the chunk has another shape.
        """
        if not is_array(chunk) or (chunk.dtype is not _FLOAT32 and chunk.dtype != _FLOAT32):
            raise DtypeError(
                f"chunk: expected an array of float32 (n, {self.input_size}), got "
                f"{describe(chunk)}; {how_to_convert(chunk, 'float32')}"
            )
        shape = chunk.shape
        if len(shape) != 2 or shape[1] != self.input_size:
            raise ShapeError(
                f"chunk: expected (n, {self.input_size}), n frames of {self.input_size} elements, "
                f"got {shape}"
            )
        if type(chunk) is not np.ndarray:  # kernels take no subclass
            chunk = np.asarray(chunk)
        return Frames(chunk, shape[0])

    def flush(self) -> Frames:
        """Nothing is retained."""
        return Frames(np.empty((0, self.input_size), np.float32), 0)

    def example(self, generator: np.random.Generator, samples: int) -> NDArray[np.float32]:
        """Frames of independent normal elements, or random tokens."""
        if self.vocabulary_size:
            return generator.integers(0, self.vocabulary_size, (samples, 1)).astype(np.float32)
        return generator.standard_normal((samples, self.input_size), np.float32)
