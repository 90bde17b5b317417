"""A graph with what never changes put in its place: constants, and the shape of a frame.

onnxruntime then decides branches and shapes once, when it reads the graph, and not at every step.
"""

# pyright: standard
# onnx tells a checker little of its types.

from collections.abc import Mapping
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import numpy_helper


def folded(
    graph: bytes, constants: Mapping[str, NDArray[Any]], frame: str, shape: tuple[int, ...]
) -> bytes:
    """The graph without the inputs that are constants; its arithmetic is the same.

    Args:
        graph: the file.
        constants: inputs that are the same at every step.
        frame: the input that takes a frame.
        shape: of every frame.
    """
    model = onnx.load_model_from_string(graph)
    for port in list(model.graph.input):
        if port.name in constants:
            model.graph.input.remove(port)
            value = numpy_helper.from_array(constants[port.name], port.name)
            model.graph.initializer.append(value)
        elif port.name == frame:
            for size, told in zip(shape, port.type.tensor_type.shape.dim, strict=True):
                told.dim_value = size
    return model.SerializeToString()
