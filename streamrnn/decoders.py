"""Outputs of the network → what a user asked for: classes, or points with their spread."""

from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streamrnn.config import ClassesConfig, DecideConfig, DetectConfig, ModelConfig, PointsConfig
from streamrnn.errors import ConfigError
from streamrnn.frontends.base import Frames
from streamrnn.kernels import detect as detection
from streamrnn.kernels.classes import likeliest
from streamrnn.kernels.detect import detect
from streamrnn.kernels.motion import CONTEXT_STEP
from streamrnn.kernels.points import (
    DIRECTION_AHEAD,
    DIRECTIONS,
    OUTPUTS_PER_HORIZON,
    decode_points,
)
from streamrnn.predictions import Decoded, Event
from streamrnn.state import PartState, Stateless

Positions = NDArray[np.int64] | int
"""How many samples had arrived at each step, or at the first of consecutive ones."""
KINDS = ("start", "detected", "end")


class DecoderState(PartState, Protocol):
    """The decoder of one stream."""

    def decode(
        self, outputs: NDArray[np.float32], frames: Frames, positions: Positions = 0
    ) -> Decoded:
        """Decode the outputs (T, output_size) of these frames.

        Args:
            outputs: of the network.
            frames: that they came from.
            positions: how many samples had arrived at each step.
        """
        ...

    def end(self, decoded: Decoded, position: int) -> Decoded:
        """What was decoded last, with what the end of the stream adds to its last step."""
        ...

    def most_steps(self) -> int:
        """How many steps may be decoded at once before a reset may be due; 0: any number."""
        ...

    @property
    def reset_due(self) -> bool:
        """Whether the hidden state is to be made fresh after the last step."""
        ...


class Decoder(Protocol):
    """Makes the decoders of streams; immutable."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that it may give, or ()."""
        ...

    def stream(self) -> DecoderState:
        """The fresh decoder of a new stream."""
        ...


class Onlooker:
    """A decoder that asks for no reset, and to which the end of a stream tells nothing."""

    reset_due = False

    def end(self, decoded: Decoded, position: int) -> Decoded:
        """Nothing is added."""
        return decoded

    def most_steps(self) -> int:
        """Any number."""
        return 0


class StepDecoder(Onlooker, Stateless):
    """A decoder that looks at one step at a time, and is its own state."""

    def stream(self) -> Self:
        """The decoder itself."""
        return self


class RawDecoder(StepDecoder):
    """No decoding."""

    labels: tuple[str, ...] = ()
    _nothing = Decoded()

    def decode(
        self, outputs: NDArray[np.float32], frames: Frames, positions: Positions = 0
    ) -> Decoded:
        """Nothing beyond the outputs."""
        return self._nothing


class ClassesDecoder(StepDecoder):
    """The likeliest class of each step; its score is the softmax of the outputs."""

    def __init__(self, config: ClassesConfig) -> None:
        self.labels = config.labels

    def decode(
        self, outputs: NDArray[np.float32], frames: Frames, positions: Positions = 0
    ) -> Decoded:
        """Labels and scores."""
        best, scores = np.empty(len(outputs), np.int64), np.empty(len(outputs))
        likeliest(outputs, best, scores)
        labels = tuple(map(self.labels.__getitem__, best.tolist()))
        return Decoded(labels=labels, scores=scores, logits=True)


class DecideDecoder:
    """The likeliest class of each step, and one event `decided` in a sequence, once it is sure."""

    def __init__(self, config: DecideConfig) -> None:
        self.labels = config.labels
        self.config = config
        self.outside = config.labels.index(config.outside) if config.outside else -1

    def stream(self) -> "DecideState":
        """The fresh decoder of a new stream."""
        return DecideState(self)


class DecideState(Onlooker):
    """What one sequence has decided."""

    def __init__(self, decoder: DecideDecoder) -> None:
        self._decoder = decoder
        self._state = np.zeros(3, np.int64)
        """Whether it is decided; the class that was sure at the last step; for how many steps."""

    def decode(
        self, outputs: NDArray[np.float32], frames: Frames, positions: Positions = 0
    ) -> Decoded:
        """Labels, scores, and the event `decided` of the step that was the first to be sure."""
        config, outside = self._decoder.config, self._decoder.outside
        best, scores = np.empty(len(outputs), np.int64), np.empty(len(outputs))
        likeliest(outputs, best, scores)
        decided, last, run = self._state.tolist()
        labels: list[str] = []
        events: list[tuple[Event, ...]] = [()] * len(outputs)
        for step, (which, score) in enumerate(zip(best.tolist(), scores.tolist(), strict=True)):
            if score < config.least:
                which = outside
            labels.append(config.labels[which])
            sure = score >= config.threshold and which != outside
            run = (run + 1 if which == last else 1) if sure else 0
            last = which
            if run >= config.confirm and not decided:
                decided = 1
                place = positions + step if isinstance(positions, int) else int(positions[step])
                events[step] = (Event("decided", config.labels[which], place, score),)
            run = min(run, config.confirm)
        self._state[:] = decided, last, run
        return Decoded(labels=tuple(labels), scores=scores, events=tuple(events), logits=True)

    def reset(self) -> None:
        """Make the state fresh."""
        self._state[:] = 0

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the state."""
        return {"decide": self._state.copy()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `arrays` gave."""
        self._state[:] = arrays["decide"]


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

    def decode(
        self, outputs: NDArray[np.float32], frames: Frames, positions: Positions = 0
    ) -> Decoded:
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


