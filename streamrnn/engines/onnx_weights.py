"""Weights of a graph that are no numbers: its layers may make of them what looks like some."""

# pyright: standard
# onnx tells a checker little of its types.

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper


def first_nan(graph: bytes) -> str | None:
    """The name of weights or constants of a graph that hold a NaN, if there are some.

    A single number that is none may be meant: what stands for missing values.

    Args:
        graph: the file, weights inside; of what onnx does not read, none are found.
    """
    try:
        model = onnx.load_model_from_string(graph)
        for name, values in _values(model.graph.initializer, model.graph.node):
            numbers = values.astype(np.float32) if values.dtype.kind == "V" else values  # bfloat16
            if values.size > 1 and numbers.dtype.kind == "f" and np.isnan(numbers).any():
                return name
    except Exception:  # protobuf's, of ORT's own format; onnx's, of types that it does not know
        pass
    return None


def _values(
    tensors: Iterable[onnx.TensorProto], nodes: Iterable[onnx.NodeProto]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Those of a graph and of the graphs within, branches for one."""
    for tensor in tensors:
        yield tensor.name, numpy_helper.to_array(tensor)
    for node in nodes:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.FLOATS:
                yield node.output[0], np.array(attribute.floats)
            elif attribute.type == onnx.AttributeProto.TENSOR:
                yield node.output[0], numpy_helper.to_array(attribute.t)
            elif attribute.type == onnx.AttributeProto.GRAPH:
                yield from _values(attribute.g.initializer, attribute.g.node)
