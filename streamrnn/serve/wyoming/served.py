"""What is served: which models, and for what."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from streamrnn.config import DetectConfig, VoiceConfig
from streamrnn.decoders.voice import SPEECH
from streamrnn.errors import ConfigError, UnsupportedError
from streamrnn.frontends.framing import framing_of
from streamrnn.model import Model
from streamrnn.serve.models import OTHER_RATE, sound_of, wake_words_of
from streamrnn.serve.wyoming.words import Words

LONG = 12.0
"""Seconds of sound that are fed at once to try out all kernels: those of long chunks too."""


@dataclass(frozen=True)
class Served:
    """Models and what each is for; at least one.

    Raises:
        ConfigError: there is none.
        UnsupportedError: a model is no such one.
    """

    wake: Model | None = None
    """Of sound, whose decoder detects: its labels are wake words."""
    intent: Model | None = None
    """Of sentences, whose decoder decides: its labels are intents."""
    vad: Model | None = None
    """Of sound, whose decoder tells the start and end of `speech`."""
    handle: bool = True
    """Whether questions for the time and the date are answered, where there is `intent`."""
    name: str = "streamrnn"
    """What the programs are called."""
    now: Callable[[], datetime] = datetime.now
    """The clock for these answers."""

    def __post_init__(self) -> None:
        """Refuse models that do not fit."""
        if self.wake is None and self.intent is None and self.vad is None:
            raise ConfigError("serve: expected at least one of wake, intent and vad, got none")
        if self.vad is not None:
            _see_that_voice(self.vad)
        _ = self.words, self.sentences  # which refuse theirs

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The wake words."""
        return () if self.wake is None else wake_words_of(self.wake)

    @cached_property
    def sentences(self) -> Words | None:
        """What answers sentences."""
        if self.intent is None:
            return None
        return Words(self.intent, handle=self.handle, now=self.now)

    def warm(self) -> None:
        """Try everything out, so that no client waits for a kernel that is not compiled yet.

        The first time ever it takes a minute; later, when kernels are cached, a second.
        """
        for model in (self.wake, self.vad):
            if model is not None:
                _warm(model)
        if self.sentences is not None:
            self.sentences.warm()


def _see_that_voice(model: Model) -> None:
    sound_of(model)
    decoder = model.config.decoder
    detects = isinstance(decoder, DetectConfig) and SPEECH in decoder.detected
    if not detects and not isinstance(decoder, VoiceConfig):
        raise UnsupportedError(
            f"{model.name}: expected a model that tells the start and end of the label {SPEECH!r}, "
            f"got one of {', '.join(model.labels) or 'no labels'}"
        )


def _warm(model: Model) -> None:
    """Feed a pool in all the ways that clients do.

    Little and much, both types, mono and stereo, another rate; several chunks before a tick, and
    some that wait where a stream ends.
    """
    with model.pool(2) as pool:
        for rate in (framing_of(sound_of(model)).sample_rate, OTHER_RATE):
            for channels in (1, 2):
                streams = [pool.open(rate=rate, channels=channels) for _ in range(2)]
                for dtype in (np.int16, np.float32):
                    for seconds in (0.02, 0.1, 0.1, LONG):
                        for stream in streams:
                            stream.feed(np.zeros((int(seconds * rate), channels), dtype))
                        if seconds != 0.1:
                            pool.tick()
                for stream in streams:
                    stream.feed(np.zeros((rate, channels), np.int16))
                    stream.flush()
                    stream.close()
