"""Chunks of samples → frames of the network."""

from streamrnn.config import ModelConfig, MotionConfig
from streamrnn.frontends.base import Frontend
from streamrnn.frontends.frames import FramesFrontend
from streamrnn.frontends.motion import MotionFrontend


def make_frontend(config: ModelConfig) -> Frontend:
    """The front end of a model."""
    if isinstance(config.frontend, MotionConfig):
        return MotionFrontend()
    return FramesFrontend(config.network.input_size, config.network.vocabulary_size)
