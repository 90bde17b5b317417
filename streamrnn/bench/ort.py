"""ONNX Runtime's own RNN, GRU and LSTM operators, one step a call, on the same weights.

onnx and onnxruntime are imported when a contender is made, never before.
"""

from itertools import cycle, islice, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.bench.cases import Case, Floats


def onnx_model(case: Case, streams: int = 1) -> bytes:
    """A case as an ONNX file of one step: `x` and the states in, the new states out.

    The inputs are `x` (1, streams, input_size), then of each layer `h0` and, of an LSTM, `c0`,
    each (1, streams, hidden_size); the outputs `h0_next`, `c0_next`, … The output of the network
    is the last layer's `h…_next`.
    """
    from onnx import TensorProto, helper, numpy_helper

    from streamrnn.engines.onnx_export import OPERATOR, gate_weights

    network = case.network
    size = network.hidden_size
    operator, attributes = OPERATOR[network.cell]
    kinds = ("h", "c") if network.cell == "lstm" else ("h",)
    nodes, constants = [], []
    x = "x"

    for layer in range(network.num_layers):
        told = gate_weights(network.cell, case.weights, layer)
        arrays = {f"{name}{layer}": array for name, array in told.items()}
        constants += [numpy_helper.from_array(array, name) for name, array in arrays.items()]
        states = [f"{kind}{layer}" for kind in kinds]
        outputs = ["", *(f"{state}_next" for state in states)]
        inputs = [x, *arrays, "", *states]
        nodes.append(helper.make_node(operator, inputs, outputs, hidden_size=size, **attributes))
        x = outputs[1]  # (directions, batch, hidden) is (steps, batch, hidden): both have one

    def value(name: str, width: int) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, streams, width))

    names = [f"{kind}{layer}" for layer in range(network.num_layers) for kind in kinds]
    graph = helper.make_graph(
        nodes,
        case.name,
        [value("x", network.input_size), *(value(name, size) for name in names)],
        [value(f"{name}_next", size) for name in names],
        constants,
    )
    opset = [helper.make_opsetid("", 14)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


def sequence_model(case: Case) -> bytes:
    """A case of one layer as an ONNX file of any number of steps.

    The inputs are `x` (steps, 1, input_size), `h` and, of an LSTM, `c`, each (1, 1, hidden_size);
    the outputs `y` (steps, 1, 1, hidden_size), then the new states.
    """
    import onnx

    model = onnx.load_from_string(onnx_model(case))
    graph = model.graph
    (node,) = graph.node
    size = case.network.hidden_size
    node.output[0] = "y"
    rows = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ("steps", 1, 1, size))
    states = list(graph.output)
    del graph.output[:]
    graph.output.extend([rows, *states])
    graph.input[0].type.tensor_type.shape.dim[0].dim_param = "steps"
    for put in graph.input[1:]:
        kind = put.name.rstrip("0")
        node.input[list(node.input).index(put.name)] = kind
        put.name = kind
    return model.SerializeToString()


def session(model: bytes) -> Any:
    """A session of one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class OrtRun:
    """`InferenceSession.run`, the states handed back in as they came out."""

    def __init__(self, case: Case) -> None:
        self._session = session(onnx_model(case))
        self._frame, self._size = case.frame[None], case.network.hidden_size
        self._names = [put.name for put in self._session.get_inputs()][1:]
        self._last = [n for n, name in enumerate(self._names) if name.startswith("h")][-1]
        self._states = self._fresh()

    def _fresh(self) -> list[Floats]:
        return [np.zeros((1, 1, self._size), np.float32) for _ in self._names]

    def outputs(self, frames: Floats) -> Floats:
        """See `Contender`."""
        states, rows = self._fresh(), []
        for frame in frames:
            feeds = {"x": frame[None, None], **dict(zip(self._names, states, strict=True))}
            states = self._session.run(None, feeds)
            rows.append(np.asarray(states[self._last])[0, 0])
        return np.stack(rows)

    def loop(self, count: int) -> None:
        """See `Contender`."""
        run, names, states = self._session.run, self._names, self._states
        feeds: dict[str, Any] = {"x": self._frame}
        for _ in repeat(None, count):
            feeds.update(zip(names, states, strict=True))
            states = run(None, feeds)
        self._states = states


class OrtBound(OrtRun):
    """`run_with_iobinding`: two bindings that hand the states to and fro, nothing copied."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._x = case.frame[None].copy()
        self._buffers = self._fresh(), self._fresh()
        here, there = self._buffers
        self._bindings = self._bind(here, there), self._bind(there, here)

    def _bind(self, before: list[Floats], after: list[Floats]) -> Any:
        binding = self._session.io_binding()

        def put(bind: Any, name: str, array: NDArray[Any]) -> None:
            bind(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)

        put(binding.bind_input, "x", self._x)
        for name, old, new in zip(self._names, before, after, strict=True):
            put(binding.bind_input, name, old)
            put(binding.bind_output, f"{name}_next", new)
        return binding

    def outputs(self, frames: Floats) -> Floats:
        """See `Contender`."""
        kept, rows = self._x.copy(), []
        for state in self._buffers[0]:
            state[:] = 0
        for t, frame in enumerate(frames):
            self._x[:] = frame
            self._session.run_with_iobinding(self._bindings[t % 2])
            rows.append(self._buffers[1 - t % 2][self._last][0, 0].copy())
        self._x[:] = kept
        return np.stack(rows)

    def loop(self, count: int) -> None:
        """See `Contender`."""
        run, bindings = self._session.run_with_iobinding, cycle(self._bindings)
        for binding in islice(bindings, count):
            run(binding)
