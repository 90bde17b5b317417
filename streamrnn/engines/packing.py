"""Weights of a network → one aligned buffer and a plan, in the order in which kernels read."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from llvmlite import binding  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

from streamrnn.config import NetworkConfig
from streamrnn.errors import ModelFileError
from streamrnn.kernels import network as kernel

Floats = NDArray[np.float32]


def padded(size: int) -> int:
    """Elements of a row of `size` that fills whole vectors of 16."""
    return (size + 15) // 16 * 16


def aligned(size: int) -> Floats:
    """Zeros float32 `(size,)` that begin at a multiple of 64 bytes."""
    buffer = np.zeros(size + 16, np.float32)
    first = -buffer.ctypes.data // 4 % 16
    return buffer[first : first + size]


@cache
def _lanes() -> int:
    """How many lanes of sums fit this machine's registers, an eighth left for other things.

    No stream's bits depend on it: each lane is a sum of its own.
    """
    features: dict[str, bool] = dict(binding.get_host_cpu_features())
    return (32 * 16 if features.get("avx512f") else 16 * 8) * 7 // 8


def widest_panel(gates: int) -> int:
    """Lanes of the widest panel whose sums stay in registers."""
    return next(lanes for lanes in (64, 32, 16) if lanes * gates <= _lanes())


def largest_block(gates: int) -> int:
    """Streams of the largest block whose sums, 16 outputs of each, stay in registers."""
    return next(size for size in (8, 6, 4, 2, 1) if 16 * gates * size <= _lanes() or size == 1)


def expected_shapes(network: NetworkConfig) -> dict[str, tuple[int, ...]]:
    """The name and shape of every weight of a network, in torch's layout.

    `normalise.mean` and `normalise.scale` may be left out together.

    Raises:
        ModelFileError: the cell is `module`, whose weights only torch knows.
    """
    if network.cell == "module":
        raise ModelFileError(
            "network.cell: expected feedforward, rnn, gru or lstm, got module, which only the "
            "torch engine runs; make the model with from_torch"
        )
    gates = {"feedforward": 1, "rnn": 1, "gru": 3, "lstm": 4}[network.cell]
    shapes: dict[str, tuple[int, ...]] = {}
    if network.encoder != "embedding":
        shapes["normalise.mean"] = shapes["normalise.scale"] = (network.input_size,)
    inputs = network.encoder_size or network.input_size
    if network.encoder == "linear":
        shapes["encoder.weight"] = (inputs, network.input_size)
        shapes["encoder.bias"] = (inputs,)
    elif network.encoder == "embedding":
        shapes["encoder.weight"] = (network.vocabulary_size, inputs)
    rows = gates * network.hidden_size
    for number in range(network.num_layers):
        shapes[f"rnn.weight_ih_l{number}"] = (rows, inputs)
        shapes[f"rnn.bias_ih_l{number}"] = (rows,)
        if network.cell != "feedforward":
            shapes[f"rnn.weight_hh_l{number}"] = (rows, network.hidden_size)
            shapes[f"rnn.bias_hh_l{number}"] = (rows,)
        inputs = network.hidden_size
    if network.output_size:
        shapes["head.weight"] = (network.output_size, inputs)
        shapes["head.bias"] = (network.output_size,)
    return shapes


def check_weights(network: NetworkConfig, weights: Mapping[str, NDArray[Any]]) -> None:
    """Refuse weights that are not those of this network.

    Raises:
        ModelFileError: a weight is missing, unknown, of another shape or type, or not finite.
    """
    expected = expected_shapes(network)
    optional = {"normalise.mean", "normalise.scale"}
    if optional.isdisjoint(weights):
        for name in optional:
            expected.pop(name, None)
    missing, unknown = sorted(expected.keys() - weights), sorted(weights.keys() - expected.keys())
    if missing or unknown:
        raise ModelFileError(
            f"weights: expected those of {network.cell} × {network.num_layers}; "
            f"missing {missing or 'none'}, unknown {unknown or 'none'}"
        )
    for name, shape in expected.items():
        array = weights[name]
        if array.dtype != np.float32 or array.shape != shape:
            raise ModelFileError(
                f"weight {name}: expected float32 {shape}, got {array.dtype} {array.shape}"
            )
        if not np.isfinite(array).all():
            raise ModelFileError(f"weight {name}: expected finite numbers, got NaN or infinity")


class _Packer:
    """Lays weights out in the order in which the kernel reads them."""

    def __init__(self) -> None:
        self.plan: list[list[int]] = []
        self.blocks: list[Floats] = []
        self.size = 0
        self.state_size = 0
        self.trace_size = 0
        self.width = 16

    def add(self, kind: int, inputs: int, outputs: int, *, hidden: int = 0) -> None:
        """Begin a layer; its blocks follow."""
        widest = widest_panel(kernel.GATES.get(kind, 1))
        offsets = [4 * self.size, 4 * self.state_size, widest, 4 * self.trace_size]
        self.plan.append([kind, inputs, outputs, hidden, *offsets])
        self.width = max(self.width, padded(inputs), padded(outputs))
        if hidden:
            self.state_size += padded(outputs) * (2 if kind == kernel.LSTM else 1)
            self.trace_size += padded(outputs) * kernel.GATES[kind] * (kernel.GATES[kind] > 1)

    def block(self, values: Floats) -> None:
        """Append values, filled up to whole vectors."""
        flat = np.zeros(padded(values.size), np.float32)
        flat[: values.size] = values.ravel()
        self.blocks.append(flat)
        self.size += flat.size

    def panels(self, biases: Floats, matrices: list[Floats]) -> None:
        """Append a layer's panels.

        Args:
            biases: (rows of biases, outputs).
            matrices: each (gates, outputs, terms): of the input, then of the hidden state.
        """
        outputs, widest = biases.shape[1], self.plan[-1][kernel.WIDEST]
        first, rest = 0, padded(outputs)
        while rest:
            lanes = next(n for n in (64, 32, 16) if n <= min(rest, widest))
            for rows in (biases, *(m.transpose(2, 0, 1) for m in matrices)):
                piece = rows[..., first : first + lanes]
                block = np.zeros((*piece.shape[:-1], lanes), np.float32)
                block[..., : piece.shape[-1]] = piece
                self.block(block)
            first, rest = first + lanes, rest - lanes


def _lay_out(network: NetworkConfig, weights: Mapping[str, Floats]) -> _Packer:
    packer = _Packer()
    if "normalise.mean" in weights:
        packer.add(kernel.NORMALISE, network.input_size, network.input_size)
        mean_scale = np.concatenate([weights["normalise.mean"], weights["normalise.scale"]])
        packer.block(mean_scale)
    inputs = network.encoder_size or network.input_size
    if network.encoder == "linear":
        packer.add(kernel.LINEAR, network.input_size, inputs)
        packer.panels(weights["encoder.bias"][None], [weights["encoder.weight"][None]])
    elif network.encoder == "embedding":
        packer.add(kernel.EMBEDDING, network.vocabulary_size, inputs)
        for row in weights["encoder.weight"]:
            packer.block(row)
    plain = kernel.TANH if network.nonlinearity == "tanh" else kernel.RELU
    kind = {"gru": kernel.GRU, "lstm": kernel.LSTM}.get(network.cell, plain)
    gates, size = kernel.GATES[kind], network.hidden_size
    loop = network.cell != "feedforward"
    for number in range(network.num_layers):
        packer.add(kind, inputs, size, hidden=size if loop else 0)
        biases = weights[f"rnn.bias_ih_l{number}"].reshape(gates, size)
        matrices = [weights[f"rnn.weight_ih_l{number}"].reshape(gates, size, inputs)]
        if loop:
            other = weights[f"rnn.bias_hh_l{number}"].reshape(gates, size)
            summed = biases + other
            biases = np.stack([*summed[:2], biases[2], other[2]]) if gates == 3 else summed
            matrices.append(weights[f"rnn.weight_hh_l{number}"].reshape(gates, size, size))
        packer.panels(biases, matrices)
        inputs = size
    if network.output_size:
        packer.add(kernel.LINEAR, inputs, network.output_size)
        packer.panels(weights["head.bias"][None], [weights["head.weight"][None]])
    return packer


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A network as the kernels take it."""

    plan: NDArray[np.int64]
    """(layers, FIELDS); see `streamrnn.kernels.network`."""
    weights: Floats
    """All weights, aligned to 64 bytes."""
    state_size: int
    """Elements of a stream's state, padding included."""
    trace_size: int
    """Elements of the gates of one step, padding included."""
    width: int
    """Elements of the widest row that a layer reads or writes."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles have their weights aligned anew; the kernels fault otherwise."""
        return _packed, (self.plan, self.weights, self.state_size, self.trace_size, self.width)


def _packed(plan: NDArray[np.int64], weights: Floats, *sizes: int) -> Packed:
    kept = aligned(weights.size)
    kept[:] = weights
    return Packed(plan, kept, *sizes)


def pack(network: NetworkConfig, weights: Mapping[str, Floats]) -> Packed:
    """Pack weights for the kernels, once, at load.

    Raises:
        ModelFileError: see `check_weights`.
    """
    check_weights(network, weights)
    packer = _lay_out(network, weights)
    return _packed(
        np.array(packer.plan, np.int64),
        np.concatenate(packer.blocks),
        packer.state_size,
        packer.trace_size,
        packer.width,
    )
