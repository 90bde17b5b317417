"""Play a recording again: the same model's predictions are the same bits, another's are its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import numpy as np

from streamrnn.errors import InputError, RecordingError, StateError
from streamrnn.io.messages import (
    Audio,
    Chunk,
    FrameChunk,
    Gap,
    Happened,
    Rows,
    Said,
    Text,
    Verb,
    chunk_of,
    said_messages,
)
from streamrnn.io.recording import Recording
from streamrnn.model import Model
from streamrnn.predictions import Predictions
from streamrnn.stream import Stream


class Step(NamedTuple):
    """What one chunk, or the end of a sequence, made known again."""

    said: Predictions
    """By the model that plays."""
    recorded: Said | None
    """By the one that listened; None: it said nothing."""
    events: list[Happened]
    """That were recorded with it."""
    gap: int
    """Samples that had been lost just before."""
    samples: int
    """How many samples of the stream have been played with it, flushes and resets apart."""
    last: bool
    """Whether the recording has nothing more that is whole: what was said then may be missing."""


class Difference(msgspec.Struct, kw_only=True):
    """The first step at which a recording and its replay part."""

    position: int
    """Samples that had arrived in its sequence."""
    time: float | None
    """The same in seconds, where samples have a time."""
    what: str
    """What differs."""
    recorded: Any
    """As it was."""
    replayed: Any
    """As it is."""


def play(recording: Recording, model: Model) -> Iterator[Step]:
    """Feed a recording to a model, chunk by chunk as it came.

    Args:
        recording: one that nothing was read of yet.
        model: the one that listened, or another of the same kind of input.

    Yields:
        A step for each chunk and each end of a sequence.

    Raises:
        RecordingError: the model takes another kind of input or other options, or a snapshot was
            restored that is not its own.
    """
    stream = _opened(recording, model)
    waiting: Step | None = None
    gap = samples = 0
    for message, _ in recording:
        if isinstance(message, Said) and waiting is not None:
            waiting = waiting._replace(recorded=message)
        elif isinstance(message, Happened) and waiting is not None:
            waiting.events.append(message)
        elif isinstance(message, Gap):
            gap = message.samples
        elif isinstance(message, Audio | Text | Rows | FrameChunk | Verb):
            if waiting is not None:
                yield waiting
            before = stream.position
            said = _done(recording, stream, message, model)
            samples += max(0, stream.position - before)
            waiting = Step(said, None, [], gap, samples, False)
            gap = 0
    if waiting is not None:
        yield waiting._replace(last=recording.broken is not None)


def difference(step: Step) -> Difference | None:
    """How a step differs from what was recorded with it, bit by bit; None: in nothing.

    Nothing is said of the last step of a recording that breaks off.
    """
    if step.last or (step.recorded is None and not len(step.said)):
        return None
    now, events = said_messages(step.said)
    then = step.recorded
    if then is None:
        return _told(now, 0, "predictions", None, f"{len(step.said)} steps")
    if then == now and step.events == events:
        return None
    if then.positions != now.positions:
        return _told(now, 0, "positions", then.positions[:3], now.positions[:3])
    for name in ("labels", "scores", "times"):
        pairs = zip(getattr(then, name) or (), getattr(now, name) or (), strict=False)
        for n, (was, is_) in enumerate(pairs):
            if was != is_:
                return _told(now, n, name, was, is_)
    if then.outputs != now.outputs:
        was, is_ = (np.frombuffer(x.outputs, "<f4").reshape(-1, x.columns) for x in (then, now))
        if was.shape == is_.shape:
            n = int((was != is_).any(axis=1).argmax())
            return _told(now, n, "outputs", was[n].tolist(), is_[n].tolist())
        return _told(now, 0, "outputs", was.shape, is_.shape)
    was, is_ = ([msgspec.to_builtins(each) for each in part] for part in (step.events, events))
    return _told(now, 0, "events", was, is_)


def _told(now: Said, step: int, what: str, was: Any, is_: Any) -> Difference:
    position = now.positions[step] if step < len(now.positions) else 0
    time = now.times[step] if now.times and step < len(now.times) else None
    return Difference(position=position, time=time, what=what, recorded=was, replayed=is_)


def _opened(recording: Recording, model: Model) -> Stream:
    """A stream as the recorded one was opened."""
    kind = recording.opened.config.get("frontend", {}).get("kind")
    own = msgspec.to_builtins(model.config.frontend)["kind"]
    if kind is not None and kind != own:
        raise RecordingError(
            f"{recording.path}: expected a model of {kind} to play it to, got {model.name} of {own}"
        )
    return Stream.opened(model, None, recording.opened.options)


def _done(recording: Recording, stream: Stream, message: Chunk | Verb, model: Model) -> Predictions:
    """Do again what was done."""
    nothing = Predictions(np.empty((0, model.config.network.output_width), np.float32), 0)
    try:
        if not isinstance(message, Verb):
            return stream.feed(chunk_of(message))
        if message.verb == "flush":
            return stream.flush()
        if message.verb == "reset":
            stream.reset()
        elif message.verb == "restore" and message.snapshot is not None:
            stream.restore(message.snapshot)
        return nothing
    except (InputError, StateError) as error:
        raise RecordingError(
            f"{recording.path}, after {stream.position} samples: {error}"
        ) from error
