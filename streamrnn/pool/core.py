"""What a pool and its streams share: memory, what waits, and whose turn it is."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from streamrnn.errors import ConfigError
from streamrnn.frontends.audio_arena import AudioArena
from streamrnn.pool.queues import FrameQueue, Queue, SampleQueue, Work
from streamrnn.pool.ready import Batch, Ready
from streamrnn.predictions import Predictions
from streamrnn.workers import Workers

if TYPE_CHECKING:
    from streamrnn.model import Model
    from streamrnn.pool.stream import PooledStream


class Core:
    """The streams of a pool, slot by slot; used by the pool and its streams alone.

    Two locks: whoever touches what waits has the `gate`, for a moment; whoever advances streams
    has the `turn`, taken before the gate. So one thread may feed while another ticks.
    """

    def __init__(self, model: Model, capacity: int, threads: int | None, limit: int) -> None:
        for name, value in (("capacity", capacity), ("queue", limit)):
            if value < 1:
                raise ConfigError(f"{name}: expected 1 or more, got {value}")
        self.model, self.capacity = model, capacity
        self.workers = Workers(threads)
        self.frontends = model.frontend.arena(capacity, self.workers)
        self.networks = model.engine.arena(capacity, self.workers)
        self.decoders = model.decoder.arena(capacity)
        self.queue: Queue = (
            SampleQueue(self.frontends, capacity, limit)
            if isinstance(self.frontends, AudioArena)
            else FrameQueue(model.config.network, capacity, limit)
        )
        self.streams: list[PooledStream | None] = [None] * capacity
        self.free = list(range(capacity - 1, -1, -1))
        self.ticks = 0
        self.active = np.zeros(capacity, np.int64)
        """The last tick that brought frames, by slot."""
        self.earlier: dict[PooledStream, list[Predictions]] = {}
        """Predictions that are known, and not taken yet."""
        self.gate, self.turn = Lock(), Lock()

    def tick(self) -> Ready:
        """Advance all streams that have frames waiting; see `StreamPool.tick`."""
        with self.turn:
            with self.gate:
                taken = self.queue.rows.take(None)
            earlier, self.earlier = self.earlier, {}
            self.ticks += 1
            work = self.queue.work(taken)
            batch = self._run(work)
            owners = map(self.streams.__getitem__, work.slots.tolist())
            streams = {stream: n for n, stream in enumerate(owners) if stream}
        return Ready(batch, streams, earlier)

    def catch_up(self, stream: PooledStream) -> None:
        """Run what one stream has waiting; the caller has the turn."""
        with self.gate:
            taken = self.queue.rows.take(stream.slot)
        batch = self._run(self.queue.work(taken))
        if batch is not None:
            self.earlier.setdefault(stream, []).append(batch.predictions(0))

    def _run(self, work: Work) -> Batch | None:
        """Advance streams by their frames, up to each step at which a reset may be due."""
        if not len(work.slots):
            return None
        outputs = np.empty((len(work.values), self.model.config.network.output_width), np.float32)
        record = self.decoders.record(outputs)
        slots, firsts, left = work.slots, work.firsts, work.counts
        while len(slots):
            most = self.decoders.most_steps(slots)
            steps = left if most is None else np.minimum(left, most)
            self.networks.run(slots, firsts, steps, work.values, outputs)
            self.decoders.decode(record, slots, firsts, steps)
            due = self.decoders.resets_due(slots)
            if len(due):
                self.networks.reset(due)
            if most is None:
                break
            more = left > steps
            slots, firsts, left = slots[more], (firsts + steps)[more], (left - steps)[more]
        self.active[work.slots] = self.ticks
        return Batch(work, outputs, record)

    def forget(self, stream: PooledStream) -> None:
        """Drop what a stream has waiting."""
        with self.gate:
            self.queue.rows.drop(stream.slot)
