"""A model for other runtimes: `export` writes an ONNX file that `load` reads again."""

from pathlib import Path

from streamrnn.errors import ModelFileError, UnsupportedError
from streamrnn.files import write_atomic
from streamrnn.model import Model, expect_model


def export(model: Model, path: str | Path) -> Path:
    """Write a model as an ONNX graph of one step, with its states in and out.

    The graph takes a frame and the states, and gives the output and the next states; see
    `streamrnn.engines.onnx_export.onnx_graph` for names and shapes. Front end and decoder are kept
    as plain data in the file, which `streamrnn.load` makes the same model of: under
    onnxruntime its outputs are within 1e-5 of the native engine's, or within 1e-5 of the largest
    where that is more than 1 (logits of 20 are not known to 1e-5 in float32 sums).

    Args:
        model: with weights of its own.
        path: of the file, `….onnx`; written whole or not at all.

    Raises:
        ConfigError: it is no model.
        UnsupportedError: onnx is not installed, or the model has no weights of its own.
        ModelFileError: the path is no `.onnx`, in no folder, or cannot be written.
    """
    expect_model(model)
    path = Path(path)
    if not path.parent.is_dir():
        raise ModelFileError(f"{path}: expected a folder to write to, there is no {path.parent}")
    if path.suffix != ".onnx":
        raise ModelFileError(f"{path}: expected a path that ends in .onnx")
    if model.weights is None:
        raise UnsupportedError(
            f"{model.name}: expected a model with weights of its own, got one whose engine is "
            f"{type(model.engine).__name__}; export it with the tool that made it"
        )
    try:
        from streamrnn.engines.onnx_export import onnx_graph
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise UnsupportedError(
            "export: expected onnx to be installed; pip install 'streamrnn[onnx]'"
        ) from error
    try:
        write_atomic(path, onnx_graph(model.config, model.weights, model.card))
    except OSError as error:
        raise ModelFileError(f"{path}: expected a path to write to, got: {error}") from error
    return path
