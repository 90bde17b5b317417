"""The characters task for the trainer: one long text, read side by side at many places."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import ClassesConfig, ModelConfig, Record, TextConfig, convert
from streamrnn.errors import ConfigError
from streamrnn.frontends.text import TextFrontend, characters
from streamrnn.io.texts import read_text
from streamrnn.tasks.base import Example, network_config
from streamrnn.tasks.characters.evaluate import UNKNOWN, score

LEARNT, VALIDATED = 0.85, 0.90
"""Shares of the text, from its beginning, that are learnt from, and chosen by; the rest tests."""
_VALIDATION = 8  # streams side by side


class CharactersData(Record, frozen=True):
    """Options of the characters task."""

    text: str = ""
    """A file of text, UTF-8: its first 85 % are learnt from, the next 5 % validate, and nothing
    is chosen by the last 10 %, which test."""
    validate: bool = True
    """Or those 5 % are learnt from too, once all is chosen."""
    streams: int = 64
    """Places at which the text is read side by side; they differ in every epoch."""
    rare: int = 2
    """A character that comes less often in what is learnt from is unknown."""
    noise: float = 0.0
    """Share of characters that are read as unknown or as any other, half and half."""
    fold: bool = False
    """Read in lower case."""


def task(data: Mapping[str, Any]) -> "CharactersTask":
    """Make the task of a `[data]` section.

    Raises:
        ConfigError: an option is unknown or impossible.
        TextError: the text cannot be read.
    """
    return CharactersTask(convert(dict(data), CharactersData, where="data"))


class CharactersTask:
    """See `streamrnn.tasks.base.Task`."""

    name = "characters"

    def __init__(self, data: CharactersData) -> None:
        if not data.text:
            raise ConfigError("data.text: expected a file of text, got none; --set data.text=FILE")
        if data.streams < 1 or data.rare < 1 or not 0.0 <= data.noise < 1.0:
            raise ConfigError(
                "data: expected streams and rare of at least 1 and noise from 0 to below 1, got "
                f"{data.streams}, {data.rare} and {data.noise}"
            )
        self.data = data
        text = read_text(data.text)
        ends = [int(share * len(text)) for share in (LEARNT, VALIDATED)]
        learnt = ends[0] if data.validate else ends[1]
        self.learnt, self.held, self.test = text[:learnt], text[learnt : ends[1]], text[ends[1] :]
        counts = Counter(characters(self.learnt, fold=data.fold))
        known = tuple(sorted(symbol for symbol in counts if counts[symbol] >= data.rare))
        if not known or ends[1] - ends[0] < 2:
            raise ConfigError(
                f"data.text: expected a longer text than {len(text)} characters, of which "
                f"{len(known)} come at least {data.rare} times"
            )
        self.config = TextConfig(unit="characters", vocabulary=known, fold=data.fold)
        self._tokens = TextFrontend(self.config).tokens(self.learnt)

    def model_config(self, network: Mapping[str, Any]) -> ModelConfig:
        """The network, from characters to characters: class n is token n."""
        size = 1 + len(self.config.vocabulary)
        sizes = {"input_size": 1, "output_size": size, "vocabulary_size": size}
        return ModelConfig(
            name=self.name,
            network=network_config({"encoder": "embedding", **network}, **sizes),
            frontend=self.config,
            decoder=ClassesConfig(labels=(UNKNOWN, *self.config.vocabulary)),
        )

    def training(self, seed: int, epoch: int) -> Iterator[Example]:
        """The text from a place of chance on and round, in pieces of one length."""
        rng = np.random.default_rng((seed, epoch))
        tokens = np.roll(self._tokens, -int(rng.integers(len(self._tokens))), axis=0)
        for example in _pieces(tokens, self.data.streams):
            yield Example(self._noisy(example.frames, rng), example.targets)

    def validation(self) -> Sequence[Example]:
        """The part that is held back, in pieces."""
        if not self.held:
            return []
        return list(_pieces(TextFrontend(self.config).tokens(self.held), _VALIDATION))

    def normalisation(self) -> None:
        """Tokens have none."""
        return None

    def evaluate(self, model: Any) -> dict[str, Any]:
        """Bits per character on the last tenth, on which nothing was chosen.

        The n-grams beside it learn from what the network learnt from.
        """
        return score(model, self.test, self.learnt)

    def _noisy(self, frames: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """Some characters are read as another; what comes next stays what it was.

        Smooths as n-grams' discounts do (Xie et al., Data noising as smoothing in neural network
        language models, 2017), and teaches what to make of an unknown character.
        """
        if not self.data.noise:
            return frames
        kind = rng.random(frames.shape)
        other = self._tokens[rng.integers(len(self._tokens), size=len(frames))]
        strange = np.where(kind < 0.5 * self.data.noise, np.float32(0.0), other)
        return np.where(kind < self.data.noise, strange, frames)


def _pieces(tokens: NDArray[np.float32], count: int) -> Iterator[Example]:
    """Cut a text in pieces of one length, and say of each character what comes next."""
    length = max(1, (len(tokens) - 1) // count)
    for first in range(0, min(count, len(tokens) - 1) * length, length):
        end = first + length
        following = tokens[first + 1 : end + 1, 0].astype(np.int64)
        yield Example(tokens[first:end], {"label": following})
