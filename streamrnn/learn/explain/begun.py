"""Networks that have learnt nothing yet, as gradients are measured in them."""

from typing import Any

import torch

from streamrnn.config import Cell, NetworkConfig
from streamrnn.learn.convert import from_torch
from streamrnn.learn.explain.unroll import Unrolled
from streamrnn.learn.network import Network

INPUTS = 8
CHAOS = 2.0
"""Standard deviation of recurrent weights times √hidden_size where gradients are to explode; above
1 a tanh network without input is chaotic (Sompolinsky, Crisanti and Sommers, 1988)."""


def as_torch_begins(cell: Cell, hidden_size: int, seed: int) -> Unrolled:
    """All weights uniform within 1 / √hidden_size."""
    network = _network(cell, hidden_size, seed)
    rnn: Any = network.rnn
    rnn.reset_parameters()
    return Unrolled(from_torch(network))


def as_training_begins(cell: Cell, hidden_size: int, seed: int, remember: int) -> Unrolled:
    """Orthogonal recurrent weights, and gates that begin open, as `train.remember` has them."""
    return Unrolled(from_torch(_network(cell, hidden_size, seed, remember)))


def chaotic(hidden_size: int, seed: int) -> Unrolled:
    """A plain RNN with recurrent weights of `CHAOS`."""
    network = _network("rnn", hidden_size, seed)
    excite(network.rnn, hidden_size)
    return Unrolled(from_torch(network))


@torch.no_grad()
def excite(rnn: Any, hidden_size: int) -> None:
    """Give a plain RNN recurrent weights of `CHAOS`, and small ones for its input."""
    rnn.weight_hh_l0.normal_(0.0, CHAOS * hidden_size**-0.5)
    rnn.weight_ih_l0.mul_(0.1)


def _network(cell: Cell, hidden_size: int, seed: int, remember: int = 0) -> Network:
    torch.manual_seed(seed)
    config = NetworkConfig(input_size=INPUTS, hidden_size=hidden_size, cell=cell)
    return Network(config, remember=remember)
