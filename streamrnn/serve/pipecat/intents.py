"""What a Pipecat user asks for, known while it is still transcribed."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pipecat.frames.frames import (
    DataFrame,
    EagerTranscriptionFrame,
    Frame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
)

from streamrnn.errors import DtypeError
from streamrnn.model import Model, expect_model
from streamrnn.serve.pipecat.latest import Latest
from streamrnn.serve.pipecat.listening import ListeningProcessor
from streamrnn.tasks.intents.entities import entities as home_entities
from streamrnn.tasks.intents.utterance import WORDS, Utterance

Entities = Mapping[str, str | float]
"""What a sentence speaks of, by name."""
_Early = InterimTranscriptionFrame | EagerTranscriptionFrame


@dataclass
class IntentFrame(DataFrame):
    """What a user asks for: once it is decided, and for each final text that has words.

    A data frame, as transcriptions are: it keeps its place among them, before the one that it was
    read off. No interruption drops it; it may be the user's very words that interrupt.
    """

    label: str
    """The intent, a label of the model; "" where a final text has no words."""
    score: float
    """How sure, 0 to 1."""
    text: str
    """The text that it was read off, as far as it came."""
    entities: Entities = field(default_factory=dict[str, str | float])
    """What a final text speaks of, by name."""
    final: bool = False
    """Whether the text was final; one without words is told only to take something back."""
    contradicts: str = ""
    """The label that an earlier frame told of the same utterance, and which this one takes back."""
    user_id: str = ""
    """Whose words."""
    interruptible: bool = field(default=False, init=False)

    def __str__(self) -> str:
        state = "final" if self.final else "interim"
        return f"{self.name}({self.label} {self.score:.2f}, {state} text: [{self.text}])"


@dataclass
class _User:
    """What one user says."""

    utterance: Utterance
    told: str = ""
    """The intent that was told last of the utterance."""


class IntentProcessor(ListeningProcessor):
    """Pushes `IntentFrame`s for what is transcribed, each before the transcription it comes of.

    Interim texts, eager ones too, are read word by word, and go on where the last one ended or was
    revised. Once the model has decided, that is told; once more only where a revised text decides
    otherwise. A final text that has words is always told, with the label of its last word, that of
    `Model.predict` on the text, and with what it speaks of. Where it is not what was told before,
    `contradicts` says what that was: whoever acted on it takes it back. So who wants to be quick
    takes the first frame, and who wants to be sure takes the final one.

    A recogniser that ends its texts within a user's turn gives an intent for each: `set a timer`,
    `for ten minutes`. They are not joined, for one turn may hold two commands, and what tells of
    turns comes behind this processor: let such a recogniser wait longer.

    Args:
        model: of text, whose decoder decides; `intents`.
        entities: called with a final text and its label, in a thread; None: nothing is looked
            for. By default `streamrnn.tasks.intents.entities.entities`, for Home Assistant's
            intents, whose templates are read at once.
        options: of Pipecat's `FrameProcessor`.

    Raises:
        ConfigError: no model but a name.
        UnsupportedError: the model reads no text, or decides nothing.
    """

    kinds: ClassVar = (InterimTranscriptionFrame, EagerTranscriptionFrame, TranscriptionFrame)

    def __init__(
        self,
        model: Model,
        *,
        entities: Callable[[str, str], Entities] | None = home_entities,
        **options: Any,
    ) -> None:
        # Not at the first word: other models are refused, kernels and templates made ready.
        expect_model(model)
        first = Utterance(model)
        for _ in first.revise("a b "):
            pass
        first.end()
        if entities is home_entities:
            for label in model.labels:
                home_entities("a b", label)
        super().__init__(**options)
        self._model, self._entities = model, entities
        self._users: Latest[_User] = Latest()

    async def listen(self, frame: Frame) -> None:
        """Take a frame; of a transcription, tell what it asks for."""
        if isinstance(frame, TranscriptionFrame):
            await self._read_final(frame)
        elif isinstance(frame, _Early):
            await self._read_early(frame)

    def forget(self) -> None:
        """Begin anew with everybody."""
        self._users.clear()

    async def _read_early(self, frame: _Early) -> None:
        user = await self._read(frame)
        decided = user.utterance.decided
        if decided is None:
            return
        said = decided.said
        label = said.label or ""
        if label != user.told:
            before, user.told = user.told, label
            await self.push_frame(
                IntentFrame(
                    label,
                    said.score or 0.0,
                    frame.text,
                    contradicts=before,
                    user_id=frame.user_id,
                )
            )

    async def _read_final(self, frame: TranscriptionFrame) -> None:
        user = await self._read(frame)
        last = user.utterance.end()
        before, user.told = user.told, ""
        if last is None and not before:
            return
        label = (last and last.said.label) or ""
        await self.push_frame(
            IntentFrame(
                label,
                (last and last.said.score) or 0.0,
                frame.text,
                entities=await self._spoken_of(frame.text, label),
                final=True,
                contradicts="" if before == label else before,
                user_id=frame.user_id,
            )
        )

    async def _read(self, frame: _Early | TranscriptionFrame) -> _User:
        text: Any = frame.text  # whatever a recogniser put there
        if not isinstance(text, str):
            raise DtypeError(f"text: expected str, got {type(text).__name__}")
        user = self._users.get(frame.user_id)
        if user is None:
            user = self._users[frame.user_id] = _User(Utterance(self._model))
        for word, _ in enumerate(user.utterance.revise(text), 1):
            if word % WORDS == 0:  # some 0.3 ms of work
                await asyncio.sleep(0)
        return user

    async def _spoken_of(self, text: str, label: str) -> Entities:
        """What a text speaks of; nothing where that fails, for the intent is known all the same."""
        if self._entities is None or not label:
            return {}
        try:
            return await asyncio.to_thread(self._entities, text, label)
        except Exception as error:  # the caller's own function
            await self.push_error(f"entities of {label}: {error}", error)
            return {}
