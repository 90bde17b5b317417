"""Where in a clip its word lies, by energy."""

from typing import NamedTuple

import numpy as np

from streamrnn.errors import SoundError
from streamrnn.tasks.sounds.clips import Signal

PIECE = 0.01  # seconds over which energy is measured
DEPTHS = (22.0, 16.0, 12.0, 8.0, 5.0)  # decibels below the loudest 0.1 s
PAUSE = 0.25  # seconds of quiet that a word may have in it
LONGEST = 1.1  # seconds that a word may last, unless no depth makes it as short


class Spoken(NamedTuple):
    """A word in its recording."""

    samples: Signal
    """The whole recording."""
    first: int
    """Where the word begins, in samples."""
    end: int
    """Where it ends."""


def spoken(samples: Signal, rate: int) -> Spoken:
    """Find the word of a clip.

    Energy is the mean square of 10 ms, smoothed over three. The word is the run with most energy
    among those that stay above 22 dB below the clip's loudest tenth of a second, pauses of up to
    0.25 s included; in noise, where that lasts longer than 1.1 s, above 16, 12, 8 or 5 dB below.

    Raises:
        SoundError: there are fewer than 0.1 s, or nothing but zeros.
    """
    size = int(PIECE * rate)
    count = len(samples) // size
    energy = (samples[: count * size].reshape(-1, size).astype(np.float64) ** 2).mean(axis=1)
    if count < 10 or not energy.any():
        raise SoundError(f"clip: expected a word of 0.1 s or more, got {count} pieces of 10 ms")
    energy = np.convolve(energy, np.full(3, 1.0 / 3.0), "same")
    loudest = np.sort(energy)[-10:].mean()
    run = np.arange(count)
    for depth in DEPTHS:
        above = np.flatnonzero(energy >= loudest * 10.0 ** (-depth / 10.0))
        runs = np.split(above, np.flatnonzero(np.diff(above) > PAUSE / PIECE) + 1)
        run = max(runs, key=lambda run: energy[run].sum())
        if len(run) and run[-1] + 1 - run[0] <= LONGEST / PIECE:
            break
    return Spoken(samples, int(run[0]) * size, (int(run[-1]) + 1) * size)


def cut(word: Spoken, before: int, after: int) -> Spoken:
    """The word with so many samples of its recording before and after it, or what there is."""
    first, end = max(0, word.first - before), min(len(word.samples), word.end + after)
    return Spoken(word.samples[first:end], word.first - first, word.end - first)
