"""What may befall a sound between mouth and network: other voices, rooms, noise, microphones."""

import numpy as np
from numpy.typing import NDArray

from streamrnn.tasks.sounds.clips import Signal, converted

SPEEDS, ONCE = range(17, 25), 20  # speeds are twentieths


def at_speed(x: Signal, rng: np.random.Generator) -> Signal:
    """Play a sound at 0.85 to 1.2 times its speed, pitch and all, as a tape does."""
    return converted(x, int(rng.choice(SPEEDS)), ONCE)


def level(x: NDArray[np.floating]) -> float:
    """Root mean square of the loudest fifth of its 20 ms pieces (at 16 kHz); 0 of nothing."""
    pieces = x[: len(x) // 320 * 320].reshape(-1, 320)
    if not len(pieces):
        return 0.0
    power = np.sort((pieces.astype(np.float64) ** 2).mean(axis=1))
    return float(np.sqrt(power[-max(1, len(power) // 5) :].mean()))


def echo(rate: int, rng: np.random.Generator) -> Signal:
    """Make the impulse response of a room: the direct sound, then noise that dies away.

    Polack, La transmission de l'énergie sonore dans les salles, 1988: Gaussian noise under an
    exponential, 60 dB in the reverberation time.
    """
    seconds = rng.uniform(0.1, 0.7)
    count = int(0.6 * seconds * rate)
    tail = rng.normal(size=count) * 10.0 ** (-3.0 * np.arange(count) / (seconds * rate))
    tail[: int(rng.uniform(0.001, 0.01) * rate)] = 0.0
    energy = 10.0 ** rng.uniform(-2.0, 0.3)  # of the echo over that of the direct sound
    tail *= np.sqrt(energy / max(float((tail * tail).sum()), 1e-12))
    tail[0] = 1.0
    return tail.astype(np.float32)


def in_room(x: Signal, response: Signal) -> Signal:
    """Convolve a sound with an impulse response; as long as before."""
    size = 1 << (len(x) + len(response) - 1).bit_length()
    spectrum = np.fft.rfft(x, size) * np.fft.rfft(response, size)
    return np.fft.irfft(spectrum, size)[: len(x)].astype(np.float32)


def coloured(count: int, rng: np.random.Generator) -> Signal:
    """Noise whose spectrum falls by 0 to 12 dB an octave, of root mean square 1."""
    size = 1 << max(count - 1, 1).bit_length()
    spectrum = np.fft.rfft(rng.normal(size=size))
    bins = np.maximum(np.arange(len(spectrum)), 1.0)
    noise = np.fft.irfft(spectrum * bins ** -rng.uniform(0.0, 2.0), size)[:count]
    return (noise / max(float(noise.std()), 1e-12)).astype(np.float32)


def piece(x: Signal, count: int, rng: np.random.Generator) -> Signal:
    """A random piece of a long sound; a short one is repeated."""
    if len(x) < count:
        x = np.tile(x, -(-count // len(x)))
    at = int(rng.integers(0, len(x) - count + 1))
    return x[at : at + count]


def fitted(x: Signal, count: int, at: int) -> Signal:
    """A sound laid into `count` samples of silence at a place, which may lie before the start."""
    out = np.zeros(count, np.float32)
    first, end = max(0, at), min(count, at + len(x))
    if end > first:
        out[first:end] = x[first - at : end - at]
    return out


def microphone(columns: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Colour log-mel columns `(n, mels)` in place: a smooth curve of a few decibels."""
    place = np.linspace(0.0, np.pi, columns.shape[1])
    curve = np.zeros(columns.shape[1])
    for wave in (1, 2, 3):
        curve += rng.normal() * 0.5 * np.cos(wave * place + rng.uniform(0.0, 2 * np.pi))
    columns += curve.astype(np.float32)


def masked(
    columns: NDArray[np.float32], rng: np.random.Generator, fill: NDArray[np.float32]
) -> None:
    """Hide bands of log-mel columns `(n, mels)` in place, and short spans of time.

    SpecAugment, Park et al., 2019, with less of both.
    """
    count, mels = len(columns), len(fill)
    for _ in range(int(rng.integers(0, 3))):
        width = int(rng.integers(1, max(2, mels // 6)))
        low = int(rng.integers(0, mels - width + 1))
        columns[:, low : low + width] = fill[low : low + width]
    for _ in range(int(rng.integers(0, max(2, count // 80)))):
        width = int(rng.integers(1, 9))
        first = int(rng.integers(0, max(1, count - width)))
        columns[first : first + width] = fill
