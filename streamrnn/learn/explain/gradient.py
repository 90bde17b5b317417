"""The gradient that reaches earlier steps and lower layers, and what becomes of it.

Backpropagation through time multiplies the gradient by one Jacobian a step back: it fades or grows
by about the same factor each time (Hochreiter, 1991; Bengio, Simard and Frasconi, 1994; Pascanu,
Mikolov and Bengio, ICML 2013). All gradients are exact, by autograd in float64.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from streamrnn.config import Cell, NetworkConfig
from streamrnn.learn.explain.memory import fitted_rate
from streamrnn.learn.explain.unroll import Unrolled, quiet_torch
from streamrnn.learn.network import FeedForward, Network
from streamrnn.model import Model
from streamrnn.tasks.memory.evaluate import examples

CELLS: tuple[Cell, ...] = ("rnn", "gru", "lstm")
INPUTS = 8
LAYERS = 50
CHAOS = 2.0
"""Standard deviation of recurrent weights times √hidden_size where gradients are to explode; above
1 a tanh network without input is chaotic (Sompolinsky, Crisanti and Sommers, 1988)."""


class Curve(msgspec.Struct, kw_only=True):
    """The gradient at each distance from where the loss is, relative to the nearest."""

    mean: list[float]
    """Geometric mean over the runs."""
    low: list[float]
    """The least of the runs."""
    high: list[float]
    """The greatest."""
    rate: float | None
    """The factor a step that fits the mean best."""

    def at(self, distance: int) -> float | None:
        """The mean at a distance; None beyond the curve."""
        return self.mean[distance] if distance < len(self.mean) else None


class Learning(msgspec.Struct, kw_only=True):
    """A network in training, update by update."""

    loss: list[float | None]
    """Of each update, before it; None where it was no number."""
    norm: list[float | None]
    """Of the gradient of all weights together, before any clipping; likewise."""


class GradientReport(msgspec.Struct, kw_only=True):
    """What `explain gradient` tells."""

    hidden_size: int
    """Of all the networks."""
    seeds: int
    """Networks that each curve stands for."""
    begun: dict[str, Curve]
    """By cell: networks as torch begins them, by steps back in time."""
    opened: dict[str, Curve]
    """The same as `train.remember` begins them: the gates open for as many steps; of the plain RNN,
    which has none, orthogonal weights."""
    learnt: dict[str, Curve]
    """By cell: the bundled networks that have learnt the adding problem, on its sequences."""
    layers: Curve
    """A deep network without a loop, by layers down from the loss."""
    exploding: Curve
    """A plain RNN with recurrent weights of `CHAOS`, by steps back in time."""
    unclipped: Learning
    """Such a network while it learns by plain gradient descent."""
    clipped: Learning
    """The same, the norm of its gradient clipped to 1."""


def explain_gradient(
    learnt: Sequence[Model] = (),
    *,
    steps: int = 1_000,
    hidden_size: int = 64,
    seeds: int = 5,
    advance: Callable[[int, int], object] = lambda done, total: None,
) -> GradientReport:
    """Measure how gradients fade and grow.

    Args:
        learnt: networks that have learnt the adding problem, of different cells.
        steps: how many steps back; from 2.
        hidden_size: of the networks that are made.
        seeds: how many of each, from 1.
        advance: called with how much is done, of how much.
    """
    done, total = 0, 2 * len(CELLS) + len(learnt) + 4

    def step() -> None:
        nonlocal done
        done += 1
        advance(done, total)

    def curves(remember: int) -> Iterator[tuple[str, Curve]]:
        for cell in CELLS:
            make = _orthogonal if remember else _plain
            networks = (make(cell, hidden_size, seed, remember) for seed in range(seeds))
            yield cell, _summary([_through_time(net, steps, n) for n, net in enumerate(networks)])
            step()

    with quiet_torch():
        begun, opened = dict(curves(0)), dict(curves(steps))
        after: dict[str, Curve] = {}
        for model in learnt:
            after[model.config.network.cell] = _summary(_on_the_adding_problem(model, seeds))
            step()
        layers = _summary([_down_layers(hidden_size, seed) for seed in range(seeds)])
        step()
        wild = [_through_time(_chaotic(hidden_size, n), steps, n) for n in range(seeds)]
        step()
        unclipped = _descent(hidden_size, clip=math.inf)
        step()
        clipped = _descent(hidden_size, clip=1.0)
        step()
    return GradientReport(
        hidden_size=hidden_size,
        seeds=seeds,
        begun=begun,
        opened=opened,
        learnt=after,
        layers=layers,
        exploding=_summary(wild),
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


def _through_time(network: Unrolled, steps: int, seed: int) -> NDArray[np.float64]:
    """Of a network, noise as its input and a random direction of its last h as its loss.

    An LSTM's c has no part in that direction: the first step back shares the gradient out.
    """
    generator = torch.Generator().manual_seed(seed)
    size, top = network.config.input_size, network.config.hidden_size
    inputs = torch.randn(steps + 1, 1, size, generator=generator, dtype=torch.float64)
    way = torch.randn(top, generator=generator, dtype=torch.float64)
    fresh = network.fresh()[None]
    return through_time(network.step, inputs, fresh, lambda s: (s[:, :top] * way).sum())


def _on_the_adding_problem(model: Model, count: int) -> list[NDArray[np.float64]]:
    """Of its squared error, on sequences cut to one length."""
    network, length = Unrolled(model), int(model.card["data"]["length"])
    found: list[NDArray[np.float64]] = []
    for frames, targets in examples("adding", length, count):
        inputs = torch.from_numpy(frames).double()[:, None]
        wanted = float(targets["values"][-1, 0])
        curve = through_time(
            network.step,
            inputs,
            network.fresh()[None],
            lambda s, wanted=wanted: (network.output(s) - wanted).square().sum(),
        )
        found.append(curve[:length])
    return found


def _summary(curves: list[NDArray[np.float64]]) -> Curve:
    relative = np.array([curve / curve[0] for curve in curves])
    tiny = np.finfo(np.float64).tiny
    mean = np.exp(np.log(np.maximum(relative, tiny)).mean(axis=0))
    # What underflows to 0, and what is next to it, is no power of anything any more.
    fits = np.where(relative.min(axis=0) > 1e-280, mean, np.nan)
    low, high = relative.min(axis=0), relative.max(axis=0)
    lists = [[float(f"{value:.4g}") for value in row] for row in (mean, low, high)]
    return Curve(mean=lists[0], low=lists[1], high=lists[2], rate=fitted_rate(fits))


def _unrolled(network: Network) -> Unrolled:
    from streamrnn.learn.convert import from_torch

    return Unrolled(from_torch(network))


def _orthogonal(cell: Cell, hidden_size: int, seed: int, remember: int) -> Unrolled:
    """As `streamrnn train` begins."""
    torch.manual_seed(seed)
    config = NetworkConfig(input_size=INPUTS, hidden_size=hidden_size, cell=cell)
    return _unrolled(Network(config, remember=remember))


def _plain(cell: Cell, hidden_size: int, seed: int, remember: int = 0) -> Unrolled:
    """As torch begins: all weights uniform within 1 / √hidden_size."""
    torch.manual_seed(seed)
    config = NetworkConfig(input_size=INPUTS, hidden_size=hidden_size, cell=cell)
    network = Network(config)
    network.rnn.reset_parameters()  # type: ignore[operator]
    return _unrolled(network)


def _chaotic(hidden_size: int, seed: int) -> Unrolled:
    torch.manual_seed(seed)
    config = NetworkConfig(input_size=INPUTS, hidden_size=hidden_size, cell="rnn")
    network = Network(config)
    _excite(network.rnn, hidden_size)
    return _unrolled(network)


@torch.no_grad()
def _excite(rnn: nn.Module, hidden_size: int) -> None:
    rnn.weight_hh_l0.normal_(0.0, CHAOS * hidden_size**-0.5)  # type: ignore[operator]
    rnn.weight_ih_l0.mul_(0.1)  # type: ignore[operator]


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


def _descent(hidden_size: int, *, clip: float, updates: int = 300, rate: float = 0.05) -> Learning:
    """A chaotic plain RNN on the adding problem of 30 steps, by plain gradient descent.

    Pascanu et al., 2013: where the loss has cliffs, one step along a huge gradient undoes what was
    learnt; scaled down to a norm, it has the same direction and goes no further than any other.
    """
    torch.manual_seed(0)
    network = Network(
        NetworkConfig(input_size=2, hidden_size=hidden_size, cell="rnn", output_size=1)
    )
    _excite(network.rnn, hidden_size)
    rng = np.random.default_rng(0)
    learning = Learning(loss=[], norm=[])
    for _ in range(updates):
        frames, wanted = _adding_batch(rng)
        said = network(frames)[0][:, -1, 0]
        loss = (said - wanted).square().mean()
        network.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(network.parameters(), clip)
        for value, row in ((loss.item(), learning.loss), (norm.item(), learning.norm)):
            row.append(float(f"{value:.5g}") if math.isfinite(value) else None)
        with torch.no_grad():
            for weight in network.parameters():
                if weight.grad is not None:
                    weight.sub_(rate * weight.grad)
    return learning


def _adding_batch(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    from streamrnn.tasks.memory.problems import PROBLEMS

    drawn = [PROBLEMS["adding"].draw(rng, 30) for _ in range(32)]
    frames = np.zeros((32, max(len(each.frames) for each in drawn), 2), np.float32)
    for row, each in zip(frames, drawn, strict=True):
        row[-len(each.frames) :] = each.frames  # they end together
    wanted = [float(each.targets["values"][-1, 0]) for each in drawn]
    return torch.from_numpy(frames), torch.tensor(wanted)
