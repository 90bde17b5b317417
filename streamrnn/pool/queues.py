"""What was fed and waits for the next tick: frames, or sound that is to become frames then."""

from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import NetworkConfig
from streamrnn.decoders.base import Counts, Positions
from streamrnn.engines.base import Engine, refused
from streamrnn.errors import InputError, QueueFullError
from streamrnn.frontends.audio_arena import AudioArena
from streamrnn.frontends.base import NO_FRAMES, Frames
from streamrnn.frontends.samples import flat_samples, not_finite
from streamrnn.kernels.queues import COUNT, POSITION, SLOT, queue_frames, queue_sound
from streamrnn.pool.waiting import Taken, WaitingRows

_RETAINED = 8  # more than the samples that text retains: bytes of half a character


class Work(Protocol):
    """The frames of some streams, ready for the network."""

    values: NDArray[np.float32]
    """All frames, (rows, input_size)."""
    slots: Counts
    """The streams, (streams,), each once."""
    firsts: Counts
    """Where the frames of each begin."""
    counts: Counts
    """How many they are, one or more."""

    def told(self, n: int, first: int, end: int) -> tuple[Frames, Positions]:
        """Of the n-th stream, whose frames these are: what decoding needs, positions."""
        ...


class Queue(Protocol):
    """Holds what was fed until a tick takes it."""

    rows: WaitingRows
    """What waits."""

    def feed(self, slot: int, state: Any, chunk: Any, position: int) -> int:
        """Check a chunk and queue it.

        Args:
            slot: of the stream.
            state: its front end.
            chunk: as `Stream.feed` takes it.
            position: how many samples the stream had had before.

        Returns:
            How many samples the chunk held.

        Raises:
            InputError: the chunk is refused, by name; the stream is as it was.
        """
        ...

    def work(self, taken: Taken) -> Work:
        """Make frames of what was taken."""
        ...

    def frames_waiting(self, slot: int, state: Any) -> int:
        """How many frames a stream with this front end has waiting; of sound, whole hops."""
        ...


class FrameQueue:
    """Frames, made when a chunk is fed: by front ends that cost little."""

    def __init__(self, engine: Engine, network: NetworkConfig, capacity: int, limit: int) -> None:
        self._careful, self._expect = engine.may_refuse, engine.expect
        self._network, self._limit = network, limit
        self._tokens = network.vocabulary_size if network.encoder == "embedding" else 0
        self.rows = WaitingRows(network.input_size, np.float32, capacity)

    def feed(self, slot: int, state: Any, chunk: Any, position: int) -> int:
        """Make frames of a chunk and queue them; see `Queue`."""
        waiting = self.rows.counts.item(slot)
        # A chunk makes no more frames than it has samples: only near the limit is a copy needed.
        before = state.arrays() if waiting + _length(chunk) + _RETAINED > self._limit else {}
        if self._careful:
            state.hold()
        frames: Frames = state.feed(chunk)
        values, count = frames.values, len(frames.values)
        if waiting + count > self._limit:
            state.restore(before)
            raise full(waiting, count, self._limit)
        if not count:
            return frames.samples
        if not values.flags.carray:
            values = values.copy()  # numba would compile anew for a read-only array
        if self._careful:
            try:
                self._expect(values)
            except InputError:
                state.undo()
                raise
        waiting_rows, first = self.rows.room(count)
        table, number = self.rows.next_chunk()
        bad = queue_frames(
            *(values, self._tokens, waiting_rows, first),
            *(table, number, self.rows.counts, slot, position),
        )
        if bad >= 0:
            raise refused(self._network, values, bad)
        simple = frames.offsets is None and frames.times is None
        self.rows.noted(count, None if simple else frames)
        return frames.samples

    def work(self, taken: Taken) -> "FrameWork":
        """They are frames already."""
        return FrameWork(taken)

    def frames_waiting(self, slot: int, state: Any) -> int:
        """How many frames a stream has waiting."""
        return int(self.rows.counts[slot])


def _length(chunk: Any) -> int:
    """How many samples a chunk has; 0 of what is no chunk, which the front end refuses."""
    if isinstance(chunk, memoryview):
        return chunk.nbytes
    try:
        return len(chunk)
    except TypeError:
        return 0


