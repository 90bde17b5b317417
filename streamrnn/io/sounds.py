"""Files of sound: WAV, FLAC, OGG and whatever else soundfile opens."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import SoundError

SUFFIXES = (".wav", ".flac", ".ogg")
UNKNOWN = 2**63 - 1  # libsndfile's length of a FLAC that was written to a pipe


class Sound(NamedTuple):
    """A recording."""

    samples: NDArray[np.float32]
    """`(n, channels)`, full scale ±1."""
    rate: int
    """Samples a second."""


def read_sound(path: str | Path) -> Sound:
    """Read a whole file.

    Raises:
        SoundError: there is no such file, it is no sound, it is cut short, or holds no samples.
    """
    parts = list(sound_chunks(path, seconds=60.0))
    return Sound(np.concatenate([part.samples for part in parts]), parts[0].rate)


def length(path: str | Path) -> int:
    """How many samples a readable file says that it holds, each of all channels."""
    soundfile: Any = import_module("soundfile")
    return int(soundfile.info(str(path)).frames)


def sound_chunks(path: str | Path, *, seconds: float = 1.0) -> Iterator[Sound]:
    """Read a file piece by piece, so that one of many hours fits into memory.

    Args:
        path: the file.
        seconds: length of a piece; the last may be shorter.

    Yields:
        The pieces in order, at least one.

    Raises:
        SoundError: as `read_sound`; of a file that is cut short, after all that could be read.
    """
    soundfile: Any = import_module("soundfile")  # which the live path does without
    try:
        file: Any = soundfile.SoundFile(str(path))
    except (soundfile.LibsndfileError, RuntimeError, OSError, TypeError) as error:
        reason = error if Path(path).exists() else "no such file"
        raise SoundError(f"{path}: expected a file of sound, got: {reason}") from error
    with file:
        rate, expected, got = int(file.samplerate), int(file.frames), 0
        problem: Exception | None = None
        while problem is None:
            samples, problem = _read(file, max(1, int(seconds * rate)))
            if not len(samples):
                break
            got += len(samples)
            yield Sound(samples, rate)
    if not expected:
        raise SoundError(f"{path}: expected samples, got a file of sound without any")
    if got < expected < UNKNOWN:
        reason = "" if problem is None else f" ({problem})"
        raise SoundError(
            f"{path}: expected {expected} samples, got {got}: the file is cut short or "
            f"damaged{reason}"
        ) from problem


def _read(file: Any, count: int) -> tuple[NDArray[np.float32], Exception | None]:
    """At most `count` samples, and what ended them."""
    room = np.full((count, file.channels), np.nan, np.float32)
    try:
        return file.read(count, dtype="float32", out=room), None
    except RuntimeError as error:
        # libsndfile decodes up to a damaged place and then fails, without a word of how far.
        decoded = np.flatnonzero(~np.isnan(room).all(axis=1))
        return room[: decoded[-1] + 1 if len(decoded) else 0], error


def sound_files(folder: str | Path) -> list[Path]:
    """The files of sound in a folder and below, sorted.

    Raises:
        SoundError: there is no such folder, or none in it.
    """
    found = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in SUFFIXES)
    if not found:
        raise SoundError(f"{folder}: expected a folder with {', '.join(SUFFIXES)}, found none")
    return found
