"""What waits for words in endless sound: a model, or whatever else tells when one was said."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streamrnn.config import DetectConfig
from streamrnn.decoded import Event
from streamrnn.decoders import DetectDecoder
from streamrnn.errors import UnsupportedError
from streamrnn.frontends.base import NO_FRAMES
from streamrnn.tasks.sounds.clips import Signal


class Heard(NamedTuple):
    """What a detector made of a signal, or of a part of one."""

    outputs: NDArray[Any]
    """Its outputs at each step, `(steps, outputs)`."""
    positions: NDArray[np.int64]
    """How many samples had come at each step, `(steps,)`."""


class Detector(Protocol):
    """Gives outputs as the signal comes, and finds words in them."""

    @property
    def thresholds(self) -> Mapping[str, float]:
        """The words that it tells, each with the threshold that it comes with."""
        ...

    def listen(self) -> Callable[[Signal], Heard]:
        """Begin a fresh stream: it takes one chunk after another."""
        ...

    def detected(self, heard: Heard, threshold: float | None = None) -> list[Event]:
        """The words in a whole signal, at one threshold or, with None, at those it comes with."""
        ...


class ModelDetector:
    """A model of this package.

    Args:
        model: a `streamrnn.Model` with a decoder of kind `detect`.

    Raises:
        UnsupportedError: it detects nothing.
    """

    def __init__(self, model: Any) -> None:
        config = model.config.decoder
        if not isinstance(config, DetectConfig):
            raise UnsupportedError("model: expected a decoder that detects words")
        self._model, self._config = model, config
        self.thresholds = config.detected

    def listen(self) -> Callable[[Signal], Heard]:
        """Begin a fresh stream of the model."""
        stream = self._model.stream()

        def hear(chunk: Signal) -> Heard:
            said = stream.feed(chunk)
            return Heard(said.outputs, said.positions)

        return hear

    def detected(self, heard: Heard, threshold: float | None = None) -> list[Event]:
        """What the model's decoder detects."""
        config = self._config
        if threshold is not None:
            config = replace(config, threshold=threshold, thresholds={})
        decoded = DetectDecoder(config).stream().decode(heard.outputs, NO_FRAMES, heard.positions)
        steps = decoded.events or ()
        return [event for step in steps for event in step if event.kind == "detected"]
