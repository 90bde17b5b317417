"""Play one stream to one model or to two, and gather what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrnn.config import ModelConfig
from streamrnn.errors import RecordingError, StreamRNNError, UnsupportedError
from streamrnn.io.recording import Recording
from streamrnn.model import Model
from streamrnn.predictions import Predictions
from streamrnn.replay.difference import difference
from streamrnn.replay.outcome import NEAR, Outcome, Told
from streamrnn.replay.play import Pace, joinable
from streamrnn.replay.reel import Step
from streamrnn.replay.sides import Heard, Listener, Side
from streamrnn.replay.sources import Source
from streamrnn.replay.window import Window, play_within

Tell = Callable[[Listener, Heard], object]
"""Told each event as it happens."""


class Gathering:
    """Makes an outcome of steps as they are played.

    Args:
        sources: of the one stream, one for each model; nothing was read of them yet.
        models: one, or two that are compared.
        part: of the stream that is played.
        curves: whether to keep how sure the listeners were.
        tell: told each event as it happens.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        models: Sequence[Model],
        part: Window,
        *,
        curves: bool = False,
        tell: Tell = lambda listener, heard: None,
    ) -> None:
        first = sources[0]
        self._source, self._tell = first, tell
        rate = int(first.options.get("rate", 0))
        self._sides: list[Side] = []
        if isinstance(first, Recording) and first.opened.model and len(models) == 1:
            then = first.opened
            who = Listener(model=then.model, fingerprint=then.fingerprint, recorded=True)
            self._sides.append(Side(who, _config(first), rate=rate, curve=curves))
        for model in models:
            who = Listener(model=model.name, fingerprint=model.fingerprint, recorded=False)
            self._sides.append(Side(who, model.config, rate=rate, curve=curves))
        end = None if part.end == np.inf else part.end
        self._outcome = Outcome(
            file=str(first.path),
            listeners=[side.listener for side in self._sides],
            rate=rate,
            timed=isinstance(first, Recording) or first.kind in ("audio", "motion"),
            part=(part.start, end),
        )
        self._distances: list[NDArray[np.float64]] = []
        self.begun = False
        """Whether anything was played."""
        self._began = time.monotonic()

    @property
    def played(self) -> float:
        """Seconds of sound, or samples, that were played."""
        outcome = self._outcome
        return outcome.samples if outcome.seconds is None else outcome.seconds

    def add(self, steps: Sequence[Step]) -> None:
        """Take what each of the models makes of the same chunks."""
        outcome, last = self._outcome, steps[-1]
        self.begun = self.begun or last.samples > 0
        outcome.chunks += last.chunks
        outcome.steps += len(last.said)
        outcome.samples = last.samples
        outcome.lost_samples += last.lost
        outcome.compared += min(len(last.said), len(last.recorded.positions))
        told = difference(last) if outcome.checked else None
        same = outcome.checked and outcome.same_model and told is None
        both = [*steps] if len(steps) == len(self._sides) else [last, last]
        for side, step in zip(self._sides, both, strict=True):
            for heard in side.add(step, same=same):
                self._tell(side.listener, heard)
        if outcome.checked:
            outcome.difference = outcome.difference or told
            outcome.other_labels += disagreements(last.recorded, last.said)
        elif len(steps) == 2:
            outcome.other_labels += disagreements(steps[0].said, steps[1].said)
            self._foreseen(steps[0].said, steps[1].said)

    def outcome(self, problem: StreamRNNError | None = None) -> Outcome:
        """What became of it, with what broke it off, if anything did.

        Raises:
            RecordingError: it broke off before anything was played.
        """
        outcome = self._outcome
        outcome.broken = str(problem) if problem is not None else self._source.broken
        if outcome.broken is not None and not self.begun:
            raise RecordingError(outcome.broken)
        if isinstance(self._source, Recording):
            outcome.sought = self._source.sought
        outcome.elapsed = round(time.monotonic() - self._began, 3)
        outcome.events = side_by_side([side.events for side in self._sides])
        outcome.curves = [side.curve for side in self._sides]
        if self._distances:
            found = np.concatenate(self._distances)
            outcome.points_apart = np.nanmean(found, axis=0).tolist() if len(found) else None
        return outcome

    def _foreseen(self, one: Predictions, other: Predictions) -> None:
        a, b = one.points, other.points
        if (
            a is not None
            and b is not None
            and a.shape == b.shape
            and one.horizons == other.horizons
        ):
            distances = np.sqrt(((a - b) ** 2).sum(axis=2))
            self._distances.append(distances[np.isfinite(distances).all(axis=1)])


