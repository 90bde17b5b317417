"""Where speech is, for Pipecat: a `VADAnalyzer` of a model's stream."""

import math
from collections.abc import Iterable
from typing import Literal

from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams, VADState

from streamrnn.config import DetectConfig, VoiceConfig
from streamrnn.decoders.voice import SPEECH
from streamrnn.errors import ConfigError, UnsupportedError
from streamrnn.frontends.framing import framing_of
from streamrnn.model import Model
from streamrnn.serve.models import sound_of, warm
from streamrnn.serve.pipecat import given
from streamrnn.serve.pipecat.sound import WIDTH, samples

SHORTEST = 0.02
"""Seconds that are looked at at once, at least: frames of Pipecat's transports."""
RESET_AFTER = 2.0
"""Seconds between two resets of a network of voice, as Pipecat's `SileroVADAnalyzer` has it."""
LOW, LOW_FOR = 0.1, 0.16
"""Confidence below which it is quiet beyond doubt, and seconds that it must be so, likewise."""
_QUIET = ("silence", "_silence_")


class StreamRNNVADAnalyzer(VADAnalyzer):
    """Pipecat's voice activity, of any model that tells a probability of speech.

    The stream is opened at whatever rate the pipeline has, 8,000 to 192,000 Hz, and anew when
    that changes. What is looked at at once are steps of the model that last 20 ms or more: with
    `silero_vad.onnx` at 16 kHz it has, to the bit, the confidence of Pipecat's own analyzer.

    Args:
        model: of sound, whose predictions have probabilities.
        label: whose probability is that of speech; None: `speech`, where the model has it.
        quiet: labels, or the one, whose probabilities, taken from 1, are that of speech, for
            models without such a label. By default the quiet label of the model's decoder, or its
            label `silence` or `_silence_`.
        sample_rate: Hz; None: the pipeline's.
        params: Pipecat's, as they are; None: its defaults but `min_volume=0.0`. Its own 0.6 lets
            no quiet voice through, however sure the model is of it.
        reset_after: seconds of sound after which the stream is made fresh, once Pipecat's state
            is quiet and the confidence was below 0.1 for 0.16 s; None: never. By default 2 s for
            models whose decoder is of voice: such networks (Silero's) drift. Never for others:
            they are trained to go on, or their own decoder resets them.

    Raises:
        UnsupportedError: the model hears no sound, or tells no probability of speech.
        ConfigError: no model but a name; an unknown label, or one of speech and others of quiet;
            a time or rate that cannot be.
    """

    def __init__(
        self,
        model: Model,
        *,
        label: str | None = None,
        quiet: Iterable[str] | None = None,
        sample_rate: int | None = None,
        params: VADParams | None = None,
        reset_after: float | Literal["default"] | None = "default",
    ) -> None:
        self._framing = framing_of(sound_of(model))
        self._speech, self._columns = _columns(model, label, quiet)
        if reset_after == "default":
            of_voice = isinstance(model.config.decoder, VoiceConfig)
            reset_after = RESET_AFTER if of_voice else None
        never = reset_after is None
        self._reset_after = None if never else given.seconds("reset_after", reset_after)
        warm(model)
        self._model = model
        self._open(sample_rate)
        super().__init__(sample_rate=sample_rate, params=params or VADParams(min_volume=0.0))

    def set_sample_rate(self, sample_rate: int) -> None:
        """Begin a stream at a rate, in Hz; that of the constructor goes before.

        Raises:
            ConfigError: a rate that no stream has.
        """
        self._open(self._init_sample_rate or sample_rate)
        super().set_sample_rate(sample_rate)

    def num_frames_required(self) -> int:
        """How many samples are looked at at once: some of the model's steps, 20 ms or more."""
        rate, step = self._framing.sample_rate, self._framing.step
        steps = math.ceil(SHORTEST * rate / step)
        return max(1, steps * step * (self.sample_rate or rate) // rate)

    def voice_confidence(self, buffer: bytes) -> float:
        """How sure it is that there is speech at the end of the next samples.

        Args:
            buffer: whole 16-bit samples of one channel; any number of them.

        Returns:
            0 to 1; what it was before, where the samples complete no step.

        Raises:
            ShapeError: an odd number of bytes.
        """
        sound = samples(buffer)
        said = self._stream.feed(sound)
        if len(said):
            probabilities = said.probabilities
            assert probabilities is not None  # as `_columns` saw
            # One by one: a reduction of numpy's adds in an order of its own.
            told = sum(probabilities.item(-1, column) for column in self._columns)
            self._confidence = told if self._speech else max(0.0, 1.0 - told)
        self._count(len(sound))
        return self._confidence

    async def analyze_audio(self, buffer: bytes) -> VADState:
        """Look at a frame's bytes; half a sample at its end is dropped.

        Pipecat joins the bytes of frames: one too many would turn all that follow into noise.
        """
        return await super().analyze_audio(buffer[: len(buffer) // WIDTH * WIDTH])

    def _open(self, rate: int | None) -> None:
        self._stream = self._model.stream(rate=rate)
        self._confidence, self._since, self._low = 0.0, 0, 0

    def _count(self, count: int) -> None:
        """Count samples; make the stream fresh where that is due."""
        if self._reset_after is None:
            return
        rate = self.sample_rate or self._framing.sample_rate
        self._since += count
        self._low = self._low + count if self._confidence < LOW else 0
        due = self._since >= self._reset_after * rate and self._low >= LOW_FOR * rate
        if due and self._vad_state is VADState.QUIET:
            self._stream.reset()
            self._since = 0


def _columns(
    model: Model, label: str | None, quiet: Iterable[str] | None
) -> tuple[bool, list[int]]:
    """Whether a model tells speech itself, and which of its labels tell it, or its absence."""
    known, decoder = model.labels, model.config.decoder
    if label is not None and quiet is not None:
        raise ConfigError("expected a label of speech or those of quiet, got both; leave one out")
    if label is None and quiet is None and SPEECH in known:
        label = SPEECH
    if label is not None:
        given.labels("label", label, known)
        return True, [known.index(label)]
    if quiet is None and isinstance(decoder, DetectConfig) and decoder.quiet:
        quiet = decoder.quiet
    if quiet is None:
        quiet = [name for name in _QUIET if name in known]
        if not quiet:
            raise UnsupportedError(
                f"{model.name}: expected a model with a label {SPEECH!r}, or one of quiet, got "
                f"{', '.join(known) or 'no labels'}; say with quiet=… which of them mean no speech"
            )
    return False, [known.index(name) for name in given.labels("quiet", quiet, known)]
