"""How much each earlier input still weighs in the hidden state and in the prediction.

The weight of input t at step T is the norm of a derivative, ‖∂h_T / ∂x_t‖ (Frobenius): how far the
state would move if the input were a little different. A unit that is saturated may well hold what
came, though nothing moves it any more: what has no weight cannot be learnt from, but need not be
forgotten. By the chain rule the derivative is J_T ⋯ J_{t+1} B_t, with J_s = ∂s_s / ∂s_{s-1} and
B_t = ∂s_t / ∂x_t of single steps (of an LSTM, s is h and c), as in Pascanu, Mikolov and Bengio, On
the difficulty of training recurrent neural networks, ICML 2013, eq. 5. The factors are exact, by
autograd in float64.
"""

from collections.abc import Callable
from typing import Any, Literal

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from streamrnn.config import DetectConfig
from streamrnn.errors import UnsupportedError
from streamrnn.learn.explain.decay import fitted_rate, geometric_mean
from streamrnn.learn.explain.inputs import Steps, frames_of, steps_of
from streamrnn.learn.explain.unroll import Unrolled, jacobian, quiet_torch
from streamrnn.model import Model

Of = Literal["hidden", "output"]
"""What inputs weigh in: h of the last layer, or the network's output."""


class MemoryReport(msgspec.Struct, kw_only=True):
    """What `explain memory` tells of one model."""

    model: str
    """The model's name."""
    cell: str
    """Its cell."""
    steps: Steps
    """The inputs: the last ones of the sequence, if it is long."""
    hidden: list[list[float]]
    """‖∂h_T / ∂x_t‖: a row a step T, an element an input t up to it; h of the last layer."""
    output: list[list[float]]
    """The same of the network's output."""
    total: int
    """Inputs of the whole sequence; the weights of those before the last ones are not known."""

    def weights(self, of: Of) -> list[list[float]]:
        """`hidden` or `output`."""
        return self.hidden if of == "hidden" else self.output

    def share(self, of: Of) -> list[list[float]]:
        """Each row as shares of 1, among these inputs; of 0 where nothing has any weight."""
        return [[weight / (sum(row) or 1.0) for weight in row] for row in self.weights(of)]

    def kept(self, of: Of) -> float | None:
        """How much of an input's weight a further step leaves: one factor that fits the mean.

        See `by_distance`; None with fewer than three steps, or where one factor explains less than
        half of the mean's fall.
        """
        return fitted_rate(by_distance(self.weights(of)), least=0.5)


def explain_memory(
    model: Model,
    sequence: Any,
    *,
    last: int = 100,
    advance: Callable[[int, int], object] = lambda done, total: None,
    **options: Any,
) -> MemoryReport:
    """Measure how the inputs of a sequence fade.

    Args:
        model: a native one with a state.
        sequence: one whole sequence, as `Model.predict` takes it.
        last: of how many steps at the end; the work grows with its square.
        advance: called with how much is done, of how much.
        options: as of `Model.predict`.

    Returns:
        The weights, in six digits.

    Raises:
        UnsupportedError: the model has no state, or one that is reset by the decoder, or the input
            has no step.
        InputError: the sequence is refused.
    """
    decoder = model.config.decoder
    if isinstance(decoder, DetectConfig) and decoder.reset_after:
        raise UnsupportedError(
            f"{model.name}: expected a model whose state is never reset, got decoder.reset_after "
            f"{decoder.reset_after}"
        )
    unrolled = Unrolled(model)
    steps = steps_of(sequence, model.predict(sequence, **options)).last(last)
    inputs = unrolled.inputs(frames_of(model, sequence, **options))
    first, width = len(inputs) - len(steps.names), inputs.shape[1]
    network = model.config.network
    top = slice(
        (network.num_layers - 1) * network.hidden_size, network.num_layers * network.hidden_size
    )
    hidden: list[list[float]] = []
    output: list[list[float]] = []
    with quiet_torch():
        state = unrolled.fresh()
        for x in inputs[:first]:
            state = unrolled.step(state[None], x[None])[0]
        # ∂s_T / ∂x_t for all t so far, side by side: (state_size, inputs so far · width)
        weights = torch.empty((unrolled.state_size, 0), dtype=torch.float64)
        for done, x in enumerate(inputs[first:], 1):
            state, (onward, enters) = jacobian(unrolled.step, state, x)
            weights = torch.cat((onward @ weights, enters), 1)
            _, (says,) = jacobian(unrolled.output, state)
            hidden.append(_norms(weights[top], width))
            output.append(_norms(says @ weights, width))
            advance(done, len(steps.names))
    return MemoryReport(
        model=model.name,
        cell=network.cell,
        steps=steps,
        hidden=hidden,
        output=output,
        total=len(inputs),
    )


def by_distance(rows: list[list[float]]) -> NDArray[np.float64]:
    """The geometric mean of the weights at each distance T - t, from 0; 0 where one is 0."""
    return np.array(
        [
            geometric_mean(np.array([row[-1 - distance] for row in rows[distance:]]))
            for distance in range(len(rows))
        ]
    )


def _norms(weights: torch.Tensor, width: int) -> list[float]:
    return [float(f"{norm:.6g}") for norm in weights.unflatten(1, (-1, width)).norm(dim=(0, 2))]
