"""How sure listeners were, as curves that can be drawn, and what is read off them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from streamrnn.replay.outcome import NEAR, Outcome
from streamrnn.replay.sides import BIN

Floats = NDArray[np.float32]
_HELD = 10  # bins for which what was said last stands, where nothing new is said


def curve_of(outcome: Outcome, which: int) -> Floats | None:
    """A listener's curve, None where there is none."""
    curve = outcome.curves[which] if which < len(outcome.curves) else None
    return curve if curve is not None and len(curve) else None


def peak(outcome: Outcome, which: int, time: float) -> float | None:
    """The most that a listener was sure within `NEAR` of a time; None: nothing is known there."""
    curve = curve_of(outcome, which)
    if curve is None:
        return None
    first, last = math.floor((time - NEAR) / BIN), math.floor((time + NEAR) / BIN)
    there = curve[max(0, first) : max(0, last + 1)]
    return float(there.max()) if len(there) else None


def held(curve: Floats) -> Floats:
    """A curve in which what was said last stands until something is said, for 0.2 s at most.

    A step of more than 20 ms leaves bins of nothing between those of its predictions.
    """
    places = np.arange(len(curve))
    last = np.maximum.accumulate(np.where(curve > 0.0, places, 0))
    return np.where(places - last <= _HELD, curve[last], np.float32(0.0))


def thinned(curve: Floats, most: int) -> tuple[Floats, int]:
    """A curve of at most so many points, each the most of those that it stands for.

    Args:
        curve: (n,).
        most: points, 1 or more.

    Returns:
        The points, (⌈n / size⌉,), and size: how many each stands for.
    """
    size = max(1, math.ceil(len(curve) / most))
    padded = np.zeros(-(-len(curve) // size) * size, np.float32)
    padded[: len(curve)] = curve
    return padded.reshape(-1, size).max(axis=1), size


def drawn(outcome: Outcome, which: int, start: float, end: float, most: int) -> tuple[Floats, ...]:
    """Times and heights of a listener's curve between two times, at most so many points.

    Returns:
        Seconds of the middle of what each point stands for, and its height; empty without a curve.
    """
    curve = curve_of(outcome, which)
    if curve is None:
        return np.empty(0, np.float32), np.empty(0, np.float32)
    first = min(len(curve), max(0, math.floor(start / BIN)))
    points, size = thinned(held(curve)[first : max(first, math.ceil(end / BIN))], most)
    return (first + (np.arange(len(points)) + 0.5) * size) * BIN, points


def extent(outcome: Outcome) -> tuple[float, float]:
    """From when to when there is something to be shown."""
    start = outcome.part[0]
    ends = [event.time for event in outcome.events]
    lengths = [len(curve) * BIN for n in range(2) if (curve := curve_of(outcome, n)) is not None]
    if outcome.rate:
        ends.append(outcome.samples / outcome.rate)
    end = max([start, *ends, *lengths])
    return start, end if end > start else start + 1.0
