"""Speech-to-text servers that speak Wyoming, of the package's own parts around pocketsphinx.

    python -m tests.serve.assistant.stt_server

prints the ports of one server of each behaviour, and serves until it is killed.
"""

import asyncio
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import numpy as np

from streamrnn.serve.assistant.sphinx import PocketSphinx

with warnings.catch_warnings():  # Python 3.12 says that its audioop will go
    warnings.simplefilter("ignore", DeprecationWarning)
    from wyoming.asr import (
        Transcribe,
        Transcript,
        TranscriptChunk,
        TranscriptStart,
        TranscriptStop,
    )
    from wyoming.audio import AudioChunk, AudioStart, AudioStop
    from wyoming.error import Error
    from wyoming.event import Event
    from wyoming.server import AsyncEventHandler, AsyncServer

ROOT = Path(__file__).parents[3]


BEHAVIOURS = {
    "whole": "a transcript at the end",
    "stream": "also in chunks",
    "leave": "it goes away after the sound",
    "refuse": "an error",
    "garbage": "no events",
    "number": "a transcript whose text is a number",
    "nothing": "a transcript without text",
    "endless": "one of a million characters",
    "parts": "many parts of one",
}


STRANGE = {
    "number": Event("transcript", {"text": 4}),
    "nothing": Event("transcript", {}),
    "endless": Event("transcript", {"text": "word " * 200_000}),
    "parts": Event("transcript-chunk", {"text": "word " * 100}),
}


class Handler(AsyncEventHandler):
    """One client, whose sound is kept until its end."""

    def __init__(self, recogniser: PocketSphinx, how: str, *args: Any) -> None:
        super().__init__(*args)
        self.recogniser, self.how, self.heard = recogniser, how, b""

    async def handle_event(self, event: Event) -> bool:
        if Transcribe.is_type(event.type) or AudioStart.is_type(event.type):
            self.heard = b""
        elif AudioChunk.is_type(event.type):
            self.heard += AudioChunk.from_event(event).audio
        elif AudioStop.is_type(event.type):
            return await self._answer()
        return True

    async def _answer(self) -> bool:
        if self.how == "refuse":
            await self.write_event(Error("no model for that language").event())
        elif self.how == "garbage":
            self.writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await self.writer.drain()
        elif self.how in STRANGE:
            for _ in range(1 + 9 * (self.how == "parts")):
                await self.write_event(STRANGE[self.how])
        if self.how not in ("whole", "stream"):
            return self.how == "refuse"
        self.recogniser.begin()
        self.recogniser.feed(np.frombuffer(self.heard, "<i2"))
        text = self.recogniser.flush()
        if self.how == "stream":
            await self.write_event(TranscriptStart(language="en").event())
            for word in text.split():
                await self.write_event(TranscriptChunk(f"{word} ").event())
        await self.write_event(Transcript(text).event())
        if self.how == "stream":
            await self.write_event(TranscriptStop().event())
        return True


@contextmanager
def served() -> Iterator[dict[str, str]]:
    """Servers in a process of their own: the URI of each behaviour."""
    command = [sys.executable, "-m", "tests.serve.assistant.stt_server"]
    with Popen(command, cwd=ROOT, stdout=PIPE, text=True) as process:
        try:
            assert process.stdout
            ports = process.stdout.readline().split()
            yield {
                how: f"tcp://127.0.0.1:{port}" for how, port in zip(BEHAVIOURS, ports, strict=True)
            }
        finally:
            process.kill()


async def main() -> None:
    """Serve."""
    recogniser = PocketSphinx(("computer", "jarvis", "alexa"))
    ports: list[int] = []
    for how in BEHAVIOURS:
        server: Any = AsyncServer.from_uri("tcp://127.0.0.1:0")
        await server.start(partial(Handler, recogniser, how))
        ports.append(server._server.sockets[0].getsockname()[1])
    print(*ports, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
