"""Play a stream again: the same model's predictions are the same bits, another's are its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrnn.engines.native import NativeEngine
from streamrnn.errors import InputError, RecordingError, StateError
from streamrnn.io.messages import (
    Chunk,
    Gap,
    Happened,
    Kept,
    Message,
    Said,
    Verb,
    chunk_of,
    join_said,
)
from streamrnn.io.recording import Recording
from streamrnn.model import Model
from streamrnn.predictions import Predictions
from streamrnn.replay.sources import Source
from streamrnn.stream import Stream

JOINED = 10.0
"""Seconds of sound that are fed at once at most."""
Pace = Callable[[float], object]
"""Called before each chunk with the second at which it came, to wait until then."""


class Step(NamedTuple):
    """What one or some chunks, or the end of a sequence, made known again."""

    said: Predictions
    """By the model that plays."""
    times: NDArray[np.float64] | None
    """Of each prediction, (T,) seconds since the beginning: of sound, or of a track in a file, by
    itself; of what else was recorded, by when it arrived; None: there is no time."""
    offset: int
    """Samples of the recording before this sequence."""
    samples: int
    """Samples of the recording up to here, silence for lost ones included."""
    chunks: int
    """Chunks that were played; 0: something was done to the stream."""
    lost: int
    """Samples that had been lost."""
    recorded: Said
    """What was said then, by the model that listened; perhaps nothing."""
    events: list[Happened]
    """That were recorded with it."""
    strayed: bool
    """Whether another state was recorded after it than the stream's."""
    last: bool
    """Whether the recording breaks off with it: what was said then may be missing."""


@dataclass(slots=True)
class _Block:
    """What is done to a stream at once, and what was recorded of it."""

    chunks: list[Any] = field(default_factory=list[Any])
    verb: Verb | None = None
    kept: Kept | None = None
    begin: int | None = None  # of the first chunk
    at: int = 0  # of the first chunk
    lost: int = 0
    recorded: list[Said] = field(default_factory=list[Said])
    events: list[Happened] = field(default_factory=list[Happened])

    @property
    def done(self) -> bool:
        return bool(self.chunks) or self.verb is not None


def play(source: Source, model: Model, *, pace: Pace | None = None) -> Iterator[Step]:
    """Feed a stream that was to a model.

    Chunks of sound are joined where nothing else was done between them: however a stream is cut,
    the predictions are the same bits.

    Args:
        source: one that nothing was read of yet; a recording may have been sought in.
        model: the one that listened, or another of the same kind of input.
        pace: makes the chunks come one by one, in their own time.

    Raises:
        RecordingError: the model takes another kind of input or other options; a chunk is
            refused, or a snapshot was restored that is not the model's.
    """
    stream = opened(source, model)
    rate = int(stream.options.get("rate", 0))
    most = rate * JOINED if pace is None and isinstance(model.engine, NativeEngine) else 0.0
    own = isinstance(source, Recording) and source.opened.fingerprint == model.fingerprint
    clock, samples = _Clock(source, rate), 0
    waiting: Step | None = None
    for block in _blocks(source, most):
        if not block.chunks and block.verb is None:  # sought: a state to go on from
            if block.kept is not None:
                _take(source, stream, block.kept.snapshot)
            continue
        if block.begin is not None:
            samples = block.begin
        if pace is not None and block.chunks:
            pace(clock.arrival(block.chunks[0], samples, block.at))
        if waiting is not None:
            yield waiting
        before = stream.position
        said, offset = _done(source, stream, block), samples - before
        samples += max(0, stream.position - before) if block.chunks else 0
        kept = block.kept if block.kept is not None and own else None
        waiting = Step(
            said=said,
            times=clock.times(said, offset, block),
            offset=offset,
            samples=samples,
            chunks=len(block.chunks),
            lost=block.lost,
            recorded=join_said(block.recorded),
            events=block.events,
            strayed=kept is not None and kept.snapshot != stream.snapshot(),
            last=False,
        )
    if waiting is not None:
        yield waiting._replace(last=source.broken is not None)


