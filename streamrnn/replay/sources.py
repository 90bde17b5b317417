"""What replays: recordings, and files of sound, tracks and text, each as the stream that it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from streamrnn.errors import RecordingError, SoundError, TextError, TrackError
from streamrnn.frontends.base import Option
from streamrnn.io import sounds
from streamrnn.io.messages import Verb
from streamrnn.io.recording import Recording
from streamrnn.io.texts import arriving_text, read_lines, text_lines
from streamrnn.io.tracks import track_chunks
from streamrnn.replay.marks import marks_beside

SECONDS = 20.0
"""Of sound that are read, and played, at a time."""
SLOWLY = 0.02
"""Seconds of sound where they are to come in their own time."""
FIXES = 4_096
"""Of a track, likewise, and characters of text."""
SUFFIXES = (".mcap", *sounds.SUFFIXES, ".csv", ".jsonl", ".txt")
"""Of files that replay."""


HEARD = (".mcap", *sounds.SUFFIXES)
"""Of files that may be marked."""
_KINDS = {"audio": sounds.SUFFIXES, "motion": (".csv",), "text": (".jsonl", ".txt")}


class Source(Protocol):
    """A stream that was, to be read once."""

    path: Path
    """The file."""
    broken: str | None
    """Why it breaks off, once it was read to there."""

    @property
    def kind(self) -> str:
        """Of the front end that takes it: audio, motion, text, frames; "": unknown."""
        ...

    @property
    def options(self) -> Mapping[str, Option]:
        """What a stream is to be opened with."""
        ...

    @property
    def share(self) -> float:
        """How much of it was read, 0 to 1."""
        ...

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        """Messages, or chunks as `Stream.feed` takes them; and when each came, ns since 1970."""
        ...


def open_source(path: str | Path, *, sentences: bool = False, slow: bool = False) -> Source:
    """Open a file, whose suffix tells what it holds.

    Args:
        path: a recording (.mcap); sound (.wav, .flac, .ogg); a track (.csv); sentences, one a line
            (.jsonl: `{"text": …}`); text (.txt).
        sentences: a line of text is a sentence, and ends one.
        slow: sound comes by 20 ms, fixes one by one.

    Raises:
        RecordingError, SoundError, TrackError, TextError: it cannot be read, or is none of these.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".mcap":
        return Recording(path)
    if suffix in sounds.SUFFIXES:
        return SoundFile(path, SLOWLY if slow else SECONDS)
    if suffix == ".csv":
        return RowsFile(path, "motion", track_chunks(path, size=1 if slow else FIXES))
    if suffix == ".jsonl":
        return RowsFile(path, "text", read_lines(path), each=True)
    if suffix == ".txt":
        lines = text_lines(str(path)) if sentences else arriving_text(str(path))
        return RowsFile(path, "text", lines, each=sentences)
    raise RecordingError(
        f"{path}: expected a file that replays, {', '.join(SUFFIXES)}, got another suffix"
    )


def file_size(path: Path) -> int:
    """Bytes of a file; 0 where it is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def files_of(paths: Sequence[str | Path], *, kind: str = "") -> list[Path]:
    """The files among some files and folders, those of each folder and below in order of name.

    Marks that lie beside recordings of a folder are left out; see `marks_beside`.

    Args:
        paths: files, each of which is taken as it is, and folders.
        kind: of the front end that is to take what lies in folders; "recorded": recordings alone;
            "": any.

    Returns:
        Each once.

    Raises:
        RecordingError: there is nothing that replays in a folder.
    """
    suffixes = {".mcap", *(_KINDS.get(kind, ()) if kind else SUFFIXES)}
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(
            each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES and each.is_file()
        )
        marks = {marks_beside(each) for each in inside if each.suffix.lower() in HEARD}
        fitting = [each for each in inside if each.suffix.lower() in suffixes and each not in marks]
        if not fitting:
            raise RecordingError(
                f"{path}: expected files that replay, {', '.join(sorted(suffixes))}, found none"
            )
        found += fitting
    once: dict[Path, Path] = {}
    for path in found:
        once.setdefault(path.resolve(), path)
    return list(once.values())


class SoundFile:
    """A file of sound; see `Source`."""

    kind = "audio"

    def __init__(self, path: Path, seconds: float) -> None:
        self.path, self.broken = path, None
        self._parts = sounds.sound_chunks(path, seconds=seconds)
        self._first = next(self._parts)
        self._length, self._read = sounds.length(path), 0
        rate, channels = self._first.rate, self._first.samples.shape[1]
        self.options: Mapping[str, Option] = {"rate": rate, "channels": channels}

    @property
    def share(self) -> float:
        """See `Source`."""
        return min(1.0, self._read / self._length)

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        try:
            for part in chain([self._first], self._parts):
                self._read += len(part.samples)
                yield part.samples, 0
        except SoundError as error:
            self.broken = str(error)
            return
        yield _FLUSH, 0


class RowsFile:
    """A file of a track or of text; see `Source`.

    Args:
        path: the file.
        kind: of the front end that takes it.
        chunks: what it holds.
        each: whether each of them is a sequence.
    """

    def __init__(self, path: Path, kind: str, chunks: Iterator[Any], *, each: bool = False) -> None:
        self.path, self.broken, self.kind = path, None, kind
        self.options: Mapping[str, Option] = {}
        self.share = 0.0
        self._chunks, self._each = chunks, each

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        found = False
        try:
            for chunk in self._chunks:
                for first in range(0, len(chunk), FIXES):
                    yield chunk[first : first + FIXES], 0
                    found = True
                if self._each:
                    yield _FLUSH, 0
        except (TrackError, TextError) as error:
            self.broken = str(error)
            return
        self.share = 1.0
        if not found:
            self.broken = f"{self.path}: expected text, got none"
            return
        if not self._each:
            yield _FLUSH, 0


_FLUSH = Verb(verb="flush")
