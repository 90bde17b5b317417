"""Samples → frames that are the samples themselves, each after the last ones of the frame before.

Frame t holds the samples from (t + 1)·hop − width to (t + 1)·hop; before 0 there are zeros.
"""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit, jit_nogil
from streamrnn.kernels.log_mel import ARRIVED, COLUMNS, keep_latest

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


@jit_nogil
def waveform_streams_long(
    samples: Array,
    slots: Counts,
    firsts: Counts,
    counts: Counts,
    hop: int,
    kept: Array,
    seen: Counts,
    places: Counts,
    frames: NDArray[np.float32],
    ends: Counts,
    found: Counts,
) -> None:
    """Take samples of some streams, write the frames that they complete; without the GIL.

    Args:
        samples: new ones, of all streams.
        slots: which state each stream has.
        firsts: where the samples of each begin.
        counts: how many they are.
        hop: new samples of a frame.
        kept: the latest samples of each slot, updated in place; zeros begin a stream.
        seen: what has come so far, updated in place; zeros begin a stream.
        places: the row of `frames` and `ends` at which those of each stream begin.
        frames: written, one row a frame.
        ends: written: how many samples of its whole stream had arrived at each frame.
        found: how many frames each stream got; written.

    Shape:
        samples `(n,)`; slots, firsts, counts, places, found `(streams,)`; kept `(slots, width)`,
        seen `(slots, COUNTS)`; frames `(rows, width)`, ends `(rows,)`, with room for
        counts // hop + 1 of each stream.
    """
    width = frames.shape[1]
    for n in range(slots.shape[0]):
        found[n] = 0
        state, own = seen[slots[n]], kept[slots[n]]
        signal = samples[firsts[n] : firsts[n] + counts[n]]
        before = state[ARRIVED]
        arrived = before + counts[n]
        while (state[COLUMNS] + 1) * hop <= arrived:
            end = (state[COLUMNS] + 1) * hop
            start = end - width - before
            old = min(max(-start, 0), width)
            at = places[n] + found[n]
            row = frames[at]
            for k in range(old):
                row[k] = own[width + start + k]
            for k in range(old, width):
                row[k] = signal[start + k]
            ends[at] = end
            state[COLUMNS] += 1
            found[n] += 1
        keep_latest(signal, own)
        state[ARRIVED] = arrived


@jit
def waveform_streams(
    samples: Array,
    slots: Counts,
    firsts: Counts,
    counts: Counts,
    hop: int,
    kept: Array,
    seen: Counts,
    places: Counts,
    frames: NDArray[np.float32],
    ends: Counts,
    found: Counts,
) -> None:
    """`waveform_streams_long` with the GIL held, for what is done sooner than it is had back."""
    waveform_streams_long(
        samples, slots, firsts, counts, hop, kept, seen, places, frames, ends, found
    )
