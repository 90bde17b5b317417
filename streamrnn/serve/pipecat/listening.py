"""A Pipecat processor that passes every frame on, and listens to some while a session runs."""

import asyncio
from abc import abstractmethod
from typing import Any, ClassVar, cast

from pipecat.frames.frames import CancelFrame, EndFrame, Frame, StartFrame, StopFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from streamrnn.errors import StreamRNNError


class ListeningProcessor(FrameProcessor):
    """Listens to frames that go downstream, from a start until an end, a stop or a cancellation.

    What it says goes before the frame that it was said at, so whoever comes next can act before
    that frame does. What it does not listen to waits for nothing. A frame that is refused is told
    by an `ErrorFrame` and passed on like any other; what came before it stands. An interruption
    stops the bot and not the user: whoever listens to the user listens on.

    Args:
        options: of `FrameProcessor`: `name`, …
    """

    kinds: ClassVar[tuple[type[Frame], ...]]
    """The frames that are listened to, one at a time."""

    def __init__(self, **options: Any) -> None:
        cast(Any, super()).__init__(**options)  # typed in part
        self._listening = False
        # Pipecat gives system frames (sound) and others (the end) from two tasks.
        self._one = asyncio.Lock()

    @abstractmethod
    async def listen(self, frame: Frame) -> None:
        """Take a frame of `kinds`, of a session that runs."""

    async def finish(self) -> None:
        """Say what is still to be said at the end of a session; `forget` follows."""

    @abstractmethod
    def forget(self) -> None:
        """Be as new."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Listen to a frame, then pass it on."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            try:
                await self._heed(frame)
            except StreamRNNError as error:
                await self.push_error(str(error), error)
        await self.push_frame(frame, direction)

    async def _heed(self, frame: Frame) -> None:
        if isinstance(frame, StartFrame | CancelFrame):
            self._listening = isinstance(frame, StartFrame)
            self.forget()
            return
        if not isinstance(frame, (*self.kinds, EndFrame, StopFrame)):
            return
        async with self._one:
            if not self._listening:
                return
            if isinstance(frame, EndFrame | StopFrame):
                self._listening = False
                await self.finish()
                self.forget()
            else:
                await self.listen(frame)
