"""What every decoder offers, for one stream and for many."""

from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from streamrnn.decoded import Decoded, Event
from streamrnn.frontends.base import Frames
from streamrnn.state import PartState, Stateless

Outputs = NDArray[np.float32]
Counts = NDArray[np.int64]
Positions = Counts | range
"""How many samples had arrived at each step."""


class DecoderState(PartState, Protocol):
    """The decoder of one stream."""

    def decode(self, outputs: Outputs, frames: Frames, positions: Positions) -> Decoded:
        """Decode the outputs (T, output_size) of these frames.

        Args:
            outputs: of the network.
            frames: that they came from.
            positions: how many samples had arrived at each step.
        """
        ...

    def closing(self, position: int) -> tuple[Event, ...]:
        """The events that the end of the stream brings, at so many samples."""
        ...

    def most_steps(self) -> int:
        """How many steps may be decoded at once before a reset may be due; 0: any number."""
        ...

    @property
    def reset_due(self) -> bool:
        """Whether the hidden state is to be made fresh after the last step."""
        ...


class Record(Protocol):
    """What decoding left behind of T steps, from which predictions are made for those who ask."""

    def decoded(self, first: int, end: int, frames: Frames, positions: Positions) -> Decoded:
        """What was decoded of the steps from `first` to before `end`, all of one stream."""
        ...


class DecoderArena(Protocol):
    """The decoders of many streams, each in a slot of its own."""

    def stream(self, slot: int) -> DecoderState:
        """The decoder of one slot, which the arena goes on to advance."""
        ...

    def record(self, outputs: Outputs) -> Any:
        """A `Record` for outputs (T, output_size), to be filled by `decode`."""
        ...

    def decode(self, record: Any, slots: Counts, firsts: Counts, counts: Counts) -> None:
        """Decode outputs of some streams.

        Args:
            record: of all outputs; filled at the steps that are decoded.
            slots: which streams, (streams,), each once.
            firsts: where the steps of each begin, (streams,).
            counts: how many they are, (streams,).
        """
        ...

    def most_steps(self, slots: Counts) -> Counts | None:
        """How many steps of each may be decoded before a reset may be due; None: any number."""
        ...

    def resets_due(self, slots: Counts) -> Counts:
        """Those of some slots whose hidden state is to be made fresh after their last step."""
        ...


class Decoder(Protocol):
    """Makes the decoders of streams; immutable."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that it may give, or ()."""
        ...

    def stream(self) -> DecoderState:
        """The fresh decoder of a new stream."""
        ...

    def arena(self, capacity: int) -> DecoderArena:
        """The fresh decoders of `capacity` streams."""
        ...


class WithoutResets:
    """A decoder that never asks for the hidden state to be made fresh."""

    reset_due = False

    def closing(self, position: int) -> tuple[Event, ...]:
        """The end of a stream brings none."""
        return ()

    def most_steps(self) -> int:
        """Any number."""
        return 0


class ArenaWithoutResets:
    """Many such decoders."""

    _none = np.empty(0, np.int64)

    def most_steps(self, slots: Counts) -> None:
        """Any number."""

    def resets_due(self, slots: Counts) -> Counts:
        """None of them."""
        return self._none


class SlotState:
    """One stream's decoder, whose state is a row of an arena's: it decodes as an arena of one.

    Args:
        arena: of which it is a slot.
        slot: which.
        states: of the arena, a row a slot.
        fresh: the row that begins a stream.
        name: of the state in a snapshot.
    """

    def __init__(
        self, arena: DecoderArena, slot: int, states: NDArray[Any], fresh: Any, name: str
    ) -> None:
        self._record, self._decode = arena.record, arena.decode
        self._fresh, self._name = fresh, name
        self._state = states[slot]
        self._slot, self._first, self._count = np.array([[slot], [0], [0]])

    def decode(self, outputs: Outputs, frames: Frames, positions: Positions) -> Decoded:
        """What the decoder makes of some steps; see `DecoderState`."""
        record, steps = self._record(outputs), len(outputs)
        self._count[0] = steps
        self._decode(record, self._slot, self._first, self._count)
        return record.decoded(0, steps, frames, positions)

    def reset(self) -> None:
        """Make the state fresh."""
        self._state[:] = self._fresh

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the state."""
        return {self._name: self._state.copy()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `arrays` gave."""
        self._state[:] = arrays[self._name]


class StepDecoder(WithoutResets, Stateless):
    """A decoder that looks at one step at a time, and is its own state."""

    labels: tuple[str, ...] = ()
    _nothing = Decoded()

    def stream(self) -> Self:
        """The decoder itself."""
        return self

    def arena(self, capacity: int) -> "StepArena":
        """The decoder itself, for every slot."""
        return StepArena(self)

    def decode(self, outputs: Outputs, frames: Frames, positions: Positions) -> Decoded:
        """Nothing beyond the outputs."""
        return self._nothing


class RawDecoder(StepDecoder):
    """No decoding."""


class StepArena(ArenaWithoutResets):
    """One decoder that looks at one step at a time, for any number of streams."""

    def __init__(self, decoder: StepDecoder) -> None:
        self._decoder = decoder

    def stream(self, slot: int) -> StepDecoder:
        """The decoder itself."""
        return self._decoder

    def record(self, outputs: Outputs) -> "StepRecord":
        """A record of outputs, which are decoded when somebody asks."""
        return StepRecord(self._decoder, outputs)

    def decode(self, record: Any, slots: Counts, firsts: Counts, counts: Counts) -> None:
        """There is no state to advance."""


class StepRecord:
    """Outputs and their decoder; see `Record`."""

    def __init__(self, decoder: StepDecoder, outputs: Outputs) -> None:
        self._decoder, self._outputs = decoder, outputs

    def decoded(self, first: int, end: int, frames: Frames, positions: Positions) -> Decoded:
        """What these steps say."""
        return self._decoder.decode(self._outputs[first:end], frames, positions)
