"""Wake words in a Pipecat pipeline's sound."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from pipecat.frames.frames import Frame, InputAudioRawFrame, SystemFrame, UserAudioRawFrame

from streamrnn.aio import PIECE
from streamrnn.model import Model
from streamrnn.predictions import Predictions
from streamrnn.serve.models import wake_words_of, warm
from streamrnn.serve.pipecat import given
from streamrnn.serve.pipecat.latest import Latest
from streamrnn.serve.pipecat.listening import ListeningProcessor
from streamrnn.serve.pipecat.sound import samples
from streamrnn.stream import Stream


@dataclass
class WakeWordFrame(SystemFrame):
    """A word was heard.

    A system frame, as the sound is that it was heard in: it keeps its place among that, and the
    interruption that it is to bring about does not drop it.
    """

    label: str
    """The word, a label of the model. (`name` is the frame's own, as of every frame.)"""
    position: int
    """When: how many samples of the stream had arrived, at the rate of the frames."""
    time: float
    """The same in seconds."""
    score: float
    """How sure, 0 to 1."""
    user_id: str = ""
    """Who said it, where the frames tell that; else ""."""

    def __str__(self) -> str:
        return f"{self.name}({self.label} {self.score:.2f}, at {self.time:.2f} s)"


class WakeWordProcessor(ListeningProcessor):
    """Pushes a `WakeWordFrame` for each word that is detected in a pipeline's sound.

    Every user has a stream of its own, which begins with the session, and anew where its rate or
    number of channels changes. Detections are those of `Model.predict` on the same samples, at
    the same positions, however frames cut them; long frames are fed in pieces, with the event
    loop's turn in between.

    Args:
        model: of sound, whose decoder detects.
        names: the labels to tell, or the one; None: all that the model detects.
        options: of Pipecat's `FrameProcessor`.

    Raises:
        UnsupportedError: the model hears no sound, or detects nothing.
        ConfigError: no model but a name, no names, or one that the model does not detect.
    """

    kinds: ClassVar = (InputAudioRawFrame,)

    def __init__(self, model: Model, *, names: Iterable[str] | None = None, **options: Any) -> None:
        detected = wake_words_of(model)
        named = detected if names is None else given.labels("names", names, detected)
        self._names = frozenset(named)
        warm(model)
        super().__init__(**options)
        self._model = model
        self._streams: Latest[Stream] = Latest()

    async def listen(self, frame: Frame) -> None:
        """Take a frame; of sound, tell what is detected in it."""
        assert isinstance(frame, InputAudioRawFrame)
        user = frame.user_id if isinstance(frame, UserAudioRawFrame) else ""
        sound = samples(frame.audio, frame.num_channels)
        if not len(sound):
            return
        stream = await self._stream(user, frame.sample_rate, frame.num_channels)
        for first in range(0, len(sound), PIECE):
            if first:
                await asyncio.sleep(0)
            await self._tell(user, stream, stream.feed(sound[first : first + PIECE]))

    async def finish(self) -> None:
        """Tell what the ends of the streams still bring."""
        for user, stream in self._streams.items():
            await self._tell(user, stream, stream.flush())

    def forget(self) -> None:
        """Begin every stream anew."""
        self._streams.clear()

    async def _stream(self, user: str, rate: int, channels: int) -> Stream:
        """A user's stream; one of another form ends here."""
        stream = self._streams.get(user)
        if stream is not None and stream.options == {"rate": rate, "channels": channels}:
            return stream
        fresh = self._model.stream(rate=rate, channels=channels)
        if stream is not None:
            await self._tell(user, stream, stream.flush())
        self._streams[user] = fresh
        return fresh

    async def _tell(self, user: str, stream: Stream, said: Predictions) -> None:
        rate = stream.options["rate"]
        assert isinstance(rate, int)  # of sound
        for event in said.happened:
            if event.kind == "detected" and event.label in self._names:
                at = event.position
                await self.push_frame(
                    WakeWordFrame(event.label, at, at / rate, event.score, user_id=user)
                )
