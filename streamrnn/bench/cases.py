"""The networks that are measured, their weights, and the reference that contenders must meet."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import Cell, NetworkConfig
from streamrnn.engines.packing import expected_shapes
from streamrnn.engines.reference import Reference
from streamrnn.errors import ConfigError

Floats = NDArray[np.float32]
Weights = dict[str, Floats]

INPUT_SIZE = 80
TOLERANCE = 2e-5
"""How far a contender may lie from the float64 reference: float32 sums of up to 600 terms, over
`CHECKED_STEPS` steps, err by some 1e-6; a wrong gate errs by 1e-2."""
CHECKED_STEPS = 40
SIZES = (
    *("gru-64", "gru-128", "gru-256", "gru-512", "2xgru-128"),
    *("lstm-128", "lstm-256", "lstm-512", "rnn-128"),
)
_NAME = re.compile(r"(?:([1-9]\d?)x)?(gru|lstm|rnn)-([1-9]\d{0,4})")
_CELLS: dict[str, Cell] = {"gru": "gru", "lstm": "lstm", "rnn": "rnn"}


class Case:
    """One network, with random weights, the same in every run.

    Args:
        name: `gru-128`, `2xgru-128` (two layers), `lstm-256`, `rnn-64`.

    Raises:
        ConfigError: the name is none of this form.

    >>> case = Case("2xgru-128")
    >>> case.title, case.network.num_layers, case.network.hidden_size
    ('2 × GRU 128', 2, 128)
    """

    def __init__(self, name: str) -> None:
        found = _NAME.fullmatch(name)
        if not found:
            raise ConfigError(
                f"size: expected a name like gru-128, 2xgru-128, lstm-256 or rnn-64, got {name!r}"
            )
        layers, cell, size = int(found[1] or 1), _CELLS[found[2]], int(found[3])
        self.name = name
        self.network = NetworkConfig(
            input_size=INPUT_SIZE, hidden_size=size, cell=cell, num_layers=layers
        )
        words = {"gru": "GRU", "lstm": "LSTM", "rnn": "tanh RNN"}[cell]
        self.title = f"{f'{layers} × ' if layers > 1 else ''}{words} {size}"
        generator = np.random.default_rng(0)
        self.weights = random_weights(self.network, generator)
        self.frames = generator.standard_normal((CHECKED_STEPS, INPUT_SIZE), np.float32)
        self.frame = self.frames[:1].copy()
        """One frame, (1, input_size)."""

    @property
    def multiply_adds(self) -> int:
        """Of one step's matrices: also how many weights it reads, biases apart."""
        return sum(array.size for name, array in self.weights.items() if "weight" in name)

    def reference(self) -> NDArray[np.float64]:
        """The true outputs of `frames`, from a fresh state."""
        return Reference(self.network, self.weights).run(self.frames)


def random_weights(network: NetworkConfig, generator: np.random.Generator) -> Weights:
    """Uniform in ±1/√hidden_size, as torch initialises; in torch's layout, no normalisation."""
    bound = network.hidden_size**-0.5
    return {
        name: generator.uniform(-bound, bound, shape).astype(np.float32)
        for name, shape in expected_shapes(network).items()
        if not name.startswith("normalise.")
    }


def cases(sizes: Sequence[str] | None = None) -> list[Case]:
    """The cases of these names, by default of all.

    Raises:
        ConfigError: a name is none.
    """
    return [Case(name) for name in (SIZES if sizes is None else sizes)]
