"""What a network hears, in a terminal: spectrogram, hidden state, labels, events, level."""

from collections import deque

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from streamrnn.decoded import Event
from streamrnn.predictions import Predictions
from streamrnn.show.cells import paint, scaled
from streamrnn.show.shares import bar, ink, leaders

LOWEST, HIGHEST = -13.0, 3.0  # logarithms of power that are dark and bright
KEPT_EVENTS = 5
LEADERS = 4


class Listening:
    """A picture that scrolls as sound comes in.

    Args:
        labels: of the model.
        seconds: how much of the past is seen.
        rate: spectra a second.
    """

    def __init__(self, labels: tuple[str, ...], *, seconds: float, rate: float) -> None:
        self._labels = labels
        self._seconds = seconds
        count = max(1, int(seconds * rate))
        self._columns: deque[NDArray[np.float32]] = deque(maxlen=count)
        self._states: deque[NDArray[np.float32]] = deque(maxlen=count)
        self._said: Predictions | None = None
        self.events: deque[tuple[float, Event]] = deque(maxlen=KEPT_EVENTS)
        self.level = 0.0
        """Root mean square of the last chunk, full scale 1."""

    def add(
        self,
        samples: NDArray[np.float64],
        columns: NDArray[np.float32],
        hidden: NDArray[np.float32],
        said: Predictions,
    ) -> None:
        """Take a chunk `(n,)`, its spectra `(m, mels)`, the hidden state after it, what was said.

        The hidden state is shown once a spectrum, so that both scroll alike.
        """
        if len(samples):
            self.level = float(np.sqrt(np.mean(samples * samples)))
        self._columns.extend(columns)
        self._states.extend([hidden[-1] if len(hidden) else hidden.ravel()] * len(columns))
        if len(said):
            self._said = said
        times = said.times
        for step, events in enumerate(said.events):
            at = 0.0 if times is None else float(times[step])
            self.events.extend((at, event) for event in events)

    def text(self, *, columns: int, rows: int, status: str = "") -> Text:
        """Draw `rows` lines of `columns` characters, and some lines of words below."""
        picture = Text(no_wrap=True)
        high = max(2, rows * 2 // 3)
        if self._columns:
            heard = scaled(np.array(self._columns).T[::-1], 2 * high, columns)
            paint(picture, (heard - LOWEST) / (HIGHEST - LOWEST))
            states = np.array(self._states).T
            if states.size:
                seen = scaled(states, 2 * max(1, rows - high), columns)
                paint(picture, 0.5 + 0.5 * seen)
        picture.append(f"{self._seconds:g} s of spectrogram; below it the hidden state", "dim")
        picture.append("\n")
        decibels = 20.0 * np.log10(max(self.level, 1e-5))
        loud = round(max(0.0, decibels + 60.0) / 3.0)
        picture.append(f"level {decibels:4.0f} dB {'█' * loud}{'·' * (20 - loud)}  {status}\n")
        for label, share in self._leaders():
            picture.append(f"{label:>12} {share:4.0%} {bar(share, 30)}\n", ink(share))
        for at, event in reversed(self.events):
            picture.append(f"{at:9.2f} s  {event.kind:<8} {event.label} {event.score:.0%}\n")
        return picture

    def _leaders(self) -> list[tuple[str, float]]:
        probable = None if self._said is None else self._said[-1].probabilities
        return [] if probable is None else leaders(self._labels, probable, LEADERS)
