"""Anyone's trained `nn.RNN`, `nn.GRU` or `nn.LSTM` as a model of this package."""

from typing import Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from streamrnn.config import (
    Cell,
    DecoderConfig,
    FramesConfig,
    FrontendConfig,
    ModelConfig,
    NetworkConfig,
    RawConfig,
    encode,
)
from streamrnn.engines.torch_engine import TorchEngine
from streamrnn.errors import UnsupportedError
from streamrnn.learn.network import Network
from streamrnn.model import Model
from streamrnn.state import digest

Weights = dict[str, NDArray[np.float32]]
ACCEPTED = "torch.nn.RNN, torch.nn.GRU or torch.nn.LSTM, or a streamrnn.learn.network.Network"
CELLS: dict[type[nn.RNNBase], Cell] = {nn.RNN: "rnn", nn.GRU: "gru", nn.LSTM: "lstm"}


def from_torch(
    module: nn.Module,
    head: nn.Module | None = None,
    *,
    frontend: FrontendConfig | None = None,
    decoder: DecoderConfig | None = None,
    name: str = "model",
    engine: Literal["native", "torch"] = "native",
    input_size: int | None = None,
) -> Model:
    """Make a model of a trained module; the module is only read.

    Args:
        module: an `nn.RNN`, `nn.GRU` or `nn.LSTM` of any number of layers, or a `Network`; with
            the torch engine any module of the form `(x, state) → (y, state)`, see
            `streamrnn.engines.torch_engine.TorchEngine`.
        head: an `nn.Linear` on top of it, alone or as the one layer of an `nn.Sequential`; with
            the torch engine any module.
        frontend: what makes frames of samples; without it samples are frames.
        decoder: what is made of the outputs; without it they come as they are.
        name: of the model.
        engine: `native` keeps the bit contract; `torch` runs the module itself, within 1e-5.
        input_size: elements of a frame, where the module does not tell by an `input_size`.

    Returns:
        A model with the same numbers; dropout, inactive at inference, is left out.

    Raises:
        UnsupportedError: a module or an option that no stream can run, with the reason.
        ConfigError: sizes that do not fit the front end or the decoder.
    """
    frontend = FramesConfig() if frontend is None else frontend
    decoder = RawConfig() if decoder is None else decoder
    if engine == "torch":
        size = input_size or getattr(module, "input_size", None)
        if not isinstance(size, int):
            raise UnsupportedError(
                f"input_size: expected the number of elements of a frame, got {size!r}; "
                f"{_name(module)} does not tell it"
            )
        runner = TorchEngine(module, size, head)
        network = NetworkConfig(
            cell="module",
            input_size=size,
            hidden_size=runner.hidden_size,
            output_size=runner.output_size,
        )
        config = ModelConfig(name=name, network=network, frontend=frontend, decoder=decoder)
        fingerprint = digest({}, {"config": encode(config), "module": runner.fingerprint()})
        return Model(config, runner, fingerprint, {}, None)
    network, weights = convert_torch(module, head)
    config = ModelConfig(name=name, network=network, frontend=frontend, decoder=decoder)
    return Model.from_weights(config, weights, {})


