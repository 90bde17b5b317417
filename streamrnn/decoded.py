"""What a decoder makes of the outputs of a network."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.classes import softmax


class Event(NamedTuple):
    """Something that happened in a stream."""

    kind: str
    """What: the decoder's word for it."""
    label: str
    """Of which class."""
    position: int
    """When: how many samples had arrived; of voice, the sample where speech begins or ends."""
    score: float
    """How likely the label is at that step, 0 to 1: of an end, little."""


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """What a decoder makes of the outputs of T steps; None is what it does not tell."""

    labels: tuple[str | None, ...] | None = None
    """The likeliest class of each step, T of them."""
    scores: NDArray[np.float64] | None = None
    """How sure each label is, (T,), 0 to 1."""
    events: tuple[tuple[Event, ...], ...] | None = None
    """The events of each step, T tuples."""
    points: NDArray[np.float64] | None = None
    """Positions ahead, (T, horizons, dims), in the input's units."""
    spreads: NDArray[np.float64] | None = None
    """The radius about each point that is to hold 90 % of outcomes, (T, horizons)."""
    horizons: tuple[int, ...] | None = None
    """How many samples ahead each point lies."""
    probabilities: NDArray[np.float64] | Callable[[NDArray[np.float32]], Any] | None = None
    """The probability of each class, (T, classes), or what makes it of the outputs."""


def softmax_of(outputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """The probabilities (T, classes) of logits."""
    probabilities = np.empty(outputs.shape)
    softmax(outputs, 1.0, probabilities)
    return probabilities
