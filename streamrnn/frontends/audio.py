"""The front end of sound: samples of any rate and any number of channels → frames."""

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streamrnn.errors import ConfigError
from streamrnn.frontend_config import FASTEST, SLOWEST, AudioConfig, SoundConfig
from streamrnn.frontends.audio_arena import AudioArena
from streamrnn.frontends.audio_state import AudioState, fresh_memory
from streamrnn.frontends.base import Option
from streamrnn.frontends.framing import framing_of
from streamrnn.workers import Workers

MOST_CHANNELS = 64


class AudioFrontend:
    """Chunks are samples, int16 or float32, at a rate that is fixed when the stream opens.

    Channels are mixed down to their mean. Another rate than the network's is converted with a
    windowed sinc (`streamrnn.kernels.resample`). Frames are log-mel spectra, `stack` of them side
    by side, the earliest first, or the samples themselves.
    """

    def __init__(self, config: SoundConfig) -> None:
        self.config = config
        self.framing = framing_of(config)
        self.frame_size = self.framing.frame_size
        self.delay = self.framing.step - 1
        """So long, in samples of the network's rate, the last of them may wait for its frame."""

    def stream(self, **options: Option) -> "AudioState":
        """The fresh front end of a new stream.

        Args:
            options: `rate`, samples a second that will come in, 8,000 to 192,000, by default the
                network's; `channels` of each chunk, 1 to 64, by default 1.

        Raises:
            ConfigError: another option, or a rate or a number of channels that cannot be.
        """
        rate, channels = self.opened(**options)
        return AudioState(self, rate, channels, fresh_memory(self, rate, 1))

    def arena(self, capacity: int, workers: Workers) -> AudioArena:
        """The front ends of `capacity` streams, whose frames are made all at once."""
        return AudioArena(self, capacity, workers)

    def opened(self, **options: Option) -> tuple[int, int]:
        """Rate and channels of a stream that is opened so; see `stream`."""
        rate = options.pop("rate", self.config.sample_rate)
        channels = options.pop("channels", 1)
        if options:
            raise ConfigError(f"stream: expected rate and channels, got {', '.join(options)}")
        if not isinstance(rate, int | np.integer) or not SLOWEST <= rate <= FASTEST:
            raise ConfigError(
                f"rate: expected whole samples a second from {SLOWEST} to {FASTEST}, got {rate!r}"
            )
        if not isinstance(channels, int | np.integer) or not 1 <= channels <= MOST_CHANNELS:
            raise ConfigError(f"channels: expected 1 to {MOST_CHANNELS}, got {channels!r}")
        return int(rate), int(channels)

    @classmethod
    def spectra(cls, config: SoundConfig) -> "AudioFrontend":
        """The front end of single spectra, for pictures of what a model hears."""
        if isinstance(config, AudioConfig):
            return cls(replace(config, stack=1))
        return cls(AudioConfig(sample_rate=config.sample_rate))

    def example(self, generator: np.random.Generator, samples: int) -> NDArray[np.float32]:
        """Noise that swells and fades, long enough for `samples` hops."""
        hop = self.framing.hop
        count = samples * hop
        swell = np.repeat(np.exp(generator.normal(size=samples) - 3.0), hop)
        return (swell * generator.standard_normal(count)).astype(np.float32)
