"""Sound as Pipecat carries it: bytes of 16-bit samples, the channels of each side by side."""

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import ShapeError

WIDTH = 2
"""Bytes of a sample."""


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
