"""Positions ahead, each with a spread, and the direction of motion."""

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import PointsConfig
from streamrnn.decoded import Decoded
from streamrnn.decoders.base import Outputs, Positions, StepDecoder
from streamrnn.frontends.base import Frames
from streamrnn.kernels.motion import CONTEXT_STEP
from streamrnn.kernels.points import DIRECTION_AHEAD, DIRECTIONS, decode_points


def standing(context: NDArray[np.float64]) -> NDArray[np.float64]:
    """The motion front end's context (T, context_size) of a ball that does not move."""
    still = context.copy()
    still[:, CONTEXT_STEP : CONTEXT_STEP + 3] = 0.0
    return still


class PointsDecoder(StepDecoder):
    """Positions at several horizons, each with a spread; the label is the direction of motion."""

    labels = DIRECTIONS

    def __init__(self, config: PointsConfig) -> None:
        self.horizons = config.horizons
        self._anchor = config.anchor
        self._horizons = np.array(config.horizons, np.float64)
        distances = [abs(horizon - DIRECTION_AHEAD) for horizon in config.horizons]
        self._direction = distances.index(min(distances))

    def decode(self, outputs: Outputs, frames: Frames, positions: Positions) -> Decoded:
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
