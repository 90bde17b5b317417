"""Outputs of the network → what a user asked for: classes, or points with their spread."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import ClassesConfig, ModelConfig, PointsConfig
from streamrnn.errors import ConfigError
from streamrnn.frontends.base import Frames
from streamrnn.kernels.classes import likeliest
from streamrnn.kernels.motion import CONTEXT_STEP
from streamrnn.kernels.points import (
    DIRECTION_AHEAD,
    DIRECTIONS,
    OUTPUTS_PER_HORIZON,
    decode_points,
)
from streamrnn.predictions import Decoded


class Decoder(Protocol):
    """Decodes the outputs of one stream, step by step; so far none has a state."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that it may give, or ()."""
        ...

    def decode(self, outputs: NDArray[np.float32], frames: Frames) -> Decoded:
        """Decode the outputs (T, output_size) of these frames."""
        ...


class RawDecoder:
    """No decoding."""

    labels: tuple[str, ...] = ()
    _nothing = Decoded()

    def decode(self, outputs: NDArray[np.float32], frames: Frames) -> Decoded:
        """Nothing beyond the outputs."""
        return self._nothing


class ClassesDecoder:
    """The likeliest class of each step; its score is the softmax of the outputs."""

    def __init__(self, config: ClassesConfig) -> None:
        self.labels = config.labels

    def decode(self, outputs: NDArray[np.float32], frames: Frames) -> Decoded:
        """Labels and scores."""
        best, scores = np.empty(len(outputs), np.int64), np.empty(len(outputs))
        likeliest(outputs, best, scores)
        return Decoded(labels=tuple(map(self.labels.__getitem__, best.tolist())), scores=scores)


def standing(context: NDArray[np.float64]) -> NDArray[np.float64]:
    """The motion front end's context (T, context_size) of a ball that does not move."""
    still = context.copy()
    still[:, CONTEXT_STEP : CONTEXT_STEP + 3] = 0.0
    return still


class PointsDecoder:
    """Positions at several horizons, each with a spread; the label is the direction of motion."""

    labels = DIRECTIONS

    def __init__(self, config: PointsConfig) -> None:
        self.horizons = config.horizons
        self._anchor = config.anchor
        self._horizons = np.array(config.horizons, np.float64)
        distances = [abs(horizon - DIRECTION_AHEAD) for horizon in config.horizons]
        self._direction = distances.index(min(distances))

    def decode(self, outputs: NDArray[np.float32], frames: Frames) -> Decoded:
        """Points, spreads, and the direction with its score; no label before two fixes."""
        assert frames.context is not None  # ModelConfig joins points to the motion front end
        context = frames.context
        if self._anchor == "position":
            context = standing(context)
        steps, count = len(outputs), len(self.horizons)
        points, spreads = np.empty((steps, count, frames.dims)), np.empty((steps, count))
        best, scores = np.empty(steps, np.int64), np.empty(steps)
        decode_points(
            outputs,
            context,
            self._horizons,
            points,
            spreads,
            best,
            scores,
            self._direction,
        )
        labels = tuple(None if i < 0 else DIRECTIONS[i] for i in best.tolist())
        return Decoded(
            labels=labels, scores=scores, points=points, spreads=spreads, horizons=self.horizons
        )


def make_decoder(config: ModelConfig) -> Decoder:
    """The decoder of a model.

    Raises:
        ConfigError: the network puts out more or fewer numbers than the decoder reads.
    """
    decoder = config.decoder
    if isinstance(decoder, ClassesConfig):
        return ClassesDecoder(decoder)
    if isinstance(decoder, PointsConfig):
        outputs = OUTPUTS_PER_HORIZON * len(decoder.horizons)
        if config.network.output_width != outputs:
            raise ConfigError(
                f"network.output_size: expected {outputs}, {OUTPUTS_PER_HORIZON} for each of "
                f"{len(decoder.horizons)} horizons, got {config.network.output_width}"
            )
        return PointsDecoder(decoder)
    return RawDecoder()
