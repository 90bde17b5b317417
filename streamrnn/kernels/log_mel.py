"""Samples → columns of a log-mel spectrogram, stacked into frames.

Column t sees the samples from t·hop to t·hop + window: windowed, zero-padded evenly on both sides
to the transform's size, |X|², triangles on the mel scale, log(· + floor). Every column is computed
alone, whatever chunk its samples came with.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import inline, jit, jit_nogil
from streamrnn.kernels.mel import FFT, HOP, MELS, PLAN, STACK, WINDOW
from streamrnn.kernels.spectrum import F8, logarithms, power_spectra
from streamrnn.kernels.vector import (
    add,
    address_of,
    constant,
    lane_count,
    load,
    multiply,
    store,
    zeros64,
)

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

ARRIVED, COLUMNS = 0, 1  # samples and columns so far
COUNTS = 2
SUMS = 4  # interleaved partial sums of a band, added pairwise
LANES = 8  # columns that are computed side by side
FEW = 3  # so many of them cost less side by side than one by one


@jit
def mix_down(samples: NDArray[Any], channels: int, scale: float, signal: Array) -> int:
    """Scale samples `(n · channels,)` and take the mean of the channels.

    Returns:
        The row of the first sample that is not finite; −1: there is none, and all of signal
        `(n,)` is written.
    """
    rows = signal.shape[0]
    if channels == 1:  # in a loop without a way out, which takes many samples at a time
        bad = 0
        for row in range(rows):
            sample = np.float64(samples[row])
            bad += not sample - sample == 0.0
            signal[row] = sample * scale
        if not bad:
            return -1
    for row in range(rows):
        total = 0.0
        for channel in range(channels):
            total += np.float64(samples[row * channels + channel])
        if not total - total == 0.0:
            return row
        signal[row] = total * scale / channels
    return -1


@inline
def log_mel_columns(
    like: Any,
    padded: Array,
    tables: Array,
    plan: Counts,
    factors: Array,
    scratch: Array,
    power: Array,
    columns: Array,
) -> None:
    """Columns of windows that lie side by side, each computed as it would be alone.

    Args:
        like: a vector with a lane for each window; see `power_spectra`.
        padded: windowed samples, `(fft · lanes,)`, sample after sample.
        tables: of `log_mel_tables`.
        plan: of `log_mel_tables`.
        factors: of `fft_tables`.
        scratch: `(2 · fft · lanes,)`.
        power: `((fft / 2 + 1) · lanes,)`.
        columns: written, `(mels · lanes,)`, band after band.
    """
    power_spectra(like, padded, factors, scratch, power)
    step = F8 * lane_count(like)
    floor, at = constant(like, tables[0]), 1 + plan[WINDOW]
    for band in range(plan[MELS]):
        first, end = plan[PLAN + 2 * band], plan[PLAN + 2 * band + 1]
        place = address_of(power) + step * first
        a, b, c, d = like, like, like, like
        last = at + end - first
        while at + SUMS <= last:
            a = add(a, multiply(constant(like, tables[at]), load(like, place)))
            b = add(b, multiply(constant(like, tables[at + 1]), load(like, place + step)))
            c = add(c, multiply(constant(like, tables[at + 2]), load(like, place + 2 * step)))
            d = add(d, multiply(constant(like, tables[at + 3]), load(like, place + 3 * step)))
            at += SUMS
            place += SUMS * step
        while at < last:
            a = add(a, multiply(constant(like, tables[at]), load(like, place)))
            at += 1
            place += step
        total = add(floor, add(add(a, b), add(c, d)))
        store(address_of(columns) + step * band, total)
    logarithms(columns)


@inline
def window_samples(
    signal: Array, start: int, kept: Array, weight: Array, lane: int, lanes: int, into: Array
) -> None:
    """Window the samples from `start` on; before 0 they lie at the end of what was kept."""
    window = weight.shape[0]
    old = min(max(-start, 0), window)
    for k in range(old):
        into[k * lanes + lane] = weight[k] * kept[window + start + k]
    for k in range(old, window):
        into[k * lanes + lane] = weight[k] * signal[start + k]


@inline
def keep_latest(signal: Array, kept: Array) -> None:
    """Keep the latest samples, as many as fit."""
    fresh, window = signal.shape[0], kept.shape[0]
    if fresh >= window:
        kept[:] = signal[fresh - window :]
    elif fresh:
        for k in range(window - fresh):
            kept[k] = kept[k + fresh]
        kept[window - fresh :] = signal


@jit_nogil
def log_mel_streams_long(
    samples: Array,
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
    """Take samples of some streams, write the frames that they complete; without the GIL.

    Columns are computed `LANES` at a time, whosesoever they are, while there are enough of them.

    Args:
        samples: new ones, of all streams.
        slots: which state each stream has.
        firsts: where the samples of each begin.
        counts: how many they are.
        tables: of `log_mel_tables`.
        plan: of `log_mel_tables`.
        kept: the latest samples of each slot, updated in place; zeros begin a stream.
        pending: columns of an unfinished frame, updated in place.
        seen: what has come so far, updated in place; zeros begin a stream.
        places: the row of `frames` and `ends` at which those of each stream begin.
        frames: written, one row a frame, the earliest column first.
        ends: written: how many samples of its whole stream had arrived at each frame.
        found: how many frames each stream got; written.

    Shape:
        samples `(n,)`; slots, firsts, counts, places, found `(streams,)`; kept `(slots, window)`,
        pending `(slots, (stack - 1) · mels)`, seen `(slots, COUNTS)`; frames
        `(rows, stack · mels)`, ends `(rows,)`, with room for counts // hop + 1 of each stream.
    """
    window, hop, fft = plan[WINDOW], plan[HOP], plan[FFT]
    mels, stack = plan[MELS], plan[STACK]
    weight = tables[1 : 1 + window]
    factors = tables[plan[PLAN + 2 * mels] :]
    lead = (fft - window) // 2
    due = 0
    for n in range(slots.shape[0]):
        state = seen[slots[n]]
        due += max(0, (state[ARRIVED] + counts[n] - window) // hop + 1 - state[COLUMNS])
    wide = due if due % LANES >= FEW else due // LANES * LANES
    lanes = LANES if wide else 1
    padded = np.zeros(fft * lanes)
    scratch = np.empty(2 * fft * lanes)
    power = np.empty((fft // 2 + 1) * lanes)
    columns = np.empty(mels * lanes)
    streams, numbers = np.empty(LANES, np.int64), np.empty(LANES, np.int64)
    lane = done = 0
    for n in range(slots.shape[0]):
        found[n] = 0
        slot = slots[n]
        state, own = seen[slot], kept[slot]
        signal = samples[firsts[n] : firsts[n] + counts[n]]
        before = state[ARRIVED]
        while state[COLUMNS] * hop + window <= before + counts[n]:
            if done == wide and lanes > 1:
                lanes = 1
                padded, columns = np.zeros(fft), columns[:mels]
                scratch, power = scratch[: 2 * fft], power[: fft // 2 + 1]
            start = state[COLUMNS] * hop - before
            window_samples(signal, start, own, weight, lane, lanes, padded[lead * lanes :])
            streams[lane], numbers[lane] = n, state[COLUMNS]
            state[COLUMNS] += 1
            lane += 1
            done += 1
            if lane < lanes and done < due:
                continue
            if lanes == 1:
                log_mel_columns(zeros64(1), padded, tables, plan, factors, scratch, power, columns)
            else:
                log_mel_columns(
                    zeros64(LANES), padded, tables, plan, factors, scratch, power, columns
                )
            for j in range(lane):
                whose, number = streams[j], numbers[j]
                part = number % stack
                half = pending[slots[whose]]
                if part < stack - 1:
                    for k in range(mels):
                        half[part * mels + k] = columns[k * lanes + j]
                    continue
                at = places[whose] + found[whose]
                row = frames[at]
                for k in range((stack - 1) * mels):
                    row[k] = half[k]
                for k in range(mels):
                    row[(stack - 1) * mels + k] = columns[k * lanes + j]
                ends[at] = number * hop + window
                found[whose] += 1
            lane = 0
        keep_latest(signal, own)
        state[ARRIVED] = before + counts[n]


@jit
def log_mel_streams(
    samples: Array,
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
    """`log_mel_streams_long` with the GIL held, for what is done sooner than it is had back."""
    log_mel_streams_long(
        samples,
        slots,
        firsts,
        counts,
        tables,
        plan,
        kept,
        pending,
        seen,
        places,
        frames,
        ends,
        found,
    )
