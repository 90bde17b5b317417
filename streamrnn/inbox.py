"""Chunks from threads that must not wait, for one who takes them in its own time."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, suppress
from typing import Any, NamedTuple, final

import numpy as np

from streamrnn.errors import ConfigError, DtypeError, StreamClosedError
from streamrnn.frontends.base import describe, is_array

MOST = 160_000
"""Samples that wait at most: ten seconds of sound at 16 kHz."""


class Part(NamedTuple):
    """What comes out of an inbox."""

    chunk: Any
    """As it was put, or silence."""
    heard: bool
    """Whether it was put; silence only stands in for what was lost."""


@final
class Inbox:
    """Chunks from threads that must not wait, for one who takes them in its own time.

    Iterate it, in asyncio or in a thread, for the chunks in order; it ends once it is closed and
    empty. A chunk that would make more than `most` samples wait is lost, and so is every further
    one until there is room again. Of sound, silence takes its place, in pieces of at most `most`
    samples, before the next chunk or the end; it takes no room, and `parts` tells it from what was
    put. Of what is no sound, the loss is counted alone.

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
        self._parts: deque[Part] = deque()
        self._silence: Any = None  # a sample of it, as the last chunk's that was kept
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
            DtypeError: the chunk has no length.
        """
        if not isinstance(chunk, str | bytes) and not (is_array(chunk) and chunk.ndim):
            raise DtypeError(
                f"chunk: expected an array, str or bytes, got {describe(chunk)}; convert "
                "it first, as `Stream.feed` takes it"
            )
        with self._ready:
            if self._closed:
                raise StreamClosedError("put: expected an open inbox, got one that was closed")
            count = len(chunk)
            if not count:  # it would take no room, however many came
                return True
            room = self._waiting + count <= self._most
            if is_array(chunk) and (room or self._silence is None):
                self._silence = np.zeros((1, *chunk.shape[1:]), chunk.dtype)
            if not room:
                self.lost += count
                self._gap += count
                return False
            self._fill()
            self._parts.append(Part(chunk.copy() if is_array(chunk) else chunk, heard=True))
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
        part = self._next()
        return None if part is None else part.chunk

    def parts(self) -> Iterator[Part]:
        """Chunks and silence, told apart; the iterator waits for each."""
        while (part := self._next()) is not None:
            yield part

    async def coming(self) -> AsyncGenerator[Part]:
        """The same in asyncio."""
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
                    part, ended = self._taken(), self._closed and not self._parts
                if part is not None:
                    yield part
                elif ended:
                    return
                else:
                    await woken.wait()
        finally:
            with self._ready:
                self._woken.remove(wake)

    def __iter__(self) -> Iterator[Any]:
        for part in self.parts():
            yield part.chunk

    async def __aiter__(self) -> AsyncIterator[Any]:
        async with aclosing(self.coming()) as parts:
            async for part in parts:
                yield part.chunk

    def _next(self) -> Part | None:
        with self._ready:
            self._ready.wait_for(lambda: self._parts or self._closed)
            return self._taken()

    def _taken(self) -> Part | None:
        if not self._parts:
            return None
        part = self._parts.popleft()
        if part.heard:
            self._waiting -= len(part.chunk)
            return part
        silence, count = part.chunk
        if count > self._most:
            self._parts.appendleft(Part((silence, count - self._most), heard=False))
        return Part(silence.repeat(min(count, self._most), axis=0), heard=False)

    def _fill(self) -> None:
        """Let silence stand where sound was lost: one sample of it, and how many they are."""
        if self._gap and self._sound and self._silence is not None:
            self._parts.append(Part((self._silence, self._gap), heard=False))
        self._gap = 0

    def _wake(self) -> None:
        self._ready.notify_all()
        for wake in self._woken:
            wake()
