"""From sound to answers: a wake word, then a command word by word, then what is said to it.

    listening ──wake word──▶ hearing ──it ended──▶ answered, and listening again

A command's sound begins before its wake word, so that one said in the same breath loses nothing;
the wake word is taken off the words again. It ends when it was spoken and is silent for so long,
sooner where the network is sure of the intent, or when nothing is said, or after so long at all.
"""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import WaveformConfig
from streamrnn.errors import ServiceError, UnsupportedError
from streamrnn.frontends.audio import AudioFrontend
from streamrnn.model import Model
from streamrnn.serve.assistant.recogniser import RATE, Recogniser
from streamrnn.serve.assistant.words import without_wake_word
from streamrnn.serve.models import wake_words_of
from streamrnn.tasks.intents.answers import Household
from streamrnn.tasks.intents.entities import Entities, entities
from streamrnn.tasks.intents.sentence import decides
from streamrnn.tasks.intents.utterance import Utterance

FRAME = 480
"""Samples at 16 kHz that are looked at at a time: 30 ms, the longest that webrtc's VAD takes."""
BEFORE = 1.2  # seconds before a detection that a command's sound begins: a wake word, and its delay
PATIENCE = 4.0  # seconds from a wake word until somebody speaks
QUIET, QUIET_DECIDED = 0.8, 0.5  # seconds of silence that end a command
LONGEST = 12.0  # seconds of a command
_WINDOW = 0.3  # seconds over which the endpointer looks, which are silent when it tells


class Woken(NamedTuple):
    """The wake word was heard."""

    time: float
    """Seconds of sound until it was known."""
    word: str
    score: float


class Words(NamedTuple):
    """The words of a command so far; any of them may be revised."""

    time: float
    """Seconds."""
    text: str


class Decided(NamedTuple):
    """The network is sure of what a command asks for; words that are revised may revise it."""

    time: float
    """Seconds."""
    intent: str
    score: float
    word: str
    """After which word of the command."""
    number: int
    """Which word that is, from 1."""


class Answered(NamedTuple):
    """A command has ended."""

    time: float
    """Seconds."""
    text: str
    """Its words; "" where none was understood."""
    intent: str
    """What it asks for; "" without words."""
    score: float
    """How likely."""
    entities: Entities
    answer: str


class Failed(NamedTuple):
    """A command is lost: its words are not to be had."""

    time: float
    """Seconds."""
    reason: str
    """What the recogniser said."""


class Due(NamedTuple):
    """What is to be said by itself: a timer has ended."""

    time: float
    """Seconds."""
    answer: str


Told = Woken | Words | Decided | Answered | Failed | Due


class _Command:
    """One command while it is heard."""

    def __init__(self, intents: Model, endpointer: Any) -> None:
        self.endpointer = endpointer
        self.utterance = Utterance(intents)
        self.text = ""
        self.decided = ""
        self.frames = 0
        self.quiet = 0  # frames in a row without speech
        self.began = False

    def ends(self, speech: bool) -> bool:
        """Whether it ends with a frame, in which there is speech or not."""
        self.frames += 1
        self.began = self.began or speech
        self.quiet = 0 if speech else self.quiet + 1
        seconds, quiet = (count * FRAME / RATE for count in (self.frames, self.quiet))
        if not self.began:
            return seconds >= PATIENCE
        silent = (QUIET_DECIDED if self.decided else QUIET) - _WINDOW
        return quiet >= silent or seconds >= LONGEST


