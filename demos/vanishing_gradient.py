"""The gradient that reaches earlier steps: how it vanishes, and what gates do about it.

    python demos/vanishing_gradient.py               300 steps back
    python demos/vanishing_gradient.py --steps 1000  as far as the gates are opened for

Draws gradient.png (--png FILE). Plain torch: pip install 'streamrnn[learn]'. More of it, exploding
and clipping too: streamrnn explain gradient
"""
# pyright: standard

import argparse
from typing import Any

import torch
from torch import nn

from streamrnn.cli import run
from streamrnn.show.figure import new_figure, write_picture

HIDDEN, INPUTS = 64, 8
CELLS = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}


def gradient(cell: nn.RNNBase, steps: int) -> torch.Tensor:
    """‖∂L / ∂state‖ at each of some steps back from the loss, relative to the nearest."""
    state, states = None, list[tuple[torch.Tensor, ...]]()
    for x in torch.randn(steps + 1, 1, 1, INPUTS):
        _, state = cell(x, state)  # one step
        states.append(state if isinstance(state, tuple) else (state,))  # an LSTM's are h and c
        for part in states[-1]:
            part.retain_grad()
    states[-1][0].sum().backward()  # the loss is said at the end alone, of h
    parts = ([p.grad for p in state if p.grad is not None] for state in reversed(states))
    norms = torch.stack([torch.cat(gradients).norm() for gradients in parts])
    return norms / norms[0]


@torch.no_grad()
def open_gates(cell: nn.RNNBase, steps: int) -> None:
    """Let gates keep for 2 to `steps` steps to begin with (Tallec and Ollivier, 2018)."""
    bias: Any = cell.bias_hh_l0
    log_u = torch.empty(HIDDEN).uniform_(1.0, steps - 1.0).log()
    bias[HIDDEN : 2 * HIDDEN] = log_u  # z of a GRU, f of an LSTM
    if isinstance(cell, nn.LSTM):
        bias[:HIDDEN] = -log_u  # i lets in as much as f forgets


def main() -> None:
    """Measure three cells, twice those with gates, and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--steps", type=int, default=300, help="back in time, from 10")
    parser.add_argument("--png", metavar="FILE", default="gradient.png")
    options = parser.parse_args()
    if options.steps < 10:
        parser.error(f"--steps: expected at least 10, got {options.steps}")
    torch.manual_seed(0)
    torch.set_num_threads(1)  # quicker, for steps as small as these
    torch.set_default_dtype(torch.float64)
    figure = new_figure(figsize=(8.0, 4.5), dpi=130, layout="constrained")
    axes = figure.subplots()
    for name, kind in CELLS.items():
        for opened in (False, True)[: 1 if name == "RNN" else 2]:
            cell = kind(INPUTS, HIDDEN)
            if opened:
                open_gates(cell, 1_000)
            curve = gradient(cell, options.steps)
            label = f"{name}{', gates begun open' * opened}"
            print(f"{label:<24} after {options.steps} steps {curve[-1]:.2g} is left")
            dashes = {"RNN": "-", "GRU": "--", "LSTM": ":"}[name]
            axes.semilogy(curve.numpy(), dashes, linewidth=1 + opened, label=label)
    axes.set_xlabel("steps back in time")
    axes.set_ylabel("gradient")
    axes.legend()
    write_picture(options.png, figure.savefig)
    print(f"drawn: {options.png}")


if __name__ == "__main__":
    run(main)
