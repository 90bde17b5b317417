"""Many streams of one model, advanced together by one batched step after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from streamrnn.errors import PoolFullError, UnsupportedError
from streamrnn.pool.core import Core
from streamrnn.pool.ready import Ready
from streamrnn.pool.stream import PooledStream
from streamrnn.stream import given_options, read_snapshot

if TYPE_CHECKING:
    from streamrnn.model import Model

QUEUE = 30_000
"""Frames that a stream may have waiting: five minutes of 10 ms."""


class StreamPool:
    """Streams of one model that share its steps; made by `Model.pool`.

    What is fed waits until `tick` runs the network over all of it, frame after frame, with all
    streams side by side that have one. A stream's predictions are those that it would have alone,
    bit for bit with the native engine, whoever shares its ticks; engines that know one stream at
    a time run their streams one by one.

    Any thread may feed while another ticks. Each stream is used by one thread at a time.

    >>> import numpy as np, streamrnn
    >>> pool = streamrnn.load("ball").pool(capacity=2)
    >>> a, b = pool.open(), pool.open()
    >>> a.feed(np.array([[0.0, 0.0, 9.0], [0.1, 1.0, 8.0]]))
    >>> b.feed(np.array([[0.0, 5.0, 5.0]]))
    >>> {len(predictions) for stream, predictions in pool.tick().items()}
    {1, 2}
    """

    def __init__(
        self, model: Model, capacity: int = 1024, *, threads: int | None = None, queue: int = QUEUE
    ) -> None:
        self._core = Core(model, capacity, threads, queue)
        self.model = model
        """Whose streams they are."""
        self.capacity = capacity
        """How many may be open at a time."""

    def open(
        self,
        *,
        state: bytes | None = None,
        rate: int | None = None,
        channels: int | None = None,
        errors: Literal["strict", "replace"] | None = None,
    ) -> PooledStream:
        """Open a stream in a free slot.

        Args:
            state: a snapshot, of a pool's stream or any other of this model, to go on from there.
            rate: of sound; this and the rest as in `Model.stream`.
            channels: of sound.
            errors: of text.

        Raises:
            PoolFullError: as many are open as the pool holds.
            StateError: the snapshot is damaged, of another model, or of other options.
            ConfigError: an impossible value, or an option that the model's front end has not.
        """
        options = given_options(rate, channels, errors)
        arrays = None
        if state is not None:
            arrays, options = read_snapshot(state, self.model, options)
        core = self._core
        with core.turn, core.gate:
            if not core.free:
                raise PoolFullError(
                    f"open: expected fewer than {self.capacity} open streams, got as many as the "
                    "pool holds; close or evict one, or make a pool of a larger capacity"
                )
            slot = core.free[-1]
            stream = PooledStream(
                core,
                slot,
                core.frontends.stream(slot, **options),
                core.networks.stream(slot),
                core.decoders.stream(slot),
            )
            core.free.pop()
            core.streams[slot] = stream
            core.active[slot] = core.ticks
            if arrays is not None:
                try:
                    stream.take_over(arrays)
                except BaseException:
                    core.leave(stream)
                    raise
        return stream

    def tick(self) -> Ready:
        """Advance all streams that have frames waiting, until none has.

        Streams go side by side, one step each, as long as they have frames: who was fed more
        takes more steps of the same tick.

        Returns:
            `{stream: Predictions}` of the streams that have new ones, keyed by what `open` gave:
            those of this tick, after those that `flush` and `snapshot` brought since the last.
            They are of one sequence: where `flush` has ended one, the next one's come with the
            next tick.

            A stream whose network refuses what waited, a graph that takes no such frame or makes
            NaN of it, is closed without the predictions of this tick, and `Ready.refused` tells
            why; others do not notice.

        Raises:
            MemoryError, or whatever a torch module raises: the streams that were to be advanced
                are closed, as their states are half way; all others are as they were.
        """
        return self._core.tick()

    @property
    def streams(self) -> tuple[PooledStream, ...]:
        """The streams that are open."""
        return tuple(stream for stream in self._core.streams if stream)

    def idle(self, ticks: int) -> list[PooledStream]:
        """The open streams that were fed nothing for so many ticks, the longest idle first.

        Args:
            ticks: 1 or more: the last `ticks` ticks found nothing of it, and nothing is waiting.
        """
        core = self._core
        with core.gate:
            last, waiting = core.ticks - ticks, core.queue.rows.counts
            found = [
                (int(core.active[stream.slot]), stream)
                for stream in self.streams
                if core.active[stream.slot] <= last and not waiting[stream.slot]
            ]
        return [stream for _, stream in sorted(found, key=lambda pair: pair[0])]

    def evict(self, stream: PooledStream) -> bytes:
        """Take a snapshot of a stream and close it; see `PooledStream.evict`.

        Raises:
            StreamClosedError: it is closed.
        """
        return stream.evict()

    def close(self) -> None:
        """Close all streams and end the threads; a pool may be used again after that."""
        for stream in self.streams:
            stream.close()
        with self._core.turn:
            self._core.workers.close()

    def __len__(self) -> int:
        return self.capacity - len(self._core.free)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise UnsupportedError("a pool: expected to stay in its process, got copied; make another")

    def __repr__(self) -> str:
        return f"<StreamPool of {self.model.name!r}: {len(self)} of {self.capacity} open>"
