"""A microphone, through PortAudio: blocks as they come, and no sample lost without a word.

PortAudio calls back on a thread of its own, which only copies into a ring. Whoever iterates takes
what is there. Where the ring was full, or the device dropped samples itself, the next block says
how many are missing.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from importlib import import_module
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import DeviceError

LIBRARY = "apt-get install libportaudio2, brew install portaudio; Windows brings it along"
SILENT = 2.0  # seconds without a callback after which a device is gone
PATIENCE = 0.5  # seconds between attempts to reconnect
JITTER = 0.02  # seconds that a device's own clock may be off before samples count as dropped


class Block(NamedTuple):
    """What came from a device since the last block."""

    samples: NDArray[np.int16]
    """`(n, channels)`."""
    gap: int
    """Samples that were lost just before."""


class Device(NamedTuple):
    """A device that records."""

    number: int
    """PortAudio's; it may change when a device comes or goes."""
    name: str
    """As the system tells it."""
    channels: int
    """That it records at most."""
    rate: int
    """Samples a second that it prefers."""
    default: bool
    """Whether it is the system's default."""


def devices() -> list[Device]:
    """The devices that record.

    Raises:
        DeviceError: PortAudio is not installed, or has no devices to tell of.
    """
    sounddevice = _portaudio()
    try:
        found: Any = sounddevice.query_devices()
        default: int = sounddevice.default.device[0]
    except sounddevice.PortAudioError as error:
        raise DeviceError(f"devices: expected a list from PortAudio, got: {error}") from error
    return [
        Device(
            number,
            str(each["name"]),
            int(each["max_input_channels"]),
            round(each["default_samplerate"]),
            number == default,
        )
        for number, each in enumerate(found)
        if each["max_input_channels"] > 0
    ]


class Microphone:
    """Records from a device for as long as it is open.

    `name`, `rate` and `channels` say what it records from, and how; iterate it for the blocks.

    Args:
        device: its number, or a part of its name; None: the system's default.
        rate: samples a second; None: what the device prefers.
        channels: 1 and up.
        ring: seconds that may wait to be taken.
        reconnect: wait for a device that went away, and go on with it.

    Raises:
        DeviceError: there is no such device, or it cannot be opened: busy, no permission, another
            rate than it has.

    Example:
        with Microphone() as microphone:
            stream = model.stream(rate=microphone.rate)
            for block in microphone:
                ...
    """

    def __init__(
        self,
        device: int | str | None = None,
        *,
        rate: int | None = None,
        channels: int = 1,
        ring: float = 5.0,
        reconnect: bool = False,
    ) -> None:
        self._asked = device
        self._asked_rate: int | None = rate
        self.channels, self.reconnect = channels, reconnect
        self._ready = threading.Condition()
        self._closed = False
        self._written, self._taken = 0, 0  # samples
        self._gaps: deque[tuple[int, int]] = deque()  # where samples are missing, and how many
        self._open()
        self._ring = np.zeros((max(1, int(ring * self.rate)), channels), np.int16)

    def _open(self) -> None:
        sounddevice = _portaudio()
        asked, rate = self._asked, self._asked_rate
        try:
            found: Any = sounddevice.query_devices(asked, "input")
            self.name = str(found["name"])
            self.rate = round(found["default_samplerate"] if rate is None else rate)
            self._written, self._taken = 0, 0
            self._gaps.clear()
            self._heard = time.monotonic()
            self._due: float | None = None
            self._stream: Any = sounddevice.RawInputStream(
                samplerate=self.rate,
                device=asked,
                channels=self.channels,
                dtype="int16",
                callback=self._take,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise DeviceError(
                f"device: expected {'the default' if asked is None else repr(asked)} to record "
                f"{self.channels} channels at {'its own rate' if rate is None else f'{rate} Hz'}, "
                f"got: {error}; see `streamrnn devices`"
            ) from error

    def _take(self, data: Any, frames: int, when: Any, status: Any) -> None:
        """PortAudio's callback: copy, count, and wake whoever waits."""
        block = np.frombuffer(data, np.int16).reshape(frames, self.channels)
        now = float(when.inputBufferAdcTime)
        with self._ready:
            self._heard = time.monotonic()
            if status.input_overflow and self._due is not None:
                # The device's clock tells how much it dropped.
                late = now - self._due
                if late > JITTER:
                    self._lose(round(late * self.rate))
            self._due = now + frames / self.rate
            if frames > len(self._ring) - (self._written - self._taken):
                self._lose(frames)
                return
            first = self._written % len(self._ring)
            end = min(frames, len(self._ring) - first)
            self._ring[first : first + end] = block[:end]
            self._ring[: frames - end] = block[end:]
            self._written += frames
            self._ready.notify()

    def _lose(self, count: int) -> None:
        if self._gaps and self._gaps[-1][0] == self._written:
            count += self._gaps.pop()[1]
        self._gaps.append((self._written, count))

    def __iter__(self) -> Iterator[Block]:
        """Blocks, as long as the device is open.

        Raises:
            DeviceError: the device went away, and is not to be waited for.
        """
        while not self._closed:
            block = self._next()
            if block is not None:
                yield block
            elif not self._closed:
                yield self._again()

    def _next(self) -> Block | None:
        """The next block; None: the device is gone, or closed."""
        with self._ready:
            while self._written == self._taken and not self._gaps:
                if self._closed or time.monotonic() - self._heard > SILENT:
                    return None
                self._ready.wait(0.1)
            gap = 0
            if self._gaps and self._gaps[0][0] == self._taken:
                gap = self._gaps.popleft()[1]
            end = self._gaps[0][0] if self._gaps else self._written
            samples = self._ring[np.arange(self._taken, end) % len(self._ring)]
            self._taken = end
        return Block(samples, gap)

    def _again(self) -> Block:
        """Wait for the device to come back; the time it was away is a gap."""
        gone = f"{self.name!r} delivers nothing any more: unplugged, or its server stopped"
        if not self.reconnect:
            raise DeviceError(f"device: {gone}; plug it in, or use reconnect")
        since, rate, name = self._heard, self.rate, self.name
        sounddevice = _portaudio()
        while not self._closed:
            self._stop()
            sounddevice._terminate()  # PortAudio lists devices only when it begins
            sounddevice._initialize()
            try:
                self._asked_rate = rate
                self._open()
                self._stream.start()
                break
            except (DeviceError, sounddevice.PortAudioError):
                self.name = name
                time.sleep(PATIENCE)
        empty = np.zeros((0, self.channels), np.int16)
        return Block(empty, round((time.monotonic() - since) * rate))

    def __enter__(self) -> Self:
        sounddevice = _portaudio()
        self._heard = time.monotonic()
        try:
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise DeviceError(f"device: expected {self.name!r} to start, got: {error}") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop recording; whoever iterates comes to an end. May be called from any thread."""
        self._closed = True
        self._stop()
        with self._ready:
            self._ready.notify_all()

    def _stop(self) -> None:
        try:
            self._stream.close(ignore_errors=True)
        except _portaudio().PortAudioError:
            pass  # a device that is gone cannot be closed either


def _portaudio() -> Any:
    """The library, looked for only when it is needed."""
    try:
        return import_module("sounddevice")
    except OSError as error:
        raise DeviceError(f"device: expected PortAudio, got: {error}; {LIBRARY}") from error
