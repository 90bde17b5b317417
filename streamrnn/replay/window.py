"""A part of a recording: from a time to another, as they are written, and what lies within."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple

import numpy as np

from streamrnn.errors import ConfigError, RecordingError
from streamrnn.io.messages import Audio, Chunk, Verb, chunk_of
from streamrnn.io.recording import Recording
from streamrnn.model import Model
from streamrnn.replay.play import Pace, play
from streamrnn.replay.reel import Step
from streamrnn.replay.said import some_said
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
    if moment < begun:
        raise ConfigError(
            f"{source.path}: expected a time since it began, {begun:%Y-%m-%d %H:%M:%S}, got {text}"
        )
    return (moment - begun).total_seconds()


def play_within(
    source: Source,
    model: Model,
    part: Window,
    *,
    pace: Pace | None = None,
    seek: bool = True,
    join: bool = True,
) -> Iterator[Step]:
    """Play a part of a stream: the same bits as of the whole.

    A recording by the same model is begun at a state that is known before the part, and what comes
    before that is not read, be it damaged; what else there is is played from its beginning, and
    what comes before the part is left out.

    Args:
        source: one that nothing was read of yet.
        model: see `play`.
        part: which; what lies outside has its predictions taken out of the steps.
        pace: see `play`.
        seek: False: play from the beginning all the same.
        join: see `play`.

    Raises:
        RecordingError: as `play`; or the stream has no times.
    """
    if part.whole:
        yield from play(source, model, pace=pace, join=join)
        return
    if seek and sought(source, model):
        assert isinstance(source, Recording)
        source.seek(_late(source, part.start))
    rate = int(source.options.get("rate", 0))
    for step in play(source, model, pace=pace, join=join):
        if step.times is None:
            raise RecordingError(f"{source.path}: expected a stream with times to take a part of")
        if _began(step, rate) >= part.end:
            return
        yield _cut(step, part, rate)


def sought(source: Source, model: Model) -> bool:
    """Whether a part can be played without what comes before it."""
    return isinstance(source, Recording) and source.opened.fingerprint == model.fingerprint


def _late(source: Recording, start: float) -> Callable[[Chunk | Verb, int], bool]:
    rate = source.rate

    def late(message: Chunk | Verb, at: int) -> bool:
        if not rate:  # what is said comes when it arrives
            return (at - source.begun) / 1e9 >= start
        if isinstance(message, Audio):
            return (message.begin + len(chunk_of(message))) / rate >= start
        return False  # what an end of sound brings has the time of its last sample

    return late


def _began(step: Step, rate: int) -> float:
    """Seconds before which nothing can be known of a step, or of a later one."""
    if rate:
        return step.begin / rate
    if step.at is not None:
        return step.at
    return -math.inf if step.times is None or not len(step.times) else float(step.times[0])


def _cut(step: Step, part: Window, rate: int) -> Step:
    """Take out what lies outside."""
    times = step.times
    assert times is not None
    mine = slice(*np.searchsorted(times, (part.start, part.end)).tolist())
    if rate:  # what was recorded may be of other steps
        then = (step.offset + np.array(step.recorded.positions, np.int64)) / rate
        theirs = slice(*np.searchsorted(then, (part.start, part.end)).tolist())
        events = [
            event
            for event in step.events
            if part.start <= (step.offset + event.position) / rate < part.end
        ]
    else:  # all came at once
        inside = step.at is not None and part.start <= step.at < part.end
        theirs, events = slice(None) if inside else slice(0), step.events if inside else []
    said = step.said[mine]
    return step._replace(
        said=said,
        times=times[mine],
        recorded=some_said(step.recorded, theirs),
        events=events,
        strayed=step.strayed and len(said) == len(step.said),
    )
