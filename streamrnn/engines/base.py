"""What every engine offers: the hidden state of a stream, advanced frame by frame."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import NetworkConfig
from streamrnn.errors import InputError, NonFiniteError
from streamrnn.state import PartState
from streamrnn.workers import Workers

Counts = NDArray[np.int64]
NONE_REFUSED: Mapping[int, InputError] = MappingProxyType({})
"""What an arena's `run` gives where all went well."""


class EngineState(PartState, Protocol):
    """The network of one stream."""

    def run(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Advance by frames (T, input_size); gives outputs (T, output_size).

        Raises:
            NonFiniteError: a frame is not finite, or no token; the state is as it was.
        """
        ...

    def run_traced(
        self, frame: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """Advance by one frame (1, input_size); gives the output and each layer's gates."""
        ...

    @property
    def hidden(self) -> NDArray[np.float32]:
        """A copy of the hidden state, (num_layers, hidden_size)."""
        ...


class EngineArena(Protocol):
    """The networks of many streams of one model, each in a slot of its own."""

    def stream(self, slot: int) -> EngineState:
        """The network of one slot, which the arena goes on to advance."""
        ...

    def run(
        self,
        slots: Counts,
        firsts: Counts,
        counts: Counts,
        frames: NDArray[np.float32],
        outputs: NDArray[np.float32],
    ) -> Mapping[int, InputError]:
        """Advance some streams, each by frames of its own.

        Args:
            slots: which, (streams,), each once.
            firsts: where the frames of each begin, (streams,).
            counts: how many they are, (streams,).
            frames: (T, input_size), checked before.
            outputs: (T, output_size); written, each at its frame's place.

        Returns:
            Why the networks of some slots took none of their frames, where an engine
            `may_refuse`; their outputs are zeros.
        """
        ...

    def reset(self, slots: Counts) -> None:
        """Make the networks of some slots fresh."""
        ...


def not_finite(frames: NDArray[np.float32], frame: int) -> NonFiniteError:
    """The error that names the first element of a frame that is not finite."""
    place = int(np.flatnonzero(~np.isfinite(frames[frame]))[0])
    return NonFiniteError(
        f"frame {frame}, element {place}: expected a finite number, got {frames[frame, place]}; "
        "leave the frame out or replace it"
    )


def refused(network: NetworkConfig, frames: NDArray[np.float32], frame: int) -> NonFiniteError:
    """The error that says why a network does not take a frame."""
    if network.encoder == "embedding":
        return NonFiniteError(
            f"frame {frame}: expected a token's number, a whole number from 0 to "
            f"{network.vocabulary_size - 1}, got {frames[frame, 0]}"
        )
    return not_finite(frames, frame)


def counted_from(first: int, error: InputError) -> InputError:
    """An error that counts frames from the first-th of those that were given."""
    return type(error)(f"{error} (counted from frame {first})") if first else error


class Engine(Protocol):
    """Makes the networks of streams; immutable."""

    @property
    def tolerance(self) -> float:
        """How far chunked outputs may lie from whole ones: 0, equal bits, for native."""
        ...

    @property
    def may_refuse(self) -> bool:
        """Whether it may refuse finite frames that a front end made."""
        ...

    def expect(self, frames: NDArray[np.float32]) -> None:
        """See that finite frames may wait for a pool's tick.

        Raises:
            InputError: the network will not take one.
        """
        ...

    def stream(self) -> EngineState:
        """The fresh network of a new stream."""
        ...

    def arena(self, capacity: int, workers: Workers) -> EngineArena:
        """The fresh networks of `capacity` streams, advanced by these threads."""
        ...


class LoneArena:
    """An arena for engines that know one stream at a time: its networks run one by one."""

    def __init__(self, engine: Engine, capacity: int) -> None:
        self._states: list[EngineState] = [engine.stream() for _ in range(capacity)]

    def stream(self, slot: int) -> EngineState:
        """The network of one slot."""
        return self._states[slot]

    def run(
        self,
        slots: Counts,
        firsts: Counts,
        counts: Counts,
        frames: NDArray[np.float32],
        outputs: NDArray[np.float32],
    ) -> Mapping[int, InputError]:
        """Advance some streams, one by one; see `EngineArena`."""
        why: dict[int, InputError] = {}
        for slot, first, count in zip(slots.tolist(), firsts, counts, strict=True):
            own = slice(first, first + count)
            try:
                outputs[own] = self.stream(slot).run(frames[own])
            except InputError as error:
                outputs[own] = 0.0
                error.__cause__ = None  # neither it nor its frames are to keep arrays alive
                why[slot] = error.with_traceback(None)
        return why or NONE_REFUSED

    def reset(self, slots: Counts) -> None:
        """Make the networks of some slots fresh."""
        for slot in slots:
            self.stream(slot).reset()
