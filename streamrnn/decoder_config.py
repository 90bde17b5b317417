"""What is made of a network's outputs: the decoders' part of a configuration."""

from typing import Literal

from streamrnn.errors import ConfigError
from streamrnn.records import Record


class RawConfig(Record, frozen=True, tag_field="kind", tag="raw"):
    """No decoder: predictions carry the network's outputs alone."""


class ClassesConfig(Record, frozen=True, tag_field="kind", tag="classes"):
    """One class a step: the softmax of the outputs."""

    labels: tuple[str, ...]
    """The name of each output, in order."""


class DecideConfig(Record, frozen=True, tag_field="kind", tag="decide"):
    """One class for a whole sequence, said at every step, and `decided` once it is sure enough."""

    labels: tuple[str, ...]
    """The name of each output, in order."""
    outside: str = ""
    """The label of what is none of the others; no event tells it."""
    least: float = 0.0
    """Probability of the likeliest class below which the label is `outside` instead."""
    threshold: float = 0.9
    """Probability from which on a class is sure enough."""
    confirm: int = 1
    """Steps in a row at which the same class must be."""

    def __post_init__(self) -> None:
        """Refuse what can decide nothing."""
        for name in ("least", "threshold"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ConfigError(f"decoder.{name}: expected 0 to 1, got {getattr(self, name)}")
        if self.confirm < 1:
            raise ConfigError(f"decoder.confirm: expected at least 1 step, got {self.confirm}")
        if self.outside and self.outside not in self.labels:
            raise ConfigError(
                f"decoder.outside: expected one of {', '.join(self.labels)}, got {self.outside!r}"
            )
        if self.least and not self.outside:
            raise ConfigError("decoder.least: expected a label `outside` to give below it")


class DetectConfig(Record, frozen=True, tag_field="kind", tag="detect"):
    """Classes in an endless stream: smoothed probabilities, and events where one stands out.

    Times are counted in steps, which are hops of sound: no clock is looked at.
    """

    labels: tuple[str, ...]
    """The name of each output, in order."""
    ignored: tuple[str, ...] = ()
    """Labels that make no events, such as silence."""
    smoothing: int = 1
    """Steps that the exponential mean of the probabilities remembers; 1: none."""
    threshold: float = 0.5
    """Smoothed probability at which a label becomes active."""
    thresholds: dict[str, float] = {}
    """Of labels that have one of their own."""
    release: float = 0.6
    """Share of the threshold below which a label is active no more."""
    confirm: int = 1
    """Steps that a label must stay active to be detected."""
    refractory: int = 0
    """Steps after a detection in which the same label cannot become active again."""
    quiet: str = ""
    """The label that means silence, for resets."""
    quiet_above: float = 0.9
    """Its smoothed probability from which on it is quiet."""
    reset_after: int = 0
    """Steps after which the hidden state is made fresh, once it is quiet; 0: never."""
    reset_quiet: int = 25
    """Quiet steps that must come before."""

    @property
    def detected(self) -> dict[str, float]:
        """The labels that make events, each with its threshold."""
        return {
            label: self.thresholds.get(label, self.threshold)
            for label in self.labels
            if label not in self.ignored
        }

    def __post_init__(self) -> None:
        """Refuse what can detect nothing."""
        for name in ("smoothing", "confirm", "reset_quiet"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    f"decoder.{name}: expected at least 1 step, got {getattr(self, name)}"
                )
        for name in ("refractory", "reset_after"):
            if getattr(self, name) < 0:
                raise ConfigError(f"decoder.{name}: expected 0 or more, got {getattr(self, name)}")
        for name, value in (("threshold", self.threshold), *self.thresholds.items()):
            if not 0.0 < value <= 1.0:
                raise ConfigError(f"decoder.{name}: expected above 0, to 1, got {value}")
        for name in ("release", "quiet_above"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ConfigError(f"decoder.{name}: expected 0 to 1, got {getattr(self, name)}")
        named = [*self.ignored, *self.thresholds, *([self.quiet] if self.quiet else [])]
        unknown = sorted(set(named) - set(self.labels))
        if unknown:
            raise ConfigError(
                f"decoder: expected names among {', '.join(self.labels)}, got {', '.join(unknown)}"
            )
        if self.reset_after and self.quiet not in self.ignored:
            raise ConfigError(
                "decoder.reset_after: expected a quiet label among the ignored ones, got "
                f"{self.quiet!r}"
            )


class VoiceConfig(Record, frozen=True, tag_field="kind", tag="voice"):
    """Speech or silence, from one probability a step: events `start` and `end` of `speech`.

    As silero-vad's `VADIterator` tells them: an event's position is where speech begins or ends,
    a little before the step at which that became known.
    """

    threshold: float = 0.5
    """Probability from which on there is speech."""
    release: float | None = None
    """Probability below which there is silence again; None: the threshold − 0.15, never below 0."""
    silence: float = 0.1
    """Seconds of it that end speech."""
    pad: float = 0.03
    """Seconds that are told as speech before and after it."""

    @property
    def released(self) -> float:
        """Probability below which there is silence again."""
        return max(0.0, self.threshold - 0.15) if self.release is None else self.release

    def __post_init__(self) -> None:
        """Refuse what tells nothing."""
        if not 0.0 <= self.released <= self.threshold <= 1.0:
            raise ConfigError(
                "decoder: expected 0 ≤ release ≤ threshold ≤ 1, got "
                f"{self.released} and {self.threshold}"
            )
        for name in ("silence", "pad"):
            if not 0.0 <= getattr(self, name) <= 60.0:
                raise ConfigError(
                    f"decoder.{name}: expected 0 to 60 seconds, got {getattr(self, name)}"
                )


class PointsConfig(Record, frozen=True, tag_field="kind", tag="points"):
    """Positions at several horizons ahead, each with the radius that is to hold 90 %."""

    horizons: tuple[int, ...]
    """How many samples ahead, ascending."""
    anchor: Literal["line", "position"] = "line"
    """What outputs are added to: where a straight line takes the ball, or where it is. The latter
    is for networks that are to see one snapshot alone."""

    def __post_init__(self) -> None:
        """Refuse horizons that nothing can be foreseen at."""
        horizons = self.horizons
        if not horizons or horizons[0] < 1 or list(horizons) != sorted(set(horizons)):
            raise ConfigError(
                f"decoder.horizons: expected rising numbers of samples from 1 on, got {horizons}"
            )


DecoderConfig = RawConfig | ClassesConfig | DecideConfig | DetectConfig | VoiceConfig | PointsConfig
