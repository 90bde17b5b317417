"""ONNX graphs for tests: small ones, made node by node, and random models."""

import numpy as np
import onnx
from onnx import TensorProto, helper

TYPES = {
    "f4": TensorProto.FLOAT,
    "f8": TensorProto.DOUBLE,
    "f2": TensorProto.FLOAT16,
    "i8": TensorProto.INT64,
    "i4": TensorProto.INT32,
    "b1": TensorProto.BOOL,
}


def graph(nodes, inputs, outputs, metadata=None):
    """A file of nodes; ports are (name, type, shape)."""

    def ports(which):
        return [helper.make_tensor_value_info(n, TYPES[kind], shape) for n, kind, shape in which]

    made = helper.make_graph(
        [helper.make_node(kind, put, got, **more) for kind, put, got, more in nodes],
        "made",
        ports(inputs),
        ports(outputs),
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    if metadata:
        helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def picky():
    """y = the sum of what came, of windows of 4 samples; a loud one is refused."""
    nodes = [
        ("ReduceMax", ["x"], ["most"], {"keepdims": 1}),
        ("Constant", [], ["ten"], {"value_floats": [10.0]}),
        ("Mul", ["most", "ten"], ["loud"], {}),
        ("Cast", ["loud"], ["place"], {"to": 7}),
        ("Constant", [], ["table"], {"value_floats": [0.0, 1.0, 2.0]}),
        ("Gather", ["table", "place"], ["row"], {}),
        ("Add", ["row", "h"], ["hn"], {}),
        ("Identity", ["hn"], ["y"], {}),
    ]
    shapes = [("x", "f4", (1, 6)), ("h", "f4", (1, 1))]
    return graph(nodes, shapes, [("y", "f4", (1, 1)), ("hn", "f4", (1, 1))])


def summing(state="total", after="total_n", *, frame="x", width: int | str = 3, more=()):
    """y = the sum of all frames so far; further inputs are added to it."""
    nodes = [("Add", [frame, state], [after], {}), ("Identity", [after], ["y"], {})]
    for name, _, _ in more:
        nodes.append(("Add", [nodes[-1][2][0], name], [f"with_{name}"], {}))
    if more:
        nodes.append(("Identity", [nodes[-1][2][0]], ["told"], {}))
    shape = ("batch", width)
    inputs = [(frame, "f4", shape), (state, "f4", shape), *more]
    outputs = [("told" if more else "y", "f4", shape), (after, "f4", shape)]
    return graph(nodes, inputs, outputs)


def sums(frames):
    """What `summing` gives, in its own order of additions."""
    return np.cumsum(frames, axis=0, dtype=np.float32)
