"""A part of a recording: from a time to another, as they are written, and what lies within."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple

import numpy as np

from streamrnn.errors import ConfigError, RecordingError
from streamrnn.io.messages import Audio, Chunk, chunk_of
from streamrnn.io.recording import Recording
from streamrnn.model import Model
from streamrnn.replay.play import Pace, play
from streamrnn.replay.reel import Step
from streamrnn.replay.sources import Source

_OFFSET = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)")


class Window(NamedTuple):
    """Seconds since the beginning."""

    start: float = 0.0
    """What becomes known from then on,"""
    end: float = math.inf
    """and before then."""

    @property
    def whole(self) -> bool:
        """Whether it leaves nothing out."""
        return self.start <= 0.0 and self.end == math.inf


WHOLE = Window()


def window(start: str | None, end: str | None, source: Source) -> Window:
    """Read a part of a stream as it is written.

    Args:
        start: `[[H:]MM:]SS[.s]` since the beginning; of a recording also the local time at which
            something arrived, `T03:00:00` the first one after its beginning or
            `2026-01-31T03:00:00`; None: from the beginning.
        end: likewise; None: to the end.
        source: of which it is a part.

    Raises:
        ConfigError: it is written otherwise, or ends before it starts.
        RecordingError: a time of day of what is no recording.
    """
    found = Window(
        0.0 if start is None else _seconds(start, source),
        math.inf if end is None else _seconds(end, source),
    )
    if found.end <= found.start:
        raise ConfigError(f"--to: expected a time after {start or '0'}, got {end}")
    return found


def _seconds(text: str, source: Source) -> float:
    parts = _OFFSET.fullmatch(text)
    if parts is not None:
        hours, minutes, seconds = (float(part or 0) for part in parts.groups())
        return 3600.0 * hours + 60.0 * minutes + seconds
    begun = datetime.now().astimezone()
    if isinstance(source, Recording):
        begun = datetime.fromtimestamp(source.begun / 1e9).astimezone()
    try:
        if text.startswith("T"):
            moment = datetime.combine(begun, time.fromisoformat(text[1:])).astimezone()
            moment += timedelta(days=moment < begun)
        else:
            moment = datetime.fromisoformat(text).astimezone()
    except ValueError as error:
        raise ConfigError(
            "expected a time since the beginning as 3:00:00 or 12.5, or one of the clock as "
            f"T03:00:00 or 2026-01-31T03:00:00, got {text!r}"
        ) from error
    if not isinstance(source, Recording):
        raise RecordingError(
            f"{source.path}: expected a time since the beginning, as 3:00:00, got {text}; only a "
            "recording knows when something came"
        )
    return (moment - begun).total_seconds()


def play_within(
    source: Source, model: Model, part: Window, *, pace: Pace | None = None, seek: bool = True
) -> Iterator[Step]:
    """Play a part of a stream: the same bits as of the whole.

    A recording by the same model is begun at the last state that is known before the part; what
    else there is is played from its beginning, and what comes before the part is left out.

    Args:
        source: one that nothing was read of yet.
        model: see `play`.
        part: which; what lies outside has its predictions taken out of the steps.
        pace: see `play`.
        seek: False: play from the beginning all the same.

    Raises:
        RecordingError: as `play`; or the stream has no times.
    """
    if part.whole:
        yield from play(source, model, pace=pace)
        return
    if seek and sought(source, model):
        assert isinstance(source, Recording)
        source.seek(_late(source, part.start))
    for step in play(source, model, pace=pace):
        if step.times is None:
            raise RecordingError(f"{source.path}: expected a stream with times to take a part of")
        if len(step.times) and step.times[0] >= part.end:
            return
        yield _cut(step, part, source)


def sought(source: Source, model: Model) -> bool:
    """Whether a part can be played without what comes before it."""
    return isinstance(source, Recording) and source.opened.fingerprint == model.fingerprint


def _late(source: Recording, start: float) -> Callable[[Chunk, int], bool]:
    rate = source.rate

    def late(chunk: Chunk, at: int) -> bool:
        if isinstance(chunk, Audio):
            return (chunk.begin + len(chunk_of(chunk))) / rate >= start
        return (at - source.begun) / 1e9 >= start

    return late


def _cut(step: Step, part: Window, source: Source) -> Step:
    """Take out what lies outside."""
    times = step.times
    assert times is not None
    mine = slice(*np.searchsorted(times, (part.start, part.end)).tolist())
    rate = int(source.options.get("rate", 0))
    if rate:  # what was recorded may be of other steps
        then = (step.offset + np.array(step.recorded.positions)) / rate
        theirs = slice(*np.searchsorted(then, (part.start, part.end)).tolist())
        events = [
            event
            for event in step.events
            if part.start <= (step.offset + event.position) / rate < part.end
        ]
    else:  # all arrived at the same time, or none is recorded
        theirs = slice(None) if len(times[mine]) or not len(times) else slice(0)
        events = step.events if theirs == slice(None) else []
    said = step.said[mine]
    return step._replace(
        said=said,
        times=times[mine],
        recorded=step.recorded.some(theirs),
        events=events,
        strayed=step.strayed and len(said) == len(step.said),
    )
