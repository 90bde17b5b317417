"""What became of one stream that was played again: events side by side, and where two part."""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrnn.replay.difference import Difference
from streamrnn.replay.sides import Listener

NEAR = 0.5
"""Seconds, or samples of what has no time, within which two events of a kind and label are one."""


class Told(msgspec.Struct, kw_only=True):
    """An event, of one listener or of both."""

    time: float
    """Seconds since the beginning; of what has no time, samples."""
    kind: str
    """What; see `streamrnn.predictions.Event`."""
    label: str
    """Of which class."""
    scores: list[float | None]
    """How sure each listener was; None: it did not tell it."""
    times: list[float | None] = []
    """When each listener told it; `time` is the first of these."""

    @property
    def lag(self) -> float | None:
        """How much later the second of two told it; None: not both did."""
        if len(self.times) < 2 or self.times[0] is None or self.times[1] is None:
            return None
        return self.times[1] - self.times[0]


class Outcome(msgspec.Struct, kw_only=True):
    """What became of one file."""

    file: str
    """Its path."""
    listeners: list[Listener]
    """One or two: who listened then, and who plays now; or the two that play."""
    rate: int
    """Samples of sound a second; 0: it is no sound."""
    timed: bool = True
    """Whether it has times; without, samples stand for them."""
    part: tuple[float, float | None]
    """Of the stream, seconds since the beginning, that was played; None: to the end."""
    sought: bool = False
    """Whether what comes before the part was passed over, and a known state taken."""
    chunks: int = 0
    """That were played."""
    steps: int = 0
    """Predictions that were made by the last listener."""
    compared: int = 0
    """Of these, that stand beside recorded ones."""
    samples: int = 0
    """Up to the end of what was played."""
    lost_samples: int = 0
    """Samples that had been lost."""
    other_labels: int = 0
    """Steps at which two listeners say another label."""
    points_apart: list[float] | None = None
    """Of two that foresee points, how far these lie apart in the mean, at each horizon."""
    difference: Difference | None = None
    """The first between what was recorded and what is played, bit by bit."""
    broken: str | None = None
    """Why it breaks off, if it does."""
    events: list[Told] = []
    """In order."""
    elapsed: float = 0.0
    """Seconds that it took."""
    curves: list[NDArray[np.float32] | None] = []
    """Of each listener, `streamrnn.replay.sides.Side.curve`; where they were asked for."""

    @property
    def seconds(self) -> float | None:
        """Of sound that was played."""
        if not self.rate:
            return None
        start, end = self.part
        return max(0.0, min(self.samples / self.rate, end or math.inf) - start)

    @property
    def same_model(self) -> bool:
        """Whether two listeners are the same model, configuration and weights."""
        return len({listener.fingerprint for listener in self.listeners}) == 1

    @property
    def checked(self) -> bool:
        """Whether what was recorded stands beside what is played."""
        return len(self.listeners) == 2 and self.listeners[0].recorded

    @property
    def differs(self) -> bool:
        """Whether two listeners part: in any bit, or in any event, label or point."""
        if self.checked and self.same_model:
            return self.difference is not None
        return bool(self.parted or self.other_labels or any(self.points_apart or ()))

    @property
    def parted(self) -> list[Told]:
        """The events that only one of two listeners tells."""
        return [event for event in self.events if None in event.scores]
