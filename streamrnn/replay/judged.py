"""What is found, missed and false, where it is known what was said when."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

LATEST = 1.0
"""Seconds after a word's end until which its detection counts."""
THRESHOLDS: tuple[float, ...] = (
    *np.round(np.arange(0.05, 0.95, 0.05), 2).tolist(),
    *(0.95, 0.97, 0.98, 0.99, 0.995),
)
"""Of a curve from false accepts to false rejects."""


class Judged(NamedTuple):
    """How one word fared."""

    n: int
    """How often it was said."""
    missed: int
    """How often it was not found."""
    delays: list[float]
    """Of those found, milliseconds from the word's end to its detection."""
    false: int
    """Detections where it was not said."""


def judge(detected: Sequence[int], spans: Sequence[tuple[int, int]], rate: int) -> Judged:
    """Compare where a word was detected with where it was said.

    A word is found where it is detected after its beginning and at most 1 s after its end. The
    detections are taken in order, and each goes to the earliest word that it may belong to and
    that was not found yet: no other way finds more words. A further detection where all such words
    were found is not false; one where there is no such word is.

    Args:
        detected: position of each detection, in samples, ascending.
        spans: first sample and end of each word, ascending, none within another.
        rate: samples a second.
    """
    latest = int(LATEST * rate)
    found, delays, false = set[int](), list[float](), 0
    low = 0  # the earliest word that is not over
    for position in detected:
        while low < len(spans) and position > spans[low][1] + latest:
            low += 1
        near, waiting = low, None
        while near < len(spans) and spans[near][0] < position and waiting is None:
            waiting = None if near in found else near
            near += 1
        if waiting is not None:
            found.add(waiting)
            delays.append(1000.0 * (position - spans[waiting][1]) / rate)
        elif near == low:
            false += 1
    return Judged(len(spans), len(spans) - len(found), delays, false)


def together(parts: Iterable[Judged]) -> Judged:
    """How several fared as one."""
    n, missed, false, delays = 0, 0, 0, list[float]()
    for part in parts:
        n, missed, false = n + part.n, missed + part.missed, false + part.false
        delays += part.delays
    return Judged(n, missed, delays, false)


def middle_and_ninth(delays: Sequence[float]) -> tuple[float | None, float | None]:
    """The median and the 90th percentile of some delays; None where there are none."""
    if not delays:
        return None, None
    return float(np.median(delays)), float(np.percentile(delays, 90))


def per_hour(count: int, hours: float) -> float | None:
    """A count as a rate; None in no time at all."""
    return count / hours if hours else None
