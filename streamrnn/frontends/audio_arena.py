"""The front ends of many streams of sound, whose frames are made by one call."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrnn.frontends.audio_state import LONG, AudioState, conversion, fresh_memory
from streamrnn.frontends.base import Option
from streamrnn.kernels.resample import resample_streams, resample_streams_long
from streamrnn.workers import Workers

if TYPE_CHECKING:
    from streamrnn.frontends.audio import AudioFrontend

Counts = NDArray[np.int64]

# A thread more is worth its while from so many samples on, some 200 µs of log-mel.
_WORTH = 10_000


class Heard(NamedTuple):
    """The frames that samples of many streams completed."""

    values: NDArray[np.float32]
    """Frames, (rows, frame_size); those of one stream lie together, with gaps between streams."""
    firsts: Counts
    """Where those of each stream begin."""
    counts: Counts
    """How many they are."""
    positions: Counts
    """How many samples of its stream had arrived at each, (rows,)."""
    rates: Counts
    """Samples a second of each stream."""


class _Bank:
    """The memory of all streams of one rate, a row a slot; untouched rows cost nothing."""

    def __init__(self, frontend: "AudioFrontend", rate: int, capacity: int) -> None:
        self.rate = rate
        self.conversion = conversion(rate, frontend.framing.sample_rate)
        self.memory = fresh_memory(frontend, rate, capacity)
        self.streams = 0


class AudioArena:
    """The front ends of many streams of sound, in banks of one rate each."""

    def __init__(self, frontend: "AudioFrontend", capacity: int, workers: Workers) -> None:
        self._frontend, self._capacity, self._workers = frontend, capacity, workers
        self._banks: dict[int, _Bank] = {}
        self._rates = np.zeros(capacity, np.int64)

    def stream(self, slot: int, **options: Option) -> AudioState:
        """The front end of a stream in a slot that was left fresh; see `AudioFrontend.stream`."""
        rate, channels = self._frontend.opened(**options)
        bank = self._banks.get(rate)
        if bank is None:
            bank = self._banks[rate] = _Bank(self._frontend, rate, self._capacity)
        bank.streams += 1
        self._rates[slot] = rate
        rows = {name: array[slot : slot + 1] for name, array in bank.memory.items()}
        return AudioState(self._frontend, rate, channels, rows)

    def release(self, slot: int) -> None:
        """Take back what a slot had: a bank goes with the last of its streams."""
        bank = self._banks[int(self._rates[slot])]
        bank.streams -= 1
        if not bank.streams:
            del self._banks[bank.rate]

    def hear(
        self, slots: Counts, firsts: Counts, counts: Counts, samples: NDArray[np.float64]
    ) -> Heard:
        """Take samples of some streams, give the frames that they completed.

        Args:
            slots: which streams, (streams,), each once.
            firsts: where the samples of each begin, (streams,).
            counts: how many they are, (streams,).
            samples: mixed down to one channel, full scale ±1.
        """
        frontend = self._frontend
        rates = self._rates[slots]
        length = frontend.framing.step
        room = np.empty(len(slots), np.int64)
        for bank in self._banks.values():
            mine = rates == bank.rate
            how = bank.conversion
            made = counts[mine] if how is None else counts[mine] * how.after // how.before + 2
            room[mine] = made // length + 1
        places = np.cumsum(room) - room
        rows = int(room.sum())
        values = np.empty((rows, frontend.frame_size), np.float32)
        positions = np.empty(rows, np.int64)
        found = np.empty(len(slots), np.int64)
        for bank in self._banks.values():
            mine = np.flatnonzero(rates == bank.rate)
            if not len(mine):
                continue
            those = slots[mine], firsts[mine], counts[mine]
            found[mine] = self._hear(bank, *those, samples, places[mine], values, positions)
            if bank.conversion:
                at = _rows_of(places[mine], found[mine])
                positions[at] = bank.conversion.arrived(positions[at])
        return Heard(values, places, found, positions, rates)

    def _hear(
        self,
        bank: _Bank,
        slots: Counts,
        firsts: Counts,
        counts: Counts,
        samples: NDArray[np.float64],
        places: Counts,
        values: NDArray[np.float32],
        ends: Counts,
    ) -> Counts:
        """Frames of some streams of one rate; gives how many of each."""
        found = np.empty(len(slots), np.int64)
        memory, how, frontend = bank.memory, bank.conversion, self._frontend
        work, starts, sizes = samples, firsts, counts
        if how is not None:
            room = counts * how.after // how.before + 2
            starts, sizes = np.cumsum(room) - room, np.empty_like(counts)
            work = np.empty(int(room.sum()))

        short = int(counts.sum()) < LONG
        resample = resample_streams if short else resample_streams_long
        framing = frontend.framing
        frame = framing.short if short else framing.long
        framed = tuple(memory[name] for name in framing.memory)

        def part(which: int, of: int) -> None:
            mine = slice(len(slots) * which // of, len(slots) * (which + 1) // of)
            own = slots[mine]
            if how is not None:
                resample(
                    *(samples, own, firsts[mine], counts[mine], how.sets, how.first, how.before),
                    *(memory["heard"], memory["converted"], starts[mine], work, sizes[mine]),
                )
            frame(
                *(work, own, starts[mine], sizes[mine], *framing.tables, *framed),
                *(places[mine], values, ends, found[mine]),
            )

        self._workers.run(part, min(int(counts.sum()) // _WORTH, len(slots)))
        return found


def _rows_of(firsts: Counts, counts: Counts) -> Counts:
    """The numbers of all rows of streams, given where those of each begin and how many they are."""
    ends = np.cumsum(counts)
    rows: Counts = np.arange(ends[-1], dtype=np.int64)
    rows += np.repeat(firsts - (ends - counts), counts)
    return rows
