"""What one client's sound is listened to for: wake words, and where speech begins and ends.

A stream begins with `audio-start`, or with the first `audio-chunk` where none came: some clients
send none, and a client that says nothing takes no stream of a pool. It ends with `audio-stop`, with
the next `audio-start`, with a chunk of another format, or with the connection. Whatever ends it but
the last, its tail is told.

`detect` names the wake words that count from then on, before the sound or amid it; without names
all of them do. Names differ neither by case nor by `_` for a space; a detection bears the name as
it was asked for, since Home Assistant passes over any other.

What a chunk makes known is told in the order of its samples. Two models each take their own time,
so where both listen a chunk is worked on by both before anything of it is told, or the next taken.

The timestamp of an event is the first chunk's, or else that of `audio-start`, or else 0, and
1,000 · position / rate after it. Positions are counted in samples, so nothing adds up however odd
chunks are.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from wyoming.event import Event as WyomingEvent
from wyoming.event import Eventable
from wyoming.vad import VoiceStarted, VoiceStopped
from wyoming.wake import Detection, NotDetected

from streamrnn.decoded import Event
from streamrnn.decoders.voice import SPEECH
from streamrnn.pool import PooledStream
from streamrnn.serve.models import folded
from streamrnn.serve.wyoming.fields import FieldError, names_of, time_of
from streamrnn.serve.wyoming.sound import Format, format_of, pieces_of
from streamrnn.serve.wyoming.ticking import TickingPool


class Clock(NamedTuple):
    """When the samples of a stream came."""

    begun: float
    """Milliseconds."""
    rate: int
    """Samples a second."""

    def at(self, position: int) -> int:
        """Milliseconds at so many samples."""
        return round(self.begun + 1000 * position / self.rate)


class Listening:
    """One client's sound.

    Args:
        wake: a pool of a model that detects wake words, or None.
        words: what it detects.
        voice: a pool of a model that tells the start and end of `speech`, or None.
        send: is called with what is to be told.
    """

    def __init__(
        self,
        wake: TickingPool | None,
        words: tuple[str, ...],
        voice: TickingPool | None,
        send: Callable[[Eventable], object],
    ) -> None:
        self._wake, self._words, self._voice, self._send = wake, words, voice, send
        self._asked = {folded(word): word for word in words}
        self._format: Format | None = None
        self._begun: float | None = None
        self._streams: list[tuple[TickingPool, PooledStream]] = []
        self._heard: list[tuple[int, bool, Eventable]] = []
        self._detected = False

    def detect(self, event: WyomingEvent) -> None:
        """Take `detect`.

        Raises:
            FieldError: its names are no strings, or none of them is a wake word.
        """
        names = names_of(event)
        known = {folded(word) for word in self._words}
        self._asked = {folded(name): name for name in names or self._words}
        if known.isdisjoint(self._asked):
            raise FieldError(
                f"detect: expected names among {', '.join(self._words)}, got "
                f"{', '.join(names)}; nothing will be detected",
                "unknown-name",
            )

    async def start(self, event: WyomingEvent) -> None:
        """Take `audio-start`.

        Raises:
            FieldError: its format cannot be.
            InputError, StreamClosedError: as `TickingPool.end`; so does `stop`.
        """
        form, begun = format_of(event), time_of(event)
        await self._end()
        self._format, self._begun, self._detected = form, begun, False

    async def chunk(self, event: WyomingEvent) -> None:
        """Take `audio-chunk`.

        Raises:
            FieldError: its format cannot be, or its payload is not of it: nothing was fed; or it is
                another than before: it was fed to a stream that begins with it.
            PoolFullError: as many streams are open as a pool holds.
            InputError, StreamClosedError: as `TickingPool.feed`.
        """
        form, begun = format_of(event), time_of(event)
        pieces = pieces_of(event.payload or b"", form)
        before = self._format
        if form != before:
            await self._end()
            self._format, self._begun = form, None
        for piece in pieces:
            if not self._streams:
                await self._open(form, begun)
            for pool, stream in self._streams:
                await pool.feed(stream, piece)
        if len(self._streams) > 1:
            for pool, _ in self._streams:
                await pool.settle()
            self._tell()
        if before is not None and form != before:
            raise FieldError(
                f"audio-chunk: expected {before}, as before, got {form}; a new stream begins",
                "format-changed",
            )

    async def stop(self) -> None:
        """Take `audio-stop`: the tail is told, and that nothing was detected."""
        await self._end()
        if self._wake is not None and not self._detected:
            self._send(NotDetected())
        self._format, self._begun, self._detected = None, None, False

    async def close(self) -> None:
        """Give back what the client had; what is not told yet is dropped."""
        while self._streams:
            pool, stream = self._streams.pop()
            await pool.close(stream)

    async def _open(self, form: Format, begun: float | None) -> None:
        start = self._begun if begun is None else begun
        clock = Clock(0.0 if start is None else start, form.rate)
        for pool, tell in ((self._wake, self._heard_word), (self._voice, self._heard_voice)):
            if pool is not None:
                stream = await pool.open(form.rate, form.channels, partial(tell, clock))
                self._streams.append((pool, stream))

    async def _end(self) -> None:
        while self._streams:
            pool, stream = self._streams.pop(0)
            await pool.end(stream)
        self._tell()

    def _heard_word(self, clock: Clock, event: Event) -> None:
        name = self._asked.get(folded(event.label))
        if event.kind == "detected" and name is not None:
            self._detected = True
            self._hear(event, Detection(name=name, timestamp=clock.at(event.position)))

    def _heard_voice(self, clock: Clock, event: Event) -> None:
        if event.label == SPEECH and event.kind in ("start", "end"):
            voice = VoiceStarted if event.kind == "start" else VoiceStopped
            self._hear(event, voice(timestamp=clock.at(event.position)))

    def _hear(self, event: Event, told: Eventable) -> None:
        """Tell what one model heard; where two listen, once the other has heard as much."""
        self._heard.append((event.position, isinstance(told, Detection), told))
        if self._wake is None or self._voice is None:
            self._tell()

    def _tell(self) -> None:
        for *_, told in sorted(self._heard, key=lambda heard: heard[:2]):
            self._send(told)
        self._heard.clear()