def convert_torch(
    module: nn.Module, head: nn.Module | None = None
) -> tuple[NetworkConfig, Weights]:
    """Configuration and float32 weights of a module and its head.

    Weights in float16 and bfloat16 become float32 exactly; those in float64 are rounded to the
    nearest float32, as `module.float()` does, and refused where they do not fit its range.

    Raises:
        UnsupportedError: as for `from_torch`.
    """
    if isinstance(module, Network):
        if head is not None:
            raise UnsupportedError("head: expected none beside a Network, which has its own")
        return module.config, {n: _array(n, t) for n, t in module.state_dict().items()}
    cell = _cell(module)
    rnn = cast(nn.RNNBase, module)
    weights: Weights = {}
    for k in range(rnn.num_layers):
        for part in ("ih", "hh"):
            weight = _array(f"weight_{part}_l{k}", getattr(rnn, f"weight_{part}_l{k}"))
            weights[f"rnn.weight_{part}_l{k}"] = weight
            weights[f"rnn.bias_{part}_l{k}"] = (
                _array(f"bias_{part}_l{k}", getattr(rnn, f"bias_{part}_l{k}"))
                if rnn.bias
                else np.zeros(len(weight), np.float32)
            )
    if head is not None:
        linear = _linear(head)
        if linear.in_features != rnn.hidden_size:
            raise UnsupportedError(
                f"head: expected in_features of the hidden size, {rnn.hidden_size}, "
                f"got {linear.in_features}"
            )
        weight = _array("head.weight", linear.weight)
        weights["head.weight"] = weight
        weights["head.bias"] = (
            np.zeros(len(weight), np.float32)
            if cast(Tensor | None, linear.bias) is None
            else _array("head.bias", linear.bias)
        )
    config = NetworkConfig(
        input_size=rnn.input_size,
        hidden_size=rnn.hidden_size,
        cell=cell,
        num_layers=rnn.num_layers,
        nonlinearity="relu" if getattr(rnn, "nonlinearity", "tanh") == "relu" else "tanh",
        output_size=0 if head is None else len(weights["head.weight"]),
    )
    return config, weights


def _cell(module: nn.Module) -> Cell:
    """Which cell a module is, once nothing about it has been refused."""
    kind = next((kind for kind in CELLS if isinstance(module, kind)), None)
    if kind is None or not isinstance(module, kind):
        raise UnsupportedError(f"module: expected {ACCEPTED}, got {_name(module)}")
    if type(module).forward is not kind.forward:
        raise UnsupportedError(
            f"module: expected {ACCEPTED} as torch runs it, got {_name(module)}, "
            "which has a forward of its own"
        )
    _refuse_hooks(module)
    if module.bidirectional:
        raise UnsupportedError(
            "bidirectional: expected False, got True: the backward direction starts at the "
            "sequence's end, so later input would change earlier output and no stream can give "
            "it; train it in one direction"
        )
    if module.proj_size:
        raise UnsupportedError(
            f"proj_size: expected 0, got {module.proj_size}: projected hidden states are not "
            "supported; use a smaller hidden_size or a head"
        )
    return CELLS[kind]


def _linear(head: nn.Module) -> nn.Linear:
    """The one linear layer that a head consists of."""
    _refuse_hooks(head)
    if isinstance(head, nn.Sequential):
        inert = (nn.Dropout, nn.Identity)
        layers = [layer for layer in head if not isinstance(layer, inert)]
        if len(layers) == 1:
            head = layers[0]
            _refuse_hooks(head)
    if not isinstance(head, nn.Linear) or type(head).forward is not nn.Linear.forward:
        raise UnsupportedError(
            f"head: expected torch.nn.Linear, or torch.nn.Sequential of one, got {_name(head)}"
        )
    return head


def _refuse_hooks(module: nn.Module) -> None:
    hooks: Any = (module._forward_hooks, module._forward_pre_hooks)
    if any(hooks):
        raise UnsupportedError(
            f"{_name(module)}: expected no forward hooks, which a model file cannot hold; remove "
            "them first (a weight or spectral norm with its own remove function)"
        )


def _array(name: str, tensor: Tensor) -> NDArray[np.float32]:
    """A float32 copy of a weight, or the reason why there is none."""
    if not tensor.is_floating_point():
        raise UnsupportedError(
            f"{name}: expected floating point, got {tensor.dtype}; dequantise the module first"
        )
    if tensor.is_meta:
        raise UnsupportedError(
            f"{name}: expected values, got a tensor on the meta device; load the weights first"
        )
    array = tensor.detach().to("cpu", torch.float32, copy=True).contiguous().numpy()
    if not np.isfinite(array).all():
        raise UnsupportedError(
            f"{name}: expected values that are finite in float32, got NaN, infinity or a value "
            "beyond its range"
        )
    return array


def _name(module: object) -> str:
    return f"{type(module).__module__}.{type(module).__qualname__}"
