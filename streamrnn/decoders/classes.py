"""The likeliest class of each step."""

import numpy as np

from streamrnn.config import ClassesConfig
from streamrnn.decoded import Decoded, softmax_of
from streamrnn.decoders.base import Outputs, Positions, StepDecoder
from streamrnn.frontends.base import Frames
from streamrnn.kernels.classes import likeliest


class ClassesDecoder(StepDecoder):
    """The likeliest class of each step; its score is the softmax of the outputs."""

    def __init__(self, config: ClassesConfig) -> None:
        self.labels = config.labels

    def decode(self, outputs: Outputs, frames: Frames, positions: Positions) -> Decoded:
        """Labels and scores."""
        best, scores = np.empty(len(outputs), np.int64), np.empty(len(outputs))
        likeliest(outputs, best, scores)
        labels = tuple(map(self.labels.__getitem__, best.tolist()))
        return Decoded(labels=labels, scores=scores, probabilities=softmax_of)
