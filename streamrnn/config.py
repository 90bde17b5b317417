"""What a model is, as plain immutable records: front end, network, decoder.

All of them are imported from here, those of `frontend_config` and `decoder_config` too.
"""

from typing import Literal, cast

import msgspec

from streamrnn.decoder_config import (
    ClassesConfig,
    DecideConfig,
    DecoderConfig,
    DetectConfig,
    PointsConfig,
    RawConfig,
    VoiceConfig,
)
from streamrnn.errors import ConfigError
from streamrnn.frontend_config import (
    AudioConfig,
    FramesConfig,
    FrontendConfig,
    MotionConfig,
    SoundConfig,
    TextConfig,
    WaveformConfig,
)
from streamrnn.records import Record, convert, encode

__all__ = [
    "AudioConfig",
    "Cell",
    "ClassesConfig",
    "DecideConfig",
    "DecoderConfig",
    "DetectConfig",
    "FramesConfig",
    "FrontendConfig",
    "ModelConfig",
    "MotionConfig",
    "NetworkConfig",
    "OnnxConfig",
    "PointsConfig",
    "RawConfig",
    "Record",
    "SoundConfig",
    "TextConfig",
    "VoiceConfig",
    "WaveformConfig",
    "convert",
    "decode_model_config",
    "encode",
]

Cell = Literal["feedforward", "rnn", "gru", "lstm", "module"]


class NetworkConfig(Record, frozen=True):
    """The network: normalisation, encoder, recurrent layers, head, in this order."""

    input_size: int
    """Elements of a frame; 1 (a token's number) with an embedding."""
    hidden_size: int
    """Elements of the hidden state of each layer."""
    cell: Cell = "gru"
    """`feedforward` has no loop: it sees one frame at a time. `module` is anything that the torch
    or the ONNX engine runs; it is neither trained nor saved here."""
    num_layers: int = 1
    """Layers of the cell, one above the other."""
    nonlinearity: Literal["tanh", "relu"] = "tanh"
    """Of the cells `rnn` and `feedforward`."""
    encoder: Literal["none", "linear", "embedding"] = "none"
    """What stands in front of the first layer."""
    encoder_size: int = 0
    """Elements that a linear or embedding encoder puts out."""
    vocabulary_size: int = 0
    """Rows of the embedding."""
    output_size: int = 0
    """Elements that the linear head puts out; 0: no head, the outputs are the hidden state."""

    def __post_init__(self) -> None:
        """Refuse sizes that no network can have."""
        for name in ("input_size", "hidden_size", "num_layers"):
            if getattr(self, name) < 1:
                raise ConfigError(f"network.{name}: expected at least 1, got {getattr(self, name)}")
        if self.output_size < 0:
            raise ConfigError(f"network.output_size: expected 0 or more, got {self.output_size}")
        if (self.encoder != "none") != (self.encoder_size > 0):
            raise ConfigError(
                f"network.encoder_size: expected 0 without an encoder and more with one, got "
                f"{self.encoder_size} with encoder {self.encoder!r}"
            )
        if self.encoder == "embedding" and (self.vocabulary_size < 1 or self.input_size != 1):
            raise ConfigError(
                "network: an embedding expects vocabulary_size of at least 1 and input_size 1, "
                f"got {self.vocabulary_size} and {self.input_size}"
            )
        if self.encoder != "embedding" and self.vocabulary_size:
            raise ConfigError(
                f"network.vocabulary_size: expected 0 without an embedding, got "
                f"{self.vocabulary_size}"
            )

    @property
    def output_width(self) -> int:
        """Elements of one output."""
        return self.output_size or self.hidden_size


class ModelConfig(Record, frozen=True):
    """Everything about a model but its weights."""

    name: str
    """What the model is called."""
    network: NetworkConfig
    """Sizes and kinds of the layers."""
    frontend: FrontendConfig = FramesConfig()
    """What makes frames of samples."""
    decoder: DecoderConfig = RawConfig()
    """What is made of the outputs."""

    def __post_init__(self) -> None:
        """Refuse parts that do not fit each other."""
        if isinstance(self.decoder, ClassesConfig | DecideConfig | DetectConfig):
            labels, outputs = len(self.decoder.labels), self.network.output_width
            if labels != outputs:
                raise ConfigError(
                    f"decoder.labels: expected one label an output, {outputs}, got {labels}"
                )
        if isinstance(self.decoder, PointsConfig) and not isinstance(self.frontend, MotionConfig):
            raise ConfigError(
                "decoder: points are decoded relative to the motion front end's last position; "
                "set frontend.kind = 'motion'"
            )
        if isinstance(self.decoder, VoiceConfig):
            if not isinstance(self.frontend, SoundConfig):
                raise ConfigError("decoder: voice is told of sound alone; set frontend.kind")
            if self.network.output_width != 1:
                raise ConfigError(
                    "network.output_size: expected 1, the probability of speech, got "
                    f"{self.network.output_width}"
                )
        if isinstance(self.frontend, TextConfig):
            tokens = 1 + len(self.frontend.vocabulary)
            if self.network.vocabulary_size != tokens:
                raise ConfigError(
                    f"network.vocabulary_size: expected an embedding of {tokens} rows, the symbols "
                    f"of frontend.vocabulary and one for all others, got "
                    f"{self.network.vocabulary_size} with encoder {self.network.encoder!r}"
                )


class OnnxConfig(Record, frozen=True):
    """How an ONNX graph of one step is read; what is left out is found by its names.

    Beside `x.onnx` it may lie as `x.toml`.
    """

    name: str = ""
    """What the model is called; "": as its file."""
    frontend: FrontendConfig = FramesConfig()
    """What makes frames of samples."""
    decoder: DecoderConfig = RawConfig()
    """What is made of the outputs."""
    input: str = ""
    """The input that takes a frame; "": the one that is neither state nor constant."""
    output: str = ""
    """The output that tells something; "": the one that is no state."""
    states: dict[str, str] = {}
    """Of each input that is a state, the output that is the next one; {}: paired by name, `h` and
    `hn`, `state` and `stateN`, `h_0` and `h_n`, `x_in` and `x_out`. Zeros begin a stream."""
    constants: dict[str, float] = {}
    """Inputs that are the same at every step, such as a sample rate."""
    input_size: int = 0
    """Elements of a frame, where neither graph nor front end tells; 0: they do."""

    def __post_init__(self) -> None:
        """Refuse a size that no frame has, and what is no number."""
        if self.input_size < 0:
            raise ConfigError(f"input_size: expected 0 or more elements, got {self.input_size}")
        for name, value in _items(self.states, "states"):
            if not isinstance(value, str):
                raise ConfigError(f"states.{name}: expected the name of an output, got {value!r}")
        for name, value in _items(self.constants, "constants"):
            if not isinstance(value, int | float) or value != value:  # NaN
                raise ConfigError(f"constants.{name}: expected a number, got {value!r}")


def _items(given: object, where: str) -> list[tuple[object, object]]:
    """The items of what a caller put where a dictionary belongs."""
    if not isinstance(given, dict):
        raise ConfigError(f"{where}: expected a dictionary by inputs, got {given!r}")
    return list(cast("dict[object, object]", given).items())


def decode_model_config(text: str) -> ModelConfig:
    """The configuration inside a model file.

    Raises:
        ConfigError: the text is no JSON, or does not fit this version's `ModelConfig`.
    """
    try:
        return msgspec.json.decode(text, type=ModelConfig)
    except msgspec.DecodeError as error:
        raise ConfigError(f"model configuration: {error}") from error
