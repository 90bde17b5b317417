"""The hidden state of a layer step by step, and how far its gates stand open."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import UnsupportedError
from streamrnn.learn.explain.inputs import Steps, steps_of
from streamrnn.model import Model

# In the order in which `Trace.gates` has them, each with what its being open means. A GRU's z is
# what it keeps; 1 - z is what it lets in (Cho et al., arXiv:1406.1078, 2014, in torch's notation).
GATES = {
    "gru": {"let in": "1 − z", "kept": "z", "recalled": "r"},
    "lstm": {"let in": "i", "kept": "f", "let out": "o"},
}
"""The gates of each cell, by what they do; `recalled` is the share of the state before that the
candidate is made with."""


class StateReport(msgspec.Struct, kw_only=True):
    """What `explain state` tells."""

    model: str
    """The model's name."""
    cell: str
    """Its cell."""
    layer: int
    """Which layer, from 0."""
    steps: Steps
    """The sequence."""
    hidden: list[list[float]]
    """The hidden state after each step, `(steps, hidden_size)`."""
    gates: dict[str, list[list[float]]]
    """How far each unit's gates are open at each step, 0 to 1, `(steps, hidden_size)`, by what they
    do; none without gates."""

    @property
    def means(self) -> dict[str, list[float]]:
        """The mean over the units of each gate, a step."""
        return {name: np.mean(gate, axis=1).tolist() for name, gate in self.gates.items()}

    def order(self) -> NDArray[np.int64]:
        """Units by the step at which they change most, and by which way: pictures show them so."""
        hidden = np.array(self.hidden)
        change = np.diff(hidden, axis=0, prepend=np.zeros_like(hidden[:1]))
        when = np.abs(change).argmax(axis=0)
        way = change[when, np.arange(hidden.shape[1])]
        return np.lexsort((-way, when))


def explain_state(
    model: Model, sequence: Any, *, layer: int = -1, last: int = 0, **options: Any
) -> StateReport:
    """Tell the hidden state and gates of one layer, step by step.

    Args:
        model: with a cell that has a state.
        sequence: one whole sequence, as `Model.predict` takes it.
        layer: which, from 0; negative: from the last.
        last: how many steps at the end to tell; 0: all.
        options: as of `Model.predict`.

    Raises:
        UnsupportedError: the model has no state, or no such layer, or the input no step.
        InputError: the sequence is refused.
    """
    network = model.config.network
    if network.cell in ("feedforward", "module"):
        raise UnsupportedError(
            f"explain state: expected a model of cell rnn, gru or lstm, got {network.cell}"
        )
    if not -network.num_layers <= layer < network.num_layers:
        raise UnsupportedError(
            f"layer: expected 0 to {network.num_layers - 1} of {model.name}, got {layer}"
        )
    layer %= network.num_layers
    said = model.predict(sequence, trace=True, **options)
    trace = said.trace
    assert trace is not None
    cut = slice(-last if last else 0, None)
    return StateReport(
        model=model.name,
        cell=network.cell,
        layer=layer,
        steps=steps_of(sequence, said).last(last),
        hidden=rounded(trace.hidden[cut, layer]),
        gates=_gates(network.cell, trace.gates[layer][cut]) if network.cell in GATES else {},
    )


def rounded(values: NDArray[Any], digits: int = 5) -> list[Any]:
    """Nested lists of numbers that are not longer in JSON than they are exact."""
    return np.round(values.astype(np.float64), digits).tolist()


def _gates(cell: str, gates: NDArray[np.float32]) -> dict[str, list[list[float]]]:
    """Of a GRU r, z, n, of an LSTM i, f, g, o; n and g are no gates."""
    if cell == "gru":
        r, z = gates[:, 0], gates[:, 1]
        found = {"let in": 1.0 - z, "kept": z, "recalled": r}
    else:
        found = {"let in": gates[:, 0], "kept": gates[:, 1], "let out": gates[:, 3]}
    return {name: rounded(gate) for name, gate in found.items()}
