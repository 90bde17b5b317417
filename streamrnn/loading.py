"""Models by name or by file."""

from __future__ import annotations

import json
from pathlib import Path

from streamrnn.config import OnnxConfig, decode_model_config
from streamrnn.errors import ConfigError, ModelFileError, UnsupportedError
from streamrnn.model import MODEL_VERSION, Model
from streamrnn.state import unseal

BUNDLED = Path(__file__).parent / "models"


def bundled_models() -> list[str]:
    """The names that `load` knows."""
    return sorted(path.stem for path in BUNDLED.glob("*.safetensors"))


def load(name_or_path: str | Path, *, config: OnnxConfig | str | Path | None = None) -> Model:
    """Load a model.

    Args:
        name_or_path: a bundled name (see `bundled_models`), the path of a `.safetensors` file
            that `Model.save` or `streamrnn train` wrote, or that of an `.onnx` file: an export,
            silero-vad's own, or any graph of one step with its states in and out.
        config: how an `.onnx` file is read, or the path of a TOML file that tells it; None: the
            `.toml` of its name beside it, if there is one, or what the graph itself tells.

    Raises:
        ModelFileError: there is no such model, or the file is truncated, foreign or damaged.
        ConfigError: a configuration that does not fit, or one for another kind of model.
        UnsupportedError: an `.onnx` file where onnxruntime is not installed.
    """
    path = BUNDLED / f"{name_or_path}.safetensors"
    if str(name_or_path) not in bundled_models():
        path = Path(str(name_or_path))  # of what is no path at all, its error names it
        if path.suffix.lower() == ".onnx":
            return _load_graph(path, config)
        if path.suffix != ".safetensors":
            raise ModelFileError(
                f"{name_or_path}: expected a bundled name ({', '.join(bundled_models())}) or the "
                "path of a .safetensors or .onnx file"
            )
    if config is not None:
        raise ConfigError(f"config: expected none beside {name_or_path}, which has its own")
    try:
        blob = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: expected a readable model file, got: {error}") from error
    arrays, metadata = unseal(blob, what=str(path), error=ModelFileError)
    version = metadata.get("model_version")
    if version != MODEL_VERSION:
        raise ModelFileError(
            f"{path}: expected a model of version {MODEL_VERSION}, got "
            f"{'another kind of file' if version is None else f'version {version}'}"
        )
    try:
        told = decode_model_config(metadata["config"])
        return Model.from_weights(told, arrays, json.loads(metadata["card"]))
    except (ConfigError, ModelFileError, KeyError, json.JSONDecodeError) as error:
        raise ModelFileError(f"{path}: {error}") from error


def _load_graph(path: Path, config: OnnxConfig | str | Path | None) -> Model:
    """Load an `.onnx` file; see `load`."""
    try:
        from streamrnn.engines.onnx_file import open_graph
    except ModuleNotFoundError as error:
        if error.name != "onnxruntime":
            raise
        raise UnsupportedError(
            f"{path}: expected onnxruntime to be installed; pip install 'streamrnn[onnx]'"
        ) from error
    return Model(*open_graph(path, config), None)
