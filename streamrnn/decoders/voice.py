"""Where speech begins and ends, of a network that puts out its probability."""

import math

import numpy as np

from streamrnn.config import SoundConfig, VoiceConfig
from streamrnn.decoders.base import (
    ArenaWithoutResets,
    Counts,
    Outputs,
    Positions,
    SlotState,
    WithoutResets,
    place,
)
from streamrnn.frontends.base import Frames
from streamrnn.frontends.framing import framing_of
from streamrnn.kernels import voice as kernel
from streamrnn.predictions import Decoded, Event

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
            *(record.probabilities, record.scores, record.marks),
        )


class VoiceRecord:
    """What was found in some outputs; see `Record`."""

    def __init__(self, decoder: VoiceDecoder, outputs: Outputs) -> None:
        self._decoder = decoder
        self.outputs = outputs
        steps = len(outputs)
        self.probabilities, self.scores = np.empty((steps, 2)), np.empty(steps)
        self.marks = np.empty((steps, 3), np.int64)
        """Label, kind of event, and the step that it lies at."""
        self.events = 0
        """How many of the steps have one."""

    def decoded(self, first: int, end: int, frames: Frames, positions: Positions) -> Decoded:
        """Labels, their probabilities, and events."""
        scores, probabilities, some = self.scores, self.probabilities, self.marks
        if end - first < len(scores):
            scores, probabilities, some = (
                scores[first:end],
                probabilities[first:end],
                some[first:end],
            )
        marks: list[list[int]] = some.tolist()
        events: tuple[tuple[Event, ...], ...] = ((),) * len(marks)
        if self.events:
            events = tuple(
                self._told(kind, at, first + step, step, frames, positions)
                for step, (_, kind, at) in enumerate(marks)
            )
        return Decoded(
            labels=tuple([LABELS[label] for label, _, _ in marks]),
            scores=scores,
            events=events,
            smoothed=probabilities,
        )

    def _told(
        self, kind: int, at: int, row: int, step: int, frames: Frames, positions: Positions
    ) -> tuple[Event, ...]:
        """The event of one row, if any, the so many-th step of those that are told.

        The stream's rate is what times tell; without them it is the network's.
        """
        if kind == kernel.NONE:
            return ()
        rate = self._decoder.sample_rate
        if frames.times is not None:
            rate = round(place(positions, step) / frames.times.item(step))
        sample = self._decoder.sample(kind, at, rate / self._decoder.sample_rate)
        name = "start" if kind == kernel.START else "end"
        return (Event(name, SPEECH, sample, float(self.outputs[row, 0])),)


class VoiceState(WithoutResets, SlotState):
    """The decoder of one stream."""

    def closing(self, position: int) -> tuple[Event, ...]:
        """Speech that goes on ends with its stream."""
        if not self._state[kernel.ACTIVE]:
            return ()
        return (Event("end", SPEECH, position, float(self._state[kernel.LAST])),)
