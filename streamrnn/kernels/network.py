"""One compiled call for a whole network: normalisation, encoder, all layers, head, any steps.

How the bits are kept. Every output element is one sum in one order: its bias, then the terms of
the layer's input, then those of the hidden state, each by fused multiply-adds in blocks of 32
(see `kernels.sums`). Outputs lie along the vector lanes, so neither the number of steps in
a call nor the width of a panel can change an order; the elements that fill up the last panel are
zeros that stay zero.

How it is fast. Weights are packed once, at load, in the order in which they are read: for each
panel of up to 64 outputs the biases, then for each k the panel's weights of all gates. The sums
of a panel stay in registers from the first term to the stored hidden state.
"""

from typing import Any

import numpy as np

from streamrnn.kernels.activations import sigmoid, tanh
from streamrnn.kernels.compile import inline, jit
from streamrnn.kernels.finite import first_refused
from streamrnn.kernels.sums import accumulate
from streamrnn.kernels.vector import (
    address_of,
    constant,
    copy,
    fma,
    lane_count,
    load,
    load_scalar,
    maximum,
    multiply,
    store,
    store_scalar,
    subtract,
    view_int64,
    zeros,
)

# A plan is int64 (layers, FIELDS): what each layer is, and where its weights and state lie, in
# bytes. A layer with HIDDEN > 0 has a loop: its hidden state lies at STATE, padded to whole
# panels; an LSTM's cell state follows it. WIDEST is the number of lanes of the widest panel.
KIND, INPUTS, OUTPUTS, HIDDEN, WEIGHTS, STATE, WIDEST, TRACE, FIELDS = range(9)
NORMALISE, EMBEDDING, LINEAR, TANH, RELU, GRU, LSTM = range(7)

# A handle is int64 (HANDLE_SIZE,): addresses, and extents in elements.
PLAN, LAYERS, PACKED, STREAM, SCRATCH, WIDTH, HANDLE_SIZE = range(7)

F4 = 4  # bytes of a float32
GATES = {LINEAR: 1, TANH: 1, RELU: 1, GRU: 3, LSTM: 4}

_ZERO = np.float32(0.0)


@inline
def plain_panel(
    like: Any, kind: int, weights: int, x: int, inputs: int, h: int, hidden: int, out: int
) -> int:
    """One panel of `f(b + W_ih x + W_hh h)`: Elman's network, or with no h a dense layer."""
    lanes = F4 * lane_count(like)
    (total,) = accumulate((load(like, weights),), weights + lanes, x, inputs)
    return plain_rest(kind, total, weights + lanes * (1 + inputs), h, hidden, out)


@inline
def plain_rest(kind: int, total: Any, weights: int, h: int, hidden: int, out: int) -> int:
    """What is left of a panel once the input is summed up."""
    (total,) = accumulate((total,), weights, h, hidden)
    if kind == TANH:
        total = tanh(total)
    elif kind == RELU:
        total = maximum(total, constant(total, _ZERO))
    store(out, total)
    return weights + F4 * lane_count(total) * hidden


@inline
def gru_panel(
    like: Any,
    weights: int,
    x: int,
    inputs: int,
    h: int,
    hidden: int,
    old: int,
    out: int,
    trace: int,
    stride: int,
) -> int:
    """One panel of a GRU (Cho et al. 2014) in torch's form: r acts on W_hn h + b_hn.

    r = σ(W_ir x + b_ir + W_hr h + b_hr)      z = σ(W_iz x + b_iz + W_hz h + b_hz)
    n = tanh(W_in x + b_in + r * (W_hn h + b_hn))      h' = (1 - z) * n + z * h
    """
    lanes = F4 * lane_count(like)
    r, z = load(like, weights), load(like, weights + lanes)
    n, m = load(like, weights + 2 * lanes), load(like, weights + 3 * lanes)
    weights += 4 * lanes
    r, z, n = accumulate((r, z, n), weights, x, inputs)
    weights += 3 * lanes * inputs
    return gru_rest(r, z, n, m, weights, h, hidden, old, out, trace, stride)


@inline
def gru_rest(
    r: Any,
    z: Any,
    n: Any,
    m: Any,
    weights: int,
    h: int,
    hidden: int,
    old: int,
    out: int,
    trace: int,
    stride: int,
) -> int:
    """What is left of a panel once the input is summed up; m begins with b_hn."""
    r, z, m = accumulate((r, z, m), weights, h, hidden)
    r, z = sigmoid(r), sigmoid(z)
    n = tanh(fma(r, m, n))
    store(out, fma(z, subtract(load(n, old), n), n))
    if trace != 0:
        store(trace, r)
        store(trace + stride, z)
        store(trace + 2 * stride, n)
    return weights + 3 * F4 * lane_count(n) * hidden


@inline
def lstm_panel(
    like: Any,
    weights: int,
    x: int,
    inputs: int,
    h: int,
    hidden: int,
    cell: int,
    out: int,
    trace: int,
    stride: int,
) -> int:
    """One panel of an LSTM (Hochreiter & Schmidhuber 1997; forget gate, Gers et al. 2000).

    i, f, o = σ(W_i· x + W_h· h + b·)      g = tanh(W_ig x + W_hg h + b_g)
    c' = f * c + i * g      h' = o * tanh(c')
    """
    lanes = F4 * lane_count(like)
    i, f = load(like, weights), load(like, weights + lanes)
    g, o = load(like, weights + 2 * lanes), load(like, weights + 3 * lanes)
    weights += 4 * lanes
    i, f, g, o = accumulate((i, f, g, o), weights, x, inputs)
    weights += 4 * lanes * inputs
    return lstm_rest(i, f, g, o, weights, h, hidden, cell, out, trace, stride)


