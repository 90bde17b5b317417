"""A recurrent step as an ONNX graph of matrix products: what an exporter writes out by hand.

For many streams this is often quicker than the recurrent operators, which pack their input anew.
"""

from typing import Any

import numpy as np

from streamrnn.bench.cases import Case, Floats


def gemm_model(case: Case, streams: int = 1) -> bytes:
    """A case as an ONNX file of one step, made of Gemm, Sigmoid, Tanh.

    Inputs and outputs are those of `streamrnn.bench.ort.onnx_model`, without the first axis:
    `x` (streams, input_size), `h0` and `c0` (streams, hidden_size), `h0_next`, `c0_next`, …
    """
    from onnx import TensorProto, helper, numpy_helper

    network = case.network
    size, cell = network.hidden_size, network.cell
    nodes: list[Any] = []
    constants: list[Any] = []
    names = 0

    def op(kind: str, *inputs: str, outputs: int = 1, name: str = "", **attributes: Any) -> Any:
        nonlocal names
        names += 1
        made = [name] if name else [f"v{names}_{n}" for n in range(outputs)]
        nodes.append(helper.make_node(kind, inputs, made, **attributes))
        return made[0] if outputs == 1 else made

    def weights(array: Floats, what: str) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(array), what))
        return what

    if cell != "rnn":
        sizes = np.full({"gru": 3, "lstm": 4}[cell], size)
        constants.append(numpy_helper.from_array(sizes, "sizes"))
    x, ins, outs = "x", [], []
    for layer in range(network.num_layers):
        own = {n: case.weights[f"rnn.{n}_l{layer}"] for n in ("weight_ih", "weight_hh")}
        bias = {n: case.weights[f"rnn.{n}_l{layer}"] for n in ("bias_ih", "bias_hh")}
        h, new = f"h{layer}", f"h{layer}_next"
        of_x = op("Gemm", x, weights(own["weight_ih"], f"W{layer}"),
                  weights(bias["bias_ih"], f"b{layer}"), transB=1)  # fmt: skip
        of_h = op("Gemm", h, weights(own["weight_hh"], f"R{layer}"),
                  weights(bias["bias_hh"], f"a{layer}"), transB=1)  # fmt: skip
        ins.append(h)
        outs.append(new)
        if cell == "gru":
            x_r, x_z, x_n = op("Split", of_x, "sizes", outputs=3, axis=1)
            h_r, h_z, h_n = op("Split", of_h, "sizes", outputs=3, axis=1)
            r, z = op("Sigmoid", op("Add", x_r, h_r)), op("Sigmoid", op("Add", x_z, h_z))
            n = op("Tanh", op("Add", x_n, op("Mul", r, h_n)))
            op("Add", n, op("Mul", z, op("Sub", h, n)), name=new)
        elif cell == "lstm":
            i, f, g, o = op("Split", op("Add", of_x, of_h), "sizes", outputs=4, axis=1)
            c, memory = f"c{layer}", f"c{layer}_next"
            added = op("Mul", op("Sigmoid", i), op("Tanh", g))
            op("Add", op("Mul", op("Sigmoid", f), c), added, name=memory)
            op("Mul", op("Sigmoid", o), op("Tanh", memory), name=new)
            ins.append(c)
            outs.append(memory)
        else:
            op("Tanh", op("Add", of_x, of_h), name=new)
        x = new

    def value(name: str, width: int) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, (streams, width))

    graph = helper.make_graph(
        nodes,
        case.name,
        [value("x", network.input_size), *(value(name, size) for name in ins)],
        [value(name, size) for name in outs],
        constants,
    )
    opset = [helper.make_opsetid("", 13)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
