"""What a model is, as plain immutable records: front end, network, decoder.

All of them are imported from here, those of `streamrnn.decoder_config` too.
"""

import re
from collections import Counter
from typing import Literal

import msgspec

from streamrnn.decoder_config import (
    ClassesConfig,
    DecideConfig,
    DecoderConfig,
    DetectConfig,
    PointsConfig,
    RawConfig,
)
from streamrnn.errors import ConfigError
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
    "PointsConfig",
    "RawConfig",
    "Record",
    "TextConfig",
    "convert",
    "decode_model_config",
    "encode",
]

_SHOWN = 8  # symbols of a vocabulary of thousands, where a configuration is printed
Cell = Literal["feedforward", "rnn", "gru", "lstm", "module"]


class FramesConfig(Record, frozen=True, tag_field="kind", tag="frames"):
    """Samples are frames already: chunks are `(n, input_size)` float32."""


class MotionConfig(Record, frozen=True, tag_field="kind", tag="motion"):
    """Rows of time and position: chunks are `(n, 3)` or `(n, 4)`, float64 or float32.

    Two dimensions are taken for a picture, in pixels of any size, three for metres with z up.
    """

    version: int = 4
    """Of what a frame means. A network knows the version that it was trained on."""


class AudioConfig(Record, frozen=True, tag_field="kind", tag="audio"):
    """Sound: chunks are `(n,)` or `(n, channels)`, int16 or float32; frames are log-mel spectra."""

    sample_rate: int = 16_000
    """Samples a second that the network was trained on; other rates are converted to it."""
    window: int = 400
    """Samples that a spectrum sees, through a Hann window."""
    hop: int = 160
    """Samples from one spectrum to the next."""
    fft: int = 512
    """Size of the transform, a power of two; the window is padded to it with zeros."""
    mels: int = 40
    """Bands on the mel scale."""
    f_min: float = 20.0
    """Where the lowest band begins, Hz."""
    f_max: float = 0.0
    """Where the highest band ends, Hz; 0: half the sample rate."""
    floor: float = 1e-6
    """Added to each band's power before the logarithm; full scale is 1."""
    stack: int = 1
    """Consecutive spectra that make one frame; a frame then advances by stack · hop."""

    def __post_init__(self) -> None:
        """Refuse what no spectrum can be made with."""
        if not 8_000 <= self.sample_rate <= 192_000:
            raise ConfigError(
                f"frontend.sample_rate: expected 8000 to 192000 Hz, got {self.sample_rate}"
            )
        if self.fft < 16 or self.fft & (self.fft - 1) or self.fft > 16_384:
            raise ConfigError(
                f"frontend.fft: expected a power of two from 16 to 16384, got {self.fft}"
            )
        if not 1 <= self.hop <= self.window <= self.fft:
            raise ConfigError(
                "frontend: expected 1 ≤ hop ≤ window ≤ fft, got "
                f"{self.hop}, {self.window}, {self.fft}"
            )
        if not 1 <= self.mels <= self.fft // 2 or self.stack < 1:
            raise ConfigError(
                f"frontend: expected mels from 1 to fft / 2 and stack of at least 1, got "
                f"{self.mels} and {self.stack}"
            )
        top = self.f_max or self.sample_rate / 2
        if not 0 <= self.f_min < top <= self.sample_rate / 2:
            raise ConfigError(
                f"frontend: expected 0 ≤ f_min < f_max ≤ {self.sample_rate / 2:g}, got "
                f"{self.f_min:g} and {top:g}"
            )
        if not 1e-30 <= self.floor <= 1.0:
            raise ConfigError(f"frontend.floor: expected 1e-30 to 1, got {self.floor}")


class TextConfig(Record, frozen=True, tag_field="kind", tag="text"):
    """Text: chunks are `str` or UTF-8 `bytes`; frames are tokens' numbers, for an embedding."""

    unit: Literal["characters", "words"]
    """What a token is."""
    vocabulary: tuple[str, ...]
    """The symbols; token n + 1 is vocabulary[n], and 0 is whatever is not among them."""
    fold: bool = True
    """Read each code point in lower case."""

    def __repr__(self) -> str:
        symbols = ", ".join(map(repr, self.vocabulary[:_SHOWN]))
        rest = f", … {len(self.vocabulary)} in all" * (len(self.vocabulary) > _SHOWN)
        return f"TextConfig(unit={self.unit!r}, vocabulary=({symbols}{rest}), fold={self.fold})"

    def __post_init__(self) -> None:
        """Refuse a vocabulary that says nothing, or something twice."""
        if not self.vocabulary:
            raise ConfigError("frontend.vocabulary: expected at least one symbol, got none")
        twice = [symbol for symbol, count in Counter(self.vocabulary).items() if count > 1]
        if twice:
            raise ConfigError(
                f"frontend.vocabulary: expected each symbol once, got {twice[0]!r} again"
            )
        halves = [symbol for symbol in self.vocabulary if re.search("[\ud800-\udfff]", symbol)]
        if halves:
            raise ConfigError(
                f"frontend.vocabulary: expected characters, got a lone surrogate in {halves[0]!r}"
            )


FrontendConfig = FramesConfig | MotionConfig | AudioConfig | TextConfig


class NetworkConfig(Record, frozen=True):
    """The network: normalisation, encoder, recurrent layers, head, in this order."""

    input_size: int
    """Elements of a frame; 1 (a token's number) with an embedding."""
    hidden_size: int
    """Elements of the hidden state of each layer."""
    cell: Cell = "gru"
    """`feedforward` has no loop: it sees one frame at a time. `module` is anything that the torch
    engine runs; it is neither trained nor saved here."""
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
        if isinstance(self.frontend, TextConfig):
            tokens = 1 + len(self.frontend.vocabulary)
            if self.network.vocabulary_size != tokens:
                raise ConfigError(
                    f"network.vocabulary_size: expected an embedding of {tokens} rows, the symbols "
                    f"of frontend.vocabulary and one for all others, got "
                    f"{self.network.vocabulary_size} with encoder {self.network.encoder!r}"
                )


def decode_model_config(text: str) -> ModelConfig:
    """The configuration inside a model file.

    Raises:
        ConfigError: the text is no JSON, or does not fit this version's `ModelConfig`.
    """
    try:
        return msgspec.json.decode(text, type=ModelConfig)
    except msgspec.DecodeError as error:
        raise ConfigError(f"model configuration: {error}") from error
