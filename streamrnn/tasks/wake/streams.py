"""Running speech to learn from, with a wake word here and there, and much that is nearly one."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from streamrnn.tasks.base import Example
from streamrnn.tasks.sounds import augment
from streamrnn.tasks.sounds.clips import Signal
from streamrnn.tasks.sounds.hearing import SPEECH_LEVEL, Hearing, any_of, spliced
from streamrnn.tasks.wake.words import Spoken, cut

BACKGROUND = "_background_"
WORD, NEARLY, SPEECH = 0.32, 0.18, 0.36  # how often each comes; the rest is quiet
SHORTEST, LONGEST = 4.0, 16.0  # seconds of a stream
# Seconds from a word's end: from when on it is to be told, how long, and when it is to be over.
TOLD, HELD, OVER = -0.1, 0.3, 0.5
NEARLY_COUNTS = 2.0  # what nearly is a word counts for so much of other background
EDGE = 0.01  # seconds over which a cut is faded in and out


class Voices:
    """What streams are made of.

    Args:
        words: recordings of each wake word.
        speech: groups of recordings without any of the words; each group comes as often.
        hearing: rooms, noises and spectra.
    """

    def __init__(
        self,
        words: Mapping[str, Sequence[Spoken]],
        speech: Sequence[Sequence[Signal]],
        hearing: Hearing,
    ) -> None:
        self.words, self.speech, self.hearing, self.rate = words, speech, hearing, hearing.rate
        self.labels = (BACKGROUND, *sorted(words))

    def stream(self, rng: np.random.Generator, fill: NDArray[np.float32] | None = None) -> Example:
        """Make one stream; `fill` as in `Hearing.heard`."""
        parts: list[Signal] = []
        words: list[tuple[int, int, int]] = []  # class, first sample, end
        nearly: list[tuple[int, int]] = []
        at, wanted = 0, int(rng.uniform(SHORTEST, LONGEST) * self.rate)
        while at < wanted:
            kind = rng.random()
            if kind < WORD:
                label = int(rng.integers(1, len(self.labels)))
                word = self._word(self.labels[label], rng)
                words.append((label, at + word.first, at + word.end))
                part = word.samples
            elif kind < WORD + NEARLY:
                part = self._nearly(rng)
                nearly.append((at, at + len(part)))
            elif kind < WORD + NEARLY + SPEECH and self.speech:
                part = self._speech(rng)
            else:
                part = self.hearing.quiet(int(rng.uniform(0.2, 2.0) * self.rate), rng)
            parts.append(part)
            at += len(part)
            if rng.random() < 0.5:
                parts.append(np.zeros(int(rng.uniform(0.0, 0.5) * self.rate), np.float32))
                at += len(parts[-1])
        columns = self.hearing.heard(np.concatenate(parts), rng, fill)
        return self.example(columns, words, nearly)

    def example(
        self,
        columns: NDArray[np.float32],
        words: Sequence[tuple[int, int, int]],
        nearly: Sequence[tuple[int, int]] = (),
    ) -> Example:
        """Say what each frame is to be taken for.

        A word's own class from shortly before its end until shortly after; open from its middle
        on and until a while later, where nobody can ask for either; background everywhere else.

        Args:
            columns: log-mel columns.
            words: class, first sample and end of each.
            nearly: first sample and end of what must not be taken for one.
        """
        frames, ends = self.hearing.frames(columns)
        label = np.zeros(len(frames), np.int64)
        weight = np.ones(len(frames), np.float32)
        for first, end in nearly:
            weight[(ends > first) & (ends <= end + int(HELD * self.rate))] = NEARLY_COUNTS
        for kind, first, end in words:
            told, held, over = (end + int(s * self.rate) for s in (TOLD, HELD, OVER))
            label[(ends > (first + end) // 2) & (ends <= over) & (label == 0)] = -1
            here = (ends > told) & (ends <= held)
            label[here], weight[here] = kind, 1.0
        return Example(frames, {"label": label, "weight": weight})

    def _word(self, label: str, rng: np.random.Generator) -> Spoken:
        words = self.words[label]
        word = words[int(rng.integers(len(words)))]
        margins = (rng.uniform(0.02, 0.3, 2) * self.rate).astype(int).tolist()
        samples, first, end = cut(word, *margins)
        before = len(samples)
        if rng.random() < 0.7:
            samples = augment.at_speed(samples, rng)
        part = len(samples) / before
        return Spoken(self._levelled(samples, rng), int(first * part), int(end * part))

    def _nearly(self, rng: np.random.Generator) -> Signal:
        """A piece of a word, two halves that do not belong together, a word backwards."""
        names = self.labels[1:]
        samples, first, end = self._word(str(rng.choice(names)), rng)
        word = samples[first:end]
        kind = rng.random()
        if kind < 0.4:
            part = word[: int(len(word) * rng.uniform(0.25, 0.6))]
        elif kind < 0.65:
            part = word[int(len(word) * rng.uniform(0.4, 0.75)) :]
        elif kind < 0.85 and len(names) > 1:
            one, two = (str(name) for name in rng.choice(names, 2, replace=False))
            halves: list[Signal] = []
            for name in (one, two):
                samples, first, end = self._word(name, rng)
                halves.append(samples[first:end])
            part = spliced(*halves)
        else:
            part = word[::-1]
        return self._faded(part)

    def _speech(self, rng: np.random.Generator) -> Signal:
        group = self.speech[int(rng.integers(len(self.speech)))]
        recording = any_of(group, rng)
        if rng.random() < 0.5:
            recording = augment.at_speed(recording, rng)
        count = min(len(recording), int(rng.uniform(0.4, 5.0) * self.rate))
        return self._levelled(augment.piece(recording, count, rng), rng)

    def _levelled(self, x: Signal, rng: np.random.Generator) -> Signal:
        """About as loud as speech is, a few decibels up or down."""
        loud = augment.level(x)
        gain = 10.0 ** rng.uniform(-0.4, 0.3) * (SPEECH_LEVEL / loud if loud > 1e-4 else 1.0)
        return self._faded(x * np.float32(gain))

    def _faded(self, x: Signal) -> Signal:
        count = min(int(EDGE * self.rate), len(x) // 2)
        ramp = np.linspace(0.0, 1.0, count, dtype=np.float32)
        faded = x.copy()
        faded[:count] *= ramp
        faded[len(x) - count :] *= ramp[::-1]
        return faded
