"""A model under check: the sequence it is tried on, and what counts as the same predictions."""

from typing import Any

import numpy as np

from streamrnn.model import Model
from streamrnn.predictions import Predictions
from streamrnn.state import digest

STEPS = 300  # samples of a made-up sequence
ARRAYS = ("outputs", "positions", "times", "scores", "points", "spreads", "probabilities")


class Broken(Exception):
    """A point does not hold; the message says how that was seen."""


class Uncompared(Exception):
    """There is nothing that a point could be held against; the message says why."""


class Subject:
    """A model under check, with a sequence and what is expected of it.

    Args:
        model: the model.
        sequence: a whole sequence that its front end takes, of 2 samples or more.
        seed: of the random cuts.

    Raises:
        InputError: the sequence is refused.
    """

    def __init__(self, model: Model, sequence: Any, seed: int) -> None:
        self.model = model
        self.generator = np.random.default_rng(seed)
        self.sequence = sequence
        self.finest = sequence.encode() if isinstance(sequence, str) else sequence
        """The sequence in a form that may be cut anywhere: text in mid-character too."""
        self.tolerance = model.engine.tolerance
        self.whole = model.predict(sequence)

    def cuts(self) -> list[Any]:
        """The sequence, cut at random places; some chunks are empty."""
        length = len(self.finest)
        edges = np.sort(self.generator.integers(0, length + 1, self.generator.integers(1, 20)))
        edges = [0, *edges.tolist(), length]
        return [self.finest[a:b] for a, b in zip(edges, edges[1:], strict=False)]

    def same(self, got: Predictions, expected: Predictions, doing: str) -> None:
        """Refuse two predictions that differ by more than the engine may.

        Args:
            got: what came.
            expected: what should have come.
            doing: what was tried, for the message.

        Raises:
            Broken: they differ.
        """
        for name in ARRAYS:
            a, b = getattr(got, name), getattr(expected, name)
            if (a is None) != (b is None) or (a is not None and a.shape != b.shape):
                raise Broken(f"{doing}: {name} of another shape")
            if a is None:
                continue
            equal = a.tobytes() == b.tobytes()
            if not equal and self.tolerance and name not in ("positions", "times"):
                equal = bool(np.allclose(a, b, self.tolerance, self.tolerance, equal_nan=True))
            if not equal:
                step = next(t for t in range(len(a)) if a[t].tobytes() != b[t].tobytes())
                raise Broken(f"{doing}: {name} differ, first at step {step} of {len(a)}")
        if not self.tolerance and (got.labels, got.events) != (expected.labels, expected.events):
            raise Broken(f"{doing}: labels or events differ")

    @property
    def sameness(self) -> str:
        """How equal things are to be, in words."""
        return "equal bits" if not self.tolerance else f"within {self.tolerance:g}"


def bits_of(predictions: Predictions) -> str:
    """SHA-256 of all that predictions tell."""
    arrays = {name: array for name in ARRAYS if (array := getattr(predictions, name)) is not None}
    return digest(arrays, {"told": repr((predictions.labels, predictions.events))})
