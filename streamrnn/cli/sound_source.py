"""Where sound comes from: a microphone, raw samples on standard input, files."""

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from streamrnn.cli.interrupts import between
from streamrnn.errors import SoundError
from streamrnn.io.microphone import Microphone
from streamrnn.io.sounds import sound_chunks

CHUNK_MS = 20  # fed at a time
LONGEST_FILL = 60.0  # seconds of silence that stand in for a longer gap at a time
Samples = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Where sound comes from."""

    name: str
    """In messages."""
    rate: int
    """Samples a second."""
    channels: int
    """Of each chunk."""
    chunks: Iterator[tuple[Samples, int]]
    """Samples `(n, channels)`, and how many were lost just before."""
    live: bool
    """Whether they come in their own time, as from a device or a pipe."""


@contextmanager
def open_sound(
    source: str,
    *,
    rate: int | None,
    channels: int,
    device: str | None,
    reconnect: bool,
    usual: int,
) -> Generator[Source]:
    """A source of sound, as long as the context lasts.

    Args:
        source: mic, - for standard input, or a file.
        rate: samples a second of a microphone (None: its own) or of raw samples (None: `usual`).
        channels: of a microphone or of raw samples.
        device: a microphone's number or a part of its name; None: the system's default.
        reconnect: wait for a microphone that went away.
        usual: samples a second.

    Raises:
        DeviceError: there is no such microphone, or it cannot be opened.
        SoundError: the file cannot be read.
    """
    if source == "mic":
        number = int(device) if device is not None and device.isdigit() else device
        with Microphone(number, rate=rate, channels=channels, reconnect=reconnect) as microphone:
            blocks = ((block.samples, block.gap) for block in microphone)
            yield Source("mic", microphone.rate, channels, blocks, True)
    elif source == "-":
        name, rate = "standard input", usual if rate is None else rate
        yield Source(name, rate, channels, _raw(name, rate, channels), True)
    else:
        parts = sound_chunks(source, seconds=CHUNK_MS / 1000.0)
        first = next(parts)
        chunks = ((part.samples, 0) for part in chain([first], parts))
        yield Source(source, first.rate, first.samples.shape[1], chunks, False)


def filled(source: Source) -> Iterator[tuple[Samples | None, int]]:
    """The source's chunks, and None at its end; gaps are filled with silence.

    So positions stay those of the device. The length of a gap comes with the first of its filling.
    Ctrl-C comes between them.
    """
    return between(_filled(source))


def _filled(source: Source) -> Iterator[tuple[Samples | None, int]]:
    for samples, gap in source.chunks:
        left = gap
        while left:
            count = min(left, int(LONGEST_FILL * source.rate))
            yield np.zeros((count, source.channels), samples.dtype), gap if left == gap else 0
            left -= count
        yield samples, 0
    yield None, 0


def _raw(name: str, rate: int, channels: int) -> Iterator[tuple[Samples, int]]:
    """16-bit little-endian samples from standard input, as they come."""
    width = 2 * channels
    held, arrived = b"", 0
    pipe = cast(BufferedReader, sys.stdin.buffer)
    while data := pipe.read1(width * max(1, rate * CHUNK_MS // 1000)):
        held += data
        count = len(held) // width
        yield np.frombuffer(held, "<i2", count * channels).reshape(-1, channels), 0
        held, arrived = held[count * width :], arrived + count
    if not arrived:
        raise SoundError(
            f"{name}: expected raw samples, 16 bits each, little-endian, got {len(held)} bytes"
        )
