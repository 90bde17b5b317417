"""Play a stream again: the same model's predictions are the same bits, another's are its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np

from streamrnn.config import SoundConfig
from streamrnn.engines.native import NativeEngine
from streamrnn.errors import ConfigError, InputError, RecordingError, StateError
from streamrnn.io.messages import Verb
from streamrnn.model import Model
from streamrnn.predictions import Predictions, join
from streamrnn.replay.reel import Block, Reel, Step
from streamrnn.replay.sources import Source
from streamrnn.stream import Stream

Pace = Callable[[float], object]
"""Called before each chunk with the second at which it came, to wait until then."""


def play(
    source: Source, model: Model, *, pace: Pace | None = None, join: bool = True
) -> Iterator[Step]:
    """Feed a stream that was to a model.

    Chunks of sound are joined where nothing else was done between them: however a stream is cut,
    the predictions are the same bits.

    Args:
        source: one that nothing was read of yet; a recording may have been sought in.
        model: the one that listened, or another of the same kind of input.
        pace: makes the chunks come one by one, in their own time.
        join: False: do not join chunks; of an engine that is not the native one, none are.

    Raises:
        RecordingError: the model takes another kind of input or other options; a chunk is
            refused, or a snapshot was restored that is not the model's.
    """
    stream = opened(source, model)
    reel = Reel(source, model, join=join and pace is None and joinable(model))
    waiting: Step | None = None
    first = True
    for block in reel.blocks():
        if not block.chunks and block.verb is None:  # sought: a state to go on from
            if block.kept is not None:
                _take(source, stream, block.kept.snapshot)
            continue
        if waiting is not None:
            yield waiting
        if pace is not None and block.chunks:
            pace(reel.arrival(block))
        if first and block.verb is not None:  # sought: what was said then is not played
            block.recorded, block.events = [], []
        first, before = False, stream.position
        said, problem = _done(source, stream, block)
        waiting = reel.step(block, said, before, stream)
        if problem is not None:
            yield waiting
            raise refused(source, stream.position, problem) from problem
    if waiting is not None:
        yield waiting._replace(last=source.broken is not None)


def joinable(model: Model) -> bool:
    """Whether chunks may be joined without a trace in any bit."""
    return isinstance(model.engine, NativeEngine)


def opened(source: Source, model: Model) -> Stream:
    """A stream of the model as the source's was opened.

    Raises:
        RecordingError: the model takes another kind of input or other options.
    """
    expect_kind(source, model)
    try:
        return Stream.opened(model, None, source.options)
    except ConfigError as error:
        raise RecordingError(f"{source.path}: {error}") from error


def kind_of(model: Model) -> str:
    """Of what it takes: audio, motion, text, frames."""
    front = model.config.frontend
    return "audio" if isinstance(front, SoundConfig) else msgspec.to_builtins(front)["kind"]


def expect_kind(source: Source, model: Model) -> None:
    """See that a source is of the kind of input that a model takes.

    Raises:
        RecordingError: it is of another.
    """
    own = kind_of(model)
    if source.kind not in ("", own):
        raise RecordingError(
            f"{source.path}: expected a model of {source.kind} to play it to, got {model.name} of "
            f"{own}"
        )


def feed_good(feed: Callable[[Any], object], chunk: Any) -> InputError | None:
    """Feed a chunk, or as much of its beginning as is taken; gives why the rest is refused."""
    try:
        feed(chunk)
        return None
    except InputError as error:
        half = len(chunk) // 2
        if not half:
            return error
    return feed_good(feed, chunk[:half]) or feed_good(feed, chunk[half:])


def refused(source: Source, position: int, error: InputError) -> RecordingError:
    """The error that says where a chunk was refused."""
    return RecordingError(f"{source.path}, after {position} samples: {error}")


def nothing(model: Model) -> Predictions:
    """No predictions."""
    return Predictions(np.empty((0, model.config.network.output_width), np.float32), range(0))


def _done(source: Source, stream: Stream, block: Block) -> tuple[Predictions, InputError | None]:
    """Do again what was done; also gives why a chunk is refused."""
    said: list[Predictions] = []
    problem: InputError | None = None
    match block.verb:
        case None:
            chunk: Any = np.concatenate(block.chunks) if len(block.chunks) > 1 else block.chunks[0]
            problem = feed_good(lambda part: said.append(stream.feed(part)), chunk)
        case Verb(verb="flush"):
            try:
                said.append(stream.flush())
            except InputError as error:
                problem = error
        case Verb(verb="restore", snapshot=bytes() as snapshot):
            _take(source, stream, snapshot)
        case _:
            stream.reset()
    return join(said or [nothing(stream.model)]), problem


def _take(source: Source, stream: Stream, snapshot: bytes) -> None:
    try:
        stream.restore(snapshot)
    except StateError as error:
        raise RecordingError(f"{source.path}: {error}") from error
