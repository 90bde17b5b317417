"""The alphabet task for the trainer: letters in a row, with jumps and gaps."""

from collections.abc import Iterator, Mapping, Sequence
from string import ascii_lowercase
from typing import Any, Literal

import numpy as np

from streamrnn.config import ClassesConfig, ModelConfig, Record, TextConfig, convert
from streamrnn.errors import ConfigError
from streamrnn.tasks.alphabet.evaluate import LAST, LETTERS, score
from streamrnn.tasks.base import Example, network_config

WAYS = {"forwards": 1, "backwards": -1}
JUMP = 0.1  # how often a letter is any letter instead of the next
GAP = 0.2  # how often what comes is no letter
SEEDS = 2_000_000_000


class AlphabetData(Record, frozen=True):
    """Options of the alphabet task."""

    direction: Literal["both", "forwards", "backwards"] = "both"
    """Which way it is learnt. Past the end of a single direction nothing is learnt."""
    steps: int = 64
    """Characters of a stream."""
    rounds: int = 100
    """Times that an epoch begins at each letter, each way."""


def task(data: Mapping[str, Any]) -> "AlphabetTask":
    """Make the task of a `[data]` section.

    Raises:
        ConfigError: an option is unknown or impossible.
    """
    return AlphabetTask(convert(dict(data), AlphabetData, where="data"))


class AlphabetTask:
    """See `streamrnn.tasks.base.Task`."""

    name = "alphabet"

    def __init__(self, data: AlphabetData) -> None:
        for option in ("steps", "rounds"):
            if getattr(data, option) < 1:
                raise ConfigError(
                    f"data.{option}: expected at least 1, got {getattr(data, option)}"
                )
        self.data = data

    def model_config(self, network: Mapping[str, Any]) -> ModelConfig:
        """The network, between the letters' numbers and the letters as classes."""
        sizes = {"input_size": 1, "output_size": len(LETTERS), "vocabulary_size": 1 + len(LETTERS)}
        return ModelConfig(
            name=self.name,
            network=network_config({"encoder": "embedding", **network}, **sizes),
            frontend=TextConfig(unit="characters", vocabulary=tuple(ascii_lowercase)),
            decoder=ClassesConfig(labels=LETTERS),
        )

    def training(self, seed: int, epoch: int) -> Iterator[Example]:
        """Streams that begin at every letter, both ways equally often: 52 make a round."""
        rng = np.random.default_rng((seed, epoch))
        for _ in range(self.data.rounds):
            yield from self._round(rng)

    def validation(self) -> Sequence[Example]:
        """The alphabet itself, from each letter on: there is no other to hold back."""
        ways = [way for name, way in WAYS.items() if self.data.direction in (name, "both")]
        return [run(first, way) for way in ways for first in range(LAST)]

    def normalisation(self) -> None:
        """Tokens have none."""
        return None

    def evaluate(self, model: Any) -> dict[str, Any]:
        """Scores from every letter on, either way."""
        return score(model)

    def _round(self, rng: np.random.Generator) -> Iterator[Example]:
        both = self.data.direction == "both"
        for first in range(len(LETTERS)):
            # Two streams jump to the same letters at the same times and then go opposite ways, so
            # that no letter is seen to go one way more often. One direction alone comes twice.
            seed = int(rng.integers(SEEDS))
            for way in (1, -1) if both else 2 * (WAYS[self.data.direction],):
                yield stream(np.random.default_rng(seed), first, way, self.data.steps, both=both)


def stream(rng: np.random.Generator, first: int, way: int, steps: int, *, both: bool) -> Example:
    """Make one stream: runs of letters, jumps, and gaps.

    Args:
        rng: where all chance comes from.
        first: the letter that it begins with, from 0.
        way: 1 forwards, −1 backwards.
        steps: its length in characters.
        both: it may go the other way after a jump, and turns at an end.

    Returns:
        Frames, 1 + the letter's number or 0 of a gap; and `label`, the letter that comes next if
        no jump comes between, −1 where there is none.
    """
    frames = np.zeros((steps, 1), np.float32)
    label = np.full(steps, -1, np.int64)
    letter = goal = first
    side, begun = way, False
    for step in range(steps):
        if rng.random() < GAP:
            label[step] = goal if begun else -1
            continue
        if begun:
            jump, anywhere, coin = rng.random(), rng.integers(len(LETTERS)), rng.integers(2)
            if goal < 0 or jump < JUMP:
                goal = int(anywhere)
                way = side if coin or not both else -side
            if both and abs(goal - letter) == 1:
                way = goal - letter  # a neighbour settles it, by whatever chance it came
            letter = goal
        begun, goal = True, following(letter, way, both=both)
        frames[step], label[step] = 1 + letter, goal
    return Example(frames, {"label": label})


def run(skipped: int, way: int) -> Example:
    """One direction to its end, without the first letters and without jumps."""
    row = list(range(LAST + 1))[::way][skipped:]
    frames = np.array([[1 + letter] for letter in row[:-1]], np.float32)
    return Example(frames, {"label": np.array(row[1:], np.int64)})


def following(letter: int, way: int, *, both: bool) -> int:
    """The next letter's number: past an end the way back if both ways are known, else −1."""
    if 0 <= letter + way <= LAST:
        return letter + way
    return letter - way if both else -1
