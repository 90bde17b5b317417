"""A stream that was, block by block: what is done at once, and what was recorded of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import RecordingError
from streamrnn.io.messages import (
    Chunk,
    Gap,
    Happened,
    Kept,
    Message,
    Said,
    Verb,
    chunk_of,
)
from streamrnn.io.recording import Recording
from streamrnn.model import Model
from streamrnn.predictions import Predictions
from streamrnn.replay.said import join_said
from streamrnn.replay.sources import Source

JOINED = 10.0
"""Seconds of sound that are fed at once at most."""


class Step(NamedTuple):
    """What one or some chunks, or the end of a sequence, made known again."""

    said: Predictions
    """By the model that plays."""
    times: NDArray[np.float64] | None
    """Of each prediction, (T,) seconds since the beginning: of sound, or of a track in a file, by
    itself; of what else was recorded, by when it arrived; None: there is no time."""
    at: float | None
    """When it arrived, seconds since the beginning, where it was recorded."""
    offset: int
    """Samples of the recording before this sequence."""
    begin: int
    """Samples of the recording before it."""
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
class Block:
    """What is done to a stream at once, and what was recorded of it."""

    chunks: list[Any] = field(default_factory=list[Any])
    """To be fed as one."""
    verb: Verb | None = None
    """Or what is done instead."""
    kept: Kept | None = None
    """The state after it."""
    begin: int | None = None
    """Samples of the recording before it, where it knows."""
    at: int = 0
    """When the first chunk arrived, nanoseconds since 1970."""
    lost: int = 0
    """Samples that had been lost."""
    recorded: list[Said] = field(default_factory=list[Said])
    """What was said."""
    events: list[Happened] = field(default_factory=list[Happened])
    """What happened."""


class Fed(Protocol):
    """A stream, alone or in a pool."""

    @property
    def position(self) -> int:
        """How many samples have arrived."""
        ...

    def snapshot(self) -> bytes:
        """Its state."""
        ...


class Reel:
    """A source as it is played: its blocks, and steps of what was said to them.

    Args:
        source: one that nothing was read of yet, but what was sought.
        model: that it is played to.
        join: whether chunks of sound are fed together.
    """

    def __init__(self, source: Source, model: Model, *, join: bool) -> None:
        recording = source if isinstance(source, Recording) else None
        self._source, self._recording = source, recording
        self._own = recording is not None and recording.opened.fingerprint == model.fingerprint
        self._rate = int(source.options.get("rate", 0))
        self._most = self._rate * JOINED if join and self._rate else -1.0
        self._samples = 0
        self._zero: float | None = None  # seconds of the first fix of a track

    def blocks(self) -> Iterator[Block]:
        """What was done, one after the other; perhaps with nothing in it, or but a state."""
        block, length, lost = Block(), 0, 0
        for item, at in self._source:
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
                    block = Block(verb=item, at=at)
                case Message() if not isinstance(item, Chunk):
                    pass
                case _:
                    chunk = self._chunk(item)
                    if not (length + len(chunk) <= self._most and _joins(block, chunk)):
                        yield block
                        begin = item.begin if isinstance(item, Chunk) else None
                        block, length = Block(begin=begin, at=at), 0
                    block.chunks.append(chunk)
                    length, block.lost, lost = length + len(chunk), block.lost + lost, 0
        yield block

    def _chunk(self, item: Any) -> Any:
        try:
            return chunk_of(item) if isinstance(item, Chunk) else item
        except ValueError as error:
            raise RecordingError(
                f"{self._source.path}: expected whole rows in every chunk, got: {error}"
            ) from error

    def arrival(self, block: Block) -> float:
        """When the first chunk of a block came, in seconds since the beginning."""
        chunk: Any = block.chunks[0]
        if self._recording is not None:
            return (block.at - self._recording.begun) / 1e9
        if self._rate:
            return (self._samples + len(chunk)) / self._rate
        if self._source.kind == "motion" and len(chunk):
            return float(chunk[-1, 0]) - self._first(block)
        return 0.0

    def step(self, block: Block, said: Predictions, before: int, stream: Fed) -> Step:
        """What a block made known.

        Args:
            block: that was done.
            said: to it.
            before: the stream's position then.
            stream: as it is now.
        """
        if block.begin is not None:
            self._samples = block.begin
        begin, offset = self._samples, self._samples - before
        self._samples += max(0, stream.position - before) if block.chunks else 0
        return Step(
            said=said,
            times=self._times(said, offset, block),
            at=None if self._recording is None else (block.at - self._recording.begun) / 1e9,
            offset=offset,
            begin=begin,
            samples=self._samples,
            chunks=len(block.chunks),
            lost=block.lost,
            recorded=join_said(block.recorded),
            events=block.events,
            strayed=(
                self._own and block.kept is not None and block.kept.snapshot != stream.snapshot()
            ),
            last=False,
        )

    def _times(self, said: Predictions, offset: int, block: Block) -> NDArray[np.float64] | None:
        if self._rate:
            return (offset + said.positions) / self._rate
        if self._recording is not None:
            return np.full(len(said), (block.at - self._recording.begun) / 1e9)
        if said.times is not None and block.chunks:
            return said.times - self._first(block)
        return said.times

    def _first(self, block: Block) -> float:
        rows: Any = block.chunks[0]
        if self._zero is None:
            self._zero = float(rows[0, 0])
        return self._zero


def _joins(block: Block, chunk: Any) -> bool:
    """Whether a chunk of sound may be fed with those of a block at once."""
    if not block.chunks or block.kept is not None:
        return False
    one: Any = block.chunks[0]
    return chunk.dtype == one.dtype and chunk.shape[1:] == one.shape[1:]
