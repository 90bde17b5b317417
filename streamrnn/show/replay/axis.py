"""A time axis with even hours, minutes and seconds."""

from __future__ import annotations

import math
from typing import Any

from streamrnn.show.theme import Theme

_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600)


def time_axis(
    axes: Any, theme: Theme, start: float, end: float, *, most: int, timed: bool = True
) -> None:
    """Give axes the times from a second to another.

    Args:
        axes: matplotlib's.
        theme: its colours.
        start: seconds, or a position.
        end: likewise.
        most: ticks.
        timed: False: positions.
    """
    axes.set_xlim(start, end)
    axes.tick_params(axis="x", labelsize=8, colors=theme.ink, length=3, color=theme.faint)
    if not timed:
        axes.locator_params(axis="x", nbins=most, integer=True)
        axes.set_xlabel("position", fontsize=8, color=theme.ink, loc="right")
        return
    step = tick_step(end - start, most)
    ticks = [n * step for n in range(math.ceil(start / step), math.floor(end / step) + 1)]
    axes.set_xticks(ticks, [tick(at, step, longest=end) for at in ticks])


def tick_step(length: float, most: int) -> float:
    """An even step that makes at most so many ticks."""
    for step in _STEPS:
        if length / step <= most:
            return step
    return 86_400.0 * math.ceil(length / most / 86_400.0)


def tick(at: float, step: float, *, longest: float) -> str:
    """A time as ticks tell it: no more of it than the axis needs."""
    tenths = round(10.0 * at)
    seconds, tenth = divmod(tenths, 10)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    rest = f".{tenth}" if step < 1 else ""
    if longest >= 3_600:
        return f"{hours}:{minute:02}:{second:02}{rest}"
    if longest >= 60:
        return f"{minute}:{second:02}{rest}"
    return f"{second}{rest} s"
