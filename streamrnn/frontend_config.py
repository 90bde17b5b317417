"""What makes frames of samples: the front ends' part of a configuration."""

import re
from collections import Counter
from typing import Literal

from streamrnn.errors import ConfigError
from streamrnn.records import Record

_SHOWN = 8  # symbols of a vocabulary of thousands, where a configuration is printed
SLOWEST, FASTEST = 8_000, 192_000
"""Hz of sound."""
MOST_HOP = 192_000
"""Samples: a second of the fastest sound."""


class FramesConfig(Record, frozen=True, tag_field="kind", tag="frames"):
    """Samples are frames already: chunks are `(n, input_size)` float32."""


class MotionConfig(Record, frozen=True, tag_field="kind", tag="motion"):
    """Rows of time and position: chunks are `(n, 3)` or `(n, 4)`, float64 or float32.

    Two dimensions are taken for a picture, in pixels of any size, three for metres with z up.
    """

    version: int = 4
    """Of what a frame means. A network knows the version that it was trained on."""


class AudioConfig(Record, frozen=True, tag_field="kind", tag="audio"):
    """Sound: chunks are `(n,)` or `(n, channels)`, int16 or float32; frames are log-mel spectra."""

    sample_rate: int = 16_000
    """Samples a second that the network was trained on; other rates are converted to it."""
    window: int = 400
    """Samples that a spectrum sees, through a Hann window."""
    hop: int = 160
    """Samples from one spectrum to the next."""
    fft: int = 512
    """Size of the transform, a power of two; the window is padded to it with zeros."""
    mels: int = 40
    """Bands on the mel scale."""
    f_min: float = 20.0
    """Where the lowest band begins, Hz."""
    f_max: float = 0.0
    """Where the highest band ends, Hz; 0: half the sample rate."""
    floor: float = 1e-6
    """Added to each band's power before the logarithm; full scale is 1."""
    stack: int = 1
    """Consecutive spectra that make one frame; a frame then advances by stack · hop."""

    def __post_init__(self) -> None:
        """Refuse what no spectrum can be made with."""
        _expect_rate(self.sample_rate)
        if self.fft < 16 or self.fft & (self.fft - 1) or self.fft > 16_384:
            raise ConfigError(
                f"frontend.fft: expected a power of two from 16 to 16384, got {self.fft}"
            )
        if not 1 <= self.hop <= self.window <= self.fft:
            raise ConfigError(
                "frontend: expected 1 ≤ hop ≤ window ≤ fft, got "
                f"{self.hop}, {self.window}, {self.fft}"
            )
        if not 1 <= self.mels <= self.fft // 2 or self.stack < 1:
            raise ConfigError(
                f"frontend: expected mels from 1 to fft / 2 and stack of at least 1, got "
                f"{self.mels} and {self.stack}"
            )
        top = self.f_max or self.sample_rate / 2
        if not 0 <= self.f_min < top <= self.sample_rate / 2:
            raise ConfigError(
                f"frontend: expected 0 ≤ f_min < f_max ≤ {self.sample_rate / 2:g}, got "
                f"{self.f_min:g} and {top:g}"
            )
        if not 1e-30 <= self.floor <= 1.0:
            raise ConfigError(f"frontend.floor: expected 1e-30 to 1, got {self.floor}")


class WaveformConfig(Record, frozen=True, tag_field="kind", tag="waveform"):
    """Sound, as `AudioConfig` takes it; frames are the samples themselves, full scale ±1.

    A frame is `hop` new samples after the last `context` of the frame before, zeros at first.
    """

    sample_rate: int = 16_000
    """Samples a second that the network was trained on; other rates are converted to it."""
    hop: int = 512
    """New samples of a frame."""
    context: int = 0
    """Samples of the frame before that stand in front of them."""

    def __post_init__(self) -> None:
        """Refuse what makes no frame."""
        _expect_rate(self.sample_rate)
        if not 1 <= self.hop <= MOST_HOP or not 0 <= self.context <= MOST_HOP:
            raise ConfigError(
                f"frontend: expected hop from 1 and context from 0 to {MOST_HOP} samples, got "
                f"{self.hop} and {self.context}"
            )


class TextConfig(Record, frozen=True, tag_field="kind", tag="text"):
    """Text: chunks are `str` or UTF-8 `bytes`; frames are tokens' numbers, for an embedding."""

    unit: Literal["characters", "words"]
    """What a token is."""
    vocabulary: tuple[str, ...]
    """The symbols; token n + 1 is vocabulary[n], and 0 is whatever is not among them."""
    fold: bool = True
    """Read each code point in lower case."""

    def __repr__(self) -> str:
        symbols = ", ".join(map(repr, self.vocabulary[:_SHOWN]))
        rest = f", … {len(self.vocabulary)} in all" * (len(self.vocabulary) > _SHOWN)
        return f"TextConfig(unit={self.unit!r}, vocabulary=({symbols}{rest}), fold={self.fold})"

    def __post_init__(self) -> None:
        """Refuse a vocabulary that says nothing, or something twice."""
        if not self.vocabulary:
            raise ConfigError("frontend.vocabulary: expected at least one symbol, got none")
        twice = [symbol for symbol, count in Counter(self.vocabulary).items() if count > 1]
        if twice:
            raise ConfigError(
                f"frontend.vocabulary: expected each symbol once, got {twice[0]!r} again"
            )
        halves = [symbol for symbol in self.vocabulary if re.search("[\ud800-\udfff]", symbol)]
        if halves:
            raise ConfigError(
                f"frontend.vocabulary: expected characters, got a lone surrogate in {halves[0]!r}"
            )


SoundConfig = AudioConfig | WaveformConfig
"""Front ends of sound."""
FrontendConfig = FramesConfig | MotionConfig | AudioConfig | WaveformConfig | TextConfig


def _expect_rate(rate: int) -> None:
    if not SLOWEST <= rate <= FASTEST:
        raise ConfigError(f"frontend.sample_rate: expected {SLOWEST} to {FASTEST} Hz, got {rate}")
