"""Where speech begins and ends, of a network that puts out its probability."""

import math

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import SoundConfig, VoiceConfig
from streamrnn.decoded import Decoded, Event
from streamrnn.decoders.base import (
    ArenaWithoutResets,
    Counts,
    Outputs,
    Positions,
    SlotState,
    WithoutResets,
)
from streamrnn.frontends.base import Frames
from streamrnn.frontends.framing import framing_of
from streamrnn.kernels import voice as kernel

SILENCE, SPEECH = "silence", "speech"
LABELS = (SILENCE, SPEECH)
_LONG = 10_000  # steps that take some 50 µs, and are looked at without the GIL


class VoiceDecoder:
    """Speech or silence at each step, and events: `start` and `end` of speech."""

    labels = LABELS

    def __init__(self, config: VoiceConfig, sound: SoundConfig) -> None:
        framing = framing_of(sound)
        self.sample_rate = framing.sample_rate
        self.hop = framing.step
        self.pad = config.pad * self.sample_rate
        self.settings = np.zeros(kernel.SETTINGS)
        self.settings[kernel.THRESHOLD] = config.threshold
        self.settings[kernel.RELEASE] = config.released
        # Tolerant of what seconds · rate is rounded to.
        steps = math.ceil(config.silence * self.sample_rate / self.hop - 1e-9)
        self.settings[kernel.SILENCE] = steps

    def stream(self) -> "VoiceState":
        """The fresh decoder of a new stream."""
        return self.arena(1).stream(0)

    def arena(self, capacity: int) -> "VoiceArena":
        """The fresh decoders of `capacity` streams."""
        return VoiceArena(self, capacity)

    def sample(self, kind: int, step: int, ratio: float) -> int:
        """The sample at which an event lies.

        Args:
            kind: `START` or `END`.
            step: at which speech began, or the first quiet one.
            ratio: of the stream's rate to the network's.
        """
        pad = -self.pad if kind == kernel.START else self.pad
        return int(max(0.0, step * self.hop + pad) * ratio)


class VoiceArena(ArenaWithoutResets):
    """The decoders of many streams; see `DecoderArena`."""

    def __init__(self, decoder: VoiceDecoder, capacity: int) -> None:
        self.decoder = decoder
        self.states = np.zeros((capacity, kernel.STATE))

    def stream(self, slot: int) -> "VoiceState":
        """The decoder of one slot."""
        return VoiceState(self, slot, self.states, 0.0, "voice")

    def record(self, outputs: Outputs) -> "VoiceRecord":
        """A record of outputs, to be filled by `decode`."""
        return VoiceRecord(self.decoder, outputs)

    def decode(self, record: "VoiceRecord", slots: Counts, firsts: Counts, counts: Counts) -> None:
        """Decode outputs of some streams."""
        voice = kernel.voice_streams if len(record.outputs) < _LONG else kernel.voice_streams_long
        record.events += voice(
            *(record.outputs, slots, firsts, counts, self.decoder.settings, self.states),
            *(record.scores, record.marks),
        )


class VoiceRecord:
    """What was found in some outputs; see `Record`."""

    __slots__ = ("_decoder", "events", "marks", "outputs", "scores")

    def __init__(self, decoder: VoiceDecoder, outputs: Outputs) -> None:
        self._decoder = decoder
        self.outputs = outputs
        self.scores = np.empty(len(outputs))
        self.marks = np.empty((len(outputs), 3), np.int64)
        """Label, kind of event, and the step that it lies at."""
        self.events = 0
        """How many of the steps have one."""

    def decoded(self, first: int, end: int, frames: Frames, positions: Positions) -> Decoded:
        """Labels, their probabilities, and events."""
        steps, scores = end - first, self.scores
        if steps < len(scores):
            scores = scores[first:end]
        if self.events:
            marks: list[list[int]] = self.marks[first:end].tolist()
            labels = tuple([LABELS[label] for label, _, _ in marks])
            events = tuple(
                self._told(kind, at, first + step, frames)
                for step, (_, kind, at) in enumerate(marks)
            )
        else:  # it goes on as it was
            labels = (LABELS[self.marks.item(first, 0)],) * steps if steps else ()
            events = ((),) * steps
        return Decoded(labels, scores, events, probabilities=_both)

    def _told(self, kind: int, at: int, row: int, frames: Frames) -> tuple[Event, ...]:
        """The event of one row, if any; its place is of the stream's rate."""
        if kind == kernel.NONE:
            return ()
        own = self._decoder.sample_rate
        sample = self._decoder.sample(kind, at, (frames.rate or own) / own)
        name = "start" if kind == kernel.START else "end"
        return (Event(name, SPEECH, sample, float(self.outputs[row, 0])),)


def _both(outputs: Outputs) -> NDArray[np.float64]:
    """The probabilities (T, 2) of silence and of speech."""
    speech = outputs.astype(np.float64)
    return np.hstack((1.0 - speech, speech))


class VoiceState(WithoutResets, SlotState):
    """The decoder of one stream."""

    def closing(self, position: int) -> tuple[Event, ...]:
        """Speech that goes on ends with its stream."""
        if not self._state[kernel.ACTIVE]:
            return ()
        return (Event("end", SPEECH, position, float(self._state[kernel.LAST])),)
