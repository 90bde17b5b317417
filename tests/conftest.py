"""What several test files make: networks of every kind, models, sequences and cuts."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamrnn.config import (
    ClassesConfig,
    DecoderConfig,
    FrontendConfig,
    ModelConfig,
    NetworkConfig,
    TextConfig,
    VoiceConfig,
    WaveformConfig,
)
from streamrnn.engines.packing import expected_shapes
from streamrnn.model import Model
from tests.virtual_microphone import VirtualMicrophone

# In CI the same cases at every run; at home new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

# A shell starts what it sends to the background with SIGINT ignored, and tests would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

COMMAND = [sys.executable, "-c", "from streamrnn.cli import main; main()"]
CELLS = ("feedforward", "rnn", "gru", "lstm")
Weights = dict[str, NDArray[np.float32]]


@pytest.fixture
def device(tmp_path: Path) -> Iterator[VirtualMicrophone]:
    """A microphone; tests that have it are marked `here`."""
    folder = tmp_path / "home"
    folder.mkdir()
    virtual = VirtualMicrophone(folder)
    virtual.start()
    yield virtual
    virtual.stop()


def make_weights(network: NetworkConfig, *, normalise: bool = True, seed: int = 0) -> Weights:
    """Weights as torch draws them, uniform within 1/√hidden_size, so that no network explodes."""
    generator = np.random.default_rng(seed)
    bound = network.hidden_size**-0.5
    weights: Weights = {}
    for name, shape in expected_shapes(network).items():
        if name.startswith("normalise.") and not normalise:
            continue
        low, high = (0.5, 1.5) if name == "normalise.scale" else (-bound, bound)
        weights[name] = generator.uniform(low, high, shape).astype(np.float32)
    return weights


def make_model(
    *,
    frontend: FrontendConfig | None = None,
    decoder: DecoderConfig | None = None,
    normalise: bool = True,
    seed: int = 0,
    **network: Any,
) -> Model:
    """A small model of random weights: a GRU 3 → 5 unless told otherwise."""
    config = NetworkConfig(**{"input_size": 3, "hidden_size": 5, **network})
    parts: dict[str, Any] = {"frontend": frontend, "decoder": decoder}
    given = {name: part for name, part in parts.items() if part is not None}
    return Model.from_weights(
        ModelConfig(name="made", network=config, **given),
        make_weights(config, normalise=normalise, seed=seed),
    )


def make_text_model(unit: Any, **network: Any) -> Model:
    """A small model of text with two classes."""
    symbols = {
        "characters": ("a", "b", "é", " ", "日", "\ufffd"),
        "words": ("turn", "on", "off", "don't", "0", "日本"),
    }
    return make_model(
        frontend=TextConfig(unit=unit, vocabulary=symbols[unit]),
        decoder=ClassesConfig(labels=("yes", "no")),
        input_size=1,
        output_size=2,
        encoder="embedding",
        encoder_size=4,
        vocabulary_size=7,
        **network,
    )


def make_voice_model(hop: int) -> Model:
    """A model of one step every `hop` samples at 16 kHz, which hears speech all the time."""
    network = NetworkConfig(input_size=hop, hidden_size=2, output_size=1)
    weights = make_weights(network)
    weights["head.bias"][:] = 9.0
    config = ModelConfig("voice", network, frontend=WaveformConfig(hop=hop), decoder=VoiceConfig())
    return Model.from_weights(config, weights)


def make_frames(steps: int, size: int = 3, seed: int = 1) -> NDArray[np.float32]:
    """Frames of independent normal elements."""
    return np.random.default_rng(seed).standard_normal((steps, size), np.float32)


@st.composite
def networks(draw: st.DrawFn, largest: int = 40) -> NetworkConfig:
    """Any network that a model file can hold, of any small size."""
    size = st.integers(1, largest)
    encoder: Any = draw(st.sampled_from(["none", "linear", "embedding"]))
    return NetworkConfig(
        input_size=1 if encoder == "embedding" else draw(size),
        hidden_size=draw(size),
        cell=draw(st.sampled_from(CELLS)),
        num_layers=draw(st.integers(1, 3)),
        nonlinearity=draw(st.sampled_from(["tanh", "relu"])),
        encoder=encoder,
        encoder_size=0 if encoder == "none" else draw(size),
        vocabulary_size=draw(size) if encoder == "embedding" else 0,
        output_size=draw(st.integers(0, largest)),
    )


@st.composite
def models(draw: st.DrawFn, largest: int = 40) -> Model:
    """A model of any such network, without decoder."""
    network = draw(networks(largest))
    weights = make_weights(network, normalise=draw(st.booleans()), seed=draw(st.integers(0, 99)))
    return Model.from_weights(ModelConfig(name="made", network=network), weights)


def example(model: Model, samples: int, seed: int = 1) -> Any:
    """A sequence that the model's front end takes."""
    return model.frontend.example(np.random.default_rng(seed), samples)


def pieces(sequence: Any, cuts: list[int]) -> Iterator[Any]:
    """The sequence in chunks that end at the cuts; equal cuts make empty chunks."""
    edges = [0, *sorted(cut % (len(sequence) + 1) for cut in cuts), len(sequence)]
    for first, end in zip(edges, edges[1:], strict=False):
        yield sequence[first:end]
