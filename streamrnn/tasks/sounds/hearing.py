"""What a network in training hears of a signal: a room, noise beneath it, a microphone, spectra."""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streamrnn.config import AudioConfig
from streamrnn.frontends.audio import AudioFrontend
from streamrnn.tasks.sounds import augment
from streamrnn.tasks.sounds.clips import Signal, Sounds

SPEECH_LEVEL = 0.06  # root mean square of the loudest fifth of speech, about


class Hearing:
    """Ears in random rooms.

    Args:
        noise: long recordings of what is not speech; may be none.
        config: the front end, whose rate all signals have.
        noisy: how many of the signals have a noise beneath them, from 0 to 1.
        faintest_db: how far below speech the faintest such noise is; the loudest is as loud.
    """

    def __init__(
        self,
        noise: Sequence[Signal],
        config: AudioConfig,
        *,
        noisy: float = 0.75,
        faintest_db: float = 40.0,
    ) -> None:
        self.noise, self.config, self.rate = noise, config, config.sample_rate
        self.noisy, self.faintest_db = noisy, faintest_db
        self._frontend = AudioFrontend(replace(config, stack=1))

    def heard(
        self, signal: Signal, rng: np.random.Generator, fill: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """The log-mel columns `(n, mels)` of a signal in a random room, noise and microphone.

        Args:
            signal: speech, about as loud as `SPEECH_LEVEL`.
            rng: where all chance comes from.
            fill: what hidden parts of a spectrum are filled with, `(mels,)`; None: hide nothing.
        """
        columns = self.columns(self._surrounded(signal, rng))
        augment.microphone(columns, rng)
        if fill is not None:
            augment.masked(columns, rng, fill)
        return columns

    def columns(self, signal: Signal) -> NDArray[np.float32]:
        """The log-mel columns of a signal as it is, `(n, mels)`."""
        return self._frontend.stream().feed(signal).values.copy()

    def frames(self, columns: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Stack columns into frames `(steps, stack · mels)`, and say at which sample each ends."""
        stack, hop, window = self.config.stack, self.config.hop, self.config.window
        steps = len(columns) // stack
        ends = (np.arange(1, steps + 1) * stack - 1) * hop + window
        return columns[: steps * stack].reshape(steps, -1), ends

    def quiet(self, count: int, rng: np.random.Generator, recorded: Sounds = ()) -> Signal:
        """No speech: `recorded` silence, noise, coloured noise, or nothing at all."""
        kind = rng.random()
        gain = np.float32(10.0 ** rng.uniform(-1.5, 0.3))
        if kind < 0.5 and len(recorded):
            return augment.fitted(any_of(recorded, rng), count, 0) * gain
        if kind < 0.75 and self.noise:
            return augment.piece(any_of(self.noise, rng), count, rng) * gain
        if kind < 0.85:
            return np.zeros(count, np.float32)
        return augment.coloured(count, rng) * np.float32(0.03) * gain

    def normalisation(
        self, columns: Sequence[NDArray[np.float32]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and one over spread of the bands, `(mels,)` each."""
        joined = np.concatenate(columns).reshape(-1, self.config.mels)
        mean = joined.mean(axis=0, dtype=np.float64)
        scale = 1.0 / (joined.std(axis=0, dtype=np.float64) + 0.1)
        return mean.astype(np.float32), scale.astype(np.float32)

    def _surrounded(self, signal: Signal, rng: np.random.Generator) -> Signal:
        """Put a signal into a room, with a noise that goes on beneath it."""
        if rng.random() < 0.4:
            signal = augment.in_room(signal, augment.echo(self.rate, rng))
        if rng.random() < self.noisy:
            loud = 1.0
            if self.noise and rng.random() < 0.7:
                noise = augment.piece(any_of(self.noise, rng), len(signal), rng)
                loud = max(float(noise.std()), 1e-6)
            else:
                noise = augment.coloured(len(signal), rng)
            decibels = rng.uniform(0.0, self.faintest_db)  # below speech
            gain = SPEECH_LEVEL / loud * 10.0 ** (-decibels / 20.0)
            signal = (signal + gain * noise).astype(np.float32)
        return signal * np.float32(10.0 ** rng.uniform(-0.7, 0.5))


def any_of(sounds: Sounds, rng: np.random.Generator) -> Signal:
    """One of many sounds."""
    return sounds[int(rng.integers(len(sounds)))]


def spliced(a: Signal, b: Signal) -> Signal:
    """The beginning of one word and the end of another, faded into each other over 400 samples."""
    half, fade = min(len(a), len(b)) // 2, 400
    joined = np.concatenate((a[:half], b[half:]))
    fade = min(fade, half)
    ramp = np.linspace(0.0, 1.0, fade // 2 * 2).astype(np.float32)
    here = slice(half - fade // 2, half + fade // 2)
    joined[here] = a[here] * ramp[::-1] + b[here] * ramp
    return joined
