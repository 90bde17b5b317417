"""A true pipeline of Pipecat's that runs, and recorded sound to put into it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pipecat.frames.frames import EndFrame, ErrorFrame, Frame, InputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

from streamrnn.tasks.sounds.clips import read_mono

DEMOS = Path(__file__).parents[3] / "demos"
RATE = 16_000
PATIENCE = 30.0  # seconds until a test that waits for what never comes is given up

Sound = NDArray[np.int16]
Kind = TypeVar("Kind", bound=Frame)


def recorded(name: str) -> Sound:
    """A recording of the demos: `question` calls the computer, `utterance` nobody."""
    return (32767 * read_mono(DEMOS / f"{name}.flac", RATE)).astype(np.int16)


def called() -> Sound:
    """The computer called three times, and other words."""
    question = recorded("question")
    return np.concatenate([question, recorded("utterance"), question, question])


def silence(seconds: float) -> Sound:
    return np.zeros(int(seconds * RATE), np.int16)


def frames(sound: Sound, size: int = 320, rate: int = RATE) -> Iterator[InputAudioRawFrame]:
    """Sound in Pipecat's frames of so many samples."""
    channels = 1 if sound.ndim == 1 else sound.shape[1]
    for first in range(0, len(sound), size):
        yield InputAudioRawFrame(sound[first : first + size].tobytes(), rate, channels)


class _End(FrameProcessor):
    """One end of a pipeline, which keeps what arrives there, and tells that something did."""

    def __init__(self, direction: FrameDirection, kept: list[Frame], came: asyncio.Event) -> None:
        super().__init__(enable_direct_mode=True)
        self._direction, self._kept, self._came = direction, kept, came

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if direction is self._direction:
            self._kept.append(frame)
            self._came.set()
        await self.push_frame(frame, direction)


class Until(FrameProcessor):
    """Lets frames of some kinds go no further: ends of sessions, so that the pipeline runs on."""

    def __init__(self, *kinds: type[Frame]) -> None:
        super().__init__(enable_direct_mode=True)
        self._kinds = kinds

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, self._kinds):
            await self.push_frame(frame, direction)


class Bot:
    """A pipeline that runs."""

    def __init__(self, processors: Iterable[FrameProcessor], **options: Any) -> None:
        self.down: list[Frame] = []
        """Frames that reached its end."""
        self.up: list[Frame] = []
        """Frames that came back to its beginning."""
        self._came = asyncio.Event()
        self._first = _End(FrameDirection.UPSTREAM, self.up, self._came)
        last = _End(FrameDirection.DOWNSTREAM, self.down, self._came)
        self.worker = PipelineWorker(
            Pipeline([self._first, *processors, last]), idle_timeout_secs=None, **options
        )
        self.started = asyncio.Event()
        self.worker.add_event_handler("on_pipeline_started", lambda *_: self.started.set())

    async def push(self, *pushed: Frame) -> None:
        for frame in pushed:
            await self.worker.queue_frame(frame)

    async def slip(self, *pushed: Frame) -> None:
        """Push past the worker, which takes the end of a session for its own."""
        for frame in pushed:
            await self._first.push_frame(frame)

    async def until(self, true: Callable[[], Any]) -> None:
        """Wait for what is true once some frame has come to an end."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._came.clear()
                await self._came.wait()

    async def come(self, kind: type[Kind], count: int = 1) -> list[Kind]:
        """The frames of a kind at its end, once there are so many."""
        await self.until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [frame for frame in self.down if isinstance(frame, kind)]

    @property
    def errors(self) -> list[str]:
        return [frame.error for frame in self.up if isinstance(frame, ErrorFrame)]


@asynccontextmanager
async def running(*processors: FrameProcessor, **options: Any) -> AsyncIterator[Bot]:
    """A pipeline from its start to its end; nothing of it is left running."""
    before, bot = asyncio.all_tasks(), Bot(processors, **options)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(bot.worker)
    run = asyncio.create_task(runner.run())
    try:
        async with asyncio.timeout(PATIENCE):
            await bot.started.wait()
            yield bot
            if not bot.worker.has_finished():
                await bot.push(EndFrame())
            await run
    finally:
        if not run.done():
            await bot.worker.cancel()
    assert asyncio.all_tasks() == before


async def through(processors: Iterable[FrameProcessor], pushed: Iterable[Frame]) -> Bot:
    """Some frames through a pipeline, from start to end."""
    async with running(*processors) as bot:
        await bot.push(*pushed)
    return bot