@inline
def lstm_rest(
    i: Any,
    f: Any,
    g: Any,
    o: Any,
    weights: int,
    h: int,
    hidden: int,
    cell: int,
    out: int,
    trace: int,
    stride: int,
) -> int:
    """What is left of a panel once the input is summed up."""
    i, f, g, o = accumulate((i, f, g, o), weights, h, hidden)
    i, f, g, o = sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)
    memory = fma(f, load(i, cell), multiply(i, g))
    store(cell, memory)
    store(out, multiply(o, tanh(memory)))
    if trace != 0:
        store(trace, i)
        store(trace + stride, f)
        store(trace + 2 * stride, g)
        store(trace + 3 * stride, o)
    return weights + 4 * F4 * lane_count(i) * hidden


@inline
def panel(
    like: Any,
    kind: int,
    weights: int,
    x: int,
    inputs: int,
    h: int,
    hidden: int,
    first: int,
    out: int,
    trace: int,
    stride: int,
) -> int:
    """One panel of any layer, its outputs from byte `first` on; returns the next's weights."""
    if trace != 0:
        trace += first
    if kind == GRU:
        return gru_panel(like, weights, x, inputs, h, hidden, h + first, out + first, trace, stride)
    if kind == LSTM:
        return lstm_panel(
            like, weights, x, inputs, h, hidden, h + stride + first, out + first, trace, stride
        )
    return plain_panel(like, kind, weights, x, inputs, h, hidden, out + first)


@inline
def layer(plan: Any, packed: int, stream: int, x: int, out: int, trace: int) -> None:
    """One step of one layer: x → out, and out → the hidden state where there is one."""
    kind, inputs, hidden = plan[KIND], plan[INPUTS], plan[HIDDEN]
    weights, h = packed + plan[WEIGHTS], stream + plan[STATE]
    stride = (plan[OUTPUTS] + 15) // 16 * 16 * F4
    if trace != 0:
        trace += plan[TRACE]
    first = 0
    while plan[WIDEST] >= 64 and stride - first >= 64 * F4:
        weights = panel(zeros(64), kind, weights, x, inputs, h, hidden, first, out, trace, stride)
        first += 64 * F4
    while plan[WIDEST] >= 32 and stride - first >= 32 * F4:
        weights = panel(zeros(32), kind, weights, x, inputs, h, hidden, first, out, trace, stride)
        first += 32 * F4
    while stride - first > 0:
        weights = panel(zeros(16), kind, weights, x, inputs, h, hidden, first, out, trace, stride)
        first += 16 * F4
    if hidden > 0:
        for byte in range(0, stride, 16 * F4):
            store(h + byte, load(zeros(16), out + byte))


@inline
def look_up(plan: Any, packed: int, x: int, out: int) -> None:
    """One row of the embedding, by the token's number in `x[0]`."""
    width = (plan[OUTPUTS] + 15) // 16 * 16 * F4
    row = packed + plan[WEIGHTS] + int(load_scalar(x)) * width
    for byte in range(0, width, 16 * F4):
        store(out + byte, load(zeros(16), row + byte))


@inline
def normalise(plan: Any, packed: int, x: int, out: int) -> None:
    """`(x - mean) * scale`, element by element."""
    mean = packed + plan[WEIGHTS]
    scale = mean + plan[INPUTS] * F4
    for byte in range(0, plan[INPUTS] * F4, F4):
        centred = load_scalar(x + byte) - load_scalar(mean + byte)
        store_scalar(out + byte, centred * load_scalar(scale + byte))


@inline
def step(plan: Any, handle: Any, x: int, outputs: int, count: int, trace: int) -> None:
    """One step of the whole network; the scratch holds two rows that the layers write in turn."""
    here, there = handle[SCRATCH], handle[SCRATCH] + handle[WIDTH] * F4
    for number in range(handle[LAYERS]):
        row = plan[number]
        if row[KIND] == NORMALISE:
            normalise(row, handle[PACKED], x, here)
        elif row[KIND] == EMBEDDING:
            look_up(row, handle[PACKED], x, here)
        else:
            layer(row, handle[PACKED], handle[STREAM], x, here, trace)
        x = here
        here, there = there, here
    copy(x, outputs, count)


@inline
def first_bad(plan: Any, frames: Any) -> int:
    """The first frame with an element that is not finite or is no token's number, or -1."""
    tokens = plan[0, INPUTS] if plan[0, KIND] == EMBEDDING else 0
    return first_refused(frames, tokens)


@inline
def run_steps(handle: Any, frames: Any, outputs: Any, trace: int) -> int:
    """Advance one stream by `len(frames)` steps, or by none.

    Args:
        handle: int64 (HANDLE_SIZE,), see above; the caller keeps what it points at alive.
        frames: float32 (steps, input_size), C-contiguous.
        outputs: float32 (steps, output_size), C-contiguous; written.
        trace: address of the gates of one step, written, or 0; `steps` is then 1.

    Returns:
        -1, or the first frame that is not finite (or no token); the state is then untouched.
    """
    plan = view_int64(handle[PLAN], handle[LAYERS] * FIELDS).reshape((handle[LAYERS], FIELDS))
    bad = first_bad(plan, frames)
    if bad >= 0:
        return bad
    x, out = address_of(frames), address_of(outputs)
    for _ in range(frames.shape[0]):
        step(plan, handle, x, out, outputs.shape[1], trace)
        x += frames.shape[1] * F4
        out += outputs.shape[1] * F4
    return -1


@jit
def run(handle: Any, frames: Any, outputs: Any, trace: int) -> int:
    """`run_steps`, holding the GIL: for the few steps of a live chunk."""
    return run_steps(handle, frames, outputs, trace)
