"""Folders of tracks and sounds, as `streamrnn evaluate` reads them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamrnn.cli.lines import tell
from streamrnn.errors import ConfigError, SoundError, StreamRNNError
from streamrnn.io.tracks import read_track, read_tracks
from streamrnn.tasks.sounds.clips import PARTS, Clip, Signal, read_clips, within


class Files:
    """Reads folders; a file that cannot be read is named, counted and left out.

    Args:
        parts: of the ten that sounds are dealt into, those that are read.
    """

    def __init__(self, parts: tuple[int, ...]) -> None:
        self.parts = parts
        self.unreadable = 0

    def tracks(self, source: Path) -> list[NDArray[np.float64]]:
        """The tracks of a folder, or one that is named itself."""
        if not source.is_dir():
            return [read_track(source)]
        return list(read_tracks(source, skip=self._skip).values())

    def clips(self, folder: Path, rate: int) -> list[Clip]:
        """The sounds of a folder, with their labels."""
        found = within(read_clips(folder, rate, skip=self._skip), self.parts)
        if not found:
            raise SoundError(f"{folder}: expected sounds in the parts {self.parts}, found none")
        return found

    def sounds(self, folder: Path, rate: int) -> list[Signal]:
        """The same without labels."""
        return [clip.samples for clip in self.clips(folder, rate)]

    def _skip(self, error: StreamRNNError) -> None:
        tell(error)
        self.unreadable += 1


def chosen_parts(text: str) -> tuple[int, ...]:
    """The parts that `--parts` names; all of them where it names none.

    Raises:
        ConfigError: it names something else.
    """
    try:
        chosen = tuple(int(part) for part in text.split(",")) if text else tuple(range(PARTS))
    except ValueError:
        chosen = (-1,)
    if not set(chosen) <= set(range(PARTS)):
        raise ConfigError(f"--parts: expected numbers from 0 to {PARTS - 1}, got {text!r}")
    return chosen
