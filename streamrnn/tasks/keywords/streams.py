"""Endless speech to learn from: clips, other voices, noise and silence, joined at random.

A network that is trained on single clips from a fresh state, and then hears one after the other,
falls to pieces: it never learnt what to do with an old word in its memory. Here every word but
the first comes after others, with and without a pause.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streamrnn.config import AudioConfig
from streamrnn.frontends.audio import AudioFrontend
from streamrnn.tasks.base import Example
from streamrnn.tasks.sounds import augment
from streamrnn.tasks.sounds.clips import Signal

UNKNOWN, SILENCE = "_unknown_", "_silence_"
LONGEST = 16  # clips of one stream
UNKNOWN_WEIGHT = 1.6  # how much oftener than a word the unknown comes: it is many words
SPEECH_LEVEL = 0.06  # root mean square that clips have about
HEARD, SURE = 0.4, 0.85  # of a clip: from where on its word counts, and counts in full


class Voices:
    """What streams are made of.

    Args:
        clips: by label, `UNKNOWN` and `SILENCE` among them.
        speech: running speech without any of the words.
        noise: long recordings of what is not speech.
        config: the front end, whose rate all signals have.
    """

    def __init__(
        self,
        clips: Mapping[str, Sequence[Signal]],
        speech: Sequence[Signal],
        noise: Sequence[Signal],
        config: AudioConfig,
    ) -> None:
        self.labels = tuple(sorted({*clips, UNKNOWN, SILENCE}))
        self.words = [label for label in self.labels if label not in (UNKNOWN, SILENCE)]
        self.clips, self.speech, self.noise, self.config = clips, speech, noise, config
        self.rate = config.sample_rate
        self.frontend = AudioFrontend(replace(config, stack=1))
        weight = np.array([UNKNOWN_WEIGHT if label == UNKNOWN else 1.0 for label in self.labels])
        self._chances = weight / weight.sum()

    def stream(
        self, rng: np.random.Generator, fill: NDArray[np.float32] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]:
        """Make one stream.

        Args:
            rng: where all chance comes from.
            fill: what hidden parts of a spectrum are filled with, `(mels,)`; None: hide nothing.

        Returns:
            Frames `(steps, stack · mels)`, the class of each step `(steps,)`, −1 where none is
            known, and how much each step counts `(steps,)`.
        """
        count = int(math.exp(rng.uniform(0.0, math.log(LONGEST + 1))))
        parts: list[Signal] = []
        spans: list[tuple[int, int, int]] = []  # class, first sample, end
        at = 0
        for _ in range(count):
            label = int(rng.choice(len(self.labels), p=self._chances))
            word = self._clip(self.labels[label], rng)
            parts.append(word)
            spans.append((label, at, at + len(word)))
            at += len(word)
            if rng.random() < 0.25:
                pause = int(rng.uniform(0.05, 1.5) * self.rate)
                parts.append(np.zeros(pause, np.float32))
                spans.append((-1, at, at + pause))
                at += pause
        signal = self._surroundings(np.concatenate(parts), rng)
        columns = self.columns(signal)
        augment.microphone(columns, rng)
        if fill is not None:
            augment.masked(columns, rng, fill)
        return self.frames(columns, spans)

    def columns(self, signal: Signal) -> NDArray[np.float32]:
        """The log-mel columns of a signal, `(n, mels)`."""
        return self.frontend.stream().feed(signal).values.copy()

    def frames(
        self, columns: NDArray[np.float32], spans: Sequence[tuple[int, int, int]]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]:
        """Stack columns into frames, and say what each is to be taken for."""
        stack, config = self.config.stack, self.config
        steps = len(columns) // stack
        ends = (np.arange(1, steps + 1) * stack - 1) * config.hop + config.window
        label = np.full(steps, -1, np.int64)
        weight = np.zeros(steps, np.float32)
        silence = self.labels.index(SILENCE)
        for kind, first, end in spans:
            here = (ends > first) & (ends <= end)
            if kind >= 0:
                part = (ends[here] - first) / (end - first)
                label[here] = kind
                weight[here] = np.clip((part - HEARD) / (SURE - HEARD), 0.0, 1.0) ** 2
            else:  # what was said may be held on to for a while
                late = here & (ends > first + 0.5 * self.rate)
                label[late] = silence
                weight[late] = 0.5
        return columns[: steps * stack].reshape(steps, -1), label, weight

    def _clip(self, label: str, rng: np.random.Generator) -> Signal:
        """One second of a class, shifted, sped up or down, made louder or softer."""
        second = self.rate
        if label == SILENCE:
            return self._quiet(second, rng)
        x = self._other(rng) if label == UNKNOWN else self._any(self.clips[label], rng)
        if rng.random() < 0.7:
            x = augment.at_speed(x, rng)
        slack = (second - len(x)) // 2
        shift = int(rng.uniform(-0.1, 0.1) * second)
        x = augment.fitted(x, second, slack + shift)
        gain = 10.0 ** rng.uniform(-0.5, 0.35)
        return x * np.float32(gain)

    def _other(self, rng: np.random.Generator) -> Signal:
        """A word that is none of the words."""
        kind = rng.random()
        if kind < 0.45 or not self.speech:
            return self._any(self.clips[UNKNOWN], rng)
        if kind < 0.8:
            x = augment.piece(self._any(self.speech, rng), self.rate, rng)
            loud = augment.level(x)
            return x * np.float32(SPEECH_LEVEL / loud) if loud > 1e-4 else x
        if kind < 0.9:  # played backwards
            return self._any(self.clips[str(rng.choice(self.words))], rng)[::-1]
        # The beginning of one word and the end of another.
        one, two = rng.choice(len(self.words), 2, replace=False)
        a = self._any(self.clips[self.words[one]], rng)
        b = self._any(self.clips[self.words[two]], rng)
        return _spliced(a, b)

    def _quiet(self, count: int, rng: np.random.Generator) -> Signal:
        kind = rng.random()
        gain = np.float32(10.0 ** rng.uniform(-1.5, 0.3))
        if kind < 0.5 and len(self.clips.get(SILENCE, ())):
            return augment.fitted(self._any(self.clips[SILENCE], rng), count, 0) * gain
        if kind < 0.75 and self.noise:
            return augment.piece(self._any(self.noise, rng), count, rng) * gain
        if kind < 0.85:
            return np.zeros(count, np.float32)
        return augment.coloured(count, rng) * np.float32(0.03) * gain

    def _surroundings(self, signal: Signal, rng: np.random.Generator) -> Signal:
        """Put a stream into a room, with a noise that goes on beneath it, before a microphone."""
        if rng.random() < 0.4:
            signal = augment.in_room(signal, augment.echo(self.rate, rng))
        if rng.random() < 0.75:
            loud = 1.0
            if self.noise and rng.random() < 0.7:
                noise = augment.piece(self._any(self.noise, rng), len(signal), rng)
                loud = max(float(noise.std()), 1e-6)
            else:
                noise = augment.coloured(len(signal), rng)
            decibels = rng.uniform(0.0, 40.0)  # below speech
            gain = SPEECH_LEVEL / loud * 10.0 ** (-decibels / 20.0)
            signal = (signal + gain * noise).astype(np.float32)
        return signal * np.float32(10.0 ** rng.uniform(-0.7, 0.5))

    def _any(self, sounds: Sequence[Signal], rng: np.random.Generator) -> Signal:
        return sounds[int(rng.integers(len(sounds)))]


def example(
    made: tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]],
) -> Example:
    """Make of a stream what the trainer takes."""
    frames, label, weight = made
    return Example(frames, {"label": label, "weight": weight})


def _spliced(a: Signal, b: Signal) -> Signal:
    half, fade = min(len(a), len(b)) // 2, 400
    ramp = np.linspace(0.0, 1.0, fade).astype(np.float32)
    spliced = np.concatenate((a[:half], b[half:]))
    here = slice(half - fade // 2, half + fade // 2)
    spliced[here] = a[here] * ramp[::-1] + b[here] * ramp
    return spliced
