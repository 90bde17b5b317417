"""The front end of one stream of sound: what it has heard, and what it makes of it."""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrnn.frontends.base import Frames, Option
from streamrnn.frontends.samples import flat_samples, not_finite
from streamrnn.kernels import log_mel
from streamrnn.kernels.log_mel import mix_down
from streamrnn.kernels.resample import (
    resample_streams,
    resample_streams_long,
    taps,
)

if TYPE_CHECKING:
    from streamrnn.frontends.audio import AudioFrontend

LONG = 3_000
"""Samples whose frames take some 50 µs to make, and are made without the GIL."""
_ONLY = np.zeros(1, np.int64)  # the one stream, and the first of everything


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
    framing = frontend.framing
    converts = conversion(rate, framing.sample_rate)
    return {
        "heard": np.zeros((streams, converts.reach if converts else 0)),
        "converted": np.zeros((streams, 2), np.int64),  # samples in, samples out
        "kept": np.zeros((streams, framing.kept)),
        "pending": np.zeros((streams, framing.pending)),
        "counts": np.zeros((streams, log_mel.COUNTS), np.int64),
    }


class AudioState:
    """The front end of one stream of samples.

    Args:
        frontend: what it is made by.
        rate: samples a second that come in.
        channels: of each chunk.
        memory: one row of each of the arrays of `fresh_memory`.
    """

    unknown = 0

    def __init__(
        self,
        frontend: "AudioFrontend",
        rate: int,
        channels: int,
        memory: Mapping[str, NDArray[Any]],
    ) -> None:
        self.options: Mapping[str, Option] = {"rate": rate, "channels": channels}
        self._rate = rate
        self.channels = channels
        """Of each chunk."""
        self._conversion = conversion(rate, frontend.framing.sample_rate)
        self._live = memory
        self._framing = framing = frontend.framing
        self._framed = tuple(memory[name] for name in framing.memory)
        self._seen = memory["counts"]
        self._held: dict[str, NDArray[Any]] = {}
        self._fixed: tuple[Any, ...] = ()  # what the kernel for chunks takes each time
        self._size, self._found = np.zeros((2, 1), np.int64)  # for the kernels, call by call
        how = self._conversion
        self._whole = framing.chunk if how is None else None
        hop = framing.step
        self.hop = hop * (how.before / how.after if how else 1.0)
        """How many of the samples that come in make a frame, in the mean."""

    def feed(self, chunk: Any) -> Frames:
        """Take samples, give the frames that they completed.

        Args:
            chunk: `(n,)` or `(n, channels)`, int16 or float32. Not kept, not changed.

        Raises:
            DtypeError: the chunk is no array of int16 or float32.
            ShapeError: the chunk has another number of channels.
            NonFiniteError: a sample is NaN or infinite.
        """
        samples, count, scale = flat_samples(chunk, self.channels)
        if self._whole is not None:
            if count < LONG:
                return self._of_chunk(self._whole, chunk, samples, count, scale)
            self.hold()
        signal = np.empty(count)
        bad = mix_down(samples, self.channels, scale, signal)
        if bad >= 0:
            raise not_finite(chunk, bad)
        if self._conversion:
            signal = self._convert(signal, self._conversion)
        return self._frames(signal, count)

    def flush(self) -> Frames:
        """Give the last frames, the signal padded with zeros to a whole frame."""
        framing, arrived = self._framing, self._arrived
        tail = np.zeros(0)
        if convert := self._conversion:
            # As many as torchaudio gives: outputs whose place lies before the end.
            total = -(-arrived * convert.after // convert.before)
            missing = total - int(self._live["converted"][0, 1])
            silence = convert.reach + missing * convert.before // convert.after + 1
            tail = self._convert(np.zeros(silence), convert)[:missing]
        length = int(self._live["counts"][0, log_mel.ARRIVED]) + len(tail)
        if not length:
            return self._frames(tail, 0)
        columns = 1 + max(0, -(-(length - framing.window) // framing.hop))
        columns = -(-columns // framing.stack) * framing.stack
        end = (columns - 1) * framing.hop + framing.window
        padded = np.concatenate((tail, np.zeros(max(0, end - length))))
        found = self._frames(padded, 0)
        # What was retained becomes known now, not when the zeros that stand in for it came.
        return Frames(found.values, 0, np.full(len(found.values), arrived), self._rate)

    @property
    def remembers(self) -> bool:
        """Whether `feed` does: the kernel for chunks, at no cost to speak of."""
        return self._whole is not None

    def hold(self) -> None:
        """Remember how things are."""
        self._held = {name: rows.copy() for name, rows in self._live.items()}
        self._fixed = ()

    def undo(self) -> None:
        """Be as is remembered."""
        for name, held in self._held.items():
            np.copyto(self._live[name], held)

    def reset(self) -> None:
        """Forget everything but the rate and the number of channels."""
        for rows in self._live.values():
            rows[:] = 0

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the state."""
        return {name: rows[0].copy() for name, rows in self._live.items()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `arrays` gave."""
        for name, rows in self._live.items():
            rows[0] = arrays[name]

    @property
    def _arrived(self) -> int:
        """Samples that have come in, at their own rate."""
        live = self._live
        return int(
            live["converted"][0, 0] if self._conversion else live["counts"][0, log_mel.ARRIVED]
        )

    def _convert(self, signal: NDArray[np.float64], how: Conversion) -> NDArray[np.float64]:
        out = np.empty(len(signal) * how.after // how.before + 2)
        live = self._live
        self._size[0] = len(signal)
        run = resample_streams if len(signal) < LONG else resample_streams_long
        run(
            *(signal, _ONLY, _ONLY, self._size, how.sets, how.first, how.before),
            *(live["heard"], live["converted"], _ONLY, out, self._found),
        )
        return out[: self._found.item(0)]

    def _frames(self, signal: NDArray[np.float64], samples: int) -> Frames:
        framing = self._framing
        room = len(signal) // framing.hop // framing.stack + 2
        values = np.empty((room, framing.frame_size), np.float32)
        ends = np.empty(room, np.int64)
        self._size[0] = len(signal)
        run = framing.short if len(signal) < LONG else framing.long
        run(
            *(signal, _ONLY, _ONLY, self._size, *framing.tables),
            *(*self._framed, _ONLY, values, ends, self._found),
        )
        count = self._found.item(0)
        positions = ends[:count]
        if self._conversion:
            positions = self._conversion.arrived(positions)
        return Frames(values[:count], samples, positions, self._rate)

    def _of_chunk(
        self,
        run: Callable[..., int],
        chunk: NDArray[Any],
        samples: NDArray[Any],
        count: int,
        scale: float,
    ) -> Frames:
        """The frames of a chunk, made by one kernel."""
        if not self._fixed:
            self.hold()
            framing, held = self._framing, self._held
            before = [held[name] for name in framing.memory]
            self._fixed = (self.channels, *framing.tables, *self._framed, *before)
        # A frame has one column, so one is made at every `hop` samples.
        hop = self._framing.hop
        made, more = divmod(self._seen.item(log_mel.ARRIVED), hop)
        steps = (more + count) // hop
        values = np.empty((steps, self._framing.frame_size), np.float32)
        bad = run(samples, scale, *self._fixed, values)
        if bad >= 0:
            raise not_finite(chunk, bad)
        positions = range((made + 1) * hop, (made + steps + 1) * hop, hop)
        return Frames(values, count, positions, self._rate)
