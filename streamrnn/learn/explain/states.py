"""The hidden state of a layer step by step, and how far its gates stand open."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import UnsupportedError
from streamrnn.learn.explain.inputs import Steps, steps_of
from streamrnn.model import Model

GATES: dict[str, dict[str, int]] = {
    "gru": {"update": 1, "reset": 0},
    "lstm": {"input": 0, "forget": 1, "output": 3},
}
"""The gates of each cell, and where `Trace.gates` has them: of a GRU r, z, n, of an LSTM i, f, g,
o. An update gate z keeps, and 1 - z lets in, as torch has it (Cho et al., 2014, the other way)."""


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
    """How far each unit's gates are open at each step, 0 to 1, `(steps, hidden_size)`, by the names
    in `GATES`; none without gates."""
    before: list[list[float]]
    """The hidden state before the first of these steps; none where that is the sequence's first."""
    total: int
    """Steps of the whole sequence, of which these are the last."""

    def order(self) -> NDArray[np.int64]:
        """Units by the step at which they change most, and by which way: pictures show them so."""
        hidden = np.array(self.hidden)
        before = np.array(self.before) if self.before else np.zeros_like(hidden[:1])
        change = np.diff(hidden, axis=0, prepend=before)
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

    Returns:
        The report; numbers are rounded to five digits.

    Raises:
        UnsupportedError: the model has no state, or no such layer, or the input no step.
        InputError: the sequence is refused.
    """
    network = model.config.network
    if network.cell in ("feedforward", "module"):
        raise UnsupportedError(
            f"{model.name}: expected a model of cell rnn, gru or lstm, got {network.cell}"
        )
    if not -network.num_layers <= layer < network.num_layers:
        raise UnsupportedError(
            f"layer: expected 0 to {network.num_layers - 1} of {model.name}, got {layer}"
        )
    layer %= network.num_layers
    said = model.predict(sequence, trace=True, **options)
    steps, trace = steps_of(sequence, said).last(last), said.trace
    assert trace is not None
    first = len(said) - len(steps.names)
    known = GATES.get(network.cell, {})
    gates = {name: trace.gates[layer][first:, n] for name, n in known.items()}
    return StateReport(
        model=model.name,
        cell=network.cell,
        layer=layer,
        steps=steps,
        hidden=_rounded(trace.hidden[first:, layer]),
        gates={name: _rounded(gate) for name, gate in gates.items()},
        before=_rounded(trace.hidden[first - 1 : first, layer]) if first else [],
        total=len(said),
    )


def _rounded(values: NDArray[np.float32]) -> list[list[float]]:
    """Nested lists of numbers that are not longer in JSON than they are exact."""
    return np.round(values.astype(np.float64), 5).tolist()
