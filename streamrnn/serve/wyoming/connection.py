"""One client: its bytes become events, each is answered; what goes wrong ends with it alone."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple

from wyoming.error import Error
from wyoming.event import Event, Eventable
from wyoming.ping import Pong

from streamrnn.errors import (
    PoolFullError,
    ProtocolError,
    QueueFullError,
    StreamClosedError,
    StreamRNNError,
)
from streamrnn.serve.wyoming.fields import FieldError, text_of
from streamrnn.serve.wyoming.listening import Listening
from streamrnn.serve.wyoming.ticking import TickingPool
from streamrnn.serve.wyoming.wire import BadEvent, EventReader, event_bytes
from streamrnn.serve.wyoming.words import Words, sentence_of

READ = 2**14
"""Bytes that are read between two looks at other clients."""
MOST_UNREAD = 2**20
"""Bytes that a client may leave unread before it is dropped."""
LINGER = 1.0
"""Seconds that a client is listened to after its end was told it, as nginx's `lingering_close`:
to close on bytes that nobody reads would take back from it what it was told."""
_SOUND = ("sound", "wake words or voice", "--wake MODEL or --vad MODEL")
_SENTENCES = ("sentences", "intents", "--intent MODEL")
_WANTED = {
    "detect": ("sound", "wake words", "--wake MODEL"),
    "audio-start": _SOUND,
    "audio-chunk": _SOUND,
    "audio-stop": _SOUND,
    "recognize": _SENTENCES,
    "transcript": _SENTENCES,
}
"""What events ask for: told once of each kind, which model would serve it, and how."""
_LOG = logging.getLogger(__name__)


class Patience(NamedTuple):
    """Seconds that a client may take."""

    event: float = 30.0
    """For the rest of an event, once it has begun."""
    read: float = 10.0
    """To read what it is told."""


PATIENCE = Patience()
"""The usual."""


class Services(NamedTuple):
    """What all clients share."""

    info: Event
    """What `describe` brings."""
    wake: TickingPool | None
    """Streams that wake words are heard in."""
    wake_words: tuple[str, ...]
    """These."""
    voice: TickingPool | None
    """Streams that speech is heard in."""
    words: Words | None
    """What answers sentences."""
    ask: Callable[[Callable[[], Eventable]], Awaitable[Eventable]]
    """Runs a question to `words` in a thread: it may take milliseconds."""


class Connection:
    """One client, from its first byte to its end.

    Args:
        reader: what it sends.
        writer: to it.
        services: what it may ask for.
        patience: how long it may take.
        told: is called with its name and each event that is sent to it.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        services: Services,
        patience: Patience,
        told: Callable[[str, Event], object],
    ) -> None:
        self._reader, self._writer = reader, writer
        self._services, self._patience, self._told = services, patience, told
        self._events = EventReader()
        self._deadline: float | None = None
        self._complained: tuple[str, str] | None = None
        self._missing: set[str] = set()
        self._listening = Listening(services.wake, services.wake_words, services.voice, self._send)
        self._takes: dict[str, Callable[[Event], Awaitable[None]]] = {
            "describe": self._describe,
            "ping": self._ping,
        }
        if services.wake is not None or services.voice is not None:
            self._takes |= {
                "audio-start": self._listening.start,
                "audio-chunk": self._listening.chunk,
                "audio-stop": self._stop,
            }
        if services.wake is not None:
            self._takes["detect"] = self._detect
        if services.words is not None:
            self._takes |= {"recognize": self._recognize, "transcript": self._transcript}
            if services.words.handle:
                self._takes["intent"] = self._intent
        self.name = _name_of(writer)
        """Where it comes from."""

    async def run(self) -> None:
        """Serve the client until it goes, or has to."""
        try:
            await self._serve()
        except ProtocolError as error:
            await self._dismiss(error, "bad-header")
        except TimeoutError:
            seconds = f"{self._patience.event:g} s"
            await self._dismiss(f"expected the rest of an event within {seconds}", "timeout")
        except PoolFullError as error:
            await self._dismiss(error, "pool-full")
        except QueueFullError as error:
            await self._dismiss(error, "queue-full")
        except StreamClosedError as error:
            await self._dismiss(error, "stream-closed")
        except OSError:
            pass  # it went away
        except Exception as error:
            _LOG.error("%s: %r", self.name, error, exc_info=_LOG.isEnabledFor(logging.DEBUG))
            await self._dismiss("expected to go on, got an error of the service", "internal")
        finally:
            await self._listening.close()
            await self._close()

    async def refuse(self, text: str, code: str) -> None:
        """Tell the client that it is not served, and why."""
        try:
            await self._dismiss(text, code)
        finally:
            await self._close()

    async def _serve(self) -> None:
        while data := await self._read():
            self._events.feed(data)
            while (event := self._events.next_event()) is not None:
                self._deadline = None
                await self._take(event)
                await self._drained()
                await asyncio.sleep(0)  # the others' turn, whatever is waiting here

    async def _read(self) -> bytes:
        """What comes next; b"" at the end.

        Raises:
            TimeoutError: an event that has begun takes too long.
        """
        if self._events.begun and self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._patience.event
        async with asyncio.timeout_at(self._deadline):
            return await self._reader.read(READ)

    async def _take(self, event: Event | BadEvent) -> None:
        """Answer one event; those that nobody serves are passed over."""
        if isinstance(event, BadEvent):
            self._complain(event.type, event.text, event.code)
            return
        take = self._takes.get(event.type)
        if take is None:
            self._pass_over(event.type)
            return
        try:
            await take(event)
        except FieldError as error:
            self._complain(event.type, str(error), error.code)
        except (PoolFullError, QueueFullError, StreamClosedError):
            raise
        except StreamRNNError as error:
            self._complain(event.type, str(error), "refused")
        else:
            self._complained = None

    def _complain(self, kind: str, text: str, code: str) -> None:
        """Tell what is wrong with an event; of chunks that are wrong alike, the first alone."""
        before, self._complained = self._complained, (kind, code)
        if kind != "audio-chunk" or self._complained != before:
            self._send(Error(text=text, code=code))

    def _pass_over(self, kind: str) -> None:
        """Say once what would have to be served for an event of the protocol."""
        what, models, option = _WANTED.get(kind, ("", "", ""))
        if what and what not in self._missing:
            self._missing.add(what)
            told = (
                f"{kind}: expected a model of {models} to be served, got none; {option} serves one"
            )
            self._send(Error(text=told, code="not-served"))

    def _send(self, event: Event | Eventable) -> None:
        """Write an event, unless the client is gone; who reads nothing is dropped."""
        if self._writer.is_closing():
            return
        event = event if isinstance(event, Event) else event.event()
        self._writer.write(event_bytes(event))
        self._told(self.name, event)
        if self._writer.transport.get_write_buffer_size() > MOST_UNREAD:
            self._drop(f"expected it to read, got {MOST_UNREAD} bytes unread")

    async def _drained(self) -> None:
        """Wait until the client has read most of what it was told.

        Raises:
            OSError: it is gone, or was dropped as it reads nothing.
        """
        if not self._writer.transport.get_write_buffer_size():
            return
        try:
            async with asyncio.timeout(self._patience.read):
                await self._writer.drain()
        except TimeoutError:
            self._drop(f"expected it to read, got nothing read for {self._patience.read:g} s")
            raise ConnectionAbortedError from None

    def _drop(self, why: str) -> None:
        _LOG.warning("%s dropped: %s", self.name, why)
        self._writer.transport.abort()

    async def _dismiss(self, why: object, code: str) -> None:
        """Tell a client why it has to go, and give it the time to read that."""
        self._send(Error(text=str(why), code=code))
        with suppress(OSError, TimeoutError):
            await self._drained()
            if self._writer.can_write_eof():
                self._writer.write_eof()
            async with asyncio.timeout(min(LINGER, self._patience.read)):
                while await self._reader.read(READ):
                    pass

    async def _close(self) -> None:
        """Close the connection once the client has read everything, or does not."""
        self._writer.close()
        try:
            async with asyncio.timeout(self._patience.read):
                await self._writer.wait_closed()
        except OSError:  # and TimeoutError, which is one
            pass
        finally:
            self._writer.transport.abort()

    async def _describe(self, _event: Event) -> None:
        self._send(self._services.info)

    async def _ping(self, event: Event) -> None:
        self._send(Pong(text=text_of(event, "text", needed=False)))

    async def _detect(self, event: Event) -> None:
        self._listening.detect(event)

    async def _stop(self, _event: Event) -> None:
        await self._listening.stop()

    async def _recognize(self, event: Event) -> None:
        words, text = self._words, sentence_of(event)
        self._send(await self._services.ask(lambda: words.recognize(text)))

    async def _transcript(self, event: Event) -> None:
        words, text = self._words, sentence_of(event)
        language = text_of(event, "language", needed=False)
        self._send(await self._services.ask(lambda: words.transcript(text, language)))

    async def _intent(self, event: Event) -> None:
        words, name = self._words, text_of(event, "name") or ""
        self._send(await self._services.ask(lambda: words.intent(name)))

    @property
    def _words(self) -> Words:
        assert self._services.words is not None  # or nobody takes sentences
        return self._services.words


def _name_of(writer: asyncio.StreamWriter) -> str:
    """Host and port of a client; of a unix socket nothing is known."""
    peer = writer.get_extra_info("peername")
    if isinstance(peer, tuple):
        return f"{peer[0]}:{peer[1]}"
    return "unix"
