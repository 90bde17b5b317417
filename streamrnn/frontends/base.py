"""What every front end offers: chunks of samples in, frames out, with a state of fixed size."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol, TypeGuard, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import ConfigError
from streamrnn.state import PartState
from streamrnn.workers import Workers


class Frames(msgspec.Struct, frozen=True, gc=False, eq=False):
    """The frames that a chunk completed."""

    values: NDArray[np.float32]
    """(T, input_size); T may be 0. Perhaps the caller's own memory: to be read at once."""
    samples: int
    """How many samples the chunk held."""
    positions: NDArray[np.int64] | range | None = None
    """How many samples of the stream had arrived at each frame, (T,): of sound, which counts them
    in its state; a range where frames come at even distances."""
    rate: int = 0
    """Of sound: samples a second, so that positions tell when each frame became known."""
    times: NDArray[np.float64] | None = None
    """When each frame became known, in seconds, (T,); of motion."""
    offsets: NDArray[np.int64] | None = None
    """How many samples of the chunk had arrived at each frame, (T,); None: one a frame."""
    context: NDArray[np.float64] | None = None
    """What the decoder needs to go back to the input's units, (T, context_size)."""
    dims: int = 0
    """Of motion: how many coordinates a position has."""
    first: int = 0
    """The first of these among the frames of the chunk."""


NO_FRAMES = Frames(np.empty((0, 0), np.float32), 0)
"""For decoders of classes, which look at outputs alone."""


def part_of(frames: Frames, first: int, end: int) -> Frames:
    """Some frames of a chunk, from `first` to before `end`."""

    def cut(values: Any) -> Any:
        return None if values is None else values[first:end]

    return Frames(
        frames.values[first:end],
        frames.samples,
        positions=cut(frames.positions),
        rate=frames.rate,
        times=cut(frames.times),
        offsets=cut(frames.offsets),
        context=cut(frames.context),
        dims=frames.dims,
        first=frames.first + first,
    )


Option = int | str
"""What a stream may be opened with, by name: numbers and modes."""


class FrontendState(PartState, Protocol):
    """The front end of one stream.

    `feed` checks a chunk before it touches anything, and neither keeps nor changes it.
    """

    @property
    def options(self) -> Mapping[str, Option]:
        """What the stream was opened with, to open another that takes over its state."""
        ...

    @property
    def unknown(self) -> int:
        """How many tokens of text were unknown since the stream was fresh."""
        ...

    def feed(self, chunk: Any) -> Frames:
        """Take a chunk, give the frames that it completed."""
        ...

    def flush(self) -> Frames:
        """Give the frames of what is retained; `reset` follows."""
        ...

    @property
    def remembers(self) -> bool:
        """Whether `feed` remembers by itself how things were before, without `hold`."""
        ...

    def hold(self) -> None:
        """Remember how things are, for `undo`."""
        ...

    def undo(self) -> None:
        """Be as is remembered: a network refused the frames of the chunk that came since.

        Where nothing is, as the network refuses none, nothing is done.
        """
        ...


class Holding:
    """Remembers by a copy of the state."""

    remembers = False
    _held: Mapping[str, NDArray[Any]] = {}

    @abstractmethod
    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the state."""

    @abstractmethod
    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `arrays` gave."""

    def hold(self) -> None:
        """Remember how things are."""
        self._held = self.arrays()

    def undo(self) -> None:
        """Be as `hold` remembers."""
        if self._held:
            self.restore(self._held)


class FrontendArena(Protocol):
    """The front ends of many streams, each in a slot of its own."""

    def stream(self, slot: int, **options: Option) -> FrontendState:
        """The front end of a stream in a slot that was left fresh; see `Frontend.stream`."""
        ...

    def release(self, slot: int) -> None:
        """Take back what a slot had; its stream has been reset, and is closed."""
        ...


class Frontend(Protocol):
    """Makes the front ends of streams; immutable."""

    delay: int
    """How many samples must have arrived past a position before its frame is known."""

    def stream(self, **options: Option) -> FrontendState:
        """The fresh front end of a new stream.

        Args:
            options: `rate` and `channels` of sound, `errors` of text; nothing else has any.

        Raises:
            ConfigError: an option that it does not have, or an impossible value.
        """
        ...

    def arena(self, capacity: int, workers: Workers) -> FrontendArena:
        """The front ends of `capacity` streams; these threads do what is left for later."""
        ...

    def example(self, generator: np.random.Generator, samples: int) -> Any:
        """A valid sequence of random samples, for checks: an array, or a str."""
        ...


class LoneFrontends:
    """An arena for front ends whose streams need no memory side by side."""

    def __init__(self, frontend: Frontend) -> None:
        self._frontend = frontend

    def stream(self, slot: int, **options: Option) -> FrontendState:
        """The fresh front end of a stream."""
        return self._frontend.stream(**options)

    def release(self, slot: int) -> None:
        """A slot has nothing."""


def no_options(options: Mapping[str, Option]) -> None:
    """Refuse options where there are none."""
    if options:
        raise ConfigError(
            f"{', '.join(options)}: expected none, which only streams of sound or text have; open "
            "the stream without"
        )


def is_array(chunk: object) -> TypeGuard[NDArray[Any]]:
    """Whether a chunk is a numpy array, all of whose elements count."""
    plain = type(chunk) is np.ndarray
    return plain or (isinstance(chunk, np.ndarray) and not isinstance(chunk, np.ma.MaskedArray))


def how_to_convert(chunk: object, to: str, missing: str = "0", name: str = "chunk") -> str:
    """The way from a chunk of this name to an array of a type, for messages."""
    if isinstance(chunk, np.ma.MaskedArray):  # conversion would bring back what is masked
        return f"put something where it is masked: {name}.astype(np.{to}).filled({missing})"
    return f"convert with np.asarray({name}, np.{to})"


def describe(chunk: Any) -> str:
    """What a chunk is, in few words, for messages."""
    if is_array(chunk):
        return f"{chunk.dtype} {chunk.shape}"
    name = type(cast(object, chunk)).__name__
    return f"numpy.{name}" if isinstance(chunk, np.generic) else name
