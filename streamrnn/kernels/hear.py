"""Sound of many streams → their frames, by one call."""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit_nogil
from streamrnn.kernels.log_mel import log_mel_frames
from streamrnn.kernels.resample import resample

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


@jit_nogil
def hear(
    signal: Array,
    slots: Counts,
    firsts: Counts,
    counts: Counts,
    tables: Array,
    plan: Counts,
    kept: Array,
    pending: Array,
    seen: Counts,
    places: Counts,
    frames: NDArray[np.float32],
    ends: Counts,
    found: Counts,
) -> None:
    """`log_mel_frames` for some streams.

    Args:
        signal: samples of all of them.
        slots: which state each stream has, `(streams,)`.
        firsts: where the samples of each begin, `(streams,)`.
        counts: how many they are, `(streams,)`.
        tables: see `log_mel_frames`, as all that follows, of which states have a row a slot.
        plan: sizes.
        kept: latest samples, updated in place.
        pending: columns of unfinished frames, updated in place.
        seen: what has come so far, updated in place.
        places: the row at which the frames of each begin, `(streams,)`.
        frames: written, those of a stream from its place on.
        ends: written likewise.
        found: how many frames each stream got, `(streams,)`; written.
    """
    for n in range(slots.shape[0]):
        slot, at = slots[n], places[n]
        found[n] = log_mel_frames(
            signal[firsts[n] : firsts[n] + counts[n]],
            tables,
            plan,
            kept[slot],
            pending[slot],
            seen[slot],
            frames[at:],
            ends[at:],
        )


@jit_nogil
def hear_converted(
    signal: Array,
    slots: Counts,
    firsts: Counts,
    counts: Counts,
    sets: Array,
    offsets: Counts,
    before: int,
    heard: Array,
    converted: Counts,
    tables: Array,
    plan: Counts,
    kept: Array,
    pending: Array,
    seen: Counts,
    places: Counts,
    frames: NDArray[np.float32],
    ends: Counts,
    found: Counts,
) -> None:
    """`hear` for streams of another rate, all of the same; see `resample` for what it needs."""
    longest = 0
    for n in range(slots.shape[0]):
        longest = max(longest, counts[n])
    work = np.empty(longest * sets.shape[0] // before + 2)
    for n in range(slots.shape[0]):
        slot, at = slots[n], places[n]
        new = signal[firsts[n] : firsts[n] + counts[n]]
        got = resample(new, sets, offsets, before, heard[slot], converted[slot], work)
        found[n] = log_mel_frames(
            work[:got], tables, plan, kept[slot], pending[slot], seen[slot], frames[at:], ends[at:]
        )