class FrameWork:
    """Frames that waited; see `Work`."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self.values = taken.rows
        self.slots, self.firsts, self.counts = taken.slots, taken.firsts, taken.counts

    def told(self, n: int, first: int, end: int) -> tuple[Frames, Positions]:
        """Of the n-th stream: what decoding needs of its frames, positions."""
        head, begin, alone = self._heads[n]
        notes = self._taken.notes
        if notes[head] is None:
            return NO_FRAMES, range(begin + 1, begin + 1 + end - first)
        chunks = [head] if alone else self._chunks[int(self.slots[n])]
        parts: list[Frames] = [notes[chunk] for chunk in chunks]
        frames = parts[0] if alone else _joined(parts)
        if parts[0].offsets is None:
            return frames, range(begin + 1, begin + 1 + end - first)
        before = self._taken.table[chunks, POSITION]
        ends = [start + part.offsets for start, part in zip(before, parts, strict=True)]
        return frames, np.concatenate(ends)

    @cached_property
    def _heads(self) -> list[tuple[int, int, bool]]:
        """Of each stream its first chunk, the position before it, and whether it is the only."""
        heads, table = self._taken.heads, self._taken.table
        alone = table[heads, COUNT] == self.counts
        begins = table[heads, POSITION].tolist()
        return list(zip(heads.tolist(), begins, alone.tolist(), strict=True))

    @cached_property
    def _chunks(self) -> dict[int, list[int]]:
        """The chunks of each slot."""
        found: dict[int, list[int]] = {}
        for chunk, slot in enumerate(self._taken.table[:, SLOT].tolist()):
            found.setdefault(slot, []).append(chunk)
        return found


def _joined(parts: list[Frames]) -> Frames:
    """What several chunks of one stream tell, without the frames themselves."""

    def whole(arrays: list[Any]) -> Any:
        return None if arrays[0] is None else np.concatenate(arrays)

    return Frames(
        NO_FRAMES.values,
        0,
        times=whole([part.times for part in parts]),
        context=whole([part.context for part in parts]),
        dims=parts[0].dims,
    )


class SampleQueue:
    """Samples of sound: a tick makes the frames of all streams at once."""

    def __init__(self, arena: AudioArena, capacity: int, limit: int) -> None:
        self._arena, self._limit = arena, limit
        self.rows = WaitingRows(1, np.float64, capacity)

    def feed(self, slot: int, state: Any, chunk: Any, position: int) -> int:
        """Queue the samples of a chunk; see `Queue`."""
        samples, count, scale = flat_samples(chunk, state.channels)
        waiting, most = self.rows.counts.item(slot), self._limit * state.hop
        if waiting + count > most:
            raise full(int(waiting / state.hop), int(count / state.hop), self._limit)
        if count:
            rows, first = self.rows.room(count)
            table, number = self.rows.next_chunk()
            bad = queue_sound(
                *(samples, count, scale, rows, first),
                *(table, number, self.rows.counts, slot, position),
            )
            if bad >= 0:
                raise not_finite(chunk, bad)
            self.rows.noted(count)
        return count

    def work(self, taken: Taken) -> "SampleWork":
        """Make the frames of all streams."""
        return SampleWork(taken, self._arena)

    def frames_waiting(self, slot: int, state: Any) -> int:
        """How many whole hops of sound a stream has waiting."""
        return int(self.rows.counts[slot] / state.hop)


class SampleWork:
    """The frames of sound that waited; see `Work`."""

    def __init__(self, taken: Taken, arena: AudioArena) -> None:
        samples = taken.rows.reshape(-1)
        self._heard = arena.hear(taken.slots, taken.firsts, taken.counts, samples)
        some = self._heard.counts > 0
        self.values, self.slots = self._heard.values, taken.slots[some]
        self.firsts, self.counts = self._heard.firsts[some], self._heard.counts[some]
        self._rates = self._heard.rates[some]

    def told(self, n: int, first: int, end: int) -> tuple[Frames, Positions]:
        """Of the n-th stream: no more than rate and positions."""
        frames = Frames(NO_FRAMES.values, 0, rate=self._rates.item(n))
        return frames, self._heard.positions[first:end]


def full(waiting: int, more: int, limit: int) -> QueueFullError:
    """The error of a queue over its limit."""
    return QueueFullError(
        f"chunk: expected at most {limit} frames to wait, got {more} more where {waiting} do; "
        "tick more often, feed less at once, or open the pool with a larger queue"
    )
