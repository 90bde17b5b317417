"""Learning along a gradient that explodes, with and without clipping."""

import math

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from streamrnn.config import NetworkConfig
from streamrnn.learn.explain.begun import excite
from streamrnn.learn.network import Network
from streamrnn.tasks.memory.problems import PROBLEMS

LENGTH, BATCH = 30, 32
UPDATES, RATE = 300, 0.05


class Learning(msgspec.Struct, kw_only=True):
    """A network in training, update by update."""

    loss: list[float | None]
    """Of each update, before it; None where it was no number."""
    norm: list[float | None]
    """Of the gradient of all weights together, before any clipping; likewise."""

    @property
    def lost(self) -> int | None:
        """The update from which on the loss is no number."""
        return next((n for n, loss in enumerate(self.loss) if loss is None), None)


def descend(hidden_size: int, *, clip: float) -> Learning:
    """Teach a chaotic plain RNN to add over 30 steps, by plain gradient descent.

    Where the loss has cliffs, a step along a huge gradient goes far off; scaled down to a norm, it
    has the same direction and goes no further than any other (Pascanu et al., 2013, section 3.2).

    Args:
        hidden_size: of the network.
        clip: the largest norm of the gradient of all weights together; infinity: none.

    Returns:
        300 updates; the same networks and sequences whatever `clip` is.
    """
    torch.manual_seed(0)
    config = NetworkConfig(input_size=2, hidden_size=hidden_size, cell="rnn", output_size=1)
    network = Network(config)
    excite(network.rnn, hidden_size)
    rng = np.random.default_rng(0)
    learning = Learning(loss=[], norm=[])
    for _ in range(UPDATES):
        frames, wanted = _batch(rng)
        loss = (network(frames)[0][:, -1, 0] - wanted).square().mean()
        network.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(network.parameters(), clip)
        for value, row in ((loss.item(), learning.loss), (norm.item(), learning.norm)):
            row.append(float(f"{value:.5g}") if math.isfinite(value) else None)
        with torch.no_grad():
            for weight in network.parameters():
                assert weight.grad is not None
                weight.sub_(RATE * weight.grad)
    return learning


def _batch(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Sequences of the adding problem that end together, and their sums."""
    drawn = [PROBLEMS["adding"].draw(rng, LENGTH) for _ in range(BATCH)]
    frames = np.zeros((BATCH, max(len(each.frames) for each in drawn), 2), np.float32)
    for row, each in zip(frames, drawn, strict=True):
        row[-len(each.frames) :] = each.frames
    wanted = [float(each.targets["values"][-1, 0]) for each in drawn]
    return torch.from_numpy(frames), torch.tensor(wanted)
