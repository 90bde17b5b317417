"""Streams inside an event loop, and streams that are fed by threads that must not wait.

`predictions` takes chunks and gives predictions in asyncio; `Listener` takes chunks from any
thread, an audio callback for one, and calls back. `Inbox` stands between who must not wait and who
may be late: it holds a bounded number of samples, and what is too much is lost and counted, the
newest first; of sound, silence of the same length stands in, so that positions stay the source's.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Iterator,
)
from contextlib import aclosing, suppress
from typing import Any, Literal, Self

import numpy as np

from streamrnn.errors import ConfigError, StreamClosedError
from streamrnn.frontends.base import is_array
from streamrnn.model import Model
from streamrnn.predictions import Prediction
from streamrnn.stream import Stream

PIECE = 4_000
"""Samples of sound that are fed between two looks at the event loop: some 0.3 ms of work."""
FEW = 64
"""Frames, fixes or characters, likewise."""
MOST = 160_000
"""Samples that wait at most: ten seconds of sound at 16 kHz."""


async def predictions(
    model: Model,
    chunks: AsyncIterable[Any] | Iterable[Any],
    *,
    state: bytes | None = None,
    rate: int | None = None,
    channels: int | None = None,
    errors: Literal["strict", "replace"] | None = None,
) -> AsyncGenerator[Prediction]:
    """The predictions of chunks as they come, and of what is retained at their end.

    Nothing is queued: the next chunk is asked for once everything that the last one made known was
    taken, so who takes slowly slows the source; put an `Inbox` between where that must not be.
    A long chunk is fed piece by piece, with the loop's turn in between. There are no threads and
    no tasks: who cancels, or leaves the loop, leaves nothing running, and the chunks are closed.

    Args:
        model: that listens.
        chunks: as `Stream.feed` takes them.
        state: as in `Model.stream`.
        rate: likewise.
        channels: likewise.
        errors: likewise.

    Raises:
        InputError: a chunk is refused; what came before it has been given.
        StateError, ConfigError: as `Model.stream`.

    Example:
        async for p in streamrnn.aio.predictions(model, microphone, rate=16_000):
            print(p.time, p.label)
    """
    stream = model.stream(state=state, rate=rate, channels=channels, errors=errors)
    async with aclosing(_each(chunks)) as coming:
        async for chunk in coming:
            for piece in _pieces(stream, chunk):
                for said in stream.feed(piece):
                    yield said
                await asyncio.sleep(0)
    for said in stream.flush():
        yield said


async def _each(chunks: AsyncIterable[Any] | Iterable[Any]) -> AsyncGenerator[Any]:
    """Chunks of either kind of iterable, which is closed in the end."""
    if not isinstance(chunks, AsyncIterable):
        for chunk in chunks:
            yield chunk
        return
    coming = aiter(chunks)
    try:
        async for chunk in coming:
            yield chunk
    finally:
        close = getattr(coming, "aclose", None)
        if close is not None:
            await close()


def _pieces(stream: Stream, chunk: Any) -> Iterable[Any]:
    """A chunk, cut where it is long; what has no length is fed as it is, and refused."""
    most = PIECE if "rate" in stream.options else FEW
    count = len(chunk) if isinstance(chunk, str | bytes) or (is_array(chunk) and chunk.ndim) else 0
    if count <= most:
        return (chunk,)
    return (chunk[first : first + most] for first in range(0, count, most))


class Inbox:
    """Chunks from threads that must not wait, for one who takes them in its own time.

    Iterate it, in asyncio or in a thread, for the chunks in order; it ends once it is closed and
    empty. A chunk that would make more than `most` samples wait is lost, and so is every further
    one until there is room again. Of sound, silence takes its place, in pieces of at most `most`
    samples, before the next chunk or the end; of what is no sound, the loss is counted alone.

    Args:
        most: samples, fixes, characters or frames that wait at most.
        sound: whether the chunks are of sound.

    Raises:
        ConfigError: fewer than 1 may wait.
    """

    def __init__(self, most: int = MOST, *, sound: bool = True) -> None:
        if most < 1:
            raise ConfigError(f"most: expected 1 or more samples that wait, got {most}")
        self.lost = 0
        """Samples that were lost so far."""
        self._most, self._sound = most, sound
        self._chunks: deque[Any] = deque()
        self._silence: Any = None  # a sample of it, as the last chunk's
        self._waiting, self._gap, self._closed = 0, 0, False
        self._ready = threading.Condition()
        self._woken: list[Callable[[], object]] = []

    def put(self, chunk: Any) -> bool:
        """Leave a copy of a chunk, from any thread; never waits.

        Args:
            chunk: as `Stream.feed` takes it.

        Returns:
            Whether there was room.

        Raises:
            StreamClosedError: it is closed.
        """
        with self._ready:
            if self._closed:
                raise StreamClosedError("put: expected an open inbox, got one that was closed")
            count = len(chunk)
            if is_array(chunk):
                self._silence = np.zeros((1, *chunk.shape[1:]), chunk.dtype)
            if self._waiting + count > self._most:
                self.lost += count
                self._gap += count
                return False
            self._fill()
            self._chunks.append(chunk.copy() if is_array(chunk) else chunk)
            self._waiting += count
            self._wake()
        return True

    def close(self) -> None:
        """Nothing comes any more; what waits can still be taken."""
        with self._ready:
            self._fill()
            self._closed = True
            self._wake()

    def take(self) -> Any:
        """The next chunk, once there is one; None: there will be none any more."""
        with self._ready:
            self._ready.wait_for(lambda: self._chunks or self._closed)
            return self._taken()

    def __iter__(self) -> Iterator[Any]:
        while (chunk := self.take()) is not None:
            yield chunk

    async def __aiter__(self) -> AsyncIterator[Any]:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # a loop that ended wakes nobody
                loop.call_soon_threadsafe(woken.set)

        with self._ready:
            self._woken.append(wake)
        try:
            while True:
                with self._ready:
                    woken.clear()
                    chunk, ended = self._taken(), self._closed and not self._chunks
                if chunk is not None:
                    yield chunk
                elif ended:
                    return
                else:
                    await woken.wait()
        finally:
            with self._ready:
                self._woken.remove(wake)

    def _taken(self) -> Any:
        if not self._chunks:
            return None
        chunk = self._chunks.popleft()
        self._waiting -= len(chunk)
        return chunk

    def _fill(self) -> None:
        """Put silence where sound was lost; it may be longer than there is room."""
        while self._gap and self._sound and self._silence is not None:
            count = min(self._gap, self._most)
            self._chunks.append(self._silence.repeat(count, axis=0))
            self._waiting += count
            self._gap -= count
        self._gap = 0

    def _wake(self) -> None:
        self._ready.notify_all()
        for wake in self._woken:
            wake()


class Listener:
    """A stream with a thread of its own: chunks come from any thread, predictions are called back.

    A context that ends it. `put` never waits; see `Inbox` for what is too much.

    Args:
        model: that listens.
        tell: called with each prediction, on the listener's thread.
        most: samples that wait at most.
        failed: called once, on that thread, where a chunk is refused or `tell` raises; then
            nothing more is told. By default the error is raised by `close`.
        options: of `Model.stream`.

    Raises:
        StateError, ConfigError: as `Model.stream`.

    Example:
        with streamrnn.aio.Listener(model, print, rate=16_000) as listener:
            sounddevice.InputStream(callback=lambda data, *_: listener.put(data)) …
    """

    def __init__(
        self,
        model: Model,
        tell: Callable[[Prediction], object],
        *,
        most: int = MOST,
        failed: Callable[[Exception], object] | None = None,
        **options: Any,
    ) -> None:
        self._stream = model.stream(**options)
        self._tell, self._failed = tell, failed
        self._inbox = Inbox(most, sound="rate" in self._stream.options)
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """Samples that were lost so far."""
        return self._inbox.lost

    def put(self, chunk: Any) -> bool:
        """Leave a copy of a chunk; see `Inbox.put`."""
        return self._inbox.put(chunk)

    def close(self) -> None:
        """Tell all that waits, and the tail; then the thread has ended.

        Raises:
            InputError, or whatever `tell` raised: what ended it before, and nobody was told.
        """
        self._inbox.close()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _run(self) -> None:
        try:
            for chunk in self._inbox:
                for said in self._stream.feed(chunk):
                    self._tell(said)
            for said in self._stream.flush():
                self._tell(said)
        except Exception as error:  # of the chunk, or of whoever is told
            self._inbox.close()
            if self._failed is None:
                self._error = error
            else:
                self._failed(error)
