"""From the sums of a block of streams to their new states: gates, functions, blends.

The sums of a layer lie in slots, each float32 (panels of 16 outputs, streams, 16): one a gate, and
of a GRU the hidden state's part of n in one more.
"""

from typing import Any

import numpy as np

from streamrnn.kernels.activations import sigmoid, tanh
from streamrnn.kernels.compile import inline
from streamrnn.kernels.network import RELU, TANH
from streamrnn.kernels.panels import VECTOR
from streamrnn.kernels.vector import (
    constant,
    fma,
    load,
    maximum,
    multiply,
    store,
    subtract,
    zeros,
)

# The rows of the addresses that a block works with, int64 (ADDRESSES, MOST).
X, HIDDEN_STATE, OUT, ADDRESSES = range(4)

_ZERO = np.float32(0.0)

# Gates are computed for all outputs of a layer at a time, in short loops: the processor works on
# several turns of one at once, and seldom waits for a loop's last.


@inline
def gru_gates(streams: Any, sums: int, addresses: Any, stride: int) -> None:
    """The new hidden states of a block from its sums; see `network.gru_panel`."""
    size = len(streams) * stride
    for byte in range(sums, sums + 2 * size, 2 * VECTOR):
        store(byte, sigmoid(load(zeros(32), byte)))
    for byte in range(sums, sums + size, 2 * VECTOR):
        r, m = load(zeros(32), byte), load(zeros(32), byte + 3 * size)
        store(byte, tanh(fma(r, m, load(zeros(32), byte + 2 * size))))
    place = sums
    for first in range(0, stride, VECTOR):
        for b in range(len(streams)):
            n, z = load(zeros(16), place), load(zeros(16), place + size)
            old = load(zeros(16), addresses[HIDDEN_STATE, b] + first)
            store(addresses[OUT, b] + first, fma(z, subtract(old, n), n))
            place += VECTOR


@inline
def lstm_gates(streams: Any, sums: int, addresses: Any, stride: int) -> None:
    """The new hidden and cell states of a block from its sums; see `network.lstm_panel`."""
    size = len(streams) * stride
    for byte in range(sums, sums + 2 * size, 2 * VECTOR):
        store(byte, sigmoid(load(zeros(32), byte)))
    for byte in range(sums + 3 * size, sums + 4 * size, 2 * VECTOR):
        store(byte, sigmoid(load(zeros(32), byte)))
    for byte in range(sums, sums + size, 2 * VECTOR):
        g = tanh(load(zeros(32), byte + 2 * size))
        store(byte, multiply(load(zeros(32), byte), g))
    place = sums
    for first in range(0, stride, VECTOR):
        for b in range(len(streams)):
            cell = addresses[HIDDEN_STATE, b] + stride + first
            f, new = load(zeros(16), place + size), load(zeros(16), place)
            memory = fma(f, load(zeros(16), cell), new)
            store(cell, memory)
            store(place, memory)
            place += VECTOR
    for byte in range(sums, sums + size, 2 * VECTOR):
        o = load(zeros(32), byte + 3 * size)
        store(byte, multiply(o, tanh(load(zeros(32), byte))))
    hand_out(streams, sums, addresses, stride)


@inline
def plain_outputs(streams: Any, kind: int, sums: int, addresses: Any, stride: int) -> None:
    """The outputs of a block from its sums; see `network.plain_panel`."""
    for byte in range(sums, sums + len(streams) * stride, 2 * VECTOR):
        total = load(zeros(32), byte)
        if kind == TANH:
            total = tanh(total)
        elif kind == RELU:
            total = maximum(total, constant(total, _ZERO))
        store(byte, total)
    hand_out(streams, sums, addresses, stride)


@inline
def hand_out(streams: Any, sums: int, addresses: Any, stride: int) -> None:
    """Copy the first slot to the row of each stream."""
    place = sums
    for first in range(0, stride, VECTOR):
        for b in range(len(streams)):
            store(addresses[OUT, b] + first, load(zeros(16), place))
            place += VECTOR