def opened(source: Source, model: Model) -> Stream:
    """A stream of the model as the source's was opened.

    Raises:
        RecordingError: the model takes another kind of input or other options.
    """
    own = msgspec.to_builtins(model.config.frontend)["kind"]
    if source.kind not in ("", own):
        raise RecordingError(
            f"{source.path}: expected a model of {source.kind} to play it to, got {model.name} of "
            f"{own}"
        )
    return Stream.opened(model, None, source.options)


def _blocks(source: Source, most: float) -> Iterator[_Block]:
    """What was done, step by step; chunks of sound joined up to so many samples."""
    block, length, lost = _Block(), 0, 0
    for item, at in source:
        match item:
            case Said():
                block.recorded.append(item)
            case Happened():
                block.events.append(item)
            case Gap():
                lost += item.samples
            case Kept():
                block.kept = item
            case Verb():
                yield block
                block = _Block(verb=item, at=at)
            case Message() if not isinstance(item, Chunk):
                pass
            case _:
                chunk: Any = chunk_of(item) if isinstance(item, Chunk) else item
                if not (most and _joins(block, chunk) and length + len(chunk) <= most):
                    yield block
                    begin = item.begin if isinstance(item, Chunk) else None
                    block, length = _Block(begin=begin, at=at), 0
                block.chunks.append(chunk)
                length, block.lost, lost = length + len(chunk), block.lost + lost, 0
    yield block


def _joins(block: _Block, chunk: Any) -> bool:
    """Whether a chunk of sound may be fed with those of a block at once."""
    if not block.chunks or block.kept is not None:
        return False
    one: Any = block.chunks[0]
    return chunk.dtype == one.dtype and chunk.shape[1:] == one.shape[1:]


def _done(source: Source, stream: Stream, block: _Block) -> Predictions:
    """Do again what was done."""
    try:
        match block.verb:
            case None:
                many = len(block.chunks) > 1
                return stream.feed(np.concatenate(block.chunks) if many else block.chunks[0])
            case Verb(verb="flush"):
                return stream.flush()
            case Verb(verb="restore", snapshot=bytes() as snapshot):
                _take(source, stream, snapshot)
            case _:
                stream.reset()
        return _nothing(stream.model)
    except InputError as error:
        raise RecordingError(f"{source.path}, after {stream.position} samples: {error}") from error


def _take(source: Source, stream: Stream, snapshot: bytes) -> None:
    try:
        stream.restore(snapshot)
    except StateError as error:
        raise RecordingError(f"{source.path}: {error}") from error


class _Clock:
    """When things came, in seconds since the beginning."""

    def __init__(self, source: Source, rate: int) -> None:
        self._rate, self._recording = rate, source if isinstance(source, Recording) else None
        self._zero: float | None = None  # of the first fix of a track

    def arrival(self, chunk: Any, samples: int, at: int) -> float:
        """When a chunk came, with so many samples before it."""
        if self._recording is not None:
            return (at - self._recording.begun) / 1e9
        if self._rate:
            return (samples + len(chunk)) / self._rate
        if isinstance(chunk, np.ndarray) and len(chunk):
            return float(chunk[-1, 0]) - self._first(chunk)
        return 0.0

    def times(self, said: Predictions, offset: int, block: _Block) -> NDArray[np.float64] | None:
        """When each prediction became known."""
        if self._rate:
            return (offset + said.positions) / self._rate
        if self._recording is not None:
            return np.full(len(said), (block.at - self._recording.begun) / 1e9)
        if said.times is not None and block.chunks:
            return said.times - self._first(block.chunks[0])
        return said.times

    def _first(self, rows: NDArray[np.float64]) -> float:
        if self._zero is None:
            self._zero = float(rows[0, 0])
        return self._zero


def _nothing(model: Model) -> Predictions:
    return Predictions(np.empty((0, model.config.network.output_width), np.float32), 0)
