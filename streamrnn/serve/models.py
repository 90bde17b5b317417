"""What services ask of models: that they hear, detect, decide; and that they are warm."""

import numpy as np

from streamrnn.aio import PIECE
from streamrnn.config import DetectConfig, SoundConfig
from streamrnn.errors import UnsupportedError
from streamrnn.model import Model, expect_model

USUAL = 320
"""Samples of a usual frame: kernels have one form for short chunks and one for long ones."""
OTHER_RATE = 44_100
"""Samples a second that have to be converted."""


def sound_of(model: Model) -> SoundConfig:
    """The front end of a model that hears.

    Raises:
        ConfigError: it is no model.
        UnsupportedError: it reads something else.
    """
    expect_model(model)
    front = model.config.frontend
    if not isinstance(front, SoundConfig):
        raise UnsupportedError(
            f"{model.name}: expected a model that hears sound, got one of "
            f"{front.__struct_config__.tag}"
        )
    return front


def wake_words_of(model: Model) -> tuple[str, ...]:
    """The labels that a model of sound detects.

    Raises:
        ConfigError: it is no model.
        UnsupportedError: it hears no sound, or detects nothing.
    """
    sound_of(model)
    decoder = model.config.decoder
    if not isinstance(decoder, DetectConfig) or not decoder.detected:
        raise UnsupportedError(
            f"{model.name}: expected a model that detects words, got one whose decoder is "
            f"{decoder.__struct_config__.tag}"
        )
    return tuple(decoder.detected)


def folded(name: str) -> str:
    """The name of a wake word as names are compared.

    >>> folded("Hey_Jarvis")
    'hey jarvis'
    """
    return " ".join(name.casefold().replace("_", " ").split())


def warm(model: Model) -> None:
    """Let a model that hears run for a while, where nothing waits for it.

    What its kernels need is read when they are first called: some 0.4 s, in which no bot would
    hear anything.
    """
    for rate in (None, OTHER_RATE):
        stream = model.stream(rate=rate)
        for dtype in (np.int16, np.float32):
            for count in (USUAL, PIECE, 4 * PIECE):
                for _ in range(3):
                    stream.feed(np.zeros(count, dtype))
        stream.flush()
