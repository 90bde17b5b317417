"""Sound as Pipecat carries it: bytes of 16-bit samples, the channels of each side by side."""

import numpy as np
from numpy.typing import NDArray

from streamrnn.aio import PIECE
from streamrnn.config import AudioConfig, SoundConfig
from streamrnn.errors import ShapeError, UnsupportedError
from streamrnn.model import Model

WIDTH = 2
"""Bytes of a sample."""
WARM = 320
"""Samples of a usual frame: kernels have one form for short chunks and one for long ones."""


def samples(audio: bytes, channels: int = 1) -> NDArray[np.int16]:
    """The samples of some bytes: a view of them, no copy.

    Args:
        audio: whole samples; may be empty.
        channels: 1 or more.

    Returns:
        `(n,)` of one channel, else `(n, channels)`.

    Raises:
        ShapeError: the bytes are no whole samples of so many channels.
    """
    if channels < 1 or len(audio) % (WIDTH * channels):
        raise ShapeError(
            f"audio: expected whole 16-bit samples of 1 or more channels, got {len(audio)} bytes "
            f"for {channels}; cut frames between samples"
        )
    flat = np.frombuffer(audio, np.int16)
    return flat if channels == 1 else flat.reshape(-1, channels)


def heard_by(model: Model) -> SoundConfig:
    """The front end of a model that hears.

    Raises:
        UnsupportedError: it reads something else.
    """
    front = model.config.frontend
    if not isinstance(front, SoundConfig):
        raise UnsupportedError(
            f"{model.name}: expected a model that hears sound, got one of "
            f"{front.__struct_config__.tag}"
        )
    return front


def warm(model: Model) -> None:
    """Let a model that hears run for a while, where nothing waits for it.

    What its kernels need is read when they are first called: some 0.4 s, in which no bot would
    hear anything.
    """
    stream = model.stream()
    for count in (WARM, PIECE):
        for _ in range(3):
            stream.feed(np.zeros(count, np.int16))
    stream.flush()


def step_of(front: SoundConfig) -> int:
    """How many samples at the network's rate make a step."""
    return front.hop * (front.stack if isinstance(front, AudioConfig) else 1)
