"""All sums of a layer for several streams side by side, panel by panel of its weights."""

from typing import Any

from streamrnn.kernels.compile import inline
from streamrnn.kernels.network import (
    F4,
    GRU,
    HIDDEN,
    INPUTS,
    KIND,
    LSTM,
    OUTPUTS,
    WEIGHTS,
    WIDEST,
)
from streamrnn.kernels.sums import accumulate_streams

MOST = 8  # streams side by side, or steps of one
SLOTS = 4  # sums of an output: of a GRU r, z, n and the hidden state's part of n
VECTOR = 16 * F4  # bytes of 16 outputs


@inline
def row_size(plan: Any) -> int:
    """Bytes of a layer's outputs, filled up to whole vectors."""
    return (plan[OUTPUTS] + 15) // 16 * VECTOR


@inline
def sums_of_layer(
    streams: Any,
    plan: Any,
    packed: int,
    sums: int,
    between: int,
    onward: int,
    x: int,
    h: int,
    hidden: int,
) -> None:
    """All sums of a layer, gate by gate: slots of `len(streams) * row_size(plan)` bytes.

    Args:
        streams: a tuple whose length tells how many there are.
        plan: of the layer.
        packed: the address of all weights.
        sums: the address of the first slot; written, as all others.
        between: bytes from a stream's sums of 16 outputs to the next one's.
        onward: bytes from these to the same stream's of the next 16.
        x: see `accumulate_streams`.
        h: likewise.
        hidden: likewise; 0 where the hidden state's part is added later.
    """
    kind, inputs = plan[KIND], plan[INPUTS]
    gates = 3 if kind == GRU else 4 if kind == LSTM else 1
    rows = gates * (1 + inputs + plan[HIDDEN]) + (1 if kind == GRU else 0)
    weights, left, place = packed + plan[WEIGHTS], row_size(plan), sums
    slot = len(streams) * left
    while left > 0:
        lanes = plan[WIDEST] * F4
        while lanes > left:
            lanes //= 2
        for bias in range(weights, weights + lanes, VECTOR):
            if kind == GRU:
                accumulate_streams(
                    *(streams, (0, 0, 0), place, between, slot, 1),
                    *(bias, lanes, x, inputs, h, hidden),
                )
            elif kind == LSTM:
                accumulate_streams(
                    *(streams, (0, 0, 0, 0), place, between, slot, 0),
                    *(bias, lanes, x, inputs, h, hidden),
                )
            else:
                accumulate_streams(
                    *(streams, (0,), place, between, slot, 0),
                    *(bias, lanes, x, inputs, h, hidden),
                )
            place += onward
        weights += rows * lanes
        left -= lanes
