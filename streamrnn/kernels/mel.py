"""What a log-mel spectrogram is made with: window, bands of the mel scale, and where they lie."""

import math

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.spectrum import fft_tables

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

# Of a plan; then first and end bin of each band, and where the factors of the transform begin.
WINDOW, HOP, FFT, MELS, STACK = 0, 1, 2, 3, 4
PLAN = 5


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
    """What `log_mel_streams` needs: numbers (floor, window, bands, factors) and sizes."""
    plan = [window, hop, fft, len(bands), stack]
    weights: list[Array] = []
    for band in bands:
        inside = np.flatnonzero(band)
        first, end = (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, 0)
        plan += [first, end]
        weights.append(band[first:end])
    numbers = np.concatenate([[floor], hann(window), *weights])
    plan.append(len(numbers))
    return np.concatenate([numbers, fft_tables(fft)]), np.array(plan, np.int64)
