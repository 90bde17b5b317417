"""The front end of one stream of sound: what it has heard, and what it makes of it."""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import DtypeError, NonFiniteError, ShapeError
from streamrnn.frontends.base import Frames, Option, describe, is_array
from streamrnn.kernels import log_mel
from streamrnn.kernels.log_mel import log_mel_frames, mix_down
from streamrnn.kernels.resample import resample, taps

if TYPE_CHECKING:
    from streamrnn.frontends.audio import AudioFrontend

FULL_SCALE = 32_768.0  # of int16; float32 is taken as it is, full scale 1


class Conversion(NamedTuple):
    """How one rate becomes another; see `streamrnn.kernels.resample`."""

    before: int
    """The rate that comes in, divided by the greatest common divisor."""
    after: int
    """The rate that goes out, likewise."""
    sets: NDArray[np.float64]
    """The taps of every phase."""
    first: NDArray[np.int64]
    """The sample that the first tap of every phase falls on."""

    @property
    def reach(self) -> int:
        """Taps of a phase: samples that are retained."""
        return self.sets.shape[1]

    def arrived(self, converted: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many samples had to come for so many converted ones: the last one's last tap."""
        turn, phase = np.divmod(converted - 1, self.after)
        return turn * self.before + self.first[phase] + self.reach


@lru_cache(maxsize=16)
def conversion(rate: int, to: int) -> Conversion | None:
    """How a rate becomes another, shared by all streams; None where they are the same."""
    if rate == to:
        return None
    shared = math.gcd(rate, to)
    before, after = rate // shared, to // shared
    return Conversion(before, after, *taps(before, after))


def fresh_memory(frontend: "AudioFrontend", rate: int, streams: int) -> dict[str, NDArray[Any]]:
    """The memory of front ends of one rate, a row a stream."""
    config = frontend.config
    converts = conversion(rate, config.sample_rate)
    return {
        "heard": np.zeros((streams, converts.reach if converts else 0)),
        "converted": np.zeros((streams, 2), np.int64),  # samples in, samples out
        "kept": np.zeros((streams, config.window)),
        "pending": np.zeros((streams, (config.stack - 1) * config.mels)),
        "counts": np.zeros((streams, log_mel.COUNTS), np.int64),
    }


class AudioState:
    """The front end of one stream of samples."""

    unknown = 0

    def __init__(
        self,
        frontend: "AudioFrontend",
        rate: int,
        channels: int,
        memory: Mapping[str, NDArray[Any]],
    ) -> None:
        self.options: Mapping[str, Option] = {"rate": rate, "channels": channels}
        self._frontend = frontend
        self._rate, self._channels = rate, channels
        self._conversion = conversion(rate, frontend.config.sample_rate)
        self._live = memory
        self._counts, self._converted = memory["counts"], memory["converted"]

    def feed(self, chunk: Any) -> Frames:
        """Take samples, give the frames that they completed.

        Args:
            chunk: `(n,)` or `(n, channels)`, int16 or float32. Not kept, not changed.

        Raises:
            DtypeError: the chunk is no array of int16 or float32.
            ShapeError: the chunk has another number of channels.
            NonFiniteError: a sample is NaN or infinite.
        """
        signal = self.samples(chunk)
        before = self._arrived
        if self._conversion:
            signal = self._convert(signal, self._conversion)
        return self._frames(signal, before, len(chunk))

    def flush(self) -> Frames:
        """Give the last frames, the signal padded with zeros to a whole frame."""
        config, arrived = self._frontend.config, self._arrived
        tail = np.zeros(0)
        if convert := self._conversion:
            # As many as torchaudio gives: outputs whose place lies before the end.
            total = -(-arrived * convert.after // convert.before)
            missing = total - int(self._converted[1])
            silence = convert.reach + missing * convert.before // convert.after + 1
            tail = self._convert(np.zeros(silence), convert)[:missing]
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
        for array in self._live.values():
            array[:] = 0

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the state."""
        return {name: array.copy() for name, array in self._live.items()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `arrays` gave."""
        for name, array in self._live.items():
            array[:] = arrays[name]

    @property
    def _arrived(self) -> int:
        """Samples that have come in, at their own rate."""
        return int(self._converted[0] if self._conversion else self._counts[log_mel.ARRIVED])

    def _convert(self, signal: NDArray[np.float64], how: Conversion) -> NDArray[np.float64]:
        out = np.empty(len(signal) * how.after // how.before + 2)
        heard = self._live["heard"]
        count = resample(signal, how.sets, how.first, how.before, heard, self._converted, out)
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
            self._live["kept"],
            self._live["pending"],
            self._counts,
            values,
            ends,
        )
        arrived = ends[:count]
        if self._conversion:
            arrived = self._conversion.arrived(arrived)
        return Frames(values[:count], samples, offsets=arrived - before, times=arrived / self._rate)

    def samples(self, chunk: Any) -> NDArray[np.float64]:
        """Check a chunk and mix it down: samples `(n,)`, full scale 1.

        Raises:
            DtypeError, ShapeError, NonFiniteError: as `feed`.
        """
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
