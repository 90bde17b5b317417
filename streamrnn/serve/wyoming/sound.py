"""Sound as Wyoming sends it: PCM of 1 to 4 bytes a sample, little-endian, channels interleaved."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from wyoming.event import Event

from streamrnn.aio import PIECE
from streamrnn.frontend_config import FASTEST, SLOWEST
from streamrnn.frontends.audio import MOST_CHANNELS
from streamrnn.serve.wyoming.fields import FieldError, number_of


class Format(NamedTuple):
    """How sound comes."""

    rate: int
    """Samples a second, 8,000 to 192,000."""
    width: int
    """Bytes a sample: 1 (unsigned, as in WAV and in `wyoming.audio`), 2, 3 or 4 (signed)."""
    channels: int
    """1 to 64."""

    def __str__(self) -> str:
        return f"{self.rate} Hz, {self.width} bytes, {self.channels} channels"


def format_of(event: Event) -> Format:
    """The format that `audio-start` and every `audio-chunk` tell.

    Raises:
        FieldError: a field is missing, no whole number, or out of bounds.
    """
    return Format(
        number_of(event, "rate", SLOWEST, FASTEST),
        number_of(event, "width", 1, 4),
        number_of(event, "channels", 1, MOST_CHANNELS),
    )


def pieces_of(payload: bytes, form: Format) -> Iterator[NDArray[Any]]:
    """The samples of a payload, piece by piece, as a stream's `feed` takes them.

    Two bytes stay int16, to the bit; the rest is float32 with full scale 1: exact up to three
    bytes, and of four rounded to the nearest.

    Args:
        payload: of `audio-chunk`.
        form: in which it is.

    Shape:
        (n, channels), int16 or float32; n up to `PIECE`

    Raises:
        FieldError: it ends within a sample, or has not all channels of one.
    """
    size = form.width * form.channels
    if len(payload) % size:
        raise FieldError(
            f"audio-chunk: expected a payload of whole samples, {size} bytes each ({form}), got "
            f"{len(payload)} bytes",
            "bad-audio",
        )
    most = size * PIECE
    parts = (payload[first : first + most] for first in range(0, len(payload), most))
    return (_numbers(part, form.width).reshape(-1, form.channels) for part in parts)


def _numbers(part: bytes, width: int) -> NDArray[Any]:
    if width == 1:
        unsigned = np.frombuffer(part, np.uint8).astype(np.float32)
        return (unsigned - np.float32(128.0)) * np.float32(2.0**-7)
    if width == 2:
        return np.frombuffer(part, "<i2").astype(np.int16, copy=False)
    if width == 3:
        # Above a byte of zeros each: four bytes, 256 times as much.
        wide = np.zeros((len(part) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(part, np.uint8).reshape(-1, 3)
        return wide.view("<i4")[:, 0].astype(np.float32) * np.float32(2.0**-31)
    return np.frombuffer(part, "<i4").astype(np.float32) * np.float32(2.0**-31)
