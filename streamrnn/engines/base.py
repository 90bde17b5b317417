"""What every engine offers: the hidden state of a stream, advanced frame by frame."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import NonFiniteError
from streamrnn.state import PartState


class EngineState(PartState, Protocol):
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


def not_finite(frames: NDArray[np.float32], frame: int) -> NonFiniteError:
    """The error that names the first element of a frame that is not finite."""
    place = int(np.flatnonzero(~np.isfinite(frames[frame]))[0])
    return NonFiniteError(
        f"frame {frame}, element {place}: expected a finite number, got {frames[frame, place]}; "
        "leave the frame out or replace it"
    )


class Engine(Protocol):
    """Makes the networks of streams; immutable."""

    @property
    def tolerance(self) -> float:
        """How far chunked outputs may lie from whole ones: 0, equal bits, for native."""
        ...

    def stream(self) -> EngineState:
        """The fresh network of a new stream."""
        ...
