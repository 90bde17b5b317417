"""One stream of a pool: the verbs of a stream, but what is fed waits for the pool's tick."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from streamrnn.decoders.base import DecoderState
from streamrnn.engines.base import EngineState
from streamrnn.errors import StreamClosedError
from streamrnn.frontends.base import FrontendState
from streamrnn.predictions import Predictions
from streamrnn.state import expect_alike
from streamrnn.stream import Parts, read_snapshot

if TYPE_CHECKING:
    from streamrnn.pool.core import Core


class PooledStream(Parts):
    """One stream of a pool; made by `StreamPool.open`.

    Its verbs are those of `Stream`, but `feed` queues: predictions come with the pool's `tick`.
    """

    __slots__ = ("_core", "slot")

    def __init__(
        self,
        core: Core,
        slot: int,
        frontend: FrontendState,
        network: EngineState,
        decoder: DecoderState,
    ) -> None:
        super().__init__(core.model, frontend, network, decoder)
        self._core = core
        self.slot = slot
        """Where in the pool it lies; −1: it is closed."""

    def begin(self, arrays: Mapping[str, NDArray[Any]] | None) -> None:
        """Make the slot fresh, or take over a state; for the pool, when it opens the stream."""
        self._forget()
        if arrays is not None:
            self._take(dict(arrays))

    def feed(self, chunk: Any) -> None:
        """Queue a chunk; what it makes known comes with the next tick.

        Args:
            chunk: any number of samples, as `Stream.feed` takes them. Not kept, not changed.

        Raises:
            InputError: the chunk is refused, by name; the stream is as it was.
            QueueFullError: it would make more frames wait than the pool allows; likewise.
            StreamClosedError: the stream is closed.
        """
        core = self._core
        with core.gate:
            if self.slot < 0:
                raise _closed("feed")
            position = self._position
            samples = core.queue.feed(self.slot, self._frontend, chunk, position)
            self._position = position + samples

    def flush(self) -> Predictions:
        """End the sequence: run what waits, give what was retained, then be fresh.

        Returns:
            One prediction for each step that was still retained; often none. Those of what was
            waiting come with the next tick.

        Raises:
            EncodingError: text ends in mid-character; the stream is as it was.
            StreamClosedError: the stream is closed.
        """
        with self._turn("flush") as core:
            core.catch_up(self)
            return self._end(trace=False)

    def reset(self) -> None:
        """Forget everything, what waits and what was not taken yet too.

        Raises:
            StreamClosedError: the stream is closed.
        """
        with self._turn("reset") as core:
            core.forget(self)
            core.earlier.pop(self, None)
            self._forget()

    def snapshot(self) -> bytes:
        """Run what waits, and give the state as `Stream.snapshot` does, for `open` or any stream.

        The predictions of what was waiting come with the next tick.

        Raises:
            StreamClosedError: the stream is closed.
        """
        with self._turn("snapshot") as core:
            core.catch_up(self)
            return self._sealed()

    def restore(self, blob: bytes) -> None:
        """Forget everything, and take over the state of a snapshot.

        Raises:
            StateError: the blob is damaged, no snapshot, or of another model; the stream is as
                it was.
            StreamClosedError: the stream is closed.
        """
        arrays, _ = read_snapshot(blob, self.model, self.options)
        expect_alike(arrays, self._arrays(), what="snapshot")
        self.reset()
        with self._turn("restore"):
            self._take(arrays)

    def close(self) -> None:
        """Give the slot back; what waits is dropped, what is known comes with the next tick.

        To close a stream again does nothing.
        """
        core = self._core
        with core.turn:
            if self.slot < 0:
                return
            core.forget(self)
            self._forget()
            with core.gate:
                core.streams[self.slot] = None
                core.free.append(self.slot)
                self.slot = -1

    @property
    def waiting(self) -> int:
        """How many frames wait for the next tick; of sound, whole hops. 0 once it is closed."""
        if self.slot < 0:
            return 0
        return self._core.queue.frames_waiting(self.slot, self._frontend)

    @property
    def hidden(self) -> NDArray[np.float32]:
        """A copy of the hidden state after the last tick, (num_layers, hidden_size).

        Raises:
            StreamClosedError: the stream is closed.
        """
        with self._turn("hidden"):
            return super().hidden

    @contextmanager
    def _turn(self, verb: str) -> Iterator[Core]:
        """Have the turn, for a verb on an open stream."""
        with self._core.turn:
            if self.slot < 0:
                raise _closed(verb)
            yield self._core

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        place = "closed" if self.slot < 0 else f"slot {self.slot}"
        return f"<PooledStream of {self.model.name!r}: {place}, position {self._position}>"


def _closed(verb: str) -> StreamClosedError:
    return StreamClosedError(
        f"{verb}: expected an open stream, got one that was closed; open another, from its "
        "snapshot perhaps"
    )
