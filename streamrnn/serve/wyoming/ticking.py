"""A pool inside an event loop: clients feed on the loop, a thread of its own ticks for all of them.

While a tick runs the loop goes on; all that is fed meanwhile waits for one next tick. Whatever
takes the pool's turn (open, flush, close) runs in that thread too, one after the other.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from numpy.typing import NDArray

from streamrnn.decoded import Event
from streamrnn.frontend_config import SoundConfig
from streamrnn.frontends.framing import framing_of
from streamrnn.model import Model
from streamrnn.pool import PooledStream

AHEAD = 0.25
"""Seconds of sound that may wait of one client before it waits itself. So what one sends at once,
a file say, delays the others by no more than the milliseconds that this much of it takes."""
Tell = Callable[[Event], object]
"""Is called on the loop with each event of a stream."""
Given = TypeVar("Given")


class TickingPool:
    """Streams of sound of one model, for the event loop that runs when it is made.

    Args:
        model: whose decoder tells events.
        sound: its front end.
        capacity: streams that may be open at a time.
        failed: is told, on the loop, why a tick failed or a network refused what it was fed; the
            streams concerned are closed.
    """

    def __init__(
        self,
        model: Model,
        sound: SoundConfig,
        capacity: int,
        failed: Callable[[Exception], object],
    ) -> None:
        framing = framing_of(sound)
        self._most = max(1, round(AHEAD * framing.sample_rate / framing.step))
        self._pool = model.pool(capacity)
        self._failed = failed
        self._told: dict[PooledStream, Tell] = {}
        self._thread = ThreadPoolExecutor(1, f"ticks of {model.name}")
        self._loop = asyncio.get_running_loop()
        self._wanted, self._ticked = asyncio.Event(), asyncio.Condition()
        self._begun = self._done = 0
        self._task = self._loop.create_task(self._run())

    def __len__(self) -> int:
        """How many streams are open."""
        return len(self._pool)

    async def open(self, rate: int, channels: int, tell: Tell) -> PooledStream:
        """Open a stream.

        Args:
            rate: samples a second.
            channels: of each chunk.
            tell: what is called with its events.

        Raises:
            PoolFullError: as many are open as the pool holds.
        """
        stream = await self._in_thread(lambda: self._pool.open(rate=rate, channels=channels))
        self._told[stream] = tell
        return stream

    async def feed(self, stream: PooledStream, samples: NDArray[Any]) -> None:
        """Feed samples, and wait where they come faster than they can be worked on.

        Args:
            stream: that `open` gave.
            samples: (n, channels), int16 or float32; of a long chunk, a piece.

        Raises:
            InputError: samples are refused.
            StreamClosedError: a tick failed, or its network refused what waited: it is closed.
        """
        stream.feed(samples)
        self._wanted.set()
        if stream.waiting > self._most:
            async with self._ticked:
                await self._ticked.wait_for(lambda: stream.waiting <= self._most)

    async def settle(self) -> None:
        """Wait until all that was fed by now is worked on, and told."""
        self._wanted.set()
        last = self._begun + 1
        async with self._ticked:
            await self._ticked.wait_for(lambda: self._done >= last)

    async def end(self, stream: PooledStream) -> None:
        """Tell all that is known of a stream, its tail too; then it is closed.

        Raises:
            InputError: its network refuses the tail.
            StreamClosedError: a tick failed, or its network refused what waited.
        """
        try:
            await self._in_thread(lambda: self._end(stream))
        finally:
            await self.close(stream)

    async def close(self, stream: PooledStream) -> None:
        """Close a stream; what waits is dropped, and nothing more is told."""
        if self._told.pop(stream, None) is not None:
            await self._in_thread(stream.close)

    async def stop(self) -> None:
        """Close all streams, and end the thread."""
        self._told.clear()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._in_thread(self._pool.close)
        self._thread.shutdown()

    async def _run(self) -> None:
        """One tick after the other, as long as somebody was fed."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self._begun += 1
            await self._in_thread(self._tick)
            self._done = self._begun
            async with self._ticked:
                self._ticked.notify_all()

    async def _in_thread(self, call: Callable[[], Given]) -> Given:
        return await self._loop.run_in_executor(self._thread, call)

    def _tick(self) -> None:
        try:
            ready = self._pool.tick()
            told = [(stream, list(said.happened)) for stream, said in ready.items()]
            for error in ready.refused.values():
                self._loop.call_soon_threadsafe(self._failed, error)
        except Exception as error:  # of an engine, or of memory; the next tick may do better
            self._loop.call_soon_threadsafe(self._failed, error)
            return
        for stream, events in told:
            self._hand_out(stream, events)

    def _end(self, stream: PooledStream) -> None:
        self._tick()
        self._hand_out(stream, list(stream.flush().happened))

    def _hand_out(self, stream: PooledStream, events: list[Event]) -> None:
        """Tell events on the loop, in the order in which they are handed out."""
        if events:
            self._loop.call_soon_threadsafe(self._tell, stream, events)

    def _tell(self, stream: PooledStream, events: list[Event]) -> None:
        for event in events:
            tell = self._told.get(stream)
            if tell is not None:
                tell(event)
