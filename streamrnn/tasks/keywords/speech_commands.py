"""All of Google's Speech Commands, for whoever has it, in the 12-class protocol.

Ten words, `_unknown_` of the other 25, `_silence_` of `_background_noise_`; whom to learn from, to
validate and to test on, the set's own lists say. Training draws from all clips of its list. To
the words of a list that is scored come a tenth as many unknown clips and a tenth as many of
silence, rounded up: 4,074 words and 408 of each are the 4,890 of the official test archive. Warden,
Speech Commands, arXiv:1804.03209, 2018, section 7; TensorFlow, examples/speech_commands/
input_data.py. Which unknown clips and which silence are drawn differs from the archive; the
silence of every list comes from the same few recordings, as it does there.
"""

import math
import tarfile
from collections.abc import Collection, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from streamrnn.errors import SoundError, UnsupportedError
from streamrnn.io.sounds import sound_files
from streamrnn.tasks.keywords.streams import SILENCE, UNKNOWN
from streamrnn.tasks.sounds import augment
from streamrnn.tasks.sounds.clips import Clip, Signal, read_mono
from streamrnn.tasks.sounds.hearing import any_of

NOISE = "_background_noise_"
DRAWN = 59_185  # seed of that draw; input_data.py's, which draws in another order

_FOLDER, _VERSION = "SpeechCommands", "speech_commands_v0.02"  # torchaudio's names


class Listed(NamedTuple):
    """A clip that a list names."""

    path: Path
    label: str
    """One of the 35 words."""
    speaker: str


def home(root: str | Path) -> Path:
    """Where torchaudio keeps the set below the folder that it was downloaded to."""
    return Path(root) / _FOLDER / _VERSION


def listed(
    root: str | Path,
    subset: Literal["training", "validation", "testing"],
    *,
    download: bool = False,
) -> list[Listed]:
    """What the set's own lists say, as torchaudio reads them.

    Args:
        root: the folder that the set was downloaded to.
        subset: which list; training is what neither of the others names.
        download: fetch the set first if it is absent.

    Raises:
        SoundError: the set is absent or not whole, or could not be fetched.
        UnsupportedError: torchaudio is not installed.
    """
    try:
        datasets: Any = import_module("torchaudio.datasets")  # brings torch along: only here
    except ModuleNotFoundError as error:
        raise UnsupportedError(
            "Speech Commands: expected torchaudio to be installed; pip install 'streamrnn[learn]'"
        ) from error
    folder = home(root)
    if not (download or folder.is_dir()):
        raise SoundError(
            f"{folder}: expected Speech Commands, got no such folder; name the one that it was "
            "downloaded to, or --set data.download=true"
        )
    try:
        if download:
            Path(root).mkdir(parents=True, exist_ok=True)
        found = datasets.SPEECHCOMMANDS(root, url=_VERSION, download=download, subset=subset)
        rows: list[Any] = [found.get_metadata(n) for n in range(len(found))]
    except (OSError, EOFError, RuntimeError, ValueError, tarfile.TarError) as error:
        mend = "delete it and fetch it again" if folder.is_dir() else "is the network up?"
        raise SoundError(
            f"{folder}: expected Speech Commands v0.02, all of it, got: {error}; {mend}"
        ) from error
    if not rows:
        raise SoundError(f"{folder}: expected clips for {subset}, got none")
    return [Listed(folder.parent / row[0], row[2], row[3]) for row in rows]


def background(root: str | Path, rate: int) -> list[Signal]:
    """The set's long recordings of what is not speech.

    Raises:
        SoundError: there are none.
    """
    return [read_mono(path, rate) for path in sound_files(home(root) / NOISE)]


def scored(
    rows: Sequence[Listed], noise: Sequence[Signal], words: Collection[str], rate: int
) -> list[Clip]:
    """The clips that a list is scored on: its words, a tenth unknown, a tenth silence.

    Args:
        rows: what the list names.
        noise: what silence is cut from.
        words: to be told apart; all others are unknown.
        rate: samples a second.

    Raises:
        SoundError: a clip that cannot be read.
    """
    rng = np.random.default_rng(DRAWN)
    known = [row for row in rows if row.label in words]
    others = [row._replace(label=UNKNOWN) for row in rows if row.label not in words]
    count = math.ceil(len(known) / 10)  # as input_data.py counts: of the words, not of all
    drawn: list[int] = np.sort(rng.permutation(len(others))[:count]).tolist()
    clips = [
        Clip(read_mono(row.path, rate), row.label, row.speaker)
        for row in (*known, *(others[index] for index in drawn))
    ]
    for number in range(count):  # a second at any volume, as in input_data.py
        sound = augment.piece(any_of(noise, rng), rate, rng) * np.float32(rng.uniform())
        clips.append(Clip(sound, SILENCE, f"{SILENCE}/{number}"))
    return clips
