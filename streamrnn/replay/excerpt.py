"""A short piece of a long stream of sound, to be looked at or listened to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import RecordingError
from streamrnn.io.messages import Audio, Chunk, Verb, chunk_of
from streamrnn.io.recording import Recording
from streamrnn.io.sounds import Sound, sound_part

_FULL = 32_768.0  # full scale of 16 bits


def excerpt(path: str | Path, start: float, end: float) -> Sound:
    """Read what a file of sound, or a recording of sound, holds between two times.

    Of a recording by a stream with a model only what lies between the last known state before
    the start and the end is read.

    Args:
        path: .wav, .flac, .ogg, or .mcap by `streamrnn.io.recorder`.
        start: seconds since the beginning; begins with the sample that is nearest.
        end: likewise.

    Returns:
        `(n, channels)` float32, full scale ±1, and the rate. What lies before the beginning, behind
        the end, or behind a damaged place that the part holds, is not there; perhaps nothing is.

    Raises:
        SoundError: there is no such file, or it is no sound.
        RecordingError: there is no such recording, or it holds no sound.
    """
    if Path(path).suffix.lower() != ".mcap":
        return sound_part(path, start, end)
    recording = Recording(path)
    rate = recording.rate
    if not rate:
        raise RecordingError(f"{path}: expected a recording of sound, got one of {recording.kind}")
    first = max(0, round(start * rate))
    samples = _samples(recording, first, max(first, round(min(end, 1e9) * rate)))
    return Sound(samples, rate)


def _samples(recording: Recording, first: int, last: int) -> NDArray[np.float32]:
    """Samples of a recording of sound, from one to before another."""

    def late(message: Chunk | Verb, at: int) -> bool:
        return isinstance(message, Audio) and message.begin + len(chunk_of(message)) > first

    channels = int(recording.options.get("channels", 1))
    parts = [np.empty((0, channels), np.float32)]
    recording.seek(late)
    for message, _ in recording:
        if not isinstance(message, Audio):
            continue
        if message.begin >= last:
            break
        chunk = chunk_of(message).reshape(-1, channels)
        mine = chunk[max(0, first - message.begin) : last - message.begin]
        scale = _FULL if mine.dtype.kind == "i" else 1.0
        parts.append(mine.astype(np.float32) / np.float32(scale))
    return np.concatenate(parts)
