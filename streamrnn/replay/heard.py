"""What a model detects in a recording, at its own thresholds and at others side by side."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from streamrnn.config import DetectConfig
from streamrnn.decoders import DetectDecoder
from streamrnn.errors import RecordingError
from streamrnn.frontends.base import NO_FRAMES
from streamrnn.model import Model
from streamrnn.replay.play import Step, play
from streamrnn.replay.sources import open_source

Detected = dict[str, "array[int]"]
"""By label, the positions of its detections in samples of the recording, ascending."""


class Heard(NamedTuple):
    """A recording that was played."""

    path: Path
    """The file."""
    rate: int
    """Samples a second."""
    samples: int
    """How many were played."""
    broken: str | None
    """Why it breaks off there."""
    detected: list[Detected]
    """By the model itself, then by each of the other decoders."""

    @property
    def seconds(self) -> float:
        """How long it was played."""
        return self.samples / self.rate


def hear(
    model: Model,
    path: Path,
    others: Sequence[DetectConfig],
    advance: Callable[[float], object] = lambda share: None,
) -> Heard:
    """Play a recording of sound to a model, of whose outputs nothing is kept.

    Args:
        model: with a decoder of kind `detect`.
        path: a file of sound, or a recording of a stream of sound.
        others: decoders that read the same outputs beside the model's own.
        advance: called with the share that was played, 0 to 1.

    Raises:
        RecordingError, SoundError, ConfigError: it cannot be read, or not be played to the model.
    """
    source = open_source(path)
    rate, samples = int(source.options.get("rate", 0)), 0
    if not rate:
        raise RecordingError(f"{path}: expected a recording of sound, got {source.kind or 'none'}")
    ears = _Ears(others)
    for step in play(source, model):
        ears.hear(step)
        samples = step.samples
        advance(source.share)
    advance(1.0)
    return Heard(path, rate, samples, source.broken, ears.detected)


class _Ears:
    """Decoders side by side over the outputs of one network, and what each detects.

    The network's state does not depend on a decoder, unless that asks for it to be made fresh
    after long quiet. Then a label that is active puts this off, so that a threshold could matter;
    but quiet of `quiet_above` leaves the other labels less than 1 - `quiet_above`, and one is
    active from `release` · threshold on: thresholds above (1 - `quiet_above`) / `release`, a sixth
    by default, cannot. The bundled models never ask for it.

    Args:
        configs: of the decoders beside the model's own.
    """

    def __init__(self, configs: Sequence[DetectConfig]) -> None:
        self._states = [DetectDecoder(config).stream() for config in configs]
        self.detected: list[Detected] = [{} for _ in range(1 + len(configs))]

    def hear(self, step: Step) -> None:
        """Take what the network said of some chunks, or at the end of a sequence."""
        said, positions = step.said, step.said.positions
        _keep(self.detected[0], said.decoded.events, step.offset)
        for state, detected in zip(self._states, self.detected[1:], strict=True):
            events = state.decode(said.outputs, NO_FRAMES, positions).events
            _keep(detected, events, step.offset)
        if not step.chunks:  # a flush, whose tail was heard; a reset; or another state, restored,
            for state in self._states:  # in which nobody knows what these would have heard before
                state.reset()


def _keep(detected: Detected, events: Any, offset: int) -> None:
    for each in events or ():
        for event in each:
            if event.kind == "detected":
                detected.setdefault(event.label, array("q")).append(offset + event.position)
