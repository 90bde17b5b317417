"""The wake task: what it learns from, and how well a model does."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import AudioConfig, ModelConfig, Record, convert
from streamrnn.errors import ConfigError
from streamrnn.tasks.base import Example, detecting, network_config
from streamrnn.tasks.sounds.clips import PARTS, Clip, Signal, read_clips, within
from streamrnn.tasks.sounds.hearing import Hearing
from streamrnn.tasks.wake.evaluate import score
from streamrnn.tasks.wake.streams import BACKGROUND, Voices
from streamrnn.tasks.wake.words import Spoken, spoken

HELD_BACK = 1_000_000_007  # seed of the streams that no training sees
VALIDATED = 60  # streams of the clips that are kept back
NOISY, FAINTEST_DB = 0.9, 30.0  # a wake word is mostly called from afar


class WakeData(Record, frozen=True):
    """Options of the wake task."""

    clips: tuple[str, ...] = ()
    """Folders DIR with DIR/WORD/*.wav, one word a clip."""
    speech: tuple[str, ...] = ()
    """Folders of speech without any of the words; each folder is heard as often."""
    noise: tuple[str, ...] = ()
    """Folders of long recordings without speech."""
    held: tuple[int, ...] = (0,)
    """Clips and other recordings are dealt into ten parts by a digest of their speakers, or their
    names where these tell none, long ones by their tenths; these parts are validated on."""
    leave: tuple[int, ...] = ()
    """And these left out altogether, for a test that nothing was tuned on."""
    streams: int = 600
    """Streams of an epoch, of 4 to 16 s."""
    frontend: AudioConfig = AudioConfig(stack=2)
    """The front end."""
    decoder: dict[str, Any] = {}
    """Keys of the decoder: smoothing, thresholds and whatever else `DetectConfig` has."""


def task(data: Mapping[str, Any]) -> "WakeTask":
    """Make the task of a `[data]` section.

    Raises:
        ConfigError: an unknown option, or none to learn from.
        SoundError: a folder without sounds, or a clip without a word.
    """
    return WakeTask(convert(dict(data), WakeData, where="data"))


class WakeTask:
    """Words that wake a device, in an endless stream of other sound."""

    name = "wake"

    def __init__(self, data: WakeData) -> None:
        if not data.clips:
            raise ConfigError(
                "data.clips: expected a folder with a subfolder a word, got none; "
                "--set 'data.clips=[\"DIR\"]'"
            )
        wrong = [part for part in (*data.held, *data.leave) if not 0 <= part < PARTS]
        if wrong or data.streams < 1:
            raise ConfigError(
                f"data: expected streams, and parts from 0 to {PARTS - 1}, got {data.streams}, "
                f"{data.held} and {data.leave}"
            )
        self.data, rate = data, data.frontend.sample_rate
        clips = [clip for folder in data.clips for clip in read_clips(folder, rate)]
        speech = [read_clips(folder, rate) for folder in data.speech]
        noise = [clip for folder in data.noise for clip in read_clips(folder, rate)]
        learnt = [p for p in range(PARTS) if p not in (*data.held, *data.leave)]
        self.words = sorted({clip.label for clip in clips})
        self.voices = self._voices(learnt, clips, speech, noise)
        self.kept = within(clips, data.held)
        self.others = [c for group in (*speech, noise) for c in within(group, data.held)]
        self._held = self._voices(data.held, clips, speech, noise) if self.kept else None
        rng = np.random.default_rng(HELD_BACK)
        some = [self.voices.stream(rng).frames for _ in range(60)]
        self._mean, self._scale = self.voices.hearing.normalisation(some)

    def model_config(self, network: Mapping[str, Any]) -> ModelConfig:
        """The network, between the front end of sound and the decoder that detects."""
        front, labels = self.data.frontend, self.voices.labels
        sizes = {"input_size": front.stack * front.mels, "output_size": len(labels)}
        return ModelConfig(
            name=self.name,
            network=network_config(network, **sizes),
            frontend=front,
            decoder=detecting(self.data.decoder, labels=labels, ignored=(BACKGROUND,)),
        )

    def training(self, seed: int, epoch: int) -> Iterator[Example]:
        """Fresh streams of the clips."""
        rng = np.random.default_rng((seed, epoch))
        for _ in range(self.data.streams):
            yield self.voices.stream(rng, self._mean)

    def validation(self) -> Sequence[Example]:
        """Streams of the clips that are kept back, always the same."""
        rng = np.random.default_rng(HELD_BACK)
        return [self._held.stream(rng) for _ in range(VALIDATED)] if self._held else []

    def normalisation(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and one over spread of the frames of training streams."""
        stack = self.data.frontend.stack
        return np.tile(self._mean, stack), np.tile(self._scale, stack)

    def evaluate(self, model: Any) -> dict[str, Any]:
        """False rejects and accepts on what is kept back."""
        if not self.kept:
            return {}
        rate = self.data.frontend.sample_rate
        words = {
            w: [spoken(c.samples, rate) for c in self.kept if c.label == w] for w in self.words
        }
        return score(model, words, [clip.samples for clip in self.others])

    def _voices(
        self,
        parts: Sequence[int],
        clips: Sequence[Clip],
        speech: Sequence[Sequence[Clip]],
        noise: Sequence[Clip],
    ) -> Voices:
        """The voices of some of the ten parts."""
        rate = self.data.frontend.sample_rate
        words: dict[str, list[Spoken]] = {word: [] for word in self.words}
        for clip in within(clips, parts):
            words[clip.label].append(spoken(clip.samples, rate))
        missing = [word for word, found in words.items() if not found]
        if missing:
            raise ConfigError(
                f"data.clips: expected clips of every word in the parts {list(parts)}, got none "
                f"of {', '.join(missing)}; name other folders, or other parts"
            )
        groups: list[list[Signal]] = [[c.samples for c in within(group, parts)] for group in speech]
        sounds = [clip.samples for clip in within(noise, parts)]
        hearing = Hearing(sounds, self.data.frontend, noisy=NOISY, faintest_db=FAINTEST_DB)
        return Voices(words, [group for group in groups if group], hearing)
