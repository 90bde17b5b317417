"""Labelled clips in folders, `DIR/LABEL/*.wav|flac|ogg`, and their parting by speaker."""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import SoundError
from streamrnn.frontends.audio_state import conversion
from streamrnn.io.sounds import read_sound, sound_files
from streamrnn.kernels.resample import resample_streams

Signal = NDArray[np.float32]

PARTS = 10  # that speakers are dealt into
LONG = 480_000  # samples, half a minute at 16 kHz, above which a recording is dealt by its tenths
_SPEAKER = re.compile(r"([0-9a-f]{8})_nohash_")  # Speech Commands: speaker, then a number


class Clip(NamedTuple):
    """One recording of one word, or of none."""

    samples: Signal
    """One channel, full scale ±1, `(n,)`."""
    label: str
    """The folder's name."""
    speaker: str
    """Who speaks, where the file's name tells; else the file itself."""


class Sounds(Protocol):
    """Signals by number: a list of them, or files that are read when they are asked for."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def __getitem__(self, index: int, /) -> Signal:
        """One of them, `(n,)`."""
        ...


class Recordings:
    """Files of sound, each read when it is asked for: the system's page cache is their memory.

    All of Speech Commands would take 6.7 GB as float32, in each of the two processes of a training.

    Args:
        paths: the files.
        rate: samples a second that each is converted to.
    """

    def __init__(self, paths: Sequence[Path], rate: int) -> None:
        self.paths, self.rate = paths, rate

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int, /) -> Signal:
        return read_mono(self.paths[index], self.rate)


def read_clips(
    folder: str | Path, rate: int, *, skip: Callable[[SoundError], object] | None = None
) -> list[Clip]:
    """Read all clips of a folder at a rate, in the order of their paths.

    Args:
        folder: where they lie, or the folders of their labels.
        rate: samples a second that each is converted to.
        skip: called with the error of each file that cannot be read, which is then left out; by
            default it is raised.

    Raises:
        SoundError: there is none that can be read.
    """
    paths = sound_files(folder)
    found: list[Clip] = []
    for path in paths:
        try:
            found.append(Clip(read_mono(path, rate), path.parent.name, speaker_of(path)))
        except SoundError as error:
            if skip is None:
                raise
            skip(error)
    if not found:
        raise SoundError(f"{folder}: expected sounds, got {len(paths)} files that are none")
    return found


def read_mono(path: str | Path, rate: int) -> Signal:
    """Read a file, mix its channels to their mean, and convert it to a rate.

    Raises:
        SoundError: it cannot be read.
    """
    sound = read_sound(path)
    return converted(sound.samples.mean(axis=1), sound.rate, rate)


def speaker_of(path: Path) -> str:
    """Who speaks in a file: eight hexadecimal digits in Speech Commands, else its own name."""
    found = _SPEAKER.search(path.name)
    return found[1] if found else f"{path.parent.name}/{path.name}"


def part_of(speaker: str) -> int:
    """Which of ten parts a speaker belongs to, by a digest, so that new clips move nobody."""
    return hashlib.sha256(speaker.encode()).digest()[0] * PARTS // 256


def among(speaker: str, share: float) -> bool:
    """Whether a speaker belongs to a share of all, from 0 to 1, which lies within any larger one.

    By other bytes of the digest than the part, so that each part keeps about the same share.
    """
    digest = hashlib.sha256(speaker.encode()).digest()
    return int.from_bytes(digest[1:5], "big") < share * 2**32


def within(clips: Iterable[Clip], parts: Sequence[int]) -> list[Clip]:
    """What belongs to some of the ten parts: clips by their speakers, long recordings by tenths.

    A recording above `LONG` samples is cut into ten, since there are few of them and each is of
    one kind.
    """
    found: list[Clip] = []
    for clip in clips:
        if len(clip.samples) <= LONG:
            found += [clip] if part_of(clip.speaker) in parts else []
            continue
        edges = np.linspace(0, len(clip.samples), PARTS + 1).astype(int).tolist()
        found += [clip._replace(samples=clip.samples[edges[p] : edges[p + 1]]) for p in parts]
    return found


def converted(x: Signal, rate: int, to: int) -> Signal:
    """Convert a whole signal `(n,)` to another rate, `(ceil(n · to / rate),)`."""
    how = conversion(rate, to)
    if how is None:
        return x
    wanted = -(-len(x) * how.after // how.before)
    tail = np.zeros(how.reach + how.before + 1)
    signal = np.concatenate((x.astype(np.float64), tail))
    out = np.empty(len(signal) * how.after // how.before + 2)
    only, found = np.zeros(1, np.int64), np.empty(1, np.int64)  # one stream, which begins at 0
    resample_streams(
        *(signal, only, only, np.array([len(signal)], np.int64), how.sets, how.first, how.before),
        *(np.zeros((1, how.reach)), np.zeros((1, 2), np.int64), only, out, found),
    )
    return out[:wanted].astype(np.float32)
