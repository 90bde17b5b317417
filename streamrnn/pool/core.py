"""What a pool and its streams share: memory, what waits, and whose turn it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from streamrnn.engines.base import counted_from
from streamrnn.errors import InputError, StreamClosedError
from streamrnn.frontends.audio_arena import AudioArena
from streamrnn.pool.queues import FrameQueue, Queue, SampleQueue, Work
from streamrnn.pool.ready import Batch, Ready
from streamrnn.pool.waiting import Taken
from streamrnn.predictions import Predictions
from streamrnn.workers import Workers, whole_number

if TYPE_CHECKING:
    from streamrnn.model import Model
    from streamrnn.pool.stream import PooledStream

Sequences = list[list[Predictions]]
"""Predictions of one sequence after another, each in its parts; the last sequence goes on."""


class Core:
    """The streams of a pool, slot by slot; used by the pool and its streams alone.

    Two locks: whoever touches what waits, or a stream's front end, has the `gate`, for a moment;
    whoever advances networks has the `turn`, taken before the gate. So one thread may feed while
    another ticks.
    """

    def __init__(self, model: Model, capacity: int, threads: int | None, limit: int) -> None:
        self.model = model
        capacity, limit = whole_number("capacity", capacity), whole_number("queue", limit)
        self.workers = Workers(threads)
        self.frontends = model.frontend.arena(capacity, self.workers)
        self.networks = model.engine.arena(capacity, self.workers)
        self.decoders = model.decoder.arena(capacity)
        self.queue: Queue = (
            SampleQueue(self.frontends, capacity, limit)
            if isinstance(self.frontends, AudioArena)
            else FrameQueue(model.engine, model.config.network, capacity, limit)
        )
        self.streams: list[PooledStream | None] = [None] * capacity
        self.free = list(range(capacity - 1, -1, -1))
        self.ticks = 0
        self.active = np.zeros(capacity, np.int64)
        """The last tick that found something fed, by slot."""
        self.earlier: dict[PooledStream, Sequences] = {}
        """Predictions that are known, and not taken yet."""
        self.refused: dict[PooledStream, InputError] = {}
        """Why streams were closed since the last tick, as their networks took no more."""
        self.gate, self.turn = Lock(), Lock()

    def tick(self) -> Ready:
        """Advance all streams that have frames waiting; see `StreamPool.tick`."""
        with self.turn:
            with self.gate:
                taken = self.queue.rows.take(None)
            self.ticks += 1
            self.active[taken.slots] = self.ticks
            work, batch = self._advance(taken)
            owners = map(self.streams.__getitem__, work.slots.tolist())
            streams = {stream: n for n, stream in enumerate(owners) if stream}
            earlier, self.earlier = self.earlier, {}
            refused, self.refused = self.refused, {}
            given: dict[PooledStream, list[Predictions]] = {}
            for stream, (first, *later) in earlier.items():
                given[stream] = first
                if later:  # a sequence has ended: what comes after it waits for the next tick
                    place = streams.pop(stream, None)
                    if place is not None:
                        later[-1].append(batch.predictions(place))
                    if later[0]:
                        self.earlier[stream] = later
        return Ready(batch, streams, given, refused)

    @contextmanager
    def settled(self, stream: PooledStream, verb: str) -> Iterator[None]:
        """Run what one stream has waiting, then have turn and gate, with nothing waiting.

        Raises:
            StreamClosedError: the stream is closed.
        """
        with self.turn:
            while True:
                with self.gate:
                    slot = open_slot(stream, verb)
                    if not self.queue.rows.counts[slot]:
                        yield
                        return
                    taken = self.queue.rows.take(slot)
                work, batch = self._advance(taken)
                if work.slots.size and stream.slot >= 0:
                    sequences = self.earlier.setdefault(stream, [[]])
                    sequences[-1].append(batch.predictions(0))

    def ended(self, stream: PooledStream) -> None:
        """Part the predictions of a stream that are known from those of its next sequence."""
        sequences = self.earlier.get(stream)
        if sequences and sequences[-1]:
            sequences.append([])

    def leave(self, stream: PooledStream) -> None:
        """Give a stream's slot back, clean; the caller has turn and gate."""
        self.queue.rows.drop(stream.slot)
        stream.clean()
        self.frontends.release(stream.slot)
        self.streams[stream.slot] = None
        self.free.append(stream.slot)
        stream.slot = -1

    def _advance(self, taken: Taken) -> tuple[Work, Batch]:
        """Make frames and run them; what fails half way closes the streams concerned.

        A stream whose network refuses a frame is closed alone; `refused` tells why.
        """
        try:
            work = self.queue.work(taken)
            batch, refused = self._run(work)
        except BaseException:
            with self.gate:
                for slot in taken.slots.tolist():
                    stream = self.streams[slot]
                    if stream is not None:
                        self.leave(stream)
            raise
        if refused:
            with self.gate:
                for slot, error in refused.items():
                    stream = self.streams[slot]
                    if stream is not None:
                        stream.refused = self.refused[stream] = error
                        self.leave(stream)
        return work, batch

    def _run(self, work: Work) -> tuple[Batch, dict[int, InputError]]:
        """Advance streams by their frames, up to each step at which a reset may be due."""
        refused: dict[int, InputError] = {}
        outputs = np.empty((len(work.values), self.model.config.network.output_width), np.float32)
        record = self.decoders.record(outputs)
        slots, firsts, left = work.slots, work.firsts, work.counts
        while len(slots):
            most = self.decoders.most_steps(slots)
            steps = left if most is None else np.minimum(left, most)
            failed = self.networks.run(slots, firsts, steps, work.values, outputs)
            for slot, error in failed.items():
                before = firsts[slots == slot] - work.firsts[work.slots == slot]
                refused.setdefault(slot, counted_from(before.item(), error))
            self.decoders.decode(record, slots, firsts, steps)
            due = self.decoders.resets_due(slots)
            if len(due):
                self.networks.reset(due)
            if most is None:
                break
            more = left > steps
            slots, firsts, left = slots[more], (firsts + steps)[more], (left - steps)[more]
        return Batch(work, outputs, record), refused


def open_slot(stream: PooledStream, verb: str) -> int:
    """The slot of a stream that is open.

    Raises:
        StreamClosedError: it is closed.
    """
    if stream.slot < 0:
        why = f", as its network refused what waited: {stream.refused}" if stream.refused else ""
        raise StreamClosedError(
            f"{verb}: expected an open stream, got one that was closed{why}; open another, from "
            "its snapshot perhaps"
        ) from stream.refused
    return stream.slot
