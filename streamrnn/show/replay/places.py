"""Places at which two listeners part: events that only one tells, those close together as one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from streamrnn.replay.outcome import Outcome, Told
from streamrnn.show.replay.curves import peak
from streamrnn.show.replay.words import around, is_main

LONGEST = 4.0
"""How often `around` it is at most from the first event of a place to its last."""


class Place(NamedTuple):
    """Where two listeners part."""

    outcome: Outcome
    """Of the file."""
    events: list[Told]
    """That only one of them tells, in order, at least one."""

    @property
    def span(self) -> tuple[float, float]:
        """What is shown: from before its first event to behind its last."""
        near = around(self.outcome)
        return self.events[0].time - near, self.events[-1].time + near

    @property
    def main(self) -> list[Told]:
        """What is told of it: not the edges of events, unless there is nothing else."""
        return [event for event in self.events if is_main(event)] or self.events

    @property
    def first(self) -> float:
        """When the first of `main` is."""
        return self.main[0].time

    @property
    def gap(self) -> float:
        """How much surer who tells an event was than the other; the most of all of `main`."""
        return max(_gap(self.outcome, event) for event in self.main)


def places(outcome: Outcome) -> list[Place]:
    """Where the listeners of a file part, in order."""
    found: list[Place] = []
    if len(outcome.listeners) < 2:
        return found
    reach = around(outcome)
    for event in sorted(outcome.parted, key=lambda event: event.time):
        last = found[-1].events if found else None
        near = last is not None and event.time - last[-1].time <= reach
        if last is not None and near and event.time - last[0].time <= LONGEST * reach:
            last.append(event)
        else:
            found.append(Place(outcome, [event]))
    return found


def most_apart(outcomes: Sequence[Outcome], most: int) -> tuple[list[Place], int]:
    """The places where scores lie furthest apart, in order; and how many others there are."""
    found = [place for outcome in outcomes for place in places(outcome)]
    furthest = sorted(range(len(found)), key=lambda n: -found[n].gap)[:most]
    return [found[n] for n in sorted(furthest)], len(found) - len(furthest)


def _gap(outcome: Outcome, event: Told) -> float:
    teller = 0 if event.scores[0] is not None else 1
    score = event.scores[teller]
    gap = (0.0 if score is None else score) - (peak(outcome, 1 - teller, event.time) or 0.0)
    return gap if math.isfinite(gap) else 0.0
