"""Rows that wait in the order in which they came, some of every stream: checked in, sorted out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit, jit_nogil
from streamrnn.kernels.log_mel import mix_down

Counts = NDArray[np.int64]

# A table of chunks is int64 (chunks, CHUNK): whose they are (−1: dropped), which of the waiting
# rows they are, and how many samples their stream had had before.
SLOT, FIRST, COUNT, POSITION, CHUNK = range(5)


@jit
def note(
    table: Counts, chunk: int, counts: Counts, slot: int, first: int, count: int, position: int
) -> None:
    """Write a chunk into a table, and count its rows among those that wait, `(all slots,)`."""
    table[chunk, SLOT], table[chunk, FIRST] = slot, first
    table[chunk, COUNT], table[chunk, POSITION] = count, position
    counts[slot] += count


@jit
def queue_frames(
    frames: NDArray[np.float32],
    tokens: int,
    waiting: NDArray[np.float32],
    first: int,
    table: Counts,
    chunk: int,
    counts: Counts,
    slot: int,
    position: int,
) -> int:
    """Copy frames to where they wait, and note their chunk, if every one can be taken.

    Args:
        frames: `(n, input_size)`, n ≥ 1.
        tokens: above 0, frames are whole numbers below it.
        waiting: `(rows, input_size)`; written from row `first` on.
        first: the first free row.
        table: of chunks.
        chunk: the next one's number.
        counts: rows that wait, `(all slots,)`.
        slot: whose frames they are.
        position: how many samples the stream had had before.

    Returns:
        −1, or the first frame that is not finite, or no token; nothing is noted then.
    """
    for t in range(frames.shape[0]):
        bad = 0
        for k in range(frames.shape[1]):
            value = frames[t, k]
            bad |= value - value != 0.0
            waiting[first + t, k] = value
        if bad:
            return t
        if tokens > 0:
            value = frames[t, 0]
            if value < 0.0 or value >= tokens or value != np.floor(value):
                return t
    note(table, chunk, counts, slot, first, frames.shape[0], position)
    return -1


@jit
def queue_sound(
    samples: NDArray[Any],
    count: int,
    scale: float,
    waiting: NDArray[np.float64],
    first: int,
    table: Counts,
    chunk: int,
    counts: Counts,
    slot: int,
    position: int,
) -> int:
    """Mix samples down to where they wait, and note their chunk, if all are finite.

    Args:
        samples: `(n · channels,)`.
        count: n, 1 or more.
        scale: that each is multiplied by.
        waiting: `(rows, 1)`; written from row `first` on.
        first: the first free row.
        table: of chunks.
        chunk: the next one's number.
        counts: rows that wait, `(all slots,)`.
        slot: whose samples they are.
        position: how many samples the stream had had before.

    Returns:
        −1, or the first sample that is not finite; nothing is noted then.
    """
    channels = samples.shape[0] // count
    bad = mix_down(samples, channels, scale, waiting[first : first + count, 0])
    if bad < 0:
        note(table, chunk, counts, slot, first, count, position)
    return bad


@jit
def sort_out(
    table: Counts, marks: Counts, slots: Counts, firsts: Counts, counts: Counts, heads: Counts
) -> tuple[int, int]:
    """Find the streams in a table of chunks, in the order of their first chunks.

    Args:
        table: of chunks, `(chunks, CHUNK)`.
        marks: `(all slots,)` of −1; the same afterwards.
        slots: whose each stream's rows are; written.
        firsts: the first of its rows, if they lie together; written.
        counts: how many they are; written.
        heads: its first chunk; written. Like the others, `(chunks,)`.

    Returns:
        How many streams there are, and how many of their chunks follow another of the same stream.
    """
    streams = more = 0
    for chunk in range(table.shape[0]):
        slot = table[chunk, SLOT]
        if slot < 0:
            continue
        n = marks[slot]
        if n < 0:
            n = streams
            marks[slot] = n
            slots[n], firsts[n], heads[n] = slot, table[chunk, FIRST], chunk
            counts[n] = 0
            streams += 1
        else:
            more += 1
        counts[n] += table[chunk, COUNT]
    for n in range(streams):
        marks[slots[n]] = -1
    return streams, more


@jit_nogil
def bring_together(
    table: Counts, marks: Counts, slots: Counts, firsts: Counts, rows: Any, together: Any
) -> None:
    """Copy rows so that those of each stream lie together, in their order.

    Args:
        table: of chunks, `(chunks, CHUNK)`.
        marks: `(all slots,)` of −1; the same afterwards.
        slots: of the streams, `(streams,)`.
        firsts: where the rows of each are to begin, `(streams,)`.
        rows: `(n, width)`.
        together: written; as many.
    """
    for n in range(slots.shape[0]):
        marks[slots[n]] = firsts[n]
    for chunk in range(table.shape[0]):
        slot, first, count = table[chunk, SLOT], table[chunk, FIRST], table[chunk, COUNT]
        if slot >= 0 and count > 0:
            to = marks[slot]
            together[to : to + count] = rows[first : first + count]
            marks[slot] = to + count
    for n in range(slots.shape[0]):
        marks[slots[n]] = -1
