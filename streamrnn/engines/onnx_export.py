"""A model's network as an ONNX graph of one step, its states in and out.

Front end and decoder lie beside it as plain data, so that `streamrnn.load` makes the same model of
the file; any other runtime feeds it frames.
"""

# pyright: standard
# onnx tells a checker little of its types.

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from streamrnn.config import ModelConfig, encode
from streamrnn.state import KEY

OPSET, IR = 14, 8
"""The oldest that has everything that is needed: what they write, runtimes since 2021 read."""
# The operators stack gates in another order than torch: a GRU z r h, an LSTM i o f c.
# https://onnx.ai/onnx/operators/onnx__GRU.html, onnx__LSTM.html
_ORDER = {"rnn": (0,), "gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}
OPERATOR: dict[str, tuple[str, dict[str, Any]]] = {
    "rnn": ("RNN", {}),
    "gru": ("GRU", {"linear_before_reset": 1}),  # torch's form: r acts on W_hn h + b_hn
    "lstm": ("LSTM", {}),
}
"""Of each cell the operator, and its attributes."""


def onnx_graph(
    config: ModelConfig, weights: Mapping[str, NDArray[np.float32]], card: Mapping[str, Any]
) -> bytes:
    """The file: `frame` and the states in, `output` and the new states out.

    `frame` is (1, input_size) float32, or with an embedding `token` (1,) int64; `output` is
    (1, output_size). States are torch's: `h_0` and, of an LSTM, `c_0`, each
    (num_layers, 1, hidden_size), come out as `h_n` and `c_n`; zeros begin a sequence.
    """
    graph = _Graph(config, weights)
    graph.build()
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, config.name or "streamrnn", graph.inputs, graph.outputs, graph.constants
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="streamrnn",
    )
    told = {"config": encode(config), "card": dict(card)}
    helper.set_model_props(model, {KEY: json.dumps(told, sort_keys=True)})
    onnx.checker.check_model(model)
    return model.SerializeToString()


def gate_weights(
    cell: str, weights: Mapping[str, NDArray[np.float32]], layer: int
) -> dict[str, NDArray[np.float32]]:
    """The weights of one layer as its operator takes them: W, R and B, in the operator's order."""
    order = _ORDER[cell]

    def ordered(name: str) -> NDArray[np.float32]:
        parts = np.split(weights[f"rnn.{name}_l{layer}"], len(order))
        return np.concatenate([parts[gate] for gate in order])

    bias = np.concatenate([ordered("bias_ih"), ordered("bias_hh")])
    return {"W": ordered("weight_ih")[None], "R": ordered("weight_hh")[None], "B": bias[None]}


class _Graph:
    """A graph while it is built, front to back; `x` is the name of what came last."""

    def __init__(self, config: ModelConfig, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self._network, self._weights = config.network, weights
        self.nodes: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.constants: list[Any] = []

    def build(self) -> None:
        """All of it."""
        network, weights = self._network, self._weights
        if network.encoder == "embedding":
            self._input("token", (1,), TensorProto.INT64)
            x = self._node("Gather", self._constant("encoder.weight"), "token")
        else:
            self._input("frame", (1, network.input_size))
            x = "frame"
        if "normalise.mean" in weights:
            x = self._node("Sub", x, self._constant("normalise.mean"))
            x = self._node("Mul", x, self._constant("normalise.scale"))
        if network.encoder == "linear":
            x = self._linear(x, "encoder.weight", "encoder.bias")
        if network.cell == "feedforward":
            for layer in range(network.num_layers):
                x = self._linear(x, f"rnn.weight_ih_l{layer}", f"rnn.bias_ih_l{layer}")
                x = self._node("Tanh" if network.nonlinearity == "tanh" else "Relu", x)
        else:
            x = self._recurrent(x)
        if network.output_size:
            x = self._linear(x, "head.weight", "head.bias")
        self._node("Identity", x, outputs=["output"])
        value = helper.make_tensor_value_info(
            "output", TensorProto.FLOAT, (1, network.output_width)
        )
        self.outputs.insert(0, value)

    def _recurrent(self, x: str) -> str:
        """All recurrent layers, in the operators' layout (steps, batch, size)."""
        network = self._network
        layers, size = network.num_layers, network.hidden_size
        kinds = ("h", "c") if network.cell == "lstm" else ("h",)
        before: dict[str, list[str]] = {}
        after: dict[str, list[str]] = {kind: [] for kind in kinds}
        for kind in kinds:
            name = f"{kind}_0"
            self._input(name, (layers, 1, size))
            parts = [f"{name}_l{layer}" for layer in range(layers)]
            if layers == 1:
                parts = [name]
            else:
                self._node("Split", name, outputs=parts, axis=0)
            before[kind] = parts
        x = self._node("Unsqueeze", x, self._number("first", np.array([0], np.int64)))
        operator, attributes = OPERATOR[network.cell]
        if network.cell == "rnn" and network.nonlinearity == "relu":
            attributes = {**attributes, "activations": ["Relu"]}
        for layer in range(layers):
            arrays = gate_weights(network.cell, self._weights, layer)
            names = [self._number(f"{name}_l{layer}", array) for name, array in arrays.items()]
            put = [x, *names, "", *(before[kind][layer] for kind in kinds)]
            new = [f"{kind}_n_l{layer}" for kind in kinds]
            node = helper.make_node(operator, put, ["", *new], hidden_size=size, **attributes)
            self.nodes.append(node)
            for kind, name in zip(kinds, new, strict=True):
                after[kind].append(name)
            x = new[0]  # (directions, batch, size) is (steps, batch, size): there is one of each
        for kind in kinds:
            self._node("Concat", *after[kind], outputs=[f"{kind}_n"], axis=0)
            value = helper.make_tensor_value_info(f"{kind}_n", TensorProto.FLOAT, (layers, 1, size))
            self.outputs.append(value)
        return self._node("Squeeze", x, "first")

    def _linear(self, x: str, weight: str, bias: str) -> str:
        return self._node("Gemm", x, self._constant(weight), self._constant(bias), transB=1)

    def _input(self, name: str, shape: tuple[int, ...], kind: int = TensorProto.FLOAT) -> None:
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))

    def _node(
        self, kind: str, *inputs: str, outputs: list[str] | None = None, **attributes: Any
    ) -> str:
        """Append a node; gives the name of its first output."""
        outputs = outputs or [f"{kind.lower()}_{len(self.nodes)}"]
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs[0]

    def _constant(self, name: str) -> str:
        return self._number(name, self._weights[name])

    def _number(self, name: str, values: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name
