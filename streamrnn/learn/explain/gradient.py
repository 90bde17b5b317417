"""The gradient that reaches earlier steps and lower layers.

Backpropagation through time multiplies the gradient by one Jacobian a step back, so that it fades
or grows geometrically where these are alike (Hochreiter, 1991; Bengio, Simard and Frasconi, 1994;
Pascanu, Mikolov and Bengio, ICML 2013). All gradients are exact, by autograd in float64.
"""

import math
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from streamrnn.config import Cell
from streamrnn.errors import UnsupportedError
from streamrnn.learn.explain.begun import as_torch_begins, as_training_begins, chaotic
from streamrnn.learn.explain.decay import fitted_rate, geometric_mean
from streamrnn.learn.explain.descent import Learning, descend
from streamrnn.learn.explain.unroll import Unrolled, quiet_torch
from streamrnn.learn.network import FeedForward
from streamrnn.model import Model
from streamrnn.tasks.memory.evaluate import examples

CELLS: tuple[Cell, ...] = ("rnn", "gru", "lstm")
LAYERS = 50


class Curve(msgspec.Struct, kw_only=True):
    """The gradient at each distance from where the loss is, relative to the nearest."""

    mean: list[float]
    """Geometric mean over the runs."""
    low: list[float]
    """The least of the runs."""
    high: list[float]
    """The greatest."""
    rate: float | None
    """The factor a step that fits the mean; None where none fits: see `decay.fitted_rate`."""

    def at(self, distance: int) -> float | None:
        """The mean at a distance; None beyond the curve."""
        return self.mean[distance] if distance < len(self.mean) else None


class GradientReport(msgspec.Struct, kw_only=True):
    """What `explain gradient` tells."""

    hidden_size: int
    """Of all the networks."""
    seeds: int
    """Networks that each curve stands for."""
    torch_init: dict[str, Curve]
    """By cell: networks as torch begins them, by steps back in time."""
    open_init: dict[str, Curve]
    """The same as `train.remember` begins them: the gates open for as many steps; of the plain RNN,
    which has none, orthogonal weights."""
    trained: dict[str, Curve]
    """By cell: networks that have learnt the adding problem, on its sequences."""
    layers: Curve
    """A deep network without a loop, by layers down from the loss."""
    exploding: Curve
    """A plain RNN with large recurrent weights, by steps back in time, as far as float64 goes."""
    unclipped: Learning
    """Such a network while it learns by plain gradient descent."""
    clipped: Learning
    """The same, the norm of its gradient clipped to 1."""


def explain_gradient(
    trained: Sequence[Model] = (),
    *,
    steps: int = 1_000,
    hidden_size: int = 64,
    seeds: int = 5,
    advance: Callable[[int, int], object] = lambda done, total: None,
) -> GradientReport:
    """Measure how gradients fade and grow.

    Args:
        trained: networks that have learnt the adding problem, of different cells.
        steps: how many steps back, from 2.
        hidden_size: of the networks that are made, from 1.
        seeds: how many of each, from 1.
        advance: called with how much is done, of how much.

    Returns:
        The report.

    Raises:
        UnsupportedError: a trained network is of another task, or has no state.
    """
    runs = range(seeds)
    makers: list[Callable[[Cell, int], Unrolled]] = [
        lambda cell, seed: as_torch_begins(cell, hidden_size, seed),
        lambda cell, seed: as_training_begins(cell, hidden_size, seed, steps),
    ]
    total = len(makers) * len(CELLS) + len(trained) + 4
    found: list[Curve] = []

    def note(curves: list[NDArray[np.float64]]) -> Curve:
        found.append(summary(curves))
        advance(len(found), total)
        return found[-1]

    with quiet_torch():
        torch_init, open_init = (
            {cell: note([_of_noise(make(cell, n), steps, n) for n in runs]) for cell in CELLS}
            for make in makers
        )
        after = {
            model.config.network.cell: note(_of_adding(model, max(2, seeds))) for model in trained
        }
        layers = note([_down_layers(hidden_size, seed) for seed in runs])
        exploding = note([_of_noise(chaotic(hidden_size, n), steps, n) for n in runs])
        unclipped = descend(hidden_size, clip=math.inf)
        advance(total - 1, total)
        clipped = descend(hidden_size, clip=1.0)
        advance(total, total)
    return GradientReport(
        hidden_size=hidden_size,
        seeds=seeds,
        torch_init=torch_init,
        open_init=open_init,
        trained=after,
        layers=layers,
        exploding=exploding,
        unclipped=unclipped,
        clipped=clipped,
    )


