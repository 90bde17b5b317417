"""Turns of a Pipecat user that begin with a wake word, heard and not read."""

import time
from collections.abc import Iterable
from typing import Any, cast

from pipecat.frames.frames import (
    BotSpeakingFrame,
    Frame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
    UserSpeakingFrame,
    VADUserStartedSpeakingFrame,
)
from pipecat.turns.types import ProcessFrameResult
from pipecat.turns.user_start.base_user_turn_start_strategy import BaseUserTurnStartStrategy
from pipecat.utils.base_object import BaseObject

from streamrnn.serve.pipecat import given
from streamrnn.serve.pipecat.wake import WakeWordFrame

_ACTIVITY = (
    BotSpeakingFrame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
    UserSpeakingFrame,
    VADUserStartedSpeakingFrame,
)


class WakeWordUserTurnStartStrategy(BaseUserTurnStartStrategy):
    """Begins the user's turn at a `WakeWordFrame`, and lets nothing else begin one while asleep.

    It goes first in the list of start strategies. Asleep, it keeps frames from the strategies
    after it, and what is transcribed meanwhile from the bot. A wake word begins a turn at once;
    from then on the others begin turns too, until for `timeout` seconds neither user nor bot
    spoke. It never falls asleep within a turn, which would lose what the user said in it.

    Pipecat's `WakePhraseUserTurnStartStrategy` is its sibling, which waits for a transcription.

    Events, for `event_handler`:
        on_wake_word_detected: with the strategy and the `WakeWordFrame`.
        on_wake_word_timeout: with the strategy, once it is asleep again; told with the next frame
            of whatever kind, which sound brings every few milliseconds.

    Args:
        names: labels that wake it, or the one; None: whatever a `WakeWordFrame` names.
        timeout: seconds until it must be woken anew, 0 or more.
        single_activation: that time begins with the wake word, and no activity extends it.
        options: of Pipecat's `BaseUserTurnStartStrategy`: `enable_interruptions`, …

    Raises:
        ConfigError: a timeout that is none, or no names.
    """

    def __init__(
        self,
        *,
        names: Iterable[str] | None = None,
        timeout: float = 10.0,
        single_activation: bool = False,
        **options: Any,
    ) -> None:
        self._timeout = given.seconds("timeout", timeout, zero=True)
        self._names = None if names is None else frozenset(given.labels("names", names))
        cast(Any, super()).__init__(**options)  # typed in part
        self._single = single_activation
        self._woken = self._turn = False
        self._until = 0.0
        self._register_event_handler("on_wake_word_detected")
        self._register_event_handler("on_wake_word_timeout")

    @property
    def awake(self) -> bool:
        """Whether others may begin turns."""
        return self._turn or (self._woken and time.monotonic() < self._until)

    async def process_frame(self, frame: Frame) -> ProcessFrameResult:
        """Look at a frame.

        Returns:
            STOP at a wake word, and for every frame while asleep; else CONTINUE.
        """
        await super().process_frame(frame)
        if isinstance(frame, WakeWordFrame) and self._wakes(frame):
            self._woken = True
            self._stay()
            await self._call("on_wake_word_detected", frame)
            await self.trigger_user_turn_started()
            return ProcessFrameResult.STOP
        if self.awake:
            if isinstance(frame, _ACTIVITY) and not self._single:
                self._stay()
            return ProcessFrameResult.CONTINUE
        if self._woken:
            self._woken = False
            await self._call("on_wake_word_timeout")
        if isinstance(frame, TranscriptionFrame):
            await self.trigger_reset_aggregation()
        return ProcessFrameResult.STOP

    async def handle_user_turn_started(self) -> None:
        """Stay awake for the turn, whoever began it."""
        await super().handle_user_turn_started()
        self._turn = True

    async def handle_user_turn_stopped(self) -> None:
        """Count from here on, unless the wake word alone counts."""
        await super().handle_user_turn_stopped()
        self._turn = False
        if not self._single:
            self._stay()

    async def cleanup(self) -> None:
        """Wait for event handlers that still run, as other objects of Pipecat's do."""
        await super().cleanup()
        await BaseObject.cleanup(self)

    async def _call(self, event: str, *given: Any) -> None:
        await cast(Any, self)._call_event_handler(event, *given)  # typed in part

    def _wakes(self, frame: WakeWordFrame) -> bool:
        return self._names is None or frame.label in self._names

    def _stay(self) -> None:
        self._until = time.monotonic() + self._timeout
