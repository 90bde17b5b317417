"""One stream of a pool: the verbs of a stream, but what is fed waits for the pool's tick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from streamrnn.decoders.base import DecoderState
from streamrnn.engines.base import EngineState
from streamrnn.errors import InputError, UnsupportedError
from streamrnn.frontends.base import FrontendState
from streamrnn.pool.core import open_slot
from streamrnn.predictions import Predictions
from streamrnn.state import Arrays, expect_alike
from streamrnn.stream import Parts, read_snapshot

if TYPE_CHECKING:
    from streamrnn.pool.core import Core


class PooledStream(Parts):
    """One stream of a pool; made by `StreamPool.open`.

    Its verbs are those of `Stream`, but `feed` queues: predictions come with the pool's `tick`.
    """

    __slots__ = ("_core", "refused", "slot")

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
        self.refused: InputError | None = None
        """Why its network took no more, and closed it."""

    def take_over(self, arrays: Arrays) -> None:
        """Take over a state that `read_snapshot` gave; for the pool, when it opens the stream."""
        self._take(arrays)

    def clean(self) -> None:
        """Leave the slot fresh; for the pool, when it takes it back."""
        self._forget()

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
            slot, position = open_slot(self, "feed"), self._position
            self._position = position + core.queue.feed(slot, self._frontend, chunk, position)

    def flush(self) -> Predictions:
        """End the sequence: run what waits, give what was retained, then be fresh.

        Returns:
            One prediction for each step that was still retained; often none. Those of what was
            waiting come with the next tick, and none of the next sequence with them.

        Raises:
            EncodingError: text ends in mid-character; the stream is as it was.
            InputError: the network, one of others, refuses what was retained; likewise.
            StreamClosedError: the stream is closed.
        """
        with self._core.settled(self, "flush"):
            tail = self._end(trace=False)
            self._core.ended(self)
        return tail

    def reset(self) -> None:
        """Forget everything, what waits and what was not taken yet too.

        Raises:
            StreamClosedError: the stream is closed.
        """
        core = self._core
        with core.turn, core.gate:
            core.queue.rows.drop(open_slot(self, "reset"))
            core.earlier.pop(self, None)
            self._forget()

    def snapshot(self) -> bytes:
        """Run what waits, and give the state as `Stream.snapshot` does, for `open` or any stream.

        The predictions of what was waiting come with the next tick.

        Raises:
            StreamClosedError: the stream is closed.
        """
        with self._core.settled(self, "snapshot"):
            return self._sealed()

    def restore(self, blob: bytes) -> None:
        """Forget everything, and take over the state of a snapshot.

        Raises:
            StateError: the blob is damaged, no snapshot, or of another model; the stream is as
                it was.
            StreamClosedError: the stream is closed.
        """
        arrays, _ = read_snapshot(blob, self.model, self.options)
        core = self._core
        with core.turn, core.gate:
            slot = open_slot(self, "restore")
            expect_alike(arrays, self._arrays(), what="snapshot")
            core.queue.rows.drop(slot)
            core.earlier.pop(self, None)
            self._take(arrays)

    def evict(self) -> bytes:
        """Take a snapshot and close the stream: `StreamPool.open(state=…)` brings it back.

        Nothing that was fed is lost, even if another thread feeds meanwhile: a chunk is in the
        snapshot, or refused.

        Raises:
            StreamClosedError: the stream is closed.
        """
        with self._core.settled(self, "evict"):
            blob = self._sealed()
            self._core.leave(self)
        return blob

    def close(self) -> None:
        """Give the slot back; what waits is dropped, what is known comes with the next tick.

        To close a stream again does nothing.
        """
        core = self._core
        with core.turn, core.gate:
            if self.slot >= 0:
                core.leave(self)

    @property
    def waiting(self) -> int:
        """How many frames wait for the next tick; of sound, whole hops. 0 once it is closed."""
        core = self._core
        with core.gate:
            return core.queue.frames_waiting(self.slot, self._frontend) if self.slot >= 0 else 0

    @property
    def hidden(self) -> NDArray[np.float32]:
        """A copy of the hidden state after the last tick, (num_layers, hidden_size).

        Raises:
            StreamClosedError: the stream is closed.
        """
        with self._core.turn:
            open_slot(self, "hidden")
            return super().hidden

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise UnsupportedError(
            "a pool's stream: expected to stay in its pool, got copied; take its snapshot along"
        )

    def __repr__(self) -> str:
        place = "closed" if self.slot < 0 else f"slot {self.slot}"
        return f"<PooledStream of {self.model.name!r}: {place}, position {self._position}>"
