"""The problems that need memory, for the trainer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from streamrnn.config import ClassesConfig, ModelConfig, RawConfig, Record, convert
from streamrnn.errors import ConfigError
from streamrnn.tasks.base import Example, network_config
from streamrnn.tasks.memory.evaluate import score
from streamrnn.tasks.memory.problems import PROBLEMS

VALIDATED = 500
LONG = 1_000  # bits, for networks that have learnt fewer


class MemoryData(Record, frozen=True):
    """Options of the task of memory."""

    problem: Literal["adding", "order", "copying", "binary"] = "adding"
    """Which one; `streamrnn.tasks.memory.problems` says whose."""
    length: int = 100
    """How long its sequences are, T in the papers."""


def task(data: Mapping[str, Any]) -> "MemoryTask":
    """Make the task of a `[data]` section.

    Raises:
        ConfigError: an option is unknown or impossible.
    """
    return MemoryTask(convert(dict(data), MemoryData, where="data"))


class MemoryTask:
    """See `streamrnn.tasks.base.Task`."""

    name = "memory"

    def __init__(self, data: MemoryData) -> None:
        self.data, self.problem = data, PROBLEMS[data.problem]
        if data.length < self.problem.shortest:
            raise ConfigError(
                f"data.length: expected at least {self.problem.shortest} for {data.problem}, got "
                f"{data.length}"
            )

    def model_config(self, network: Mapping[str, Any]) -> ModelConfig:
        """Frames as they are, and a class for each label, or one number."""
        labels = self.problem.labels
        sizes = {"input_size": self.problem.inputs, "output_size": len(labels) or 1}
        return ModelConfig(
            name=self.name,
            network=network_config(network, **sizes),
            decoder=ClassesConfig(labels=labels) if labels else RawConfig(),
        )

    def training(self, seed: int, epoch: int) -> Iterator[Example]:
        """New sequences without end: `train.updates` says how many make an epoch."""
        rng = np.random.default_rng((seed, epoch))
        while True:
            yield self.problem.draw(rng, self.data.length)

    def validation(self) -> Sequence[Example]:
        """Sequences of their own."""
        rng = np.random.default_rng((0, 0, 1))
        return [self.problem.draw(rng, self.data.length) for _ in range(VALIDATED)]

    def normalisation(self) -> None:
        """The frames are near 1 already."""

    def evaluate(self, model: Any) -> dict[str, Any]:
        """Scores on test sequences of the same length; of sums of binary numbers on longer too."""
        problem, length = self.data.problem, self.data.length
        found = score(model, problem, length)
        if problem == "binary":
            found["further"] = {str(LONG): score(model, problem, LONG)["right"]}
        return found
