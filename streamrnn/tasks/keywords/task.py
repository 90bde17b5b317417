"""The keywords task: what it learns from, and how well a model does."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import AudioConfig, ModelConfig, Record, convert
from streamrnn.errors import ConfigError
from streamrnn.io.sounds import sound_files
from streamrnn.tasks.base import Example, detecting, network_config
from streamrnn.tasks.keywords.evaluate import score
from streamrnn.tasks.keywords.speech_commands import NOISE, Listed, background, listed, scored
from streamrnn.tasks.keywords.streams import SILENCE, UNKNOWN, Voices, example
from streamrnn.tasks.sounds.clips import (
    PARTS,
    Clip,
    Recordings,
    Signal,
    Sounds,
    among,
    read_clips,
    read_mono,
    within,
)
from streamrnn.tasks.sounds.hearing import Hearing

WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
HELD_BACK = 1_000_000_007  # seed of the streams that no training sees


class KeywordsData(Record, frozen=True):
    """Options of the keywords task."""

    clips: tuple[str, ...] = ()
    """Folders DIR with DIR/LABEL/*.wav: your own, or a part of Speech Commands. Labels that are no
    words are unknown."""
    speech_commands: str = ""
    """Instead of folders: where torchaudio's SPEECHCOMMANDS was downloaded to. All of it is used as
    its own lists part it: training and validation. The clips that are learnt from stay on disk."""
    download: bool = False
    """Fetch it there first if it is absent: some gigabytes."""
    speakers: float = 1.0
    """Share of the speakers to learn from that is used, above 0 to 1, for a learning curve: chosen
    by digest, the fewer among the more. Validation, noise and speech stay whole."""
    noise: tuple[str, ...] = ()
    """Folders of long recordings without speech, to be mixed in."""
    speech: tuple[str, ...] = ()
    """Folders of running speech without any of the words: more that is unknown."""
    words: tuple[str, ...] = WORDS
    """The words to be told apart."""
    held: tuple[int, ...] = (0,)
    """Speakers of folders are dealt into ten parts by a digest of their names; these are validated
    on."""
    leave: tuple[int, ...] = ()
    """And these left out altogether, for a test that nothing was tuned on."""
    streams: int = 400
    """Streams of an epoch, of 1 to 16 clips, with 5.5 on average."""
    frontend: AudioConfig = AudioConfig(stack=2)
    """The front end."""
    decoder: dict[str, Any] = {}
    """Keys of the decoder: smoothing, thresholds and whatever else `DetectConfig` has."""


def task(data: Mapping[str, Any]) -> "KeywordsTask":
    """Make the task of a `[data]` section.

    Raises:
        ConfigError: an unknown option, or none to learn from.
        SoundError: a folder without sounds, or Speech Commands are absent.
        UnsupportedError: Speech Commands are asked for, and torchaudio is not installed.
    """
    return KeywordsTask(convert(dict(data), KeywordsData, where="data"))


class KeywordsTask:
    """Words in an endless stream of sound."""

    name = "keywords"

    def __init__(self, data: KeywordsData) -> None:
        _check(data)
        self.data = data
        rate = data.frontend.sample_rate
        noise = [read_mono(path, rate) for folder in data.noise for path in sound_files(folder)]
        speech = [read_mono(path, rate) for folder in data.speech for path in sound_files(folder)]
        found = _of_speech_commands(data) if data.speech_commands else _of_folders(data)
        self.kept = found.kept
        learnt = [row for row in found.learnt if among(row.speaker, data.speakers)]
        spoken = [row for row in learnt if row.label != SILENCE]
        self.learnt = {"clips": len(spoken), "speakers": len({row.speaker for row in spoken})}
        self.hearing = Hearing([*noise, *found.noise], data.frontend)
        self.voices = Voices(_by_label(learnt, data.words, rate), speech, self.hearing)
        rng = np.random.default_rng(HELD_BACK)
        some = [self.voices.stream(rng)[0] for _ in range(60)]
        self._mean, self._scale = self.hearing.normalisation(some)

    def model_config(self, network: Mapping[str, Any]) -> ModelConfig:
        """The network, between the front end of sound and the decoder of classes."""
        front = self.data.frontend
        frame, labels = front.stack * front.mels, self.voices.labels
        return ModelConfig(
            name=self.name,
            network=network_config(network, input_size=frame, output_size=len(labels)),
            frontend=front,
            decoder=detecting(
                self.data.decoder, labels=labels, ignored=(UNKNOWN, SILENCE), quiet=SILENCE
            ),
        )

    def training(self, seed: int, epoch: int) -> Iterator[Example]:
        """Fresh streams of the clips."""
        rng = np.random.default_rng((seed, epoch))
        for _ in range(self.data.streams):
            yield example(self.voices.stream(rng, self._mean))

    def validation(self) -> Sequence[Example]:
        """The clips that are kept back, in random order, 40 to a stream."""
        rng = np.random.default_rng(HELD_BACK)
        order: list[int] = rng.permutation(len(self.kept)).tolist()
        found: list[Example] = []
        for first in range(0, len(order), 40):
            chosen = [self.kept[i] for i in order[first : first + 40]]
            found.append(self._joined(chosen))
        return found

    def normalisation(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and one over spread of the frames of training streams."""
        stack = self.data.frontend.stack
        return np.tile(self._mean, stack), np.tile(self._scale, stack)

    def evaluate(self, model: Any) -> dict[str, Any]:
        """Accuracy on the clips that are kept back, and from how many words of whom it learnt."""
        told = [(clip.samples, clip.label) for clip in self.kept]
        return {**(score(model, told) if told else {}), "learnt": self.learnt}

    def _joined(self, clips: Sequence[Clip]) -> Example:
        spans: list[tuple[int, int, int]] = []
        at = 0
        for clip in clips:
            spans.append((self.voices.labels.index(clip.label), at, at + len(clip.samples)))
            at += len(clip.samples)
        columns = self.hearing.columns(np.concatenate([clip.samples for clip in clips]))
        return example(self.voices.frames(columns, spans))


def _check(data: KeywordsData) -> None:
    """Refuse options that nothing can be learnt with, or that contradict each other."""
    if not (data.clips or data.speech_commands):
        raise ConfigError(
            "data.clips: expected a folder with a subfolder a word, got none; "
            "--set 'data.clips=[\"DIR\"]'"
        )
    if data.clips and data.speech_commands:  # the folders may hold whom its lists test on
        raise ConfigError(
            "data: expected either clips or speech_commands, got both; --set 'data.clips=[]'"
        )
    if data.leave and data.speech_commands:
        raise ConfigError(
            f"data.leave: expected none, got {data.leave}: Speech Commands' own lists part it; "
            "--set 'data.leave=[]'"
        )
    if data.download and not data.speech_commands:
        raise ConfigError("data.download: expected data.speech_commands to say where to, got none")
    wrong = [part for part in (*data.held, *data.leave) if not 0 <= part < PARTS]
    if wrong or not data.words or data.streams < 1:
        raise ConfigError(
            f"data: expected words, streams, and parts from 0 to {PARTS - 1}, got "
            f"{data.words}, {data.streams}, {data.held} and {data.leave}"
        )
    if not 0.0 < data.speakers <= 1.0:
        raise ConfigError(
            f"data.speakers: expected a share above 0, at most 1, got {data.speakers}"
        )


class _Found(NamedTuple):
    """What there is to learn from and to validate on, and what noise came with it."""

    learnt: Sequence[Clip | Listed]
    kept: list[Clip]
    noise: list[Signal]


def _of_folders(data: KeywordsData) -> _Found:
    rate = data.frontend.sample_rate
    clips = [clip for folder in data.clips for clip in read_clips(folder, rate)]
    noise = [clip.samples for clip in clips if clip.label == NOISE]
    known = (*data.words, SILENCE)
    told = [
        clip if clip.label in known else clip._replace(label=UNKNOWN)
        for clip in clips
        if clip.label != NOISE
    ]
    rest = [part for part in range(PARTS) if part not in (*data.held, *data.leave)]
    return _Found(within(told, rest), within(told, data.held), noise)


def _of_speech_commands(data: KeywordsData) -> _Found:
    root, rate = data.speech_commands, data.frontend.sample_rate
    rows = listed(root, "training", download=data.download)
    noise = background(root, rate)
    told = [row if row.label in data.words else row._replace(label=UNKNOWN) for row in rows]
    return _Found(told, scored(listed(root, "validation"), noise, data.words, rate), noise)


def _by_label(rows: Sequence[Clip | Listed], words: Sequence[str], rate: int) -> dict[str, Sounds]:
    found: dict[str, list[Clip | Listed]] = {label: [] for label in (*words, UNKNOWN, SILENCE)}
    for row in rows:
        found[row.label].append(row)
    missing = [label for label, own in found.items() if not own and label != SILENCE]
    if missing:
        raise ConfigError(
            f"data: expected clips of every word to learn from, got none of "
            f"{', '.join(missing)}; name other folders, leave fewer parts out, or take a larger "
            "share of the speakers"
        )
    return {label: _sounds(own, rate) for label, own in found.items()}


def _sounds(rows: Sequence[Clip | Listed], rate: int) -> Sounds:
    paths = [row.path for row in rows if isinstance(row, Listed)]
    return Recordings(paths, rate) if paths else [r.samples for r in rows if isinstance(r, Clip)]
