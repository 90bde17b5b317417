"""Files of sound: WAV, FLAC, OGG and whatever else soundfile opens."""

from collections.abc import Iterator
from importlib import import_module
from io import SEEK_CUR
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import SoundError

SUFFIXES = (".wav", ".flac", ".ogg")
UNKNOWN = 2**63 - 1  # libsndfile's length of a FLAC that was written to a pipe
_EXACT = ("WAV", "WAVEX", "FLAC")  # libsndfile's place in an OGG that it seeks in is not to be had
_PIECE = 60.0  # seconds that are read at once


class Sound(NamedTuple):
    """A recording."""

    samples: NDArray[np.float32]
    """`(n, channels)`, full scale ±1."""
    rate: int
    """Samples a second."""


def read_sound(path: str | Path) -> Sound:
    """Read a whole file.

    Raises:
        SoundError: there is no such file, it is no sound, it is cut short, or holds no samples, or
            some that are not finite.
    """
    parts = list(sound_chunks(path, seconds=_PIECE))
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
        SoundError: as `read_sound`; of a file that is cut short, or holds what is not finite, after
            all that came before.
    """
    with _opened(path) as file:
        rate, got = int(file.samplerate), 0
        expected = max(int(file.frames), _promised(path, file))
        problem: Exception | None = None
        while problem is None:
            samples, problem = _read(file, max(1, int(seconds * rate)))
            if not len(samples):
                break
            finite = np.isfinite(samples)
            good = len(samples) if finite.all() else int(finite.all(axis=1).argmin())
            got += good
            if good:
                yield Sound(samples[:good], rate)
            if good < len(samples):
                raise SoundError(
                    f"{path}: expected finite samples, got {samples[good].tolist()} in sample "
                    f"{got} ({got / rate:.2f} s)"
                )
    if not expected:
        raise SoundError(f"{path}: expected samples, got a file of sound without any")
    if got < expected < UNKNOWN:
        reason = "" if problem is None else f" ({problem})"
        raise SoundError(
            f"{path}: expected {expected} samples, got {got}: the file is cut short or "
            f"damaged{reason}"
        ) from problem


def sound_part(path: str | Path, start: float, end: float) -> Sound:
    """Read a part of a file, where its format lets that be found without what comes before.

    Args:
        path: the file.
        start: seconds; the part begins with the sample that is nearest.
        end: seconds, likewise.

    Returns:
        What there is of it, perhaps no samples: nothing lies before the beginning, behind the end
        or behind a damaged place. Samples that are not finite come as they are.

    Raises:
        SoundError: there is no such file, or it is no sound.
    """
    with _opened(path) as file:
        rate, channels = int(file.samplerate), int(file.channels)
        first = max(0, round(start * rate))
        left = max(0, round(min(end * rate, file.frames)) - first)
        parts = [np.empty((0, channels), np.float32)]
        ready = _gone_to(file, first)
        while ready and left:
            samples, problem = _read(file, min(left, int(_PIECE * rate)))
            parts.append(samples)
            left -= len(samples)
            ready = problem is None and len(samples) > 0
    return Sound(np.concatenate(parts), rate)


def _opened(path: str | Path) -> Any:
    """A `soundfile.SoundFile`."""
    soundfile: Any = import_module("soundfile")  # which the live path does without
    try:
        return soundfile.SoundFile(str(path))
    except (soundfile.LibsndfileError, RuntimeError, OSError, TypeError) as error:
        reason = "a folder" if Path(path).is_dir() else error
        if not Path(path).exists():
            reason = "no such file"
        raise SoundError(f"{path}: expected a file of sound, got: {reason}") from error


def _promised(path: str | Path, file: Any) -> int:
    """Samples that the header of a WAV file promises, which libsndfile does not tell of; 0: none.

    Microsoft's RIFF: chunks of a name, a length and so many bytes; those named data are the
    samples. A length of 0 or nearly 4 GiB is one that whoever wrote to a pipe did not know.
    """
    width = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
    if file.format not in ("WAV", "WAVEX") or file.subtype not in width:
        return 0
    with open(path, "rb") as raw:
        raw.seek(12)
        while len(head := raw.read(8)) == 8:
            name, length = head[:4], int.from_bytes(head[4:], "little")
            if name == b"data":
                known = 0 < length < 2**32 - 2**16
                return length // (width[file.subtype] * int(file.channels)) if known else 0
            raw.seek(length + length % 2, SEEK_CUR)
    return 0


def _gone_to(file: Any, first: int) -> bool:
    """Whether the file stands at a sample now: there is one, or the end."""
    if file.format in _EXACT:
        try:
            return bool(file.seek(first) == first)
        except RuntimeError:  # no such place
            return False
    while first:
        samples, problem = _read(file, min(first, int(_PIECE * file.samplerate)))
        first -= len(samples)
        if problem is not None or not len(samples):
            return False
    return True


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
