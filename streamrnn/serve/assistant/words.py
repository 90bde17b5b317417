"""Words as a recogniser says them, again and again otherwise, read by a network."""

import os
import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from streamrnn.model import Model
from streamrnn.tasks.intents.sentence import Mark, Sentence, Step, Whole

NEAR = 2  # words at a command's beginning among which the wake word may stand


class _Read(NamedTuple):
    word: str
    before: Mark
    """Where the sentence was without the word."""


class Revised:
    """A sentence whose words may change as long as it goes on.

    What stays the same is not read again: the network goes on from where the words part.

    Args:
        model: of text, whose decoder decides.
    """

    def __init__(self, model: Model) -> None:
        self._sentence = Sentence(model)
        self._read: list[_Read] = []
        self._steps: list[Step] = []

    @property
    def decided(self) -> Step | None:
        """The step at which the words as they stand were decided, if they were."""
        return next((step for step in self._steps if step.decided), None)

    def say(self, words: Sequence[str]) -> None:
        """Read the words as they are now."""
        old = [each.word for each in self._read]
        same = len(os.path.commonprefix([old, list(words)]))
        if same < len(old):
            before = self._read[same].before
            self._sentence.rewind(before)
            self._steps = self._steps[: before.whole.words]
            del self._read[same:]
        for word in words[same:]:
            self._read.append(_Read(word, self._sentence.mark()))
            self._steps += self._sentence.feed(f"{word} ")

    def flush(self) -> Whole:
        """End the sentence, and give what is known of it; the next one may begin."""
        _, whole = self._sentence.flush()
        self._read, self._steps = [], []
        return whole


def without_wake_word(text: str, wake_words: Collection[str]) -> list[str]:
    """The words of a command after the wake word that it begins with, if it does.

    >>> without_wake_word("Um, Computer: what time is it?", ["computer"])
    ['what', 'time', 'is', 'it?']
    >>> without_wake_word("turn off the computer", ["computer"])
    ['turn', 'off', 'the', 'computer']
    """
    words = text.split()
    for place, word in enumerate(words[:NEAR], start=1):
        if re.sub(r"\W", "", word).lower() in wake_words:
            return words[place:]
    return words
