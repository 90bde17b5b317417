"""Speech to text by a server that speaks Wyoming, faster-whisper for one."""

import asyncio
import warnings
from contextlib import suppress
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import ConfigError, ServiceError, UnsupportedError
from streamrnn.serve.assistant.recogniser import RATE
from streamrnn.tasks.intents.sentence import LONGEST

PATIENCE = 30.0
"""Seconds that a server may take to be reached, to take sound, or to answer."""
SHOWN = 200
"""Characters of what a server tells that go into an error."""
# What cannot be reached or read; the package checks little of what it is sent.
_TROUBLE = (OSError, TimeoutError, EOFError, ValueError, KeyError, TypeError, AttributeError)


class WyomingRecogniser:
    """A `Recogniser` on a server, with a connection a command.

    Sound is sent as it comes. Servers that stream tell words while somebody speaks, the others
    at the end. It drives an event loop of its own, so it is not for use within one.

    Args:
        uri: `tcp://HOST:PORT` or `unix://PATH`.
        language: of what is spoken; None: the server's.

    Raises:
        UnsupportedError: the package wyoming is not installed.
        ConfigError: it is no such URI.
        ServiceError: from `begin`, `feed` and `flush`: the server is not reached, goes away, or
            does not answer within half a minute. The command is lost, the next one may begin.
    """

    def __init__(self, uri: str, *, language: str | None = "en") -> None:
        try:
            with warnings.catch_warnings():
                # It imports `audioop` where Python still has it, which says that it will go.
                warnings.filterwarnings("ignore", "'audioop'", DeprecationWarning)
                self._events: Any = import_module("wyoming.audio")
            self._asr: Any = import_module("wyoming.asr")
            clients: Any = import_module("wyoming.client")
        except ImportError as error:
            raise UnsupportedError(
                "recogniser: expected wyoming to be installed, it is not; "
                "pip install 'streamrnn[assistant]'"
            ) from error
        try:
            if uri.startswith("stdio:"):
                raise ValueError("a server at the other end of standard input")
            self._client: Any = clients.AsyncClient.from_uri(uri, connect_timeout=PATIENCE)
        except ValueError as error:
            raise ConfigError(
                f"recogniser: expected tcp://HOST:PORT or unix://PATH, got {uri!r}: {error}"
            ) from error
        self.uri = uri
        self._language = language
        self._runner = asyncio.Runner()
        self._reading: asyncio.Task[str] | None = None
        self._words = ""
        self._closed = False

    def begin(self) -> None:
        """Begin a command; one that was not ended is forgotten."""
        self._run(self._begin())

    def feed(self, samples: NDArray[np.int16]) -> str:
        """Take some sound, `(n,)` at 16 kHz, and give the words so far."""
        if self._reading is not None and len(samples):
            chunk = self._events.AudioChunk(RATE, 2, 1, samples.astype("<i2").tobytes())
            self._run(self._send(chunk))
        return self._words

    def flush(self) -> str:
        """End the command, and give its words."""
        return self._run(self._flush()) if self._reading is not None else ""

    def close(self) -> None:
        """Leave the server; nothing can be heard after it."""
        if self._closed:
            return
        self._closed = True
        with suppress(OSError, TimeoutError):
            self._runner.run(self._leave())
        self._runner.close()

    def _run(self, doing: Any) -> Any:
        async def patiently() -> Any:
            async with asyncio.timeout(PATIENCE):
                return await doing

        try:
            return self._runner.run(patiently())
        except _TROUBLE as error:
            with suppress(OSError, TimeoutError):
                self._runner.run(self._leave())
            reason = "no answer" if isinstance(error, TimeoutError) else error
            raise ServiceError(
                f"{self.uri}: expected a speech-to-text server that answers within "
                f"{PATIENCE:g} s, got: {reason}; see that it runs, and where it listens"
            ) from error

    async def _begin(self) -> None:
        await self._leave()
        await self._client.connect()
        self._words = ""
        self._reading = asyncio.create_task(self._read())
        await self._send(self._asr.Transcribe(language=self._language))
        await self._send(self._events.AudioStart(RATE, 2, 1))

    async def _send(self, event: Any) -> None:
        await self._client.write_event(event.event())
        await asyncio.sleep(0)  # the turn of what is read

    async def _flush(self) -> str:
        assert self._reading is not None
        with suppress(ConnectionError):  # a server may answer before the end, and leave
            await self._send(self._events.AudioStop())
        words = await self._reading
        await self._leave()
        return words

    async def _read(self) -> str:
        """Take what the server tells until it has told all."""
        while (event := await self._client.read_event()) is not None:
            if self._asr.Transcript.is_type(event.type):
                return _text_of(event)
            if self._asr.TranscriptChunk.is_type(event.type):
                self._words += _text_of(event, already=len(self._words))
            if self._asr.TranscriptStop.is_type(event.type):
                return self._words
            if event.type == "error":
                raise EOFError(str(event.data.get("text", "an error"))[:SHOWN])
        raise EOFError("it went away")

    async def _leave(self) -> None:
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.wait([reading])
            if not reading.cancelled():
                reading.exception()  # looked at, or asyncio tells of it
            await self._client.disconnect()


def _text_of(event: Any, already: int = 0) -> str:
    """The text of a transcript, or of a part of one that comes after so many characters.

    Raises:
        ValueError: it is no text, or longer than any command.
    """
    text = event.data.get("text")
    if not isinstance(text, str):
        raise ValueError(f"a {event.type} whose text is {str(text)[:SHOWN]}")
    if already + len(text) > LONGEST:
        raise ValueError(f"a transcript of more than {LONGEST} characters")
    return text
