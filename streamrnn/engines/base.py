"""What every engine offers: the hidden state of a stream, advanced frame by frame."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class EngineState(Protocol):
    """The network of one stream."""

    def run(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Advance by frames (T, input_size); gives outputs (T, output_size).

        Raises:
            NonFiniteError: a frame is not finite, or no token; the state is as it was.
        """
        ...

    def run_traced(
        self, frame: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """Advance by one frame (1, input_size); gives the output and each layer's gates."""
        ...

    @property
    def hidden(self) -> NDArray[np.float32]:
        """A copy of the hidden state, (num_layers, hidden_size)."""
        ...

    def reset(self) -> None:
        """Make the state fresh."""
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the state, as named arrays of fixed shapes."""
        ...

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `arrays` gave; names, types and shapes were checked before."""
        ...


class Engine(Protocol):
    """Makes the networks of streams; immutable."""

    @property
    def tolerance(self) -> float:
        """How far chunked outputs may lie from whole ones: 0, equal bits, for native."""
        ...

    def stream(self) -> EngineState:
        """The fresh network of a new stream."""
        ...
