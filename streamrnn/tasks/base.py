"""What a task is to the trainer: sequences to learn from and a way to score a model.

A task is a module with a function `task(data)`. It names no tensor library, so that its
sequences can be made in a process that never loads one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import DetectConfig, ModelConfig, NetworkConfig, convert
from streamrnn.errors import ConfigError


class Example(NamedTuple):
    """One whole sequence with what is to be learnt from it.

    Shape:
        frames: `(steps, input_size)` float32, what the front end would give.
        targets: arrays `(steps, ...)` by name; which names, `streamrnn.learn.losses` says for
            each kind of decoder.
    """

    frames: NDArray[np.float32]
    targets: Mapping[str, NDArray[Any]]


class Task(Protocol):
    """Data, sizes and scores of one problem."""

    @property
    def name(self) -> str:
        """The name under which `load_task` finds it."""
        ...

    def model_config(self, network: Mapping[str, Any]) -> ModelConfig:
        """The model's configuration: the task fills in the sizes that its data fixes.

        Args:
            network: keys of `NetworkConfig` that the experiment sets.

        Raises:
            ConfigError: a key is unknown, or contradicts the data.
        """
        ...

    def training(self, seed: int, epoch: int) -> Iterator[Example]:
        """The sequences of one epoch: equal for equal arguments, whichever process asks.

        They may go on for ever if `train.updates` bounds the epoch.
        """
        ...

    def validation(self) -> Sequence[Example]:
        """The sequences that decide when to stop; the same at every call. May be empty."""
        ...

    def normalisation(self) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """`(mean, scale)`, each `(input_size,)`: the network sees `(frame - mean) * scale`."""
        ...

    def evaluate(self, model: Any) -> dict[str, Any]:
        """Scores of a `streamrnn.Model` for its card: plain data that JSON can hold."""
        ...


@runtime_checkable
class KnowsTokens(Protocol):
    """A task that knows something of its tokens before any training."""

    def embedding(self, size: int) -> NDArray[np.float32] | None:
        """What the embedding begins with, `(vocabulary_size, size)`; None: random numbers."""
        ...


def network_config(network: Mapping[str, Any], **sizes: int) -> NetworkConfig:
    """The network of an experiment, with the sizes that the task's data fixes.

    Raises:
        ConfigError: a key is unknown, or says another size.
    """
    for name, size in sizes.items():
        if network.get(name, size) != size:
            raise ConfigError(f"network.{name}: expected {size}, got {network[name]}")
    return convert({**network, **sizes}, NetworkConfig, where="network")


def detecting(decoder: Mapping[str, Any], **fixed: Any) -> DetectConfig:
    """The decoder of a task that detects, with what its data fixes.

    Raises:
        ConfigError: a key is unknown, or its value is impossible.
    """
    return convert({"kind": "detect", **fixed, **decoder}, DetectConfig, where="data.decoder")
