"""A network step by step in torch, float64, and the exact derivatives of a step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from streamrnn.errors import UnsupportedError
from streamrnn.learn.network import Network, State
from streamrnn.model import Model


class Unrolled:
    """The network of a model, one step at a time.

    A state is one vector here: h of all layers, then an LSTM's c, `(state_size,)`. An input is what
    a derivative can be taken for: the frame, or the vector of a token.

    Args:
        model: a native one.

    Raises:
        UnsupportedError: the engine is another, or there is no state.
    """

    def __init__(self, model: Model) -> None:
        config = model.config.network
        if model.weights is None or config.cell == "feedforward":
            raise UnsupportedError(
                f"{model.name}: expected a model of cell rnn, gru or lstm with weights of its own, "
                f"got cell {config.cell}"
            )
        self.config = config
        network = Network(config)
        network.load_weights(model.weights)
        self.network = network.double().requires_grad_(False).eval()
        self._shape = (config.num_layers, config.hidden_size)
        self.state_size = (
            (2 if config.cell == "lstm" else 1) * config.num_layers * (config.hidden_size)
        )

    def inputs(self, frames: NDArray[np.float32]) -> Tensor:
        """Inputs of frames `(steps, input_size)`: `(steps, size)` float64."""
        if isinstance(self.network.encoder, nn.Embedding):
            return self.network.encoder(torch.from_numpy(frames[:, 0]).long())
        return torch.from_numpy(frames).double()

    def step(self, states: Tensor, inputs: Tensor) -> Tensor:
        """Advance many states by one input each.

        Shape:
            states, and what is returned: `(batch, state_size)`.
            inputs: `(batch, size)`.
        """
        x = inputs
        if not isinstance(self.network.encoder, nn.Embedding):
            x = self.network.encoder(self.network.normalise(inputs))
        return self._flat(self.network.rnn(x[:, None], self._parts(states))[1])

    def output(self, states: Tensor) -> Tensor:
        """What the head makes of states `(batch, state_size)`: `(batch, output_width)`."""
        layers, size = self._shape
        return self.network.head(states[:, (layers - 1) * size : layers * size])

    def fresh(self) -> Tensor:
        """The state that a sequence begins with, `(state_size,)`."""
        return torch.zeros(self.state_size, dtype=torch.float64)

    def _parts(self, states: Tensor) -> State:
        parts = [
            part.unflatten(1, self._shape).transpose(0, 1).contiguous()
            for part in states.split(self._shape[0] * self._shape[1], dim=1)
        ]
        return (parts[0], parts[1]) if len(parts) == 2 else parts[0]

    @staticmethod
    def _flat(state: State) -> Tensor:
        parts = state if isinstance(state, tuple) else (state,)
        return torch.cat([part.transpose(0, 1).flatten(1) for part in parts if part is not None], 1)


def jacobian(function: Callable[..., Tensor], *at: Tensor) -> tuple[Tensor, list[Tensor]]:
    """A vector and its derivatives for each of some vectors, exact, by reverse-mode autograd.

    The function is run on as many copies as its value has elements; copy n gives row n.

    Args:
        function: of `(batch, size)` each, to `(batch, elements)`; a row depends on its row alone.
        at: where, each `(size,)`.

    Returns:
        The value `(elements,)`, and for each of the vectors `(elements, size)`.
    """
    with torch.no_grad():
        value = function(*(point[None] for point in at))[0]
    points = [point.expand(len(value), -1).clone().requires_grad_() for point in at]
    rows = function(*points)
    return value, list(torch.autograd.grad(rows.diagonal().sum(), points))


@contextmanager
def quiet_torch() -> Iterator[None]:
    """One thread, which small products are quicker with, and torch's generator as it was after."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