def replayed(
    sources: Sequence[Source],
    models: Sequence[Model],
    part: Window,
    *,
    pace: Pace | None = None,
    curves: bool = False,
    tell: Tell = lambda listener, heard: None,
    advance: Callable[[float, float], object] = lambda seconds, share: None,
) -> Outcome:
    """Play one stream to one model, or to two at once.

    Args:
        sources: of the stream, one for each model; nothing was read of them yet.
        models: one or two.
        part: which part of it.
        pace: makes the chunks come one by one, in their own time; of one model.
        curves: whether to keep how sure the listeners were.
        tell: told each event as it happens.
        advance: called with the seconds of sound, or samples, that were played, and the share of
            the file that was read.

    Raises:
        RecordingError: nothing of it can be played to these models.
    """
    gathering = Gathering(sources, models, part, curves=curves, tell=tell)
    problem: StreamRNNError | None = None
    join = all(map(joinable, models))
    playing = [
        play_within(source, model, part, pace=pace, seek=len(models) == 1, join=join)
        for source, model in zip(sources, models, strict=True)
    ]
    try:
        for steps in zip(*playing, strict=True):
            gathering.add(steps)
            advance(gathering.played, sources[0].share)
    except RecordingError as error:
        problem = error
    return gathering.outcome(problem)


def _config(recording: Recording) -> ModelConfig:
    """Of the model that listened."""
    try:
        return msgspec.convert(recording.opened.config, ModelConfig)
    except (msgspec.ValidationError, ValueError) as error:
        raise UnsupportedError(
            f"{recording.path}: expected a model's configuration, got another version's: {error}"
        ) from error


def disagreements(one: Any, other: Any) -> int:
    """Steps of the second at which the first says another label, or said one last."""
    if not one.labels or not other.labels:
        return 0
    a, b = one.labels, other.labels
    if len(one.positions) != len(other.positions) or any(
        x != y for x, y in zip(one.positions, other.positions, strict=True)
    ):
        at = np.searchsorted(np.array(one.positions), np.array(other.positions), "right") - 1
        pairs = [(a[n], label) for n, label in zip(at.tolist(), b, strict=True) if n >= 0]
    else:
        pairs = zip(a, b, strict=True)
    return sum(was != is_ for was, is_ in pairs)


def side_by_side(sides: Sequence[list[Heard]]) -> list[Told]:
    """Events of one or two, in order; those of a kind and label that lie near are one."""
    none: list[float | None] = [None] * len(sides)
    rows = [_told(heard, 0, none) for heard in sides[0]]
    if len(sides) > 1:
        waiting: dict[tuple[str, str], list[Told]] = {}
        for row in rows:
            waiting.setdefault((row.kind, row.label), []).append(row)
        for heard in sides[1]:
            mine = waiting.get((heard.event.kind, heard.event.label), [])
            while mine and mine[0].time < heard.time - NEAR:
                mine.pop(0)
            if mine and mine[0].time <= heard.time + NEAR:
                row = mine.pop(0)
                row.scores[1], row.times[1] = heard.event.score, heard.time
            else:
                rows.append(_told(heard, 1, none))
    return sorted(rows, key=lambda row: row.time)


def _told(heard: Heard, which: int, none: list[float | None]) -> Told:
    scores, times = [*none], [*none]
    scores[which], times[which] = heard.event.score, heard.time
    event = heard.event
    return Told(time=heard.time, kind=event.kind, label=event.label, scores=scores, times=times)
