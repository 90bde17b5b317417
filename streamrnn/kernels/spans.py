"""Many steps of one stream in one call: what does not wait for the step before is done together.

The input's part of a layer's sums is known for all frames of a chunk at once; only the hidden
state's part has to wait. So for spans of a few steps the input's part is summed up as a block of
streams would be, each weight read once for all steps of the span, and the hidden state's part is
then added step by step. Every sum has the order of the lone step: bias, input, hidden state.
"""

from typing import Any

import numpy as np

from streamrnn.kernels.compile import inline, jit_nogil
from streamrnn.kernels.network import (
    EMBEDDING,
    F4,
    FIELDS,
    GRU,
    HIDDEN,
    INPUTS,
    KIND,
    LAYERS,
    LSTM,
    NORMALISE,
    PACKED,
    PLAN,
    STATE,
    STREAM,
    WEIGHTS,
    WIDEST,
    WIDTH,
    first_bad,
    gru_rest,
    look_up,
    lstm_rest,
    normalise,
    plain_rest,
    step,
)
from streamrnn.kernels.panels import MOST, SLOTS, VECTOR, row_size, sums_of_layer
from streamrnn.kernels.vector import (
    address_of,
    copy,
    lane_count,
    load,
    store,
    view_int64,
    zeros,
)


@inline
def rest_of_panel(
    like: Any,
    kind: int,
    weights: int,
    inputs: int,
    sums: int,
    slot: int,
    h: int,
    hidden: int,
    cell: int,
    old: int,
    out: int,
    stride: int,
) -> int:
    """A panel of one step whose input is summed up already; returns the next's weights."""
    lanes = F4 * lane_count(like)
    if kind == GRU:
        r, z, n = load(like, sums), load(like, sums + slot), load(like, sums + 2 * slot)
        m = load(like, weights + 3 * lanes)
        weights += lanes * (4 + 3 * inputs)
        return gru_rest(r, z, n, m, weights, h, hidden, old, out, 0, stride)
    if kind == LSTM:
        i, f = load(like, sums), load(like, sums + slot)
        g, o = load(like, sums + 2 * slot), load(like, sums + 3 * slot)
        weights += lanes * (4 + 4 * inputs)
        return lstm_rest(i, f, g, o, weights, h, hidden, cell, out, 0, stride)
    weights += lanes * (1 + inputs)
    return plain_rest(kind, load(like, sums), weights, h, hidden, out)


@inline
def layer_of_span(
    steps: Any, plan: Any, packed: int, stream: int, sums: int, rows: int, width: int, x: Any
) -> None:
    """Some steps of one layer: rows at the addresses `x`, int64, → rows `width` bytes apart."""
    kind, inputs, hidden, stride = plan[KIND], plan[INPUTS], plan[HIDDEN], row_size(plan)
    slot, xs = len(steps) * stride, address_of(x)
    sums_of_layer(steps, plan, packed, sums, stride, VECTOR, xs, xs, 0)
    h = stream + plan[STATE]
    cell = h + stride
    for t in range(len(steps)):
        weights, first, out, begun = packed + plan[WEIGHTS], 0, rows + t * width, sums + t * stride
        while plan[WIDEST] >= 64 and stride - first >= 64 * F4:
            weights = rest_of_panel(
                *(zeros(64), kind, weights, inputs, begun + first, slot, h, hidden),
                *(cell + first, h + first, out + first, stride),
            )
            first += 64 * F4
        while plan[WIDEST] >= 32 and stride - first >= 32 * F4:
            weights = rest_of_panel(
                *(zeros(32), kind, weights, inputs, begun + first, slot, h, hidden),
                *(cell + first, h + first, out + first, stride),
            )
            first += 32 * F4
        while stride - first > 0:
            weights = rest_of_panel(
                *(zeros(16), kind, weights, inputs, begun + first, slot, h, hidden),
                *(cell + first, h + first, out + first, stride),
            )
            first += VECTOR
        if hidden > 0:
            h = out  # the next step's old state
        x[t] = out
    if hidden > 0:
        for byte in range(0, stride, VECTOR):
            store(stream + plan[STATE] + byte, load(zeros(16), h + byte))


@inline
def span(steps: Any, plan: Any, handle: Any, memory: Any, x: Any, into: int, count: int) -> None:
    """Some steps of the whole network: from the frames at the addresses `x` to rows at `into`."""
    width = handle[WIDTH] * F4
    sums = (address_of(memory) + 63) // 64 * 64
    rows = sums + SLOTS * MOST * width
    for number in range(handle[LAYERS]):
        row = plan[number]
        here = rows + (number % 2) * MOST * width
        if row[KIND] == NORMALISE:
            for t in range(len(steps)):
                normalise(row, handle[PACKED], x[t], here + t * width)
                x[t] = here + t * width
        elif row[KIND] == EMBEDDING:
            for t in range(len(steps)):
                look_up(row, handle[PACKED], x[t], here + t * width)
                x[t] = here + t * width
        else:
            layer_of_span(steps, row, handle[PACKED], handle[STREAM], sums, here, width, x)
    for t in range(len(steps)):
        copy(x[t], into + t * count * F4, count)


@jit_nogil
def run_long(handle: Any, most: int, frames: Any, outputs: Any) -> int:
    """`network.run` for many steps, in spans of 8 or 6; without the GIL.

    Args:
        handle: see `network.run`.
        most: steps of a span whose sums fit the registers: 8, 6, or fewer, and then there are
            no spans.
        frames: float32 (steps, input_size), C-contiguous.
        outputs: float32 (steps, output_size), C-contiguous; written.

    Returns:
        -1, or the first frame that is not finite (or no token); the state is then untouched.
    """
    plan = view_int64(handle[PLAN], handle[LAYERS] * FIELDS).reshape((handle[LAYERS], FIELDS))
    bad = first_bad(plan, frames)
    if bad >= 0:
        return bad
    # To be handed on as an array: numba frees one after its last use, whoever has its address.
    memory = np.empty((SLOTS + 2) * MOST * handle[WIDTH] + 16, np.float32)
    x = np.empty(MOST, np.int64)
    into, count, steps = address_of(outputs), outputs.shape[1], frames.shape[0]
    begin, size = address_of(frames), frames.shape[1] * F4
    t = 0
    while t < steps:
        for k in range(min(MOST, steps - t)):
            x[k] = begin + (t + k) * size
        if most >= 8 and steps - t >= 8:
            span((0,) * 8, plan, handle, memory, x, into, count)
            done = 8
        elif most >= 6 and steps - t >= 6:
            span((0,) * 6, plan, handle, memory, x, into, count)
            done = 6
        else:
            step(plan, handle, x[0], into, count, 0)
            done = 1
        t += done
        into += done * count * F4
    return -1
