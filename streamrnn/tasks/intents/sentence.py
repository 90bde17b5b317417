"""A sentence as it comes in: its words, and what a model makes of each of them."""

import unicodedata
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import DecideConfig, TextConfig
from streamrnn.errors import UnsupportedError
from streamrnn.model import Model
from streamrnn.predictions import Prediction

LONGEST = 4096
"""Characters of a sentence that are kept: a Linux terminal's longest line (`N_TTY_BUF_SIZE`)."""
LONGEST_WORD = 80
"""Characters of a word that are kept; one of more than 64 is unknown to every model."""


def decides(model: Model) -> DecideConfig:
    """The decoder of a model that reads text and decides what a whole sentence is.

    Raises:
        UnsupportedError: it is none.
    """
    front, decoder = model.config.frontend, model.config.decoder
    if not isinstance(front, TextConfig) or not isinstance(decoder, DecideConfig):
        raise UnsupportedError(
            f"{model.name}: expected a model that reads text and decides, got one of "
            f"{front.__struct_config__.tag} and {decoder.__struct_config__.tag}"
        )
    return decoder


class Step(NamedTuple):
    """What one more word made of a sentence."""

    number: int
    """Which word, from 0; of models that read characters, which character."""
    word: str
    """As it was written, with what stands at it without a space: `it?`."""
    said: Prediction
    """The prediction."""
    probable: NDArray[np.float64]
    """The probability of each label, `(labels,)`."""
    hidden: NDArray[np.float32] | None
    """The hidden state of the last layer, `(hidden_size,)`, where it was asked for."""

    @property
    def decided(self) -> bool:
        """Whether it was decided here."""
        return self.said.event == "decided"


class Whole(NamedTuple):
    """What is known of a sentence at its end."""

    text: str
    """Its first 4,096 characters."""
    characters: int
    """How many came."""
    words: int
    """How many steps the model made of them."""
    last: Step | None
    """The last step, whose label is the sentence's; None where there are no words."""
    decided: Step | None
    """The step at which it was decided, if it was."""

    @property
    def label(self) -> str:
        """What the sentence was taken for; "" without words."""
        return "" if self.last is None else self.last.said.label or ""


class Mark(NamedTuple):
    """A place in a sentence, to go back to."""

    snapshot: bytes
    """The stream's."""
    whole: Whole
    open: str
    """The word that was not ended."""


_NOTHING = Whole("", 0, 0, None, None)


class Sentence:
    """A live stream of one sentence after the other, and the words that go with its steps.

    The stream is opened with errors="replace": half a character reads U+FFFD. Whatever comes,
    what is kept has a fixed size.

    Args:
        model: of text, whose decoder decides.
        trace: whether steps tell the hidden state.

    Raises:
        UnsupportedError: the model reads no text, or decides nothing.
    """

    def __init__(self, model: Model, *, trace: bool = False) -> None:
        decides(model)
        front = model.config.frontend
        assert isinstance(front, TextConfig)  # as `decides` saw
        self.model = model
        self.stream = model.stream(errors="replace")
        self.open = ""
        """The word that is not ended yet, as far as it came."""
        self._spelt = front.unit == "characters"
        self._trace = trace
        self._whole = _NOTHING

    @property
    def text(self) -> str:
        """What came since the sentence began; its first 4,096 characters."""
        return self._whole.text

    def feed(self, text: str) -> list[Step]:
        """Take some more of the sentence; give a step for each word that it ended."""
        return self._steps(text, last=False)

    def flush(self) -> tuple[list[Step], Whole]:
        """End the sentence: give the last word's step and the whole; the next one may begin."""
        steps = self._steps("", last=True)
        whole = self._whole
        self._whole, self.open = _NOTHING, ""
        return steps, whole

    def mark(self) -> Mark:
        """The place where the sentence is now."""
        return Mark(self.stream.snapshot(), self._whole, self.open)

    def rewind(self, mark: Mark) -> None:
        """Go back to a place: what came since has never been."""
        self.stream.restore(mark.snapshot)
        self._whole, self.open = mark.whole, mark.open

    def _steps(self, text: str, *, last: bool) -> list[Step]:
        before = self.stream.position
        stream, trace = self.stream, self._trace
        said = stream.flush(trace=trace) if last else stream.feed(text, trace=trace)
        probable = said.probabilities
        assert probable is not None  # a decoder that decides has classes
        old = self._whole
        steps: list[Step] = []
        begin = 0
        for row, each in enumerate(said):
            end = each.position - before
            # What ended the word may begin the next (`7.a`).
            if not (last or self._spelt) and _begins(text[end - 1]):
                end -= 1
            word = _last(self.open + text[begin:end])
            hidden = None
            if said.trace is not None and said.trace.hidden.shape[1]:
                hidden = said.trace.hidden[row, -1].copy()
            # Copies: a view of its arrays would keep the whole chunk.
            alone, sure = each.copy(), probable[row].copy()
            steps.append(Step(old.words + row, word or text[begin:end], alone, sure, hidden))
            begin, self.open = end, ""
        rest = self.open + text[begin:]
        self.open = "" if rest[-1:].isspace() else _last(rest)
        decided = next((step for step in steps if step.decided), old.decided)
        self._whole = Whole(
            (old.text + text[:LONGEST])[:LONGEST],
            old.characters + len(text),
            old.words + len(steps),
            steps[-1] if steps else old.last,
            decided,
        )
        return steps


class Typed:
    """A sentence typed character by character, each of which can be taken back.

    Args:
        model: of text, whose decoder decides.
    """

    def __init__(self, model: Model) -> None:
        self.sentence = Sentence(model, trace=True)
        self.steps: list[Step] = []
        """Of the words that are ended, with their hidden states."""
        self._marks: list[tuple[Mark, int]] = []

    def type(self, character: str) -> bool:
        """Feed one character at once; False where the sentence has 4,096 and takes no more."""
        if len(self._marks) >= LONGEST:
            return False
        self._marks.append((self.sentence.mark(), len(self.steps)))
        self.steps += self.sentence.feed(character)
        return True

    def back(self) -> None:
        """Take back the last character, with the marks that stand on it."""
        standing = True
        while standing and self._marks:
            standing = unicodedata.category(self.sentence.text[-1]) in ("Mn", "Me", "Cf")
            mark, count = self._marks.pop()
            self.sentence.rewind(mark)
            del self.steps[count:]

    def clear(self) -> None:
        """Take back everything."""
        if self._marks:
            self.sentence.rewind(self._marks[0][0])
        self.steps, self._marks = [], []

    def enter(self) -> tuple[list[Step], Whole]:
        """End the sentence: give all its steps and the whole; the next one may begin."""
        tail, whole = self.sentence.flush()
        steps = self.steps + tail
        self.steps, self._marks = [], []
        return steps, whole


def _last(text: str) -> str:
    """What follows the last space but those at the end; its first 80 characters."""
    return (text.split() or [""])[-1][:LONGEST_WORD]


def _begins(character: str) -> bool:
    """Whether a word may begin with this: see `streamrnn.frontends.words`."""
    return character.isalpha() or character.isdecimal()
