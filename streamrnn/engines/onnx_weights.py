"""Weights of a graph that are no numbers: its layers may make of them what looks like some."""

# pyright: standard
# onnx tells a checker little of its types.

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper


def first_nan(graph: bytes) -> str | None:
    """The name of a weight or constant of a graph that holds a NaN, if there is one.

    Args:
        graph: the file, weights inside; of a format that onnx does not read, none is found.
    """
    try:
        model = onnx.load_model_from_string(graph)
    except Exception:  # protobuf's, of ORT's own format
        return None
    for name, values in _values(model.graph):
        if np.issubdtype(values.dtype, np.floating) and np.isnan(values).any():
            return name
    return None


def _values(graph: onnx.GraphProto) -> Iterator[tuple[str, NDArray[Any]]]:
    """Those of a graph and of the graphs within, branches for one."""
    for tensor in graph.initializer:
        yield tensor.name, numpy_helper.to_array(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            told = attribute.type
            if told in (onnx.AttributeProto.FLOAT, onnx.AttributeProto.FLOATS):
                yield node.output[0], np.array([attribute.f, *attribute.floats])
            elif told == onnx.AttributeProto.TENSOR:
                yield node.output[0], numpy_helper.to_array(attribute.t)
            elif told == onnx.AttributeProto.GRAPH:
                yield from _values(attribute.g)
