"""Endless speech to learn from: clips, other voices, noise and silence, joined at random.

A network that is trained on single clips from a fresh state, and then hears one after the other,
falls to pieces: it never learnt what to do with an old word in its memory. Here every word but
the first comes after others, with and without a pause.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from streamrnn.tasks.base import Example
from streamrnn.tasks.sounds import augment
from streamrnn.tasks.sounds.clips import Signal, Sounds
from streamrnn.tasks.sounds.hearing import SPEECH_LEVEL, Hearing, any_of, spliced

UNKNOWN, SILENCE = "_unknown_", "_silence_"
LONGEST = 16  # clips of one stream
UNKNOWN_WEIGHT = 1.6  # how much oftener than a word the unknown comes: it is many words
HEARD, SURE = 0.4, 0.85  # of a clip: from where on its word counts, and counts in full


class Voices:
    """What streams are made of.

    Args:
        clips: by label, `UNKNOWN` and `SILENCE` among them.
        speech: running speech without any of the words.
        hearing: rooms, noises and spectra.
    """

    def __init__(
        self, clips: Mapping[str, Sounds], speech: Sequence[Signal], hearing: Hearing
    ) -> None:
        self.labels = tuple(sorted({*clips, UNKNOWN, SILENCE}))
        self.words = [label for label in self.labels if label not in (UNKNOWN, SILENCE)]
        self.clips, self.speech, self.hearing, self.rate = clips, speech, hearing, hearing.rate
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
        return self.frames(self.hearing.heard(np.concatenate(parts), rng, fill), spans)

    def frames(
        self, columns: NDArray[np.float32], spans: Sequence[tuple[int, int, int]]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]:
        """Stack columns into frames, and say what each is to be taken for."""
        frames, ends = self.hearing.frames(columns)
        label = np.full(len(frames), -1, np.int64)
        weight = np.zeros(len(frames), np.float32)
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
        return frames, label, weight

    def _clip(self, label: str, rng: np.random.Generator) -> Signal:
        """One second of a class, shifted, sped up or down, made louder or softer."""
        second = self.rate
        if label == SILENCE:
            return self.hearing.quiet(second, rng, self.clips.get(SILENCE, ()))
        x = self._other(rng) if label == UNKNOWN else any_of(self.clips[label], rng)
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
            return any_of(self.clips[UNKNOWN], rng)
        if kind < 0.8:
            x = augment.piece(any_of(self.speech, rng), self.rate, rng)
            loud = augment.level(x)
            return x * np.float32(SPEECH_LEVEL / loud) if loud > 1e-4 else x
        if kind < 0.9:  # played backwards
            return any_of(self.clips[str(rng.choice(self.words))], rng)[::-1]
        # The beginning of one word and the end of another.
        one, two = rng.choice(len(self.words), 2, replace=False)
        a = any_of(self.clips[self.words[one]], rng)
        b = any_of(self.clips[self.words[two]], rng)
        return spliced(a, b)


def example(
    made: tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]],
) -> Example:
    """Make of a stream what the trainer takes."""
    frames, label, weight = made
    return Example(frames, {"label": label, "weight": weight})
