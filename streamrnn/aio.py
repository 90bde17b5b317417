"""Streams inside an event loop, and streams that are fed by threads that must not wait.

`predictions` takes chunks and gives predictions in asyncio; `Listener` takes chunks from any
thread, an audio callback for one, and calls back. `Inbox` stands between who must not wait and who
may be late: it holds a bounded number of samples, and what is too much is lost and counted, the
newest first; of sound, silence of the same length stands in, so that positions stay the source's.
Who is told slowly must be able to catch up: of steps that are such silence, both tell only those
at which something happened, and those of the end; of steps that are silence in part, a part. The
silence is fed all the same: where `Stream.feed` itself takes longer than the sound lasts, nobody
catches up.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Iterator
from contextlib import aclosing
from typing import Any, Literal, Self

from msgspec.structs import replace

from streamrnn.frontends.base import is_array
from streamrnn.inbox import MOST, Inbox, Part
from streamrnn.model import Model, expect_model
from streamrnn.predictions import Prediction
from streamrnn.stream import Stream

PIECE = 4_000
"""Samples of sound that are fed between two looks at the event loop: some 0.3 ms of work."""
FEW = 64
"""Frames, fixes or characters, likewise."""


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
    What their end itself ends, without a step (`Predictions.ended`), is told by the last step since
    the stream was opened, if there is one: it comes again, with these events alone.

    Args:
        model: that listens.
        chunks: as `Stream.feed` takes them, or an `Inbox`.
        state: as in `Model.stream`.
        rate: likewise.
        channels: likewise.
        errors: likewise.

    Raises:
        InputError: a chunk is refused; what came before it has been given.
        StateError, ConfigError: as `Model.stream`; ConfigError too where it is no model.

    Example:
        async for p in streamrnn.aio.predictions(model, microphone, rate=16_000):
            print(p.time, p.label)
    """
    expect_model(model)
    stream = model.stream(state=state, rate=rate, channels=channels, errors=errors)
    teller = _Teller(stream)
    async with aclosing(_each(chunks)) as coming:
        async for chunk, heard in coming:
            for piece in _pieces(stream, chunk):
                for said in teller.feed(piece, heard):
                    yield said
                await asyncio.sleep(0)
    for said in teller.flush():
        yield said


async def _each(chunks: AsyncIterable[Any] | Iterable[Any]) -> AsyncGenerator[Part]:
    """Chunks of either kind of iterable, which is closed in the end."""
    if isinstance(chunks, Inbox):
        async with aclosing(chunks.coming()) as parts:
            async for part in parts:
                yield part
    elif not isinstance(chunks, AsyncIterable):
        for chunk in chunks:
            yield Part(chunk, heard=True)
    else:
        coming = aiter(chunks)
        try:
            async for chunk in coming:
                yield Part(chunk, heard=True)
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


class _Teller:
    """What a stream says, less what only silence brought about in which nothing happened.

    As many steps are told as were put, part by part, to half a step: all that were put whole, and
    none that is all silence.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._last: Prediction | None = None
        self._place = stream.position  # of the last step, or where the stream was opened
        self._put = 0  # samples since then that are no silence
        self._due = 0.0  # parts of steps that are no silence, less the steps that were told

    def feed(self, chunk: Any, heard: bool) -> Iterator[Prediction]:
        """What is told of a chunk, which was put, or is silence that stands in."""
        place = self._stream.position
        for each in self._stream.feed(chunk):
            self._put += heard * (each.position - place)
            step, place = each.position - self._place, each.position
            self._due += self._put / step if step else heard
            self._put, self._place, self._last = 0, place, each
            due = self._due >= 0.5
            self._due -= due
            if due or each.events:
                yield each
        self._put += heard * (self._stream.position - place)

    def flush(self) -> Iterator[Prediction]:
        """What is retained, all of it, and what ends without a step."""
        said = self._stream.flush()
        yield from said
        if said.ended and self._last is not None:
            yield replace(self._last, events=said.ended)


class Listener:
    """A stream with a thread of its own: chunks come from any thread, predictions are called back.

    A context that ends it. `put` never waits; see `Inbox` for what is too much.

    Args:
        model: that listens.
        tell: called with each prediction that `predictions` would give, on the listener's thread.
        most: samples that wait at most.
        failed: called once, on that thread, where a chunk is refused or `tell` raises; then
            nothing more is told. By default the error is raised by `close`.
        options: of `Model.stream`.

    Raises:
        StateError, ConfigError: as `Model.stream`; ConfigError too where it is no model.

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
        expect_model(model)
        self._stream = model.stream(**options)
        self._teller = _Teller(self._stream)
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
            for chunk, heard in self._inbox.parts():
                for said in self._teller.feed(chunk, heard):
                    self._tell(said)
            for said in self._teller.flush():
                self._tell(said)
        except Exception as error:  # of the chunk, or of whoever is told
            self._inbox.close()
            if self._failed is None:
                self._error = error
            else:
                self._failed(error)
