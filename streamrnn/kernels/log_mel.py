"""Samples → columns of a log-mel spectrogram, stacked into frames.

Column t sees the samples from t·hop to t·hop + window: windowed, zero-padded evenly on both sides
to the transform's size, |X|², triangles on the mel scale, log(· + floor). Every column is computed
alone, whatever chunk its samples came with.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit
from streamrnn.kernels.spectrum import fft_tables, logarithms, power_spectrum

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

ARRIVED, COLUMNS = 0, 1  # samples and columns so far
COUNTS = 2
WINDOW, HOP, FFT, MELS, STACK = 0, 1, 2, 3, 4  # of a plan; then first and end bin of each band
PLAN = 5
SUMS = 4  # interleaved partial sums of a band, added pairwise


def hann(size: int) -> Array:
    """The periodic Hann window, as torch.hann_window: `(size,)`."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)


def mel_bands(bins: int, mels: int, low: float, high: float, rate: int) -> Array:
    """Triangles evenly spaced on the HTK mel scale, 2595 log₁₀(1 + f / 700), of height 1.

    As torchaudio.functional.melscale_fbanks with norm None, float32 roundings included: where a
    loud tone lies at the foot of a triangle they show in the fourth digit of the logarithm.

    Args:
        bins: N/2 + 1 of the transform.
        mels: number of bands.
        low: where the first band begins, Hz.
        high: where the last band ends, Hz.
        rate: samples a second.

    Returns:
        The weight of each bin in each band, `(mels, bins)`.
    """
    edges = _evenly(
        2595.0 * math.log10(1.0 + low / 700.0), 2595.0 * math.log10(1.0 + high / 700.0), mels + 2
    )
    powers = np.power(10.0, (edges / np.float32(2595.0)).astype(np.float64)).astype(np.float32)
    hertz = np.float32(700.0) * (powers - np.float32(1.0))
    away = hertz[:, None] - _evenly(0.0, rate // 2, bins)
    width = np.diff(hertz)[:, None]
    bands = np.minimum(-away[:-2] / width[:-1], away[2:] / width[1:])
    return np.maximum(np.float32(0.0), bands).astype(np.float64)


def _evenly(first: float, last: float, count: int) -> NDArray[np.float32]:
    """`count` float32 from first to last, from both ends to the middle, as torch.linspace."""
    low, high = np.float32(first), np.float32(last)
    step = float((high - low) / np.float32(count - 1))
    k = np.arange(count)
    values = np.where(k < count // 2, float(low) + step * k, float(high) - step * (count - 1 - k))
    return values.astype(np.float32)


def log_mel_tables(
    *, window: int, hop: int, fft: int, bands: Array, stack: int, floor: float
) -> tuple[Array, Counts]:
    """What `log_mel_frames` needs: numbers (floor, window, bands, factors) and sizes."""
    plan = [window, hop, fft, len(bands), stack]
    weights: list[Array] = []
    for band in bands:
        inside = np.flatnonzero(band)
        first, end = (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, 0)
        plan += [first, end]
        weights.append(band[first:end])
    tables = np.concatenate([[floor], hann(window), *weights, fft_tables(fft)])
    return tables, np.array(plan, np.int64)


@jit
def mix_down(samples: NDArray[Any], scale: float, signal: Array) -> int:
    """Scale samples `(n, channels)` and take the mean of the channels.

    Returns:
        The row of the first sample that is not finite; −1: there is none, and signal `(n,)` is
        written.
    """
    channels = samples.shape[1]
    for row in range(samples.shape[0]):
        total = 0.0
        for channel in range(channels):
            total += np.float64(samples[row, channel])
        if not total - total == 0.0:
            return row
        signal[row] = total * scale / channels
    return -1


@jit
def log_mel_frames(
    signal: Array,
    tables: Array,
    plan: Counts,
    kept: Array,
    pending: Array,
    counts: Counts,
    frames: NDArray[np.float32],
    ends: Counts,
) -> int:
    """Take samples, write the frames that they complete.

    Args:
        signal: new samples.
        tables: of `log_mel_tables`.
        plan: of `log_mel_tables`.
        kept: the latest samples, updated in place; zeros begin a stream.
        pending: columns of an unfinished frame, updated in place.
        counts: what has come so far, updated in place; zeros begin a stream.
        frames: written, one row a frame, the earliest column first.
        ends: written: how many samples of the whole stream had arrived at each frame.

    Shape:
        signal `(n,)`, kept `(window,)`, pending `((stack - 1) * mels,)`, counts `(COUNTS,)`,
        frames `(at least n // hop + 1, stack * mels)`, ends as many.

    Returns:
        How many frames were written.
    """
    window, hop, fft = plan[WINDOW], plan[HOP], plan[FFT]
    mels, stack = plan[MELS], plan[STACK]
    floor = tables[0]
    weight = tables[1 : 1 + window]
    total = 0
    for band in range(mels):
        total += plan[PLAN + 2 * band + 1] - plan[PLAN + 2 * band]
    bands = tables[1 + window : 1 + window + total]
    factors = tables[1 + window + total :]

    before = counts[ARRIVED]
    arrived = before + signal.shape[0]
    padded = np.zeros(fft)
    lead = (fft - window) // 2
    scratch = np.empty(2 * fft)
    power = np.empty(fft // 2 + 1)
    column = np.empty(mels)
    written = 0
    while counts[COLUMNS] * hop + window <= arrived:
        # Where the window begins in the chunk; before 0 it lies in what was kept.
        start = counts[COLUMNS] * hop - before
        old = min(max(-start, 0), window)
        for k in range(old):
            padded[lead + k] = weight[k] * kept[window + start + k]
        for k in range(old, window):
            padded[lead + k] = weight[k] * signal[start + k]
        power_spectrum(padded, factors, scratch, power)
        at = 0
        for band in range(mels):
            first, end = plan[PLAN + 2 * band], plan[PLAN + 2 * band + 1]
            a, b, c, d = 0.0, 0.0, 0.0, 0.0
            k = first
            while k + SUMS <= end:
                a += bands[at] * power[k]
                b += bands[at + 1] * power[k + 1]
                c += bands[at + 2] * power[k + 2]
                d += bands[at + 3] * power[k + 3]
                at += SUMS
                k += SUMS
            while k < end:
                a += bands[at] * power[k]
                at += 1
                k += 1
            column[band] = floor + ((a + b) + (c + d))
        logarithms(column)
        place = counts[COLUMNS] % stack
        counts[COLUMNS] += 1
        if place < stack - 1:
            pending[place * mels : (place + 1) * mels] = column
            continue
        row = frames[written]
        for k in range((stack - 1) * mels):
            row[k] = pending[k]
        for k in range(mels):
            row[(stack - 1) * mels + k] = column[k]
        ends[written] = before + start + window
        written += 1

    fresh = signal.shape[0]
    if fresh >= window:
        kept[:] = signal[fresh - window :]
    elif fresh:
        for k in range(window - fresh):
            kept[k] = kept[k + fresh]
        kept[window - fresh :] = signal
    counts[ARRIVED] = arrived
    return written
