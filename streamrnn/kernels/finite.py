"""Frames that a network would not survive, and outputs that tell that it did not."""

from typing import Any

import numpy as np

from streamrnn.kernels.compile import inline, jit

_ZERO = np.float32(0.0)


@inline
def first_refused(frames: Any, tokens: int) -> int:
    """The first frame that is not finite, or whose token is no whole number below `tokens`.

    Args:
        frames: float32 `(T, input_size)`.
        tokens: rows of an embedding; 0: frames are no tokens.

    Returns:
        Its number; −1: there is none.
    """
    for t in range(frames.shape[0]):
        bad = 0
        for k in range(frames.shape[1]):
            bad |= frames[t, k] - frames[t, k] != _ZERO
        if bad:
            return t
        if tokens > 0:
            value = frames[t, 0]
            if value < _ZERO or value >= tokens or value != np.floor(value):
                return t
    return -1


@inline
def has_nan(values: Any) -> bool:
    """Whether some of float32 `(n,)` are no numbers; infinite ones are, a logarithm of 0 say."""
    bad = 0
    for value in values:
        bad |= value != value
    return bad != 0


@jit
def look_at(frames: Any, tokens: int) -> int:
    """`first_refused`, for engines whose steps are no kernels."""
    return first_refused(frames, tokens)
