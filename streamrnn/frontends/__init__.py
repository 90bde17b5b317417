"""Chunks of samples → frames of the network."""

from streamrnn.config import ModelConfig, MotionConfig, SoundConfig, TextConfig
from streamrnn.errors import ConfigError
from streamrnn.frontends.audio import AudioFrontend
from streamrnn.frontends.base import Frontend
from streamrnn.frontends.frames import FramesFrontend
from streamrnn.frontends.motion import MotionFrontend
from streamrnn.frontends.text import TextFrontend
from streamrnn.kernels.motion import VERSION


def make_frontend(config: ModelConfig) -> Frontend:
    """The front end of a model.

    Raises:
        ConfigError: its frames are not as wide as the network's input, or its configuration
            cannot be used.
    """
    if isinstance(config.frontend, MotionConfig):
        if config.frontend.version != VERSION:
            raise ConfigError(
                f"frontend.version: expected {VERSION}, the motion front end's, got "
                f"{config.frontend.version}; train the model anew"
            )
        if config.network.input_size != MotionFrontend.frame_size:
            raise ConfigError(
                f"network.input_size: expected {MotionFrontend.frame_size}, the size of the motion "
                f"front end's frames, got {config.network.input_size}"
            )
        return MotionFrontend()
    if isinstance(config.frontend, SoundConfig):
        audio = AudioFrontend(config.frontend)
        if config.network.input_size != audio.frame_size:
            raise ConfigError(
                f"network.input_size: expected {audio.frame_size}, the size of the front end's "
                f"frames, got {config.network.input_size}"
            )
        return audio
    if isinstance(config.frontend, TextConfig):
        return TextFrontend(config.frontend)
    return FramesFrontend(config.network.input_size, config.network.vocabulary_size)
