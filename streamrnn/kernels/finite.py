"""Frames that a network would not survive, for engines that do not look themselves."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit


@jit
def first_refused(frames: NDArray[Any], tokens: int) -> int:
    """The first frame that is not finite, or no whole number below `tokens` (0: any number).

    Args:
        frames: `(T, input_size)`.
        tokens: rows of an embedding.

    Returns:
        Its number; −1: there is none.
    """
    for t in range(frames.shape[0]):
        bad = 0
        for k in range(frames.shape[1]):
            value = frames[t, k]
            bad |= value - value != 0.0
            if tokens > 0:
                bad |= (value < 0.0) | (value >= tokens) | (value != np.floor(value))
        if bad:
            return t
    return -1
