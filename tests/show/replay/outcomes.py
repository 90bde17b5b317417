"""Outcomes as replaying gives them, made by hand."""

from pathlib import Path
from typing import Any

import numpy as np

from streamrnn.replay.outcome import Outcome, Told
from streamrnn.replay.sides import BIN, Listener

RATE = 8_000


def listener(model: str = "a", *, recorded: bool = False, **thresholds: float) -> Listener:
    return Listener(model=model, fingerprint=model * 8, recorded=recorded, thresholds=thresholds)


def told(
    time: float, label: str, *scores: float | None, kind: str = "detected", lag: float = 0.0
) -> Told:
    times = [None if s is None else time + n * lag for n, s in enumerate(scores)]
    return Told(time=time, kind=kind, label=label, scores=list(scores), times=times)


def curve(seconds: float, **peaks: float) -> Any:
    """Nearly nothing, but for peaks at some bins."""
    values = np.full(round(seconds / BIN), 0.01, np.float32)
    for name, height in peaks.items():
        values[int(name[1:])] = height
    return values


def outcome(file: str | Path = "a.wav", events: Any = (), **more: Any) -> Outcome:
    """A file of a minute of sound, that two listened to."""
    options: dict[str, Any] = {
        "listeners": [listener("one", go=0.6, no=0.6), listener("two", go=0.7, no=0.7)],
        "rate": RATE,
        "part": (0.0, None),
        "samples": 60 * RATE,
        "steps": 3_000,
        "elapsed": 0.5,
        "curves": [curve(60.0), curve(60.0)],
    }
    return Outcome(file=str(file), events=list(events), **{**options, **more})
