"""What gates cost: weights, arithmetic and time of plain RNN, GRU and LSTM, trained and live.

Each is measured twice, with as many hidden units as the others and with as many weights. All are
timed in turn within one run, on one core and with one thread, so that the ratios hold.
"""

import sys
from collections.abc import Callable
from itertools import repeat
from typing import Literal

import msgspec
import torch

from streamrnn.bench.cases import INPUT_SIZE, Case
from streamrnn.bench.common import (
    Report,
    Timing,
    environment,
    interleave,
    measure_in_child,
    pin,
    progress,
    timing,
)
from streamrnn.bench.contenders import Compiled
from streamrnn.learn.network import Network

HIDDEN = 128
BATCH, WINDOW = 32, 64
"""Of a training step: streams side by side, and steps that gradients go back."""
_GATES = {"rnn": 1, "gru": 3, "lstm": 4}  # products of each unit

Equal = Literal["hidden", "weights"]


class Cost(msgspec.Struct, kw_only=True):
    """One network."""

    cell: str
    """Its cell."""
    equal: Equal
    """In what it is like the others: the size of its hidden state, or its count of weights."""
    hidden_size: int
    """Elements of its state."""
    weights: int
    """All of them, biases too."""
    multiply_adds: int
    """Of one step."""
    live: Timing
    """One live step, compiled."""
    training: Timing
    """One step of one stream while it learns, forwards and backwards, in torch: a window of
    `BATCH` × `WINDOW` steps and the update, shared out among them."""
    live_ratio: float
    """× the live step of the plain RNN that is like it, of each the quickest round: what else the
    machine does slows the others."""
    training_ratio: float
    """The same of training."""


class GatesReport(Report, kw_only=True):
    """What `explain gates` measures."""

    costs: list[Cost]
    """Six networks."""


def names() -> list[tuple[str, Equal]]:
    """The networks: three of equal hidden size, three of as many weights as that GRU has."""
    budget = Case(f"gru-{HIDDEN}").multiply_adds
    equal: list[tuple[str, Equal]] = [(f"{cell}-{HIDDEN}", "hidden") for cell in _GATES]
    return equal + [(f"{cell}-{_size(cell, budget)}", "weights") for cell in _GATES]


def _size(cell: str, budget: int) -> int:
    """The hidden size H at which gates · H · (inputs + H) comes nearest to the budget."""
    wanted = budget / _GATES[cell]
    return round((INPUT_SIZE**2 / 4 + wanted) ** 0.5 - INPUT_SIZE / 2)


def run(*, quick: bool = False, show_progress: bool = True) -> GatesReport:
    """Measure, in a process of its own with one thread.

    Args:
        quick: fewer rounds.
        show_progress: a bar on standard error.
    """
    return GatesReport.from_json(
        measure_in_child(__name__, {"quick": quick, "show_progress": show_progress})
    )


class _Training:
    """A training step of a case, as `streamrnn train` does it."""

    def __init__(self, case: Case) -> None:
        torch.manual_seed(0)
        self._network = Network(case.network)
        self._optimizer = torch.optim.AdamW(self._network.parameters(), fused=True)
        self._frames = torch.randn(BATCH, WINDOW, INPUT_SIZE)

    def loop(self, count: int) -> None:
        """Some windows."""
        for _ in repeat(None, count):
            self._optimizer.zero_grad()
            outputs, _state = self._network(self._frames)
            outputs.square().mean().backward()
            torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
            self._optimizer.step()


def _measure(advance: Callable[..., None], rounds: tuple[int, int]) -> list[Cost]:
    chosen = names()
    cases = {name: Case(name) for name, _ in chosen}
    live = {name: Compiled(case).loop for name, case in cases.items()}
    training = {name: _Training(case).loop for name, case in cases.items()}
    steps = interleave(live, rounds=rounds[0], block_ms=4.0, advance=advance)
    windows = interleave(training, rounds=rounds[1], block_ms=60.0, advance=advance)
    costs: list[Cost] = []
    for name, equal in chosen:
        case, plain = cases[name], next(n for n, e in chosen if e == equal)
        own = [seconds / (BATCH * WINDOW) for seconds in windows[name]]
        costs.append(
            Cost(
                cell=case.network.cell,
                equal=equal,
                hidden_size=case.network.hidden_size,
                weights=sum(array.size for array in case.weights.values()),
                multiply_adds=case.multiply_adds,
                live=timing(steps[name]),
                training=timing(own),
                live_ratio=round(min(steps[name]) / min(steps[plain]), 3),
                training_ratio=round(min(windows[name]) / min(windows[plain]), 3),
            )
        )
    return costs


def main(options: str) -> None:
    """Measure and print the report: what `run` starts."""
    quick, show = (msgspec.json.decode(options)[key] for key in ("quick", "show_progress"))
    pin()
    torch.set_num_threads(1)
    rounds = (40, 12) if quick else (200, 60)
    found = environment()
    with progress("what gates cost", sum(rounds) * len(dict(names())), show=show) as advance:
        costs = _measure(advance, rounds)
    print(GatesReport(environment=found, left_out={}, costs=costs).as_json())


if __name__ == "__main__":
    main(sys.argv[1])
