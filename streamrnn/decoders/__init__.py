"""Outputs of the network → what a user asked for: classes, events, or points with their spread."""

from streamrnn.config import (
    ClassesConfig,
    DecideConfig,
    DetectConfig,
    ModelConfig,
    PointsConfig,
    SoundConfig,
    VoiceConfig,
)
from streamrnn.decoders.base import Decoder, RawDecoder
from streamrnn.decoders.classes import ClassesDecoder
from streamrnn.decoders.decide import DecideDecoder
from streamrnn.decoders.detect import DetectDecoder
from streamrnn.decoders.points import PointsDecoder
from streamrnn.decoders.voice import VoiceDecoder
from streamrnn.errors import ConfigError
from streamrnn.kernels.points import OUTPUTS_PER_HORIZON


def make_decoder(config: ModelConfig) -> Decoder:
    """The decoder of a model.

    Raises:
        ConfigError: the network puts out more or fewer numbers than the decoder reads.
    """
    decoder = config.decoder
    if isinstance(decoder, ClassesConfig):
        return ClassesDecoder(decoder)
    if isinstance(decoder, DecideConfig):
        return DecideDecoder(decoder)
    if isinstance(decoder, DetectConfig):
        return DetectDecoder(decoder)
    if isinstance(decoder, VoiceConfig):
        assert isinstance(config.frontend, SoundConfig)  # as `ModelConfig` holds
        return VoiceDecoder(decoder, config.frontend)
    if isinstance(decoder, PointsConfig):
        outputs = OUTPUTS_PER_HORIZON * len(decoder.horizons)
        if config.network.output_width != outputs:
            raise ConfigError(
                f"network.output_size: expected {outputs}, {OUTPUTS_PER_HORIZON} for each of "
                f"{len(decoder.horizons)} horizons, got {config.network.output_width}"
            )
        return PointsDecoder(decoder)
    return RawDecoder()
