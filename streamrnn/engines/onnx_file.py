"""ONNX files: what an export tells, or a configuration, or the graph by its names."""

# pyright: standard
# onnxruntime tells a checker little of its types.

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import onnxruntime
from msgspec.structs import replace

from streamrnn.config import ModelConfig, OnnxConfig, convert, decode_model_config, encode
from streamrnn.engines.onnx_engine import OnnxEngine
from streamrnn.engines.onnx_graph import first_line
from streamrnn.engines.onnx_library import QUIET
from streamrnn.errors import ConfigError, ModelFileError
from streamrnn.records import read_toml
from streamrnn.state import KEY, digest


class Opened(NamedTuple):
    """A graph that is ready to be a model: its parts, in the order of `Model`."""

    config: ModelConfig
    """Front end, sizes, decoder."""
    engine: OnnxEngine
    """That runs it."""
    fingerprint: str
    """SHA-256 of file and configuration."""
    card: Mapping[str, Any]
    """What an exported file tells of the model."""


def open_graph(path: Path, config: OnnxConfig | str | Path | None = None) -> Opened:
    """Read an ONNX file.

    Args:
        path: of the file; weights lie inside.
        config: how it is read, or the path of a TOML file that tells it; None: as it was exported,
            or else as the `.toml` of its name beside it says. What neither tells is recognised, or
            found by the names of inputs and outputs.

    Raises:
        ModelFileError: it is no graph of one step, or one that is to be explained first.
        ConfigError: the configuration cannot be read, or front end or decoder do not fit.
    """
    try:
        graph = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: expected a readable model file, got: {error}") from error
    try:
        session = open_session(graph)
        exported = session.get_modelmeta().custom_metadata_map.get(KEY)
        beside = path.with_suffix(".toml")
        if config is None and exported is None and beside.is_file():
            config = beside
        if isinstance(config, str | Path):
            config = convert(read_toml(config), OnnxConfig, where=str(config))
        if config is not None and not isinstance(config, OnnxConfig):
            raise ConfigError(f"config: expected an OnnxConfig, or a path of one, got {config!r}")
        _expect_numbers(graph)
        return _opened(session, graph, path.stem, config, exported)
    except (ConfigError, ModelFileError) as error:
        raise type(error)(f"{path}: {error}") from error


def _opened(
    session: onnxruntime.InferenceSession,
    graph: bytes,
    name: str,
    config: OnnxConfig | None,
    exported: str | None,
) -> Opened:
    if exported is not None and config is None:
        try:
            told = json.loads(exported)
            known, card = decode_model_config(told["config"]), dict(told["card"])
        except (ConfigError, KeyError, TypeError, ValueError) as error:
            raise ModelFileError(f"expected what an export tells of its model: {error}") from error
        whole = replace(known, network=replace(known.network, cell="module"))
        engine = OnnxEngine(graph, session, OnnxConfig(), whole.network)
    else:
        engine, card = OnnxEngine(graph, session, config), {}
        read = engine.config
        whole = ModelConfig(
            name=read.name or name,
            network=engine.network,
            frontend=read.frontend,
            decoder=read.decoder,
        )
    # A file that is called otherwise is the same model.
    told_of = {"config": encode(replace(whole, name="")), "read": encode(engine.config)}
    fingerprint = digest({}, {**told_of, "graph": sha256(graph).hexdigest()})
    return Opened(whole, engine, fingerprint, card)


def _expect_numbers(graph: bytes) -> None:
    """See that the weights of a graph are numbers, where onnx is there to read it.

    Raises:
        ModelFileError: one holds a NaN.
    """
    try:
        from streamrnn.engines.onnx_weights import first_nan
    except ModuleNotFoundError:
        return
    name = first_nan(graph)
    if name is not None:
        raise ModelFileError(f"{name}: expected weights that are numbers, got nan; train it anew")


def open_session(graph: bytes) -> onnxruntime.InferenceSession:
    """A session of a graph, to be run by the thread that calls it.

    Raises:
        ModelFileError: it is none.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = QUIET
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # of many kinds, none of which has a base of its own
        told = f"expected an ONNX graph, got: {first_line(str(error))}"
        if "external" in str(error).lower():
            told += "; save it with its weights inside: onnx.save_model(onnx.load(OLD), NEW)"
        raise ModelFileError(told) from error