class Assistant:
    """A voice assistant of one pretended home. It does no I/O but its recogniser's.

    Args:
        wake: a model of sound that detects wake words.
        intents: a model of text that decides.
        recogniser: what gives the words of a command.
        rate: samples a second that come in.
        channels: of each chunk.
        clock: the time of day, for answers.

    Raises:
        UnsupportedError: the first model detects nothing in sound, the second reads no text or
            decides nothing, or pocketsphinx, whose VAD finds the end of a command, is missing.
    """

    def __init__(
        self,
        wake: Model,
        intents: Model,
        recogniser: Recogniser,
        *,
        rate: int = RATE,
        channels: int = 1,
        clock: Callable[[], datetime],
    ) -> None:
        words = wake_words_of(wake)
        decides(intents)  # before anybody speaks
        try:
            sphinx: Any = import_module("pocketsphinx")
        except ImportError as error:
            raise UnsupportedError(
                "assistant: expected pocketsphinx to be installed, whose VAD finds the end of a "
                "command; pip install 'streamrnn[assistant]'"
            ) from error
        self._endpointer = lambda: sphinx.Endpointer(
            window=_WINDOW, vad_mode=sphinx.Vad.STRICT, sample_rate=RATE
        )
        self._intents, self._recogniser, self._clock = intents, recogniser, clock
        self._ear = AudioFrontend(WaveformConfig(RATE, FRAME)).stream(rate=rate, channels=channels)
        self._wake = wake.stream(rate=RATE)
        self._wake_words = frozenset(words)
        self._recent: deque[NDArray[np.int16]] = deque(maxlen=round(BEFORE * RATE / FRAME))
        self._command: _Command | None = None
        self._frames = 0
        self.home = Household()
        """What it remembers."""

    @property
    def time(self) -> float:
        """Seconds of sound that were looked at."""
        return self._frames * FRAME / RATE

    def feed(self, chunk: Any) -> list[Told]:
        """Take sound, and give what happened in it.

        Args:
            chunk: `(n,)` or `(n, channels)`, int16 or float32.

        Raises:
            InputError: the chunk is refused; all is as it was.
        """
        told: list[Told] = []
        for frame in self._ear.feed(chunk).values:
            told += self._hear(frame)
        return told

    def flush(self) -> list[Told]:
        """End the sound: a command that goes on is answered; the next sound may begin.

        What the home remembers stays.
        """
        told: list[Told] = []
        try:
            for frame in self._ear.flush().values:
                told += self._hear(frame)
            if self._command is not None:
                told += self._unless_failed(self._answer(self._command))
        finally:
            self._ear.reset()
            self._wake.reset()
            self._recent.clear()
            self._frames, self._command = 0, None
        return told

    def _hear(self, frame: NDArray[np.float32]) -> list[Told]:
        self._frames += 1
        samples = np.clip(np.rint(frame * 32_768.0), -32_768, 32_767).astype(np.int16)
        said = self._wake.feed(frame)
        command = self._command
        if command is not None:
            return self._unless_failed(self._go_on(command, samples))
        self._recent.append(samples)
        for event in said.happened:
            if event.kind == "detected":
                woken = Woken(event.position / RATE, event.label, event.score)
                return [woken, *self._unless_failed(self._begin())]
        return [Due(self.time, text) for text in self.home.due(self._clock())]

    def _unless_failed(self, telling: Iterator[Told]) -> list[Told]:
        """What is told; a recogniser that fails loses the command, and nothing else."""
        told: list[Told] = []
        try:
            for each in telling:
                told.append(each)
        except ServiceError as error:
            self._command = None
            told.append(Failed(self.time, str(error)))
        except BaseException:
            self._command = None
            raise
        return told

    def _begin(self) -> Iterator[Told]:
        recent = np.concatenate(self._recent)
        self._recent.clear()
        self._command = command = _Command(self._intents, self._endpointer())
        self._recogniser.begin()
        yield from self._read(command, self._recogniser.feed(recent))

    def _go_on(self, command: _Command, samples: NDArray[np.int16]) -> Iterator[Told]:
        yield from self._read(command, self._recogniser.feed(samples))
        command.endpointer.process(samples.tobytes())
        if command.ends(bool(command.endpointer.in_speech)):
            yield from self._answer(command)

    def _read(self, command: _Command, words: str) -> Iterator[Told]:
        """What of the words is new."""
        read = without_wake_word(words, self._wake_words)
        if (text := " ".join(read)) == command.text:
            return
        command.text = text
        for _ in command.utterance.revise(f"{text} "):
            pass
        yield Words(self.time, text)
        step = command.utterance.decided
        label = "" if step is None else step.said.label or ""
        if step is not None and label != command.decided:
            score = step.said.score or 0.0
            yield Decided(self.time, label, score, step.word, step.number + 1)
        command.decided = label

    def _answer(self, command: _Command) -> Iterator[Told]:
        self._command = None
        words = self._recogniser.flush()
        # In silence a recogniser may hear a word or two; what was no speech is no command.
        yield from self._read(command, words if command.began else "")
        last = command.utterance.end()
        label = "" if last is None else last.said.label or ""
        score = 0.0 if last is None else last.said.score or 0.0
        answer = self.home.answer(label, command.text, self._clock())
        found = entities(command.text, label)
        yield Answered(self.time, command.text, label, score, found, answer)