def through_time(
    step: Callable[[Tensor, Tensor], Tensor],
    inputs: Tensor,
    fresh: Tensor,
    loss: Callable[[Tensor], Tensor],
) -> NDArray[np.float64]:
    """‖∂L / ∂s‖ at each distance from the last step, the last first.

    Args:
        step: `(state, input) → state`, all with a batch in front.
        inputs: `(steps, batch, size)`.
        fresh: the state to begin with, `(batch, state_size)`.
        loss: of the last state; a number.

    Returns:
        `(steps,)`, the norm over batch and state.
    """
    state, states = fresh, list[Tensor]()
    for x in inputs:
        state = step(state, x).requires_grad_()
        states.append(state)
    gradients = torch.autograd.grad(loss(state), states)
    return np.array([float(g.norm()) for g in gradients[::-1]])


def summary(curves: list[NDArray[np.float64]]) -> Curve:
    """One curve of several runs, each relative to its first value, up to where one overflows."""
    with np.errstate(over="ignore"):
        relative = np.array([curve / curve[0] for curve in curves])
    endless = np.flatnonzero(~np.isfinite(relative).all(axis=0))
    relative = relative[:, : endless[0] if endless.size else None]
    mean, low, high = geometric_mean(relative), relative.min(axis=0), relative.max(axis=0)
    lists = [[float(f"{value:.4g}") for value in row] for row in (mean, low, high)]
    return Curve(mean=lists[0], low=lists[1], high=lists[2], rate=fitted_rate(mean))


def _of_noise(network: Unrolled, steps: int, seed: int) -> NDArray[np.float64]:
    """Of a network, noise as its input and a random direction of its last h as its loss.

    An LSTM's c has no part in that direction: the first step back shares the gradient out.
    """
    generator = torch.Generator().manual_seed(seed)
    size, top = network.config.input_size, network.config.hidden_size
    inputs = torch.randn(steps + 1, 1, size, generator=generator, dtype=torch.float64)
    way = torch.randn(top, generator=generator, dtype=torch.float64)
    fresh = network.fresh()[None]
    return through_time(network.step, inputs, fresh, lambda s: (s[:, :top] * way).sum())


def _of_adding(model: Model, count: int) -> list[NDArray[np.float64]]:
    """Of its squared error, on sequences cut to one length."""
    data = model.card.get("data", {})
    if data.get("problem") != "adding":
        raise UnsupportedError(
            f"{model.name}: expected a model that has learnt the adding problem, got task "
            f"{model.card.get('task')}"
        )
    network, length = Unrolled(model), int(data["length"])
    found: list[NDArray[np.float64]] = []
    for frames, targets in examples("adding", length, count):
        inputs = torch.from_numpy(frames).double()[:, None]
        wanted = float(targets["values"][-1, 0])

        def loss(state: Tensor, wanted: float = wanted) -> Tensor:
            return (network.output(state) - wanted).square().sum()

        curve = through_time(network.step, inputs, network.fresh()[None], loss)
        found.append(curve[:length])
    return found


def _down_layers(hidden_size: int, seed: int) -> NDArray[np.float64]:
    """Of a deep network, at the output of each layer, the last first."""
    torch.manual_seed(seed)
    network = FeedForward(hidden_size, hidden_size, LAYERS, "tanh", 0.0).double()
    x, outputs = torch.randn(1, hidden_size, dtype=torch.float64), list[Tensor]()
    for k in range(LAYERS):
        weight, bias = getattr(network, f"weight_ih_l{k}"), getattr(network, f"bias_ih_l{k}")
        x = torch.tanh(nn.functional.linear(x, weight, bias))
        outputs.append(x)
    gradients = torch.autograd.grad((x * torch.randn_like(x)).sum(), outputs)
    return np.array([float(g.norm()) for g in gradients[::-1]])
