"""What a recogniser heard so far, read as it grows and is revised."""

import re
from collections.abc import Iterator

from streamrnn.config import TextConfig
from streamrnn.model import Model
from streamrnn.tasks.intents.sentence import LONGEST, Mark, Sentence, Step

WORDS = 8
"""Words from one snapshot to the next: to take one costs as much as to read three words."""
MARKS = 64
"""Latest snapshots that are kept; a revision of what lies before is read from the start."""


class Utterance:
    """One utterance after the other, each given as longer and longer texts that may be revised.

    Reading goes on from where a text differs from the last, by a snapshot some words before; so
    what is known is what a new stream would know of the text, to the bit. What is kept has a
    fixed size: of a text, its first 4,096 characters are read.

    Args:
        model: of text, whose decoder decides.

    Raises:
        UnsupportedError: the model reads no text, or decides nothing.
    """

    def __init__(self, model: Model) -> None:
        self._sentence = Sentence(model)
        front = model.config.frontend
        assert isinstance(front, TextConfig)  # as `Sentence` saw
        self._fold = front.fold
        self._begin = self._sentence.mark()
        self._forget()

    def reset(self) -> None:
        """Forget what was read; the next utterance may begin."""
        self._sentence.rewind(self._begin)
        self._forget()

    def revise(self, text: str) -> Iterator[None]:
        """Read a text, which takes the last one's place, word by word.

        Its last word is read once a space follows it: recognisers revise that one most.

        Yields:
            After each word, with all before it read: whoever stops there may go on with any text.
        """
        text = text[:LONGEST]
        self._back_to(text)
        for word in re.findall(r"\S+\s*|\s+", text[len(self._text) :]):
            decided = [step for step in self._sentence.feed(word) if step.decided]
            self.decided = self.decided or next(iter(decided), None)
            self._text += word
            self._words += 1
            if self._words % WORDS == 0:
                self._marks.append((len(self._text), self._words, self._sentence.mark()))
                del self._marks[:-MARKS]
            yield

    def end(self) -> Step | None:
        """End the utterance; the next one may begin.

        Returns:
            The last word's step, whose label is the utterance's; None where it had no words.
        """
        last = self._sentence.flush()[1].last
        self._forget()
        return last

    def _forget(self) -> None:
        self._text, self._words = "", 0
        self._marks: list[tuple[int, int, Mark]] = []  # characters, words, what was known there
        self.decided: Step | None = None
        """The step at which the text, as far as it is read, was decided; None: it is not."""

    def _back_to(self, text: str) -> None:
        """Go back to the last place before which the text reads as it did."""
        same = self._same(text)
        if same == len(self._text):
            return
        while self._marks and self._marks[-1][0] > same:
            self._marks.pop()
        if not self._marks:
            self.reset()
            return
        at, self._words, mark = self._marks[-1]
        self._sentence.rewind(mark)
        self._text, self.decided = self._text[:at], mark.whole.decided

    def _same(self, text: str) -> int:
        """How many characters read as before: a final text often has capitals that none had."""
        if text.startswith(self._text):
            return len(self._text)
        pairs = zip(text, self._text, strict=False)
        for place, (new, old) in enumerate(pairs):
            if new != old and not (self._fold and new.lower() == old.lower()):
                return place
        return min(len(text), len(self._text))