class DetectDecoder:
    """Smoothed probabilities of classes, and events: `start`, `detected`, `end`."""

    def __init__(self, config: DetectConfig) -> None:
        self.labels = config.labels
        ignored = [label in config.ignored for label in config.labels]
        own = [config.thresholds.get(label, config.threshold) for label in config.labels]
        self.thresholds = np.where(ignored, 2.0, own)
        self.settings = np.zeros(detection.SETTINGS)
        self.settings[detection.SMOOTHING] = config.smoothing
        self.settings[detection.RELEASE] = config.release
        self.settings[detection.CONFIRM] = config.confirm
        self.settings[detection.REFRACTORY] = config.refractory
        self.settings[detection.QUIET] = config.labels.index(config.quiet) if config.quiet else -1
        self.settings[detection.QUIET_ABOVE] = config.quiet_above
        self.settings[detection.RESET_AFTER] = config.reset_after
        self.settings[detection.RESET_QUIET] = config.reset_quiet

    def stream(self) -> "DetectState":
        """The fresh decoder of a new stream."""
        return DetectState(self)


class DetectState:
    """The detections of one stream."""

    def __init__(self, decoder: DetectDecoder) -> None:
        self._decoder = decoder
        self._state = detection.fresh(len(decoder.labels))

    def decode(
        self, outputs: NDArray[np.float32], frames: Frames, positions: Positions = 0
    ) -> Decoded:
        """Labels, scores, probabilities, and events."""
        steps, classes = outputs.shape
        probabilities = np.empty((steps, classes))
        room = detection.MOST_EVENTS * steps * classes
        rows = np.empty((room, 3), np.int64)
        count = detect(
            outputs,
            self._decoder.settings,
            self._decoder.thresholds,
            self._state,
            probabilities,
            rows,
        )
        labels = self._decoder.labels
        best = [max(range(classes), key=row.__getitem__) for row in probabilities.tolist()]
        scores = probabilities[np.arange(steps), best] if steps else np.empty(0)
        events: list[tuple[Event, ...]] = [()] * steps
        for step, kind, which in rows[:count].tolist():
            place = positions + step if isinstance(positions, int) else int(positions[step])
            score = float(probabilities[step, which])
            events[step] += (Event(KINDS[kind], labels[which], place, score),)
        return Decoded(
            labels=tuple(map(labels.__getitem__, best)),
            scores=scores,
            events=tuple(events),
            smoothed=probabilities,
        )

    def end(self, decoded: Decoded, position: int) -> Decoded:
        """Whatever is active ends with the stream's last step, where its end brought one."""
        probabilities, events = decoded.smoothed, decoded.events
        if not events or probabilities is None:
            return decoded
        labels = self._decoder.labels
        above = self._state[detection.CLASSES :][len(labels) : 2 * len(labels)]
        ended = tuple(
            Event("end", labels[which], position, float(probabilities[-1, which]))
            for which in np.flatnonzero(above).tolist()
        )
        return replace(decoded, events=(*events[:-1], events[-1] + ended))

    def most_steps(self) -> int:
        """Until a reset is due at the earliest; 0 where there never is one."""
        settings, state = self._decoder.settings, self._state
        if not settings[detection.RESET_AFTER]:
            return 0
        wait = settings[detection.RESET_AFTER] - state[detection.SINCE_RESET]
        quiet = settings[detection.RESET_QUIET] - state[detection.QUIET_RUN]
        return max(1, int(max(wait, quiet)))

    @property
    def reset_due(self) -> bool:
        """Whether the hidden state is to be made fresh after the last step."""
        return bool(self._state[detection.RESET])

    def reset(self) -> None:
        """Make the state fresh."""
        self._state = detection.fresh(len(self._decoder.labels))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the state."""
        return {"detect": self._state.copy()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `arrays` gave."""
        self._state[:] = arrays["detect"]


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
    if isinstance(decoder, PointsConfig):
        outputs = OUTPUTS_PER_HORIZON * len(decoder.horizons)
        if config.network.output_width != outputs:
            raise ConfigError(
                f"network.output_size: expected {outputs}, {OUTPUTS_PER_HORIZON} for each of "
                f"{len(decoder.horizons)} horizons, got {config.network.output_width}"
            )
        return PointsDecoder(decoder)
    return RawDecoder()
