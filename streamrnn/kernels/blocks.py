"""Many streams of one network in one compiled call, blocks of them side by side.

Every stream has sums of its own, in the order of the lone step (see `kernels.sums`), and the same
functions of vectors; so its bits do not depend on who shares its block, nor on the block's size.

How it is fast. A block of 8 streams reads each weight once: 16 outputs of three gates fill 24
registers with sums, and each term costs a load of weights for eight fused multiply-adds. The
weights are those panels that the lone step reads, 16 outputs of a panel at a time; states are
read and written where they lie.
"""

from typing import Any

import numpy as np

from streamrnn.kernels.block_gates import (
    ADDRESSES,
    HIDDEN_STATE,
    OUT,
    X,
    gru_gates,
    lstm_gates,
    plain_outputs,
)
from streamrnn.kernels.compile import inline, jit, jit_nogil
from streamrnn.kernels.network import (
    EMBEDDING,
    F4,
    FIELDS,
    GRU,
    HIDDEN,
    KIND,
    LAYERS,
    LSTM,
    NORMALISE,
    PACKED,
    PLAN,
    SCRATCH,
    STATE,
    STREAM,
    WIDTH,
    look_up,
    normalise,
    step,
)
from streamrnn.kernels.panels import MOST, SLOTS, VECTOR, row_size, sums_of_layer
from streamrnn.kernels.vector import (
    address_of,
    copy,
    view_int64,
)


def scratch_size(width: int) -> int:
    """Elements of float32 that `run_streams` works in, for rows of `width`."""
    return MOST * (SLOTS + 2) * width


@inline
def layer_of_block(
    streams: Any, plan: Any, packed: int, states: Any, sums: int, addresses: Any
) -> None:
    """One step of one layer for a block of streams: rows X → rows OUT, or the hidden states."""
    kind, hidden, stride = plan[KIND], plan[HIDDEN], row_size(plan)
    x, h = address_of(addresses), address_of(addresses) + HIDDEN_STATE * MOST * 8
    for b in range(len(streams)):
        addresses[HIDDEN_STATE, b] = states[b] + plan[STATE]
        if hidden > 0:
            # All sums are done before the first new state is written.
            addresses[OUT, b] = addresses[HIDDEN_STATE, b]
    sums_of_layer(streams, plan, packed, sums, VECTOR, len(streams) * VECTOR, x, h, hidden)
    if kind == GRU:
        gru_gates(streams, sums, addresses, stride)
    elif kind == LSTM:
        lstm_gates(streams, sums, addresses, stride)
    else:
        plain_outputs(streams, kind, sums, addresses, stride)


@inline
def step_of_block(
    streams: Any, plan: Any, handle: Any, states: Any, addresses: Any, outputs: Any, count: int
) -> None:
    """One step of the whole network for a block: from rows X to rows of `outputs`."""
    width = handle[WIDTH] * F4
    sums = handle[SCRATCH]
    rows = sums + MOST * SLOTS * width
    turn = 0
    for number in range(handle[LAYERS]):
        row = plan[number]
        for b in range(len(streams)):
            addresses[OUT, b] = rows + (2 * b + turn) * width
        if row[KIND] == NORMALISE:
            for b in range(len(streams)):
                normalise(row, handle[PACKED], addresses[X, b], addresses[OUT, b])
        elif row[KIND] == EMBEDDING:
            for b in range(len(streams)):
                look_up(row, handle[PACKED], addresses[X, b], addresses[OUT, b])
        else:
            layer_of_block(streams, row, handle[PACKED], states, sums, addresses)
        for b in range(len(streams)):
            addresses[X, b] = addresses[OUT, b]
        turn = 1 - turn
    for b in range(len(streams)):
        copy(addresses[X, b], outputs[b], count)


@inline
def most_first(counts: Any) -> Any:
    """The numbers of streams with those of most frames first, in their order otherwise."""
    order = np.empty(len(counts), np.int64)
    least = most = counts[0]
    for count in counts:
        least, most = min(least, count), max(most, count)
    if least == most:
        for n in range(len(counts)):
            order[n] = n
        return order
    place = np.zeros(most + 2, np.int64)
    for count in counts:
        place[most - count + 1] += 1
    for gap in range(most):
        place[gap + 1] += place[gap]
    for n in range(len(counts)):
        order[place[most - counts[n]]] = n
        place[most - counts[n]] += 1
    return order


@jit_nogil
def run_streams_long(
    handle: Any,
    stride: int,
    most: int,
    slots: Any,
    firsts: Any,
    counts: Any,
    which: int,
    of: int,
    frames: Any,
    outputs: Any,
) -> None:
    """Advance many streams, each by frames of its own; without the GIL.

    Args:
        handle: int64 (HANDLE_SIZE,), of the network; STREAM points at the state of slot 0,
            SCRATCH at `scratch_size` elements.
        stride: bytes from the state of one slot to the next.
        most: streams of the largest block, 8, 6, 4, 2 or 1.
        slots: of the streams, int64 (streams,).
        firsts: where the frames of each begin, int64 (streams,).
        counts: how many they are, int64 (streams,), one or more.
        which: the part of the streams to advance, from 0 on.
        of: how many parts there are.
        frames: float32 (steps, input_size), C-contiguous; checked before.
        outputs: float32 (steps, output_size), C-contiguous; written, each at its frame's place.
    """
    plan = view_int64(handle[PLAN], handle[LAYERS] * FIELDS).reshape((handle[LAYERS], FIELDS))
    own = handle.copy()
    addresses = np.empty((ADDRESSES, MOST), np.int64)
    into = np.empty(MOST, np.int64)
    x_bytes, y_bytes = frames.shape[1] * F4, outputs.shape[1] * F4
    x, y, width = address_of(frames), address_of(outputs), outputs.shape[1]
    active = (len(slots) - which + of - 1) // of
    if active <= 0:
        return
    sizes, begins = counts[which::of].copy(), firsts[which::of].copy()
    states = handle[STREAM] + slots[which::of] * stride
    order = most_first(sizes)
    sizes, begins, states = sizes[order], begins[order], states[order]
    for t in range(sizes[0]):
        while sizes[active - 1] <= t:
            active -= 1
        first = 0
        while first < active:
            size = min(most, active - first)
            for b in range(size):
                place = begins[first + b] + t
                addresses[X, b] = x + place * x_bytes
                into[b] = y + place * y_bytes
            those = states[first : first + size]
            if size >= 8:
                step_of_block((0,) * 8, plan, own, those, addresses, into, width)
                first += 8
            elif size >= 6:
                step_of_block((0,) * 6, plan, own, those, addresses, into, width)
                first += 6
            elif size >= 4:
                step_of_block((0,) * 4, plan, own, those, addresses, into, width)
                first += 4
            elif size >= 2:
                step_of_block((0,) * 2, plan, own, those, addresses, into, width)
                first += 2
            else:
                own[STREAM] = those[0]
                step(plan, own, addresses[X, 0], into[0], width, 0)
                first += 1


@jit
def run_streams(
    handle: Any,
    stride: int,
    most: int,
    slots: Any,
    firsts: Any,
    counts: Any,
    which: int,
    of: int,
    frames: Any,
    outputs: Any,
) -> None:
    """`run_streams_long` with the GIL held, for what is done sooner than it is had back."""
    run_streams_long(handle, stride, most, slots, firsts, counts, which, of, frames, outputs)
