"""Samples → frames that are the samples themselves, each after the last ones of the frame before.

Frame t holds the samples from (t + 1)·hop − width to (t + 1)·hop; before 0 there are zeros.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import inline, jit, jit_nogil
from streamrnn.kernels.log_mel import ARRIVED, COLUMNS, keep_latest, mix_down

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


@inline
def frames_of(
    signal: Array, hop: int, kept: Array, state: Counts, frames: NDArray[np.float32]
) -> int:
    """Take samples `(n,)` of one stream, write the frames that they complete.

    Args:
        signal: new samples.
        hop: new samples of a frame.
        kept: the latest samples `(width,)`, updated in place.
        state: what has come so far `(COUNTS,)`, updated in place.
        frames: written, `(at least as many as come, width)`.

    Returns:
        How many frames there are.
    """
    width = frames.shape[1]
    before = state[ARRIVED]
    arrived = before + signal.shape[0]
    found = 0
    while (state[COLUMNS] + 1) * hop <= arrived:
        end = (state[COLUMNS] + 1) * hop
        start = end - width - before
        old = min(max(-start, 0), width)
        row = frames[found]
        for k in range(old):
            row[k] = kept[width + start + k]
        for k in range(old, width):
            row[k] = signal[start + k]
        state[COLUMNS] += 1
        found += 1
    keep_latest(signal, kept)
    state[ARRIVED] = arrived
    return found


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
    for n in range(slots.shape[0]):
        slot, at = slots[n], places[n]
        signal = samples[firsts[n] : firsts[n] + counts[n]]
        before = seen[slot, COLUMNS]
        found[n] = frames_of(signal, hop, kept[slot], seen[slot], frames[at:])
        for k in range(found[n]):
            ends[at + k] = (before + k + 1) * hop


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


@jit
def waveform_chunk(
    samples: NDArray[Any],
    scale: float,
    channels: int,
    hop: int,
    kept: Array,
    seen: Counts,
    kept_before: Array,
    seen_before: Counts,
    frames: NDArray[np.float32],
) -> int:
    """Make the frames of a chunk as it came: of one stream, at the network's own rate.

    It is `mix_down` and `waveform_streams` in one call: each by itself does less than its call
    costs.

    Args:
        samples: the chunk, `(n · channels,)`.
        scale: see `mix_down`.
        channels: likewise.
        hop: new samples of a frame.
        kept: as `waveform_streams_long` takes it, of one slot.
        seen: likewise.
        kept_before: what `kept` was; written.
        seen_before: what `seen` was; written.
        frames: written, `(T, width)`, as many as the chunk completes.

    Returns:
        The row of the first sample that is not finite, and nothing is changed; else −1.
    """
    signal = np.empty(samples.shape[0] // channels)
    bad = mix_down(samples, channels, scale, signal)
    if bad >= 0:
        return bad
    kept_before[:] = kept
    seen_before[:] = seen
    frames_of(signal, hop, kept[0], seen[0], frames)
    return -1
