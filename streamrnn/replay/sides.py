"""What one listener says of a stream: the model that listened then, or one that plays it now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrnn.config import DecideConfig, DetectConfig, ModelConfig, SoundConfig, VoiceConfig
from streamrnn.decoded import Event
from streamrnn.decoders import make_decoder
from streamrnn.decoders.base import Decoder
from streamrnn.frontends.base import NO_FRAMES
from streamrnn.io.messages import Said
from streamrnn.predictions import Predictions
from streamrnn.replay.reel import Step

BIN = 0.02
"""Seconds of a curve that are one value."""
LABEL = "label"
"""The kind of event at which another label begins, of models of sound that tell no events."""
Floats = NDArray[np.float64]


class Listener(msgspec.Struct, kw_only=True):
    """Who says something."""

    model: str
    """Its name."""
    fingerprint: str
    """Its fingerprint; "": unknown."""
    recorded: bool
    """Whether it listened then; otherwise it plays now."""
    thresholds: dict[str, float] = {}
    """Of the classes that it detects."""


class Heard(NamedTuple):
    """An event, and when."""

    time: float
    """Seconds since the beginning; of what has no time, samples."""
    event: Event
    timed: bool
    """Whether it is seconds."""


class Side:
    """What a listener says, step by step.

    Args:
        listener: who.
        config: of its model.
        rate: of the sound, samples a second; 0: it is none.
        curve: whether to keep how sure it was.
    """

    def __init__(
        self, listener: Listener, config: ModelConfig, *, rate: int, curve: bool = False
    ) -> None:
        self.listener = listener
        self.events: list[Heard] = []
        """All that happened."""
        decoder = config.decoder
        eventful = isinstance(decoder, DetectConfig | DecideConfig | VoiceConfig)
        self._changes = isinstance(config.frontend, SoundConfig) and not eventful
        self._before: str | None = None
        self._rate, self._latest = rate, 0.0
        self._curve = None
        if curve and rate:
            self._curve = _Curve.of(config)
        if isinstance(decoder, DetectConfig):
            listener.thresholds = decoder.detected

    @property
    def curve(self) -> NDArray[np.float32] | None:
        """How sure it was of the likeliest class that it does not ignore.

        The most in each 20 ms since the beginning, (bins,), 0 where nothing was said; None: it was
        not to be kept, or there are no classes or no sound.
        """
        return None if self._curve is None else self._curve.values

    def add(self, step: Step, *, same: bool = False) -> list[Heard]:
        """Take a step, give what happened in it.

        Args:
            step: that was played.
            same: whether what was recorded is what is said now, by the same model.
        """
        said = step.recorded if self.listener.recorded else step.said
        found = [self._heard(step, event) for event in self._events(step)]
        if self._changes:
            found += self._changed(step, said)
        if self._curve is not None:
            self._curve.add(step, step.said if same else said, self._rate)
        self.events += found
        return found

    def _heard(self, step: Step, event: Event) -> Heard:
        timed = bool(self._rate) or step.times is not None
        return Heard(self._time(step, event.position), event, timed)

    def _time(self, step: Step, position: int) -> float:
        if self._rate:
            return (step.offset + position) / self._rate
        if step.times is None:
            return float(step.offset + position)
        if len(step.times):
            n = np.searchsorted(step.said.positions, position)
            self._latest = float(step.times[min(int(n), len(step.times) - 1)])
        return self._latest

    def _events(self, step: Step) -> Iterator[Event]:
        if self.listener.recorded:
            for each in step.events:
                score = np.nan if each.score is None else each.score
                yield Event(each.kind, each.label, each.position, score)
        else:
            if step.said.decoded.events is not None:
                for events in filter(None, step.said.decoded.events):
                    yield from events
            yield from step.said.ended

    def _changed(self, step: Step, said: Said | Predictions) -> Iterator[Heard]:
        if not said.labels:
            return
        positions = said.positions
        for n, label in enumerate(said.labels):
            if label != self._before and label is not None and said.scores is not None:
                position = int(positions[n])
                score = said.scores[n]
                event = Event(LABEL, label, position, float(np.nan if score is None else score))
                yield self._heard(step, event)
                self._before = label


class _Curve:
    """How sure a listener was; see `Side.curve`."""

    def __init__(self, decoder: Decoder, wanted: list[int]) -> None:
        self._wanted, self._state = wanted, decoder.stream()
        self._values = np.zeros(4_096, np.float32)
        self._used = 0

    @classmethod
    def of(cls, config: ModelConfig) -> _Curve | None:
        """Of a model; None: there is no class that it does not ignore."""
        decoder = make_decoder(config)
        ignored = config.decoder.ignored if isinstance(config.decoder, DetectConfig) else ()
        wanted = [n for n, label in enumerate(decoder.labels) if label not in ignored]
        return cls(decoder, wanted) if wanted else None

    @property
    def values(self) -> NDArray[np.float32]:
        return self._values[: self._used]

    def add(self, step: Step, said: Said | Predictions, rate: int) -> None:
        probabilities = None
        if len(said.positions):
            found = self._predictions(said) if isinstance(said, Said) else said
            probabilities = found.probabilities
        if not step.chunks:
            self._state.reset()
        if probabilities is None:
            return
        sure = probabilities[:, self._wanted].max(axis=1)
        bins = ((step.offset + np.array(said.positions)) / rate / BIN).astype(np.int64)
        last = int(bins.max())
        if last >= len(self._values):
            self._values = np.concatenate(
                (self._values, np.zeros(last + len(self._values), np.float32))
            )
        np.maximum.at(self._values, bins, sure.astype(np.float32))
        self._used = max(self._used, last + 1)

    def _predictions(self, said: Said) -> Predictions:
        outputs = np.frombuffer(said.outputs, "<f4").reshape(len(said.positions), -1)
        positions = np.array(said.positions, np.int64)
        decoded = self._state.decode(outputs.astype(np.float32), NO_FRAMES, positions)
        return Predictions(outputs, positions, None, decoded)
