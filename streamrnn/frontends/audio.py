"""The front end of sound: samples of any rate and any number of channels → log-mel frames."""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import AudioConfig
from streamrnn.errors import ConfigError, DtypeError, NonFiniteError, ShapeError
from streamrnn.frontends.base import Frames, Option, describe, is_array
from streamrnn.kernels import log_mel
from streamrnn.kernels.log_mel import log_mel_frames, log_mel_tables, mel_bands, mix_down
from streamrnn.kernels.resample import resample, taps

SLOWEST, FASTEST = 8_000, 192_000  # Hz that may come in
MOST_CHANNELS = 64
FULL_SCALE = 32_768.0  # of int16; float32 is taken as it is, full scale 1

_taps = lru_cache(maxsize=16)(taps)  # shared by all streams of a rate


class AudioFrontend:
    """Chunks are samples, int16 or float32, at a rate that is fixed when the stream opens.

    Channels are mixed down to their mean. Another rate than the network's is converted with a
    windowed sinc (`streamrnn.kernels.resample`). Frames are log-mel spectra, `stack` of them side
    by side, the earliest first.
    """

    def __init__(self, config: AudioConfig) -> None:
        self.config = config
        bands = mel_bands(
            config.fft // 2 + 1,
            config.mels,
            config.f_min,
            config.f_max or config.sample_rate / 2,
            config.sample_rate,
        )
        self.tables, self.plan = log_mel_tables(
            window=config.window,
            hop=config.hop,
            fft=config.fft,
            bands=bands,
            stack=config.stack,
            floor=config.floor,
        )
        self.frame_size = config.stack * config.mels
        self.delay = config.stack * config.hop - 1
        """So long, in samples of the network's rate, the last of them may wait for its frame."""

    def stream(self, **options: Option) -> "AudioState":
        """The fresh front end of a new stream.

        Args:
            options: `rate`, samples a second that will come in, 8,000 to 192,000, by default the
                network's; `channels` of each chunk, 1 to 64, by default 1.

        Raises:
            ConfigError: another option, or a rate or a number of channels that cannot be.
        """
        rate = options.pop("rate", self.config.sample_rate)
        channels = options.pop("channels", 1)
        if options:
            raise ConfigError(f"stream: expected rate and channels, got {', '.join(options)}")
        if isinstance(rate, str) or not SLOWEST <= rate <= FASTEST or rate != int(rate):
            raise ConfigError(
                f"rate: expected whole samples a second from {SLOWEST} to {FASTEST}, got {rate}"
            )
        if (
            isinstance(channels, str)
            or not 1 <= channels <= MOST_CHANNELS
            or channels != int(channels)
        ):
            raise ConfigError(f"channels: expected 1 to {MOST_CHANNELS}, got {channels}")
        return AudioState(self, int(rate), int(channels))

    def example(self, generator: np.random.Generator, samples: int) -> NDArray[np.float32]:
        """Noise that swells and fades, long enough for `samples` hops."""
        count = samples * self.config.hop
        swell = np.repeat(np.exp(generator.normal(size=samples) - 3.0), self.config.hop)
        return (swell * generator.standard_normal(count)).astype(np.float32)


