"""How much each earlier input still weighs in the hidden state and in the prediction.

The weight of input t at step T is ‖∂h_T / ∂x_t‖, the Frobenius norm of the Jacobian. By the chain
rule it is J_T ⋯ J_{t+1} B_t, with J_s = ∂s_s / ∂s_{s-1} and B_t = ∂s_t / ∂x_t of single steps (of
an LSTM, s is h and c), as in Pascanu, Mikolov and Bengio, On the difficulty of training recurrent
neural networks, ICML 2013, eq. 5. The factors are exact, by autograd in float64.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from streamrnn.learn.explain.inputs import Steps, frames_of, steps_of
from streamrnn.learn.explain.unroll import Unrolled, jacobian, quiet_torch
from streamrnn.model import Model


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

    def share(self, of: str) -> list[list[float]]:
        """Each row as shares of 1; `of` is `hidden` or `output`."""
        rows: list[list[float]] = getattr(self, of)
        sums = [sum(row) or 1.0 for row in rows]
        return [[weight / total for weight in row] for row, total in zip(rows, sums, strict=True)]

    def kept(self, of: str) -> float | None:
        """How much of an input's weight a further step leaves, in the mean.

        The geometric mean of the weights at each distance, and a straight line through its
        logarithm; None with fewer than three steps.
        """
        rows: list[list[float]] = getattr(self, of)
        return fitted_rate(by_distance(rows))


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

    Raises:
        UnsupportedError: the model has no state, or the input no step.
        InputError: the sequence is refused.
    """
    unrolled = Unrolled(model)
    steps = steps_of(sequence, model.predict(sequence, **options))
    inputs = unrolled.inputs(frames_of(model, sequence, **options))
    first = max(0, len(inputs) - last)
    state = unrolled.fresh()
    for x in inputs[:first]:
        state = unrolled.step(state[None], x[None])[0]
    width, top = inputs.shape[1], model.config.network.num_layers * model.config.network.hidden_size
    low = top - model.config.network.hidden_size
    # ∂s_T / ∂x_t for all t so far, side by side: (state_size, inputs so far · width)
    weights = torch.empty((unrolled.state_size, 0), dtype=torch.float64)
    hidden: list[list[float]] = []
    output: list[list[float]] = []
    with quiet_torch():
        for done, x in enumerate(inputs[first:]):
            onward, enters = jacobian(unrolled.step, state, x)
            state = unrolled.step(state[None], x[None])[0]
            weights = torch.cat((onward @ weights, enters), 1)
            (says,) = jacobian(unrolled.output, state)
            hidden.append(_norms(weights[low:top], width))
            output.append(_norms(says @ weights, width))
            advance(done + 1, len(inputs) - first)
    return MemoryReport(
        model=model.name,
        cell=model.config.network.cell,
        steps=steps.last(len(hidden)),
        hidden=hidden,
        output=output,
    )


def by_distance(rows: list[list[float]]) -> NDArray[np.float64]:
    """The geometric mean of the weights at each distance T - t, from 0; NaN where all are 0."""
    found = np.full(len(rows), np.nan)
    for distance in range(len(rows)):
        at = np.array([row[-1 - distance] for row in rows[distance:]])
        at = at[at > 0.0]
        if at.size:
            found[distance] = np.exp(np.log(at).mean())
    return found


def fitted_rate(curve: NDArray[np.float64]) -> float | None:
    """The factor a step that fits a curve best, by least squares in its logarithm.

    Args:
        curve: positive values, evenly spaced; others are left out.

    Returns:
        The factor; None with fewer than three values.
    """
    fits = np.isfinite(curve) & (curve > 0.0)
    if fits.sum() < 3:
        return None
    return float(np.exp(np.polyfit(np.flatnonzero(fits), np.log(curve[fits]), 1)[0]))


def _norms(weights: torch.Tensor, width: int) -> list[float]:
    return [float(f"{norm:.6g}") for norm in weights.unflatten(1, (-1, width)).norm(dim=(0, 2))]
