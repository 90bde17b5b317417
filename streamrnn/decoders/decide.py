"""One class for a whole sequence, decided as soon as it is sure."""

import numpy as np

from streamrnn.config import DecideConfig
from streamrnn.decoded import Decoded, Event, softmax_of
from streamrnn.decoders.base import (
    ArenaWithoutResets,
    Counts,
    Outputs,
    Positions,
    SlotState,
    WithoutResets,
)
from streamrnn.frontends.base import Frames
from streamrnn.kernels import decide as kernel

_LONG = 4_000  # outputs that take some 50 µs, and are decoded without the GIL


class DecideDecoder:
    """The likeliest class of each step, and one event `decided` in a sequence, once it is sure."""

    def __init__(self, config: DecideConfig) -> None:
        self.labels = config.labels
        outside = config.labels.index(config.outside) if config.outside else -1
        self.settings = np.zeros(kernel.SETTINGS)
        self.settings[kernel.THRESHOLD] = config.threshold
        self.settings[kernel.LEAST] = config.least
        self.settings[kernel.CONFIRM] = config.confirm
        self.settings[kernel.OUTSIDE] = outside

    def stream(self) -> "DecideState":
        """The fresh decoder of a new stream."""
        return self.arena(1).stream(0)

    def arena(self, capacity: int) -> "DecideArena":
        """The fresh decoders of `capacity` streams."""
        return DecideArena(self, capacity)


class DecideArena(ArenaWithoutResets):
    """What many sequences have decided; see `DecoderArena`."""

    def __init__(self, decoder: DecideDecoder, capacity: int) -> None:
        self._decoder = decoder
        self.states = np.zeros((capacity, kernel.STATE), np.int64)

    def stream(self, slot: int) -> "DecideState":
        """The decoder of one slot."""
        return DecideState(self, slot, self.states, 0, "decide")

    def record(self, outputs: Outputs) -> "DecideRecord":
        """A record of outputs, to be filled by `decode`."""
        return DecideRecord(self._decoder.labels, outputs)

    def decode(self, record: "DecideRecord", slots: Counts, firsts: Counts, counts: Counts) -> None:
        """Decode outputs of some streams."""
        short = int(counts.sum()) * record.outputs.shape[1] < _LONG
        decide = kernel.decide if short else kernel.decide_long
        decide(
            record.outputs,
            slots,
            firsts,
            counts,
            self._decoder.settings,
            self.states,
            record.best,
            record.scores,
            record.decides,
        )


class DecideRecord:
    """What deciding left behind; see `Record`."""

    def __init__(self, labels: tuple[str, ...], outputs: Outputs) -> None:
        self._labels = labels
        self.outputs = outputs
        self.best = np.empty(len(outputs), np.int64)
        self.scores = np.empty(len(outputs))
        self.decides = np.empty(len(outputs), np.bool_)

    def decoded(self, first: int, end: int, frames: Frames, positions: Positions) -> Decoded:
        """Labels, their probabilities, and the event `decided` of the step that was sure first."""
        labels = tuple(map(self._labels.__getitem__, self.best[first:end].tolist()))
        scores = self.scores[first:end]
        events: list[tuple[Event, ...]] = [()] * (end - first)
        for step in np.flatnonzero(self.decides[first:end]).tolist():
            at = int(positions[step])
            events[step] = (Event("decided", labels[step], at, float(scores[step])),)
        return Decoded(labels=labels, scores=scores, events=tuple(events), probabilities=softmax_of)


class DecideState(WithoutResets, SlotState):
    """What one sequence has decided."""