class AudioState:
    """The front end of one stream of samples."""

    unknown = 0

    def __init__(self, frontend: AudioFrontend, rate: int, channels: int) -> None:
        config = frontend.config
        self.options: Mapping[str, Option] = {"rate": rate, "channels": channels}
        self._frontend = frontend
        self._rate, self._channels = rate, channels
        shared = math.gcd(rate, config.sample_rate)
        self._before, self._after = rate // shared, config.sample_rate // shared
        self._sets, self._first = _taps(self._before, self._after)
        self._converts = rate != config.sample_rate
        reach = self._sets.shape[1] if self._converts else 0
        self._heard = np.zeros(reach)
        self._converted = np.zeros(2, np.int64)  # samples in, samples out
        self._kept = np.zeros(config.window)
        self._pending = np.zeros((config.stack - 1) * config.mels)
        self._counts = np.zeros(log_mel.COUNTS, np.int64)

    def feed(self, chunk: Any) -> Frames:
        """Take samples, give the frames that they completed.

        Args:
            chunk: `(n,)` or `(n, channels)`, int16 or float32. Not kept, not changed.

        Raises:
            DtypeError: the chunk is no array of int16 or float32.
            ShapeError: the chunk has another number of channels.
            NonFiniteError: a sample is NaN or infinite.
        """
        signal = self._checked(chunk)
        before = self._arrived
        if self._converts:
            signal = self._convert(signal)
        return self._frames(signal, before, len(chunk))

    def flush(self) -> Frames:
        """Give the last frames, the signal padded with zeros to a whole frame."""
        config, arrived = self._frontend.config, self._arrived
        tail = np.zeros(0)
        if self._converts:
            # As many as torchaudio gives: outputs whose place lies before the end.
            total = -(-arrived * self._after // self._before)
            missing = total - int(self._converted[1])
            silence = len(self._heard) + missing * self._before // self._after + 1
            tail = self._convert(np.zeros(silence))[:missing]
        length = int(self._counts[log_mel.ARRIVED]) + len(tail)
        if not length:
            return self._frames(tail, arrived, 0)
        columns = 1 + max(0, -(-(length - config.window) // config.hop))
        columns = -(-columns // config.stack) * config.stack
        end = (columns - 1) * config.hop + config.window
        padded = np.concatenate((tail, np.zeros(max(0, end - length))))
        found = self._frames(padded, arrived, 0)
        # What was retained becomes known now, not when the zeros that stand in for it came.
        count = len(found.values)
        return Frames(
            found.values,
            0,
            offsets=np.zeros(count, np.int64),
            times=np.full(count, arrived / self._rate),
        )

    def reset(self) -> None:
        """Forget everything but the rate and the number of channels."""
        for array in self._live().values():
            array[:] = 0

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the state."""
        return {name: array.copy() for name, array in self._live().items()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `arrays` gave."""
        for name, array in self._live().items():
            array[:] = arrays[name]

    def _live(self) -> dict[str, NDArray[Any]]:
        return {
            "heard": self._heard,
            "converted": self._converted,
            "kept": self._kept,
            "pending": self._pending,
            "counts": self._counts,
        }

    @property
    def _arrived(self) -> int:
        """Samples that have come in, at their own rate."""
        return int(self._converted[0] if self._converts else self._counts[log_mel.ARRIVED])

    def _convert(self, signal: NDArray[np.float64]) -> NDArray[np.float64]:
        out = np.empty(len(signal) * self._after // self._before + 2)
        count = resample(
            signal, self._sets, self._first, self._before, self._heard, self._converted, out
        )
        return out[:count]

    def _frames(self, signal: NDArray[np.float64], before: int, samples: int) -> Frames:
        frontend = self._frontend
        room = len(signal) // frontend.config.hop // frontend.config.stack + 2
        values = np.empty((room, frontend.frame_size), np.float32)
        ends = np.empty(room, np.int64)
        count = log_mel_frames(
            signal,
            frontend.tables,
            frontend.plan,
            self._kept,
            self._pending,
            self._counts,
            values,
            ends,
        )
        arrived = ends[:count]
        if self._converts:
            # Sample number `end` of the network's rate was known with the last of its taps.
            turn, phase = np.divmod(arrived - 1, self._after)
            arrived = turn * self._before + self._first[phase] + len(self._heard)
        return Frames(values[:count], samples, offsets=arrived - before, times=arrived / self._rate)

    def _checked(self, chunk: Any) -> NDArray[np.float64]:
        if not is_array(chunk) or chunk.dtype.str not in ("<i2", "<f4"):
            raise DtypeError(
                f"chunk: expected an array of int16 or float32, got {describe(chunk)}; convert "
                "with np.asarray(chunk, np.float32), full scale ±1"
            )
        wanted = self._channels
        if chunk.ndim not in (1, 2) or (chunk.shape[1] if chunk.ndim == 2 else 1) != wanted:
            shape = "(n,) or (n, 1)" if wanted == 1 else f"(n, {wanted})"
            raise ShapeError(
                f"chunk: expected {shape}, as the stream was opened, got {chunk.shape}; open it "
                "with the number of channels that will come"
            )
        samples: NDArray[Any] = np.ascontiguousarray(chunk.reshape(len(chunk), wanted))
        if not samples.flags.carray:
            samples = samples.copy()  # numba would compile anew for a read-only array
        signal = np.empty(len(samples))
        scale = 1.0 / FULL_SCALE if chunk.dtype.char == "h" else 1.0
        bad = mix_down(samples, scale, signal)
        if bad >= 0:
            raise NonFiniteError(
                f"chunk: expected finite samples, got {samples[bad].tolist()} in sample {bad}; "
                "drop it, or put 0 there"
            )
        return signal
